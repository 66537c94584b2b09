//! What the runner said to the broker and to its log, held against what it may say.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What a runner ever sends.
const KINDS: [&str; 8] = [
    "runner:info",
    "runner:taskoffer",
    "runner:taskaccepted",
    "runner:taskrejected",
    "runner:taskdone",
    "runner:taskerror",
    "runner:rpc",
    "runner:taskdatarequest",
];

/// The bounds of one task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Bytes of a result.
    pub(crate) result: usize,
    /// Prints.
    pub(crate) prints: usize,
    /// Bytes of one print.
    pub(crate) print: usize,
}

/// Who is at work while an attempt is.
#[derive(Debug, Clone)]
pub(crate) struct Tasks<'a> {
    /// The attempt's own id, and what nobody else may say.
    pub(crate) attempt: (&'a str, &'a str),
    /// An ordinary task, which must have been answered.
    pub(crate) ordinary: Option<&'a str>,
    /// A task that goes on.
    pub(crate) sibling: Option<&'a str>,
}

/// What is wrong with these frames.
pub(crate) fn complaints(frames: &[String], tasks: &Tasks<'_>, bounds: Bounds) -> Vec<String> {
    let mut wrong = Vec::new();
    let (id, mark) = tasks.attempt;
    let mut answers = Vec::new();
    let mut prints = 0;
    for text in frames {
        // What is in it is only skipped: a result may be deeper and odder than can be built.
        let Ok(frame) = serde_json::from_str::<Frame>(text) else {
            wrong.push(format!("a frame that is no JSON: {}", start(text)));
            continue;
        };
        if let Some(twice) = frame.twice() {
            wrong.push(format!("a frame has {twice:?} twice"));
        }
        let kind = frame.kind.as_str();
        if !KINDS.contains(&kind) {
            wrong.push(format!("a frame of the unknown kind {kind:?}"));
        }
        let task = frame.task.as_deref();
        // An offer that was taken up too late, as it happens on a busy machine.
        if kind == "runner:taskrejected" {
            continue;
        }
        if task.is_some_and(|task| task != id && Some(task) != tasks.ordinary && Some(task) != tasks.sibling) {
            wrong.push(format!("a {kind} for a task that is nobody's"));
        }
        if task != Some(id) && text.contains(mark) {
            wrong.push(format!("a {kind} of another task with the attempt's mark"));
        }
        if ["runner:taskdone", "runner:taskerror"].contains(&kind) {
            answers.extend(task.map(ToOwned::to_owned));
            if text.len() > bounds.result + (1 << 20) {
                wrong.push(format!("an answer of {} bytes", text.len()));
            }
        }
        if kind == "runner:rpc" && task == Some(id) {
            prints += 1;
            // Quotes around many short texts take more than the texts.
            if text.len() > bounds.print * 12 + (96 << 10) {
                wrong.push(format!("a print of {} bytes", text.len()));
            }
        }
    }
    if prints > bounds.prints + 1 {
        wrong.push(format!("{prints} prints"));
    }
    let count = |wanted: &str| answers.iter().filter(|task| *task == wanted).count();
    if count(id) != 1 {
        wrong.push(format!("{} answers for the attempt", count(id)));
    }
    if tasks.sibling.is_some_and(|sibling| count(sibling) != 0) {
        wrong.push("the sibling was answered".into());
    }
    if tasks.ordinary.is_some_and(|ordinary| count(ordinary) != 1) {
        wrong.push("not one answer for the ordinary task".into());
    }
    wrong
}

/// What is wrong with these lines of the log.
pub(crate) fn complaints_about_log(log: &str, mark: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in log.split('\n') {
        if line.starts_with(mark) || line.split(['\r', '\u{85}', '\u{2028}']).skip(1).any(|part| part.starts_with(mark))
        {
            wrong.push("a line of the log starts with the attempt's text".into());
        }
        if line.chars().any(|c| c.is_control() && c != '\t') {
            wrong.push(format!("a control character in the log: {}", start(line)));
        }
    }
    wrong
}

fn start(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

/// A frame's keys, as often as they are there, and two of their values.
#[derive(Default)]
struct Frame {
    keys: Vec<String>,
    kind: String,
    task: Option<String>,
}

impl Frame {
    fn twice(&self) -> Option<&String> {
        let mut seen = BTreeSet::new();
        self.keys.iter().find(|key| !seen.insert(*key))
    }
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Frame;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Frame, A::Error> {
                let mut frame = Frame::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "type" => frame.kind = map.next_value()?,
                        "taskId" => frame.task = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                    frame.keys.push(key);
                }
                Ok(frame)
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[test]
fn messages_of_others_and_answers_too_many_are_seen() {
    const DONE: &str = r#"{"type":"runner:taskdone","taskId":"a","data":{"result":[{"taskId":"b"}]}}"#;
    const NONE: [&str; 0] = [];
    let bounds = Bounds { result: 100, prints: 1, print: 10 };
    let tasks = Tasks { attempt: ("a", "mark"), ordinary: None, sibling: Some("s") };
    let wrong = |frames: &[&str]| {
        let frames: Vec<_> = frames.iter().map(|frame| (*frame).to_owned()).collect();
        complaints(&frames, &tasks, bounds)
    };
    assert_eq!(wrong(&[DONE]), NONE);
    for frames in [
        &[][..],
        &[DONE, DONE],
        &[DONE, "{"],
        &[DONE, r#"{"type":"runner:taskdone","taskId":"b"}"#],
        &[DONE, r#"{"type":"runner:taskdone","taskId":"s"}"#],
        &[DONE, r#"{"type":"runner:rpc","taskId":"s","params":["mark"]}"#],
        &[DONE, r#"{"type":"runner:taskoffer","offerId":"mark"}"#],
        &[DONE, r#"{"type":"runner:info","type":"runner:info"}"#],
        &[DONE, r#"{"type":"broker:taskcancel"}"#],
    ] {
        assert_eq!(wrong(frames).len(), 1, "{frames:?}");
    }
    assert_eq!(complaints_about_log("a mark\nb\n", "mark"), NONE);
    assert_eq!(complaints_about_log("a\nmark\nb\u{1b}[1m\n", "mark").len(), 2);
}
