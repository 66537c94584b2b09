//! The exact texts of the report.
//!
//! They are part of the contract with n8n's users and tests, so they stand in one place, word for word.

use crate::rules::Allow;

/// Names from the source are quoted up to this many characters; no identifier in honest code is longer.
const QUOTED: usize = 200;

/// The common ending.
macro_rules! because {
    ($($head:tt)*) => {
        format!("{}, because it can be used to bypass security restrictions.", format_args!($($head)*))
    };
}

pub(crate) const RELATIVE_IMPORT: &str = "Relative imports are disallowed.";
pub(crate) const DYNAMIC_IMPORT: &str = "Dynamic __import__() calls are not allowed for security reasons.";
pub(crate) const MANGLED: &str =
    "Access to name-mangled attributes (pattern: _ClassName__attr) is disallowed for security reasons.";
pub(crate) const POSITIONAL_PATTERN: &str = "Positional match patterns are disallowed for security reasons.";

pub(crate) fn stdlib_import(module: &str, allowed: &Allow) -> String {
    format!(
        "Import of standard library module '{}' is disallowed. Allowed stdlib modules: {}",
        clip(module),
        listed(allowed)
    )
}

pub(crate) fn external_import(module: &str, allowed: &Allow) -> String {
    format!(
        "Import of external package '{}' is disallowed. Allowed external packages: {}",
        clip(module),
        listed(allowed)
    )
}

pub(crate) fn name(name: &str) -> String {
    because!("Access to name '{}' is disallowed", clip(name))
}

pub(crate) fn attribute(name: &str) -> String {
    because!("Access to attribute '{}' is disallowed", clip(name))
}

pub(crate) fn private_module_name(name: &str, module: &str) -> String {
    because!("Access to private name '{}' of module '{}' is disallowed", clip(name), clip(module))
}

pub(crate) fn bound_format_method(name: &str) -> String {
    format!("Extracting '{}' as a bound method is disallowed; call it directly on its receiver instead.", clip(name))
}

pub(crate) fn string_pattern(name: &str) -> String {
    because!("String pattern accessing '{}' is disallowed", clip(name))
}

pub(crate) fn global(name: &str) -> String {
    because!("Global declaration of '{}' is disallowed", clip(name))
}

pub(crate) fn function(name: &str) -> String {
    because!("Function named '{}' is disallowed", clip(name))
}

pub(crate) fn class(name: &str) -> String {
    because!("Class named '{}' is disallowed", clip(name))
}

pub(crate) fn parameter(name: &str) -> String {
    because!("Parameter named '{}' is disallowed", clip(name))
}

pub(crate) fn keyword_argument(name: &str) -> String {
    because!("Keyword argument named '{}' is disallowed", clip(name))
}

pub(crate) fn pattern_attribute(name: &str) -> String {
    because!("Match pattern extracting attribute '{}' is disallowed", clip(name))
}

pub(crate) fn report_cut(more: usize) -> String {
    format!("{more} more violations are not listed.")
}

fn listed(allowed: &Allow) -> String {
    match allowed {
        Allow::All => "*".to_owned(),
        Allow::Only(names) if names.is_empty() => "none".to_owned(),
        Allow::Only(names) => names.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}

pub(crate) fn clip(name: &str) -> std::borrow::Cow<'_, str> {
    match name.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}
