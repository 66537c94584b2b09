//! What is stopped, killed, starved or blinded from outside costs at most the task it hits, and is told in clear words.
#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use common::sandbox::process::Process;
use common::sandbox::runner::{A_MOMENT, Runner, Setup, message, outcome};
use common::sandbox::{LONG, User, eventually, executable, interpreter, place, skip};
use nix::sys::signal::Signal;
use nix::unistd::getuid;
use palisade::config::TaskConfig;
use palisade::pool::{TrialError, trial};
use serde_json::json;

/// Stopped, it would take a task and never answer: once that cost the task its whole time.
#[tokio::test]
async fn a_stopped_spare_gets_no_task() {
    for user in User::all() {
        let runner = Runner::start(Setup::new(user)).await;
        let (forkserver, spares) = runner.filled().await;
        for spare in &spares {
            spare.signal(Signal::SIGSTOP);
        }
        assert!(eventually(LONG, || spares.iter().all(|spare| spare.is_stopped() || !spare.is_alive())).await);
        let started = Instant::now();
        for _ in 0..3 {
            runner.ordinary_task("spares were stopped").await;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        assert!(eventually(LONG, || !spares.iter().any(|spare| spare.is_alive())).await, "they were not ended");
        assert_eq!(runner.forkserver(), forkserver);
    }
}

/// Processes in sessions of their own that are deaf to signals: some below the task's process until it ends, one adopted at
/// once.
const LEAVE_BEHIND: &str = "import os, signal, time
def deaf():
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
if os.fork() == 0:
    deaf()
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            break
    time.sleep(600)
if os.fork() == 0:
    if os.fork() == 0:
        deaf()
        time.sleep(600)
    os._exit(0)
time.sleep(1)
return []
";

#[tokio::test]
async fn where_fork_is_not_refused_nothing_outlives_its_task_by_a_second() {
    for user in User::all() {
        for namespaces in [true, false] {
            let setup = Setup::new(user).stdlib("os,signal,time").unjudged();
            // A user id of its own has a limit of processes.
            let setup = setup.layer("seccomp", "off").layer("slot_uids", "off").layer("cgroup", "off");
            let setup = if namespaces { setup } else { setup.without_namespaces() };
            let runner = Runner::start(setup).await;
            let (forkserver, _) = runner.filled().await;
            let deaf = || forkserver.descendants().into_iter().filter(|process| is_deaf(*process)).count();
            let task = runner.begin(LEAVE_BEHIND, &json!([])).await;
            assert!(eventually(LONG, || deaf() >= 4).await, "the task has started {} processes", deaf());
            assert_eq!(outcome(task).await, Ok(json!([])), "{user:?}: {}", runner.log());
            let gone = eventually(Duration::from_secs(1), || deaf() == 0);
            assert!(gone.await, "{user:?}, namespaces {namespaces}: {} are left", deaf());
            runner.ordinary_task("processes were left behind").await;
            assert_eq!(runner.forkserver(), forkserver);
        }
    }
}

fn is_deaf(process: Process) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid)).unwrap_or_default();
    status.lines().any(|line| line.starts_with("SigBlk:") && !line.ends_with("0000000000000000"))
}

