//! `check --imports`: every allowed module is imported by a task of its own, in a child that is sealed as any other.

use std::fmt::Write as _;

use palisade_channel::message::NodeMode;
use palisade_policy::{Allow, Policies};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use crate::config::TaskConfig;
use crate::engine::{Engine, EngineError};
use crate::execute::{Answer, Execute as _, Task, Verdict};
use crate::forkserver::StartError;
use crate::frame::Settings;
use crate::interpreter::Interpreter;
use crate::logging::one_line;
use crate::plan::plan;
use crate::pool::{TrialError, trial};

/// Longest reason, in characters.
const LONGEST: usize = 500;

const KIB: u64 = 1024;

/// What came of one module.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Import {
    pub(super) module: String,
    /// `stdlib`, `external`, or `-` for `*`.
    pub(super) list: &'static str,
    /// Whether a task can import it.
    pub(super) works: bool,
    /// Milliseconds that it took the forkserver to import it ahead, once, with what nobody had imported before.
    pub(super) ahead_ms: Option<f64>,
    /// By how many KiB the most that the forkserver has held has grown with that. Children share it.
    pub(super) ahead_kib: Option<u64>,
    /// Milliseconds of the task that imports it and does nothing else.
    pub(super) task_ms: Option<f64>,
    /// Why it does not work, or what else is to be known.
    pub(super) remark: Option<String>,
}

impl Import {
    fn failed(module: &str, list: &'static str, remark: impl Into<String>) -> Self {
        Self {
            module: module.to_owned(),
            list,
            works: false,
            ahead_ms: None,
            ahead_kib: None,
            task_ms: None,
            remark: Some(one_line(&remark.into(), LONGEST)),
        }
    }
}

/// Tries every module that tasks of the default profile may import.
pub(super) async fn try_all(config: &TaskConfig, policies: &Policies, interpreter: &Interpreter) -> Vec<Import> {
    let policy = policies.default_profile();
    let (mut named, mut imports) = (Vec::new(), Vec::new());
    for (list, allow) in [("stdlib", &policy.stdlib), ("external", &policy.external)] {
        match allow {
            Allow::All => imports.push(Import {
                works: true,
                ..Import::failed(
                    "*",
                    list,
                    "all of them are allowed, and none is imported ahead: name modules to have them tried",
                )
            }),
            Allow::Only(allowed) => named.extend(allowed.iter().map(|module| (module.as_str(), list))),
        }
    }
    let only = match policies.clone().only(&policy.name) {
        Ok(only) => only,
        Err(error) => return vec![Import::failed("*", "-", error.to_string())],
    };
    match Engine::start(config, &only, interpreter, 1).await {
        Ok(engine) => {
            for (name, list) in named {
                imports.push(in_a_task(&engine, name, list).await);
            }
        }
        Err(EngineError::Start(error)) => {
            // One of them may be the reason, which shows when each is alone.
            for (name, list) in named {
                imports.push(alone(config, &only, interpreter, name, list, &error).await);
            }
        }
        Err(error) => imports.extend(named.iter().map(|(name, list)| Import::failed(name, list, error.to_string()))),
    }
    imports
}

async fn in_a_task(engine: &std::sync::Arc<Engine>, name: &str, list: &'static str) -> Import {
    let task = Task { id: format!("import-{name}"), settings: Box::new(settings(name)) };
    let Answer { verdict, report, .. } = std::sync::Arc::clone(engine).execute(task, CancellationToken::new()).await;
    let run = report.stages.iter().find(|(stage, _)| *stage == "run").map(|(_, time)| time.as_secs_f64() * 1000.0);
    let forkserver = engine.pool().forkserver();
    let ahead = forkserver.as_ref().and_then(|forkserver| forkserver.loaded.iter().find(|loaded| loaded.name == name));
    // What failed of it beyond the import itself, such as parts that were left out.
    let failures = forkserver.iter().flat_map(|forkserver| &forkserver.failed_modules);
    let own = failures.clone().find(|(failed, _)| failed == name || *failed == format!("{name}.*"));
    let (works, remark) = match verdict {
        Verdict::Done(_) => (true, own.map(|(failed, why)| format!("{failed}: {why}"))),
        Verdict::Failed(error) => (false, Some(why(&error.message, own.map(|(_, why)| why.as_str())))),
        Verdict::Forgiven { .. } => (false, Some("its error was taken for a result".to_owned())),
    };
    Import {
        module: name.to_owned(),
        list,
        works,
        ahead_ms: ahead.map(|ahead| thousandths(ahead.micros)),
        ahead_kib: ahead.map(|ahead| ahead.bytes / KIB),
        task_ms: run.map(|milliseconds| (milliseconds * 1000.0).round() / 1000.0),
        remark: remark.map(|remark| one_line(&remark, LONGEST)),
    }
}

