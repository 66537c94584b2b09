//! The grant token cannot be had by other processes of the runner's own user.
#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use common::sandbox::runner::{Runner, Setup};
use common::sandbox::{User, interpreter, skip};
use nix::unistd::getuid;
use palisade::config::TaskConfig;
use palisade::pool::trial;
use serde_json::Value;

/// Everything by which one process can look into another, tried on a process of its own, for which each works, and on the runner.
/// What each answered: 0, or an errno.
const LOOK_INSIDE: &str = "import ctypes, json, os, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
calls = {'x86_64': (101, 310, 434, 438), 'aarch64': (117, 270, 434, 438)}[os.uname().machine]
PTRACE, READ, PIDFD_OPEN, PIDFD_GETFD = calls
def call(*values):
    answer = libc.syscall(*[ctypes.c_long(v) if isinstance(v, int) else v for v in values])
    if answer < 0:
        raise OSError(ctypes.get_errno(), 'call')
    return answer
def memory(pid):
    with open(f'/proc/{pid}/maps') as maps:
        at = int(maps.readline().split('-')[0], 16)
    with open(f'/proc/{pid}/mem', 'rb') as mem:
        mem.seek(at)
        return mem.read(16)
def read(pid):
    # Where the address is wrong this is EFAULT, which is not a refusal.
    there, here = ctypes.create_string_buffer(16), ctypes.create_string_buffer(16)
    iov = lambda at: (ctypes.c_size_t * 2)(at, 16)
    try:
        call(READ, pid, iov(ctypes.addressof(here)), 1, iov(4096), 1, 0)
    except OSError as error:
        if error.errno != 14:
            raise
def descriptor(pid):
    pidfd = call(PIDFD_OPEN, pid, 0)
    try:
        os.close(call(PIDFD_GETFD, pidfd, 0, 0))
    finally:
        os.close(pidfd)
def attach(pid):
    call(PTRACE, 0x4206, pid, 0, 0)
    call(PTRACE, 0x4207, pid, 0, 0)
    os.waitpid(pid, 0x40000000)
    call(PTRACE, 17, pid, 0, 0)
ways = {
    'environ': lambda pid: open(f'/proc/{pid}/environ', 'rb').read(),
    'memory': memory,
    'write': lambda pid: open(f'/proc/{pid}/mem', 'r+b').close(),
    'descriptors': lambda pid: os.listdir(f'/proc/{pid}/fd'),
    'executable': lambda pid: os.readlink(f'/proc/{pid}/exe'),
    'process_vm_readv': read,
    'pidfd_getfd': descriptor,
    'ptrace': attach,
}
def tried(pid):
    found = {}
    for name, way in ways.items():
        try:
            way(pid)
            found[name] = 0
        except OSError as error:
            found[name] = error.errno
    return found
own = subprocess.Popen(['sleep', '60'], stdin=subprocess.DEVNULL)
time.sleep(0.3)
try:
    print(json.dumps({'own': tried(own.pid), 'runner': tried(int(sys.argv[1]))}))
finally:
    own.kill()
";

#[tokio::test]
async fn another_process_of_the_same_user_cannot_look_into_the_runner() {
    let runner = Runner::start(Setup::new(User::Ordinary)).await;
    let mut command = Command::new(interpreter::path());
    command.args(["-I", "-c", LOOK_INSIDE, &runner.supervisor.pid.to_string()]);
    if getuid().is_root() {
        command.uid(User::Ordinary.uid()).gid(User::Ordinary.uid());
    }
    let output = command.output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    for (way, answer) in found["own"].as_object().unwrap() {
        assert_eq!(answer, 0, "{way} works where nothing forbids it, or this test would prove nothing");
    }
    for (way, answer) in found["runner"].as_object().unwrap() {
        assert!(
            [1, 13].contains(&answer.as_i64().unwrap()),
            "{way} was answered with errno {answer}, not with a refusal"
        );
    }
    runner.ordinary_task("others tried to look into the runner").await;
}

#[tokio::test]
async fn the_token_is_not_in_the_environment_the_runner_was_started_with() {
    if !getuid().is_root() {
        return skip("the environment of a process that is not dumpable is shown to root only");
    }
    for user in User::all() {
        let runner = Runner::start(Setup::new(user)).await;
        let text = |file: &str| String::from_utf8(runner.supervisor.read(file)).unwrap();
        let environment = text("environ");
        assert!(environment.contains("N8N_RUNNERS_GRANT_TOKEN=\0"), "{environment:?}");
        assert!(!environment.contains(&format!("N8N_RUNNERS_GRANT_TOKEN={}", runner.token)));
        assert!(environment.contains(&format!("A_SECRET_OF_THE_HOST={}", runner.token)), "a control: others are shown");
        assert!(!text("cmdline").contains(&runner.token));
    }
}

/// The jailer is started with nothing of the supervisor's environment, and so is what it becomes.
#[tokio::test]
async fn the_jailer_inherits_no_variable() {
    let policy = palisade_policy::Policy::load(palisade_policy::only([]), palisade_policy::only([]), None).unwrap();
    let config = TaskConfig::from_variables(&[].into(), &|path| std::fs::read(path)).unwrap();
    let found = interpreter::found(None);
    let mut recipe = palisade::plan::plan(&policy, &found, &config, 1).unwrap().recipe;
    let folder = tempfile::tempdir().unwrap();
    let (jailer, seen) = (folder.path().join("jailer"), folder.path().join("seen"));
    std::fs::write(&jailer, format!("#!/bin/sh\ncat /proc/$$/environ > {}\n", seen.display())).unwrap();
    std::fs::set_permissions(&jailer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    recipe.jailer = jailer;
    assert!(std::env::vars_os().count() > 0, "there is something to inherit");
    assert!(trial(recipe).await.is_err());
    assert_eq!(std::fs::read(seen).unwrap(), b"");
}
