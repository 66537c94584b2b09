//! The seam between the protocol and the sandbox: a [`Task`] goes in, exactly one [`Answer`] comes out.
//!
//! The runner knows nothing of children and jails, and whoever executes knows nothing of offers and frames. Tests of
//! the protocol put their own [`Execute`] here.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use palisade_channel::message::Print;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use crate::budget::Room;
use crate::frame::Settings;
use crate::logging::one_line;

/// Runs tasks.
pub trait Execute: Send + Sync + 'static {
    /// Runs one task to its end. The future owns the task's time limit and resolves soon after `cancel` fires, whatever
    /// the task's code does; dropping it must leave nothing behind either.
    fn execute(self: Arc<Self>, task: Task, cancel: CancellationToken) -> Pin<Box<dyn Future<Output = Answer> + Send>>;
}

/// What n8n asks for.
#[derive(Debug)]
pub struct Task {
    /// The broker's id for it. For logs only: answers are bound to the task by the runner, never by an id in them.
    pub id: String,
    /// Code, items and the rest.
    pub settings: Box<Settings>,
}

/// All there is to tell about a task that is over.
#[derive(Debug)]
pub struct Answer {
    /// What it printed, in order; also when it failed.
    pub prints: Vec<Print>,
    /// Prints beyond the limit, of which only the number is known.
    pub omitted_prints: u64,
    /// Whether there may have been more of them: it was ended before it could tell.
    pub omitted_is_least: bool,
    /// Lines it wrote to `sys.stdout`, in order: for the log alone.
    pub written: Vec<WrittenLine>,
    /// Such lines beyond the limit, of which only the number is known.
    pub omitted_lines: u64,
    /// How it ended.
    pub verdict: Verdict,
    /// What held for it and what it cost.
    pub report: Report,
    /// What it holds of the memory for all answers, until it is sent.
    pub room: Room,
}

impl Answer {
    /// An answer without prints and report.
    pub fn bare(verdict: Verdict) -> Self {
        Self {
            prints: Vec::new(),
            omitted_prints: 0,
            omitted_is_least: false,
            written: Vec::new(),
            omitted_lines: 0,
            verdict,
            report: Report::default(),
            room: Room::default(),
        }
    }
}

/// A line that a task wrote to `sys.stdout`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenLine {
    /// The beginning of its text, not escaped.
    pub text: String,
    /// How many of the task's prints came before it.
    pub after_prints: usize,
}

/// How a task ended. `continueOnFail` has been applied already.
#[derive(Debug)]
pub enum Verdict {
    /// With this result.
    Done(Box<RawValue>),
    /// With an error which `continueOnFail` turned into this result.
    Forgiven {
        /// One item that holds the error's text.
        result: Box<RawValue>,
        /// What the error was.
        kind: ErrorKind,
    },
    /// With this error.
    Failed(TaskError),
}

/// What n8n's user sees of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskError {
    /// The text.
    pub message: String,
    /// More of it; some errors have no such key at all.
    pub description: Option<String>,
    /// Further fields, which n8n copies onto the error its user sees: `lineNumber`, `column`, `stack`, …
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// What it was, for logs, metrics and exit codes; not sent.
    pub kind: ErrorKind,
}

impl TaskError {
    /// An error of nothing but a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { message: message.into(), description: None, extra: serde_json::Map::new(), kind }
    }
}

/// Every way in which a task can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The code is not Python.
    Syntax,
    /// The analysis refused it.
    Refused,
    /// The analysis did not refuse it, and its compiled code showed that it should have.
    AnalyzerGap,
    /// An exception left the code.
    Raised,
    /// `SystemExit` left the code.
    Exit,
    /// The import guard refused a module at run time.
    Import,
    /// A template, or code in a text, was refused at run time.
    Text,
    /// It took too long.
    Timeout,
    /// The broker cancelled it, the connection was lost, or the runner stops.
    Cancelled,
    /// It needed too much memory.
    Memory,
    /// Its process died of a signal that neither it nor the runner explains.
    Killed,
    /// It made a system call the sandbox forbids.
    Denied {
        /// The number of the call, as the child told.
        syscall: i64,
    },
    /// It got the interpreter to do what no task may.
    Tripwire,
    /// Its process answered with something that is no answer.
    Protocol,
    /// No child could be sealed for it; nothing of it ran.
    NotSealed,
    /// The settings could not be used; nothing of it ran.
    Settings,
    /// The runner's own fault.
    Internal,
}

/// What held for a task and what each stage of it cost.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The profile of the policy that it ran with; nothing where it came to none.
    pub profile: Option<String>,
    /// Stages in order, with the time each took.
    pub stages: Vec<(&'static str, Duration)>,
    /// Layers that were verified for the child that ran it.
    pub layers: Vec<String>,
    /// Layers that did not hold for it: switched off, or not to be had here.
    pub without: Vec<String>,
    /// The child, as the runner sees it.
    pub child_pid: Option<i32>,
    /// Rules the analysis refused it for, each once.
    pub refused_by: Vec<&'static str>,
    /// What ended its process before its code was at its end.
    pub killed_by: Option<&'static str>,
}

/// Layers, stages and profile, in one line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("layers:")?;
        if self.layers.is_empty() {
            f.write_str(" none")?;
        }
        for layer in &self.layers {
            write!(f, " {}", one_line(layer, 100))?;
        }
        for (index, layer) in self.without.iter().enumerate() {
            let separator = if index == 0 { "; without:" } else { "" };
            write!(f, "{separator} {}", one_line(layer, 100))?;
        }
        for (index, (stage, took)) in self.stages.iter().enumerate() {
            let separator = if index == 0 { "; " } else { ", " };
            write!(f, "{separator}{stage} {:.2} ms", took.as_secs_f64() * 1000.0)?;
        }
        if let Some(profile) = &self.profile {
            write!(f, "; profile {}", one_line(profile, 100))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_line() {
        let mut report = Report::default();
        assert_eq!(report.to_string(), "layers: none");
        report.stages = vec![("analyze", Duration::from_micros(150)), ("run", Duration::from_millis(3))];
        report.layers = vec!["seccomp".to_owned(), "land\nlock".to_owned()];
        assert_eq!(report.to_string(), "layers: seccomp land\\nlock; analyze 0.15 ms, run 3.00 ms");
        report.without = vec!["slot_uids".to_owned(), "cgroup".to_owned()];
        let line = "layers: seccomp land\\nlock; without: slot_uids cgroup; analyze 0.15 ms, run 3.00 ms";
        assert_eq!(report.to_string(), line);
        report.profile = Some("strict".to_owned());
        assert!(report.to_string().ends_with(", run 3.00 ms; profile strict"));
    }
}
