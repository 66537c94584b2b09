//! A child's seal, step by step, put on by the extension right after the fork and before any user byte has come.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask};
use thiserror::Error;

use super::scratch::{self, Room};
use super::{abilities, identity, landlock, limits, process, seccomp, trap};
use crate::layer::Refusal;
use crate::plan::{Calls, FileRules, Sabotage, SealPlan, Slot};
pub use crate::socket_of_task::{LandlockAnswers, TASK_SOCKET, task_socket};

/// A step that failed. The child must end.
#[derive(Debug, Error)]
#[error("the child could not be sealed: {step}: {error}")]
pub struct SealError {
    step: &'static str,
    error: io::Error,
}

/// All that can be made once, in the forkserver, for all its children.
#[derive(Debug)]
pub struct Seal {
    plan: SealPlan,
    program: Option<seccomp::Program>,
    ruleset: Option<OwnedFd>,
    /// What is free in a scratch folder that is empty.
    room: Option<Room>,
    canary: File,
    forkserver: i32,
}

impl Seal {
    /// Builds the ruleset and the filter. The canary is `/dev/null`, which the forkserver may open and a child may not.
    ///
    /// # Errors
    /// A refusal that names the layer.
    pub fn prepare(plan: SealPlan) -> Result<Self, Refusal> {
        abilities::check_seal(&plan)?;
        let report = "report this with the output of `palisade check`";
        let program = if plan.seccomp {
            let build = || {
                let arch = seccomp::Arch::native()?;
                seccomp::task(&seccomp::Profile::shipped(arch)?, arch, plan.calls)
            };
            Some(build().map_err(|e| super::jail::seccomp_refusal(&e))?)
        } else {
            None
        };
        let ruleset = if plan.landlock { Some(ruleset(&plan, None)?) } else { None };
        let room = match &plan.scratch {
            None => None,
            Some(scratch) => Some(Room::of(&scratch.folder(0)).map_err(|e| {
                Refusal::new(
                    crate::layer::Layer::MountNamespace,
                    format!("the scratch folders are not there: {e}"),
                    report,
                )
            })?),
        };
        let canary = File::open("/dev/null")
            .map_err(|e| Refusal::new(crate::layer::Layer::Landlock, format!("/dev/null: {e}"), report))?;
        let seal = Self { plan, program, ruleset, room, canary, forkserver: nix::unistd::getpid().as_raw() };
        // The probe must be able to fail: without the child's own rules the canary opens.
        match seal.open_canary() {
            0 => Ok(seal),
            errno => Err(Refusal::new(
                crate::layer::Layer::Landlock,
                format!("/proc/self/fd cannot be used to try it (errno {errno})"),
                "mount /proc in the container",
            )),
        }
    }

    fn open_canary(&self) -> i32 {
        landlock::errno_of_open(&format!("/proc/self/fd/{}", self.canary.as_raw_fd()))
    }

    fn spared(&self, step: Sabotage) -> bool {
        self.plan.sabotage.contains(&step)
    }

    /// Seals the calling process, which must have one thread, keeping only `socket`, as [`TASK_SOCKET`]. `on_trap` is as in
    /// [`trap::report_to`].
    ///
    /// # Errors
    /// The step that failed; the process is then good for nothing but ending.
    pub fn apply(
        &self,
        socket: BorrowedFd<'_>,
        slot: Slot,
        on_trap: fn(i64),
    ) -> Result<Option<LandlockAnswers>, SealError> {
        let step = |step: &'static str| move |error: io::Error| SealError { step, error };
        let folder = self.scratch_folder(slot).map_err(step("scratch"))?;
        // While the paths can be opened: not every user may pass through all folders on the way.
        let own = match &folder {
            Some(folder) if self.plan.landlock => {
                let own = ruleset(&self.plan, Some(folder)).map_err(io::Error::other).map_err(step("landlock"))?;
                Some(own)
            }
            _ => None,
        };
        process::forbid_dumping().map_err(step("dumpable"))?;
        reset_signals().map_err(step("signals"))?;
        nix::unistd::setsid().map_err(io::Error::from).map_err(step("setsid"))?;
        let umask = if folder.is_some() { 0o077 } else { 0o777 };
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(umask));
        keep_socket(socket).map_err(step("descriptors"))?;

