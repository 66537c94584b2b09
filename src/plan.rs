//! From policy and interpreter to what a forkserver is started with.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use palisade_analyzer::StringRule;
use palisade_channel::control::{Hardening, Modules, Names, Preparation, Texts};
use palisade_policy::{Abilities, Allow, LayerMode, Layers, Policy};
use palisade_sandbox::cgroup::{GroupLimits, Groups};
use palisade_sandbox::identity;
use palisade_sandbox::layer::{Layer, Mode, Outcome, Outcomes, Refusal, State};
use palisade_sandbox::plan::{Calls, FileRules, JailPlan, Limits, Modes, Scratch, SealPlan, SlotUids};

use crate::config::TaskConfig;
use crate::forkserver::{Recipe, TaskGroups};
use crate::installed::Installed;
use crate::interpreter::Interpreter;
use crate::pool::{MOST_GROWTH, Recycling};

/// Children that may have a user id at one time beyond the tasks and the spares: killed ones that are not reaped yet.
const SLOTS_BEYOND_TASKS: u32 = 64;

/// CPU seconds beyond a task's time limit, for each of two cores: a belt for a supervisor that cannot kill.
pub const CPU_ALLOWANCE: u64 = 10;

/// By these numerical libraries are told how many threads to start.
const THREAD_COUNTS: [&str; 8] = [
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "POLARS_MAX_THREADS",
];

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
    /// The packages that tasks find. Read here, as a plan is made off the event loop.
    pub(crate) installed: Installed,
}

/// Plans for `tasks` tasks at a time.
///
/// # Errors
/// A layer that policy requires and that is known to be missing already.
pub fn plan(policy: &Policy, interpreter: &Interpreter, config: &TaskConfig, tasks: usize) -> Result<Planned, Refusal> {
    let mut offset = 0;
    let (mut planned, modes) = alone(policy, interpreter, config, tasks, &mut offset)?;
    let mut groups = None;
    group(policy, modes, &mut groups, largest([policy]), &mut planned)?;
    Ok(planned)
}

/// Plans for several profiles, of which any may have all `tasks` tasks at one time.
///
/// # Errors
/// As [`plan`], and the name of the profile it is about.
pub fn plan_all(
    policies: &[&Policy],
    interpreter: &Interpreter,
    config: &TaskConfig,
    tasks: usize,
) -> Result<Vec<Planned>, (String, Refusal)> {
    // No two forkservers may give the same user id to a child.
    let mut offset = 0;
    let mut all = Vec::new();
    for policy in policies {
        let planned = alone(policy, interpreter, config, tasks, &mut offset);
        all.push(planned.map_err(|error| (policy.name.clone(), error))?);
    }
    let (mut groups, most) = (None, largest(policies.iter().copied()));
    let mut plans = Vec::new();
    // Last: it moves this process, so what may refuse has to have had its say.
    for ((mut planned, modes), policy) in all.into_iter().zip(policies) {
        group(policy, modes, &mut groups, most, &mut planned).map_err(|refusal| (policy.name.clone(), refusal))?;
        plans.push(planned);
    }
    Ok(plans)
}

