//! Hosts on which a runner was refused once although it could be sealed, and hosts on which it has to be refused in words that
//! help: each is made with setpriv(1), unshare(1), mount(8), or by answers in place of the kernel's.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod host;
    pub(crate) mod sandbox;
}

use std::path::Path;
use std::process::{Command, Output};

use common::check::{ended, is_well_formed, json, python, row, text, written};
use common::host::Host;
use common::sandbox::{ORDINARY, User, executable, interpreter, skip};
use nix::errno::Errno;
use nix::libc;
use nix::unistd::geteuid;

/// Runs a task below `wrapper`.
fn task(wrapper: &[&str]) -> Output {
    let script = written(&format!("odd-{}.py", palisade::offers::random_id()), "return 6 * 7", 0o644);
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(executable()).arg("run").arg(&script);
    let output = ended(command, &[python(), ("PATH", Path::new("/usr/sbin:/usr/bin:/sbin:/bin"))]);
    let _ = std::fs::remove_file(script);
    output
}

/// The layers that held for a task that must work.
fn held(output: &Output) -> String {
    let said = text(&output.stderr);
    assert_eq!(text(&output.stdout).trim(), "42", "{said}");
    let line = said.lines().find_map(|line| line.strip_prefix("layers: ")).unwrap_or_else(|| panic!("{said}"));
    line.split(';').next().unwrap_or_default().to_owned()
}

fn layers(wrapper: &[&str]) -> String {
    held(&task(wrapper))
}

/// Nothing runs, and one line says all of these.
fn refused(output: &Output, words: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!(text(&output.stdout), "");
}

fn is_root() -> bool {
    if !geteuid().is_root() {
        skip("only root can make this host");
    }
    geteuid().is_root()
}

/// A shell in a mount namespace of its own runs `before`, and then the command as `user`.
fn with_mounts(user: User, before: &str) -> Vec<String> {
    let drop = match user {
        User::Root => String::new(),
        User::Ordinary => format!("setpriv --reuid {0} --regid {0} --clear-groups ", user.uid()),
    };
    let script = format!("{before} && exec {drop}\"$@\"");
    ["unshare", "--mount", "sh", "-c", &script, "sh"].map(ToOwned::to_owned).into()
}

