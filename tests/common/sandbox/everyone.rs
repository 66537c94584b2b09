//! A test run by root and by the ordinary user, whole: the runner is in the test's own process, so the process has to be theirs.

use std::future::Future;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::unistd::getuid;
use palisade::interpreter::executable_by;

use super::{ORDINARY, interpreter, place, skip};

/// Runs `body` as the user of this process. Where that is root, also starts this test program once more as the ordinary user,
/// for the test `name` alone.
pub(crate) async fn as_everyone(name: &str, body: impl Future<Output = ()>) {
    body.await;
    if !getuid().is_root() {
        skip("nothing was tried as root: this test was not started by root");
        return;
    }
    let mut program = std::env::current_exe().expect("this program has a path");
    if executable_by(&program, ORDINARY, ORDINARY).is_err() {
        let copy = place().join(format!("test-{}", std::process::id()));
        std::fs::copy(&program, &copy).expect("this program can be copied");
        program = copy;
    }
    let output = Command::new(&program)
        .args(["--exact", name, "--nocapture"])
        .env("PALISADE_PYTHON", interpreter::path())
        .env("HOME", "/")
        .uid(ORDINARY)
        .gid(ORDINARY)
        .current_dir("/")
        .output()
        .expect("this program can be started");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed"), "{name} as the ordinary user:\n{text}");
}
