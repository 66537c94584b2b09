//! How user code runs, all the way: `user_code/cases.toml` through broker, analyzer and sealed children.
//!
//! Each case runs as a task of the default policy. Where its analyzer answers in place of the child, the table says with
//! which words (`refused`, `exceeds`); a refused case then runs once more as code that got past the analyzer would, and must
//! give what the table says of the child.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use engine::{Harness, Setup, abridged};
use palisade::embedded::TaskOutcome;
use palisade_policy::{Limits, NonFinite};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

const TABLE: &str = include_str!("user_code/cases.toml");

/// Engines with their own memory limit differ from the child's own test: there the limit counts from what is in use.
const MEMORY_TEXT: &str = "Task needed more memory than its limit of";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    default: Lists,
    case: Vec<Case>,
}

/// What a runner is started with, apart from limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    stdlib: Option<Vec<String>>,
    external: Option<Vec<String>>,
    builtins_deny: Option<Vec<String>>,
}

/// A text, or a list of texts with how often each is repeated.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Repeated(Vec<(String, usize)>),
}

impl Text {
    fn whole(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Repeated(parts) => parts.iter().map(|(part, times)| part.repeat(*times)).collect(),
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    mode: Option<String>,
    code: Text,
    items: Option<Text>,
    query: Option<String>,
    #[serde(default)]
    env: Vec<(String, String)>,
    max_prints: Option<u64>,
    max_print_bytes: Option<u64>,
    max_result_bytes: Option<u64>,
    non_finite: Option<String>,
    memory_mib: Option<u64>,
    stdlib: Option<Vec<String>>,
    external: Option<Vec<String>>,
    builtins_deny: Option<Vec<String>>,
    #[serde(default)]
    transitive_imports: bool,
    // Of the child alone: a policy derives it from the lists, and the analyzer decides the purpose.
    #[serde(rename = "preload_stdlib_extensions")]
    _preload_stdlib_extensions: Option<bool>,
    #[serde(rename = "purpose")]
    _purpose: Option<String>,

    result: Option<String>,
    exact: Option<String>,
    result_has: Option<String>,
    prints: Option<Vec<Vec<String>>>,
    #[serde(rename = "texts")]
    texts: Option<Vec<String>>,
    #[serde(default)]
    omitted: u64,
    /// Lines that must be in the log, in this order.
    #[serde(default)]
    written: Vec<String>,
    // What is on the child's socket, nobody sees from here.
    #[serde(rename = "written_bytes")]
    _written_bytes: Option<Vec<usize>>,
    #[serde(rename = "most_frames")]
    _most_frames: Option<usize>,
    #[serde(rename = "omitted_lines")]
    _omitted_lines: Option<u64>,
    failure: Option<toml::Table>,

    /// The description of the analyzer's refusal.
    refused: Option<String>,
    /// The analyzer's message for code it does not read.
    exceeds: Option<String>,
    /// Why the case cannot be had of a whole runner.
    only_unsealed: Option<String>,
    /// What differs in a sealed child, in place of the keys of the same name, and why.
    sealed: Option<Sealed>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    #[serde(rename = "why")]
    _why: String,
    exact: Option<String>,
    result: Option<String>,
    failure: Option<toml::Table>,
}

/// What one engine is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Engine {
    lists: Lists,
    env: Vec<(String, String)>,
    transitive_imports: bool,
    memory_mib: Option<u64>,
    max_prints: Option<u64>,
    max_print_bytes: Option<u64>,
    result_mib: Option<u64>,
    is_null_for_nan: bool,
}

impl Case {
    fn engine(&self, default: &Lists) -> Engine {
        let lists = Lists {
            stdlib: self.stdlib.clone().or_else(|| default.stdlib.clone()),
            external: self.external.clone().or_else(|| default.external.clone()),
            builtins_deny: self.builtins_deny.clone().or_else(|| default.builtins_deny.clone()),
        };
        Engine {
            lists,
            env: self.env.clone(),
            transitive_imports: self.transitive_imports,
            memory_mib: self.memory_mib,
            max_prints: self.max_prints,
            max_print_bytes: self.max_print_bytes,
            result_mib: self.max_result_bytes.map(|bytes| bytes >> 20),
            is_null_for_nan: self.non_finite.as_deref() == Some("null"),
        }
    }

