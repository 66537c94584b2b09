//! The profiles this crate ships.

use std::sync::LazyLock;

use crate::problem::Problem;
use crate::read::{Overlay, Said, read};
use crate::value::Value;

/// The default profile. It is complete; every other is what differs from it.
pub const DEFAULT: &str = include_str!("../../../policy/default.toml");

/// All profiles that are built in: name and text.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("default", DEFAULT),
    ("strict", include_str!("../../../policy/strict.toml")),
    ("data-science", include_str!("../../../policy/data-science.toml")),
    ("network", include_str!("../../../policy/network.toml")),
];

/// Their names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    BUILT_IN.iter().map(|(name, _)| *name)
}

static READ: LazyLock<Vec<(&str, Overlay, Vec<Problem>)>> = LazyLock::new(|| {
    let read = |(name, text): (&'static str, &str)| {
        let mut problems = Vec::new();
        let document = read(text, &format!("built-in {name}.toml"), &mut problems);
        (name, document.own, problems)
    };
    BUILT_IN.into_iter().map(read).collect()
});

/// What a built-in profile says. Tests hold that none has a problem; if one had, it would be told.
pub(crate) fn overlay(name: &str, problems: &mut Vec<Problem>) -> Option<&'static Overlay> {
    let (_, overlay, own) = READ.iter().find(|(known, _, _)| *known == name)?;
    problems.extend(own.iter().cloned());
    Some(overlay)
}

/// What a built-in profile itself sets a key to.
pub(crate) fn value(name: &str, path: &str) -> Option<&'static Value> {
    match &overlay(name, &mut Vec::new())?.said.get(path)?.0 {
        Said::Value(value) => Some(value),
        Said::Edit { .. } => None,
    }
}
