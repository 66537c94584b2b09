//! What the description of an error says beyond what happened: which limit it was and what sets it, which setting would allow
//! what was refused, whether a package is installed. It stands behind everything else in the description.

use std::collections::HashSet;
use std::fmt::Write as _;

use nix::sys::signal::Signal;
use palisade_analyzer::{Violation, is_stdlib};
use palisade_channel::control::How;
use palisade_channel::message::{Failure, Raised};
use palisade_policy::Policy;

use crate::execute::Verdict;
use crate::installed::Installed;
use crate::logging::one_line;
use crate::remedy;
use crate::verdict::Outcome;

/// So many settings are named for one refusal.
const MOST_REMEDIES: usize = 20;

/// What is shown of the name of something refused, in characters.
const LONGEST_NAME: usize = 100;

/// What is shown of a setting, in characters.
const LONGEST_SETTING: usize = 500;

const MIB: u64 = 1024 * 1024;

/// What one profile's errors are explained with.
#[derive(Debug)]
pub(crate) struct Advisor {
    policy: Policy,
    installed: Installed,
}

impl Advisor {
    /// For tasks under this policy, in an interpreter with these packages.
    pub(crate) fn new(policy: Policy, installed: Installed) -> Self {
        Self { policy, installed }
    }

    /// What there is to say about an end, if anything.
    pub(crate) fn about(&self, outcome: &Outcome) -> Option<String> {
        let limits = &self.policy.limits;
        Some(match outcome {
            // Its author has said what is to be read there, and nothing else.
            Outcome::Failed(Failure::Raised(raised)) if raised.description.is_some() => return None,
            Outcome::Failed(Failure::Raised(raised)) => return self.limit(raised).or_else(|| self.missing(raised)),
            Outcome::Failed(Failure::Import { text }) => return self.import(text),
            Outcome::Refused(violations) => return self.refused(violations),
            Outcome::OutOfMemory { limit } => memory(limit / MIB),
            Outcome::TooManyThreads { limit } => threads(u64::from(*limit)),
            Outcome::OutOfCpuTime { limit } => {
                format!("The limit is {limit} seconds of CPU time for each task (policy: limits.cpu_s).")
            }
            Outcome::NoRoom { limit, .. } => format!(
                "The limit is {} MiB for the results of all tasks together (PALISADE_ANSWER_MEMORY_MIB).",
                limit / MIB
            ),
            Outcome::Died { how: Some(How::Exited(0)), .. } => {
                "The code ended its process itself (os._exit) before there was a result.".to_owned()
            }
            Outcome::Died { how: Some(How::Exited(code)), trapped: None } => {
                format!("The code, or a package it uses, ended the process itself: os._exit({code}).")
            }
            Outcome::Died { how: Some(How::Signaled(signal)), .. } => {
                return signaled(*signal, limits.memory_mib, limits.stack_mib);
            }
            _ => return None,
        })
    }

    /// The limit behind an exception, as far as exceptions tell.
    fn limit(&self, raised: &Raised) -> Option<String> {
        let limits = &self.policy.limits;
        let class = raised.class.rsplit('.').next().unwrap_or_default();
        let errno = |number: u32| raised.message.starts_with(&format!("[Errno {number}] "));
        Some(match class {
            "MemoryError" | "_ArrayMemoryError" => memory(limits.memory_mib),
            "RecursionError" if raised.message.contains("result is nested deeper") => {
                "How deep a result may be nested is fixed; no setting raises it.".to_owned()
            }
            "RecursionError" => format!(
                "The limit is Python's own, 1000 nested calls, and no setting of the runner raises it; code that may import sys \
                 can, by sys.setrecursionlimit. The stack is {} MiB (policy: limits.stack_mib).",
                limits.stack_mib
            ),
            "ResultTooLarge" => {
                format!("The limit is {} MiB for the JSON of a result (policy: limits.result_mib).", limits.result_mib)
            }
            "RuntimeError" if raised.message == "can't start new thread" && self.policy.abilities.threads => {
                threads(u64::from(limits.processes))
            }
            "RuntimeError" if raised.message == "can't start new thread" => {
                "Tasks of this profile have no threads; a tier that has them is set by syscalls.tier of the policy."
                    .to_owned()
            }
            "OSError" if errno(24) => {
                format!("The limit is {} open files (policy: limits.open_files).", limits.open_files)
            }
            "OSError" if errno(27) || errno(28) => format!(
                "The limit is {} MiB and {} files in the folder that a task may write to (policy: scratch.size_mib, scratch.files).",
                self.policy.scratch.size_mib, self.policy.scratch.files
            ),
            _ => return None,
        })
    }

