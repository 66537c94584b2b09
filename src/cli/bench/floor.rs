//! The same work in forks of the interpreter alone.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::workload::Workload;

const SCRIPT: &str = include_str!("floor.py");

/// One duration for each fork.
pub(super) fn bare_forks(interpreter: &Path, workload: &Workload, times: usize) -> Result<Vec<Duration>, String> {
    let not_started = |error: std::io::Error| format!("the bare interpreter could not be started: {error}");
    let mut child = Command::new(interpreter)
        .args(["-I", "-c", SCRIPT])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    let input = [workload.spec(times).as_bytes(), b"\n", workload.items.as_bytes()].concat();
    let writer = child.stdin.take().map(|mut stdin| {
        thread::spawn(move || {
            // One that ended early says why on stderr.
            let _ = stdin.write_all(&input);
        })
    });
    let output = child.wait_with_output().map_err(not_started)?;
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    if !output.status.success() {
        return Err(format!("the bare floor failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let times: Result<Vec<Duration>, _> = text.lines().map(|line| line.parse().map(Duration::from_nanos)).collect();
    times.map_err(|error| format!("the bare floor printed no number: {error}"))
}
