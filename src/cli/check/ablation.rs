//! One step of the seal left out at a time: the verification has to notice each, and by the right sign.

use std::time::Duration;

use palisade_channel::control::Modules;
use palisade_sandbox::layer::{Layer, Outcome, Refusal};
use palisade_sandbox::plan::Sabotage;
use palisade_sandbox::probe;
use palisade_sandbox::verify::NotVerified;
use tokio::time::timeout;

use super::report::{Check, REQUIRED};
use crate::forkserver::{Recipe, StartError};
use crate::pool::{TrialError, Unfit, trial};

const NAME: &str = "ablation";

/// For one step; nothing is imported, so this is far more than it takes.
const WITHIN: Duration = Duration::from_secs(30);

/// Each step, and the layer that has to be in force for it to make a difference.
const STEPS: [(Sabotage, Option<Layer>); 9] = [
    (Sabotage::Landlock, Some(Layer::Landlock)),
    (Sabotage::Seccomp, Some(Layer::Seccomp)),
    (Sabotage::StartupFilter, Some(Layer::Seccomp)),
    (Sabotage::NoNewPrivs, Some(Layer::NoNewPrivs)),
    (Sabotage::Rlimits, Some(Layer::Rlimits)),
    (Sabotage::Capabilities, Some(Layer::SlotUids)),
    (Sabotage::Identity, Some(Layer::SlotUids)),
    (Sabotage::Groups, Some(Layer::SlotUids)),
    (Sabotage::Thread, None),
];

/// What came of leaving one step out.
enum Came {
    /// It was noticed, so.
    Noticed(String),
    /// Nobody noticed.
    Unnoticed,
    /// It cannot be left out here: the host has put it on already.
    Moot(&'static str),
    /// Something else went wrong, so nothing is shown.
    Unclear(String),
}

/// Leaves out every step that makes a difference for `recipe`, of which a child was verified before.
pub(super) async fn row(recipe: &Recipe, layers: &[Outcome]) -> Check {
    let held = |layer: Layer| layers.iter().any(|outcome| outcome.layer == layer && outcome.state.is_held());
    let mut all = Vec::new();
    for (step, layer) in STEPS {
        if step == Sabotage::NoNewPrivs && probe::has_no_new_privs() {
            all.push((name(step), Came::Moot("cannot be, as the runner itself was started with it")));
        } else if layer.is_none_or(held) {
            all.push((name(step), without(recipe, step).await));
        }
    }
    judged(&all)
}

/// Where there is no child to take anything from.
pub(super) fn not_tried() -> Check {
    Check::not_tried(NAME, REQUIRED, "")
}

async fn without(recipe: &Recipe, step: Sabotage) -> Came {
    let mut recipe = recipe.clone();
    if step == Sabotage::Thread {
        // Else the start-up filter refuses it, which would show nothing about the verification.
        recipe.seal.calls.threads = true;
    }
    match step {
        Sabotage::StartupFilter | Sabotage::NoNewPrivs => recipe.jail.sabotage.push(step),
        _ => recipe.seal.sabotage.push(step),
    }
    recipe.preparation.preload.clear();
    recipe.preparation.preload_stdlib_extensions = false;
    recipe.preparation.stdlib = Modules::Only(Vec::new());
    recipe.preparation.external = Modules::Only(Vec::new());
    match timeout(WITHIN, trial(recipe)).await {
        Err(_) => Came::Unclear(format!("nothing was ready within {} s", WITHIN.as_secs())),
        Ok(Ok(_)) => Came::Unnoticed,
        Ok(Err(error)) if is_sign_of(step, &error) => Came::Noticed(sign(&error)),
        Ok(Err(error)) => Came::Unclear(error.to_string()),
    }
}

/// Whether this is the error that leaving out this step has to give. Any other could be an accident.
fn is_sign_of(step: Sabotage, error: &TrialError) -> bool {
    let differs = |fields: &[&str]| match error {
        TrialError::Child(Unfit::NotVerified(NotVerified::Differs { field, .. })) => fields.contains(field),
        _ => false,
    };
    match step {
        Sabotage::Landlock => matches!(error, TrialError::Child(Unfit::Landlock(_))),
        Sabotage::Seccomp => differs(&["Seccomp", "Seccomp_filters"]),
        Sabotage::StartupFilter => matches!(error, TrialError::Start(StartError::Failed { stage: "verification", .. })),
        // Without privileges the kernel itself refuses what builds on it.
        Sabotage::NoNewPrivs => {
            let refused = [Layer::Landlock, Layer::Seccomp];
            differs(&["NoNewPrivs"])
                || matches!(error, TrialError::Start(StartError::Refused(Refusal { layer, .. })) if refused.contains(layer))
        }
        Sabotage::Rlimits => matches!(error, TrialError::Child(Unfit::NotVerified(NotVerified::Limit(_)))),
        Sabotage::Capabilities => differs(&["CapInh", "CapPrm", "CapEff", "CapAmb"]),
        Sabotage::Identity => differs(&["Uid"]),
        Sabotage::Groups => differs(&["Groups"]),
        Sabotage::Thread => differs(&["Threads"]),
        // No child's seal shows it; the next child's folder does.
        Sabotage::Emptying => false,
    }
}

/// What was noticed, without the introduction it has in a log.
fn sign(error: &TrialError) -> String {
    match error {
        TrialError::Child(Unfit::NotVerified(difference)) => difference.to_string(),
        TrialError::Child(Unfit::Landlock(answer)) => format!("Landlock {answer}"),
        TrialError::Start(StartError::Refused(refusal)) => format!("{}: {}", refusal.layer, refusal.found),
        TrialError::Start(StartError::Failed { cause, .. }) => format!("the forkserver was refused: {cause}"),
        other => other.to_string(),
    }
}

fn name(step: Sabotage) -> &'static str {
    match step {
        Sabotage::Landlock => "without the child's Landlock rules",
        Sabotage::Seccomp => "without the task filter",
        Sabotage::StartupFilter => "without the start-up filter",
        Sabotage::NoNewPrivs => "without no_new_privs",
        Sabotage::Rlimits => "without resource limits",
        Sabotage::Capabilities => "with the forkserver's capabilities",
        Sabotage::Identity => "with the forkserver's user id",
        Sabotage::Groups => "with a supplementary group",
        Sabotage::Thread => "with a second thread",
        Sabotage::Emptying => "with scratch folders that nobody empties",
    }
}