        self.change_identity(slot.uid)?;
        let home = folder.as_deref().unwrap_or(Path::new("/"));
        nix::unistd::chdir(home).map_err(io::Error::from).map_err(step("chdir"))?;
        if let Some(folder) = &folder {
            occupy_standard_descriptors(folder).map_err(step("standard descriptors"))?;
        }
        // After the last change of credentials, which clears it; and the parent may have died before it was set.
        process::forbid_dumping().map_err(step("dumpable"))?;
        process::die_with_parent().map_err(step("parent-death signal"))?;
        // A part of what the filter does, and off with it.
        if self.plan.seccomp {
            process::refuse_executable_memory().map_err(step("executable memory"))?;
        }
        if nix::unistd::getppid().as_raw() != self.forkserver {
            return Err(SealError { step: "parent", error: io::Error::other("the forkserver is gone") });
        }

        let answers = self.restrict_files(own.as_ref()).map_err(step("landlock"))?;
        let first_after_socket = u32::try_from(TASK_SOCKET + 1).unwrap_or(u32::MAX);
        drop(own);
        // SAFETY: the forkserver's objects that own these descriptors are never used or dropped in a child: it ends by
        // _exit(2). `ruleset` and `canary` were needed for the last time.
        unsafe { process::close_range(first_after_socket, u32::MAX) }.map_err(step("descriptors"))?;
        // Before the limits, which would refuse it.
        if self.spared(Sabotage::Thread) {
            let sleep = || std::thread::sleep(std::time::Duration::from_hours(1));
            std::thread::Builder::new().spawn(sleep).map_err(step("thread"))?;
        }
        if let Some(limits) = self.plan.limits.filter(|_| !self.spared(Sabotage::Rlimits)) {
            limits::apply(&limits).map_err(step("rlimits"))?;
        }
        trap::report_to(on_trap).map_err(step("trap handler"))?;
        if let Some(program) = self.program.as_ref().filter(|_| !self.spared(Sabotage::Seccomp)) {
            seccomp::install(program).map_err(|e| SealError { step: "seccomp", error: io::Error::other(e) })?;
        }
        Ok(answers)
    }

    /// The folder of a slot's child; an error where one is planned and the slot has none, or the other way round.
    fn scratch_folder(&self, slot: Slot) -> io::Result<Option<PathBuf>> {
        match (&self.plan.scratch, slot.scratch) {
            (None, None) => Ok(None),
            (Some(scratch), Some(number)) if number < scratch.folders => Ok(Some(scratch.folder(number))),
            (_, number) => Err(io::Error::other(format!("no scratch folder of number {number:?} was planned"))),
        }
    }

    /// What user code's environment tells of its scratch folder.
    pub fn environment(&self, slot: Slot) -> Vec<(String, String)> {
        let Ok(Some(folder)) = self.scratch_folder(slot) else { return Vec::new() };
        let folder = folder.to_string_lossy().into_owned();
        ["TMPDIR", "HOME"].map(|name| (name.to_owned(), folder.clone())).into()
    }

    /// Whether nothing is left in the scratch folder of a slot whose child was reaped, as the folder's file system counts.
    pub fn is_empty(&self, slot: Slot) -> bool {
        match self.scratch_folder(slot) {
            Ok(None) => true,
            Ok(Some(folder)) => Room::of(&folder).ok() == self.room,
            Err(_) => false,
        }
    }

    /// Starts a process that empties the scratch folder of a slot whose child was reaped: as the slot's user, with no other
    /// right. Returns its pid; whether it succeeded, [`Seal::is_empty`] tells after its end.
    ///
    /// # Errors
    /// fork(2)'s.
    pub fn start_emptying(&self, slot: Slot) -> io::Result<i32> {
        if self.spared(Sabotage::Emptying) {
            return Err(io::Error::other("left out"));
        }
        // SAFETY: the forkserver has one thread, so its copy is whole and may allocate; it never returns to the caller's code
        // and ends by _exit(2), so nothing of the forkserver's is dropped.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                let emptied = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.empty(slot)));
                // SAFETY: _exit(2) takes no pointers.
                unsafe { libc::_exit(i32::from(!matches!(emptied, Ok(Ok(()))))) }
            }
            pid => Ok(pid),
        }
    }

    fn empty(&self, slot: Slot) -> io::Result<()> {
        let Some(folder) = self.scratch_folder(slot)? else { return Ok(()) };
        let allowed = landlock::Allowed {
            files: &FileRules::default(),
            calls: Calls::strict(),
            connect_tcp: &[],
            scratch: Some(&folder),
        };
        let ruleset =
            if self.plan.landlock { Some(landlock::ruleset(&allowed).map_err(io::Error::other)?) } else { None };
        reset_signals()?;
        if let Some(uid) = slot.uid {
            identity::become_user(uid)?;
        }
        identity::clear_capabilities()?;
        process::forbid_dumping()?;
        process::die_with_parent()?;
        if let Some(ruleset) = &ruleset {
            landlock::restrict(ruleset.as_fd())?;
        }
        scratch::bound_time()?;
        scratch::empty(&folder)
    }

    fn change_identity(&self, uid: Option<u32>) -> Result<(), SealError> {
        let step = |step: &'static str| move |error: io::Error| SealError { step, error };
        if self.spared(Sabotage::Groups) {
            identity::join_group(uid.unwrap_or(1)).map_err(step("setgroups"))?;
        }
        if self.spared(Sabotage::Capabilities) {
            nix::sys::prctl::set_keepcaps(true).map_err(io::Error::from).map_err(step("keepcaps"))?;
        }
        if let Some(uid) = uid.filter(|_| !self.spared(Sabotage::Identity)) {
            identity::become_user(uid).map_err(step("setresuid"))?;
        }
        if !self.spared(Sabotage::Capabilities) {
            identity::clear_capabilities().map_err(step("capset"))?;
        }
        Ok(())
    }

    fn restrict_files(&self, own: Option<&OwnedFd>) -> io::Result<Option<LandlockAnswers>> {
        let Some(ruleset) = own.or(self.ruleset.as_ref()) else { return Ok(None) };
        if !self.spared(Sabotage::Landlock) {
            landlock::restrict(ruleset.as_fd())?;
        }
        Ok(Some(LandlockAnswers {
            root: landlock::errno_of_open("/"),
            exe: landlock::errno_of_open("/proc/self/exe"),
            canary: self.open_canary(),
        }))
    }
}

