//! Code that has everything the interpreter can give it, with the fewest system calls and with those that `*` needs, tries what
//! it likes.
//!
//! What it gets is judged by the answers of the kernel, and where possible from outside: files are unchanged, listeners
//! heard nothing, everybody is alive. After each attempt the next task works.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use common::sandbox::attempts::{self, Expected, PRELUDE};
use common::sandbox::process::Process;
use common::sandbox::runner::{Answer, Runner, Setup, message, outcome};
use common::sandbox::{LONG, User, eventually, interpreter};
use palisade_sandbox::plan::Calls;
use palisade_sandbox::seccomp::Arch;
use serde_json::{Value, json};

/// Every module the attempts use, by name: so they are imported ahead, and no file needs to be read.
const BY_NAME: &str = "ctypes,mmap,os,signal,socket,subprocess,time";

/// What a task may do whose allow lists are `*`.
const EVERYTHING: Calls = Calls { threads: true, event_loop: true, files: true, ..Calls::strict() };

const NEVER_MORE_THAN: i64 = 512;

#[tokio::test]
async fn strict_calls_in_namespaces() {
    everything_is_refused(Calls::strict(), true).await;
}

#[tokio::test]
async fn strict_calls_without_namespaces() {
    everything_is_refused(Calls::strict(), false).await;
}

#[tokio::test]
async fn the_calls_of_everything_in_namespaces() {
    everything_is_refused(EVERYTHING, true).await;
}

#[tokio::test]
async fn the_calls_of_everything_without_namespaces() {
    everything_is_refused(EVERYTHING, false).await;
}

async fn everything_is_refused(calls: Calls, namespaces: bool) {
    for user in User::all() {
        let setup = Setup::new(user).unjudged();
        let setup = if calls == Calls::strict() { setup.stdlib(BY_NAME) } else { setup.everything() };
        let setup = if namespaces { setup } else { setup.without_namespaces() };
        let runner = Runner::start(setup).await;
        let (forkserver, spares) = runner.filled().await;
        // It takes one of the spares; the other one is the first attempt's.
        let sibling = runner.begin("import time\ntime.sleep(600)\n", &json!([])).await;
        let outside = Outside::new(&runner, forkserver, &spares);

        for (expected, body) in attempts::all() {
            let answer = runner.task(&task(body), &outside.items).await;
            if let Err(wrong) = held(expected, calls, &answer) {
                panic!("{user:?}, {calls:?}, namespaces {namespaces}: {body}\n{wrong}");
            }
            runner.ordinary_task(body).await;
        }
        sweep(&runner, calls, &outside.items).await;

        let none: [String; 0] = [];
        assert_eq!(runner.answers(&sibling.id), none, "the sibling should sleep for long");
        outside.is_unharmed(&runner, forkserver, &spares).await;
        runner.broker.cancel(&sibling.id, "over");
        assert_eq!(message(&outcome(sibling).await), "Task was cancelled");
    }
}

/// A task that makes an attempt and tells how it ended.
fn task(body: &str) -> String {
    let body = body.replace('\n', "\n    ");
    format!(
        "{PRELUDE}
def attempt():
    {body}
try:
    return [{{'json': {{'got': str(attempt())}}}}]
except OSError as error:
    return [{{'json': {{'errno': error.errno}}}}]
"
    )
}

fn held(expected: Expected, calls: Calls, answer: &Answer) -> Result<(), String> {
    const EPERM: i64 = 1;
    const EACCES: i64 = 13;
    const ENOSYS: i64 = 38;
    let errnos: &[i64] = match expected {
        Expected::Refused => &[EPERM, EACCES],
        Expected::NotImplemented => &[ENOSYS],
        Expected::WorksWithFiles if !calls.files => &[EPERM],
        Expected::WorksWithLoop if !calls.event_loop => &[EPERM],
        Expected::Works | Expected::WorksWithFiles | Expected::WorksWithLoop => {
            let got = answer.as_ref().is_ok_and(|result| result[0]["json"]["got"].is_string());
            return if got { Ok(()) } else { Err(format!("a control that fails: {answer:?}")) };
        }
        Expected::Trapped(name) => {
            let trapped = trapped(answer);
            return if trapped.as_deref() == Some(name) { Ok(()) } else { Err(format!("not trapped: {answer:?}")) };
        }
    };
    match answer {
        Ok(result) if result[0]["json"]["errno"].as_i64().is_some_and(|errno| errnos.contains(&errno)) => Ok(()),
        other => Err(format!("not refused with one of {errnos:?}: {other:?}")),
    }
}

