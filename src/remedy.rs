//! Why the policy refuses something, and which of its settings would let it pass.

use palisade_analyzer::{Rule, Violation, is_stdlib};
use palisade_policy::{Item, Policy};

const NAMES: &str = "analyzer.blocked_names";
const ATTRIBUTES: &str = "analyzer.blocked_attributes";

/// What a policy says about a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// The policy's reason, and where it stands.
    pub(crate) reason: Option<String>,
    /// The setting that would allow it; none where nothing but switching the analyzer off would.
    pub(crate) allow: Option<String>,
}

/// What `policy` says about a violation.
pub(crate) fn of(violation: &Violation, policy: &Policy) -> Remedy {
    let subject = violation.subject.as_str();
    match violation.rule {
        Rule::StdlibImport | Rule::ExternalImport => import(subject, policy),
        // A name may be blocked as a name, and as a hook that a class body would define by it.
        Rule::Name
        | Rule::Global
        | Rule::Function
        | Rule::Class
        | Rule::Parameter
        | Rule::PatternAttribute
        | Rule::KeywordArgument => listed(&[NAMES, ATTRIBUTES], subject, policy),
        Rule::Attribute => listed(&[ATTRIBUTES], subject, policy),
        Rule::StringConstant | Rule::StringPattern => {
            // An ordinary word passes with less.
            let is_word = violation.rule == Rule::StringConstant && !subject.starts_with("__");
            let setting = if is_word { "\"dunders\"" } else { "\"off\"" };
            let allow = Some(format!("[analyzer] strings = {setting}"));
            Remedy { allow, ..listed(&[NAMES, ATTRIBUTES], subject, policy) }
        }
        Rule::BoundFormatMethod => listed(&["analyzer.format_methods"], subject, policy),
        Rule::PrivateModuleName => Remedy {
            reason: Some("private names of modules lead to other modules".to_owned()),
            allow: Some("[analyzer] private_module_names = false".to_owned()),
        },
        Rule::RelativeImport
        | Rule::DynamicImport
        | Rule::MangledAttribute
        | Rule::PositionalPattern
        | Rule::ReportCut => Remedy::default(),
    }
}

/// What stands in those of the `lists` that have it.
fn listed(lists: &[&str], subject: &str, policy: &Policy) -> Remedy {
    let mut found = Vec::new();
    for path in lists {
        let item = policy.values.items(path).iter().find(|item| item.name == subject);
        found.extend(item.map(|item| (*path, item)));
    }
    let Some((_, Item { reason, origin, .. })) = found.first() else { return Remedy::default() };
    let removal = |(path, _): &(&str, &Item)| {
        let key = path.strip_prefix("analyzer.").unwrap_or(path);
        format!("{key} = {{ remove = [{subject:?}] }}")
    };
    let settings: Vec<String> = found.iter().map(removal).collect();
    Remedy {
        reason: Some(format!("{reason} ({origin})")),
        allow: Some(format!("[analyzer] {}", settings.join(" and "))),
    }
}

/// Whether a rule is about the module that is its subject.
pub(crate) fn is_import(rule: Rule) -> bool {
    matches!(rule, Rule::StdlibImport | Rule::ExternalImport)
}

/// What `policy` says about a module that may not be imported.
pub(crate) fn import(module: &str, policy: &Policy) -> Remedy {
    let top_level = module.split('.').next().unwrap_or(module);
    let (key, variable) = if is_stdlib(top_level) {
        ("stdlib", "N8N_RUNNERS_STDLIB_ALLOW")
    } else {
        ("external", "N8N_RUNNERS_EXTERNAL_ALLOW")
    };
    if let Some(refused) = policy.values.items("modules.refuse").iter().find(|item| item.name == top_level) {
        let reason = format!("no list may allow it: {} ({})", refused.reason, refused.origin);
        return Remedy { reason: Some(reason), allow: Some("another profile".to_owned()) };
    }
    // What is no name is the user's text, and nobody is to be told to put that into a setting.
    let is_name = !top_level.is_empty() && top_level.chars().all(|c| c.is_alphanumeric() || c == '_');
    let path = format!("modules.{key}");
    let origin = policy.values.get(&path).map(|set| format!(" ({})", set.origin)).unwrap_or_default();
    Remedy {
        reason: Some(format!("it is not on the list {path}{origin}")),
        allow: is_name.then(|| {
            format!(
                "{variable} with {top_level}, or [modules] {key} = {{ add = [{{ name = {top_level:?}, reason = \"…\" }}] }}"
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use palisade_analyzer::{Verdict, analyze};
    use palisade_policy::{Given, Policies};

    use super::*;

    fn policy(text: &str) -> Policy {
        Policies::from_text(text, "mine.toml", Given::default()).unwrap().default_profile().clone()
    }

    fn violations(source: &str, policy: &Policy) -> Vec<Violation> {
        match analyze(source, &policy.rules()) {
            Verdict::Refused(violations) => violations,
            Verdict::Clean => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    /// What is said to allow it does allow it.
    #[test]
    fn remedies_work() {
        let default = policy("");
        for source in [
            "import os",
            "import requests.adapters",
            "x.__class__",
            "global __spec__",
            "class A:\n __match_args__ = ()",
            "f(__reduce__=1)",
            "{'obj': 1}",
            "'{0.__class__}'",
            "'a.__class__'",
            "f = ''.format",
            "match x:\n case A(obj=y): pass",
        ] {
            let [violation] = violations(source, &default).try_into().unwrap();
            let Remedy { reason, allow } = of(&violation, &default);
            assert!(reason.is_some(), "{source}");
            let allow = allow.unwrap().replace('…', "because");
            let setting = allow.rsplit_once(", or ").map_or(allow.as_str(), |(_, setting)| setting);
            let (table, setting) = setting.split_once(' ').unwrap();
            let changed = policy(&format!("{table}\n{}\n", setting.replace(" and ", "\n")));
            assert_eq!(violations(source, &changed), [], "{source}: {setting}");
        }
    }

    #[test]
    fn the_reason_is_that_of_the_policy_in_use() {
        let mine = policy("[analyzer]\nblocked_names = { add = [{ name = \"evil\", reason = \"we say so\" }] }\n");
        let [violation] = violations("evil", &mine).try_into().unwrap();
        assert_eq!(of(&violation, &mine).reason.as_deref(), Some("we say so (mine.toml:2)"));
    }
}
