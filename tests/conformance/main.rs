//! What n8n expects of a Python task runner, held against the built program over a real WebSocket: a file for each section of
//! the description of that behaviour, and a case for each of its rows that can be seen from outside, named after its section.
//! Cases named `s12_NN` are about a defect of n8n's own runner, and test the better way.
//!
//! `docs/conformance.md` is the list of rows and cases; a case holds it against the cases that there are.
//!
//! Most cases share one of few runners, so these must end after the last case, which the standard harness has no place for:
//! libtest-mimic gives the same command line around a `main` of its own. A CPython 3.13 or 3.14 has to be there, which the
//! program finds by itself, or `PALISADE_PYTHON` names.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[macro_use]
mod suite;
#[path = "../common/authority.rs"]
mod authority;
#[path = "../common/engine.rs"]
mod engine;
mod list;
#[path = "../common/program.rs"]
mod program;
#[path = "../common/runner.rs"]
mod runner;
mod s10_errors;
mod s10_print;
mod s11_analysis;
mod s11_runtime;
mod s13_log;
mod s14_n8n;
mod s1_environment;
mod s1_values;
mod s2_start;
mod s3_connection;
mod s3_retry;
mod s4_messages;
mod s4_odd_messages;
mod s5_offers;
mod s6_cancel;
mod s6_tasks;
mod s7_shutdown;
mod s8_health;
mod s9_code;
mod s9_results;
mod stage;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let cases = [
        s1_environment::cases(),
        s1_values::cases(),
        s2_start::cases(),
        s3_connection::cases(),
        s3_retry::cases(),
        s4_messages::cases(),
        s4_odd_messages::cases(),
        s5_offers::cases(),
        s6_tasks::cases(),
        s6_cancel::cases(),
        s7_shutdown::cases(),
        s8_health::cases(),
        s9_code::cases(),
        s9_results::cases(),
        s10_errors::cases(),
        s10_print::cases(),
        s11_analysis::cases(),
        s11_runtime::cases(),
        s13_log::cases(),
        s14_n8n::cases(),
    ];
    let cases: Vec<_> = cases.into_iter().flatten().collect();
    let mut arguments = Arguments::from_args();
    // Cases mostly wait, so there may be more of them than processors.
    arguments.test_threads.get_or_insert(6);
    let mut trials = vec![list::trial(&cases)];
    trials.extend(cases.into_iter().map(suite::Case::into_trial));
    let conclusion = libtest_mimic::run(&arguments, trials);
    suite::end_shared_runners();
    conclusion.exit_code()
}
