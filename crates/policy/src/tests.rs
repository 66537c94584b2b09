//! What the modules do together: from text to policies, and every refusal.

use std::collections::HashSet;

use super::*;

mod profiles;
mod refusals;
mod shipped;

/// Nothing is given outside of files.
fn nothing() -> Given {
    Given::default()
}

fn stdlib(list: &str) -> Given {
    let name = "N8N_RUNNERS_STDLIB_ALLOW";
    nothing().stdlib(Allow::parse(name, list).unwrap(), Origin::environment(name))
}

fn load(text: &str) -> Result<Policies, PolicyError> {
    Policies::from_text(text, "test.toml", nothing())
}

fn policy(text: &str) -> Policy {
    load(text).unwrap().default_profile().clone()
}

/// All problems, one a line.
fn problems_of(loaded: Result<Policies, PolicyError>) -> String {
    let error = loaded.expect_err("it is refused");
    error.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn words(text: &str) -> HashSet<String> {
    text.split_whitespace().map(ToOwned::to_owned).collect()
}
