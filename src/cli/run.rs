//! `palisade run`: one script, all the way: embedded broker, WebSocket, runner, analysis, sealed process, and back.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use palisade_policy::Policies;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};
use tracing::level_filters::LevelFilter;

use super::local::Local;
use super::pretty::{escape, pretty};
use super::startup::{self, CannotRun};
use super::{RunArgs, USAGE, print_line, snippet};
use crate::config::{TaskConfig, Variables};
use crate::embedded::TaskOutcome;
use crate::execute::ErrorKind;
use crate::frame::fields;
use crate::logging::{self, Look, Target, one_line, printable};
use crate::session::Observed;

const TASK_ERROR: u8 = 1;
const REFUSED: u8 = 2;
const NOT_SEALED: u8 = 3;

/// Why there is no outcome. Each is one line and has an exit code.
enum Failure {
    Usage(String),
    NotSealed(String),
    Internal(String),
}

impl From<CannotRun> for Failure {
    fn from(error: CannotRun) -> Self {
        Self::NotSealed(error.to_string())
    }
}

pub(super) fn main(args: &RunArgs) -> ExitCode {
    let _log = logging::init(Target::Stderr, LevelFilter::WARN, Look::NoColour);
    let (text, code) = match run(args) {
        Ok(code) => return code,
        Err(Failure::Usage(text)) => (text, USAGE),
        Err(Failure::NotSealed(text)) => (text, NOT_SEALED),
        Err(Failure::Internal(text)) => (text, TASK_ERROR),
    };
    let text = one_line(&text, 2000);
    if args.json {
        print_line(
            &json!({"outcome": if code == NOT_SEALED { "not_sealed" } else { "failed" }, "error": {"message": text}})
                .to_string(),
        );
    }
    eprintln!("palisade: {text}");
    ExitCode::from(code)
}

fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    let vars = startup::environment();
    let mut config = startup::task_config(&vars, &args.allow).map_err(|error| Failure::Usage(error.to_string()))?;
    if let Some(seconds) = args.timeout {
        config.timeout = Duration::from_secs(u64::from(seconds));
    }
    let policies = startup::policies(&config, args.profile.profile.as_deref()).map_err(CannotRun::from)?;
    // There is one task only, and what it is called says nothing of what it may do.
    let policies = policies.only(&policies.default_profile().name).map_err(CannotRun::from)?;
    let source = startup::read_source(&args.file).map_err(Failure::Usage)?;
    let settings = settings(args, &source).map_err(Failure::Usage)?;
    let internal = |what: &'static str| move |error: io::Error| Failure::Internal(format!("{what}: {error}"));
    startup::harden().map_err(internal("the memory of the process cannot be protected"))?;
    let runtime = startup::runtime().map_err(internal("the event loop could not be started"))?;
    let (outcome, observed) = runtime.block_on(task(&config, &policies, &vars, &settings))?;
    runtime.shutdown_background();
    Ok(show(args, &source, &outcome, observed))
}

/// Has one task run by a runner of its own.
async fn task(
    config: &TaskConfig,
    policies: &Policies,
    vars: &Variables,
    settings: &RawValue,
) -> Result<(TaskOutcome, Option<Observed>), Failure> {
    startup::checked(config, policies)?;
    let engine = startup::engine(config, policies, vars, 1).await?;
    let (local, mut told) = Local::start(engine, 1).await.map_err(Failure::Internal)?;
    let outcome = local.task(settings).await.map_err(Failure::Internal)?;
    let observed = told.try_recv().ok();
    local.stop().await;
    Ok((outcome, observed))
}

/// The task as n8n would word it.
fn settings(args: &RunArgs, source: &str) -> Result<Box<RawValue>, String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Settings<'a> {
        code: &'a str,
        node_mode: &'a str,
        workflow_mode: &'a str,
        continue_on_fail: bool,
        items: &'a RawValue,
        node_id: &'a str,
        node_name: &'a str,
        workflow_id: &'a str,
        workflow_name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        query: Option<Box<RawValue>>,
    }
    let items = match &args.items {
        None => "[]".to_owned(),
        Some(path) => items(&read_items(path)?).map_err(|error| format!("{}: {error}", path.display()))?,
    };
    let items = RawValue::from_string(items).map_err(|error| error.to_string())?;
    let name = args.file.to_string_lossy();
    let settings = Settings {
        code: source,
        node_mode: if args.each { "runOnceForEachItem" } else { "runOnceForAllItems" },
        workflow_mode: "manual",
        continue_on_fail: args.continue_on_fail,
        items: &items,
        node_id: "run",
        node_name: &name,
        workflow_id: "run",
        workflow_name: "palisade run",
        query: args.query.as_deref().map(query).transpose().map_err(|error| error.to_string())?,
    };
    to_raw_value(&settings).map_err(|error| error.to_string())
}

