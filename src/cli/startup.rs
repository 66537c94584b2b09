//! What commands that run or judge code have in common: reading the environment once, and starting the engine.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use palisade_policy::{Given, Origin, Policies, PolicyError};
use palisade_sandbox::process;
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;
use zeroize::Zeroize as _;

use super::AllowArgs;
use crate::budget::{self, TooSmall};
use crate::config::{ConfigError, NEVER_FOR_TASKS, TaskConfig, Variables};
use crate::engine::{Engine, EngineError};
use crate::extension;
use crate::interpreter::{self, Found, NotFound};
use crate::logging::one_line;

/// Why no code can be run here. Each is one line.
#[derive(Debug, Error)]
pub(super) enum CannotRun {
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("{NO_PROC}; {MOUNT_PROC}")]
    NoProc,
    #[error(transparent)]
    Answers(#[from] TooSmall),
    #[error(transparent)]
    Interpreter(#[from] NotFound),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

pub(super) const NO_PROC: &str = "/proc is not mounted, and nothing can be verified without it";
pub(super) const MOUNT_PROC: &str = "mount /proc in the container";

/// Whether processes can be looked at, which every verification does. Without a seal there is nothing to verify.
pub(super) fn sees_proc() -> bool {
    !palisade_sandbox::SEALS || Path::new("/proc/self/status").exists()
}

/// The environment, read once. After this nothing asks the process for it.
pub(super) fn environment() -> Variables {
    std::env::vars_os().collect::<BTreeMap<_, _>>()
}

/// The same for the runner itself, whose variables hold secrets: none is left where the kernel put it. Before any thread.
pub(super) fn environment_without_traces() -> std::io::Result<Variables> {
    let vars = environment();
    process::scrub_environment(&NEVER_FOR_TASKS)?;
    Ok(vars)
}

/// Overwrites the secrets among variables that have been read.
pub(super) fn forget_secrets(vars: &mut Variables) {
    for name in NEVER_FOR_TASKS {
        if let Some(value) = vars.remove(OsStr::new(name)) {
            value.into_encoded_bytes().zeroize();
        }
    }
}

/// The part of the configuration that is about code, for commands that need no broker.
pub(super) fn task_config(vars: &Variables, allow: &AllowArgs) -> Result<TaskConfig, ConfigError> {
    let mut config = TaskConfig::from_variables(vars, &|path| std::fs::read(path))?;
    if let Some(stdlib) = &allow.allow_stdlib {
        config.stdlib_allow = stdlib.clone();
        config.stdlib_origin = Origin::option("--allow-stdlib");
    }
    if let Some(external) = &allow.allow_external {
        config.external_allow = external.clone();
        config.external_origin = Origin::option("--allow-external");
    }
    Ok(config)
}

/// The configured policy, with n8n's lists. A profile that is named takes the place of all choice.
pub(super) fn policies(config: &TaskConfig, profile: Option<&str>) -> Result<Policies, PolicyError> {
    let policies = Policies::load(config.policy.as_deref(), given(config))?;
    match profile {
        Some(name) => policies.only(name),
        None => Ok(policies),
    }
}

/// What is said about the policy outside of its files.
fn given(config: &TaskConfig) -> Given {
    let given = Given::default()
        .stdlib(config.stdlib_allow.clone(), config.stdlib_origin.clone())
        .external(config.external_allow.clone(), config.external_origin.clone())
        .builtins_deny(config.builtins_deny.clone(), Origin::environment("N8N_RUNNERS_BUILTINS_DENY"));
    config.secret_files.iter().fold(given, |given, (name, file)| given.secret(file, Origin::environment(name)))
}

/// The text of a file, or why there is none, in one line.
pub(super) fn read_source(file: &Path) -> Result<String, String> {
    let name = || one_line(&file.to_string_lossy(), 500);
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", name()))?;
    String::from_utf8(bytes).map_err(|error| format!("{}: {}", name(), error.utf8_error()))
}

/// Looks for an interpreter, which takes seconds where many are installed.
pub(super) fn interpreter(config: &TaskConfig, vars: &Variables) -> Result<Found, NotFound> {
    let look_up = |name: &str| vars.get(OsStr::new(name)).cloned();
    let named = config.python.as_deref();
    match &config.venv {
        Some(venv) => interpreter::find_in_venv(venv, named, &look_up, &extension::supported()),
        None => interpreter::find(named, &look_up, &extension::supported()),
    }
}

/// The event loop: one thread, as little is done on it; what takes long goes to the pool of blocking threads.
pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// No other process of this user may read the memory of this one: it holds the grant token.
pub(super) fn harden() -> std::io::Result<()> {
    process::forbid_dumping()
}

/// What is known to prevent a start before anything is started.
pub(super) fn checked(config: &TaskConfig, policies: &Policies) -> Result<(), CannotRun> {
    if !sees_proc() {
        return Err(CannotRun::NoProc);
    }
    for warning in policies.warnings() {
        tracing::warn!("Policy: {}", one_line(&warning, 1000));
    }
    for warning in budget::fits(config.answer_memory, policies.in_use())? {
        tracing::warn!("{}", one_line(&warning, 1000));
    }
    Ok(())
}

/// Finds an interpreter and starts an engine with it. [`checked`] has had its say.
pub(super) async fn engine(
    config: &TaskConfig,
    policies: &Policies,
    vars: &Variables,
    concurrency: usize,
) -> Result<Arc<Engine>, CannotRun> {
    // Candidates are started to be asked what they are, and a plan reads much of the disk: both may take long.
    let (asked, environment, planned_for) = (config.clone(), vars.clone(), policies.clone());
    let planning = spawn_blocking(move || {
        let found = interpreter(&asked, &environment)?;
        tracing::debug!("Using {} ({})", found.interpreter.path.display(), found.source);
        for danger in found.interpreter.dangers() {
            tracing::warn!("Packages: {}", one_line(&danger, 1000));
        }
        for remark in found.interpreter.remarks() {
            tracing::debug!("Packages: {}", one_line(&remark, 1000));
        }
        Ok::<_, CannotRun>(Engine::plan(&asked, &planned_for, &found.interpreter, concurrency)?)
    });
    let planned = planning.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
    Ok(Engine::start_all(config, policies, planned, concurrency).await?)
}
