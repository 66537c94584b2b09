//! Namespaces around the forkserver, once; its children inherit them (namespaces(7)).
//!
//! Per child they would cost: a network namespace alone doubles a task (docs/design.md).

use std::fs;
use std::io;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};

use super::identity;
use super::process::Ended;
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

/// Leaves the host's namespaces as far as wanted and possible. `slots` tells whether children get user ids of their own.
///
/// # Errors
/// The refusal of a required one.
pub fn leave(modes: &Modes, slots: bool, outcomes: &mut Outcomes) -> Result<Left, Refusal> {
    let others = [
        (Layer::NetNamespace, modes.net_namespace, CloneFlags::CLONE_NEWNET),
        (Layer::IpcNamespace, modes.ipc_namespace, CloneFlags::CLONE_NEWIPC),
        (Layer::MountNamespace, modes.mount_namespace, CloneFlags::CLONE_NEWNS),
        (Layer::PidNamespace, modes.pid_namespace, CloneFlags::CLONE_NEWPID),
    ];
    if modes.user_namespace == Mode::Off || !identity::may_administer() {
        let tried = outcomes.apply(Layer::UserNamespace, modes.user_namespace, || {
            if slots {
                let found = "children have user ids of their own, and an unprivileged user namespace holds one id";
                return Err(Refusal::new(Layer::UserNamespace, found, "nothing: ids of their own are worth more"));
            }
            try_user_namespace().map(|()| String::new())
        })?;
        if tried {
            // The trial has worked. If this fails all the same the old ids are lost, so there is no going on without.
            enter_user_namespace().map_err(|e| refused(Layer::UserNamespace, &e))?;
        }
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

/// Enters a user namespace in which this process keeps its own user and group id, the only ones there.
fn enter_user_namespace() -> io::Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

/// Enters one in a process that is thrown away. Some hosts (AppArmor's restriction of unprivileged user namespaces) let it be
/// made and then refuse what it is for, and there is no way back out of it.
fn try_user_namespace() -> Result<(), Refusal> {
    let tried = || -> io::Result<()> {
        enter_user_namespace()?;
        identity::drop_capabilities(false)
    };
    // SAFETY: this process has one thread, so its copy is whole and may allocate; it ends by _exit(2) below.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(refused(Layer::UserNamespace, &io::Error::last_os_error())),
        0 => {
            let code = tried().map_or_else(|e| e.raw_os_error().unwrap_or(libc::EPERM), |()| 0);
            // SAFETY: _exit(2) takes no pointers.
            unsafe { libc::_exit(code) }
        }
        pid => match super::process::reap(pid, 0) {
            Ok(Some((_, Ended::Exited(0)))) => Ok(()),
            Ok(Some((_, Ended::Exited(errno)))) => {
                Err(refused(Layer::UserNamespace, &io::Error::from_raw_os_error(errno)))
            }
            _ => Err(refused(Layer::UserNamespace, &io::Error::other("the process that tried it was lost"))),
        },
    }
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