fn read_items(path: &Path) -> Result<String, String> {
    if path.as_os_str() != "-" {
        return startup::read_source(path);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    Ok(text)
}

/// The items as n8n has them: plain objects are wrapped when none of them looks like an item.
fn items(text: &str) -> Result<String, String> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| format!("no JSON list: {error}"))?;
    let mut any_item = false;
    for (index, element) in elements.iter().enumerate() {
        let [json] =
            fields(element.get(), ["json"]).map_err(|_| format!("element {index} of the list is no object"))?;
        any_item |= json.is_some();
    }
    if any_item {
        return Ok(text.trim().to_owned());
    }
    let mut wrapped = String::with_capacity(text.len() + 16 * elements.len());
    for element in elements {
        let separator = if wrapped.is_empty() { '[' } else { ',' };
        // Writing to a String cannot fail.
        let _ = write!(wrapped, r#"{separator}{{"json":{}}}"#, element.get());
    }
    if wrapped.is_empty() {
        wrapped.push('[');
    }
    wrapped.push(']');
    Ok(wrapped)
}

/// A query is an object, or any text.
fn query(text: &str) -> serde_json::Result<Box<RawValue>> {
    match fields(text, []) {
        Ok([]) => RawValue::from_string(text.trim().to_owned()),
        Err(_) => to_raw_value(text),
    }
}

/// Prints the outcome and tells the exit code.
fn show(args: &RunArgs, source: &str, outcome: &TaskOutcome, observed: Option<Observed>) -> ExitCode {
    let kind = observed.as_ref().and_then(|observed| observed.error);
    let (word, code) = match (&outcome.verdict, kind) {
        (Ok(_), _) => ("done", 0),
        (Err(_), Some(ErrorKind::Syntax | ErrorKind::Refused | ErrorKind::AnalyzerGap)) => ("refused", REFUSED),
        (Err(_), Some(ErrorKind::NotSealed)) => ("not_sealed", NOT_SEALED),
        (Err(_), _) => ("failed", TASK_ERROR),
    };
    if args.json {
        print_line(&machine_readable(word, outcome, observed.as_ref()));
        return ExitCode::from(code);
    }
    let (prints, report) = observed.map(|observed| (observed.prints, observed.report)).unwrap_or_default();
    for print in prints {
        eprintln!("{}", printable(&print));
    }
    match &outcome.verdict {
        Ok(result) => print_line(&pretty(result.get())),
        Err(error) => eprint!("{}", snippet::describe(error, &args.file.to_string_lossy(), source)),
    }
    eprintln!("{report}; {:.2} ms from settings to answer", milliseconds(outcome.elapsed));
    ExitCode::from(code)
}

fn machine_readable(word: &str, outcome: &TaskOutcome, observed: Option<&Observed>) -> String {
    #[derive(Serialize)]
    struct Shown<'a> {
        outcome: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<&'a RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'a Map<String, Value>>,
        prints: &'a [Vec<String>],
        report: Value,
    }
    let report = observed.map(|observed| &observed.report);
    let stages: Map<String, Value> = report
        .into_iter()
        .flat_map(|report| &report.stages)
        .map(|(stage, took)| ((*stage).to_owned(), json!(milliseconds(*took))))
        .collect();
    let shown = Shown {
        outcome: word,
        result: outcome.verdict.as_deref().ok(),
        error: outcome.verdict.as_ref().err(),
        prints: &outcome.prints,
        report: json!({
            "layers": report.map(|report| &report.layers),
            "without": report.map(|report| &report.without),
            "profile": report.and_then(|report| report.profile.as_deref()),
            "stages_ms": stages,
            "elapsed_ms": milliseconds(outcome.elapsed),
        }),
    };
    // Nothing in it can fail to be JSON; if it did, the outcome alone would still be true.
    escape(&serde_json::to_string(&shown).unwrap_or_else(|_| json!({"outcome": word}).to_string()))
}

fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_objects_are_wrapped_and_items_are_not() {
        assert_eq!(items(r#" [{"json":{"n":1}} , {"x":2}] "#).unwrap(), r#"[{"json":{"n":1}} , {"x":2}]"#);
        let plain = r#"[{"n":123456789012345678901}, {"s":"\ud800"}]"#;
        assert_eq!(items(plain).unwrap(), r#"[{"json":{"n":123456789012345678901}},{"json":{"s":"\ud800"}}]"#);
        assert_eq!(items("[]").unwrap(), "[]");
        assert!(items("{}").is_err() && items("").is_err());
        assert_eq!(items(r#"[{"a":1}, 5]"#).unwrap_err(), "element 1 of the list is no object");
    }

    #[test]
    fn a_query_is_an_object_or_a_text() {
        let raw = |text| query(text).unwrap().get().to_owned();
        assert_eq!(raw(r#" {"q": 1} "#), r#"{"q": 1}"#);
        assert_eq!(raw("what is \"this\"?"), r#""what is \"this\"?""#);
        assert_eq!(raw("[1]"), "\"[1]\"");
    }
}
