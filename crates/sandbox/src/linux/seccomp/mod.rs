//! Seccomp filters: which system calls a process may make (seccomp(2)).
//!
//! The rules live in `seccomp-profiles/<arch>.json`. Three programs come of them:
//!
//! | program | who | what |
//! |---|---|---|
//! | [`startup`] | the jailer, before it becomes the interpreter | what starting and forking need, and all a task may do; refusals are errnos, so that they never beat an inner filter's |
//! | [`no_exec`] | the extension, as its first act | no exec any more |
//! | [`task`] | a child, before any user byte | by [`Calls`]; some refusals trap, foreign architectures end the process |

mod layout;
mod profile;
#[cfg(test)]
mod tests;

use std::io;

use thiserror::Error;

use crate::plan::Calls;

pub use layout::Program;
pub use profile::{Action, Profile};

/// An architecture with a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit x86; x32 calls count as foreign.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
}

/// A filter that could not be made or installed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SeccompError {
    /// The profile file is wrong.
    #[error("seccomp profile: {0}")]
    Profile(String),
    /// A name in the profile is no system call of the architecture.
    #[error("seccomp profile: {name} is no system call of {arch:?}")]
    UnknownSyscall {
        /// The name.
        name: String,
        /// The architecture.
        arch: Arch,
    },
    /// Two stacked filters look at the arguments of the same call.
    #[error("seccomp profile: two filters judge the arguments of system call {0}")]
    TwiceByArguments(u32),
    /// More BPF instructions than the kernel or a jump can take.
    #[error("the seccomp program would have {0} instructions")]
    TooLong(usize),
    /// There is no profile for the machine this runs on.
    #[error("there is no seccomp profile for this machine's architecture; x86_64 and aarch64 have one")]
    NoProfile,
    /// The kernel refused the filter.
    #[error("the kernel refused the seccomp filter: {0}")]
    Install(#[from] io::Error),
}

impl Arch {
    /// The architecture this program was compiled for.
    ///
    /// # Errors
    /// [`SeccompError::NoProfile`].
    pub const fn native() -> Result<Self, SeccompError> {
        if cfg!(target_arch = "x86_64") {
            Ok(Self::X86_64)
        } else if cfg!(target_arch = "aarch64") {
            Ok(Self::Aarch64)
        } else {
            Err(SeccompError::NoProfile)
        }
    }

    // linux/audit.h
    fn audit_arch(self) -> u32 {
        match self {
            Self::X86_64 => 0xc000_003e,
            Self::Aarch64 => 0xc000_00b7,
        }
    }

    fn number(self, name: &str) -> Result<u32, SeccompError> {
        match (self, name) {
            (Self::X86_64, _) => name.parse::<syscalls::x86_64::Sysno>().map(|s| s.id()).ok(),
            // The kernel's name, which the generic table of 64-bit architectures spells by its older one.
            (Self::Aarch64, "newfstatat") => Some(syscalls::aarch64::Sysno::fstatat.id()),
            (Self::Aarch64, _) => name.parse::<syscalls::aarch64::Sysno>().map(|s| s.id()).ok(),
        }
        .and_then(|id| u32::try_from(id).ok())
        .ok_or_else(|| SeccompError::UnknownSyscall { name: name.into(), arch: self })
    }

    /// The name of a system call, for error texts.
    pub fn name(self, number: i64) -> Option<&'static str> {
        let number = usize::try_from(number).ok()?;
        match self {
            Self::X86_64 => syscalls::x86_64::Sysno::new(number).map(|s| s.name()),
            Self::Aarch64 => syscalls::aarch64::Sysno::new(number).map(|s| s.name()),
        }
    }
}

/// The named filters of the profile that together allow what `calls` stand for.
fn lists(calls: Calls) -> Vec<&'static str> {
    let network = calls.network();
    let lists = [
        (true, "base"),
        (calls.threads, "threads"),
        (calls.threads || calls.event_loop || network, "waiting"),
        (calls.event_loop || network, "stream"),
        (calls.event_loop, "event_loop"),
        (calls.files || calls.scratch || calls.dns, "files"),
        (calls.scratch, "scratch"),
        (network, "tcp"),
        (calls.dns, "dns"),
    ];
    lists.into_iter().filter_map(|(wanted, name)| wanted.then_some(name)).collect()
}

/// What `lists` of the profile allow, as one filter.
fn allowed(profile: &Profile, lists: &[&str]) -> Result<profile::NamedFilter, SeccompError> {
    let filters = lists.iter().map(|name| profile.filter(name)).collect::<Result<Vec<_>, _>>()?;
    layout::union(&filters)
}

/// The start-up filter: its own list and everything that a task with these `calls` may do, for an inner filter can only take
/// away.
///
/// # Errors
/// [`SeccompError`] where the profile is wrong.
pub fn startup(profile: &Profile, arch: Arch, calls: Calls) -> Result<Program, SeccompError> {
    let lists = [&["startup"], &*lists(calls)].concat();
    let allowed = allowed(profile, &lists)?;
    layout::compile(&[&allowed, profile.filter("not_implemented")?], arch, Action::Errno(EPERM))
}

/// The filter that takes exec away.
///
/// # Errors
/// [`SeccompError`] where the profile is wrong.
pub fn no_exec(profile: &Profile, arch: Arch) -> Result<Program, SeccompError> {
    layout::compile(&[profile.filter("no_exec")?], arch, Action::Errno(EPERM))
}

/// The filter of a task.
///
/// # Errors
/// [`SeccompError`] where the profile is wrong.
pub fn task(profile: &Profile, arch: Arch, calls: Calls) -> Result<Program, SeccompError> {
    let allowed = allowed(profile, &lists(calls))?;
    let stacked = [&allowed, profile.filter("trapped")?, profile.filter("not_implemented")?];
    layout::compile(&stacked, arch, Action::KillProcess)
}

/// errno(3); libc's constant is an i32.
const EPERM: u16 = 1;

/// Puts `program` on the calling thread for good. Needs `no_new_privs` or `CAP_SYS_ADMIN`.
///
/// # Errors
/// [`SeccompError::Install`] with the kernel's errno.
pub fn install(program: &Program) -> Result<(), SeccompError> {
    let len = u16::try_from(program.0.len()).map_err(|_| SeccompError::TooLong(program.0.len()))?;
    let fprog = libc::sock_fprog { len, filter: program.0.as_ptr().cast_mut() };
    // SAFETY: `fprog` points to `len` initialised instructions that outlive the call; the kernel copies them and never
    // writes through the pointer.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0_u32, &raw const fprog) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error().into()) }
}

/// Whether the kernel knows an action (`SECCOMP_GET_ACTION_AVAIL`, Linux 4.14).
///
/// # Errors
/// seccomp(2)'s: ENOSYS or EINVAL without seccomp, EOPNOTSUPP for an unknown action.
pub fn action_available(action: Action) -> io::Result<()> {
    let code: u32 = action.code() & libc::SECCOMP_RET_ACTION_FULL;
    // SAFETY: the pointer is to a live u32 that the kernel only reads.
    let answer = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0_u32, &raw const code) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
