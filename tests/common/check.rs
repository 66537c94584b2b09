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
use serde_json::Value;

use super::sandbox::{LONG, User, executable, interpreter, place};

/// Starts its arguments' second and later under a seccomp filter that answers calls with an errno, as the first says:
/// `call:errno`, between commas. It stands for hosts that are not at hand.
const WITHOUT: &str = "
import ctypes, os, struct, sys
def instruction(code, if_true, if_false, value):
    return struct.pack('=HBBI', code, if_true, if_false, value)
program = [instruction(0x20, 0, 0, 0)]
for rule in sys.argv[1].split(','):
    call, errno = map(int, rule.split(':'))
    program += [instruction(0x15, 0, 1, call), instruction(0x06, 0, 0, 0x00050000 | errno)]
program.append(instruction(0x06, 0, 0, 0x7fff0000))
code = ctypes.create_string_buffer(b''.join(program))
class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('code', ctypes.c_void_p)]
filter = Program(len(program), ctypes.addressof(code))
prctl = ctypes.CDLL(None).prctl
assert prctl(38, 1, 0, 0, 0) == 0
assert prctl(22, 2, ctypes.byref(filter), 0, 0) == 0
os.execv(sys.argv[2], sys.argv[2:])
";

/// Runs the executable as `user` with these arguments and this environment, no other. It must end by itself.
pub(crate) fn palisade(user: User, arguments: &[&str], variables: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(executable());
    command.args(arguments);
    output(command, user, variables)
}

/// The same on a host where system calls are answered with an errno: pairs of both.
pub(crate) fn palisade_without(
    calls: &[(i64, i32)],
    user: User,
    arguments: &[&str],
    variables: &[(&str, &Path)],
) -> Output {
    let rules: Vec<_> = calls.iter().map(|(call, errno)| format!("{call}:{errno}")).collect();
    let mut command = Command::new(interpreter::path());
    command.args(["-I", "-c", WITHOUT, &rules.join(",")]).arg(executable()).args(arguments);
    output(command, user, variables)
}

fn output(mut command: Command, user: User, variables: &[(&str, &Path)]) -> Output {
    command.env_clear().envs(variables.iter().copied()).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if getuid().is_root() && user == User::Ordinary {
        // This gives up supplementary groups as well.
        command.uid(user.uid()).gid(user.uid());
    }
    let child = command.spawn().expect("the executable can be started");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process number"));
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(child.wait_with_output()));
    if let Ok(output) = told.recv_timeout(LONG) {
        return output.expect("its output can be read");
    }
    let _ = kill(pid, Signal::SIGKILL);
    panic!("{command:?} has not ended after {LONG:?}");
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
    assert_eq!(keys(report), ["checks", "host", "result", "version"]);
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
}

/// A policy that differs from the default in one layer, where everybody can read it.
pub(crate) fn policy_with(layer: &str, mode: &str) -> PathBuf {
    let default =
        palisade_policy::DEFAULT.lines().find(|line| line.starts_with(&format!("{layer} = "))).expect("a layer");
    let policy = palisade_policy::DEFAULT.replacen(default, &format!("{layer} = \"{mode}\""), 1);
    written(&format!("check-{}-{layer}-{mode}.toml", std::process::id()), &policy, 0o644)
}

pub(crate) fn written(name: &str, text: &str, mode: u32) -> PathBuf {
    let file = place().join(name);
    fs::write(&file, text).expect("the file can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("its mode can be set");
    file
}
