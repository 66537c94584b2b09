//! From policy and interpreter to what a forkserver is started with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use palisade_channel::control::{Modules, Preparation};
use palisade_policy::{Allow, LayerMode, Layers, Policy, Tier as PolicyTier};
use palisade_sandbox::cgroup::{GroupLimits, Groups};
use palisade_sandbox::identity;
use palisade_sandbox::layer::{Layer, Mode, Outcome, Outcomes, Refusal, State};
use palisade_sandbox::plan::{Calls, FileRules, JailPlan, Limits, Modes, SealPlan, SlotUids};

use crate::config::TaskConfig;
use crate::forkserver::Recipe;
use crate::interpreter::Interpreter;
use crate::pool::{MOST_GROWTH, Recycling};

/// Threads of a child, where its tier has threads at all.
pub const THREADS: u32 = 64;

/// Children that may have a user id at one time beyond the tasks and the spares: killed ones that are not reaped yet.
const SLOTS_BEYOND_TASKS: u32 = 64;

/// CPU seconds beyond a task's time limit, for each of two cores: a belt for a supervisor that cannot kill.
pub const CPU_ALLOWANCE: u64 = 10;

const MIB: u64 = 1024 * 1024;

/// What a plan was made of that `check` shows.
#[derive(Debug)]
pub struct Planned {
    /// For the pool.
    pub recipe: Recipe,
    /// When its forkserver is replaced.
    pub recycling: Recycling,
    /// Layers settled before the jailer starts, such as why children have no user ids of their own.
    pub settled: Vec<Outcome>,
}

/// Plans for `tasks` tasks at a time.
///
/// # Errors
/// A layer that policy requires and that is known to be missing already.
pub fn plan(policy: &Policy, interpreter: &Interpreter, config: &TaskConfig, tasks: usize) -> Result<Planned, Refusal> {
    let modes = if palisade_sandbox::SEALS {
        modes(&policy.layers)
    } else {
        modes_without_seal(policy, config.allow_unsealed)?
    };
    let calls = calls(policy);
    let mut settled = Vec::new();
    let slot_uids = slots(&modes, interpreter, calls, tasks, &mut settled)?;
    let libraries = libraries(interpreter);
    let processes = slot_uids.map(|_| if calls.threads { u64::from(THREADS) } else { 1 });
    let limits = &policy.limits;
    let seal = SealPlan {
        calls,
        landlock: modes.landlock != Mode::Off,
        seccomp: modes.seccomp != Mode::Off,
        limits: (modes.rlimits != Mode::Off).then_some(Limits {
            address_space: limits.memory_mib.saturating_mul(MIB),
            cpu_seconds: config.timeout.as_secs().saturating_mul(2).saturating_add(CPU_ALLOWANCE),
            open_files: limits.open_files,
            stack: limits.stack_mib.saturating_mul(MIB),
            processes,
            file_size: 0,
        }),
        files: if calls.files {
            FileRules { execute: Vec::new(), read: libraries.clone() }
        } else {
            FileRules::default()
        },
        connect_tcp: Vec::new(),
        scratch: None,
        sabotage: Vec::new(),
    };
    let jail = JailPlan {
        interpreter: interpreter.path.clone(),
        arguments: ["-I", "-B", "-X", "utf8", "-X", "disable_remote_debug"].map(String::from).into(),
        environment: environment(config),
        modes,
        files: jail_files(interpreter, libraries),
        calls,
        connect_tcp: Vec::new(),
        scratch: None,
        slot_uids,
        clear_groups: identity::may_set_groups(),
        sabotage: Vec::new(),
    };
    let preparation = Preparation {
        stdlib: modules(&policy.stdlib),
        external: modules(&policy.external),
        builtins_deny: policy.builtins_deny.clone(),
        preload: policy.preload.clone(),
        preload_stdlib_extensions: policy.preload_all_stdlib,
        transitive_imports: config.allow_transitive_imports,
    };
    // Last: it moves this process, so what may refuse has to have had its say.
    let groups = groups(modes.cgroup, limits.memory_mib, calls, &mut settled)?;
    let version = (interpreter.version.0, interpreter.version.1);
    Ok(Planned {
        recipe: Recipe { jailer: "/proc/self/exe".into(), version, jail, preparation, seal, groups },
        recycling: Recycling {
            forks: limits.tasks_per_forkserver,
            age: Duration::from_secs(limits.forkserver_max_age_s),
            growth: MOST_GROWTH,
        },
        settled,
    })
}

/// What the policy's tier needs, and an event loop where a task may have one.
fn calls(policy: &Policy) -> Calls {
    Calls {
        threads: policy.tier >= PolicyTier::Threads,
        event_loop: policy.stdlib.permits("asyncio"),
        files: policy.tier == PolicyTier::Files,
        ..Calls::strict()
    }
}

fn modules(allow: &Allow) -> Modules {
    match allow {
        Allow::All => Modules::All,
        Allow::Only(names) => Modules::Only(names.iter().cloned().collect()),
    }
}

