//! What tasks may do: built-in profiles, an operator's files and n8n's lists become checked [`Policies`].
//!
//! A file is read (`read`) into what it says, key by key, each with its line; profiles are put together from what they extend
//! (`merge`); what is unknown, contradictory or unsafe is refused with its place and the remedy (`combine`), all of it at
//! once. `sections` is the one table of keys. `abilities` works out what the allowed modules need of the sandbox.
//!
//! The system is touched only to read policy files, and to see where the paths that tasks may read lead.

mod abilities;
mod allow;
mod builtin;
mod combine;
mod given;
mod merge;
mod origin;
mod policies;
mod policy;
mod problem;
mod read;
mod schema;
mod sections;
mod value;

use std::collections::BTreeSet;

pub use abilities::{Abilities, Need};
pub use allow::{Allow, WildcardError};
pub use builtin::{BUILT_IN, DEFAULT};
pub use given::Given;
pub use origin::Origin;
pub use policies::{Labels, Policies};
pub use policy::Policy;
pub use problem::{PolicyError, Problem};
pub use read::Match;
pub use schema::schema;
pub use sections::{
    Analyzer, Builtins, Files, Interpreter, LayerMode, Layers, Limits, MOST_PRINT_BYTES, Modules, Network, NonFinite,
    Preload, Results, Risks, Scratch, Strings, Syscalls, Tier, key, keys,
};
pub use value::{Entries, Item, Key, Kind, Names, Paths, Ports, Set, Value, Values};

/// An allow list of these names.
pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Allow {
    Allow::Only(names.into_iter().map(ToOwned::to_owned).collect::<BTreeSet<_>>())
}

#[cfg(test)]
mod tests;
