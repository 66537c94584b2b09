//! `palisade`: the runner itself.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use palisade_sandbox::layer::{Outcome, State};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::{debug, info, warn};

use super::startup;
use crate::broker::{Endpoint, Trust};
use crate::config::{Config, Variables};
use crate::logging::{self, Target, one_line};
use crate::offers::random_id;
use crate::runner::{Options, Runner, Signal};

/// What a name that cannot be resolved yet, or a file that does not come, may delay the end of the process.
const LEFTOVERS: Duration = Duration::from_millis(100);

pub(super) fn main() -> ExitCode {
    // First, so that there is no moment in which somebody could look.
    if let Err(error) = startup::harden() {
        return refuse(&format!("The runner's memory cannot be protected: {error}"));
    }
    let mut vars = match startup::environment_without_traces() {
        Ok(vars) => vars,
        Err(error) => return refuse(&format!("The grant token cannot be taken out of the environment: {error}")),
    };
    let level = vars.get(OsStr::new("N8N_RUNNERS_LAUNCHER_LOG_LEVEL")).and_then(|level| level.to_str());
    let no_color = vars.contains_key(OsStr::new("NO_COLOR"));
    let _log = logging::init(Target::Stdout, logging::level(level), no_color);
    let config = match Config::from_variables(&vars, &|path| std::fs::read(path)) {
        Ok(config) => config,
        Err(error) => return refuse(&error.to_string()),
    };
    startup::forget_secrets(&mut vars);
    let runtime = match startup::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format!("The event loop could not be started: {error}")),
    };
    let code = runtime.block_on(serve(config, &vars));
    runtime.shutdown_timeout(LEFTOVERS);
    code
}

async fn serve(config: Config, vars: &Variables) -> ExitCode {
    for warning in &config.warnings {
        warn!("{warning}");
    }
    if config.health.is_some() {
        warn!("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED is set, but this version has no health server yet");
    }
    if !config.sentry.dsn.reveal().is_empty() {
        warn!("N8N_SENTRY_DSN is set, but this version does not report errors");
    }
    let id = config.runner_id.clone().unwrap_or_else(random_id);
    let endpoint = match endpoint(&config, &id) {
        Ok(endpoint) => endpoint,
        Err(cause) => return refuse(&cause),
    };
    // What is left of it is the header of the next handshake: connections are lost, and made again.
    drop(config.credentials);
    let mut signals = match listen() {
        Ok(signals) => signals,
        Err(error) => return refuse(&format!("Signals cannot be received: {error}")),
    };
    let policies = match startup::policies(&config.tasks, None) {
        Ok(policies) => policies,
        Err(error) => return refuse(&one_line(&error.to_string(), 2000)),
    };
    // A slow interpreter may take a minute to come up; who wants the runner gone need not wait for it.
    let started = tokio::select! {
        started = startup::engine(&config.tasks, &policies, vars, config.max_concurrency) => started,
        Some(signal) = signals.recv() => {
            info!("Received {} signal, starting shutdown...", signal.name());
            return ExitCode::SUCCESS;
        }
    };
    let engine = match started {
        Ok(engine) => engine,
        Err(error) => return refuse(&one_line(&error.to_string(), 2000)),
    };
    let several = engine.profiles().count() > 1;
    for profile in engine.profiles() {
        let of = if several { format!("profile {}: ", profile.name) } else { String::new() };
        for Outcome { layer, state } in profile.layers() {
            match state {
                State::Held { detail } => debug!("{of}{layer}: in force {detail}"),
                State::Missing { found, remedy } => warn!("{of}{layer}: missing ({found}); {remedy}"),
                State::Off => warn!("{of}{layer}: switched off"),
                State::NotNeeded => debug!("{of}{layer}: not needed"),
            }
        }
    }
    let options = Options {
        endpoint,
        max_concurrency: config.max_concurrency,
        idle_timeout: config.idle_timeout,
        grace: config.grace,
    };
    let ending = Runner::new(options, engine, signals, None).run().await;
    ExitCode::from(ending.exit_code())
}

/// Where and as whom to connect, or one line.
fn endpoint(config: &Config, id: &str) -> Result<Endpoint, String> {
    let endpoint = Endpoint::new(config.broker.clone(), id, config.credentials.clone(), config.max_payload)
        .map_err(|error| format!("The broker cannot be addressed: {error}"))?;
    if !config.broker.is_tls() {
        return Ok(endpoint);
    }
    let trust = Trust::system_and(&config.authorities).map_err(|error| one_line(&error.to_string(), 1000))?;
    Ok(endpoint.trusting(trust))
}

/// SIGTERM and SIGINT, as they come.
fn listen() -> std::io::Result<mpsc::Receiver<Signal>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (sender, receiver) = mpsc::channel(4);
    tokio::spawn(async move {
        loop {
            let signal = tokio::select! {
                Some(()) = terminate.recv() => Signal::Terminate,
                Some(()) = interrupt.recv() => Signal::Interrupt,
                else => return,
            };
            // A runner that has several of them in its ears already needs no more.
            if let Err(mpsc::error::TrySendError::Closed(_)) = sender.try_send(signal) {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Whatever the level of the log: a runner that does not start has to say why, on one plain line.
fn refuse(text: &str) -> ExitCode {
    let _ = writeln!(io::stdout(), "{text}");
    ExitCode::FAILURE
}
