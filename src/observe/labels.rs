//! Closed sets of label values. What a metric is told apart by is a word of ours, never a word of a user: a value that is
//! in no set becomes [`OTHER`], so that no task can make series.

use std::sync::OnceLock;

use palisade_analyzer::{Bound, Failure, Verdict as Analysis};
use palisade_channel::control::How;
use palisade_sandbox::seccomp::{Arch, Profile};

use crate::execute::ErrorKind;
use crate::verdict::Outcome;

/// What stands for every value that has no name of its own.
pub const OTHER: &str = "other";

/// The rule of code that the analysis let pass and the bytecode gate refused.
pub const ANALYZER_GAP: &str = "analyzer_gap";

/// How tasks end.
pub const OUTCOMES: &[&str] = &[
    "done",
    "syntax",
    "refused",
    "analyzer_gap",
    "raised",
    "exit",
    "import",
    "text",
    "timeout",
    "cancelled",
    "memory",
    "killed",
    "denied",
    "tripwire",
    "protocol",
    "not_sealed",
    "settings",
    "internal",
    OTHER,
];

/// Parts of a task's time.
pub const STAGES: &[&str] = &["analyze", "wait", "run", "reply"];

/// Why code was not run: the analyzer's rules, its bounds, and what else there is.
pub const RULES: &[&str] = &[
    "stdlib_import",
    "external_import",
    "relative_import",
    "dynamic_import",
    "name",
    "attribute",
    "mangled_attribute",
    "private_module_name",
    "bound_format_method",
    "string_constant",
    "string_pattern",
    "global",
    "function",
    "class",
    "parameter",
    "keyword_argument",
    "positional_pattern",
    "pattern_attribute",
    "report_cut",
    "code_bytes",
    "brackets",
    "indents",
    "chain",
    "depth",
    "openers",
    "folding",
    "nul_byte",
    "analysis_failed",
    "analysis_timeout",
    "analyzer_overloaded",
    ANALYZER_GAP,
    OTHER,
];

/// What ended a task's process before its code did.
pub const LIMITS: &[&str] =
    &["wall_clock", "cpu_time", "memory", "threads", "seccomp", "tripwire", "channel", "signal", "cancel", OTHER];

/// Whether a probe went through.
pub const PROBES: &[&str] = &["ok", "failed"];

/// `value`, where it is in `set`.
pub(super) fn closed(set: &[&'static str], value: &str) -> &'static str {
    set.iter().find(|known| **known == value).copied().unwrap_or(OTHER)
}

/// The label of an end; none is a success.
pub fn outcome(error: Option<ErrorKind>) -> &'static str {
    match error {
        None => "done",
        Some(ErrorKind::Syntax) => "syntax",
        Some(ErrorKind::Refused) => "refused",
        Some(ErrorKind::AnalyzerGap) => "analyzer_gap",
        Some(ErrorKind::Raised) => "raised",
        Some(ErrorKind::Exit) => "exit",
        Some(ErrorKind::Import) => "import",
        Some(ErrorKind::Text) => "text",
        Some(ErrorKind::Timeout) => "timeout",
        Some(ErrorKind::Cancelled) => "cancelled",
        Some(ErrorKind::Memory) => "memory",
        Some(ErrorKind::Killed) => "killed",
        Some(ErrorKind::Denied { .. }) => "denied",
        Some(ErrorKind::Tripwire) => "tripwire",
        Some(ErrorKind::Protocol) => "protocol",
        Some(ErrorKind::NotSealed) => "not_sealed",
        Some(ErrorKind::Settings) => "settings",
        Some(ErrorKind::Internal) => "internal",
    }
}

/// The rules an analysis refused code for, each once. Empty where it did not.
pub(crate) fn rules(analysis: &Analysis) -> Vec<&'static str> {
    let one = |rule: &str| vec![closed(RULES, rule)];
    match analysis {
        Analysis::Clean | Analysis::Unparsable(_) => Vec::new(),
        Analysis::Refused(violations) => {
            let mut rules: Vec<_> = violations.iter().map(|violation| closed(RULES, violation.rule.as_str())).collect();
            rules.sort_unstable();
            rules.dedup();
            rules
        }
        Analysis::NulByte => one("nul_byte"),
        Analysis::Exceeded(exceeded) => one(match exceeded.bound {
            Bound::CodeBytes => "code_bytes",
            Bound::Brackets => "brackets",
            Bound::Indents => "indents",
            Bound::Chain => "chain",
            Bound::Depth => "depth",
            Bound::Openers => "openers",
            Bound::Folding => "folding",
        }),
        Analysis::Failed(failure) => one(match failure {
            Failure::Panicked | Failure::NoThread => "analysis_failed",
            Failure::TimedOut => "analysis_timeout",
            Failure::Overloaded => "analyzer_overloaded",
        }),
    }
}

