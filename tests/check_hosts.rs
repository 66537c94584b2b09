//! `palisade check` and `palisade run` on hosts that are not at hand: a seccomp filter answers for their kernels.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod host;
    pub(crate) mod sandbox;
}

use std::fs;
use std::process::Output;

use common::check::{is_well_formed, json, policy_with, python, row, stopped_by, text, written};
use common::host::{Host, LANDLOCK_CREATE_RULESET, UNSHARE};
use common::sandbox::User;
use nix::errno::Errno;
use nix::libc;
use palisade::promises::HOSTS;
use palisade_sandbox::layer::Layer;
use serde_json::Value;

/// `palisade check` there; nothing where the host cannot be made.
fn check(host: &Host, user: User) -> Option<(Option<i32>, Value)> {
    let output = host.palisade(user, &["check", "--json"], &[python()])?;
    let report = json(&output);
    is_well_formed(&report);
    Some((output.status.code(), report))
}

/// A task there.
fn task(host: &Host, user: User) -> Option<Output> {
    let code = written(&format!("check-hosts-{}.py", std::process::id()), "return 6 * 7\n", 0o644);
    host.palisade(user, &["run", &code.to_string_lossy()], &[python()])
}

/// A task runs there, with these layers around it and without those.
fn runs(host: &Host, user: User, with: &[&str], without: &[&str]) {
    let Some(output) = task(host, user) else { return };
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).trim()), (Some(0), "42"), "{host:?} {user:?}: {said}");
    let layers = said.lines().find_map(|line| line.strip_prefix("layers: ")).expect("a line of layers");
    let layers: Vec<_> = layers.split(';').next().unwrap_or_default().split(' ').collect();
    for layer in with {
        assert!(layers.contains(layer), "{host:?} {user:?}: {layer} in {layers:?}");
    }
    for layer in without {
        assert!(!layers.contains(layer), "{host:?} {user:?}: no {layer} in {layers:?}");
    }
}

/// Nothing runs there, and both commands say why in these words.
fn refuses(host: &Host, user: User, layer: &str, found: &str, remedy: &str) {
    let Some((code, report)) = check(host, user) else { return };
    assert_eq!(code, Some(1), "{host:?} {user:?}: {report:#}");
    let row_of = row(&report, layer);
    assert_eq!(row_of["result"], "fail", "{host:?} {user:?}: {report:#}");
    assert!(row_of["found"].as_str().unwrap().contains(found), "{row_of}");
    assert!(row_of["remedy"].as_str().unwrap().contains(remedy), "{row_of}");
    assert_eq!(row(&report, "sealed_child")["result"], "fail", "{report:#}");
    let Some(output) = task(host, user) else { return };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{host:?} {user:?}: {said}");
    assert!(said.contains(found) && said.contains(remedy), "{host:?} {user:?}: {said}");
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn three_reasons_for_no_landlock_have_three_remedies() {
    for (errno, found, remedy) in [
        (Errno::ENOSYS, "built without Landlock", "CONFIG_SECURITY_LANDLOCK=y"),
        (Errno::EOPNOTSUPP, "switched off when the kernel started", "lsm="),
        (Errno::EPERM, "container's seccomp profile", "container runtime"),
    ] {
        for user in User::all() {
            let host = Host::new().refusing(LANDLOCK_CREATE_RULESET, errno);
            refuses(&host, user, "landlock", found, remedy);
            let (_, report) = check(&host, user).unwrap();
            assert_eq!(row(&report, "seccomp")["result"], "pass", "one missing layer hides no other: {report:#}");
        }
    }
}

/// Before it is used for anything else: the emulated kernel has the rights of its ABI and refuses all newer ones.
#[test]
fn an_emulated_kernel_has_the_rights_of_its_age_and_no_other() {
    const ASK: &str = "
import ctypes, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *values):
    answer = libc.syscall(ctypes.c_long(number), *values)
    return answer if answer >= 0 else -ctypes.get_errno()
def create(*rights):
    attribute = struct.pack('=QQQ', *rights)
    return call(444, attribute, ctypes.c_size_t(len(attribute)), 0)
files = 0
while create(1 << files, 0, 0) >= 0:
    files += 1
made = create(1, 0, 0)
print(call(444, None, ctypes.c_size_t(0), 1), files, create(1, 1, 0), create(1, 0, 1), call(446, made, 2))
";
    const EINVAL: i64 = -22;
    const E2BIG: i64 = -7;
    for (abi, files) in [(1, 13), (2, 14), (3, 15), (4, 15), (5, 16), (6, 16)] {
        let host = Host::new().landlock(abi);
        let python = common::sandbox::interpreter::path();
        let Some(output) = host.run(User::all()[0], python, &["-I", "-c", ASK], &[]) else { return };
        let answers: Vec<i64> = text(&output.stdout).split_whitespace().map(|n| n.parse().unwrap()).collect();
        let [version, rights, tcp, scope, flags] = answers[..] else { panic!("{output:?}") };
        assert_eq!((version, rights, flags), (abi.into(), files, EINVAL), "ABI {abi}: {answers:?}");
        assert!(if abi < 4 { tcp == E2BIG } else { tcp > 0 }, "ABI {abi}: {answers:?}");
        assert!(if abi < 6 { scope == E2BIG } else { scope > 0 }, "ABI {abi}: {answers:?}");
    }
}

