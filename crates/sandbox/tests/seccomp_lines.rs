//! Every line of the profile for this machine is executed, in processes under the very filter that a task or a forkserver has:
//! with arguments that it lets through, and with each of its conditions missed. What is here is read from the profile, so a new
//! line is executed too, and one that needs a case of its own fails until it has it.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(unsafe_code, reason = "system calls are made by number")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;

use palisade_sandbox::plan::Calls;
use palisade_sandbox::seccomp::{self, Arch, Profile, Program};
use serde_json::Value;

/// What stands wherever nothing is asked: no descriptor, no pointer and no length that any call can use.
const BAD: u64 = u64::MAX;

/// The exit code of a process that could not be put under its filter.
const NO_FILTER: i32 = 254;

#[derive(Debug, Clone)]
struct Condition {
    index: usize,
    wide: bool,
    mask: u64,
    value: u64,
}

#[derive(Debug, Clone)]
struct Line {
    syscall: String,
    number: i64,
    conditions: Vec<Condition>,
}

impl Condition {
    fn holds(&self, arguments: &[u64; 6]) -> bool {
        let mask = if self.wide { self.mask } else { self.mask & 0xffff_ffff };
        arguments[self.index] & mask == self.value & mask
    }
}

impl Line {
    fn holds(&self, arguments: &[u64; 6]) -> bool {
        self.conditions.iter().all(|condition| condition.holds(arguments))
    }

    /// Arguments that meet every condition, and are of no use for anything else.
    fn met(&self) -> [u64; 6] {
        let mut arguments = [BAD; 6];
        for condition in &self.conditions {
            arguments[condition.index] = condition.value;
        }
        arguments
    }
}

/// The profile's filters, read once more and not through the crate's own types.
fn profile() -> BTreeMap<String, Vec<Line>> {
    let text = match Arch::native().unwrap() {
        Arch::X86_64 => include_str!("../../../seccomp-profiles/x86_64.json"),
        Arch::Aarch64 => include_str!("../../../seccomp-profiles/aarch64.json"),
    };
    let numbers: BTreeMap<&str, i64> =
        (0..1000).filter_map(|number| Some((Arch::native().unwrap().name(number)?, number))).collect();
    let filters: BTreeMap<String, Value> = serde_json::from_str(text).unwrap();
    let line = |rule: &Value| {
        let syscall = rule["syscall"].as_str().unwrap();
        let name = if cfg!(target_arch = "aarch64") && syscall == "newfstatat" { "fstatat" } else { syscall };
        let conditions = rule["args"].as_array().into_iter().flatten().map(|arg| Condition {
            index: usize::try_from(arg["index"].as_u64().unwrap()).unwrap(),
            wide: arg["type"] == "qword",
            mask: arg["op"]["masked_eq"].as_u64().unwrap_or_else(|| {
                assert_eq!(arg["op"], "eq");
                u64::MAX
            }),
            value: arg["val"].as_u64().unwrap(),
        });
        Line { syscall: syscall.to_owned(), number: numbers[name], conditions: conditions.collect() }
    };
    let lines = |filter: &Value| filter["filter"].as_array().unwrap().iter().map(line).collect();
    filters.iter().map(|(name, filter)| (name.clone(), lines(filter))).collect()
}

