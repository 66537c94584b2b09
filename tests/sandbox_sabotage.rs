//! A step of the seal that is left out is noticed by the supervisor, and no task gets such a child.
//!
//! A verification that has never failed proves nothing: here each check fails once, for its own reason.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use common::sandbox::{PALISADE, interpreter, skip, soon};
use nix::unistd::getuid;
use palisade::config::TaskConfig;
use palisade::forkserver::{Forkserver, Recipe};
use palisade::plan::plan;
use palisade::pool::{Pool, Recycling};
use palisade_policy::Policy;
use palisade_sandbox::layer::Mode;
use palisade_sandbox::plan::Sabotage;

/// How a runner would start a forkserver here, with these changes to it.
fn recipe(stdlib: &str, change: impl FnOnce(&mut Recipe)) -> (Recipe, Recycling) {
    let variables = [("N8N_RUNNERS_STDLIB_ALLOW".into(), stdlib.into())].into();
    let config = TaskConfig::from_variables(&variables, &|path| std::fs::read(path)).unwrap();
    let policy = Policy::load(config.stdlib_allow.clone(), config.external_allow.clone(), None).unwrap();
    let interpreter = interpreter::found(Some(interpreter::path()));
    let mut planned = plan(&policy, &interpreter, &config, 1).unwrap();
    // The program under test is the jailer, not this one.
    planned.recipe.jailer = PALISADE.into();
    change(&mut planned.recipe);
    (planned.recipe, planned.recycling)
}

/// Leaves a step out wherever it would be done.
fn without(step: Sabotage) -> impl FnOnce(&mut Recipe) {
    move |recipe| {
        recipe.jail.sabotage.push(step);
        recipe.seal.sabotage.push(step);
    }
}

/// What a pool of such children says when a task asks for one; nothing where it gets one.
async fn refusal((recipe, recycling): (Recipe, Recycling)) -> Option<String> {
    let pool = match soon("a forkserver", Pool::start(recipe, 1, recycling)).await {
        Ok(pool) => pool,
        Err(error) => return Some(error.to_string()),
    };
    match soon("a child", pool.take()).await {
        Ok(child) => {
            assert!(child.is_ready());
            child.finish().await;
            None
        }
        Err(error) => Some(error.to_string()),
    }
}

async fn is_refused(step: Sabotage, with: (Recipe, Recycling), reason: &str) {
    let refused = refusal(with).await;
    let text = refused.unwrap_or_else(|| panic!("a child without {step:?} was taken for a sealed one"));
    assert!(text.contains(reason), "{step:?}: {text:?} does not say {reason:?}");
}

#[tokio::test]
async fn a_child_with_everything_in_place_passes() {
    for stdlib in ["", "threading", "*"] {
        let (recipe, recycling) = recipe(stdlib, |_| {});
        let calls = recipe.seal.calls;
        assert_eq!(refusal((recipe, recycling)).await, None, "{calls:?}");
    }
}

#[tokio::test]
async fn a_child_that_left_a_step_out_is_refused() {
    for stdlib in ["", "*"] {
        let calls = recipe(stdlib, |_| {}).0.seal.calls;
        let names: &[&str] = if stdlib.is_empty() { &[] } else { &["threads", "event_loop", "files"] };
        assert_eq!(calls.names().collect::<Vec<_>>(), names);
        for (step, reason) in [
            (Sabotage::Landlock, "Landlock answered errno 0 for opening the interpreter, not EACCES"),
            (Sabotage::Seccomp, "Seccomp_filters is"),
            (Sabotage::Rlimits, "limit Max address space is unlimited/unlimited"),
            // Where tasks have no threads the forkserver's filter knows none either.
            (
                Sabotage::Thread,
                if calls.threads { "Threads is 2, planned was 1" } else { "thread: Operation not permitted" },
            ),
        ] {
            is_refused(step, recipe(stdlib, without(step)), reason).await;
        }
    }
}

#[tokio::test]
async fn a_child_that_kept_what_only_root_could_give_it_is_refused() {
    if !getuid().is_root() {
        skip("capabilities, groups and user ids were not sabotaged: that takes root");
        return;
    }
    for (step, reason) in [
        (Sabotage::Capabilities, "CapInh is 00000000000000e0, planned was 0000000000000000"),
        (Sabotage::Identity, "Uid is 0 0 0 0, planned was"),
        (Sabotage::Groups, "Groups is"),
    ] {
        let with = recipe("", without(step));
        assert!(with.0.jail.slot_uids.is_some(), "root gives children ids of their own");
        is_refused(step, with, reason).await;
    }
}

#[tokio::test]
async fn a_jail_that_lacks_a_step_is_refused() {
    let reason = "it has 1 seccomp filters, planned were 2";
    is_refused(Sabotage::StartupFilter, recipe("", without(Sabotage::StartupFilter)), reason).await;

    // The kernel gives nobody a filter or a Landlock domain who could gain privileges by exec ...
    let step = Sabotage::NoNewPrivs;
    let refused = refusal(recipe("", without(step))).await.expect("a jail without no_new_privs was taken for one");
    assert!(refused.contains("is required, but"), "{refused}");
    // ... and where neither is wanted, the verification still finds it.
    let neither = |recipe: &mut Recipe| {
        without(step)(recipe);
        recipe.jail.modes.landlock = Mode::Off;
        recipe.jail.modes.seccomp = Mode::Off;
    };
    is_refused(step, recipe("", neither), "NoNewPrivs is 0, planned was 1").await;
}

#[tokio::test]
async fn a_required_layer_that_is_not_to_be_had_is_refused_and_a_wanted_one_is_reported() {
    // Nothing can be read below a file, so no rule can be made for what lies there.
    let impossible = |mode| {
        move |recipe: &mut Recipe| {
            recipe.jail.modes.landlock = mode;
            recipe.jail.files.read.push(format!("/{}", "x".repeat(5000)).into());
        }
    };
    let (required, _) = recipe("", impossible(Mode::Required));
    let refused = soon("a refusal", Forkserver::start(required)).await.map(drop).unwrap_err().to_string();
    assert!(refused.starts_with("sandbox layer landlock is required, but"), "{refused}");

    let (wanted, _) = recipe("", impossible(Mode::BestEffort));
    let forkserver = soon("a forkserver", Forkserver::start(wanted)).await.unwrap();
    let state = |name: &str| forkserver.layers.iter().find(|outcome| outcome.layer.name() == name).unwrap();
    assert!(!state("landlock").state.is_held(), "{:?}", forkserver.layers);
    assert!(state("seccomp").state.is_held(), "{:?}", forkserver.layers);
    assert!(!forkserver.landlock);
}
