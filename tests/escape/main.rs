//! The escape regression suite: README.md beside this file says what it is and how to add to it.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod attempt;
mod configuration;
mod decoy;
mod host;
mod judge;
mod listeners;
mod messages;
mod posture;
mod report;
mod stage;
mod trial;
mod worker;
mod world;

#[path = "../common"]
mod common {
    pub(crate) mod sandbox;
}

use attempt::{Attempt, CLASSES, Layer};
use common::sandbox;
use configuration::Purpose;

/// There were more when this was written; fewer than this would be a loss.
const FEWEST: usize = 250;

/// The attempts of this run, what is wrong with files that are none, and whether the run is of all.
fn chosen() -> (Vec<Attempt>, Vec<String>, bool) {
    let (attempts, wrong) = attempt::all();
    let Ok(only) = std::env::var("PALISADE_ESCAPE_ONLY") else { return (attempts, wrong, true) };
    let words: Vec<_> = only.split(',').collect();
    let wanted = |id: &str| words.iter().any(|word| id.contains(word));
    let wrong = wrong.into_iter().filter(|text| wanted(text.split(": ").next().unwrap_or_default()));
    let wrong = wrong.collect();
    (attempts.into_iter().filter(|attempt| wanted(&attempt.id)).collect(), wrong, false)
}

#[test]
fn every_attempt_is_stopped_by_the_layers_it_names() {
    let (attempts, wrong, all) = chosen();
    judge::run(&attempts, wrong, all);
}

#[test]
fn every_class_has_attempts_and_there_are_enough() {
    let (attempts, wrong) = attempt::all();
    assert!(wrong.is_empty(), "files that are no attempts:\n{}", wrong.join("\n"));
    assert!(attempts.len() >= FEWEST, "{} attempts", attempts.len());
    let empty: Vec<_> = CLASSES.iter().filter(|class| !attempts.iter().any(|a| a.class == **class)).collect();
    assert!(empty.is_empty(), "classes without an attempt: {empty:?}");
}

#[test]
fn what_several_layers_stop_is_tried_without_each_of_them() {
    let all = configuration::Configuration::all();
    let mut tried = 0;
    for attempt in attempt::all().0 {
        // Identity is on for root only, and nothing is taken away there.
        let counts = |layer: &&Layer| layer.can_be_switched_off() && **layer != Layer::Identity;
        let several = attempt.layers.iter().filter(counts).count() > 1;
        for layer in &attempt.layers {
            let without = all.iter().find(|configuration| configuration.purpose == Purpose::AllBut(*layer));
            // Without namespaces is one of those as shipped.
            if let Some(without) = without.filter(|_| several) {
                assert!(without.concerns(&attempt), "{} is not run in {}", attempt.id, without.name);
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn the_committed_report_is_of_these_attempts() {
    let committed = std::fs::read_to_string(report::path()).expect("docs/escape-report.md");
    let differs =
        committed.lines().zip(report::markdown(&attempt::all().0).lines().map(ToOwned::to_owned)).find(|(a, b)| a != b);
    assert!(
        committed == report::markdown(&attempt::all().0),
        "docs/escape-report.md is not of these attempts; PALISADE_WRITE_REPORT=1 cargo test --test escape writes it anew. First difference: {differs:?}"
    );
}

/// Started by the test above, for one configuration.
#[tokio::test]
#[ignore = "only with a configuration"]
async fn worker() {
    if std::env::var_os(worker::CONFIGURATION).is_some() {
        worker::work(&chosen().0).await;
    }
}
