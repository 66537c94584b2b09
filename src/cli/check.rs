//! `palisade check`: what this host can, layer by layer, found by doing it: a real child is sealed and verified.

mod ablation;
mod imports;
mod layers;
mod report;
mod seal;
mod software;
mod table;

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use nix::unistd::{getegid, geteuid};
use palisade_policy::{Policies, Policy};
use palisade_sandbox::probe;

use super::{AllowArgs, CheckArgs, startup};
use crate::config::{TaskConfig, Variables};
use crate::interpreter::Interpreter;
use crate::logging::one_line;
use crate::plan::{self, Planned};
use crate::promises::{Grants, Ground, Promise, promises};
use imports::Import;
use report::{Check, Grade, Host, Report};
use seal::{Sealed, nothing_required, seal};

pub(super) fn main(args: &CheckArgs) -> ExitCode {
    let vars = startup::environment();
    let profile = args.profile.profile.as_deref();
    let Found { profile, checks, promises, imports } = match prepared() {
        Ok(runtime) => {
            let found = runtime.block_on(checks(&vars, profile, args.imports));
            runtime.shutdown_background();
            found
        }
        Err(error) => {
            Found::only(vec![Check::fail("runner", format!("it could not be started: {error}"), "see the error")])
        }
    };
    let host = Host {
        system: probe::kernel(),
        architecture: std::env::consts::ARCH,
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
    };
    let mut report = Report::new(host, profile, checks, promises);
    report.imports = imports;
    let text = if args.json {
        // Nothing in it can fail to be JSON.
        serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
    } else {
        let colours = io::stdout().is_terminal() && !vars.contains_key(OsStr::new("NO_COLOR"));
        let imports = report.imports.as_deref().map(imports::table).unwrap_or_default();
        table::table(&report, colours) + &imports
    };
    // A reader that has seen enough is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    for check in report.checks.iter().filter(|check| check.result == Grade::Fail) {
        eprintln!("palisade: {}: {}", check.name, one_line(&check.found, 2000));
    }
    let unusable = report.imports.iter().flatten().filter(|import| !import.works);
    for import in unusable.clone() {
        let (module, why) = (one_line(&import.module, 200), import.remark.as_deref().unwrap_or_default());
        eprintln!("palisade: tasks cannot import {module}: {why}");
    }
    if report.result == Grade::Fail || unusable.count() > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// As the runner is, before it starts anything.
fn prepared() -> io::Result<tokio::runtime::Runtime> {
    startup::harden()?;
    startup::runtime()
}

/// All that was found out.
#[derive(Default)]
struct Found {
    /// The profile that the rows are about, where there is one.
    profile: Option<String>,
    checks: Vec<Check>,
    promises: Vec<Promise>,
    /// What came of importing every allowed module, where that was asked for and anything runs.
    imports: Option<Vec<Import>>,
}

impl Found {
    fn only(checks: Vec<Check>) -> Self {
        Self { checks, ..Self::default() }
    }
}

async fn checks(vars: &Variables, profile: Option<&str>, try_imports: bool) -> Found {
    let config = match startup::task_config(vars, &AllowArgs::default()) {
        Ok(config) => config,
        Err(error) => return Found::only(vec![software::configuration(&error), software::versions()]),
    };
    if !startup::sees_proc() {
        return Found::only(vec![Check::fail("proc", startup::NO_PROC, startup::MOUNT_PROC), software::versions()]);
    }
    let (mut checks, mut on_this_host) = (Vec::new(), Vec::new());
    let policies = startup::policies(&config, profile);
    let found = startup::interpreter(&config, vars);
    checks.push(software::policy(&config, &policies));
    checks.push(software::interpreter(&found));
    checks.push(software::versions());
    match (&policies, &found) {
        (Ok(policies), Ok(found)) => {
            let (rows, promises) = sandbox(&config, policies, &found.interpreter).await;
            checks.extend(rows);
            on_this_host = promises;
        }
        (Ok(policies), Err(_)) => {
            checks.extend(layers::rows(&plan::modes(&policies.default_profile().layers), &[], None));
            checks.push(seal::not_tried());
            checks.push(ablation::not_tried());
        }
        (Err(_), _) => {}
    }
    let imports = match (&policies, &found) {
        (Ok(policies), Ok(found)) if try_imports => Some(imports::try_all(&config, policies, &found.interpreter).await),
        _ => None,
    };
    let profile = policies.ok().map(|policies| policies.default_profile().name.clone());
    Found { profile, checks, promises: on_this_host, imports }
}

async fn sandbox(config: &TaskConfig, policies: &Policies, interpreter: &Interpreter) -> (Vec<Check>, Vec<Promise>) {
    let in_use: Vec<&Policy> = policies.in_use().collect();
    // All at once, as tasks get them; where one cannot be planned, each is tried alone, and its row tells.
    let planned = plan::plan_all(&in_use, interpreter, config, 1).ok();
    let mut planned = planned.into_iter().flatten();
    let default = policies.default_profile();
    let (mut checks, promises) = of_default(config, default, planned.next(), interpreter).await;
    for other in in_use.into_iter().skip(1) {
        let sealed = seal(other, planned.next(), interpreter, config).await;
        checks.push(seal::of_other(&other.name, sealed).await);
    }
    (checks, promises)
}

async fn of_default(
    config: &TaskConfig,
    policy: &Policy,
    planned: Option<Planned>,
    interpreter: &Interpreter,
) -> (Vec<Check>, Vec<Promise>) {
    let sealed = seal(policy, planned, interpreter, config).await;
    let child = seal::row(&sealed);
    // With one layer refused nothing is known of those that come after it.
    let shown = match sealed {
        Ok(_) => sealed,
        Err(_) => seal(&nothing_required(policy), None, interpreter, config).await,
    };
    let Ok(Sealed { trial, recipe, layers }) = shown else {
        let rows = layers::rows(&plan::modes(&policy.layers), &[], None);
        return ([rows, vec![child, ablation::not_tried()]].concat(), Vec::new());
    };
    // What was planned is what is needed, unless it was planned for reporting only.
    let modes = if child.result == Grade::Fail { plan::modes(&policy.layers) } else { recipe.jail.modes };
    let is_sealed = child.result == Grade::Pass;
    let limits = trial.forkserver.expectation.limits;
    let mut checks = vec![software::modules(&trial.forkserver.failed_modules)];
    checks.extend(layers::rows(&modes, &layers, limits.as_ref()));
    trial.child.finish().await;
    drop(trial.forkserver);
    checks.push(child);
    checks.push(if is_sealed { ablation::row(&recipe, &layers).await } else { ablation::not_tried() });
    let grants = Grants::of(policy);
    (checks, promises(&Ground { outcomes: &layers, landlock_abi: probe::landlock_abi(), grants }))
}
