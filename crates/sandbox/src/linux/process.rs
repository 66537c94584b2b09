//! Small things a process does to itself or to another: prctl(2), pidfds, descriptors.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::sys::prctl;
use nix::sys::signal::Signal;

fn check(answer: libc::c_long) -> io::Result<libc::c_long> {
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(answer) }
}

/// No other process of the same user may look into this one, and its `/proc` files belong to root.
///
/// # Errors
/// prctl(2)'s.
pub fn forbid_dumping() -> io::Result<()> {
    Ok(prctl::set_dumpable(false)?)
}

/// Overwrites the values of these environment variables where the kernel put them when the program was started: nobody who can
/// read this process's memory, or its `/proc/<pid>/environ`, finds them there. To this process they are empty from now on.
/// The answer is how many there were.
///
/// # Errors
/// Where this process has other threads, which could be reading; and what reading `/proc` answers.
pub fn scrub_environment(names: &[&str]) -> io::Result<usize> {
    unsafe extern "C" {
        static environ: *const *mut libc::c_char;
    }
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    if threads != 1 {
        return Err(io::Error::other(format!("{threads} threads are running already")));
    }
    let mut scrubbed = 0;
    // SAFETY: `environ` is null or an array of writable C strings that ends with a null pointer (environ(7)), and nobody else
    // reads or changes them, as there is one thread. Only bytes before a terminator are written.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let text = std::ffi::CStr::from_ptr(*entry).to_bytes();
            if let Some(name) = text.iter().position(|byte| *byte == b'=')
                && names.iter().any(|secret| secret.as_bytes() == &text[..name])
            {
                let len = text.len() - name - 1;
                for at in name + 1..name + 1 + len {
                    // Volatile, or the compiler might find that nobody reads it.
                    (*entry).add(at).write_volatile(0);
                }
                scrubbed += 1;
            }
            entry = entry.add(1);
        }
    }
    Ok(scrubbed)
}

/// The kernel ends this process when the *thread* that made it ends. Cleared by a change of credentials, so set it after.
///
/// # Errors
/// prctl(2)'s.
pub fn die_with_parent() -> io::Result<()> {
    Ok(prctl::set_pdeathsig(Signal::SIGKILL)?)
}

/// From now on no memory that was writable becomes executable, and none is both: a second layer below the filter's own rules.
/// Kernels before 6.3 do not have it.
///
/// # Errors
/// prctl(2)'s but EINVAL.
pub fn refuse_executable_memory() -> io::Result<()> {
    // linux/prctl.h
    const PR_SET_MDWE: libc::c_int = 65;
    const PR_MDWE_REFUSE_EXEC_GAIN: libc::c_ulong = 1;
    // SAFETY: prctl(2) takes no pointers here.
    let answer = unsafe { libc::prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0_u64, 0_u64, 0_u64) };
    match check(answer.into()) {
        Err(e) if e.raw_os_error() != Some(libc::EINVAL) => Err(e),
        _ => Ok(()),
    }
}

/// Orphans below this process become its children, not init's.
///
/// # Errors
/// prctl(2)'s.
pub fn adopt_orphans() -> io::Result<()> {
    Ok(prctl::set_child_subreaper(true)?)
}

/// A descriptor that names process `pid` for good, whatever becomes of the number (Linux 5.3).
///
/// # Errors
/// pidfd_open(2)'s.
pub fn pidfd_open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: the call takes no pointers; what it returns is a new descriptor nobody else owns.
    unsafe {
        let fd = check(libc::syscall(libc::SYS_pidfd_open, pid, 0))?;
        Ok(OwnedFd::from_raw_fd(RawFd::try_from(fd).map_err(io::Error::other)?))
    }
}

/// SIGKILL to the process a pidfd names. One that has ended already is fine.
///
/// # Errors
/// pidfd_send_signal(2)'s.
pub fn pidfd_kill(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is live for the call; the siginfo pointer may be null.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            libc::SIGKILL,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    match check(answer) {
        Err(e) if e.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other.map(drop),
    }
}

/// Whether this process may and can signal the process a pidfd names, which [`pidfd_kill`] needs. Nothing is sent.
///
/// # Errors
/// pidfd_send_signal(2)'s: ENOSYS before Linux 5.1, EPERM where a container's profile refuses the call.
pub fn pidfd_may_kill(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: the descriptor is live for the call; the siginfo pointer may be null.
    let answer = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), 0, std::ptr::null::<libc::siginfo_t>(), 0)
    };
    check(answer).map(drop)
}

/// Whether the process a pidfd names has not ended: its pidfd is not readable yet.
///
/// # Errors
/// poll(2)'s.
pub fn pidfd_is_alive(pidfd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(!readable_now(pidfd, libc::POLLIN)?)
}