/// Each ABI that will do, with and without namespaces, as root and not: tasks run, and what is promised is what SECURITY.md
/// says of such a host.
#[test]
fn every_landlock_abi_with_and_without_namespaces() {
    for user in User::all() {
        for (abi, in_namespaces) in
            [(2, &[true, false][..]), (3, &[false]), (4, &[false]), (5, &[false]), (6, &[true, false])]
        {
            for &namespaces in in_namespaces {
                let host = Host::new().landlock(abi);
                let host = if namespaces { host } else { host.without_namespaces() };
                let Some((code, report)) = check(&host, user) else { return };
                assert_eq!(code, Some(0), "{host:?} {user:?}: {report:#}");
                for required in ["landlock", "seccomp", "sealed_child", "ablation"] {
                    assert_eq!(row(&report, required)["result"], "pass", "{host:?} {user:?}: {report:#}");
                }
                let found = row(&report, "landlock")["found"].as_str().unwrap();
                assert!(found.starts_with(&format!("ABI {abi}: files")), "{found}");
                assert_eq!(found.contains("newer kernels add"), abi < 6, "{found}");
                assert_eq!(row(&report, "pid_namespace")["result"] == "pass", namespaces, "{report:#}");
                // The signal scope or the PID namespace must confine the right to kill that own ids need.
                let own_uids = user == User::Root && (namespaces || abi >= 6);
                assert_eq!(row(&report, "slot_uids")["result"] == "pass", own_uids, "{host:?}: {report:#}");
                is_as_documented(&report, abi, namespaces, own_uids);
                let pid = if namespaces { &["pid_namespace", "net_namespace"][..] } else { &[] };
                runs(
                    &host,
                    user,
                    &[&["landlock", "seccomp"], pid].concat(),
                    if own_uids { &[] } else { &["slot_uids"] },
                );
            }
        }
    }
}

/// Holds what `check` promises against the column of the document for such a host, where it has one.
fn is_as_documented(report: &Value, abi: i32, namespaces: bool, own_uids: bool) {
    let cgroup = row(report, "cgroup")["result"] == "pass";
    // ABI 5 has nothing against a class that 4 has not.
    let abi = if abi == 5 { 4 } else { abi };
    let gives = |layer, gives: &[Layer]| gives.contains(&layer);
    let like = HOSTS.iter().find(|host| {
        host.landlock_abi == abi
            && gives(Layer::PidNamespace, host.gives) == namespaces
            && gives(Layer::SlotUids, host.gives) == own_uids
    });
    let Some(like) = like else { return };
    for promise in like.promises() {
        let expected: Vec<_> = promise.by.into_iter().filter(|wall| *wall != "cgroup" || cgroup).collect();
        let mut found = stopped_by(report, promise.class);
        if !gives(Layer::Cgroup, like.gives) {
            found.retain(|wall| *wall != "cgroup");
        }
        assert_eq!(found, expected, "{} on {like:?}", promise.class);
    }
}

/// Linux 5.13 to 5.18.
#[test]
fn the_first_landlock_is_too_old() {
    for user in User::all() {
        refuses(&Host::new().landlock(1), user, "landlock", "Landlock ABI is 1", "Linux 6.1 or newer");
    }
}

#[test]
fn what_a_policy_does_not_require_may_be_missing() {
    let policy = policy_with(&[("landlock", "best-effort")]);
    let host = Host::new().refusing(LANDLOCK_CREATE_RULESET, Errno::EOPNOTSUPP);
    let variables = [python(), ("PALISADE_POLICY", policy.as_path())];
    for user in User::all() {
        let output = host.palisade(user, &["check", "--json"], &variables).unwrap();
        let report = json(&output);
        is_well_formed(&report);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        assert_eq!(row(&report, "landlock")["result"], "caution");
        assert_eq!(row(&report, "sealed_child")["result"], "pass");
        assert_eq!(row(&report, "ablation")["result"], "pass");
        assert!(!stopped_by(&report, "read_files").contains(&"landlock"), "{report:#}");
    }
    let _ = fs::remove_file(policy);
}

