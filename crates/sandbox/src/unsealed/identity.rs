//! No identities but the runner's own.

use super::unavailable;
use crate::layer::{Layer, Refusal};
use crate::plan::SlotUids;

/// Supplementary groups stay.
pub fn may_set_groups() -> bool {
    false
}

/// Never a range.
///
/// # Errors
/// Always.
pub fn slot_uids(_count: u32) -> Result<SlotUids, Refusal> {
    Err(unavailable(Layer::SlotUids))
}