/// What ended the process; none where the code came to an end of its own, or never began.
pub(crate) fn killed_by(outcome: &Outcome) -> Option<&'static str> {
    use nix::sys::signal::Signal::{SIGSYS, SIGXCPU};
    match outcome {
        Outcome::TimedOut(_) => Some("wall_clock"),
        Outcome::Cancelled => Some("cancel"),
        Outcome::OutOfMemory { .. } => Some("memory"),
        Outcome::TooManyThreads { .. } => Some("threads"),
        Outcome::OutOfCpuTime { .. } => Some("cpu_time"),
        Outcome::Tripped { .. } => Some("tripwire"),
        Outcome::Violation(_) | Outcome::HungUp => Some("channel"),
        Outcome::Died { trapped: Some(_), .. } => Some("seccomp"),
        Outcome::Died { how: Some(How::Signaled(signal)), .. } if *signal == SIGSYS as i32 => Some("seccomp"),
        Outcome::Died { how: Some(How::Signaled(signal)), .. } if *signal == SIGXCPU as i32 => Some("cpu_time"),
        Outcome::Died { how: Some(How::Signaled(_)) | None, .. } => Some("signal"),
        Outcome::Died { how: Some(How::Exited(_)), .. }
        | Outcome::Done(_)
        | Outcome::Failed(_)
        | Outcome::Refused(_)
        | Outcome::Unjudged(_)
        // Its code was at its end.
        | Outcome::NoRoom { .. }
        | Outcome::NoChild(_) => None,
    }
}

/// Names of the system calls that end a task, from the profile of this architecture.
pub fn calls() -> &'static [String] {
    static CALLS: OnceLock<Vec<String>> = OnceLock::new();
    CALLS.get_or_init(|| {
        let profile = Arch::native().ok().and_then(|arch| Profile::shipped(arch).ok());
        let mut calls = profile.map(|profile| profile.trapped()).unwrap_or_default();
        calls.push(OTHER.to_owned());
        calls
    })
}

/// The name of a call. The number is what the child says, so it can be anything.
pub fn call(number: i64) -> &'static str {
    let name = Arch::native().ok().and_then(|arch| arch.name(number));
    name.and_then(|name| calls().iter().find(|known| *known == name)).map_or(OTHER, String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_the_profile_have_names_and_no_others() {
        let ptrace = if cfg!(target_arch = "x86_64") { 101 } else { 117 };
        assert_eq!(call(ptrace), "ptrace");
        for number in [i64::MIN, -1, 0, 1, 99_999, i64::MAX] {
            assert_eq!(call(number), OTHER);
        }
    }

    #[test]
    fn every_end_has_a_label() {
        let kinds = [
            ErrorKind::Syntax,
            ErrorKind::Refused,
            ErrorKind::AnalyzerGap,
            ErrorKind::Raised,
            ErrorKind::Exit,
            ErrorKind::Import,
            ErrorKind::Text,
            ErrorKind::Timeout,
            ErrorKind::Cancelled,
            ErrorKind::Memory,
            ErrorKind::Killed,
            ErrorKind::Denied { syscall: 1 },
            ErrorKind::Tripwire,
            ErrorKind::Protocol,
            ErrorKind::NotSealed,
            ErrorKind::Settings,
            ErrorKind::Internal,
        ];
        let labels: std::collections::BTreeSet<_> = kinds.into_iter().map(|kind| outcome(Some(kind))).collect();
        assert_eq!(labels.len(), kinds.len(), "no two share a label");
        assert!(labels.iter().all(|label| OUTCOMES.contains(label)));
    }

    #[test]
    fn refusals_are_named_by_real_analyses() {
        let settings = palisade_analyzer::Settings {
            lanes: std::num::NonZeroUsize::MIN,
            queue: 4,
            cached: std::num::NonZeroUsize::MIN,
            time_limit: std::time::Duration::from_mins(1),
            abandoned: 1,
            at_once: 0,
        };
        let analyzer = palisade_analyzer::Analyzer::start(settings).unwrap();
        let none = || palisade_policy::Allow::Only(std::collections::BTreeSet::new());
        let policy = palisade_policy::Policy::load(none(), none(), None).unwrap();
        let judge = |code: &str| {
            let (tell, told) = std::sync::mpsc::channel();
            analyzer.submit(code.into(), std::sync::Arc::new(policy.rules()), move |verdict| {
                let _ = tell.send(verdict);
            });
            rules(&told.recv().unwrap())
        };
        assert_eq!(judge("return 1"), Vec::<&str>::new());
        assert_eq!(judge("import os, sys\nimport numpy"), ["external_import", "stdlib_import"]);
        assert_eq!(judge("x.__class__\ny.__class__"), ["attribute"]);
        assert_eq!(judge("a\0b"), ["nul_byte"]);
        assert_eq!(judge(&"(".repeat(300)), ["brackets"]);
    }
}
