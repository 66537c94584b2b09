//! One child of a forkserver of its own: what would stop a task's child stops this one, and it is told why.

use std::sync::Arc;

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
    let slots = Slots::planned(&recipe.jail, &recipe.seal);
    let forkserver = Forkserver::start(recipe).await?;
    let slots = slots.filter(|_| forkserver.needs_slots());
    let child = Child::fork(&forkserver, slots.as_ref(), true).await?;
    Ok(Trial { forkserver, child })
}
