//! One child of a forkserver of its own: what would stop a task's child stops this one, and it is told why.

use std::sync::Arc;

use palisade_sandbox::layer::Layer;
use palisade_sandbox::plan::SlotUids;
use thiserror::Error;

use super::child::{Child, Unfit};
use crate::forkserver::slots::Slots;
use crate::forkserver::{Forkserver, Recipe, StartError};

/// A child that was sealed and verified as any other. It gets no task.
#[derive(Debug)]
pub struct Trial {
    /// What it came from.
    pub forkserver: Arc<Forkserver>,
    /// The child.
    pub child: Child,
}

/// Why there is no such child.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrialError {
    /// There is no forkserver.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The child is not as planned.
    #[error(transparent)]
    Child(#[from] Unfit),
}

/// Starts a forkserver, forks one child, and verifies it.
///
/// # Errors
/// [`TrialError`].
pub async fn trial(recipe: Recipe) -> Result<Trial, TrialError> {
    let range = recipe.jail.slot_uids;
    let forkserver = Forkserver::start(recipe).await?;
    let range = range.filter(|_| forkserver.holds(Layer::SlotUids));
    let slots = range.map(|SlotUids { first, count }| Slots::new(first, count));
    let child = Child::fork(&forkserver, slots.as_ref()).await?;
    Ok(Trial { forkserver, child })
}
