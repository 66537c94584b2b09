//! From what was seen to what is measured, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::num::NonZero;
use std::process::Child;
use std::thread::{available_parallelism, sleep};
use std::time::Duration;

use crate::attempt::{Attempt, Layer, join};
use crate::configuration::{Configuration, Purpose, language_can_be_switched_off};
use crate::host::Host;
use crate::report;
use crate::sandbox::skip;
use crate::worker::{self, Findings};

/// Configurations at one time: so many that all cores are busy, although each waits half of its time.
fn at_once() -> usize {
    2 * available_parallelism().map_or(1, NonZero::get) + 1
}

/// All that was seen.
pub(crate) struct Seen {
    /// By configuration, in their order.
    pub(crate) findings: Vec<(Configuration, Findings)>,
}

/// Runs the attempts in every configuration, and fails where anything is not as the headers say.
pub(crate) fn run(attempts: &[Attempt], mut wrong: Vec<String>, all: bool) {
    assert!(!attempts.is_empty(), "there are no attempts, or none of that name: {wrong:?}");
    let chosen = std::env::var("PALISADE_ESCAPE_CONFIGURATIONS").ok();
    let wanted = |name: &str| chosen.as_ref().is_none_or(|list| list.split(',').any(|known| known.trim() == name));
    let configurations: Vec<_> = Configuration::all().into_iter().filter(|c| wanted(&c.name)).collect();
    let seen = Seen { findings: run_all(configurations) };
    for (configuration, findings) in &seen.findings {
        wrong.extend(findings.failures.iter().map(|why| format!("{}: {why}", configuration.name)));
    }
    let host = Host::here();
    let lacks = host.lacks();
    for what in &lacks {
        skip(&format!("this host lacks {what}: not every layer is measured"));
    }
    if !language_can_be_switched_off() {
        skip("the policy cannot switch analyzer and guards off: what these stop alone is not measured");
    }
    let (mut skipped, mut escaped) = (0, BTreeSet::new());
    for attempt in attempts {
        if !host.suits(attempt) {
            skip(&format!("{}: this kernel is older than {:?}", attempt.id, attempt.kernel));
            skipped += 1;
            continue;
        }
        if !all {
            say(&seen.story(attempt));
        }
        wrong.extend(seen.objections(attempt).into_iter().map(|what| format!("{}: {what}", attempt.id)));
        let full = seen.findings.iter().filter(|(configuration, _)| configuration.purpose == Purpose::Full);
        let mut outcomes = full.filter_map(|(_, findings)| findings.outcomes.get(&attempt.id));
        if outcomes.any(|outcome| outcome.escaped(attempt)) {
            escaped.insert(attempt.id.clone());
        }
    }
    say(&report::table(attempts, &escaped, skipped));
    if std::env::var_os("PALISADE_WRITE_REPORT").is_some() {
        let whole = all && chosen.is_none() && lacks.is_empty() && skipped == 0 && language_can_be_switched_off();
        assert!(whole || wrong.is_empty() && all, "the report is of a run of all attempts on a host with all layers");
        if wrong.is_empty() {
            std::fs::write(report::path(), report::markdown(attempts)).expect("the report can be written");
        }
    }
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// For everybody to see, also where the test passes.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn run_all(configurations: Vec<Configuration>) -> Vec<(Configuration, Findings)> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut waiting: Vec<_> = configurations.into_iter().enumerate().rev().collect();
    let mut running: Vec<(usize, Configuration, Child)> = Vec::new();
    let mut done = BTreeMap::new();
    let at_once = at_once();
    while !waiting.is_empty() || !running.is_empty() {
        while running.len() < at_once
            && let Some((number, configuration)) = waiting.pop()
        {
            let child = worker::start(&configuration, &folder.path().join(number.to_string()));
            running.push((number, configuration, child));
        }
        sleep(Duration::from_millis(20));
        let (ended, still): (Vec<_>, Vec<_>) = running
            .into_iter()
            .map(|(number, configuration, mut child)| {
                let status = child.try_wait().expect("a child can be waited for");
                (number, configuration, child, status)
            })
            .partition(|(.., status)| status.is_some());
        running = still.into_iter().map(|(number, configuration, child, _)| (number, configuration, child)).collect();
        for (number, configuration, _, status) in ended {
            let text = std::fs::read_to_string(folder.path().join(number.to_string())).unwrap_or_default();
            let findings = serde_json::from_str(&text).unwrap_or_else(|error| {
                let why = format!("the run was not finished: {status:?} {error}");
                Findings { failures: vec![why], ..Findings::default() }
            });
            done.insert(number, (configuration, findings));
        }
    }
    done.into_values().collect()
}

impl Seen {
    fn of(&self, purpose: Purpose) -> Option<&(Configuration, Findings)> {
        self.findings.iter().find(|(configuration, _)| configuration.purpose == purpose)
    }

    /// Whether it escaped; nothing where it was not run.
    fn escaped(&self, purpose: Purpose, attempt: &Attempt) -> Option<bool> {
        Some(self.of(purpose)?.1.outcomes.get(&attempt.id)?.escaped(attempt))
    }

    fn answer(&self, purpose: Purpose, attempt: &Attempt) -> Option<&str> {
        Some(&self.of(purpose)?.1.outcomes.get(&attempt.id)?.answer)
    }

