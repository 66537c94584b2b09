//! The layout against seccompiler: both must decide alike on every call.

use super::layout::Program;
use super::profile::Width;
use super::*;

/// What the kernel would answer for one call: a small interpreter of classic BPF.
fn run(program: &[libc::sock_filter], nr: u32, arch: u32, args: [u64; 6]) -> u32 {
    let mut data = [0_u8; 64];
    data[..4].copy_from_slice(&nr.to_le_bytes());
    data[4..8].copy_from_slice(&arch.to_le_bytes());
    for (i, arg) in args.iter().enumerate() {
        data[16 + 8 * i..24 + 8 * i].copy_from_slice(&arg.to_le_bytes());
    }
    let (mut pc, mut acc) = (0, 0_u32);
    loop {
        let i = program[pc];
        let take = |yes: bool| usize::from(if yes { i.jt } else { i.jf });
        pc += 1;
        match u32::from(i.code) {
            0x20 => acc = u32::from_le_bytes(data[i.k as usize..i.k as usize + 4].try_into().unwrap()),
            0x54 => acc &= i.k,
            0x05 => pc += i.k as usize,
            0x15 => pc += take(acc == i.k),
            0x25 => pc += take(acc > i.k),
            0x35 => pc += take(acc >= i.k),
            0x45 => pc += take(acc & i.k != 0),
            0x06 => return i.k,
            other => panic!("opcode {other:#x}"),
        }
    }
}

fn ours(program: &Program, arch: Arch, nr: u32, args: [u64; 6]) -> u32 {
    run(&program.0, nr, arch.audit_arch(), args)
}

/// seccompiler's programs for the named filters.
fn theirs(json: &str, arch: Arch) -> std::collections::HashMap<String, Vec<libc::sock_filter>> {
    let target = match arch {
        Arch::X86_64 => seccompiler::TargetArch::x86_64,
        Arch::Aarch64 => seccompiler::TargetArch::aarch64,
    };
    seccompiler::compile_from_json(json.as_bytes(), target)
        .unwrap()
        .into_iter()
        .map(|(name, program)| {
            let code = program.iter().map(|i| libc::sock_filter { code: i.code, jt: i.jt, jf: i.jf, k: i.k }).collect();
            (name, code)
        })
        .collect()
}

fn severity(code: u32) -> u32 {
    match code & libc::SECCOMP_RET_ACTION_FULL {
        libc::SECCOMP_RET_ALLOW => 0,
        libc::SECCOMP_RET_ERRNO => 1,
        libc::SECCOMP_RET_TRAP => 2,
        libc::SECCOMP_RET_KILL_PROCESS => 3,
        other => panic!("{other:#x}"),
    }
}

/// What the kernel gives for stacked filters: the most severe, of equals the latest.
fn stacked(codes: impl IntoIterator<Item = u32>) -> u32 {
    codes.into_iter().reduce(|a, b| if severity(b) >= severity(a) { b } else { a }).unwrap()
}

/// United allow lists: seccompiler has no union, so a call is allowed if any list allows it.
fn any_allows(codes: &[u32]) -> u32 {
    codes.iter().copied().find(|&c| severity(c) == 0).unwrap_or(codes[0])
}

/// For every call there could be, arguments to ask about.
fn samples(profile: &Profile, arch: Arch) -> Vec<(u32, Vec<[u64; 6]>)> {
    (0..600).map(|nr| (nr, argument_samples(profile, arch, nr))).collect()
}

/// Arguments that come near to what the profile's rules for call `nr` ask: each rule met, and met but for one bit.
fn argument_samples(profile: &Profile, arch: Arch, nr: u32) -> Vec<[u64; 6]> {
    let common = [0, 1, 2, 3, 7, 0x22, 0x5401, 0x40000, 0x0200_0004, u64::MAX];
    let mut samples: Vec<[u64; 6]> = common.iter().map(|&v| [v; 6]).collect();
    for rule in profile.rules_for(arch, nr) {
        let mut met = [0; 6];
        for condition in &rule.args {
            met[usize::from(condition.index)] = condition.val;
        }
        samples.push(met);
        for condition in &rule.args {
            for bit in [0, 1, 2, 6, 7, 8, 9, 11, 14, 17, 19, 21, 22, 24, 29, 31, 32, 40, 63] {
                let mut missed = met;
                missed[usize::from(condition.index)] ^= 1 << bit;
                samples.push(missed);
            }
        }
    }
    samples
}