/// For each list of what tasks may do: the least ability it comes with, and the lists it then comes with.
fn abilities() -> Vec<(&'static str, Calls, &'static [&'static str])> {
    let none = Calls::strict();
    vec![
        ("base", none, &["base"]),
        ("threads", Calls { threads: true, ..none }, &["base", "threads", "waiting"]),
        ("waiting", Calls { event_loop: true, ..none }, &["base", "waiting", "stream", "event_loop"]),
        ("stream", Calls { event_loop: true, ..none }, &["base", "waiting", "stream", "event_loop"]),
        ("event_loop", Calls { event_loop: true, ..none }, &["base", "waiting", "stream", "event_loop"]),
        ("files", Calls { files: true, ..none }, &["base", "files"]),
        ("scratch", Calls { scratch: true, ..none }, &["base", "files", "scratch"]),
        ("tcp", Calls { tcp: true, ..none }, &["base", "waiting", "stream", "tcp"]),
        ("dns", Calls { dns: true, ..none }, &["base", "waiting", "stream", "files", "tcp", "dns"]),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Worked,
    Errno(i32),
    Signal(i32),
}

const REFUSED: Ended = Ended::Errno(libc::EPERM);

/// Makes a call in a process of its own under `program`, and tells how that ended.
fn call(program: &Program, line: &Line, arguments: [u64; 6]) -> Ended {
    // SAFETY: the new process allocates nothing, takes no lock, and ends by _exit(2); the arguments of the call are of no use to
    // the kernel, or concern nothing but the process itself.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0, "fork");
        if pid == 0 {
            // No core dumps of processes that are meant to die, and none that hangs.
            libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
            libc::alarm(20);
            if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || seccomp::install(program).is_err() {
                libc::_exit(NO_FILTER);
            }
            let [first, second, third, ..] = arguments;
            let answer = libc::syscall(line.number, first, second, third, arguments[3], arguments[4], arguments[5]);
            libc::_exit(if answer == -1 { *libc::__errno_location() } else { 0 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid);
        if libc::WIFSIGNALED(status) {
            return Ended::Signal(libc::WTERMSIG(status));
        }
        match libc::WEXITSTATUS(status) {
            NO_FILTER => panic!("the filter could not be installed"),
            0 => Ended::Worked,
            errno => Ended::Errno(errno),
        }
    }
}

/// Arguments with which an allowed call harms nobody and cannot fail with the filter's own errno; nothing where this user cannot
/// tell its failure from a refusal.
fn harmless(line: &Line) -> Option<[u64; 6]> {
    let mut arguments = line.met();
    match line.syscall.as_str() {
        // No process has such a number.
        "kill" => (arguments[0], arguments[1]) = (0x7fff_fff0, 0),
        // No length.
        "mmap" => (arguments[0], arguments[1]) = (0, 0),
        "clone" => arguments[1..5].fill(0),
        "exit" | "exit_group" => arguments[0] = 0,
        // The kernel's own refusal has the same errno.
        // SAFETY: takes no pointers.
        "setgroups" if unsafe { libc::geteuid() } != 0 => return None,
        _ => {}
    }
    Some(arguments)
}

fn is_let_through(list: &str, line: &Line, program: &Program) {
    let Some(arguments) = harmless(line) else {
        eprintln!("SKIPPED: {list}: a failure of {} cannot be told from a refusal by this user", line.syscall);
        return;
    };
    let ended = call(program, line, arguments);
    let good = match line.syscall.as_str() {
        // It looks for a frame on the stack that is not there.
        "rt_sigreturn" => ended == Ended::Signal(libc::SIGSEGV),
        // A thread without a stack of its own may come to any end but these.
        "clone" => ![REFUSED, Ended::Signal(libc::SIGSYS)].contains(&ended),
        _ => !matches!(ended, REFUSED | Ended::Signal(_)),
    };
    assert!(good, "{list}: {} {arguments:x?} should be let through: {ended:?}", line.syscall);
}

/// Misses each condition, in ways that no other line of `all` lets through.
fn misses_are_refused(list: &str, line: &Line, all: &[&Line], program: &Program) {
    for condition in &line.conditions {
        let width = if condition.wide { 64 } else { 32 };
        let missed = (0..width).map(|bit| {
            let mut arguments = line.met();
            arguments[condition.index] ^= 1 << bit;
            arguments
        });
        let refused: Vec<_> = missed
            .filter(|arguments| !condition.holds(arguments))
            .filter(|arguments| !all.iter().any(|other| other.number == line.number && other.holds(arguments)))
            .collect();
        assert!(!refused.is_empty(), "{list}: no way to miss {condition:?} of {line:?}");
        for at in [0, refused.len() / 2, refused.len() - 1] {
            let ended = call(program, line, refused[at]);
            assert_eq!(ended, REFUSED, "{list}: {} {:x?} should be refused", line.syscall, refused[at]);
        }
    }
}

#[test]
fn every_line_of_what_tasks_may_do() {
    let (arch, lines) = (Arch::native().unwrap(), profile());
    let shipped = Profile::shipped(arch).unwrap();
    let mut seen: Vec<&str> = vec!["startup", "no_exec", "trapped", "not_implemented"];
    for (list, calls, with) in abilities() {
        let program = seccomp::task(&shipped, arch, calls).unwrap();
        let all: Vec<&Line> = with.iter().flat_map(|name| &lines[*name]).collect();
        for line in &lines[list] {
            is_let_through(list, line, &program);
            misses_are_refused(list, line, &all, &program);
        }
        seen.push(list);
    }
    seen.sort_unstable();
    assert_eq!(seen, lines.keys().map(String::as_str).collect::<Vec<_>>(), "every list of the profile has a test");
}

#[test]
fn every_line_of_an_ability_is_refused_without_it() {
    let (arch, lines) = (Arch::native().unwrap(), profile());
    let strict = seccomp::task(&Profile::shipped(arch).unwrap(), arch, Calls::strict()).unwrap();
    for (list, ..) in abilities() {
        for line in &lines[list] {
            let arguments = line.met();
            if !lines["base"].iter().any(|base| base.number == line.number && base.holds(&arguments)) {
                assert_eq!(call(&strict, line, arguments), REFUSED, "{list}: {}", line.syscall);
            }
        }
    }
}

#[test]
fn every_trapped_line_ends_the_process_whatever_its_abilities() {
    let (arch, lines) = (Arch::native().unwrap(), profile());
    let shipped = Profile::shipped(arch).unwrap();
    for calls in [Calls::strict(), Calls::all()] {
        let program = seccomp::task(&shipped, arch, calls).unwrap();
        for line in &lines["trapped"] {
            assert!(line.conditions.is_empty(), "{line:?}");
            let ended = call(&program, line, line.met());
            assert_eq!(ended, Ended::Signal(libc::SIGSYS), "{} with {calls:?}", line.syscall);
        }
        for line in &lines["not_implemented"] {
            assert_eq!(call(&program, line, line.met()), Ended::Errno(libc::ENOSYS), "{}", line.syscall);
        }
    }
}

#[test]
fn every_line_of_the_forkservers_filters() {
    let (arch, lines) = (Arch::native().unwrap(), profile());
    let shipped = Profile::shipped(arch).unwrap();
    let strict = seccomp::startup(&shipped, arch, Calls::strict()).unwrap();
    let all: Vec<&Line> = ["startup", "base"].iter().flat_map(|name| &lines[*name]).collect();
    for line in &lines["startup"] {
        is_let_through("startup", line, &strict);
        misses_are_refused("startup", line, &all, &strict);
    }
    // And what its children may do, where they may.
    for (list, calls, _) in abilities() {
        let program = seccomp::startup(&shipped, arch, calls).unwrap();
        for line in &lines[list] {
            is_let_through(list, line, &program);
        }
    }
    // What traps in a task is refused to the forkserver, which starts by one exec.
    let widest = seccomp::startup(&shipped, arch, Calls::all()).unwrap();
    for line in lines["trapped"].iter().filter(|line| line.syscall != "execve") {
        assert_eq!(call(&widest, line, line.met()), REFUSED, "{}", line.syscall);
    }
    let no_exec = seccomp::no_exec(&shipped, arch).unwrap();
    for line in &lines["no_exec"] {
        assert_eq!(call(&no_exec, line, line.met()), REFUSED, "{}", line.syscall);
    }
}

/// Every number there is, and some that are not yet: what the profile does not name is refused to everybody.
#[test]
fn every_other_call_is_refused() {
    let (arch, lines) = (Arch::native().unwrap(), profile());
    let of_tasks = lines.iter().filter(|(list, _)| !["startup", "no_exec"].contains(&list.as_str()));
    let named: Vec<i64> = of_tasks.flat_map(|(_, lines)| lines.iter().map(|line| line.number)).collect();
    let program = seccomp::task(&Profile::shipped(arch).unwrap(), arch, Calls::all()).unwrap();
    // The kernel shows `uretprobe` and `uprobe` to no filter: its own trampolines make them.
    let beside: &[i64] = if cfg!(target_arch = "x86_64") { &[335, 336] } else { &[] };
    for number in (0..600).filter(|number| !named.contains(number) && !beside.contains(number)) {
        let syscall = arch.name(number).unwrap_or("a call without a name").to_owned();
        let line = Line { syscall, number, conditions: Vec::new() };
        assert_eq!(call(&program, &line, [BAD; 6]), REFUSED, "{number}: {}", line.syscall);
    }
}

/// The tables of i386 (int 0x80 from 64-bit code) and x32: other numbers for the same calls, which no list names.
#[cfg(target_arch = "x86_64")]
#[test]
fn calls_of_foreign_tables_end_the_process() {
    const GETPID_OF_I386: u64 = 20;
    const GETPID_OF_X32: i64 = 0x4000_0000 + 39;
    let shipped = Profile::shipped(Arch::X86_64).unwrap();
    let none = seccomp::no_exec(&shipped, Arch::X86_64).unwrap();
    let ended = |program: &Program| {
        // SAFETY: as in `call`; the assembly makes one system call without arguments and changes nothing but rax.
        unsafe {
            let pid = libc::fork();
            assert!(pid >= 0, "fork");
            if pid == 0 {
                libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
                libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                if seccomp::install(program).is_err() {
                    libc::_exit(NO_FILTER);
                }
                let answer: i64;
                std::arch::asm!("int 0x80", inlateout("rax") GETPID_OF_I386 => answer, options(nostack));
                // Negated errno, or the process's number.
                libc::_exit(if answer > 0 { 0 } else { i32::try_from(-answer).unwrap_or(NO_FILTER) });
            }
            let mut status = 0;
            assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid);
            if libc::WIFSIGNALED(status) {
                Ended::Signal(libc::WTERMSIG(status))
            } else {
                Ended::Errno(libc::WEXITSTATUS(status))
            }
        }
    };
    for calls in [Calls::strict(), Calls::all()] {
        let task = seccomp::task(&shipped, Arch::X86_64, calls).unwrap();
        let startup = seccomp::startup(&shipped, Arch::X86_64, calls).unwrap();
        // A kernel without the 32-bit table answers with SIGSEGV whoever asks.
        let there = ended(&none) != Ended::Signal(libc::SIGSEGV);
        if there {
            assert_eq!(ended(&task), Ended::Signal(libc::SIGSYS));
            assert_eq!(ended(&startup), REFUSED);
        } else {
            eprintln!("SKIPPED: this kernel has no table of i386");
        }
        let line = Line { syscall: "getpid of x32".into(), number: GETPID_OF_X32, conditions: Vec::new() };
        assert_eq!(call(&task, &line, [0; 6]), Ended::Signal(libc::SIGSYS));
        assert_eq!(call(&startup, &line, [0; 6]), REFUSED);
    }
}
