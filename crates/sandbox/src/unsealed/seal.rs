//! No seal: a child keeps one descriptor, and that is all.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use thiserror::Error;

use crate::layer::Refusal;
use crate::plan::{SealPlan, Slot};
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
    /// A refusal of what nothing would bound here.
    pub fn prepare(SealPlan { scratch, .. }: SealPlan) -> Result<Self, Refusal> {
        if scratch.is_some() {
            return Err(super::unavailable(crate::layer::Layer::MountNamespace));
        }
        Ok(Self(()))
    }

    /// Nobody has a scratch folder.
    pub fn environment(&self, _slot: Slot) -> Vec<(String, String)> {
        Vec::new()
    }

    /// There is none.
    pub fn is_empty(&self, _slot: Slot) -> bool {
        true
    }

    /// Never.
    ///
    /// # Errors
    /// Always.
    pub fn start_emptying(&self, _slot: Slot) -> io::Result<i32> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Moves the socket to its number and closes all others.
    ///
    /// # Errors
    /// dup2(2)'s or close_range(2)'s.
    pub fn apply(
        &self,
        socket: BorrowedFd<'_>,
        _slot: Slot,
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
