//! The examples on items that lack something: each has to come to a result, or to an error in words of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod engine;
    pub(crate) mod examples;
}

use std::collections::BTreeSet;

use common::engine::{Harness, Setup, settings};
use common::examples::{Example, examples};
use serde_json::{Value, json};

/// The items without anything, each key of each item away, and each value `null`.
fn variants(items: &Value) -> Vec<(String, Value)> {
    let list = items.as_array().expect("a list of items");
    let mut found = vec![
        ("no items".to_owned(), json!([])),
        ("empty items".to_owned(), json!(vec![json!({"json": {}}); list.len()])),
    ];
    for (index, item) in list.iter().enumerate() {
        for key in item["json"].as_object().expect("an object").keys() {
            let mut without = items.clone();
            without[index]["json"].as_object_mut().expect("an object").remove(key);
            found.push((format!("item {index} without {key}"), without));
            let mut null = items.clone();
            null[index]["json"][key] = Value::Null;
            found.push((format!("item {index} with {key} null"), null));
        }
    }
    found
}

/// The error that the example on these items comes to, unless that is one which the example itself raises.
async fn objection(harness: &Harness, example: &Example, items: &Value) -> Option<String> {
    let mode = if example.each() { "runOnceForEachItem" } else { "runOnceForAllItems" };
    let outcome = harness.task(&settings(&example.code, json!({"nodeMode": mode, "items": items}))).await;
    let error = outcome.verdict.err()?;
    let line = error.get("lineNumber").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok()).unwrap_or(0);
    let source = example.code.lines().nth(line.wrapping_sub(1)).unwrap_or_default().trim();
    (!source.starts_with("raise ")).then(|| format!("{} (line {line}: {source})", error["message"]))
}

#[tokio::test]
async fn items_that_lack_something_come_to_a_result_or_to_an_error_in_the_examples_own_words() {
    let examples: Vec<Example> =
        examples().into_iter().filter(|example| example.needs("--allow-external").is_empty()).collect();
    let modules: BTreeSet<&str> =
        examples.iter().flat_map(|example| example.needs("--allow-stdlib").split(',')).collect();
    let modules: Vec<&str> = modules.into_iter().collect();
    let harness = Setup::allowing(&modules.join(","), "").start().await;
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for example in &examples {
        let items = serde_json::from_str(&example.items).expect("items are JSON");
        for (what, items) in variants(&items) {
            tried += 1;
            wrong.extend(
                objection(&harness, example, &items).await.map(|error| format!("{}, {what}: {error}", example.name)),
            );
        }
    }
    harness.stop().await;
    assert!(tried > 500, "{tried} variants");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}
