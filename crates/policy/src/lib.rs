//! What tasks may do: `policy/*.toml` and n8n's lists become one checked [`Policy`].
//!
//! `allow` reads n8n's lists, `file` is the form of a policy file; `needs` works out what the allow lists need: which system calls, which modules
//! imported ahead. Nothing here touches the system.

mod allow;
mod file;
mod needs;

use std::collections::BTreeSet;

use palisade_analyzer::{Limits as AnalyzerLimits, Rules};
use serde::Deserialize;
use thiserror::Error;

pub use allow::{Allow, WildcardError};
pub use file::{Entry, LayerMode, Layers, Limits};
pub use needs::Tier;

/// The policy this crate ships.
pub const DEFAULT: &str = include_str!("../../../policy/default.toml");

/// What tasks may do.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Standard-library modules that user code may import.
    pub stdlib: Allow,
    /// Packages that user code may import.
    pub external: Allow,
    /// What each task may use.
    pub limits: Limits,
    /// How much each layer is wanted.
    pub layers: Layers,
    /// Built-ins that user code has not.
    pub builtins_deny: Vec<String>,
    /// Modules every forkserver imports ahead besides the allowed ones.
    pub preload: Vec<String>,
    /// Whether every extension module of the standard library is imported ahead.
    pub preload_all_stdlib: bool,
    /// What a task's system calls allow.
    pub tier: Tier,
    analyzer: file::Analyzer,
}

/// A policy that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The text is not TOML, lacks something, or has something unknown; the parser's words name the line.
    #[error("policy {origin}: {error}")]
    Form {
        /// Where the text came from.
        origin: String,
        /// Line, column and cause.
        error: Box<toml::de::Error>,
    },
    /// Something cannot be as it says.
    #[error("policy {origin}: {what}")]
    Value {
        /// Where the text came from.
        origin: String,
        /// What, and what would do.
        what: String,
    },
}

impl Policy {
    /// The shipped policy with n8n's lists; `builtins_deny` replaces the policy's list.
    ///
    /// # Errors
    /// [`PolicyError`]; the shipped text is held against this by a test.
    pub fn load(stdlib: Allow, external: Allow, builtins_deny: Option<Vec<String>>) -> Result<Self, PolicyError> {
        Self::from_toml(DEFAULT, "default", stdlib, external, builtins_deny)
    }

    /// A policy from the text of a file; `origin` names it in errors.
    ///
    /// # Errors
    /// [`PolicyError`] with the line, for what is unknown, missing or cannot be.
    pub fn from_toml(
        text: &str,
        origin: &str,
        stdlib: Allow,
        external: Allow,
        builtins_deny: Option<Vec<String>>,
    ) -> Result<Self, PolicyError> {
        let file: file::File = toml::from_str(text)
            .map_err(|error| PolicyError::Form { origin: origin.to_owned(), error: Box::new(error) })?;
        file.check().map_err(|what| PolicyError::Value { origin: origin.to_owned(), what })?;
        let tier = needs::tier(&stdlib, &external);
        Ok(Self {
            preload: file::names(&file.preload.always),
            preload_all_stdlib: stdlib == Allow::All,
            tier,
            builtins_deny: builtins_deny.unwrap_or_else(|| file::names(&file.builtins.deny)),
            limits: file.limits,
            layers: file.layers,
            analyzer: file.analyzer,
            stdlib,
            external,
        })
    }

    /// The analyzer's part of it.
    pub fn rules(&self) -> Rules {
        let set = |entries: &[Entry]| file::names(entries).into_iter().collect();
        Rules {
            blocked_names: set(&self.analyzer.blocked_names),
            blocked_attributes: set(&self.analyzer.blocked_attributes),
            format_methods: set(&self.analyzer.format_methods),
            stdlib: self.stdlib.clone().into(),
            external: self.external.clone().into(),
            strings: self.analyzer.strings.into(),
            dunders_are_names: self.analyzer.dunders_are_names,
            private_module_names: self.analyzer.private_module_names,
            limits: AnalyzerLimits { code_bytes: self.limits.code_bytes, ..AnalyzerLimits::default() },
        }
    }
}

