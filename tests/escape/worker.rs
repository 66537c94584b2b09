//! All attempts in one configuration, in a process of its own: what leaves its runner is adopted by it and by nobody else.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::attempt::{Attempt, Group};
use crate::configuration::Configuration;
use crate::host::Host;
use crate::stage::Stage;
use crate::trial::{self, Outcome};
use crate::world::World;

/// Names the configuration to the process that is started for it, and the file for its findings.
pub(crate) const CONFIGURATION: &str = "PALISADE_ESCAPE_WORKER";
/// See [`CONFIGURATION`].
pub(crate) const OUTPUT: &str = "PALISADE_ESCAPE_OUTPUT";

/// What came of all attempts in one configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Findings {
    /// By attempt.
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    /// Once more, for those that cannot succeed: their answers must be the same.
    pub(crate) again: BTreeMap<String, String>,
    /// What went wrong besides attempts.
    pub(crate) failures: Vec<String>,
}

/// Runs the attempts of a configuration in a process of its own.
pub(crate) fn start(configuration: &Configuration, output: &Path) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command
        .args(["--exact", "worker", "--ignored", "--nocapture", "--test-threads=1"])
        .env(CONFIGURATION, &configuration.name)
        .env(OUTPUT, output)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command.spawn().expect("this program can be started")
}

/// The other end of [`start`].
pub(crate) async fn work(attempts: &[Attempt]) {
    let name = std::env::var(CONFIGURATION).expect("the name of a configuration");
    let output = std::env::var(OUTPUT).expect("a file for the findings");
    let configuration = Configuration::all().into_iter().find(|c| c.name == name).expect("a configuration");
    nix::sys::prctl::set_child_subreaper(true).expect("this process can adopt");
    let host = Host::here();
    let mut groups: BTreeMap<Group, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| configuration.concerns(attempt) && host.suits(attempt)) {
        groups.entry(attempt.group()).or_default().push(attempt);
    }
    let mut world = World::new(configuration.user);
    let mut findings = Findings::default();
    for ((code, limits), attempts) in groups {
        let mut stage = Stage::new(&configuration, &code, &limits, &world.strangers).await;
        for attempt in attempts {
            let twice = attempt.control.is_some() && configuration.on.is_empty() && !configuration.pid_namespace;
            for time in 0..if twice { 2 } else { 1 } {
                match trial::run(attempt, &mut stage, &mut world).await {
                    Ok(outcome) => {
                        if outcome.spoilt {
                            stage = Stage::new(&configuration, &code, &limits, &world.strangers).await;
                        }
                        if time == 0 {
                            findings.outcomes.insert(attempt.id.clone(), outcome);
                        } else {
                            findings.again.insert(attempt.id.clone(), outcome.answer);
                        }
                    }
                    Err(why) => {
                        findings.failures.push(format!("{}: {why}", attempt.id));
                        stage = Stage::new(&configuration, &code, &limits, &world.strangers).await;
                    }
                }
            }
        }
    }
    let text = serde_json::to_string(&findings).expect("findings are JSON");
    let mut file = std::fs::File::create(output).expect("the file for the findings");
    file.write_all(text.as_bytes()).expect("the findings can be written");
}