/// All of a plan but what profiles share.
fn alone(
    policy: &Policy,
    interpreter: &Interpreter,
    config: &TaskConfig,
    tasks: usize,
    offset: &mut u32,
) -> Result<(Planned, Modes), Refusal> {
    let mut modes = if palisade_sandbox::SEALS {
        modes(&policy.layers)
    } else {
        modes_without_seal(policy, config.allow_unsealed)?
    };
    let calls = calls(policy);
    if calls.tcp {
        // Nobody could be reached out of it, and the ports are what keeps a task in.
        modes.net_namespace = Mode::Off;
    }
    let mut settled = Vec::new();
    let slot_uids = slots(&modes, interpreter, calls, tasks, offset, &mut settled)?;
    let libraries = libraries(interpreter);
    let limits = &policy.limits;
    let mut readable = libraries.clone();
    readable.extend(policy.files_read.iter().cloned());
    let seal = SealPlan {
        calls,
        landlock: modes.landlock != Mode::Off,
        seccomp: modes.seccomp != Mode::Off,
        limits: (modes.rlimits != Mode::Off).then_some(Limits {
            address_space: limits.memory_mib.saturating_mul(MIB),
            cpu_seconds: cpu_seconds(policy, config),
            open_files: limits.open_files,
            stack: limits.stack_mib.saturating_mul(MIB),
            processes: slot_uids.map(|_| processes(policy)),
            file_size: 0,
        }),
        files: if calls.files {
            FileRules { execute: Vec::new(), read: readable.clone() }
        } else {
            FileRules::default()
        },
        connect_tcp: policy.connect_tcp.clone(),
        scratch: calls.scratch.then(|| Scratch {
            bytes: policy.scratch.size_mib.saturating_mul(MIB),
            entries: policy.scratch.files,
            folders: slot_count(tasks),
            place: PathBuf::new(),
        }),
        sabotage: Vec::new(),
    };
    let jail = JailPlan {
        interpreter: interpreter.path.clone(),
        arguments: ["-I", "-S", "-B", "-X", "utf8", "-X", "disable_remote_debug"].map(String::from).into(),
        environment: environment(config),
        modes,
        // A child can only have less than its forkserver.
        files: jail_files(interpreter, if calls.files { readable } else { libraries }),
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
        guards: policy.interpreter.guards,
        names: names(policy),
        hardening: hardening(&policy.interpreter),
        preload: preload(policy, calls),
        preload_stdlib_extensions: policy.preload_all_stdlib,
        transitive_imports: config.allow_transitive_imports,
    };
    let version = (interpreter.version.0, interpreter.version.1);
    let planned = Planned {
        recipe: Recipe { jailer: "/proc/self/exe".into(), version, jail, preparation, seal, groups: None },
        recycling: Recycling {
            forks: limits.tasks_per_forkserver,
            age: Duration::from_secs(limits.forkserver_max_age_s),
            growth: MOST_GROWTH,
        },
        settled,
        installed: Installed::of(&interpreter.site_packages),
    };
    Ok((planned, modes))
}

/// What is taken out of the interpreter, by name.
fn hardening(interpreter: &palisade_policy::Interpreter) -> Hardening {
    Hardening {
        removals: interpreter.removals.names(),
        kept_for_late_imports: interpreter.kept_for_late_imports.names(),
        read_only: interpreter.read_only.names(),
        closed_constructors: interpreter.closed_constructors.names(),
        replaced: interpreter.replaced.names(),
        foreign: interpreter.foreign.names(),
        facade_deny: interpreter.facade_deny.names(),
        without_facade: interpreter.without_facade.names(),
        tripwire: interpreter.tripwire.names(),
    }
}

/// Modules to import besides the allowed ones. Where tasks open files, what is loaded can import what is not, by itself; so there
/// are these: the extension puts guards into the first two, and into what is loaded only.
fn preload(policy: &Policy, calls: Calls) -> Vec<String> {
    const BY_THEMSELVES: [&str; 3] = ["inspect", "dataclasses", "_strptime"];
    let late = calls.files.then_some(BY_THEMSELVES).into_iter().flatten().map(str::to_owned);
    policy.preload.iter().cloned().chain(late).collect()
}

/// The policy's abilities, as the sandbox calls them.
fn calls(policy: &Policy) -> Calls {
    let Abilities { threads, event_loop, files, scratch, tcp, dns } = policy.abilities;
    Calls { threads, event_loop, files, scratch, tcp, dns }
}

/// CPU time of a task: the policy's, or what its time limit can need on two cores, and some.
fn cpu_seconds(policy: &Policy, config: &TaskConfig) -> u64 {
    match policy.limits.cpu_s {
        0 => config.timeout.as_secs().saturating_mul(2).saturating_add(CPU_ALLOWANCE),
        seconds => seconds,
    }
}

/// Processes and threads of a child.
fn processes(policy: &Policy) -> u64 {
    if policy.abilities.threads { u64::from(policy.limits.processes) } else { 1 }
}

fn modules(allow: &Allow) -> Modules {
    match allow {
        Allow::All => Modules::All,
        Allow::Only(names) => Modules::Only(names.iter().cloned().collect()),
    }
}