/// A jailer that makes a sibling, as the real one does for a PID namespace, and ends; the sibling dies, or hangs.
const JAILER: &str = "import ctypes, os, time
CLONE_PARENT, SIGCHLD = 0x8000, 17
number = {'x86_64': 56, 'aarch64': 220}[os.uname().machine]
if ctypes.CDLL(None).syscall(number, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0:
    if FATE == 'hang':
        os.close(0)
        time.sleep(600)
    os._exit(1)
os._exit(0)
";

#[tokio::test]
async fn a_forkserver_lost_before_it_spoke_leaves_no_process() {
    let found = interpreter::found(None);
    let policy = palisade_policy::Policy::load(palisade_policy::only([]), palisade_policy::only([]), None).unwrap();
    let config = TaskConfig::from_variables(&[].into(), &|path| std::fs::read(path)).unwrap();
    let own = Process::of(i32::try_from(std::process::id()).unwrap()).unwrap();
    for fate in ["die", "hang"] {
        let mut recipe = palisade::plan::plan(&policy, &found, &config, 1).unwrap().recipe;
        let folder = tempfile::tempdir().unwrap();
        let jailer = folder.path().join("jailer");
        let code = format!("#!{}\nFATE = '{fate}'\n{JAILER}", found.path.display());
        std::fs::write(&jailer, code).unwrap();
        std::fs::set_permissions(&jailer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        recipe.jailer.clone_from(&jailer);
        let started = Instant::now();
        let Err(TrialError::Start(error)) = trial(recipe).await else { panic!("{fate}: it started") };
        let error = error.to_string();
        assert!(["the process ended", "Connection reset"].iter().any(|how| error.contains(how)), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20));
        let mark = jailer.to_string_lossy().into_owned();
        let of_this = |pid: &i32| {
            let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            // A dead process that was not reaped has no command line.
            command.is_empty() || String::from_utf8_lossy(&command).contains(&mark)
        };
        // Other tests in this process have children, too, which are dead for a moment before they are reaped.
        let left = || own.children_dead_or_alive().into_iter().filter(of_this).collect::<Vec<_>>();
        assert!(eventually(Duration::from_secs(5), || left().is_empty()).await, "{fate}: {:?}", left());
    }
}

/// Announces a result that would take all room for results, and sends none of it.
const CLAIM: &str = "import os, time
os.write(3, b'\\x13' + (1 << 20).to_bytes(8, 'little') + b'[')
time.sleep(600)
";

/// While a result waits for room its process may well have ended. Once the task was ended for that.
#[tokio::test]
async fn a_result_outlives_its_process_while_it_waits_for_room() {
    let setup = Setup::new(User::all()[0]).stdlib("os,time").variable("PALISADE_ANSWER_MEMORY_MIB", "1");
    let runner = Runner::start(setup).await;
    let claim = runner.begin(CLAIM, &json!([])).await;
    tokio::time::sleep(A_MOMENT).await;
    let started = Instant::now();
    let waits = runner.begin("return 'x' * 400_000", &json!([])).await;
    assert!(message(&outcome(claim).await).contains("a result that was announced and did not come"));
    assert_eq!(outcome(waits).await, Ok(json!("x".repeat(400_000))), "{}", runner.log());
    assert!(started.elapsed() > Duration::from_secs(3), "it did not wait");
}

/// Results of all tasks together are bounded, whatever each may take; none is lost for it.
#[tokio::test]
async fn many_large_results_at_once_take_their_turns() {
    const MIB: u64 = 1 << 20;
    let setup = Setup { concurrency: 8, ..Setup::new(User::all()[0]) };
    let runner = Runner::start(setup.variable("PALISADE_ANSWER_MEMORY_MIB", "48")).await;
    let before = runner.supervisor.bytes("VmHWM");
    let tasks = (0..8).map(|_| async { runner.task("return 'x' * (40 << 20)", &json!([])).await });
    for answer in futures_util::future::join_all(tasks).await {
        assert_eq!(answer.unwrap().as_str().map(str::len), Some(40 << 20));
    }
    let grown = runner.supervisor.bytes("VmHWM") - before;
    // One of 40 MiB at a time, and what the allocator keeps; all of them would be 320 MiB.
    assert!(grown < 150 * MIB, "the supervisor has grown by {} MiB", grown / MIB);
    let answer = runner.task("return 'x' * (60 << 20)", &json!([])).await;
    let text = message(&answer);
    assert!(text.contains("62914562 bytes") && text.contains("48 MiB") && text.contains("ANSWER_MEMORY"), "{text}");
    runner.ordinary_task("large results").await;
}

const SPIN: &str = "while True:\n    pass\n";

#[tokio::test]
async fn a_child_killed_from_outside_costs_its_task_and_no_other() {
    for user in User::all() {
        let runner = Runner::start(Setup::new(user).stdlib("time")).await;
        let forkserver = runner.forkserver();
        let (task, other) = (
            runner.begin(SPIN, &json!([])).await,
            runner.begin("import time\ntime.sleep(3)\nreturn 7", &json!([])).await,
        );
        runner.spinning(1).await[0].signal(Signal::SIGKILL);
        let answer = outcome(task).await;
        assert_eq!(message(&answer), "Process was forcefully killed (SIGKILL)");
        let description = answer.unwrap_err()["description"].as_str().unwrap().to_owned();
        assert!(description.contains("no memory left"), "{description}");
        assert_eq!(outcome(other).await, Ok(json!(7)));
        runner.ordinary_task("a child was killed").await;
        assert_eq!(runner.forkserver(), forkserver);
    }
}

/// Children that are there do their work without it; it goes on where it stopped.
#[tokio::test]
async fn a_forkserver_that_is_stopped_for_a_moment_is_not_missed() {
    let runner = Runner::start(Setup::new(User::all()[0])).await;
    let (forkserver, _) = runner.filled().await;
    forkserver.signal(Signal::SIGSTOP);
    for _ in 0..2 {
        runner.ordinary_task("the forkserver was stopped").await;
    }
    let waits = runner.begin("return 1", &json!([])).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    forkserver.signal(Signal::SIGCONT);
    assert_eq!(outcome(waits).await, Ok(json!(1)));
    assert_eq!(runner.forkserver(), forkserver, "{}", runner.log());
}

/// The kernel's own limit, where the time limit of tasks is too high to be met first.
#[tokio::test]
async fn a_task_that_uses_too_much_cpu_time_is_told_so() {
    let setup = Setup { before: "ulimit -t 5".to_owned(), ..Setup::new(User::all()[0]) };
    let runner = Runner::start(setup).await;
    let answer = runner.task(SPIN, &json!([])).await;
    let text = message(&answer);
    assert!(text.starts_with("Task used more CPU time than its limit of 5 seconds"), "{text}");
}

fn prlimit(process: Process, limit: &str) {
    let mut command = Command::new("prlimit");
    let owner = process.status("Uid").split(' ').next().and_then(|uid| uid.parse().ok()).expect("a user id");
    if getuid().is_root() && owner != 0 {
        // As its owner, which needs no capability that containers lack.
        command.uid(owner).gid(owner);
    }
    let done = command.args(["--pid", &process.pid.to_string(), limit]).status();
    assert!(done.expect("util-linux").success());
}

/// A user's limit of processes: the fork that fails is told, and a forkserver that cannot fork is replaced.
#[tokio::test]
async fn a_forkserver_that_cannot_fork_is_replaced() {
    let runner = Runner::start(Setup::new(User::Ordinary)).await;
    let (forkserver, spares) = runner.filled().await;
    prlimit(forkserver, "--nproc=0");
    for spare in &spares {
        spare.signal(Signal::SIGKILL);
    }
    // One that only is about to die may still get a task.
    assert!(eventually(LONG, || !spares.iter().any(|spare| spare.is_alive())).await);
    let started = Instant::now();
    for _ in 0..3 {
        // Those that come before a successor is there are told why.
        match runner.task("return 1", &json!([])).await {
            Ok(result) => assert_eq!(result, json!(1)),
            answer => assert!(message(&answer).contains("no sealed child could be made: fork: "), "{answer:?}"),
        }
    }
    while runner.task("return 1", &json!([])).await.is_err() {
        assert!(started.elapsed() < LONG, "{}", runner.log());
    }
    assert!(runner.log().contains("A child could not be sealed: fork: "), "{}", runner.log());
    assert_ne!(runner.forkserver(), forkserver);
}

/// Nothing can be forked, sealed or supervised without descriptors: tasks are refused, and run again when there are some.
#[tokio::test]
async fn without_descriptors_tasks_are_refused_until_there_are_some() {
    let runner = Runner::start(Setup::new(User::all()[0])).await;
    runner.filled().await;
    prlimit(runner.supervisor, "--nofile=3:1024");
    let answer = loop {
        // What was under way before may still succeed.
        let answer = runner.task("return 1", &json!([])).await;
        if answer.is_err() {
            break answer;
        }
    };
    let text = message(&answer);
    assert!(
        text.starts_with("Task was not run: no sealed child could be made") && text.contains("open files"),
        "{text}"
    );
    prlimit(runner.supervisor, "--nofile=1024:1024");
    let started = Instant::now();
    while runner.task("return 1", &json!([])).await.is_err() {
        assert!(started.elapsed() < LONG, "{}", runner.log());
    }
}

/// Where its processes are hidden from it the runner cannot verify a seal, so it does not start.
#[tokio::test]
async fn a_host_that_hides_processes_is_refused() {
    if !getuid().is_root() {
        return skip("hiding processes needs root");
    }
    // Who may look into a user namespace it has made sees what is in there all the same.
    let policy = palisade_policy::DEFAULT.replacen("user_namespace = \"best-effort\"", "user_namespace = \"off\"", 1);
    let file = place().join(format!("hidden-{}.toml", std::process::id()));
    std::fs::write(&file, policy).unwrap();
    let hide =
        "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 1000 --regid 1000 --clear-groups \"$0\" check";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", hide]).arg(executable()).env_clear();
    command.env("PALISADE_PYTHON", interpreter::path()).env("PALISADE_POLICY", &file).env("PATH", "/usr/bin:/bin");
    let output = command.output();
    std::fs::remove_file(&file).unwrap();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success() && said.contains("cannot be verified") && said.contains("hidepid"), "{said}");
}