/// How much each layer is wanted, as the policy says.
pub fn modes(layers: &Layers) -> Modes {
    let mode = |mode| match mode {
        LayerMode::Required => Mode::Required,
        LayerMode::BestEffort => Mode::BestEffort,
        LayerMode::Off => Mode::Off,
    };
    Modes {
        landlock: mode(layers.landlock),
        seccomp: mode(layers.seccomp),
        no_new_privs: mode(layers.no_new_privs),
        rlimits: mode(layers.rlimits),
        user_namespace: mode(layers.user_namespace),
        pid_namespace: mode(layers.pid_namespace),
        net_namespace: mode(layers.net_namespace),
        ipc_namespace: mode(layers.ipc_namespace),
        mount_namespace: mode(layers.mount_namespace),
        slot_uids: mode(layers.slot_uids),
        cgroup: mode(layers.cgroup),
    }
}

/// What another system than Linux gets, if the operator insists: nothing is required, because nothing can be had.
fn modes_without_seal(policy: &Policy, allowed: bool) -> Result<Modes, Refusal> {
    if !allowed {
        return Err(Refusal::new(
            Layer::Seccomp,
            "this build of Palisade cannot seal processes",
            "run the ordinary build on Linux 6.1 or newer, or set PALISADE_ALLOW_UNSEALED=true to run tasks without any sandbox",
        ));
    }
    tracing::warn!("Tasks run UNSEALED: this build cannot seal processes, and PALISADE_ALLOW_UNSEALED is true");
    Ok(modes(&policy.layers.nothing_required()))
}

/// User ids for children, where the host lets the runner give them.
fn slots(
    modes: &Modes,
    interpreter: &Interpreter,
    calls: Calls,
    tasks: usize,
    settled: &mut Vec<Outcome>,
) -> Result<Option<SlotUids>, Refusal> {
    if modes.slot_uids == Mode::Off {
        settled.push(Outcome { layer: Layer::SlotUids, state: State::Off });
        return Ok(None);
    }
    let count = u32::try_from(tasks).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(SLOTS_BEYOND_TASKS);
    let refusal = match identity::slot_uids(count) {
        // A task that opens no file needs none of the interpreter's: all is mapped and imported before it changes its id.
        Ok(range) if !calls.files => return Ok(Some(range)),
        Ok(range) => match interpreter.usable_by(range.first, range.first) {
            Ok(()) => return Ok(Some(range)),
            Err(obstacle) => Refusal::new(
                Layer::SlotUids,
                format!("children of other ids could not read the interpreter: {obstacle}"),
                "put the interpreter where everybody can read it",
            ),
        },
        Err(refusal) => refusal,
    };
    if modes.slot_uids == Mode::Required {
        return Err(refusal);
    }
    let state = State::Missing { found: refusal.found, remedy: refusal.remedy };
    settled.push(Outcome { layer: Layer::SlotUids, state });
    Ok(None)
}

/// A cgroup for each child, where the runner was given one.
fn groups(
    mode: Mode,
    memory_mib: u64,
    calls: Calls,
    settled: &mut Vec<Outcome>,
) -> Result<Option<Arc<Groups>>, Refusal> {
    let limits = GroupLimits {
        memory: memory_mib.saturating_mul(MIB),
        processes: if calls.threads { u64::from(THREADS) } else { 1 },
    };
    let (mut groups, mut outcomes) = (None, Outcomes::default());
    outcomes.apply(Layer::Cgroup, mode, || {
        let taken = groups.insert(Groups::take_over(limits)?);
        Ok(taken.folder().to_string_lossy().into_owned())
    })?;
    settled.append(&mut outcomes.0);
    Ok(groups)
}

/// What Python code is loaded from.
fn libraries(interpreter: &Interpreter) -> Vec<PathBuf> {
    let lists = [&interpreter.library_dirs, &interpreter.startup_files, &interpreter.zone_data];
    lists.into_iter().flatten().cloned().collect()
}

fn jail_files(interpreter: &Interpreter, libraries: Vec<PathBuf>) -> FileRules {
    let mut read = libraries;
    let lists = [&interpreter.shared_libraries, &interpreter.loader_dirs, &interpreter.loader_files];
    read.extend(lists.into_iter().flatten().cloned());
    read.push("/dev/null".into());
    let execute = [Some(&interpreter.real_path), interpreter.loader.as_ref()];
    FileRules { execute: execute.into_iter().flatten().cloned().collect(), read }
}

/// The forkserver's whole environment. The time zone is the operator's; one thread for numerical libraries, because a fork
/// copies one thread only and theirs would be missed.
fn environment(config: &TaskConfig) -> Vec<(String, String)> {
    let mut environment: Vec<(String, String)> =
        ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"]
            .map(|name| (name.to_owned(), "1".to_owned()))
            .into();
    if let Some(zone) = &config.time_zone {
        environment.push(("TZ".into(), zone.clone()));
    }
    environment
}