/// Whether the other end of a socket is closed.
///
/// # Errors
/// poll(2)'s.
pub fn has_hung_up(socket: BorrowedFd<'_>) -> io::Result<bool> {
    readable_now(socket, libc::POLLRDHUP)
}

fn readable_now(fd: BorrowedFd<'_>, events: libc::c_short) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    // SAFETY: `poll` is one live pollfd.
    check(libc::c_long::from(unsafe { libc::poll(&raw mut poll, 1, 0) }))?;
    Ok(poll.revents & (events | libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0)
}

/// Marks every descriptor from `first` on close-on-exec (Linux 5.11).
///
/// # Errors
/// close_range(2)'s.
pub fn close_on_exec_from(first: u32) -> io::Result<()> {
    // SAFETY: no pointers, and nothing is closed in this process.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    check(answer).map(drop)
}

/// Closes the descriptors from `first` to `last`, both included (Linux 5.9).
///
/// # Errors
/// close_range(2)'s.
///
/// # Safety
/// Whoever owns a descriptor in the range must not use or close it any more: its number may be somebody else's soon.
pub unsafe fn close_range(first: u32, last: u32) -> io::Result<()> {
    // SAFETY: no pointers; the rest is the caller's promise.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) }).map(drop)
}

/// A copy of `bytes` in memory that has a descriptor, can be mapped but not executed as a program, and cannot be changed any
/// more.
///
/// `MFD_NOEXEC_SEAL` needs Linux 6.3, and some hosts demand it (`vm.memfd_noexec`); older kernels do without.
///
/// # Errors
/// memfd_create(2)'s, write(2)'s or fcntl(2)'s.
pub fn sealed_memfd(name: &std::ffi::CStr, bytes: &[u8]) -> io::Result<OwnedFd> {
    use std::io::Write as _;
    const MFD_NOEXEC_SEAL: libc::c_uint = 8;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: `name` is a C string that outlives the call.
    let create = |flags| unsafe { check(libc::c_long::from(libc::memfd_create(name.as_ptr(), flags))) };
    let fd = match create(flags | MFD_NOEXEC_SEAL) {
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => create(flags)?,
        other => other?,
    };
    // SAFETY: a new descriptor nobody else owns.
    let mut file = unsafe { std::fs::File::from_raw_fd(RawFd::try_from(fd).map_err(io::Error::other)?) };
    file.write_all(bytes)?;
    let seals = libc::F_SEAL_WRITE | libc::F_SEAL_GROW | libc::F_SEAL_SHRINK | libc::F_SEAL_SEAL;
    nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_ADD_SEALS(nix::fcntl::SealFlag::from_bits_retain(seals)))?;
    Ok(file.into())
}

/// How a child of this process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
}

/// The pid of a child that has ended and is not reaped yet, so that its number is still its own.
///
/// # Errors
/// waitid(2)'s but ECHILD, which counts as none.
pub fn ended_child() -> io::Result<Option<i32>> {
    // SAFETY: an all-zero siginfo_t is a valid value, and tells "nothing" if the call does not fill it.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: `info` is live and writable; its pid field is set for SIGCHLD.
    let (answer, pid) = unsafe { (libc::waitid(libc::P_ALL, 0, &raw mut info, options), info.si_pid()) };
    match answer {
        0 => Ok((pid != 0).then_some(pid)),
        _ => match io::Error::last_os_error() {
            e if e.raw_os_error() == Some(libc::ECHILD) => Ok(None),
            e => Err(e),
        },
    }
}

/// Reaps children that a dead child left behind, for a moment: they are killed at the same time as it is. Whoever waits for
/// another child of this process at the same time finds it gone, which [`reap`] takes for none.
pub fn reap_orphans() {
    for _ in 0..20 {
        while let Ok(Some(_)) = reap(-1, libc::WNOHANG) {}
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// SIGKILL to all of process group `leader`. One that has nobody in it is fine.
pub fn kill_group(leader: i32) {
    let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(leader), Signal::SIGKILL);
}

/// Waits for `pid`, or with `WNOHANG` looks.
///
/// # Errors
/// waitpid(2)'s but ECHILD, which counts as none.
pub fn reap(pid: i32, flags: libc::c_int) -> io::Result<Option<(i32, Ended)>> {
    let mut status = 0;
    // SAFETY: `status` is a live int.
    let pid = unsafe { libc::waitpid(pid, &raw mut status, flags | libc::__WALL) };
    match pid {
        0 => Ok(None),
        -1 => match io::Error::last_os_error() {
            e if e.raw_os_error() == Some(libc::ECHILD) => Ok(None),
            e => Err(e),
        },
        pid if libc::WIFSIGNALED(status) => Ok(Some((pid, Ended::Signaled(libc::WTERMSIG(status))))),
        pid => Ok(Some((pid, Ended::Exited(libc::WEXITSTATUS(status))))),
    }
}
