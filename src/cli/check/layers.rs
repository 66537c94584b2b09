//! Rows about layers: what the policy asks, what became of each, and what the kernel itself says.

use palisade_sandbox::layer::{Layer, Mode, Outcome, State};
use palisade_sandbox::plan::{Limits, Modes};
use palisade_sandbox::probe;

use super::report::{Check, REQUIRED};

const ALL: [Layer; 12] = [
    Layer::Landlock,
    Layer::Seccomp,
    Layer::NoNewPrivs,
    Layer::Rlimits,
    Layer::Capabilities,
    Layer::SlotUids,
    Layer::UserNamespace,
    Layer::PidNamespace,
    Layer::NetNamespace,
    Layer::IpcNamespace,
    Layer::MountNamespace,
    Layer::Cgroup,
];

/// One row for each layer. Layers without an outcome were not reached.
pub(super) fn rows(modes: &Modes, outcomes: &[Outcome], limits: Option<&Limits>) -> Vec<Check> {
    let state = |layer| outcomes.iter().find(|outcome| outcome.layer == layer).map(|outcome| &outcome.state);
    ALL.into_iter().map(|layer| row(layer, mode(modes, layer), state(layer), limits)).collect()
}

fn mode(modes: &Modes, layer: Layer) -> Mode {
    match layer {
        Layer::Landlock => modes.landlock,
        Layer::Seccomp => modes.seccomp,
        Layer::NoNewPrivs => modes.no_new_privs,
        Layer::Rlimits => modes.rlimits,
        Layer::SlotUids => modes.slot_uids,
        Layer::UserNamespace => modes.user_namespace,
        Layer::PidNamespace => modes.pid_namespace,
        Layer::NetNamespace => modes.net_namespace,
        Layer::IpcNamespace => modes.ipc_namespace,
        Layer::MountNamespace => modes.mount_namespace,
        Layer::Cgroup => modes.cgroup,
        // The policy has no word on it; nor, before they are taught to it, on layers to come.
        _ if palisade_sandbox::SEALS => Mode::Required,
        // Nothing can be required of a build that can do nothing.
        _ => Mode::BestEffort,
    }
}

fn row(layer: Layer, mode: Mode, state: Option<&State>, limits: Option<&Limits>) -> Check {
    let (name, needed) = (layer.name(), needed(mode));
    match state {
        Some(State::Held { detail }) => match lacking(layer) {
            Some((found, remedy)) => missing(name, mode, &found, remedy),
            None => Check::pass(name, needed, held(layer, detail, limits)),
        },
        Some(State::NotNeeded) => Check::pass(name, needed, "not needed: the runner's own privileges do without"),
        Some(State::Missing { found, remedy }) => missing(name, mode, found, remedy),
        Some(State::Off) => {
            let remedy = format!("set {name} = \"best-effort\" or \"required\" in the policy's layers");
            Check::caution(name, needed, "switched off by the policy", remedy)
        }
        None => not_reached(layer, mode),
    }
}

/// The kernel's own word is all there is where nothing could be started.
fn not_reached(layer: Layer, mode: Mode) -> Check {
    let known = match (layer, probe::landlock(), probe::seccomp_actions().0) {
        (Layer::Landlock, Err(refusal), _) => return missing(layer.name(), mode, &refusal.found, &refusal.remedy),
        (Layer::Landlock, Ok(words), _) => format!("the kernel has {words}"),
        (Layer::Seccomp, _, actions) if !actions.is_empty() => {
            format!("the kernel has the actions {}", actions.join(", "))
        }
        _ => String::new(),
    };
    Check::not_tried(layer.name(), needed(mode), &known)
}

fn needed(mode: Mode) -> &'static str {
    match mode {
        Mode::Required => REQUIRED,
        Mode::BestEffort => "best-effort",
        Mode::Off => "off",
    }
}

fn missing(name: &'static str, mode: Mode, found: &str, remedy: &str) -> Check {
    match mode {
        Mode::Required => Check::fail(name, found, remedy),
        Mode::BestEffort | Mode::Off => Check::caution(name, needed(mode), found, remedy),
    }
}

