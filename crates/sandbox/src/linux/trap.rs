//! Trapped system calls: a handler that names the call and ends the process.

use std::sync::atomic::{AtomicPtr, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// Exit code of a process that made a trapped call: 128 + SIGSYS, as a shell shows it.
pub const EXIT_CODE: i32 = 128 + libc::SIGSYS;

static REPORT: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// From now on a trapped call runs `report` with its number and ends the process. `report` runs inside a signal handler: it
/// must be async-signal-safe (signal-safety(7)).
///
/// # Errors
/// sigaction(2)'s.
pub fn report_to(report: fn(i64)) -> std::io::Result<()> {
    REPORT.store(report as *mut (), Ordering::SeqCst);
    let action = SigAction::new(SigHandler::SigAction(handle), SaFlags::SA_NODEFER, SigSet::empty());
    // SAFETY: `handle` does nothing that is not async-signal-safe but what the caller promises of `report`.
    unsafe { sigaction(Signal::SIGSYS, &action) }?;
    Ok(())
}

extern "C" fn handle(_signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    /// The start of `siginfo_t` for SIGSYS (sigaction(2)); libc does not name `si_syscall`.
    #[repr(C)]
    struct SysInfo {
        signo: i32,
        errno: i32,
        code: i32,
        address: *const libc::c_void,
        syscall: i32,
    }
    // SAFETY: the kernel passes a whole siginfo_t, which begins with these fields for SIGSYS.
    let syscall = unsafe { (*info.cast::<SysInfo>()).syscall };
    let report = REPORT.load(Ordering::SeqCst);
    if !report.is_null() {
        // SAFETY: only `report_to` stores here, and it stores a `fn(i64)`.
        let report = unsafe { std::mem::transmute::<*mut (), fn(i64)>(report) };
        report(i64::from(syscall));
    }
    // SAFETY: _exit(2) never returns and is async-signal-safe.
    unsafe { libc::_exit(EXIT_CODE) }
}
