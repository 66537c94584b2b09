//! A real child: started as a task's is, sealed, and verified from outside.

use std::time::Duration;

use palisade_policy::Policy;
use palisade_sandbox::layer::{Layer, Outcome, Refusal};
use palisade_sandbox::verify::Expectation;
use tokio::time::timeout;

use super::report::{Check, REQUIRED};
use crate::config::TaskConfig;
use crate::forkserver::{Recipe, StartError};
use crate::interpreter::Interpreter;
use crate::plan::{Planned, plan};
use crate::pool::{Trial, TrialError, trial};

/// For everything together; each stage has a limit of its own.
const WITHIN: Duration = Duration::from_mins(3);

/// A child that passed, and what it was made of.
pub(super) struct Sealed {
    pub(super) trial: Trial,
    pub(super) recipe: Recipe,
    /// What became of each layer.
    pub(super) layers: Vec<Outcome>,
}

/// Why there is none.
pub(super) enum NotSealed {
    /// A required layer is missing.
    Refused(Refusal),
    /// Something else.
    Failed(String),
}

/// Starts and verifies one child, by the same plan as tasks get: the one that was made already, or else a new one.
pub(super) async fn seal(
    policy: &Policy,
    planned: Option<Planned>,
    interpreter: &Interpreter,
    config: &TaskConfig,
) -> Result<Sealed, NotSealed> {
    let Planned { recipe, settled, .. } = match planned {
        Some(planned) => planned,
        None => plan(policy, interpreter, config, 1).map_err(NotSealed::Refused)?,
    };
    let trial = match timeout(WITHIN, trial(recipe.clone())).await {
        Ok(Ok(trial)) => trial,
        Ok(Err(TrialError::Start(StartError::Refused(refusal)))) => return Err(NotSealed::Refused(refusal)),
        Ok(Err(error)) => return Err(NotSealed::Failed(error.to_string())),
        Err(_) => return Err(NotSealed::Failed(format!("nothing was ready within {} s", WITHIN.as_secs()))),
    };
    let mut layers = trial.forkserver.layers.clone();
    layers.retain(|outcome| settled.iter().all(|settled| settled.layer != outcome.layer));
    layers.extend(settled);
    Ok(Sealed { trial, recipe, layers })
}

/// The policy with nothing required, so that one missing layer does not hide the others. For reporting only.
pub(super) fn nothing_required(policy: &Policy) -> Policy {
    let mut policy = policy.clone();
    policy.layers = policy.layers.nothing_required();
    policy
}

const NAME: &str = "sealed_child";

/// Where there is nothing to make a child of.
pub(super) fn not_tried() -> Check {
    Check::not_tried(NAME, REQUIRED, "")
}

/// The row about the child.
pub(super) fn row(sealed: &Result<Sealed, NotSealed>) -> Check {
    match sealed {
        Ok(_) if !palisade_sandbox::SEALS => Check::caution(
            NAME,
            "off",
            "a child runs without any seal: this build of Palisade cannot seal processes",
            "run the ordinary build on Linux 6.1 or newer",
        ),
        Ok(Sealed { trial, .. }) => {
            let seen = seen(&trial.forkserver.expectation, trial.forkserver.holds(Layer::SlotUids));
            let attested = trial
                .forkserver
                .landlock
                .then_some("Landlock refused it the root folder, the interpreter and an opened file");
            Check::pass(NAME, REQUIRED, "verified from outside")
                .with([seen.join(", ")])
                .with(attested.map(|text| format!("as it tells itself, before any code: {text}")))
        }
        Err(NotSealed::Refused(refusal)) => Check::fail(
            NAME,
            format!("none: the layer {} is required, but {}", refusal.layer, refusal.found),
            refusal.remedy.clone(),
        ),
        Err(NotSealed::Failed(text)) => Check::fail(
            NAME,
            format!("none: {text}"),
            "see the interpreter above; else report this with all of this table",
        ),
    }
}

/// One row for a profile that is not the default one. Its child has ended afterwards.
pub(super) async fn of_other(profile: &str, sealed: Result<Sealed, NotSealed>) -> Check {
    let row = row(&sealed);
    let failed = sealed.as_ref().map_or(0, |sealed| sealed.trial.forkserver.failed_modules.len());
    if let Ok(Sealed { trial, .. }) = sealed {
        trial.child.finish().await;
    }
    let row = Check { name: "profile", found: format!("{profile}: {}", row.found), ..row };
    match failed {
        0 => row,
        count => row.with([format!("{count} of its modules could not be imported ahead: see --profile {profile}")]),
    }
}

/// What was required of it, in words.
fn seen(expected: &Expectation, own_uid: bool) -> Vec<String> {
    let mut seen = vec!["one thread".to_owned()];
    seen.extend(expected.filters.map(|filters| format!("{filters} seccomp filters")));
    seen.extend(expected.no_new_privs.then(|| "no_new_privs".to_owned()));
    seen.push("no capabilities".to_owned());
    seen.push(if own_uid {
        "a user id of its own".to_owned()
    } else {
        format!("uid {} and gid {}", expected.uid, expected.gid)
    });
    seen.push(if expected.groups.is_empty() {
        "no groups".to_owned()
    } else {
        format!("groups {:?}", expected.groups)
    });
    seen.extend(expected.limits.map(|_| "limits as planned".to_owned()));
    seen
}