    fn settings(&self) -> Box<RawValue> {
        let mode = match self.mode.as_deref() {
            None | Some("all") => "runOnceForAllItems",
            Some("each") => "runOnceForEachItem",
            Some(other) => panic!("{}: mode {other}", self.name),
        };
        let raw = |text: String| RawValue::from_string(text).unwrap();
        let items = self.items.as_ref().map_or(r#"[{"json":{"a":1},"pairedItem":{"item":0}}]"#.into(), Text::whole);
        let mut settings: BTreeMap<&str, Box<RawValue>> = BTreeMap::new();
        settings.insert("code", to_raw_value(&self.code.whole()).unwrap());
        settings.insert("nodeMode", to_raw_value(mode).unwrap());
        settings.insert("items", raw(items));
        if let Some(query) = &self.query {
            settings.insert("query", raw(query.clone()));
        }
        to_raw_value(&settings).unwrap()
    }

    /// What is wrong about the outcome, if anything.
    fn differences(&self, outcome: &TaskOutcome, texts: &[String]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut prints = outcome.prints.clone();
        if self.omitted > 0 {
            let note = format!("[Output truncated - {} more print statements]", self.omitted);
            if prints.pop() != Some(vec![note]) {
                wrong.push("no word of omitted prints".to_owned());
            }
        }
        if self.prints.as_ref().is_some_and(|expected| *expected != prints) {
            wrong.push(format!("prints {prints:?}"));
        }
        let mut lines = texts.iter();
        if !self.written.iter().all(|written| lines.any(|line| line == written)) {
            wrong.push(format!("written {texts:?}"));
        }
        if self.texts.as_ref().is_some_and(|expected| expected != texts) {
            wrong.push(format!("printed texts {texts:?}"));
        }
        let sealed = self.sealed.as_ref();
        let failure = sealed.and_then(|sealed| sealed.failure.as_ref()).or(self.failure.as_ref());
        match (&outcome.verdict, failure) {
            (Ok(result), None) => {
                let exact = sealed.and_then(|sealed| sealed.exact.as_ref()).or(self.exact.as_ref());
                let equal = sealed.and_then(|sealed| sealed.result.as_ref()).or(self.result.as_ref());
                let right = match (exact, equal, &self.result_has) {
                    (Some(exact), _, _) => result.get() == exact,
                    (None, Some(equal), _) => value(result.get()) == value(equal),
                    (None, None, Some(part)) => result.get().contains(part.as_str()),
                    (None, None, None) => panic!("{} expects nothing", self.name),
                };
                if !right {
                    wrong.push(format!("result {}", abridged(result.get())));
                }
            }
            (Err(error), Some(failure)) => wrong.extend(different_error(error, failure)),
            (Ok(result), Some(_)) => wrong.push(format!("did not fail: {}", abridged(result.get()))),
            (Err(error), None) => wrong.push(format!("failed: {error:?}")),
        }
        wrong
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The error that must come of a failure in the child, key by key.
fn different_error(error: &Map<String, Value>, failure: &toml::Table) -> Option<String> {
    let has = |key: &str| failure.get(key).map(|value| serde_json::to_value(value).unwrap());
    let kind = failure["kind"].as_str().unwrap();
    let mut expected = Vec::new();
    let mut parts = Vec::new();
    match kind {
        "raised" | "syntax" => {
            let silent = has("message") == Some(json!("")) && has("class") == Some(json!("MemoryError"));
            if silent {
                parts.push(("message", json!(MEMORY_TEXT)));
            } else if let Some(message) = has("message") {
                expected.push(("message", message));
            }
            expected.extend(has("description").map(|description| ("description", description)));
            expected.extend(has("line").map(|line| ("lineNumber", line)));
            expected.extend(has("item").map(|item| ("itemIndex", item)));
            expected.extend(has("column").map(|column| ("column", column)));
            parts.extend(has("message_has").map(|part| ("message", part)));
            parts.extend(has("description_has").map(|part| ("description", part)));
            // Each has one, but a syntax error that CPython does not find.
            if !error.contains_key("description") && (kind == "raised" || error.contains_key("lineNumber")) {
                return Some(format!("no description: {error:?}"));
            }
        }
        "exit" => {
            let code = has("code").unwrap();
            expected.push(("message", json!(format!("Process exited with code {}", code.as_str().unwrap()))));
            expected.extend(has("description").map(|description| ("description", description)));
        }
        "import" => {
            expected.push(("message", json!("Security violation detected")));
            // Behind it stands which setting would allow it.
            let said = error.get("description").and_then(Value::as_str).map(|text| json!(without_advice(text)));
            if has("text").is_some_and(|text| Some(text) != said) {
                return Some(format!("the refusal's text: {error:?}"));
            }
            parts.extend(has("text_has").map(|text| ("description", text)));
        }
        other => panic!("failure of kind {other}"),
    }
    let holds = |(key, part): &(&str, Value)| {
        error.get(*key).and_then(Value::as_str).is_some_and(|text| text.contains(part.as_str().unwrap()))
    };
    let right = expected.iter().all(|(key, value)| error.get(*key) == Some(value)) && parts.iter().all(holds);
    (!right).then(|| format!("error {error:?}"))
}

impl Engine {
    async fn start(&self, judge: bool) -> Harness {
        let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default().join(",");
        let mut setup = Setup::allowing(&list(&self.lists.stdlib), &list(&self.lists.external));
        setup.config.builtins_deny.clone_from(&self.lists.builtins_deny);
        setup.config.allow_transitive_imports = self.transitive_imports;
        setup.config.env.clone_from(&self.env);
        setup.judge = judge;
        let own = self.clone();
        setup.change = Box::new(move |policy| {
            policy.limits = Limits {
                memory_mib: own.memory_mib.unwrap_or(policy.limits.memory_mib),
                prints: own.max_prints.unwrap_or(policy.limits.prints),
                print_bytes: own.max_print_bytes.unwrap_or(policy.limits.print_bytes),
                result_mib: own.result_mib.unwrap_or(policy.limits.result_mib),
                ..policy.limits
            };
            if own.is_null_for_nan {
                policy.non_finite = NonFinite::Null;
            }
        });
        setup.start().await
    }
}

/// What a description says of the refusal itself.
fn without_advice(description: &str) -> &str {
    description.split_once("\n\n").map_or(description, |(refusal, _)| refusal)
}

/// The analyzer's answer, where it is to answer.
fn by_analyzer(case: &Case, outcome: &TaskOutcome) -> Option<String> {
    let (message, description) = match (&case.refused, &case.exceeds) {
        (Some(refused), None) => ("Security violations detected", Some(refused)),
        (None, Some(exceeds)) => (exceeds.as_str(), None),
        _ => panic!("{}: refused, or exceeds", case.name),
    };
    let right = match &outcome.verdict {
        Ok(_) => false,
        Err(error) => {
            error["message"] == message
                && error.get("description").and_then(Value::as_str).map(without_advice)
                    == description.map(|text| text.trim_end())
        }
    };
    (!right).then(|| format!("the analyzer did not answer as expected: {:?}", outcome.verdict))
}

#[tokio::test]
async fn every_case_gives_its_answer_in_a_sealed_child() {
    let table: Table = toml::from_str(TABLE).unwrap();
    let names: BTreeSet<&str> = table.case.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), table.case.len(), "names of cases are not unique");
    let mut engines: BTreeMap<(Engine, bool), Vec<&Case>> = BTreeMap::new();
    let (mut not_run, mut expected_runs) = (0, 0);
    for case in &table.case {
        if let Some(why) = &case.only_unsealed {
            assert!(!why.is_empty());
            not_run += 1;
            continue;
        }
        let engine = case.engine(&table.default);
        // A policy has it in whole MiB.
        assert_ne!(engine.result_mib, Some(0), "{}", case.name);
        if case.refused.is_some() {
            engines.entry((engine.clone(), false)).or_default().push(case);
            expected_runs += 1;
        }
        engines.entry((engine, true)).or_default().push(case);
        expected_runs += 1;
    }
    let started = engines.len();
    let (mut failed, mut runs) = (String::new(), 0);
    for ((engine, judged), cases) in engines {
        let mut runner = engine.start(judged).await;
        for case in cases {
            let outcome = runner.task(&case.settings()).await;
            let observed = runner.observed();
            runs += 1;
            let answered_by_analyzer = judged && (case.refused.is_some() || case.exceeds.is_some());
            let wrong = if answered_by_analyzer {
                assert!(observed.report.child_pid.is_none(), "{}: a child was used", case.name);
                by_analyzer(case, &outcome).into_iter().collect()
            } else if observed.report.layers.iter().any(|layer| layer == "seccomp") {
                case.differences(&outcome, &observed.prints)
            } else {
                vec![format!("answered without a sealed child: {:?}", outcome.verdict)]
            };
            for line in wrong {
                let _ = writeln!(failed, "{} ({}): {line}", case.name, if judged { "judged" } else { "not judged" });
            }
        }
        runner.stop().await;
    }
    println!("{} cases, {runs} runs in {started} engines, {not_run} only unsealed", table.case.len());
    assert!(failed.is_empty(), "\n{failed}");
    assert_eq!((runs, not_run), (expected_runs, 1));
}
