//! No scratch folders.

use std::path::PathBuf;

use super::unavailable;
use crate::layer::{Layer, Refusal};
use crate::plan::JailPlan;

/// Never a place.
///
/// # Errors
/// Always.
pub fn place(_jail: &JailPlan) -> Result<PathBuf, Refusal> {
    Err(unavailable(Layer::MountNamespace))
}
