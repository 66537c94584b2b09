//! What `check` found, in a form that is printed as a table or as JSON.

use serde::Serialize;

use super::imports::Import;
use crate::promises::Promise;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Grade {
    /// As wanted.
    Pass,
    /// Tasks run, with less around them than there could be.
    Caution,
    /// No task runs here.
    Fail,
}

/// One row. `found`, `details` and `remedy` are for people and may change; the rest is for programs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Check {
    /// What was looked at: a layer by its name in the policy, or one of the rows before and after the layers.
    pub(super) name: &'static str,
    /// `required`, `best-effort` or `off`.
    pub(super) needed: &'static str,
    pub(super) result: Grade,
    pub(super) found: String,
    /// Further lines: one for each module, candidate or step.
    pub(super) details: Vec<String>,
    /// What an operator can do; none where nothing has to be done.
    pub(super) remedy: Option<String>,
}

/// All of it. Documented in the command's help; keys are only ever added.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) version: &'static str,
    pub(super) host: Host,
    /// The profile of the policy that the rows are about; none where there is no policy.
    pub(super) profile: Option<String>,
    /// The worst of all rows.
    pub(super) result: Grade,
    pub(super) checks: Vec<Check>,
    /// What stands against each class of attack; empty where no task runs.
    pub(super) on_this_host: Vec<Promise>,
    /// What came of importing every allowed module; absent unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) imports: Option<Vec<Import>>,
}

/// Where it was looked.
#[derive(Debug, Serialize)]
pub(super) struct Host {
    pub(super) system: String,
    pub(super) architecture: &'static str,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Check {
    pub(super) fn pass(name: &'static str, needed: &'static str, found: impl Into<String>) -> Self {
        Self { name, needed, result: Grade::Pass, found: found.into(), details: Vec::new(), remedy: None }
    }

    pub(super) fn caution(
        name: &'static str,
        needed: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { result: Grade::Caution, remedy: Some(remedy.into()), ..Self::pass(name, needed, found) }
    }

    /// Something required is not to be had.
    pub(super) fn fail(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { result: Grade::Fail, remedy: Some(remedy.into()), ..Self::pass(name, REQUIRED, found) }
    }

    /// Nothing is known, because of something that failed and has a row of its own.
    pub(super) fn not_tried(name: &'static str, needed: &'static str, known: &str) -> Self {
        let separator = if known.is_empty() { "" } else { "; " };
        let found = format!("not tried, as nothing could be sealed{separator}{known}");
        Self::caution(name, needed, found, "first what says FAIL")
    }

    pub(super) fn with(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
}

pub(super) const REQUIRED: &str = "required";

impl Report {
    pub(super) fn new(host: Host, profile: Option<String>, checks: Vec<Check>, promises: Vec<Promise>) -> Self {
        let result = checks.iter().map(|check| check.result).max().unwrap_or(Grade::Fail);
        let on_this_host = if result == Grade::Fail { Vec::new() } else { promises };
        Self { version: env!("CARGO_PKG_VERSION"), host, profile, result, checks, on_this_host, imports: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_row_counts_and_no_row_at_all_is_no_pass() {
        let host = || Host { system: String::new(), architecture: "", uid: 1, gid: 1 };
        let pass = Check::pass("a", REQUIRED, "");
        let caution = Check::caution("b", "best-effort", "", "do");
        let fail = Check::fail("c", "", "do");
        assert_eq!(Report::new(host(), None, vec![], vec![]).result, Grade::Fail);
        assert_eq!(Report::new(host(), None, vec![pass.clone()], vec![]).result, Grade::Pass);
        assert_eq!(Report::new(host(), None, vec![pass.clone(), caution.clone()], vec![]).result, Grade::Caution);
        let promised = || vec![Promise { class: "a", attack: "", by: vec![], without: vec![] }];
        assert_eq!(Report::new(host(), None, vec![pass.clone()], promised()).on_this_host.len(), 1);
        let failed = Report::new(host(), None, vec![caution, fail, pass], promised());
        assert_eq!((failed.result, failed.on_this_host.len()), (Grade::Fail, 0));
    }
}
