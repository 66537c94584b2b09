//! The task settings of a recorded session of a real n8n, replayed: `data/n8n-frames.jsonl`.
//!
//! What the reference answered is what is expected. Nothing in the recording is a case of section 12 of the behaviour
//! document, where the reference does worse than it should; the prints of row 6 (kept also when the task fails) are the
//! one difference that could show, and no recorded task prints and fails.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use std::collections::BTreeMap;

use engine::{Setup, soon};
use palisade::embedded::{Entry, Recorded};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

const SESSION: &str = include_str!("data/n8n-frames.jsonl");

/// The lists of the recorded runner, as one of its refusals names them.
const STDLIB: &str = "collections,datetime,decimal,json,math,random,re,time";

/// The recording cuts long frames.
const CUT_AT: usize = 3000;

#[derive(Deserialize)]
struct Line {
    op: String,
    #[serde(default)]
    len: usize,
    #[serde(default)]
    data: String,
}

/// One recorded task.
#[derive(Default)]
struct Task {
    settings: Option<Box<RawValue>>,
    /// Frames of the answer, in order: parameters of prints, then the end.
    prints: Vec<Params>,
    end: Option<Value>,
}

enum Params {
    Whole(Vec<String>),
    /// The text of the frame up to where it was cut, and the length of the whole.
    Cut(String, usize),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SettingsFrame<'a> {
    #[serde(rename = "type")]
    kind: String,
    task_id: String,
    #[serde(borrow)]
    settings: Option<&'a RawValue>,
}

/// The tasks in the order of the recording.
fn tasks() -> Vec<(String, Task)> {
    let mut order = Vec::new();
    let mut tasks: BTreeMap<String, Task> = BTreeMap::new();
    for line in SESSION.lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        if line.op != "text" {
            continue;
        }
        if line.data.len() < line.len {
            assert_eq!(line.data.chars().count(), CUT_AT, "a frame that was cut in another way");
            let id = after(&line.data, "\"taskId\": \"");
            tasks.get_mut(id).unwrap().prints.push(Params::Cut(line.data.clone(), line.len));
            continue;
        }
        if let Ok(SettingsFrame { kind, task_id, settings: Some(settings) }) = serde_json::from_str(&line.data) {
            assert_eq!(kind, "broker:tasksettings");
            order.push(task_id.clone());
            tasks.entry(task_id).or_default().settings = Some(settings.to_owned());
            continue;
        }
        let frame: Value = serde_json::from_str(&line.data).unwrap();
        let Some(task) = frame["taskId"].as_str().and_then(|id| tasks.get_mut(id)) else { continue };
        match frame["type"].as_str().unwrap() {
            "runner:rpc" => {
                assert!(task.end.is_none(), "a print after the end");
                task.prints.push(Params::Whole(serde_json::from_value(frame["params"].clone()).unwrap()));
            }
            "runner:taskdone" | "runner:taskerror" => task.end = Some(frame),
            _ => {}
        }
    }
    order.into_iter().map(|id| (id.clone(), tasks.remove(&id).unwrap())).collect()
}

fn after<'a>(text: &'a str, key: &str) -> &'a str {
    let rest = text.split_once(key).unwrap().1;
    rest.split_once('"').unwrap().0
}

#[tokio::test]
async fn every_recorded_task_gets_the_recorded_answer() {
    let tasks = tasks();
    assert_eq!(tasks.len(), 14, "tasks with settings in the recording");
    let runner = Setup { record: true, ..Setup::allowing(STDLIB, "") }.start().await;
    for (id, recorded) in tasks {
        let settings = recorded.settings.unwrap();
        let task = soon(runner.broker.begin_task()).await.unwrap();
        let own_id = task.id.clone();
        task.send_settings(&settings);
        let outcome = soon(task.outcome()).await.unwrap();

        assert_eq!(outcome.prints.len(), recorded.prints.len(), "prints of {id}");
        for (params, expected) in outcome.prints.iter().zip(&recorded.prints) {
            match expected {
                Params::Whole(expected) => assert_eq!(params, expected, "prints of {id}"),
                Params::Cut(frame, len) => matches_cut(params, frame, *len),
            }
        }
        let end = recorded.end.unwrap();
        match outcome.verdict {
            Ok(result) => {
                let result: Value = serde_json::from_str(result.get()).unwrap();
                assert_eq!(result, end["data"]["result"], "{id}: {end}");
            }
            Err(error) => {
                // Fields beyond these are for n8n, which copies them all.
                assert_eq!(error.get("message"), end["error"].get("message"), "{id}: {error:?}");
                let ours = error.get("description").and_then(Value::as_str).unwrap_or_default();
                match end["error"].get("description").and_then(Value::as_str) {
                    // Where n8n's own runner describes nothing, ours begins with the type and the line.
                    None | Some("") => {
                        let line = error.get("lineNumber").map_or_else(String::new, |line| format!(", line {line}"));
                        assert!(ours.lines().next().unwrap_or_default().contains(&line), "{id}: {error:?}");
                    }
                    // Behind n8n's own description stand settings and limits.
                    Some(text) => {
                        let rest = ours.strip_prefix(text);
                        assert!(
                            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("\n\n")),
                            "{id}: {error:?}"
                        );
                    }
                }
            }
        }
        prints_precede_the_end(&runner.broker.transcript(), &own_id, recorded.prints.len());
    }
    runner.stop().await;
}

/// A frame that was recorded up to a length: its only parameter goes on as it began.
fn matches_cut(params: &[String], frame: &str, len: usize) {
    let [param] = params else { panic!("{params:?}") };
    let (head, beginning) = frame.split_once("\"params\": [\"").unwrap();
    assert!(param.starts_with(beginning));
    // What the reference writes around the text that was cut.
    let around = head.len() + "\"params\": [\"".len() + "\"], \"type\": \"runner:rpc\"}".len();
    assert_eq!(param.len() + around, len);
}

/// All prints of a task come before its one end, on the wire.
fn prints_precede_the_end(transcript: &[Entry], id: &str, prints: usize) {
    let frames = transcript.iter().filter_map(|entry| match &entry.what {
        Recorded::Received(text) => serde_json::from_str::<Value>(text).ok(),
        _ => None,
    });
    let kinds: Vec<String> = frames
        .filter(|frame| frame["taskId"] == id)
        .map(|frame| frame["type"].as_str().unwrap_or_default().trim_start_matches("runner:").to_owned())
        .collect();
    assert_eq!(kinds.len(), prints + 2, "{kinds:?}");
    assert_eq!(kinds[0], "taskaccepted");
    assert!(kinds[1..=prints].iter().all(|kind| kind == "rpc"), "{kinds:?}");
    assert!(["taskdone", "taskerror"].contains(&kinds[prints + 1].as_str()), "{kinds:?}");
}
