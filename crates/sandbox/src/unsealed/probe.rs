//! Nothing is asked of a host that cannot seal.

use super::unavailable;
use crate::layer::{Layer, Refusal};

/// The system's name.
pub fn kernel() -> String {
    std::env::consts::OS.to_owned()
}

/// None.
pub fn landlock_abi() -> Option<i32> {
    None
}

/// Never.
///
/// # Errors
/// Always.
pub fn landlock() -> Result<String, Refusal> {
    Err(unavailable(Layer::Landlock))
}

/// None known, and none missed.
pub fn seccomp_actions() -> (Vec<&'static str>, Vec<&'static str>) {
    (Vec::new(), Vec::new())
}

/// There are none to show.
pub fn shows_seccomp_filters() -> bool {
    false
}

/// Not known.
pub fn has_no_new_privs() -> bool {
    false
}

/// Not known.
pub fn capabilities() -> Vec<String> {
    Vec::new()
}