/// What makes a layer less than it seems, although it was put on.
fn lacking(layer: Layer) -> Option<(String, &'static str)> {
    let (_, unknown) = probe::seccomp_actions();
    if layer == Layer::Seccomp && !unknown.is_empty() {
        return Some((
            format!("this kernel lacks the seccomp actions {}", unknown.join(", ")),
            "run Linux 4.14 or newer",
        ));
    }
    if layer == Layer::Seccomp && !probe::shows_seccomp_filters() {
        let found = "this kernel, or gVisor, does not show how many seccomp filters a process has";
        return Some((found.to_owned(), "run Linux 5.9 or newer: what cannot be seen cannot be verified"));
    }
    None
}

fn held(layer: Layer, detail: &str, limits: Option<&Limits>) -> String {
    match layer {
        Layer::Landlock => probe::landlock().unwrap_or_else(|_| detail.to_owned()),
        Layer::Seccomp => format!("{detail}; actions {}", probe::seccomp_actions().0.join(", ")),
        Layer::NoNewPrivs => "on".to_owned(),
        Layer::Rlimits => limits.map_or_else(|| "set".to_owned(), words),
        Layer::Capabilities => match probe::capabilities() {
            has if has.is_empty() => "none here, none in children".to_owned(),
            has => format!("none in children; the runner has {} of them", has.len()),
        },
        Layer::SlotUids => format!("each child has one, {detail}"),
        Layer::UserNamespace
        | Layer::PidNamespace
        | Layer::NetNamespace
        | Layer::IpcNamespace
        | Layer::MountNamespace => "an own one".to_owned(),
        _ => detail.to_owned(),
    }
}

fn words(limits: &Limits) -> String {
    let mib = |bytes: u64| bytes / (1024 * 1024);
    format!(
        "{} MiB of address space, {} s of CPU, {} open files, {} MiB of stack",
        mib(limits.address_space),
        limits.cpu_seconds,
        limits.open_files,
        mib(limits.stack)
    )
}

#[cfg(test)]
mod tests {
    use super::super::report::Grade;
    use super::*;

    fn graded(mode: Mode, state: Option<&State>) -> Check {
        row(Layer::Cgroup, mode, state, None)
    }

    #[test]
    fn a_layer_is_graded_by_what_it_is_needed_for() {
        let gone = State::Missing { found: "it is gone".into(), remedy: "fetch it".into() };
        let required = graded(Mode::Required, Some(&gone));
        assert_eq!((required.result, required.remedy.as_deref()), (Grade::Fail, Some("fetch it")));
        assert_eq!(graded(Mode::BestEffort, Some(&gone)).result, Grade::Caution);
        assert_eq!(graded(Mode::Required, Some(&State::held("here"))).result, Grade::Pass);
        assert_eq!(graded(Mode::BestEffort, Some(&State::NotNeeded)).result, Grade::Pass);
        assert_eq!(graded(Mode::Off, Some(&State::Off)).result, Grade::Caution);
        assert_eq!(graded(Mode::Required, None).result, Grade::Caution);
    }

    #[test]
    fn every_layer_has_a_row_and_whatever_is_no_pass_a_remedy() {
        let modes = Modes {
            landlock: Mode::Required,
            seccomp: Mode::Required,
            no_new_privs: Mode::Required,
            rlimits: Mode::Required,
            user_namespace: Mode::BestEffort,
            pid_namespace: Mode::BestEffort,
            net_namespace: Mode::BestEffort,
            ipc_namespace: Mode::BestEffort,
            mount_namespace: Mode::BestEffort,
            slot_uids: Mode::BestEffort,
            cgroup: Mode::Off,
        };
        let rows = rows(&modes, &[], None);
        assert!(rows.iter().all(|row| row.result > Grade::Pass), "what was not tried is no pass");
        assert!(rows.iter().all(|row| row.remedy.is_some()));
        assert_eq!(rows.iter().map(|row| row.name).collect::<Vec<_>>(), ALL.map(Layer::name));
    }
}