/// An allow list of these names.
pub fn only<'a>(names: impl IntoIterator<Item = &'a str>) -> Allow {
    Allow::Only(names.into_iter().map(ToOwned::to_owned).collect::<BTreeSet<_>>())
}

impl<'de> Deserialize<'de> for LayerMode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        file::layer_mode(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    // What n8n's own runner refuses, as its users' policies know it: a shipped list that lacks one is a hole.
    const N8N_NAMES: &str = "__loader__ __builtins__ __globals__ __spec__ __name__ __n8n_internal_safe_format__";
    const N8N_ATTRIBUTES: &str = "__subclasses__ __globals__ __builtins__ __traceback__ tb_frame tb_next f_back f_globals f_locals \
        f_code f_builtins __getattribute__ __qualname__ __module__ gi_frame gi_code gi_yieldfrom cr_frame \
        cr_code ag_frame ag_code obj __thisclass__ __self_class__ __objclass__ __reduce__ __reduce_ex__ \
        __prepare__ __instancecheck__ __subclasscheck__ __match_args__ __base__ __class__ __bases__ __code__ \
        __closure__ __loader__ __cached__ __dict__ __import__ __mro__ __init_subclass__ __getattr__ \
        __setattr__ __delattr__ __self__ __func__ __wrapped__ __annotations__ __spec__";
    const N8N_FORMAT_METHODS: &str = "format format_map vformat get_field";
    const N8N_BUILTINS: &str = "eval exec compile open input breakpoint getattr object type vars setattr delattr hasattr dir \
        memoryview __build_class__ globals locals license help credits copyright";

    fn words(text: &str) -> HashSet<String> {
        text.split_whitespace().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn the_shipped_policy_is_whole() {
        let policy = Policy::load(Allow::none(), Allow::none(), None).unwrap();
        assert_eq!(policy.tier, Tier::Strict);
        assert_eq!(policy.builtins_deny.iter().cloned().collect::<HashSet<_>>(), words(N8N_BUILTINS));
        let rules = policy.rules();
        assert_eq!(rules.blocked_names, words(N8N_NAMES));
        assert_eq!(rules.blocked_attributes, words(N8N_ATTRIBUTES));
        assert_eq!(rules.format_methods, words(N8N_FORMAT_METHODS));
        assert_eq!(policy.layers.landlock, LayerMode::Required);
        assert!(policy.preload.iter().any(|name| name == "tokenize"));
    }

    #[test]
    fn an_own_list_of_builtins_replaces_the_default() {
        let policy = Policy::load(Allow::none(), Allow::none(), Some(vec![])).unwrap();
        assert!(policy.builtins_deny.is_empty());
    }

    #[test]
    fn what_is_unknown_or_cannot_be_is_refused_with_its_place() {
        let load =
            |text: &str| Policy::from_toml(text, "test", Allow::none(), Allow::none(), None).unwrap_err().to_string();
        let unknown = load(&DEFAULT.replace("prints = 100", "prnts = 100"));
        assert!(unknown.contains("policy test") && unknown.contains("line") && unknown.contains("prnts"), "{unknown}");
        let mode = load(&DEFAULT.replace("seccomp = \"required\"", "seccomp = \"maybe\""));
        assert!(mode.contains("best-effort"), "{mode}");
        let zero = load(&DEFAULT.replace("memory_mib = 1024", "memory_mib = 0"));
        assert!(zero.contains("memory_mib"), "{zero}");
        let unreasoned = load(&DEFAULT.replace("reason = \"files\"", "reason = \"\""));
        assert!(unreasoned.contains("open"), "{unreasoned}");
    }
}
