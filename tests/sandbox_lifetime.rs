//! Nothing outlives what it belongs to, and nothing that ends early takes more along than its own task.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::time::Duration;

use common::sandbox::process::Process;
use common::sandbox::runner::{A_MOMENT, Runner, Setup, message, outcome};
use common::sandbox::{LONG, User, eventually};
use nix::sys::signal::Signal;
use serde_json::json;

/// Deaf to everything that can be blocked, and never idle.
const SPIN: &str = "import signal
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    pass
";

const SLEEP: &str = "import time
time.sleep(600)
";

/// What a runner is doing when it is killed.
#[derive(Debug, Clone, Copy)]
struct Scene {
    tasks: &'static [&'static str],
    forkserver_stopped: bool,
}

const SCENES: [Scene; 4] = [
    Scene { tasks: &[], forkserver_stopped: false },
    Scene { tasks: &[], forkserver_stopped: true },
    Scene { tasks: &[SPIN, SLEEP], forkserver_stopped: false },
    Scene { tasks: &[SPIN, SLEEP], forkserver_stopped: true },
];

#[tokio::test]
async fn nothing_outlives_a_supervisor_with_a_pid_namespace_by_a_second() {
    nothing_outlives(true).await;
}

#[tokio::test]
async fn nothing_outlives_a_supervisor_without_namespaces_by_a_second() {
    nothing_outlives(false).await;
}

async fn nothing_outlives(pid_namespace: bool) {
    for user in User::all() {
        for scene in SCENES {
            let setup = Setup { timeout: 600, ..Setup::new(user).stdlib("signal,time") };
            // Required, so that a host without one is a failure here and not the other case once more.
            let setup =
                if pid_namespace { setup.layer("pid_namespace", "required") } else { setup.without_namespaces() };
            let runner = Runner::start(setup).await;
            let forkserver = runner.forkserver();
            assert_eq!(forkserver.status("NSpid").contains(' '), pid_namespace);
            for code in scene.tasks {
                runner.begin(code, &json!([])).await;
            }
            runner.spinning(scene.tasks.iter().filter(|code| **code == SPIN).count()).await;
            if scene.forkserver_stopped {
                forkserver.signal(Signal::SIGSTOP);
            }
            let below = runner.supervisor.descendants();
            assert!(below.len() > 2, "{user:?}, {scene:?}: {below:?}");

            runner.supervisor.signal(Signal::SIGKILL);
            eventually(Duration::from_secs(1), || !below.iter().any(|process| process.is_alive())).await;
            let left: Vec<_> = below.iter().filter(|process| process.is_alive()).collect();
            for process in &left {
                process.signal(Signal::SIGKILL);
            }
            assert!(left.is_empty(), "{user:?}, {scene:?}: alive a second later: {left:?}");
        }
    }
}

#[tokio::test]
async fn a_dead_forkserver_costs_the_tasks_in_flight_and_no_other() {
    for setup in hosts() {
        let runner = Runner::start(setup.stdlib("signal,time")).await;
        let forkserver = runner.forkserver();
        let (spinning, sleeping) = (runner.begin(SPIN, &json!([])).await, runner.begin(SLEEP, &json!([])).await);
        runner.spinning(1).await;
        let ids = [spinning.id.clone(), sleeping.id.clone()];
        let children = forkserver.children();

        forkserver.signal(Signal::SIGKILL);
        for task in [spinning, sleeping] {
            let answer = outcome(task).await;
            assert_eq!(message(&answer), "Task process was lost together with the forkserver it came from");
        }
        runner.ordinary_task("the death of a forkserver").await;
        assert_ne!(runner.forkserver(), forkserver);
        for id in &ids {
            assert_eq!(runner.answers(id).len(), 1, "answers to one task");
        }
        assert!(eventually(LONG, || !children.iter().any(|child| child.is_alive())).await);

        // Once more with nobody at work: nobody hears of it.
        let (second, spares) = runner.filled().await;
        kill(&[vec![second], spares].concat(), 1).await;
        for _ in 0..3 {
            runner.ordinary_task("the death of an idle forkserver").await;
        }
    }
}

#[tokio::test]
async fn a_dead_spare_is_replaced_and_nobody_hears_of_it() {
    for setup in hosts() {
        let runner = Runner::start(setup).await;
        let (forkserver, spares) = runner.filled().await;
        kill(&spares, spares.len()).await;
        for _ in 0..3 {
            runner.ordinary_task("the death of spares").await;
        }
        let (same, new) = runner.filled().await;
        assert_eq!(same, forkserver, "a forkserver is not replaced for the death of a spare");
        assert!(new.iter().all(|spare| !spares.contains(spare)));
    }
}

#[tokio::test]
async fn a_task_that_blocks_every_signal_is_ended_by_cancellation_and_by_its_time_limit() {
    for setup in hosts() {
        let runner = Runner::start(setup.stdlib("signal")).await;
        let task = runner.begin(SPIN, &json!([])).await;
        let child = runner.spinning(1).await[0];
        runner.broker.cancel(&task.id, "enough");
        assert_eq!(message(&outcome(task).await), "Task was cancelled");
        assert!(eventually(LONG, || !child.is_alive()).await, "the cancelled task is alive");
        runner.ordinary_task("a cancelled task").await;
    }
    for setup in hosts() {
        let runner = Runner::start(Setup { timeout: 1, ..setup.stdlib("signal") }).await;
        let forkserver = runner.forkserver();
        let task = runner.begin(SPIN, &json!([])).await;
        assert_eq!(message(&outcome(task).await), "Task execution timed out after 1 second");
        let spins = |children: Vec<Process>| children.into_iter().any(|child| child.ticks() >= 50);
        assert!(eventually(LONG, || !spins(forkserver.children())).await, "the late task is alive");
        runner.ordinary_task("a late task").await;
    }
}

