//! How user code runs, case by case: `user_code/cases.toml` through the extension in children of a plain interpreter.
//!
//! The children are forked and used once as real ones are, but not sealed; the end-to-end tests do that.

#![allow(clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/inline.rs"]
mod inline;

use std::path::Path;
use std::process::Command;

use inline::{ROOT, extension, python};

#[test]
fn every_case_gives_its_frames() {
    let output = Command::new(python())
        .arg("-I")
        .arg(Path::new(ROOT).join("crates/zygote/tests_py/run_cases.py"))
        .arg(extension())
        .arg(Path::new(ROOT).join("tests/user_code/cases.toml"))
        .arg(Path::new(ROOT).join("policy/default.toml"))
        .output()
        .expect("the interpreter runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
}