/// What the child's own checks go by. The gate is the analyzer's net, so it is off wherever the analyzer judges no names.
fn names(policy: &Policy) -> Names {
    let rules = policy.rules();
    let sorted = |names: &HashSet<String>| {
        let mut names: Vec<_> = names.iter().cloned().collect();
        names.sort_unstable();
        names
    };
    Names {
        blocked_names: sorted(&rules.blocked_names),
        blocked_attributes: sorted(&rules.blocked_attributes),
        dunders_are_names: rules.dunders_are_names,
        private_module_names: rules.private_module_names,
        texts: match rules.strings {
            StringRule::All => Texts::All,
            StringRule::Dunders => Texts::Dunders,
            StringRule::Off => Texts::Off,
        },
        gate: !rules.allows_everything(),
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

/// Children of one forkserver that may be there at one time.
fn slot_count(tasks: usize) -> u32 {
    u32::try_from(tasks).unwrap_or(u32::MAX).saturating_mul(2).saturating_add(SLOTS_BEYOND_TASKS)
}

/// User ids for children, where the host lets the runner give them.
fn slots(
    modes: &Modes,
    interpreter: &Interpreter,
    calls: Calls,
    tasks: usize,
    offset: &mut u32,
    settled: &mut Vec<Outcome>,
) -> Result<Option<SlotUids>, Refusal> {
    if modes.slot_uids == Mode::Off {
        settled.push(Outcome { layer: Layer::SlotUids, state: State::Off });
        return Ok(None);
    }
    let count = slot_count(tasks);
    // The ids before the offset are those of other profiles.
    let range = identity::slot_uids(count.saturating_add(*offset))
        .map(|all| SlotUids { first: all.first.saturating_add(*offset), count });
    let mut take = |range| {
        *offset = offset.saturating_add(count);
        Ok(Some(range))
    };
    let refusal = match range {
        // A task that opens no file needs none of the interpreter's: all is mapped and imported before it changes its id.
        Ok(range) if !calls.files => return take(range),
        Ok(range) => match interpreter.usable_by(range.first, range.first) {
            Ok(()) => return take(range),
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

/// The most that any profile's child may have, beside its memory.
fn largest<'a>(policies: impl IntoIterator<Item = &'a Policy>) -> u64 {
    policies.into_iter().map(processes).max().unwrap_or(1)
}

/// A cgroup for each child, where the runner was given one. It is taken over once, for the first profile that wants it.
fn group(
    policy: &Policy,
    modes: Modes,
    groups: &mut Option<Arc<Groups>>,
    processes: u64,
    planned: &mut Planned,
) -> Result<(), Refusal> {
    let mut outcomes = Outcomes::default();
    outcomes.apply(Layer::Cgroup, modes.cgroup, || {
        let taken = match groups {
            Some(taken) => taken,
            // What a child holds when it is put there is added by whoever does it, and with it its profile's limit.
            None => groups.insert(Groups::take_over(GroupLimits { memory: 0, processes })?),
        };
        let memory = policy.limits.memory_mib.saturating_mul(MIB);
        planned.recipe.groups = Some(TaskGroups { groups: Arc::clone(taken), memory });
        Ok(taken.folder().to_string_lossy().into_owned())
    })?;
    planned.settled.append(&mut outcomes.0);
    Ok(())
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
    let mut environment: Vec<(String, String)> = THREAD_COUNTS.map(|name| (name.to_owned(), "1".to_owned())).into();
    // Each arena of the C library's is 64 MiB of address space, and by itself it makes eight for each core.
    environment.push(("MALLOC_ARENA_MAX".into(), "2".into()));
    // Functions of shared libraries are looked up once, in the forkserver, not by each child that calls them first.
    environment.push(("LD_BIND_NOW".into(), "1".into()));
    if let Some(zone) = &config.time_zone {
        environment.push(("TZ".into(), zone.clone()));
    }
    environment
}

#[cfg(test)]
mod tests {
    use palisade_policy::Allow;

    use super::*;

    #[test]
    fn where_tasks_open_files_what_evaluates_texts_is_there_to_be_guarded() {
        let none = || Allow::parse("test", "").unwrap();
        let policy = Policy::load(none(), none(), None).unwrap();
        let strict = calls(&policy);
        assert!(!strict.files && !preload(&policy, strict).iter().any(|module| module == "inspect"));
        let modules = preload(&policy, Calls { files: true, ..strict });
        assert!(["inspect", "dataclasses"].iter().all(|module| modules.iter().any(|found| found == module)));
    }
}
