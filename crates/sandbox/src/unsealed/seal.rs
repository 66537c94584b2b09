//! No seal: a child keeps one descriptor, and that is all.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use thiserror::Error;

use crate::layer::Refusal;
use crate::plan::SealPlan;
pub use crate::socket_of_task::{LandlockAnswers, TASK_SOCKET, task_socket};

/// The child could not be set up.
#[derive(Debug, Error)]
#[error("the child could not be set up: {0}")]
pub struct SealError(#[from] io::Error);

/// Nothing to put on.
#[derive(Debug)]
pub struct Seal(());

impl Seal {
    /// Nothing to prepare.
    ///
    /// # Errors
    /// Never.
    pub fn prepare(_plan: SealPlan) -> Result<Self, Refusal> {
        Ok(Self(()))
    }

    /// Moves the socket to its number and closes all others.
    ///
    /// # Errors
    /// dup2(2)'s or close_range(2)'s.
    pub fn apply(
        &self,
        socket: BorrowedFd<'_>,
        _uid: Option<u32>,
        _on_trap: fn(i64),
    ) -> Result<Option<LandlockAnswers>, SealError> {
        super::process::die_with_parent()?;
        // SAFETY: the descriptor is live; TASK_SOCKET is overwritten on purpose, no child may have what the forkserver has
        // there. dup2(2) onto itself does nothing.
        if unsafe { libc::dup2(socket.as_raw_fd(), TASK_SOCKET) } < 0 {
            return Err(io::Error::last_os_error().into());
        }
        // SAFETY: the forkserver's objects that own these descriptors are never used or dropped in a child: it ends by
        // _exit(2).
        unsafe {
            super::process::close_range(0, 2)?;
            super::process::close_range(4, u32::MAX)?;
        }
        Ok(None)
    }
}
