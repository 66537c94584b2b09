//! Landlock: which files a process may open, and from which processes it is cut off (landlock(7)).
//!
//! Landlock judges the opening of files, not what is open or mapped already, and neither memfds nor mmap: "nothing
//! executable" is seccomp's work.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, Scope,
};

use crate::layer::{Layer, Refusal};
use crate::plan::{Calls, FileRules, RESOLVER_FILES};

/// The newest ABI whose rights are asked for; older kernels leave out what they lack.
const ASKED: ABI = ABI::V7;

/// The oldest ABI that will do: Linux 5.19. Before it files can be moved between folders only, but never read or written
/// past the rules; it is the one every supported kernel (6.1) has.
const OLDEST: i32 = 2;

/// The first with rules for TCP: Linux 6.7.
const TCP: i32 = 4;

/// What a set of rules allows.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    /// Files that may be opened for reading, or executed.
    pub files: &'a FileRules,
    /// Which abilities need rules of their own.
    pub calls: Calls,
    /// TCP ports that may be connected to.
    pub connect_tcp: &'a [u16],
    /// A folder in which files and folders may be made, changed and removed.
    pub scratch: Option<&'a Path>,
}

/// The kernel's Landlock ABI version, 1 or more.
///
/// # Errors
/// A refusal that tells a kernel without Landlock from one where it was switched off at boot.
pub fn abi() -> Result<i32, Refusal> {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    // SAFETY: with this flag the kernel reads no attribute, and the pointer must be null.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    if version > 0 {
        return Ok(i32::try_from(version).unwrap_or(i32::MAX));
    }
    let error = io::Error::last_os_error();
    let (found, remedy) = match error.raw_os_error() {
        Some(libc::ENOSYS) => (
            "this kernel was built without Landlock, or this is gVisor",
            "run on Linux 6.1 or newer with CONFIG_SECURITY_LANDLOCK=y",
        ),
        Some(libc::EOPNOTSUPP) => {
            ("Landlock was switched off when the kernel started", "add landlock to the kernel's lsm= boot parameter")
        }
        Some(libc::EPERM) => (
            "the container's seccomp profile refuses the Landlock system calls",
            "use a container runtime from 2022 or newer, or allow landlock_create_ruleset, landlock_add_rule and \
             landlock_restrict_self in the profile",
        ),
        _ => return Err(Refusal::new(Layer::Landlock, format!("the kernel answered: {error}"), "report this")),
    };
    Err(Refusal::new(Layer::Landlock, found, remedy))
}

/// What `version` adds over the oldest, in words for `palisade check`.
pub fn describe(version: i32) -> String {
    let mut gains = vec!["files"];
    gains.extend(
        [(3, "truncate"), (4, "TCP"), (5, "device ioctls"), (6, "signals and abstract sockets")]
            .iter()
            .filter_map(|&(from, what)| (version >= from).then_some(what)),
    );
    format!("ABI {version}: {}", gains.join(", "))
}

/// A set of rules in the kernel, for as many processes as inherit its descriptor.
///
/// # Errors
/// A refusal where Landlock is not to be had or too old for what is asked, or a path cannot be opened for another reason than
/// that it does not exist.
pub fn ruleset(allowed: &Allowed<'_>) -> Result<OwnedFd, Refusal> {
    let version = abi()?;
    if version < OLDEST {
        let found = format!("its Landlock ABI is {version}; {OLDEST} is the oldest that will do");
        return Err(Refusal::new(Layer::Landlock, found, "run on Linux 6.1 or newer"));
    }
    if allowed.calls.network() && version < TCP {
        let found = format!("its Landlock ABI is {version}, which cannot hold connections to the allowed TCP ports");
        return Err(Refusal::new(
            Layer::Landlock,
            found,
            "run on Linux 6.7 or newer, or allow tasks neither TCP nor DNS",
        ));
    }
    let failed = |what: &str, e: &dyn std::fmt::Display| {
        Refusal::new(Layer::Landlock, format!("{what}: {e}"), "report this with the output of `palisade check`")
    };
    let build = || -> Result<_, landlock::RulesetError> {
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ASKED))?
            .handle_access(AccessNet::from_all(ASKED))?
            .scope(Scope::from_all(ASKED))?
            .create()
    };
    let mut ruleset = build().map_err(|e| failed("the ruleset could not be made", &e))?;
    for (path, access) in paths(allowed) {
        let Some((file, is_folder)) = open(path).map_err(|e| failed(&format!("{}", path.display()), &e))? else {
            continue;
        };
        let access = if is_folder { access } else { access & AccessFs::from_file(ASKED) };
        ruleset = ruleset
            .add_rule(PathBeneath::new(file, access))
            .map_err(|e| failed(&format!("no rule for {}", path.display()), &e))?;
    }
    for port in allowed.calls.tcp_ports(allowed.connect_tcp) {
        ruleset = ruleset
            .add_rule(NetPort::new(port, AccessNet::ConnectTcp))
            .map_err(|e| failed(&format!("no rule for TCP port {port}"), &e))?;
    }
    let descriptor: Option<OwnedFd> = ruleset.into();
    descriptor.ok_or_else(|| Refusal::new(Layer::Landlock, "the kernel made no ruleset", "report this"))
}

/// Each path, and what may be done with it and with what lies below it.
fn paths<'a>(allowed: &Allowed<'a>) -> Vec<(&'a Path, BitFlags<AccessFs>)> {
    let execute = allowed.files.execute.iter().map(|path| (path.as_path(), AccessFs::Execute | AccessFs::ReadFile));
    let read = allowed.files.read.iter().map(|path| (path.as_path(), AccessFs::ReadFile | AccessFs::ReadDir));
    let resolver: &[&str] = if allowed.calls.dns { &RESOLVER_FILES } else { &[] };
    let resolver = resolver.iter().map(|path| (Path::new(*path), AccessFs::ReadFile.into()));
    let scratch = allowed.scratch.map(|path| (path, write()));
    execute.chain(read).chain(resolver).chain(scratch).collect()
}

/// Whatever can be done with ordinary files and folders: nothing is executed, and no link, socket, pipe or device made.
fn write() -> BitFlags<AccessFs> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let make = AccessFs::MakeReg | AccessFs::MakeDir | AccessFs::Refer;
    read | make | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::RemoveFile | AccessFs::RemoveDir
}

fn open(path: &Path) -> io::Result<Option<(PathFd, bool)>> {
    match (std::fs::metadata(path), PathFd::new(path)) {
        (Ok(metadata), Ok(file)) => Ok(Some((file, metadata.is_dir()))),
        (Err(e), _) if e.kind() == io::ErrorKind::NotFound || e.kind() == io::ErrorKind::NotADirectory => Ok(None),
        (Err(e), _) => Err(e),
        (_, Err(e)) => Err(io::Error::other(e)),
    }
}

/// Puts the rules on the calling thread for good. Needs `no_new_privs`.
///
/// # Errors
/// landlock_restrict_self(2)'s.
pub fn restrict(ruleset: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: no pointers; the descriptor is live for the call.
    let answer = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The `errno` that opening `path` for reading is answered with; 0 where it succeeds.
pub fn errno_of_open(path: &str) -> i32 {
    File::open(path).map_or_else(|e| e.raw_os_error().unwrap_or(-1), |_| 0)
}