/// The call a task was ended for, by the text of its error.
fn trapped(answer: &Answer) -> Option<String> {
    let text = answer.as_ref().err()?["message"].as_str()?;
    Some(text.strip_prefix("Task was ended because it made a system call the sandbox forbids: ")?.to_owned())
}

/// Calls that are allowed, or judged by their arguments: all that is not here is refused. Written down once more, and not read
/// from the profile, for that is what is tested.
fn allowed(calls: Calls) -> BTreeSet<&'static str> {
    const BASE: &str = "read write close mmap mprotect munmap mremap brk madvise futex rt_sigprocmask rt_sigaction \
        rt_sigreturn sigaltstack getrandom gettid getpid clock_gettime clock_getres clock_nanosleep gettimeofday time \
        sched_yield exit exit_group restart_syscall";
    const THREADS: &str = "clone set_robust_list rseq sched_getaffinity poll ppoll select pselect6 epoll_create1 epoll_ctl \
        epoll_wait epoll_pwait eventfd2";
    const FILES: &str = "openat newfstatat fstat statx lseek pread64 getdents64 readlinkat getcwd faccessat faccessat2 \
        ioctl fcntl stat lstat readlink access";
    const LOOP: &str = "socketpair sendto recvfrom ioctl";
    let lists = if calls == Calls::strict() { &[BASE][..] } else { &[BASE, THREADS, FILES, LOOP] };
    lists.iter().flat_map(|list| list.split_whitespace()).collect()
}

/// Every call there is and some that are not, with arguments no call can use: anything but EPERM means that it got in.
async fn sweep(runner: &Runner, tier: Calls, items: &Value) {
    let allowed = allowed(tier);
    let calls = calls();
    let mut skipped: BTreeSet<i64> = allowed.iter().filter_map(|name| calls.get(*name).copied()).collect();
    skipped.extend(BESIDE_SECCOMP);
    let mut traps = BTreeSet::new();
    let got_in = loop {
        let code = format!(
            "{PRELUDE}
got = {{}}
for number in range({NEVER_MORE_THAN}):
    if number not in {skipped:?}:
        answer = raw(number, -1, -1, -1, -1, -1, -1)
        if answer != -1 or ctypes.get_errno() != 1:
            got[str(number)] = ctypes.get_errno()
return [{{'json': got}}]
"
        );
        let answer = runner.task(&code, items).await;
        match (trapped(&answer), answer) {
            (Some(name), _) => {
                let number = *calls.get(name.as_str()).unwrap_or_else(|| panic!("{name} has a number"));
                assert!(skipped.insert(number), "{name} was trapped twice");
                traps.insert(name);
            }
            (None, Ok(result)) => break result[0]["json"].clone(),
            (None, Err(error)) => panic!("{tier:?}: {error:?}"),
        }
    };
    assert_eq!(got_in, json!({ calls["clone3"].to_string(): 38 }), "{tier:?}: calls that were not refused with EPERM");
    assert!(traps.len() > 40, "{traps:?}");
    beside_seccomp(runner, items).await;
    foreign_table(runner, items).await;
}

/// What the kernel never shows to a filter: `uretprobe` and `uprobe` of x86_64, with which its own trampolines call it.
const BESIDE_SECCOMP: &[i64] = if cfg!(target_arch = "x86_64") { &[335, 336] } else { &[] };

/// From anywhere else the first ends its caller by SIGILL and the second answers ENXIO; older kernels have neither, and there
/// both are refused like any other.
async fn beside_seccomp(runner: &Runner, items: &Value) {
    for number in BESIDE_SECCOMP {
        let code =
            task(&format!("answer = raw({number}, -1, -1, -1, -1, -1, -1)\nreturn [answer, ctypes.get_errno()]"));
        let answer = runner.task(&code, items).await;
        match &answer {
            Ok(result) => {
                let got = &result[0]["json"]["got"];
                assert!(got == "[-1, 1]" || got == "[-1, 6]", "call {number}: {got}");
            }
            Err(_) => assert_eq!(message(&answer), "Task subprocess exited with code -4", "call {number}"),
        }
        runner.ordinary_task("a call beside seccomp").await;
    }
}

