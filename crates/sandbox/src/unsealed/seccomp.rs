//! No filters.

use thiserror::Error;

use crate::plan::Calls;

/// There are no filters here.
#[derive(Debug, Error)]
#[error("this build of Palisade has no system-call filters")]
pub struct SeccompError;

/// An architecture with a profile: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arch {}

/// A profile: none.
#[derive(Debug)]
pub enum Profile {}

/// A filter: none.
#[derive(Debug)]
pub enum Program {}

impl Arch {
    /// Never one.
    ///
    /// # Errors
    /// Always.
    pub const fn native() -> Result<Self, SeccompError> {
        Err(SeccompError)
    }

    /// Of no architecture, no call.
    pub fn name(self, _number: i64) -> Option<&'static str> {
        match self {}
    }
}

impl Profile {
    /// Never one.
    ///
    /// # Errors
    /// Always.
    pub fn shipped(_arch: Arch) -> Result<Self, SeccompError> {
        Err(SeccompError)
    }

    /// Of no profile, no call.
    pub fn traps(&self, _syscall: &str) -> bool {
        match *self {}
    }

    /// Of no profile, no call.
    pub fn trapped(&self) -> Vec<String> {
        match *self {}
    }
}

/// Never a filter.
///
/// # Errors
/// Always.
pub fn no_exec(_profile: &Profile, _arch: Arch) -> Result<Program, SeccompError> {
    Err(SeccompError)
}

/// Never a filter.
///
/// # Errors
/// Always.
pub fn task(_profile: &Profile, _arch: Arch, _calls: Calls) -> Result<Program, SeccompError> {
    Err(SeccompError)
}

/// Never installed.
///
/// # Errors
/// Always.
pub fn install(_program: &Program) -> Result<(), SeccompError> {
    Err(SeccompError)
}
