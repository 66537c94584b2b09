//! What a sealed child is left with, and what it has to say of its seal; the same in every build.

use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// The one descriptor a sealed child has: its socket to the supervisor.
pub const TASK_SOCKET: RawFd = 3;

/// What Landlock answered when it was tried; see the channel's message of the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LandlockAnswers {
    /// `errno` of opening `/`.
    pub root: i32,
    /// `errno` of opening the interpreter.
    pub exe: i32,
    /// `errno` of opening the canary again through its descriptor.
    pub canary: i32,
}

/// The child's socket, after `Seal::apply`.
///
/// # Safety
/// To be called once in a sealed child, and by nobody else who owns the descriptor.
pub unsafe fn task_socket() -> OwnedFd {
    // SAFETY: the caller's promise.
    unsafe { OwnedFd::from_raw_fd(TASK_SOCKET) }
}
