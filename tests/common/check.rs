//! What the tests of `palisade check` share: running it, and the shape of its report.

#![allow(dead_code, reason = "each test crate uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getuid};
use palisade::logging::one_line;
use serde_json::Value;

use super::sandbox::{LONG, User, executable, interpreter, place};

/// Runs the executable as `user` with these arguments and this environment, no other. It must end by itself.
pub(crate) fn palisade(user: User, arguments: &[&str], variables: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(executable());
    command.args(arguments);
    output(command, user, variables)
}

/// Runs a command as `user`; see [`palisade`].
fn output(mut command: Command, user: User, variables: &[(&str, &Path)]) -> Output {
    if getuid().is_root() && user == User::Ordinary {
        // This gives up supplementary groups as well.
        command.uid(user.uid()).gid(user.uid());
    }
    ended(command, variables)
}

/// Runs a command with this environment, no other. It must end by itself.
pub(crate) fn ended(mut command: Command, variables: &[(&str, &Path)]) -> Output {
    command.env_clear().envs(variables.iter().copied()).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process number"));
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output()));
    if let Ok(output) = told.recv_timeout(LONG) {
        return output.expect("its output can be read");
    }
    let _ = kill(pid, Signal::SIGKILL);
    let arguments: Vec<_> = command.get_args().map(|text| one_line(&text.to_string_lossy(), 120)).collect();
    panic!("{} with {arguments:?} has not ended after {LONG:?}", command.get_program().display());
}

pub(crate) fn python() -> (&'static str, &'static Path) {
    ("PALISADE_PYTHON", interpreter::path())
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

pub(crate) fn row<'a>(report: &'a Value, name: &str) -> &'a Value {
    let rows = report["checks"].as_array().expect("a list of rows");
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no row {name} in {report:#}"))
}

/// The shape that programs rely on.
pub(crate) fn is_well_formed(report: &Value) {
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(report), ["checks", "host", "on_this_host", "profile", "result", "version"]);
    assert_eq!(keys(&report["host"]), ["architecture", "gid", "system", "uid"]);
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    let order = ["pass", "caution", "fail"];
    let grade = |value: &Value| order.iter().position(|grade| value == grade).unwrap_or_else(|| panic!("{value}"));
    let rows = report["checks"].as_array().expect("a list");
    for row in rows {
        assert_eq!(keys(row), ["details", "found", "name", "needed", "remedy", "result"]);
        assert!(["required", "best-effort", "off", "-"].iter().any(|needed| row["needed"] == *needed), "{row}");
        assert!(row["found"].as_str().is_some_and(|found| !found.is_empty()), "{row}");
        assert!(row["details"].as_array().expect("a list").iter().all(Value::is_string), "{row}");
        assert_eq!(row["remedy"].is_string(), row["result"] != "pass", "{row}");
        assert!(row["result"] != "fail" || row["needed"] == "required", "only what is required can fail: {row}");
    }
    assert_eq!(rows.iter().map(|row| grade(&row["result"])).max(), Some(grade(&report["result"])));
    let promises = report["on_this_host"].as_array().expect("a list");
    assert_eq!(promises.is_empty(), report["result"] == "fail", "what does not run needs no promise: {report:#}");
    for promise in promises {
        assert_eq!(keys(promise), ["attack", "by", "class", "without"]);
        for without in promise["without"].as_array().expect("a list") {
            assert_eq!(keys(without), ["layer", "why"]);
            assert!(without["why"].as_str().is_some_and(|why| !why.is_empty()), "{promise}");
        }
    }
}

/// The walls in force against a class of attack.
pub(crate) fn stopped_by<'a>(report: &'a Value, class: &str) -> Vec<&'a str> {
    let promises = report["on_this_host"].as_array().expect("a list");
    let promise = promises.iter().find(|promise| promise["class"] == class);
    let promise = promise.unwrap_or_else(|| panic!("no class {class} in {report:#}"));
    promise["by"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

/// A policy that differs from the default in the mode of these layers, whatever is risked by that, where everybody can read it.
pub(crate) fn policy_with(modes: &[(&str, &str)]) -> PathBuf {
    let mut lines: Vec<_> = palisade_policy::DEFAULT.lines().map(ToOwned::to_owned).collect();
    for (layer, mode) in modes {
        let line = lines.iter_mut().find(|line| line.starts_with(&format!("{layer} = "))).expect("a layer");
        *line = format!("{layer} = \"{mode}\"");
    }
    let risk = |name: &str| format!("{{ name = {name:?}, reason = \"the test is about that\" }}");
    let accepted = ["files-without-landlock", "neither-landlock-nor-seccomp"].map(risk).join(", ");
    *lines.iter_mut().find(|line| *line == "accept = []").expect("risks") = format!("accept = [{accepted}]");
    written(&format!("check-{}.toml", palisade::offers::random_id()), &lines.join("\n"), 0o644)
}

pub(crate) fn written(name: &str, text: &str, mode: u32) -> PathBuf {
    let file = place().join(name);
    fs::write(&file, text).expect("the file can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("its mode can be set");
    file
}
