//! The forkserver's jail, step by step, put on by the jailer: the runner's own executable, run afresh. It has one thread,
//! no secret in its memory, and is about to become the interpreter.

use std::io;

use super::{abilities, identity, landlock, limits, namespaces, process, scratch, seccomp};
use crate::layer::{Layer, Mode, Outcome, Outcomes, Refusal};
use crate::plan::{JailPlan, Sabotage, Scratch};

/// Goes to jail as planned, for good, in the order in which the steps are possible; all descriptors but the standard ones are
/// close-on-exec then. What became of each layer comes back, perhaps in another process than the one that called (the first
/// of a PID namespace). The next step is exec.
///
/// # Errors
/// The refusal of a required layer. The process is then good for nothing but ending.
pub fn enter(plan: &JailPlan) -> Result<Vec<Outcome>, Refusal> {
    let modes = &abilities::modes(plan)?;
    let mut outcomes = Outcomes::default();

    // While CAP_SETGID still counts: in a user namespace of our own nobody can do it any more.
    if plan.clear_groups {
        identity::clear_groups().map_err(|e| refusal(Layer::Capabilities, &e))?;
    }
    let left = namespaces::leave(modes, plan.slot_uids.is_some(), &mut outcomes)
        .map_err(|refusal| abilities::explain(plan, refusal))?;
    if left.pid {
        namespaces::enter_pid_namespace().map_err(|e| refusal(Layer::PidNamespace, &e))?;
    }
    if left.pid && left.mounts {
        // Containers cover parts of /proc, and then forbid this. Landlock keeps /proc closed either way.
        let _ = namespaces::mount_own_proc();
    }
    if let Some(folders) = &plan.scratch {
        let slots =
            plan.slot_uids.filter(|_| modes.slot_uids != Mode::Off && confined_kill(left, modes.landlock).is_ok());
        scratch::mount(folders, slots)?;
    }
    process::die_with_parent().map_err(|e| refusal(Layer::PidNamespace, &e))?;
    process::close_on_exec_from(3).map_err(|e| descriptors_refusal(&e))?;
    // Own session: no terminal, and no process group that signals to the runner's would reach.
    let _ = nix::unistd::setsid();
    nix::unistd::chdir("/").map_err(|e| refusal(Layer::Capabilities, &e.into()))?;
    let _ = std::fs::write("/proc/self/oom_score_adj", "800");

    outcomes.apply(Layer::Rlimits, modes.rlimits, || {
        limits::apply_outer(plan.scratch.as_ref().map_or(0, Scratch::file_size))
            .map_err(|e| refusal(Layer::Rlimits, &e))?;
        Ok(String::new())
    })?;
    outcomes.apply(Layer::NoNewPrivs, modes.no_new_privs, || {
        if plan.sabotage.contains(&Sabotage::NoNewPrivs) {
            return Ok("left out".into());
        }
        nix::sys::prctl::set_no_new_privs().map_err(|e| refusal(Layer::NoNewPrivs, &e.into()))?;
        Ok(String::new())
    })?;
    outcomes.apply(Layer::Landlock, modes.landlock, || {
        use std::os::fd::AsFd;
        let ruleset = landlock::ruleset(&landlock::Allowed {
            files: &plan.files,
            calls: plan.calls,
            connect_tcp: &plan.connect_tcp,
            scratch: plan.scratch.as_ref().map(|scratch| scratch.place.as_path()),
        })?;
        landlock::restrict(ruleset.as_fd()).map_err(|e| refusal(Layer::Landlock, &e))?;
        Ok(landlock::describe(landlock::abi()?))
    })?;
    let mut keep_for_slots = false;
    if plan.slot_uids.is_some() {
        keep_for_slots = outcomes.apply(Layer::SlotUids, modes.slot_uids, || confined_kill(left, modes.landlock))?;
    }
    outcomes.apply(Layer::Capabilities, Mode::Required, || {
        identity::drop_capabilities(keep_for_slots).map_err(|e| refusal(Layer::Capabilities, &e))?;
        Ok(String::new())
    })?;
    outcomes.apply(Layer::Seccomp, modes.seccomp, || {
        if plan.sabotage.contains(&Sabotage::StartupFilter) {
            return Ok("left out".into());
        }
        let install = || -> Result<usize, seccomp::SeccompError> {
            let arch = seccomp::Arch::native()?;
            let program = seccomp::startup(&seccomp::Profile::shipped(arch)?, arch, plan.calls)?;
            seccomp::install(&program)?;
            Ok(program.len())
        };
        let length = install().map_err(|e| seccomp_refusal(&e))?;
        Ok(format!("start-up filter of {length} instructions"))
    })?;
    Ok(outcomes.0)
}

/// User ids of their own need a forkserver that keeps `CAP_KILL`, and then something that confines whom it can kill.
fn confined_kill(left: namespaces::Left, landlock: Mode) -> Result<String, Refusal> {
    const SIGNAL_SCOPE: i32 = 6;
    if left.pid {
        return Ok("confined by the PID namespace".into());
    }
    if landlock != Mode::Off && landlock::abi().is_ok_and(|abi| abi >= SIGNAL_SCOPE) {
        return Ok("confined by Landlock's signal scope".into());
    }
    Err(Refusal::new(
        Layer::SlotUids,
        "there is neither a PID namespace nor Landlock's signal scope to confine CAP_KILL",
        "run on Linux 6.12 or newer, or allow PID namespaces",
    ))
}

/// There is no layer of descriptors; that none of the runner's gets to a child is a part of what gives it no rights.
fn descriptors_refusal(error: &io::Error) -> Refusal {
    Refusal::new(
        Layer::Capabilities,
        format!(
            "the runner's descriptors cannot be kept from its children: close_range with CLOSE_RANGE_CLOEXEC: {error}"
        ),
        "run on Linux 5.11 or newer, with a container's seccomp profile that allows the call",
    )
}

fn refusal(layer: Layer, error: &io::Error) -> Refusal {
    Refusal::new(layer, format!("the kernel answered: {error}"), "report this with the output of `palisade check`")
}

/// Tells the reasons apart for which a kernel has no seccomp filters.
pub(super) fn seccomp_refusal(error: &seccomp::SeccompError) -> Refusal {
    let remedy = match error {
        seccomp::SeccompError::Install(e) if e.raw_os_error() == Some(libc::ENOSYS) => {
            "run on a kernel with CONFIG_SECCOMP_FILTER=y; gVisor without it will not do"
        }
        seccomp::SeccompError::Install(e) if e.raw_os_error() == Some(libc::EINVAL) => {
            "run on a kernel with CONFIG_SECCOMP_FILTER=y"
        }
        seccomp::SeccompError::NoProfile => "run on x86_64 or aarch64",
        _ => "report this with the output of `palisade check`",
    };
    Refusal::new(Layer::Seccomp, error.to_string(), remedy)
}