/// What a child may open and connect to, with `folder` to write in.
fn ruleset(plan: &SealPlan, folder: Option<&Path>) -> Result<OwnedFd, Refusal> {
    landlock::ruleset(&landlock::Allowed {
        files: &plan.files,
        calls: plan.calls,
        connect_tcp: &plan.connect_tcp,
        scratch: folder,
    })
}

/// No handler of the interpreter's, nothing blocked. A write to a closed socket, or beyond the largest file, is an error, not a
/// death.
fn reset_signals() -> io::Result<()> {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in Signal::iterator() {
        if signal != Signal::SIGKILL && signal != Signal::SIGSTOP {
            // SAFETY: setting the default action installs no code of ours.
            unsafe { sigaction(signal, &default) }?;
        }
    }
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    for signal in [Signal::SIGPIPE, Signal::SIGXFSZ] {
        // SAFETY: as above.
        unsafe { sigaction(signal, &ignore) }?;
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(())
}

/// A process that opens files should not get the numbers of standard input and output for them; sqlite refuses to work with
/// such. They lead to the process's own folder, for reading.
fn occupy_standard_descriptors(folder: &Path) -> io::Result<()> {
    for number in 0..3 {
        let opened = File::open(folder)?.into_raw_fd();
        if opened != number {
            return Err(io::Error::other(format!("descriptor {opened} was free, not {number}")));
        }
    }
    Ok(())
}

/// Moves the socket to its place and closes what lies below it. What lies above is closed after Landlock was tried.
fn keep_socket(socket: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is live; TASK_SOCKET is overwritten on purpose: the forkserver may have its control socket there,
    // and no child may have that. dup2(2) onto itself does nothing.
    if unsafe { libc::dup2(socket.as_raw_fd(), TASK_SOCKET) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: standard input and output belong to nobody; the interpreter's file objects for them are gone.
    unsafe { process::close_range(0, 2) }
}
