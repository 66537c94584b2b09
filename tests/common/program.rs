//! The built program, started for its first words: what it says of its environment before it looks for anything else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::process::{Command, Output, Stdio};

/// The program, in an environment of nothing but a token and a Python that is none: whatever passes the checks ends there.
pub(crate) fn palisade(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.env_clear().env("N8N_RUNNERS_GRANT_TOKEN", "t0ken").env("PALISADE_PYTHON", "/nonexistent/python3");
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// One line on stdout, nothing on stderr, exit code 1.
#[track_caller]
pub(crate) fn assert_refused(output: &Output, line: &str) {
    assert_eq!(text(&output.stdout), format!("{line}\n"));
    assert_eq!((text(&output.stderr), output.status.code()), (String::new(), Some(1)));
}
