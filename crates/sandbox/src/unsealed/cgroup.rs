//! No cgroups.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::unavailable;
use crate::layer::{Layer, Refusal};

/// What each child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// Bytes beyond what it holds when it is sealed.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
}

/// There is none.
#[derive(Debug)]
pub struct Groups(Infallible);

/// There is none.
#[derive(Debug)]
pub struct Group(Infallible);

impl Drop for Group {
    fn drop(&mut self) {
        match self.0 {}
    }
}

impl Groups {
    /// Never.
    ///
    /// # Errors
    /// Always.
    pub fn take_over(_limits: GroupLimits) -> Result<Arc<Self>, Refusal> {
        Err(unavailable(Layer::Cgroup))
    }

    /// Nowhere.
    pub fn folder(&self) -> &Path {
        match self.0 {}
    }

    /// Never.
    ///
    /// # Errors
    /// None, as there is nothing to call it on.
    pub fn hold(self: &Arc<Self>, _pid: i32, _baseline: u64) -> io::Result<Group> {
        match self.0 {}
    }
}