/// What a process does to its socket or to itself, and a part of the one error that comes of it. The headers are those of
/// the channel: a byte of kind and eight of length.
const BAD_ENDS: [(&str, &str); 14] = [
    ("os.close(3)\nreturn []", "Failed to read result from child process"),
    ("os.close(3)\nwhile True:\n    pass", "Process was forcefully killed (SIGKILL)"),
    ("os.write(3, b'\\x13\\x10')\nos._exit(0)", "Failed to read result from child process"),
    ("os.write(3, b'\\x13' + (16).to_bytes(8, 'little') + b'[1')\nos._exit(0)", "Failed to read result"),
    ("os.write(3, b'\\x13' + (8).to_bytes(8, 'little') + b'[1')\nreturn []", "invalid message"),
    // Longer than the answer that follows.
    ("os.write(3, b'\\x13' + (1000).to_bytes(8, 'little') + b'[1')\nreturn []", "Failed to read result"),
    ("os.write(3, b'\\x13' + (4 << 30).to_bytes(8, 'little'))\nreturn []", "announced 4294967296 bytes"),
    ("os.write(3, b'\\x13' + b'\\xff' * 8)\nreturn []", "announced 18446744073709551615 bytes"),
    ("os.write(3, b'\\xff' * 1000)\nreturn []", "a frame of unknown kind 255"),
    ("os.write(3, b'\\x10' + (2).to_bytes(8, 'little') + b'{}')\nreturn []", "invalid message"),
    ("os._exit(0)", "Failed to read result from child process"),
    ("os._exit(3)", "Task subprocess exited with code 3"),
    ("ctypes.string_at(1)", "Task subprocess exited with code -11"),
    ("os.abort()", "Task subprocess exited with code"),
];

#[tokio::test]
async fn every_bad_end_is_one_clear_error_and_the_next_task_works() {
    for setup in hosts() {
        let runner = Runner::start(setup.stdlib("os,ctypes").unjudged()).await;
        for (code, error) in BAD_ENDS {
            let task = runner.begin(&format!("import os, ctypes\n{code}\n"), &json!([])).await;
            let id = task.id.clone();
            let answer = outcome(task).await;
            assert!(message(&answer).contains(error), "{code}: {answer:?}");
            runner.ordinary_task(code).await;
            assert_eq!(runner.answers(&id).len(), 1, "{code}");
        }
    }
}

#[tokio::test]
async fn a_length_that_is_only_claimed_costs_no_memory() {
    let runner = Runner::start(Setup { timeout: 2, ..Setup::new(User::all()[0]).stdlib("os,time") }).await;
    let before = kibibytes(runner.supervisor);
    let claim = "import os, time
os.write(3, b'\\x13' + (1 << 27).to_bytes(8, 'little') + b'[')
time.sleep(600)
";
    let task = runner.begin(claim, &json!([])).await;
    tokio::time::sleep(A_MOMENT).await;
    let grown = kibibytes(runner.supervisor).saturating_sub(before);
    assert!(grown < 64 << 10, "the supervisor has grown by {grown} KiB for a claim");
    assert_eq!(message(&outcome(task).await), "Task execution timed out after 2 seconds");
    runner.ordinary_task("a claim").await;
}

fn kibibytes(process: Process) -> u64 {
    process.status("VmRSS").strip_suffix(" kB").and_then(|size| size.parse().ok()).expect("a size")
}

const ALLOCATE: &str = "pieces = []
while True:
    pieces.append(bytearray(1 << 20))
";

/// One page in each of 16384 GiB: nothing but page tables, of which no resource limit counts any.
const PAGE_TABLES: &str = "import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
at = libc.mmap(None, 16384 << 30, 1, 0x4022, -1, 0)
if at == 2 ** 64 - 1:
    return [{'json': {'mapped': False}}]
for gib in range(16384):
    ctypes.string_at(at + (gib << 30), 1)
while True:
    pass
";

#[tokio::test]
async fn memory_is_bounded_whatever_it_is_made_of() {
    let of = |user| Setup::new(user).policy("memory_mib", "64");
    let limit = "Task needed more memory than its limit of 64 MiB (policy: limits.memory_mib)";
    for user in User::all() {
        let runner = Runner::start(of(user).stdlib("ctypes")).await;
        assert_eq!(message(&runner.task(ALLOCATE, &json!([])).await), limit);
        runner.ordinary_task("an allocation").await;
        let refused = runner.task(PAGE_TABLES, &json!([])).await;
        assert_eq!(refused, Ok(json!([{"json": {"mapped": false}}])), "address space is bounded");

        // Where the first bound is missing, the supervisor looks for itself.
        let runner = Runner::start(of(user).stdlib("ctypes").layer("rlimits", "off")).await;
        for code in [ALLOCATE, PAGE_TABLES] {
            assert_eq!(message(&runner.task(code, &json!([])).await), limit, "{code}");
            runner.ordinary_task("an allocation").await;
        }
    }
}

/// Kills the first `count` of these and waits until all are dead: a child that only is about to die may still get a task.
async fn kill(processes: &[Process], count: usize) {
    for process in &processes[..count] {
        process.signal(Signal::SIGKILL);
    }
    assert!(eventually(LONG, || !processes.iter().any(|process| process.is_alive())).await, "{processes:?}");
}

/// Each user, with and without namespaces.
fn hosts() -> Vec<Setup> {
    User::all().into_iter().flat_map(|user| [Setup::new(user), Setup::new(user).without_namespaces()]).collect()
}