#[test]
fn every_verdict_is_seccompilers() {
    for (arch, json) in [
        (Arch::X86_64, include_str!("../../../../../seccomp-profiles/x86_64.json")),
        (Arch::Aarch64, include_str!("../../../../../seccomp-profiles/aarch64.json")),
    ] {
        let profile = Profile::shipped(arch).unwrap();
        let single = theirs(json, arch);
        let ask = |name: &str, nr, args| run(&single[name], nr, arch.audit_arch(), args);
        let (exec, samples) = (no_exec(&profile, arch).unwrap(), samples(&profile, arch));
        for calls in single_calls() {
            let (task, start) = (task(&profile, arch, calls).unwrap(), startup(&profile, arch, calls).unwrap());
            for (nr, samples) in &samples {
                for (&args, nr) in samples.iter().zip(std::iter::repeat(*nr)) {
                    let lists: Vec<_> = lists(calls).iter().map(|name| ask(name, nr, args)).collect();
                    let refused = [ask("trapped", nr, args), ask("not_implemented", nr, args)];
                    let want = stacked([any_allows(&lists), refused[0], refused[1]]);
                    assert_eq!(ours(&task, arch, nr, args), want, "{arch:?} {calls:?} {nr} {args:x?}");
                    let started = any_allows(&[&[ask("startup", nr, args)], &*lists].concat());
                    assert_eq!(ours(&start, arch, nr, args), stacked([started, refused[1]]), "{arch:?} {calls:?} {nr}");
                    assert_eq!(ours(&exec, arch, nr, args), ask("no_exec", nr, args), "{arch:?} {nr}");
                }
            }
        }
    }
}

/// Nothing, each ability alone, and all at once.
fn single_calls() -> Vec<Calls> {
    let none = Calls::strict();
    vec![
        none,
        Calls { threads: true, ..none },
        Calls { event_loop: true, ..none },
        Calls { files: true, ..none },
        Calls { scratch: true, ..none },
        Calls { tcp: true, ..none },
        Calls { dns: true, ..none },
        Calls::all(),
    ]
}

/// All 64 combinations.
fn every_calls() -> impl Iterator<Item = Calls> {
    (0..64_u32).map(|bits| {
        let bit = |n: u32| bits & 1 << n != 0;
        Calls { threads: bit(0), event_loop: bit(1), files: bit(2), scratch: bit(3), tcp: bit(4), dns: bit(5) }
    })
}

#[test]
fn the_forkservers_filters_allow_all_that_a_task_may_do() {
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let profile = Profile::shipped(arch).unwrap();
        let (exec, samples) = (no_exec(&profile, arch).unwrap(), samples(&profile, arch));
        for calls in every_calls() {
            let (task, start) = (task(&profile, arch, calls).unwrap(), startup(&profile, arch, calls).unwrap());
            for (nr, samples) in &samples {
                for (&args, nr) in samples.iter().zip(std::iter::repeat(*nr)) {
                    if severity(ours(&task, arch, nr, args)) == 0 {
                        assert_eq!(severity(ours(&start, arch, nr, args)), 0, "{arch:?} {calls:?} {nr}");
                        assert_eq!(severity(ours(&exec, arch, nr, args)), 0, "{arch:?} {nr}");
                    }
                    // An outer kill or trap would beat the inner filter's answer.
                    assert!(severity(ours(&start, arch, nr, args)) <= 1);
                    assert!(severity(ours(&exec, arch, nr, args)) <= 1);
                }
            }
        }
    }
}