/// As stock container profiles do it, and AppArmor, and a limit of zero, and a kernel without.
#[test]
fn tasks_run_where_namespaces_are_forbidden() {
    for (errno, remedy) in [
        (Errno::EPERM, "container's seccomp profile"),
        (Errno::EACCES, "AppArmor"),
        (Errno::ENOSPC, "user.max_user_namespaces"),
        (Errno::EINVAL, "built without it"),
        (Errno::ENOSYS, "built without it"),
    ] {
        for user in User::all() {
            let host = Host::new().refusing(UNSHARE, errno);
            let (code, report) = check(&host, user).unwrap();
            assert_eq!(code, Some(0), "{report:#}");
            for layer in ["pid_namespace", "net_namespace", "ipc_namespace", "mount_namespace"] {
                assert_eq!(row(&report, layer)["result"], "caution", "{report:#}");
                let said = row(&report, layer)["remedy"].as_str().unwrap();
                assert!(said.contains(remedy), "{errno}, {user:?}: {said}");
            }
            assert_eq!(row(&report, "sealed_child")["result"], "pass", "{report:#}");
            assert_eq!(row(&report, "ablation")["result"], "pass", "{report:#}");
        }
    }
}

/// Linux before 6.5 names senders by number only.
#[test]
fn a_kernel_that_sends_no_pidfds() {
    const SOL_SOCKET: u32 = 1;
    const SO_PASSPIDFD: u32 = 76;
    let host = Host::new().refusing_when(
        libc::SYS_setsockopt,
        Errno::ENOPROTOOPT,
        &[(1, u32::MAX, SOL_SOCKET), (2, u32::MAX, SO_PASSPIDFD)],
    );
    for user in User::all() {
        runs(&host, user, &["seccomp", "landlock"], &[]);
    }
}

/// Linux before 6.3 knows no memory files that can never be executed.
#[test]
fn a_kernel_without_unexecutable_memory_files() {
    const MFD_NOEXEC_SEAL: u32 = 8;
    let host =
        Host::new().refusing_when(libc::SYS_memfd_create, Errno::EINVAL, &[(1, MFD_NOEXEC_SEAL, MFD_NOEXEC_SEAL)]);
    for user in User::all() {
        runs(&host, user, &["seccomp", "landlock"], &[]);
    }
}

/// `vm.memfd_noexec` = 2: no others are made.
#[test]
fn a_host_that_wants_unexecutable_memory_files_only() {
    let host = Host::new().refusing_when(libc::SYS_memfd_create, Errno::EACCES, &[(1, 8, 0)]);
    for user in User::all() {
        runs(&host, user, &["seccomp", "landlock"], &[]);
    }
}

#[test]
fn a_kernel_without_seccomp_filters() {
    for errno in [Errno::ENOSYS, Errno::EINVAL] {
        for user in User::all() {
            let host = Host::new().refusing(libc::SYS_seccomp, errno);
            refuses(&host, user, "seccomp", "the kernel refused the seccomp filter", "CONFIG_SECCOMP_FILTER=y");
        }
    }
}

/// gVisor, and Linux before 5.9: what cannot be seen cannot be verified, and that is no pass.
#[test]
fn a_host_that_does_not_show_what_must_be_verified() {
    for field in ["Seccomp_filters", "NoNewPrivs"] {
        let host = Host::new().hiding(field);
        for user in User::all() {
            let Some((code, report)) = check(&host, user) else { continue };
            assert_eq!(code, Some(1), "{field}: {report:#}");
            let child = row(&report, "sealed_child");
            assert_eq!(child["result"], "fail", "{report:#}");
            let words = format!("this kernel does not show {field} of a process");
            assert!(child["found"].as_str().unwrap().contains(&words), "{child}");
            let Some(output) = task(&host, user) else { continue };
            assert_eq!(output.status.code(), Some(3), "{output:?}");
            assert!(text(&output.stderr).contains(&words), "{output:?}");
        }
    }
}

/// The control of all of the above: around this host as it is, the emulation changes nothing.
#[test]
fn emulating_nothing_changes_nothing() {
    for user in User::all() {
        runs(&Host::new(), user, &["seccomp", "landlock", "rlimits", "no_new_privs", "capabilities"], &[]);
    }
}
