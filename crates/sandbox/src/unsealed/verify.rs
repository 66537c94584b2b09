//! Nothing to verify: what was not put on is not looked for. The engine has refused to start unless told otherwise.

pub use crate::expectation::{Expectation, NotVerified, Seen};

/// A process of which nothing is known.
#[derive(Debug, Clone)]
pub struct Status(());

impl Status {
    /// Nothing is read.
    ///
    /// # Errors
    /// Never.
    pub fn of(_pid: i32) -> Result<Self, NotVerified> {
        Ok(Self(()))
    }

    /// Nothing is read.
    ///
    /// # Errors
    /// Never.
    pub fn own() -> Result<Self, NotVerified> {
        Ok(Self(()))
    }

    /// Not known.
    ///
    /// # Errors
    /// Always: nobody may rely on it.
    pub fn seccomp_filters(&self) -> Result<u32, NotVerified> {
        Err(NotVerified::Absent("Seccomp_filters"))
    }

    /// No capability is ruled out.
    ///
    /// # Errors
    /// Never.
    pub fn bounding(&self) -> Result<u64, NotVerified> {
        Ok(u64::MAX)
    }

    /// Not known.
    ///
    /// # Errors
    /// Never.
    pub fn groups(&self) -> Result<Vec<u32>, NotVerified> {
        Ok(Vec::new())
    }

    /// Taken to be one.
    ///
    /// # Errors
    /// Never.
    pub fn threads(&self) -> Result<u32, NotVerified> {
        Ok(1)
    }

    /// Not known.
    ///
    /// # Errors
    /// Always: nobody may rely on it.
    pub fn address_space(&self) -> Result<u64, NotVerified> {
        Err(NotVerified::Absent("VmSize"))
    }

    /// Not known, so no task is ended for it.
    ///
    /// # Errors
    /// Never.
    pub fn footprint(&self) -> Result<u64, NotVerified> {
        Ok(0)
    }
}

/// Passes: nothing was promised of the process.
///
/// # Errors
/// Never.
pub fn verify(_pid: i32, _expected: &Expectation) -> Result<Seen, NotVerified> {
    Ok(Seen { footprint: 0 })
}