    /// An allowed module that there is not. The name comes from the child, and is looked up in memory.
    fn missing(&self, raised: &Raised) -> Option<String> {
        if raised.class != "ModuleNotFoundError" {
            return None;
        }
        let module = raised.message.strip_prefix("No module named '")?.strip_suffix('\'')?;
        let top_level = top_level(module)?;
        let is_stdlib = is_stdlib(top_level);
        let list = if is_stdlib { &self.policy.stdlib } else { &self.policy.external };
        if !list.permits(top_level) {
            return None;
        }
        Some(match self.installed.has(top_level) {
            _ if is_stdlib && top_level == module => format!(
                "'{top_level}' is a module of Python's standard library and allowed, but the Python that runs tasks was built \
                 without it."
            ),
            _ if is_stdlib => format!("'{top_level}' is allowed, but this version of Python has no '{module}'."),
            Some(true) if top_level != module => {
                format!(
                    "'{top_level}' is allowed and installed, but has no '{module}'; its version may be another one."
                )
            }
            Some(true) => format!("'{top_level}' is allowed and installed, but not for this version of Python."),
            Some(false) => format!(
                "'{top_level}' is allowed, but not installed in the Python that runs tasks. Install it there and restart the \
                 runner."
            ),
            None => format!(
                "'{top_level}' is allowed, but the Python that runs tasks does not find it. Install it there and restart the \
                 runner."
            ),
        })
    }

    /// A refusal of the import guard, which names the module.
    fn import(&self, text: &str) -> Option<String> {
        let module = ["Import of standard library module '", "Import of external package '"]
            .iter()
            .find_map(|start| text.strip_prefix(start)?.split_once("' is disallowed"))
            .map(|(module, _)| module)?;
        let top_level = top_level(module)?;
        let remedy = remedy::import(module, &self.policy).allow?;
        Some(listed([(top_level.to_owned(), remedy, self.presence(top_level))]))
    }

    fn refused(&self, violations: &[Violation]) -> Option<String> {
        let mut known = HashSet::new();
        let mut remedies = Vec::new();
        for violation in violations {
            let Some(allow) = remedy::of(violation, &self.policy).allow else { continue };
            let is_import = remedy::is_import(violation.rule);
            // What is no module's name is the user's text, and nobody is to be told to allow that.
            let named = if is_import { top_level(&violation.subject) } else { Some(violation.subject.as_str()) };
            let Some(name) = named.filter(|_| known.insert(allow.clone())) else { continue };
            let presence = if is_import { self.presence(name) } else { "" };
            remedies.push((name.to_owned(), allow, presence));
        }
        (!remedies.is_empty()).then(|| listed(remedies))
    }

    /// Whether a package is there at all, in words for a list.
    fn presence(&self, top_level: &str) -> &'static str {
        match self.installed.has(top_level) {
            _ if is_stdlib(top_level) => "",
            Some(true) => " (it is installed)",
            Some(false) => " (it is not installed in the Python that runs tasks)",
            None => "",
        }
    }
}

/// Puts advice behind what the error says.
pub(crate) fn attach(verdict: Verdict, advice: Option<String>) -> Verdict {
    match (verdict, advice) {
        (Verdict::Failed(mut error), Some(advice)) => {
            let description = error.description.get_or_insert_default();
            if !description.is_empty() {
                description.push_str(if description.ends_with('\n') { "\n" } else { "\n\n" });
            }
            description.push_str(&advice);
            Verdict::Failed(error)
        }
        (verdict, _) => verdict,
    }
}

/// The top-level name of a module, if it can be one.
fn top_level(module: &str) -> Option<&str> {
    let is_name =
        module.len() <= 4 * LONGEST_NAME && module.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    module.split('.').next().filter(|name| is_name && !name.is_empty())
}

fn listed(remedies: impl IntoIterator<Item = (String, String, &'static str)>) -> String {
    let mut text = "What would allow it, for who runs this runner:".to_owned();
    let mut remedies = remedies.into_iter();
    for (name, allow, presence) in remedies.by_ref().take(MOST_REMEDIES) {
        let (name, allow) = (one_line(&name, LONGEST_NAME), one_line(&allow, LONGEST_SETTING));
        let _ = write!(text, "\n- {name}{presence}: {allow}");
    }
    let more = remedies.count();
    if more > 0 {
        let _ = write!(text, "\n- and {more} more");
    }
    text
}

fn memory(mib: u64) -> String {
    format!("The limit is {mib} MiB for each task (policy: limits.memory_mib).")
}

fn threads(most: u64) -> String {
    format!("The limit is {most} threads at a time, the first one included (policy: limits.processes).")
}

/// The limit behind the signal that ended a task; why it came says the verdict.
fn signaled(signal: i32, memory_mib: u64, stack_mib: u64) -> Option<String> {
    Some(match Signal::try_from(signal).ok()? {
        Signal::SIGSEGV | Signal::SIGBUS => {
            format!(
                "The limits are {memory_mib} MiB of memory (policy: limits.memory_mib) and {stack_mib} MiB of stack \
                 (policy: limits.stack_mib)."
            )
        }
        Signal::SIGXFSZ => "It wrote a file larger than its limit (policy: scratch.size_mib).".to_owned(),
        _ => return None,
    })
}
