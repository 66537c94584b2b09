//! What is wrong with a policy, where, and what to do about it.

use std::fmt;

use crate::origin::Origin;

/// One thing that is wrong. Its text ends with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where; nothing for what has no place in a file.
    pub at: Option<Origin>,
    /// What.
    pub what: String,
    /// What an operator can do.
    pub remedy: String,
}

impl Problem {
    pub(crate) fn new(at: Origin, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at: Some(at), what: what.into(), remedy: remedy.into() }
    }

    pub(crate) fn nowhere(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { at: None, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{at}: ")?;
        }
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// A policy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    problems: Vec<Problem>,
}

impl PolicyError {
    /// The value, unless something is wrong.
    pub(crate) fn unless<T>(value: Option<T>, mut problems: Vec<Problem>) -> Result<T, Self> {
        // Profiles share files, so one mistake can be met more than once.
        problems.sort();
        problems.dedup();
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(Self { problems }),
        }
    }

    /// All that is wrong, by place.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl From<Problem> for PolicyError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// One line: the first problem, and how many there are.
impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [] => f.write_str("policy: it cannot be used; report this"),
            [only] => write!(f, "policy {only}"),
            [first, ..] => {
                let count = self.problems.len();
                write!(f, "policy: {count} problems, which `palisade policy check` lists; the first: {first}")
            }
        }
    }
}

impl std::error::Error for PolicyError {}

/// What `word` was probably meant to be.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A long word of a hostile file must not cost more than it is worth.
    let word: String = word.chars().take(100).collect();
    let likeness = |candidate: &'a str| (strsim::jaro_winkler(&word, candidate), candidate);
    let best = known.into_iter().map(likeness).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness > 0.75).map(|(_, candidate)| candidate)
}

/// A remedy for a word that is not known.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(candidate) => format!("did you mean {candidate}?"),
        None => format!("known are {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}