/// What the task was told, and what the forkserver had been told, where that says more.
fn why(message: &str, ahead: Option<&str>) -> String {
    match ahead {
        Some(ahead) if !message.contains(ahead) && !ahead.ends_with(message) => format!("{message} ({ahead})"),
        _ => message.to_owned(),
    }
}

/// A module in a forkserver that imports no other one, where all together did not start.
async fn alone(
    config: &TaskConfig,
    policies: &Policies,
    interpreter: &Interpreter,
    name: &str,
    list: &'static str,
    together: &StartError,
) -> Import {
    let mut planned = match plan(policies.default_profile(), interpreter, config, 1) {
        Ok(planned) => planned,
        Err(refusal) => return Import::failed(name, list, refusal.to_string()),
    };
    let only = |wanted: &str| {
        let names = if wanted == list { vec![name.to_owned()] } else { Vec::new() };
        palisade_channel::control::Modules::Only(names)
    };
    planned.recipe.preparation.stdlib = only("stdlib");
    planned.recipe.preparation.external = only("external");
    let started = trial(planned.recipe).await;
    let remark = match &started {
        Ok(_) => format!("alone it starts; with all others: {together}"),
        Err(TrialError::Start(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    if let Ok(started) = started {
        started.child.finish().await;
    }
    Import::failed(name, list, remark)
}

/// A task that imports a module.
fn settings(module: &str) -> Settings {
    let name = || "palisade check".to_owned();
    Settings {
        code: format!("import {module}\nreturn []\n"),
        node_mode: NodeMode::AllItems,
        continue_on_fail: false,
        items: RawValue::from_string("[]".to_owned()).unwrap_or_default().into(),
        query: None,
        node_name: name(),
        node_id: "check".to_owned(),
        workflow_name: name(),
        workflow_id: "check".to_owned(),
    }
}

/// Milliseconds of microseconds.
fn thousandths(micros: u64) -> f64 {
    std::time::Duration::from_micros(micros).as_secs_f64() * 1000.0
}

/// The table, with an empty line before it.
pub(super) fn table(imports: &[Import]) -> String {
    let widest = imports.iter().map(|import| import.module.chars().count()).max().unwrap_or(0).clamp(20, 40);
    let mut out = format!("\n{:<widest$}  RESULT  AHEAD MS  MEMORY MIB  TASK MS  REMARK\n", "IMPORT");
    for import in imports {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
        let mib = import.ahead_kib.map(|kib| f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0);
        let line = format!(
            "{:<widest$}  {:<6}  {:>8}  {:>10}  {:>7}  {}",
            one_line(&import.module, widest),
            if import.works { "works" } else { "FAILS" },
            number(import.ahead_ms),
            number(mib),
            number(import.task_ms),
            import.remark.as_deref().unwrap_or_default(),
        );
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let works = imports.iter().filter(|import| import.works).count();
    let _ = writeln!(out, "\n{works} of {} allowed modules can be imported by tasks.", imports.len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_forkserver_knew_is_told_once() {
        assert_eq!(why("No module named 'a'", Some("ModuleNotFoundError: No module named 'a'")), "No module named 'a'");
        assert_eq!(why("module 'a' failed: OSError: b", Some("OSError: b")), "module 'a' failed: OSError: b");
        assert_eq!(why("cannot import", Some("OSError: b")), "cannot import (OSError: b)");
        assert_eq!(why("cannot import", None), "cannot import");
    }

    #[test]
    fn the_table_has_a_line_for_each() {
        let good = Import {
            works: true,
            ahead_ms: Some(12.34),
            ahead_kib: Some(2048),
            task_ms: Some(0.5),
            remark: None,
            ..Import::failed("json", "stdlib", "")
        };
        let bad = Import::failed("nope", "external", "No module named 'nope'\nat all");
        let text = table(&[good, bad]);
        assert!(text.contains("works       12.3         2.0      0.5\n"), "{text}");
        assert!(text.contains("FAILS") && text.contains("1 of 2 allowed modules"), "{text}");
        assert!(text.contains("No module named 'nope'\\nat all"), "{text}");
    }
}