#[test]
fn foreign_architectures_end_a_task() {
    let profile = Profile::shipped(Arch::X86_64).unwrap();
    let program = task(&profile, Arch::X86_64, Calls::all()).unwrap();
    let i386 = 0x4000_0003;
    assert_eq!(run(&program.0, 4, i386, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
    assert_eq!(run(&program.0, 1 | 0x4000_0000, 0xc000_003e, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
    let start = startup(&profile, Arch::X86_64, Calls::all()).unwrap();
    assert_eq!(severity(run(&start.0, 4, i386, [0; 6])), 1);
}

/// The calls that nothing but the ability for it lets through, by name, whatever their arguments.
#[test]
fn what_no_task_may_do() {
    let never = "execve execveat socket socketpair connect bind sendto sendmsg recvmsg kill tgkill tkill ptrace bpf \
        io_uring_setup memfd_create keyctl add_key setns unshare mount chroot prctl prlimit64 setrlimit fchmod fchmodat \
        fchownat utimensat setxattr unlinkat mkdirat renameat2 linkat symlinkat truncate ftruncate mknodat shmget msgget \
        semget mq_open process_vm_readv process_vm_writev pidfd_open pidfd_send_signal pidfd_getfd userfaultfd \
        perf_event_open personality setpriority sched_setaffinity sched_setscheduler dup3 pipe2 clone3 seccomp \
        landlock_create_ruleset setsid setpgid setuid capset init_module open_by_handle_at fanotify_init inotify_init1";
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let profile = Profile::shipped(arch).unwrap();
        let program = task(&profile, arch, Calls { threads: true, files: true, ..Calls::strict() }).unwrap();
        for name in never.split_whitespace() {
            let number = arch.number(name).unwrap();
            for args in argument_samples(&profile, arch, number) {
                assert_ne!(severity(ours(&program, arch, number, args)), 0, "{arch:?} {name}");
            }
        }
        let clone3 = arch.number("clone3").unwrap();
        assert_eq!(ours(&program, arch, clone3, [0; 6]), libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32);
    }
}

#[test]
fn executable_and_shared_memory_are_refused() {
    let arch = Arch::X86_64;
    let program = task(&Profile::shipped(arch).unwrap(), arch, Calls::all()).unwrap();
    let mmap = arch.number("mmap").unwrap();
    let verdict = |prot: u64, flags: u64| severity(ours(&program, arch, mmap, [0, 4096, prot, flags, u64::MAX, 0]));
    assert_eq!(verdict(3, 0x22), 0, "private, anonymous, writable");
    assert_eq!(verdict(7, 0x22), 1, "executable");
    assert_eq!(verdict(5, 0x22), 1, "executable");
    assert_eq!(verdict(3, 0x21), 1, "shared");
    assert_eq!(verdict(3, 0x23), 1, "shared, validated");
    assert_eq!(verdict(3, 0x122), 1, "grows down");
    let mprotect = arch.number("mprotect").unwrap();
    assert_eq!(severity(ours(&program, arch, mprotect, [0, 4096, 5, 0, 0, 0])), 1);
    assert_eq!(severity(ours(&program, arch, mprotect, [0, 4096, 3, 0, 0, 0])), 0);
}

/// Each line for itself, on both architectures: met it gives its list's answer, and with one condition missed it does not, unless
/// another line lets that through. The lines of this machine's profile are executed as well, in `tests/seccomp_lines.rs`.
#[test]
fn every_line_decides_as_it_says() {
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let profile = Profile::shipped(arch).unwrap();
        for calls in single_calls() {
            let (task, start) = (task(&profile, arch, calls).unwrap(), startup(&profile, arch, calls).unwrap());
            let of_task: Vec<_> = lists(calls).iter().flat_map(|name| &profile.filter(name).unwrap().filter).collect();
            let of_start: Vec<_> = profile.filter("startup").unwrap().filter.iter().chain(of_task.clone()).collect();
            for (program, rules) in [(&task, &of_task), (&start, &of_start)] {
                for rule in rules {
                    let number = arch.number(&rule.syscall).unwrap();
                    let met = met(rule);
                    assert_eq!(severity(ours(program, arch, number, met)), 0, "{arch:?} {calls:?} {rule:?}");
                    for condition in &rule.args {
                        let bits = if condition.width == Width::Qword { 64 } else { 32 };
                        for bit in 0..bits {
                            let mut args = met;
                            args[usize::from(condition.index)] ^= 1 << bit;
                            let allowed = rules.iter().any(|r| r.syscall == rule.syscall && holds(r, args));
                            let want = u32::from(!allowed);
                            assert_eq!(
                                severity(ours(program, arch, number, args)),
                                want,
                                "{arch:?} {rule:?} {args:x?}"
                            );
                        }
                    }
                }
            }
            for (list, want) in [("trapped", libc::SECCOMP_RET_TRAP), ("not_implemented", 0x0005_0026)] {
                for rule in &profile.filter(list).unwrap().filter {
                    let number = arch.number(&rule.syscall).unwrap();
                    assert_eq!(ours(&task, arch, number, [0; 6]), want, "{arch:?} {calls:?} {rule:?}");
                }
            }
        }
    }
}

fn met(rule: &profile::Rule) -> [u64; 6] {
    let mut args = [u64::MAX; 6];
    for condition in &rule.args {
        args[usize::from(condition.index)] = condition.val;
    }
    args
}

fn holds(rule: &profile::Rule, args: [u64; 6]) -> bool {
    rule.args.iter().all(|condition| {
        let mask = if let profile::Op::MaskedEq(mask) = condition.op { mask } else { u64::MAX };
        let mask = if condition.width == Width::Dword { mask & 0xffff_ffff } else { mask };
        args[usize::from(condition.index)] & mask == condition.val & mask
    })
}
