//! Hosts on which a runner was refused once although it could be sealed: each is made with setpriv(1) or unshare(1).
#![cfg(not(feature = "unsealed"))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::process::Command;

use nix::unistd::geteuid;

/// Runs a task below `wrapper`; the layers that held for it come back.
fn layers(wrapper: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("task.py");
    std::fs::write(&script, "return 6 * 7").unwrap();
    let output = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(env!("CARGO_BIN_EXE_palisade"))
        .arg("run")
        .arg(&script)
        .output()
        .unwrap_or_else(|error| panic!("{} is needed for this test (package util-linux): {error}", wrapper[0]));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "42", "{wrapper:?}: {said}");
    said.lines().find_map(|line| line.strip_prefix("layers: ")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

fn is_root() -> bool {
    if !geteuid().is_root() {
        eprintln!("SKIPPED (1): only root can give up single capabilities");
    }
    geteuid().is_root()
}

/// Rootless containers: a user namespace of one id, in which nobody can give up groups.
#[test]
fn inside_a_user_namespace_of_one_id() {
    let held = layers(&["unshare", "--user", "--map-root-user"]);
    assert!(held.contains("landlock") && held.contains("seccomp") && !held.contains("slot_uids"), "{held}");
}

/// A root container with the capabilities runtimes give by default. What gives children ids of their own must not be lost
/// in a user namespace that holds one id.
#[test]
fn root_without_the_right_to_make_namespaces() {
    if !is_root() {
        return;
    }
    let held = layers(&["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all"]);
    assert!(held.contains("slot_uids") && !held.contains("user_namespace"), "{held}");
}

/// Root that can give up groups, but not change ids: namespaces are had through a user namespace.
#[test]
fn root_that_cannot_change_ids() {
    if !is_root() {
        return;
    }
    let held = layers(&["setpriv", "--bounding-set=-sys_admin,-setuid", "--inh-caps=-all"]);
    assert!(held.contains("user_namespace") && held.contains("pid_namespace") && !held.contains("slot_uids"), "{held}");
}

/// Root in name only.
#[test]
fn root_without_any_capability() {
    if !is_root() {
        return;
    }
    let held = layers(&["setpriv", "--bounding-set=-all", "--inh-caps=-all"]);
    assert!(held.contains("landlock") && held.contains("capabilities"), "{held}");
}
