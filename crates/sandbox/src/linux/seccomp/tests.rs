//! The layout against seccompiler: both must decide alike on every call.

use super::layout::Program;
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

fn argument_samples() -> Vec<[u64; 6]> {
    let values = [0, 1, 2, 3, 4, 7, 0x11, 0x22, 0x102, 0x5401, 0x406, 0x40000, 0x0200_0004, 0x3d_0f00, 0x0120_0011];
    let mut samples: Vec<[u64; 6]> = values.iter().map(|&v| [v; 6]).collect();
    for a in values {
        for b in values {
            samples.push([a, b, b, a, b, a]);
            samples.push([b, a, a | 1 << 40, b, a, b]);
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
        let samples = argument_samples();
        for (tier, lists) in [
            (Tier::Strict, &["strict"][..]),
            (Tier::Threads, &["strict", "threads"]),
            (Tier::Files, &["strict", "threads", "files"]),
        ] {
            let program = task(&profile, arch, tier).unwrap();
            for nr in 0..600 {
                for &args in &samples {
                    let allowed = any_allows(&lists.iter().map(|name| ask(name, nr, args)).collect::<Vec<_>>());
                    let want = stacked([allowed, ask("trapped", nr, args), ask("not_implemented", nr, args)]);
                    assert_eq!(ours(&program, arch, nr, args), want, "{arch:?} {tier:?} {nr} {args:x?}");
                }
            }
        }
        let (start, exec) = (startup(&profile, arch).unwrap(), no_exec(&profile, arch).unwrap());
        for nr in 0..600 {
            for &args in &samples {
                let allowed = any_allows(&["startup", "strict", "threads", "files"].map(|name| ask(name, nr, args)));
                assert_eq!(ours(&start, arch, nr, args), stacked([allowed, ask("not_implemented", nr, args)]));
                assert_eq!(ours(&exec, arch, nr, args), ask("no_exec", nr, args), "{arch:?} {nr}");
            }
        }
    }
}

#[test]
fn the_forkservers_filters_allow_all_that_a_task_may_do() {
    for arch in [Arch::X86_64, Arch::Aarch64] {
        let profile = Profile::shipped(arch).unwrap();
        let (start, exec) = (startup(&profile, arch).unwrap(), no_exec(&profile, arch).unwrap());
        let widest = task(&profile, arch, Tier::Files).unwrap();
        for nr in 0..600 {
            for args in argument_samples() {
                if severity(ours(&widest, arch, nr, args)) == 0 {
                    assert_eq!(severity(ours(&start, arch, nr, args)), 0, "{arch:?} {nr}");
                    assert_eq!(severity(ours(&exec, arch, nr, args)), 0, "{arch:?} {nr}");
                }
                // An outer kill or trap would beat the inner filter's answer.
                assert!(severity(ours(&start, arch, nr, args)) <= 1);
                assert!(severity(ours(&exec, arch, nr, args)) <= 1);
            }
        }
    }
}

#[test]
fn foreign_architectures_end_a_task() {
    let profile = Profile::shipped(Arch::X86_64).unwrap();
    let program = task(&profile, Arch::X86_64, Tier::Files).unwrap();
    let i386 = 0x4000_0003;
    assert_eq!(run(&program.0, 4, i386, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
    assert_eq!(run(&program.0, 1 | 0x4000_0000, 0xc000_003e, [0; 6]), libc::SECCOMP_RET_KILL_PROCESS);
    let start = startup(&profile, Arch::X86_64).unwrap();
    assert_eq!(severity(run(&start.0, 4, i386, [0; 6])), 1);
}

/// The calls no tier may ever let through, by name, whatever their arguments.
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
        let program = task(&profile, arch, Tier::Files).unwrap();
        for name in never.split_whitespace() {
            let number = arch.number(name).unwrap();
            for args in argument_samples() {
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
    let program = task(&Profile::shipped(arch).unwrap(), arch, Tier::Files).unwrap();
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
