//! One structured event for each task that is over: what it was, how it ended, where its time went, what held for it.
//!
//! `PALISADE_LOG=json` shows it; log lines for people do not. It waits for the answer to be sent, so that the time this took
//! is in it, and it is told without that time where the answer never was.

use std::fmt;
use std::time::{Duration, Instant};

use super::{labels, metrics};
use crate::execute::Report;
use crate::frame::Settings;
use crate::logging::{TASK_EVENTS, one_line};

/// Longest name of a node or a workflow, in characters.
const LONGEST_NAME: usize = 200;
/// Longest id of a task, in characters.
const LONGEST_ID: usize = 100;

/// What a task is called. All texts are one line, and cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskNames {
    /// The broker's id.
    pub task_id: String,
    /// Its node.
    pub node: String,
    /// Its node's id.
    pub node_id: String,
    /// Its workflow.
    pub workflow: String,
    /// Its workflow's id.
    pub workflow_id: String,
}

impl TaskNames {
    /// The names in a task's settings.
    pub fn of(task_id: &str, settings: &Settings) -> Self {
        let name = |text: &str| one_line(text, LONGEST_NAME);
        Self {
            task_id: one_line(task_id, LONGEST_ID),
            node: name(&settings.node_name),
            node_id: name(&settings.node_id),
            workflow: name(&settings.workflow_name),
            workflow_id: name(&settings.workflow_id),
        }
    }

    /// Of a task whose settings could not be read.
    pub fn unknown(task_id: &str) -> Self {
        Self { task_id: one_line(task_id, LONGEST_ID), ..Self::default() }
    }
}

/// As log lines name a task.
impl fmt::Display for TaskNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, node_id, workflow, workflow_id, .. } = self;
        if [node, node_id, workflow, workflow_id].iter().all(|name| name.is_empty()) {
            return Ok(());
        }
        write!(f, r#" for node "{node}" ({node_id}) in workflow "{workflow}" ({workflow_id})"#)
    }
}

/// How a task ended, apart from its names.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) outcome: &'static str,
    pub(super) forgiven: bool,
    pub(super) profile: String,
    pub(super) report: Report,
    pub(super) result_bytes: usize,
    pub(super) print_bytes: usize,
    pub(super) prints: usize,
    pub(super) omitted_prints: u64,
    pub(super) took: Duration,
}

/// A task that is over and whose answer is on its way. When it is dropped, the task's event is told.
#[derive(Debug)]
pub struct Unanswered {
    names: TaskNames,
    ended: Ended,
    since: Instant,
    reply: Option<Duration>,
}

impl Unanswered {
    pub(super) fn new(names: TaskNames, ended: Ended, since: Instant) -> Self {
        Self { names, ended, since, reply: None }
    }

    /// The last byte of the answer went to the broker.
    pub fn sent(mut self) {
        let took = self.since.elapsed();
        metrics::stage("reply", took);
        self.reply = Some(took);
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        let Self { names, ended, reply, .. } = &*self;
        let stage = |name: &str| {
            let found = ended.report.stages.iter().find(|(stage, _)| *stage == name);
            found.map(|(_, took)| milliseconds(*took))
        };
        let layers: Vec<String> = ended.report.layers.iter().map(|layer| one_line(layer, LONGEST_ID)).collect();
        tracing::info!(
            target: TASK_EVENTS,
            task_id = names.task_id,
            node = names.node,
            node_id = names.node_id,
            workflow = names.workflow,
            workflow_id = names.workflow_id,
            profile = ended.profile,
            outcome = ended.outcome,
            forgiven = ended.forgiven,
            answered = reply.is_some(),
            analyze_ms = stage("analyze"),
            wait_ms = stage("wait"),
            run_ms = stage("run"),
            reply_ms = reply.map(milliseconds),
            total_ms = milliseconds(ended.took),
            layers = layers.join(" "),
            refused_by = ended.report.refused_by.join(" "),
            killed_by = ended.report.killed_by,
            result_bytes = ended.result_bytes,
            print_bytes = ended.print_bytes,
            prints = ended.prints,
            omitted_prints = ended.omitted_prints,
            "Task ended"
        );
    }
}

fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

/// The stages of a report that have a metric.
pub(super) fn stages(report: &Report) -> impl Iterator<Item = (&'static str, Duration)> {
    report.stages.iter().filter(|(stage, _)| labels::STAGES.contains(stage)).copied()
}
