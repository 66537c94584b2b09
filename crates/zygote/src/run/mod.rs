//! Running user code: what the forkserver prepares for it, and what happens in the sealed child.
//!
//! * [`prepare()`] in the forkserver: imports what tasks may import and captures what the child needs in native statics.
//! * [`reseed()`] in a fresh child: no sibling draws the same random numbers.
//! * [`warm_up`] in a fresh child: touches the pages a task will touch.
//! * [`run_task`] in the sealed child: code and items in, frames out.
//!
//! User code may do anything to any Python object it can reach. So nothing here relies on one: functions are native
//! with their state in Rust statics, the text of strings is read from their real contents, never by their methods, and
//! no frame of the runner lies below user code.

mod builtins;
mod compile;
mod environ;
mod errors;
mod evaluated;
pub(crate) mod format;
mod from_text;
mod function;
mod guard;
mod indented;
#[cfg(feature = "inline")]
pub(crate) mod inline;
mod json;
mod output;
mod places;
mod prepare;
mod print;
mod rehearsal;
mod reseed;
mod runtime;
mod stack;
mod stream;
mod task;
pub(crate) mod text;

use std::collections::BTreeSet;

use palisade_channel::control::{Hardening, Names};

pub(crate) use compile::filename;
pub(crate) use prepare::prepare;
pub(crate) use rehearsal::warm_up;
pub(crate) use reseed::reseed;
pub(crate) use task::{Whose, run_task};

/// The modules of one kind that user code may import, by top-level name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Allow {
    /// Every one: `*`.
    All,
    /// These.
    Only(BTreeSet<String>),
}

impl Allow {
    fn contains(&self, top_level: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(top_level),
        }
    }

    /// As the refusal's text lists them.
    fn listed(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Only(names) if names.is_empty() => "none".to_owned(),
            Self::Only(names) => names.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
        }
    }
}

/// What user code of this forkserver's children may do.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Modules of the standard library that user code may import.
    pub(crate) stdlib: Allow,
    /// Other modules that user code may import.
    pub(crate) external: Allow,
    /// Built-ins that user code does not get.
    pub(crate) builtins_deny: Vec<String>,
    /// Whether the import guard and the list above are in force; else user code has the real built-ins and imports.
    pub(crate) guards: bool,
    /// Names that user code may not use, and whether compiled code is held against them.
    pub(crate) names: Names,
    /// What is taken out of the interpreter, where there are guards.
    pub(crate) hardening: Hardening,
    /// Modules to import ahead besides the allowed ones, dotted names included.
    pub(crate) modules: Vec<String>,
    /// Whether to import every extension module of the standard library ahead: for a wildcard, as a child that may read
    /// files still cannot map them executable.
    pub(crate) preload_stdlib_extensions: bool,
    /// Whether package code may import through `importlib` what user code may not.
    pub(crate) transitive_imports: bool,
}

/// What came of [`prepare()`].
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What each named module took: seconds, bytes.
    pub(crate) took: Vec<(String, f64, u64)>,
    /// Modules that could not be imported, and why. Tasks that import one get the import's own error.
    pub(crate) failed_modules: Vec<(String, String)>,
}