    /// Layers that can be switched off and stop it alone; and those of which nothing was measured here.
    pub(crate) fn measured(&self, attempt: &Attempt) -> (BTreeSet<Layer>, BTreeSet<Layer>) {
        let (mut alone, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        for layer in Layer::ALL.into_iter().filter(|layer| layer.can_be_switched_off()) {
            if attempt.is_native() && layer.is_of_the_language() {
                continue;
            }
            match self.stops(layer, attempt) {
                Some(true) => _ = alone.insert(layer),
                Some(false) => {}
                None => _ = unknown.insert(layer),
            }
        }
        (alone, unknown)
    }

    fn stops(&self, layer: Layer, attempt: &Attempt) -> Option<bool> {
        if layer.is_of_the_language() && !language_can_be_switched_off() {
            return None;
        }
        let without = if layer == Layer::Identity { Purpose::PidNamespaceOnly } else { Purpose::None };
        let with = Purpose::Only(layer);
        if self.escaped(without, attempt)? {
            return self.escaped(with, attempt).map(|escaped| !escaped);
        }
        if self.escaped(with, attempt)? {
            return Some(false);
        }
        // It fails anyway: only the way it fails can tell.
        let anyway = self.escaped(Purpose::None, attempt)?;
        Some(!anyway && self.answer(with, attempt)? != self.answer(without, attempt)?)
    }

    /// What each configuration saw.
    fn story(&self, attempt: &Attempt) -> String {
        let mut lines = vec![format!("\n{}: {}", attempt.id, attempt.technique)];
        for (configuration, findings) in &self.findings {
            let Some(outcome) = findings.outcomes.get(&attempt.id) else { continue };
            let verdict = if outcome.escaped(attempt) { "ESCAPED" } else { "held" };
            let reported =
                outcome.reported.as_ref().map(|what| format!(" says it reached {what};")).unwrap_or_default();
            let fired: Vec<_> = outcome.fired.iter().map(|(name, what)| format!("{name}: {what}")).collect();
            lines.push(format!(
                "  {:<30} {verdict:<8}{reported} answer {:?} {}",
                configuration.name,
                outcome.answer,
                fired.join("; ")
            ));
        }
        let (alone, unknown) = self.measured(attempt);
        lines.push(format!("  stopped alone by: {}; not measured: {}", join(&alone), join(&unknown)));
        lines.join("\n")
    }

    /// What is not as the header says.
    fn objections(&self, attempt: &Attempt) -> Vec<String> {
        let mut wrong = Vec::new();
        for (configuration, findings) in &self.findings {
            let Some(outcome) = findings.outcomes.get(&attempt.id) else { continue };
            let name = &configuration.name;
            let fired: Vec<_> = outcome.fired.iter().map(|(name, what)| format!("{name}: {what}")).collect();
            let held_by = attempt.layers.iter().find(|layer| configuration.has(**layer, attempt));
            match configuration.purpose {
                Purpose::Full if outcome.escaped(attempt) => {
                    wrong.push(format!("ESCAPED from {name}: {} {:?}", fired.join("; "), outcome.reported));
                }
                Purpose::Full if outcome.reported.is_some() && attempt.must_report_nothing() => {
                    wrong.push(format!("{name}: it says that it reached {:?}", outcome.reported));
                }
                Purpose::AllBut(_) if outcome.escaped(attempt) => {
                    if let Some(layer) = held_by {
                        wrong.push(format!("escaped from {name} although {layer} is on: {}", fired.join("; ")));
                    }
                }
                // User code that nothing holds is not to be had where guards cannot be switched off.
                Purpose::None if !attempt.is_native() && !language_can_be_switched_off() => {}
                Purpose::None => wrong.extend(objections_to_control(attempt, findings, &fired)),
                _ => {}
            }
        }
        let (alone, unknown) = self.measured(attempt);
        let claimed: BTreeSet<_> =
            attempt.layers.iter().copied().filter(|l| l.can_be_switched_off() && !unknown.contains(l)).collect();
        if claimed != alone {
            wrong.push(format!("stopped alone by [{}], and its header claims [{}]", join(&alone), join(&claimed)));
        }
        wrong
    }
}

/// What is not as it should be where every layer is off.
fn objections_to_control(attempt: &Attempt, findings: &Findings, fired: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some(outcome) = findings.outcomes.get(&attempt.id) else { return wrong };
    let by_witness = outcome.fired.iter().any(|(name, _)| *name == attempt.witness)
        || (attempt.witness == "kernel" && outcome.reported.is_some());
    match (&attempt.control, outcome.escaped(attempt)) {
        (Some(reason), true) => {
            wrong.push(format!("it escapes although it cannot ({reason}): {}", fired.join("; ")));
        }
        (None, _) if !by_witness => wrong.push(format!(
            "with every layer off the witness `{}` saw nothing: answer {:?}, {} {:?}",
            attempt.witness,
            outcome.answer,
            fired.join("; "),
            outcome.reported
        )),
        _ => {}
    }
    if let Some(again) = findings.again.get(&attempt.id).filter(|again| **again != outcome.answer) {
        wrong.push(format!("its answers differ from run to run: {:?} and {again:?}", outcome.answer));
    }
    wrong
}