/// The x32 table of x86_64 has other numbers for the same calls.
async fn foreign_table(runner: &Runner, items: &Value) {
    if cfg!(target_arch = "x86_64") {
        let answer = runner.task(&task("return raw(0x40000000 | 39)"), items).await;
        assert!(message(&answer).starts_with("Task was ended because it made a system call the sandbox forbids"));
        runner.ordinary_task("a call of the x32 table").await;
    }
}

fn calls() -> BTreeMap<&'static str, i64> {
    let arch = Arch::native().unwrap();
    (0..NEVER_MORE_THAN).filter_map(|number| Some((arch.name(number)?, number))).collect()
}

/// What is outside of the sandbox and must stay as it is.
struct Outside {
    folder: PathBuf,
    canary: PathBuf,
    tcp: TcpListener,
    udp: UdpSocket,
    unix: UnixListener,
    mark: String,
    before: (Vec<u8>, [i64; 6]),
    items: Value,
}

impl Outside {
    fn new(runner: &Runner, forkserver: Process, spares: &[Process]) -> Self {
        // Permissions of files are not what keeps a task out.
        let folder = common::sandbox::place().join(format!("canary-{}", runner.supervisor.pid));
        let canary = folder.join("canary");
        fs::create_dir_all(&folder).unwrap();
        fs::write(&canary, "a canary").unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(&canary, fs::Permissions::from_mode(0o666)).unwrap();

        let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let udp = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let socket = folder.join("socket");
        let unix = UnixListener::bind(&socket).unwrap();
        fs::set_permissions(&socket, fs::Permissions::from_mode(0o777)).unwrap();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        unix.set_nonblocking(true).unwrap();

        let mark = format!("palisade-wrote-{}", runner.supervisor.pid);
        let items = json!([{"json": {
            "calls": calls(),
            "canary": canary,
            "folder": folder,
            "mark": mark,
            "library": interpreter::found(Some(interpreter::path())).stdlib.join("os.py"),
            "tcp": tcp.local_addr().unwrap().port(),
            "udp": udp.local_addr().unwrap().port(),
            "unix": socket,
            "supervisor": runner.supervisor.pid,
            "forkserver": forkserver.pid,
            "siblings": spares.iter().map(|spare| spare.pid).collect::<Vec<_>>(),
            "inside": spares.iter().map(|spare| spare.number_inside()).collect::<Vec<_>>(),
        }}]);
        let before = state(&canary);
        Self { folder, canary, tcp, udp, unix, mark, before, items }
    }

    async fn is_unharmed(&self, runner: &Runner, forkserver: Process, spares: &[Process]) {
        assert_eq!(state(&self.canary), self.before, "the canary was changed");
        let mut entries: Vec<_> = self.folder.read_dir().unwrap().flatten().map(|entry| entry.file_name()).collect();
        entries.sort();
        assert_eq!(entries, ["canary", "socket"], "something was made");
        let library = PathBuf::from(self.items[0]["json"]["library"].as_str().unwrap());
        for folder in ["/", "/tmp", "/var/tmp", "/dev/shm", "/run"].map(Path::new).into_iter().chain(library.parent()) {
            assert!(!folder.join(&self.mark).exists(), "something was written to {}", folder.display());
        }

        assert_eq!(self.tcp.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody connected");
        assert_eq!(self.udp.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock, "somebody sent something");
        assert_eq!(self.unix.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody connected");

        assert!(runner.supervisor.is_alive());
        assert_eq!(runner.forkserver(), forkserver);
        let alive = || spares.iter().filter(|spare| spare.is_alive()).count();
        assert_eq!(alive(), 1, "the sibling is one of the first spares, and the only one of them that still works");
        let grandchildren = || forkserver.children().iter().map(|child| child.children().len()).sum::<usize>();
        assert_eq!(grandchildren(), 0, "a task has started a process");
        // The sibling and as many spares as ever.
        assert!(
            eventually(LONG, || forkserver.children().len() == spares.len() + 1).await,
            "{:?}",
            forkserver.children()
        );
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn state(file: &Path) -> (Vec<u8>, [i64; 6]) {
    let meta = fs::metadata(file).unwrap();
    let numbers = [
        meta.mtime(),
        meta.ctime(),
        meta.ctime_nsec(),
        meta.mode().into(),
        meta.uid().into(),
        meta.nlink().cast_signed(),
    ];
    (fs::read(file).unwrap(), numbers)
}
