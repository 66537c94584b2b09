//! The extension's JSON, both ways, held against CPython's own in one interpreter: values and texts that proptest makes.
//!
//! `PALISADE_VALUES_CASES` is how many of each kind, each of them dozens of values, `PALISADE_VALUES_SEED` where they start: a run prints its own.

#![allow(clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/inline.rs"]
mod inline;
#[path = "json_values/oracle.rs"]
mod oracle;
#[path = "json_values/texts.rs"]
mod texts;
#[path = "json_values/values.rs"]
mod values;

use std::env;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use oracle::Oracle;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// A runner whose cases follow from the seed that it prints.
fn runner(cases: u32) -> TestRunner {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    let seed = number("PALISADE_VALUES_SEED").unwrap_or_else(now);
    println!("PALISADE_VALUES_SEED={seed}");
    let cases = number("PALISADE_VALUES_CASES").and_then(|cases| u32::try_from(cases).ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let bytes: Vec<u8> = (0..4).flat_map(|_| seed.to_le_bytes()).collect();
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Asks the oracle about each value of `strategy`.
fn all_agree<S: Strategy>(cases: u32, strategy: &S, mut ask: impl FnMut(&S::Value) -> String)
where
    S::Value: Clone,
{
    let ask = std::cell::RefCell::new(&mut ask);
    let run = runner(cases).run(strategy, |value| match ask.borrow_mut()(&value).as_str() {
        "ok" => Ok(()),
        wrong => Err(TestCaseError::fail(wrong.to_owned())),
    });
    match run {
        Ok(()) => {}
        Err(TestError::Fail(wrong, value)) => panic!("{value:?}\n{wrong}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[test]
fn values_are_written_as_python_writes_them() {
    let mut oracle = Oracle::start();
    all_agree(500, &values::expression(), |expression| oracle.ask("write", expression));
}

#[test]
fn odd_values_are_written_as_python_writes_them() {
    let mut oracle = Oracle::start();
    for expression in values::ODD {
        assert_eq!(oracle.ask("write", expression), "ok", "{expression}");
    }
}

#[test]
fn floats_are_written_to_the_last_digit_and_read_to_the_last_bit() {
    let mut oracle = Oracle::start();
    let hex = |floats: &[u64]| hex(&floats.iter().flat_map(|bits| bits.to_le_bytes()).collect::<Vec<_>>());
    assert_eq!(oracle.ask("floats", &hex(&values::edges_of_floats())), "ok");
    let some = proptest::collection::vec(values::float_bits(), 1000);
    all_agree(60, &some, |floats| oracle.ask("floats", &hex(floats)));
}

#[test]
fn texts_are_read_as_python_reads_them() {
    let mut oracle = Oracle::start();
    for text in texts::ODD {
        assert_eq!(oracle.ask("read", &hex(text.as_bytes())), "ok", "{text}");
    }
    for text in texts::long() {
        let from = text.chars().take(40).collect::<String>();
        assert_eq!(oracle.ask("read", &hex(text.as_bytes())), "ok", "{from}");
    }
    all_agree(1000, &texts::json(), |text| oracle.ask("read", &hex(text.as_bytes())));
    all_agree(1000, &texts::damaged(), |text| oracle.ask("read", &hex(text)));
}

/// An oracle that agrees with everything would be none.
#[test]
fn the_oracle_can_disagree() {
    let mut oracle = Oracle::start();
    assert_ne!(oracle.ask("write", "next(COUNTER)"), "ok");
    assert_eq!(oracle.ask("write", "7"), "ok");
}
