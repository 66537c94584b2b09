//! No jail: each layer that is wanted is missing, and one that is required stops everything.

use super::unavailable;
use crate::layer::{Layer, Mode, Outcome, Outcomes, Refusal};
use crate::plan::JailPlan;

/// Tells of every layer that it is missing.
///
/// # Errors
/// The first layer that is required.
pub fn enter(plan: &JailPlan) -> Result<Vec<Outcome>, Refusal> {
    let modes = &plan.modes;
    let mut outcomes = Outcomes::default();
    for (layer, mode) in [
        (Layer::Landlock, modes.landlock),
        (Layer::Seccomp, modes.seccomp),
        (Layer::NoNewPrivs, modes.no_new_privs),
        (Layer::Rlimits, modes.rlimits),
        // Never required of a build that can do nothing about it: what is required is refused before.
        (Layer::Capabilities, Mode::BestEffort),
        (Layer::UserNamespace, modes.user_namespace),
        (Layer::PidNamespace, modes.pid_namespace),
        (Layer::NetNamespace, modes.net_namespace),
        (Layer::IpcNamespace, modes.ipc_namespace),
        (Layer::MountNamespace, modes.mount_namespace),
    ] {
        outcomes.apply(layer, mode, || Err(unavailable(layer)))?;
    }
    Ok(outcomes.0)
}
