//! `palisade check` on hosts that are not at hand: a seccomp filter answers for their kernels. It tells their troubles apart.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod sandbox;
}

use std::fs;

use common::check::{is_well_formed, json, palisade_without, policy_with, python, row, text, written};
use common::sandbox::User;
use nix::errno::Errno;

/// The same number on every architecture.
const LANDLOCK_CREATE_RULESET: i64 = 444;

const UNSHARE: i64 = if cfg!(target_arch = "x86_64") { 272 } else { 97 };

#[test]
fn three_reasons_for_no_landlock_have_three_remedies() {
    let code = written(&format!("check-hosts-{}.py", std::process::id()), "return []\n", 0o644);
    for (user, errno, found, remedy) in [
        (User::Ordinary, Errno::ENOSYS, "built without Landlock", "CONFIG_SECURITY_LANDLOCK=y"),
        (User::Ordinary, Errno::EOPNOTSUPP, "switched off when the kernel started", "lsm="),
        (User::Ordinary, Errno::EPERM, "container's seccomp profile", "container runtime"),
        (User::all()[0], Errno::ENOSYS, "built without Landlock", "CONFIG_SECURITY_LANDLOCK=y"),
    ] {
        let without = [(LANDLOCK_CREATE_RULESET, errno as i32)];
        let output = palisade_without(&without, user, &["check", "--json"], &[python()]);
        let report = json(&output);
        is_well_formed(&report);
        assert_eq!(output.status.code(), Some(1), "{report:#}");
        let landlock = row(&report, "landlock");
        assert_eq!(landlock["result"], "fail");
        assert!(landlock["found"].as_str().unwrap().contains(found), "{landlock}");
        assert!(landlock["remedy"].as_str().unwrap().contains(remedy), "{landlock}");
        assert_eq!(row(&report, "sealed_child")["result"], "fail", "{report:#}");
        assert_eq!(row(&report, "seccomp")["result"], "pass", "one missing layer hides no other: {report:#}");

        let output = palisade_without(&without, user, &["run", &code.to_string_lossy()], &[python()]);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        assert!(text(&output.stderr).contains("sandbox layer landlock is required"), "{output:?}");
    }
    let _ = fs::remove_file(code);
}

#[test]
fn what_a_policy_does_not_require_may_be_missing() {
    let policy = policy_with("landlock", "best-effort");
    let without = [(LANDLOCK_CREATE_RULESET, Errno::EOPNOTSUPP as i32)];
    let variables = [python(), ("PALISADE_POLICY", policy.as_path())];
    for user in User::all() {
        let output = palisade_without(&without, user, &["check", "--json"], &variables);
        let report = json(&output);
        is_well_formed(&report);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        assert_eq!(row(&report, "landlock")["result"], "caution");
        assert_eq!(row(&report, "sealed_child")["result"], "pass");
        assert_eq!(row(&report, "ablation")["result"], "pass");
    }
    let _ = fs::remove_file(policy);
}

/// As stock container profiles do it.
#[test]
fn tasks_run_where_namespaces_are_forbidden() {
    for user in User::all() {
        let output = palisade_without(&[(UNSHARE, Errno::EPERM as i32)], user, &["check", "--json"], &[python()]);
        let report = json(&output);
        is_well_formed(&report);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        for layer in ["pid_namespace", "net_namespace", "ipc_namespace", "mount_namespace"] {
            assert_eq!(row(&report, layer)["result"], "caution", "{report:#}");
            assert!(row(&report, layer)["remedy"].as_str().unwrap().contains("container's seccomp profile"));
        }
        assert_eq!(row(&report, "sealed_child")["result"], "pass", "{report:#}");
        assert_eq!(row(&report, "ablation")["result"], "pass", "{report:#}");
    }
}