fn task_with_mounts(user: User, before: &str) -> Output {
    let wrapper = with_mounts(user, before);
    task(&wrapper.iter().map(String::as_str).collect::<Vec<_>>())
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

/// Images run as any number; only `/etc/passwd` knows names.
#[test]
fn a_user_id_that_no_name_belongs_to() {
    if !is_root() {
        return;
    }
    let held = layers(&["setpriv", "--reuid", "54321", "--regid", "54321", "--groups", "27,100"]);
    assert!(held.contains("landlock") && held.contains("seccomp"), "{held}");
}

/// A container without an init: the runner is the first process.
#[test]
fn as_the_first_process_of_a_pid_namespace() {
    if !is_root() {
        return;
    }
    let held = layers(&["unshare", "--pid", "--fork", "--mount-proc"]);
    assert!(held.contains("seccomp") && held.contains("slot_uids"), "{held}");
    let held = layers(&[
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "setpriv",
        "--reuid",
        "1000",
        "--regid",
        "1000",
        "--clear-groups",
    ]);
    assert!(held.contains("seccomp") && held.contains("landlock"), "{held}");
}

/// `readOnlyRootFilesystem`, with no place to write to at all.
#[test]
fn where_no_file_can_be_written() {
    if !is_root() {
        return;
    }
    for user in User::all() {
        // The mounts below it are those that tests themselves may write to.
        let before = "mount -o remount,bind,ro / && for folder in /tmp /var/tmp /dev/shm /run; do \
                      if [ -d $folder ]; then mount --bind $folder $folder && mount -o remount,bind,ro $folder; fi; done \
                      && ! touch /tmp/palisade-odd-host 2>/dev/null";
        let held = held(&task_with_mounts(user, before));
        assert!(held.contains("seccomp") && held.contains("landlock"), "{held}");
    }
}

#[test]
fn where_no_user_namespace_may_be_made_any_more() {
    let script =
        "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
    let held = layers(&["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"]);
    assert!(held.contains("seccomp") && !held.contains("namespace"), "{held}");
}

/// AppArmor lets a user namespace be made, and refuses what it is for.
#[test]
fn where_nothing_may_be_mounted() {
    for user in User::all() {
        let host = Host::new().refusing(libc::SYS_mount, Errno::EACCES);
        let held = held(&emulated(&host, user));
        assert!(held.contains("pid_namespace") && !held.contains("mount_namespace"), "{held}");
    }
}

/// A task on an emulated host, of whatever makes no question of memory, so that it can always be made.
fn emulated(host: &Host, user: User) -> Output {
    let script = written(&format!("odd-{}.py", palisade::offers::random_id()), "return 6 * 7", 0o644);
    let output = host.palisade(user, &["run", &script.to_string_lossy()], &[python()]).expect("an emulated host");
    let _ = std::fs::remove_file(script);
    output
}

/// The calls that the profile of Docker answers with EPERM for a container without CAP_SYS_ADMIN ("Significant syscalls blocked
/// by the default profile" in its documentation), as far as the runner could have a use for them; clone3 gets ENOSYS.
fn stock_container() -> Host {
    let refused = [
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_add_key,
        libc::SYS_keyctl,
        libc::SYS_request_key,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_open_by_handle_at,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_kcmp,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_move_mount,
        libc::SYS_open_tree,
        libc::SYS_quotactl,
        libc::SYS_swapon,
        libc::SYS_reboot,
    ];
    let host = refused.into_iter().fold(Host::new(), |host, call| host.refusing(call, Errno::EPERM));
    host.refusing(libc::SYS_clone3, Errno::ENOSYS)
}

#[test]
fn a_stock_container_as_an_ordinary_user_and_as_its_root() {
    let held = held(&emulated(&stock_container(), User::Ordinary));
    assert!(held.contains("landlock") && held.contains("seccomp") && !held.contains("namespace"), "{held}");
    if !is_root() {
        return;
    }
    // The capabilities Docker leaves root: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
    // net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap.
    let kept = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,\
                +sys_chroot,+mknod,+audit_write,+setfcap";
    let script = written(&format!("odd-{}.py", palisade::offers::random_id()), "return 6 * 7", 0o644);
    let (program, file) = (executable().to_string_lossy(), script.to_string_lossy());
    let bounding = format!("--bounding-set={kept}");
    let arguments = [&bounding, "--inh-caps=-all", &*program, "run", &*file];
    let output = stock_container().run(User::Root, Path::new("/usr/bin/setpriv"), &arguments, &[python()]);
    let _ = std::fs::remove_file(&script);
    let held = self::held(&output.expect("an emulated host"));
    assert!(held.contains("slot_uids") && !held.contains("namespace"), "{held}");
}

/// An interpreter of root's own: tasks that open no file may have ids of their own all the same, others may not.
#[test]
fn an_interpreter_that_only_root_can_read() {
    if !is_root() {
        return;
    }
    let found = interpreter::found(None);
    if found.usable_by(ORDINARY, ORDINARY).is_ok() {
        return skip("an interpreter that only root can read: everybody can read this machine's");
    }
    for (allow, own) in [("re", "pass"), ("*", "caution")] {
        let mut command = Command::new(executable());
        command.args(["check", "--json"]);
        let output =
            ended(command, &[("PALISADE_PYTHON", &found.path), ("N8N_RUNNERS_STDLIB_ALLOW", Path::new(allow))]);
        let report = json(&output);
        is_well_formed(&report);
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        assert_eq!(row(&report, "slot_uids")["result"], own, "{allow}: {report:#}");
        assert_eq!(row(&report, "sealed_child")["result"], "pass", "{report:#}");
    }
}

#[test]
fn without_proc_it_is_said_what_is_missing() {
    if !is_root() {
        return;
    }
    for user in User::all() {
        refused(&task_with_mounts(user, "mount -t tmpfs none /proc"), &["/proc is not mounted", "mount /proc"]);
    }
}

/// A host where nobody sees the processes of others, and a runner its own children, which are closed to it. Verification
/// needs to see them.
#[test]
fn a_proc_that_hides_processes() {
    if !is_root() {
        return;
    }
    let hidden = |option: &str, drop: &str| {
        let script = format!("mount -t proc -o {option} proc /proc && exec {drop} \"$@\"");
        task(&["unshare", "--mount", "sh", "-c", &script, "sh"])
    };
    let ordinary = format!("setpriv --reuid {0} --regid {0} --clear-groups", User::Ordinary.uid());
    assert!(held(&hidden("hidepid=2", &ordinary)).contains("seccomp"), "a user namespace shows what is in it");
    // As root without the right to look into others, and without the group that may.
    let blind = "setpriv --bounding-set=-sys_ptrace --inh-caps=-all";
    refused(&hidden("hidepid=4", blind), &["hides processes (hidepid=", "mount /proc without hidepid"]);
}

/// What Linux before 5.3, 5.1 and 5.11 lacks, or a container's profile refuses: children that cannot be killed or would hold
/// descriptors of the runner's are not started.
#[test]
fn what_is_needed_to_kill_and_to_close_is_missed_at_start() {
    const SO_PASSPIDFD: u32 = 76;
    let no_scm = [(1, u32::MAX, 1), (2, u32::MAX, SO_PASSPIDFD)];
    for user in User::all() {
        let host = Host::new().refusing(libc::SYS_pidfd_open, Errno::ENOSYS);
        assert!(held(&emulated(&host, user)).contains("seccomp"), "the kernel sends pidfds by itself");
        let host = host.refusing_when(libc::SYS_setsockopt, Errno::ENOPROTOOPT, &no_scm);
        refused(&emulated(&host, user), &["pidfd_open", "Linux 5.3 or newer", "container's seccomp profile"]);
        for errno in [Errno::ENOSYS, Errno::EPERM] {
            let host = Host::new().refusing(libc::SYS_pidfd_send_signal, errno);
            let words = ["children could not be killed", "pidfd_send_signal", "container's seccomp profile"];
            refused(&emulated(&host, user), &words);
        }
        let host = Host::new().refusing_when(libc::SYS_close_range, Errno::EINVAL, &[(2, 4, 4)]);
        refused(&emulated(&host, user), &["close_range", "Linux 5.11 or newer", "container's seccomp profile"]);
    }
}

/// Control groups of version 1 with no version 2 beside them, or none at all.
#[test]
fn without_control_groups() {
    if !is_root() {
        return;
    }
    let output = task_with_mounts(User::Root, "if mountpoint -q /sys/fs/cgroup; then umount -R /sys/fs/cgroup; fi");
    assert!(!held(&output).contains("cgroup"), "{output:?}");
}
