//! Allow lists, as n8n writes them.

use std::collections::BTreeSet;

/// Which modules one allow list permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allow {
    /// The wildcard: every module.
    All,
    /// Only these names. Dotted ones are kept as written and match nothing: only top-level names are compared.
    Only(BTreeSet<String>),
}

/// A wildcard among other names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Wildcard '*' in {name} must be used alone, not with other modules. Got: {got}")]
pub struct WildcardError {
    /// The variable it stood in.
    pub name: String,
    /// All entries, sorted, joined by `, `.
    pub got: String,
}

impl Allow {
    /// An empty list: nothing is permitted.
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Reads the list `text` of the variable `name`: split at commas, entries trimmed, empty ones dropped.
    ///
    /// # Errors
    /// When `*` stands among other entries.
    pub fn parse(name: &str, text: &str) -> Result<Self, WildcardError> {
        let names: BTreeSet<String> =
            text.split(',').map(python_strip).filter(|entry| !entry.is_empty()).map(str::to_owned).collect();
        if !names.contains("*") {
            return Ok(Self::Only(names));
        }
        if names.len() == 1 {
            return Ok(Self::All);
        }
        let got = names.into_iter().collect::<Vec<_>>().join(", ");
        Err(WildcardError { name: name.to_owned(), got })
    }

    /// Whether the top-level name `module` is permitted.
    pub fn permits(&self, module: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(module),
        }
    }
}

impl From<Allow> for palisade_analyzer::Allow {
    fn from(allow: Allow) -> Self {
        match allow {
            Allow::All => Self::All,
            Allow::Only(names) => Self::Only(names),
        }
    }
}

/// `str.strip()`: what Python takes for white space is Rust's set and four control characters.
fn python_strip(entry: &str) -> &str {
    entry.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
}

#[cfg(test)]
mod tests {
    use super::Allow;

    fn parse(text: &str) -> Result<Vec<String>, String> {
        match Allow::parse("N8N_RUNNERS_STDLIB_ALLOW", text) {
            Ok(Allow::All) => Ok(vec!["(all)".into()]),
            Ok(Allow::Only(names)) => Ok(names.into_iter().collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn reads_the_table_shared_with_n8n() {
        for (text, names) in [
            ("", &[][..]),
            ("  ", &[]),
            (" , ,", &[]),
            ("re", &["re"]),
            ("re,json", &["json", "re"]),
            ("re, json ,math", &["json", "math", "re"]),
            ("re,,json,", &["json", "re"]),
            ("re,re,json", &["json", "re"]),
            ("RE", &["RE"]),
            ("os.path", &["os.path"]),
            ("*", &["(all)"]),
            (" * ", &["(all)"]),
            ("*,*", &["(all)"]),
            ("\u{1f}re\u{a0}", &["re"]),
        ] {
            assert_eq!(parse(text).as_deref().unwrap(), names, "{text:?}");
        }
    }

    #[test]
    fn a_wildcard_stands_alone() {
        assert_eq!(
            parse("numpy,*,abc").unwrap_err(),
            "Wildcard '*' in N8N_RUNNERS_STDLIB_ALLOW must be used alone, not with other modules. Got: *, abc, numpy"
        );
        assert!(parse("*,re").is_err());
        assert!(parse(" re , * ").is_err());
    }

    #[test]
    fn only_whole_names_are_permitted() {
        let allow = Allow::parse("X", "re,os.path").unwrap();
        assert!(allow.permits("re"));
        assert!(!allow.permits("os"));
        assert!(!allow.permits("RE"));
        assert!(Allow::All.permits("anything"));
        assert!(!Allow::none().permits("re"));
    }
}
