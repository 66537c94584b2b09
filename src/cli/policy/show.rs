//! The policy in effect, for people, for a file and for programs.

use std::fmt::Write as _;

use palisade_policy::{Item, Kind, Match, Policies, Policy, Set, Value, keys};
use serde_json::{Map, Value as Json, json};

use super::{LONGEST, profiles};
use crate::logging::one_line;

fn line(text: &str) -> String {
    one_line(text, LONGEST)
}

/// One line for each value and each entry.
pub(super) fn text(policies: &Policies, policy: &Policy) -> String {
    let mut out = format!("profile {}; abilities: {}\n", policy.name, abilities(policy));
    let _ = writeln!(out, "{}", profiles(policies));
    for one in policies.matches() {
        let _ = writeln!(out, "match {} ({})", line(&described(one)), line(&one.origin.to_string()));
    }
    for warning in policies.warnings() {
        let _ = writeln!(out, "warning: {}", line(&warning));
    }
    out.push('\n');
    for key in keys() {
        let Some(Set { value, origin }) = policy.values.get(key.path) else { continue };
        let origin = line(&origin.to_string());
        match value {
            Value::List(items) => {
                let _ = writeln!(out, "{}: {} ({origin})", key.path, counted(items.len()));
                for Item { name, reason, origin } in items {
                    let _ = writeln!(out, "  {}", line(&format!("{name}: {reason} ({origin})")));
                }
            }
            value => {
                let shown = value.to_toml(None, &|_| String::new());
                let _ = writeln!(out, "{:<52} ({origin})", format!("{} = {shown}", key.path));
            }
        }
    }
    out
}

fn counted(entries: usize) -> String {
    match entries {
        0 => "no entries".to_owned(),
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

/// Which abilities there are, by name.
pub(super) fn abilities(policy: &Policy) -> String {
    match policy.abilities.names() {
        names if names.is_empty() => "none".to_owned(),
        names => names.join(", "),
    }
}

/// What a match asks for, and what it gives.
pub(super) fn described(one: &Match) -> String {
    let asked = one.labels().into_iter().filter_map(|(name, wanted)| Some(format!("{name} = {:?}", wanted?)));
    format!("{} -> {}", asked.collect::<Vec<_>>().join(", "), one.profile)
}

/// A complete policy file of this profile.
pub(super) fn toml(policy: &Policy) -> String {
    let mut out =
        format!("# The profile {} of Palisade's policy, complete, with where each value was set.\n", policy.name);
    let mut section = "";
    for key in keys() {
        let Some(Set { value, origin }) = policy.values.get(key.path) else { continue };
        let (of, name) = key.parts();
        if of != section {
            section = of;
            let _ = writeln!(out, "\n[{section}]");
        }
        let entries = if let Kind::List(entries) = key.kind { Some(entries) } else { None };
        let shown = value.to_toml(entries, &|item: &Item| line(&item.origin.to_string()));
        let _ = writeln!(out, "{name} = {shown}  # {}", line(&origin.to_string()));
    }
    out
}

/// One object.
pub(super) fn json(policies: &Policies, policy: &Policy) -> String {
    let values: Map<String, Json> = keys()
        .iter()
        .filter_map(|key| {
            let Set { value, origin } = policy.values.get(key.path)?;
            let value = json!({ "value": plain(value), "origin": origin.to_string() });
            Some((key.path.to_owned(), value))
        })
        .collect();
    let matches: Vec<Json> = policies.matches().iter().map(one_match).collect();
    let abilities: Map<String, Json> =
        policy.abilities.named().into_iter().map(|(name, on)| (name.to_owned(), on.into())).collect();
    let shown = json!({
        "profile": policy.name,
        "profiles": policies.in_use().map(|policy| policy.name.as_str()).collect::<Vec<_>>(),
        "abilities": abilities,
        "matches": matches,
        "warnings": policies.warnings(),
        "values": values,
    });
    // Nothing in it can fail to be JSON.
    serde_json::to_string_pretty(&shown).unwrap_or_default()
}

fn plain(value: &Value) -> Json {
    match value {
        Value::Flag(flag) => json!(flag),
        Value::Number(number) => json!(number),
        Value::Word(word) => json!(word),
        Value::List(items) => items
            .iter()
            .map(|Item { name, reason, origin }| json!({"name": name, "reason": reason, "origin": origin.to_string()}))
            .collect(),
    }
}

fn one_match(one: &Match) -> Json {
    let mut shown: Map<String, Json> =
        one.labels().into_iter().filter_map(|(name, wanted)| Some((name.to_owned(), wanted?.into()))).collect();
    shown.insert("profile".to_owned(), one.profile.as_str().into());
    shown.insert("origin".to_owned(), one.origin.to_string().into());
    shown.into()
}
