//! Why a value, a module or a task is as it is.

use std::fmt::Write as _;

use palisade_policy::{Item, Key, Labels, Policies, Policy, Value, key, keys};

use super::show::{abilities, described};
use super::{ExplainArgs, Failure, LONGEST};
use crate::cli::startup;
use crate::config::TaskConfig;
use crate::logging::one_line;

pub(super) fn explain(args: &ExplainArgs, config: &TaskConfig) -> Result<String, Failure> {
    let policies = startup::policies(config, None)?;
    let policy = match &args.profile.profile {
        Some(name) => policies.profile(name)?,
        None => policies.default_profile().clone(),
    };
    let labels = Labels {
        workflow_id: args.workflow_id.as_deref(),
        workflow_name: args.workflow_name.as_deref(),
        node_id: args.node_id.as_deref(),
        node_name: args.node_name.as_deref(),
    };
    let words: Vec<&str> = args.what.iter().map(String::as_str).collect();
    let facts = match words.as_slice() {
        ["module", name] => {
            let mut facts = vec![format!("in profile {}:", policy.name)];
            facts.extend(policy.explain_module(name));
            facts
        }
        ["task"] => of_task(&policies, &labels),
        [word] => match key(word) {
            Some(key) => of_key(&policies, &policy, key),
            None => of_word(&policy, word)?,
        },
        _ => return Err(Failure::Usage("explain a key, a word, `module NAME`, or `task` with its labels".to_owned())),
    };
    Ok(facts.iter().fold(String::new(), |mut text, fact| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}", one_line(fact, LONGEST));
        text
    }))
}

fn of_key(policies: &Policies, policy: &Policy, key: &Key) -> Vec<String> {
    let mut facts = vec![key.doc.clone(), format!("it can be {}", key.kind.words())];
    let shown = |policy: &Policy| {
        let set = policy.values.get(key.path)?;
        let value = match &set.value {
            Value::List(items) => format!("{} entries", items.len()),
            value => value.to_toml(None, &|_| String::new()),
        };
        Some(format!("in profile {}: {value}, set at {}", policy.name, set.origin))
    };
    facts.extend(shown(policy));
    for Item { name, reason, origin } in policy.values.items(key.path) {
        facts.push(format!("  {name}: {reason} ({origin})"));
    }
    facts.extend(policies.in_use().filter(|other| other.name != policy.name).filter_map(shown));
    facts
}

/// Lists that a word stands in.
fn of_word(policy: &Policy, word: &str) -> Result<Vec<String>, Failure> {
    let stands = |key: &Key| {
        let item = policy.values.items(key.path).iter().find(|item| item.name == word)?;
        Some(format!("{word} is in {} of profile {} ({}): {}", key.path, policy.name, item.origin, item.reason))
    };
    let facts: Vec<String> = keys().iter().filter_map(stands).collect();
    if facts.is_empty() {
        let text = format!(
            "{word:?} is no key, and in no list of profile {}; `palisade policy show` prints all, and `explain module NAME` \
             tells of modules",
            policy.name
        );
        return Err(Failure::Usage(text));
    }
    Ok(facts)
}

fn of_task(policies: &Policies, labels: &Labels<'_>) -> Vec<String> {
    let mut facts = Vec::new();
    let chosen = policies.choose(labels);
    for one in policies.matches() {
        let fits = if one.fits(labels) { "fits" } else { "does not fit" };
        facts.push(format!("the match at {} {fits}: {}", one.origin, described(one)));
        if chosen == Some(one) {
            break;
        }
    }
    let name = chosen.map_or_else(|| policies.default_profile().name.as_str(), |one| one.profile.as_str());
    facts.push(match chosen {
        Some(one) => format!("so the task gets the profile {name}, by the match at {}", one.origin),
        None => format!("no match fits, so the task gets the profile {name}"),
    });
    if let Some(policy) = policies.in_use().find(|policy| policy.name == name) {
        facts.push(format!("its abilities: {}", abilities(policy)));
        let why = |need: &palisade_policy::Need| format!("  {} because of {} ({})", need.ability, need.by, need.origin);
        facts.extend(policy.needs().iter().map(why));
    }
    facts
}