fn judged(all: &[(&'static str, Came)]) -> Check {
    let (mut noticed, mut unnoticed, mut unclear) = (0, 0, 0);
    let mut details = Vec::new();
    for (name, came) in all {
        details.push(match came {
            Came::Noticed(how) => {
                noticed += 1;
                format!("{name}: {how}")
            }
            Came::Moot(why) => format!("{name}: {why}"),
            Came::Unnoticed => {
                unnoticed += 1;
                format!("{name}: NOT NOTICED")
            }
            Came::Unclear(error) => {
                unclear += 1;
                format!("{name}: not shown, for another reason: {error}")
            }
        });
    }
    let row = if unnoticed > 0 {
        let found = format!("{unnoticed} of {} steps can be left out unnoticed", all.len());
        Check::fail(NAME, found, "run nothing here that you do not trust, and report this with all of this table")
    } else if unclear > 0 {
        let found = format!("for {unclear} of {} steps it was not shown that leaving them out is noticed", all.len());
        Check::caution(NAME, REQUIRED, found, "run this again; if it stays, report it with all of this table")
    } else if noticed == 0 {
        Check::caution(NAME, REQUIRED, "there was nothing to leave out", "require more layers in the policy")
    } else {
        Check::pass(NAME, REQUIRED, format!("{noticed} steps left out, one at a time: each was noticed"))
    };
    row.with(details)
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    #[test]
    fn only_the_right_sign_counts() {
        let differs = |field| {
            TrialError::from(Unfit::NotVerified(NotVerified::Differs { field, found: "0".into(), planned: "1".into() }))
        };
        assert!(is_sign_of(Sabotage::Seccomp, &differs("Seccomp")));
        assert!(!is_sign_of(Sabotage::Seccomp, &differs("Threads")));
        assert!(!is_sign_of(Sabotage::Landlock, &differs("Seccomp")));
        let accident = TrialError::from(Unfit::Fork("no memory".into()));
        for (step, _) in STEPS {
            assert!(!is_sign_of(step, &accident), "{}", name(step));
        }
    }

    #[test]
    fn one_unnoticed_step_fails_it_all() {
        let noticed = || ("a", Came::Noticed("so".into()));
        let unclear = || ("b", Came::Unclear("hm".into()));
        let grade = |all: &[(&'static str, Came)]| judged(all).result;
        assert_eq!(grade(&[noticed()]), Grade::Pass);
        assert_eq!(grade(&[noticed(), unclear()]), Grade::Caution);
        assert_eq!(grade(&[noticed(), ("d", Came::Moot("set"))]), Grade::Pass);
        assert_eq!(grade(&[("d", Came::Moot("set"))]), Grade::Caution);
        assert_eq!(grade(&[noticed(), unclear(), ("c", Came::Unnoticed)]), Grade::Fail);
    }
}
