//! `docs/writing-code.md` says what happens: every piece of code in it is run, and gives what stands beneath it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod engine;
    pub(crate) mod page;
}

use std::time::Duration;

use common::engine::{Setup, settings};
use common::page::{Block, allowed, blocks, code, rows};
use palisade::embedded::TaskOutcome;
use palisade_policy::{Allow, Policy};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// A piece of code, and the block beneath it.
struct Claim {
    code: Block,
    outcome: Block,
}

/// Everything the page claims; and the items it claims it of, as text, for their keys have an order.
fn claims() -> (String, Vec<Claim>) {
    let mut blocks = blocks().into_iter().peekable();
    let items = blocks.next_if(|block| block.language == "json").expect("the page begins with the items");
    let mut claims = Vec::new();
    while let Some(block) = blocks.next() {
        match block.language.as_str() {
            "sh" => {}
            "python" => {
                let outcome = blocks.next_if(|next| ["json", "text", "console"].contains(&next.language.as_str()));
                let outcome = outcome.unwrap_or_else(|| panic!("line {}: nothing says what it gives", block.line));
                claims.push(Claim { code: block, outcome });
            }
            other => panic!("line {}: a block of {other} that belongs to nothing", block.line),
        }
    }
    (items.text, claims)
}

/// What does not hold of a claim.
fn objection(claim: &Claim, outcome: &TaskOutcome) -> Option<String> {
    let told = claim.outcome.text.trim();
    match (&outcome.verdict, claim.outcome.language.as_str()) {
        (Ok(result), "json") => {
            let result: Value = serde_json::from_str(result.get()).expect("a result is JSON");
            let told: Value = serde_json::from_str(told).unwrap_or_else(|error| panic!("{told}: {error}"));
            (result != told).then(|| format!("the result is {result}"))
        }
        (Ok(_), "console") => {
            let printed: Vec<_> = outcome.prints.iter().map(|print| print.join(" ")).collect();
            (printed.join("\n") != told).then(|| format!("printed was {printed:?}"))
        }
        (Ok(result), _) => Some(format!("there is no error, the result is {result}")),
        (Err(error), "text") => {
            // The message; further lines are a part of the description.
            let mut lines = told.lines();
            let description = error.get("description").and_then(Value::as_str).unwrap_or_default();
            let holds = error["message"].as_str() == lines.next() && lines.all(|line| description.contains(line));
            (!holds).then(|| format!("the error is {error:?}"))
        }
        (Err(error), _) => Some(format!("it fails: {error:?}")),
    }
}

#[tokio::test]
async fn every_piece_of_code_gives_what_stands_beneath_it() {
    let (items, claims) = claims();
    assert!(claims.len() > 25, "{} claims", claims.len());
    let harness = Setup::allowing(&allowed(), "").start().await;
    let mut wrong = Vec::new();
    for claim in &claims {
        let each = claim.code.more.iter().any(|word| word == "each");
        let mode = if each { "runOnceForEachItem" } else { "runOnceForAllItems" };
        let settings = settings(&claim.code.text, json!({"nodeMode": mode, "items": "ITEMS"}));
        let settings = RawValue::from_string(settings.get().replace("\"ITEMS\"", &items)).expect("items are JSON");
        let outcome = harness.task(&settings).await;
        wrong.extend(objection(claim, &outcome).map(|what| format!("line {}: {what}", claim.code.line)));
    }
    harness.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_end_in_the_table_of_errors_has_its_message() {
    let mut setup = Setup::allowing(&allowed(), "");
    setup.config.timeout = Duration::from_secs(3);
    let harness = setup.start().await;
    let rows = rows("When it fails", 3);
    assert!(rows.len() >= 8, "{rows:?}");
    for row in rows {
        let (code, told) = (code(&row[0]).expect("code"), code(&row[2]).expect("a message"));
        let told = told.replace("60 seconds", "3 seconds");
        let error = harness.error(code.replace("; ", "\n").as_str()).await;
        assert_eq!(error["message"].as_str(), Some(told.as_str()), "{code}: {error:?}");
    }
    harness.stop().await;
}

#[test]
fn built_ins_that_are_said_not_to_be_there_are_not() {
    let none = || Allow::parse("an allow list", "").expect("an empty list");
    let denied = Policy::load(none(), none(), None).expect("the default policy").builtins_deny;
    let told: Vec<String> =
        rows("Built-ins that are not there", 2).iter().flat_map(|row| backticked(&row[0])).collect();
    for name in &denied {
        assert!(told.iter().any(|text| text == name || text.starts_with(&format!("{name}("))), "{name} is not listed");
    }
    for text in &told {
        let name = text.split('(').next().expect("a name");
        assert!(text == "class" || denied.iter().any(|denied| denied == name), "{text} is there");
    }
}

/// All code in a cell.
fn backticked(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}
