//! Namespaces around the forkserver, once; its children inherit them (namespaces(7)).
//!
//! Per child they would cost: a network namespace alone doubles a task (docs/design.md).

use std::fs;
use std::io;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::identity;
use crate::layer::{Layer, Mode, Outcome, Outcomes, Refusal, State};
use crate::plan::Modes;

/// What there is now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Left {
    /// A PID namespace waits for its first process: the caller must fork.
    pub pid: bool,
    /// Mounts are this process's own.
    pub mounts: bool,
}

/// Leaves the host's namespaces as far as wanted and possible.
///
/// # Errors
/// The refusal of a required one.
pub fn leave(modes: &Modes, outcomes: &mut Outcomes) -> Result<Left, Refusal> {
    let others = [
        (Layer::NetNamespace, modes.net_namespace, CloneFlags::CLONE_NEWNET),
        (Layer::IpcNamespace, modes.ipc_namespace, CloneFlags::CLONE_NEWIPC),
        (Layer::MountNamespace, modes.mount_namespace, CloneFlags::CLONE_NEWNS),
        (Layer::PidNamespace, modes.pid_namespace, CloneFlags::CLONE_NEWPID),
    ];
    if modes.user_namespace == Mode::Off || !identity::may_administer() {
        outcomes.apply(Layer::UserNamespace, modes.user_namespace, own_user_namespace)?;
    } else {
        // The runner may make the others as it is, and the jailer gives that up.
        outcomes.0.push(Outcome { layer: Layer::UserNamespace, state: State::NotNeeded });
    }
    let mut left = Left::default();
    for (layer, mode, flag) in others {
        let held = outcomes.apply(layer, mode, || {
            unshare(flag).map_err(|e| refused(layer, &e.into()))?;
            if layer == Layer::MountNamespace {
                let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
                mount(None::<&str>, "/", None::<&str>, private, None::<&str>).map_err(|e| refused(layer, &e.into()))?;
            }
            Ok(String::new())
        })?;
        left.pid |= held && layer == Layer::PidNamespace;
        left.mounts |= held && layer == Layer::MountNamespace;
    }
    Ok(left)
}

/// A user namespace in which this process keeps its own user and group id, the only ones there.
fn own_user_namespace() -> Result<String, Refusal> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|e| refused(Layer::UserNamespace, &e.into()))?;
    let write = |file: &str, text: String| {
        fs::write(file, text).map_err(|e| {
            // The old ids are lost now, so there is no going on without.
            Refusal::new(
                Layer::UserNamespace,
                format!("{file} could not be written: {e}"),
                "set user_namespace = \"off\" in the policy's layers",
            )
        })
    };
    write("/proc/self/setgroups", "deny".into())?;
    write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    write("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    Ok(String::new())
}

fn refused(layer: Layer, error: &io::Error) -> Refusal {
    let remedy = match error.raw_os_error() {
        Some(libc::ENOSPC) => "raise user.max_user_namespaces (sysctl)",
        Some(libc::EPERM | libc::EACCES) => {
            "nothing, unless you want it: the container's seccomp profile, AppArmor or a sysctl forbids it to the runner"
        }
        Some(libc::EINVAL | libc::ENOSYS) => "the kernel was built without it",
        _ => "report this with the output of `palisade check`",
    };
    Refusal::new(layer, format!("the kernel answered: {error}"), remedy)
}

/// Makes the first process of a waiting PID namespace and ends the calling one. It is a *sibling* of the caller, not its
/// child, so that the supervisor is its parent, reaps it, and takes it along when it dies. Returns in the new process only.
///
/// # Errors
/// clone(2)'s.
pub fn enter_pid_namespace() -> io::Result<()> {
    // SAFETY: with no stack and no shared memory this is fork(2). The process has one thread, so the copy is whole; the C
    // library's cached thread id is stale in it, which matters to nothing before the exec that follows.
    #[allow(clippy::cast_possible_wrap, reason = "CLONE_PARENT and SIGCHLD are small")]
    let pid = unsafe { libc::syscall(libc::SYS_clone, i64::from(libc::CLONE_PARENT | libc::SIGCHLD), 0, 0, 0, 0) };
    match pid {
        0 => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        // SAFETY: _exit(2) takes no pointers.
        _ => unsafe { libc::_exit(0) },
    }
}

/// A `/proc` that shows the PID namespace's own processes only. To be called by the first process of the PID namespace, and
/// only where its mounts are its own: else the host's `/proc` would be covered.
///
/// # Errors
/// mount(2)'s: EPERM where parts of the host's `/proc` are covered, as in containers.
pub fn mount_own_proc() -> io::Result<()> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    Ok(mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>)?)
}
