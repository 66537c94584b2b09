//! `palisade`: the runner itself.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Weak};
use std::time::Duration;

use palisade_policy::Policies;
use palisade_sandbox::layer::{Outcome, State};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tracing::{debug, warn};

use super::startup::{self, CannotRun};
use crate::broker::{Endpoint, Trust};
use crate::config::{Config, TaskConfig, Variables};
use crate::engine::Engine;
use crate::logging::{self, Look, Target, one_line};
use crate::observe::health::{Context, Server};
use crate::observe::{Recorder, metrics};
use crate::offers::random_id;
use crate::runner::{Ending, Options, Runner, Signal};

/// What a name that cannot be resolved yet, or a file that does not come, may delay the end of the process.
const LEFTOVERS: Duration = Duration::from_millis(100);

pub(super) fn main() -> ExitCode {
    // First, so that there is no moment in which somebody could look.
    let hardened = startup::harden();
    let look = look();
    if let Err(error) = hardened {
        return refuse(&format!("The runner's memory cannot be protected: {error}"), look);
    }
    let mut vars = match startup::environment_without_traces() {
        Ok(vars) => vars,
        Err(error) => {
            return refuse(&format!("The grant token cannot be taken out of the environment: {error}"), look);
        }
    };
    let level = vars.get(OsStr::new("N8N_RUNNERS_LAUNCHER_LOG_LEVEL")).and_then(|level| level.to_str());
    let log = logging::init(Target::Stdout, logging::level(level), look);
    let ended = run(&mut vars);
    // Lines first, and then the reason on its own.
    drop(log);
    match ended {
        Ok(code) => code,
        Err(Refused(text)) => refuse(&text, look),
    }
}

/// Why the runner does not start: one line.
struct Refused(String);

fn run(vars: &mut Variables) -> Result<ExitCode, Refused> {
    let config =
        Config::from_variables(vars, &|path| std::fs::read(path)).map_err(|error| Refused(error.to_string()))?;
    startup::forget_secrets(vars);
    for warning in &config.warnings {
        warn!("{warning}");
    }
    let _reporting = reporting(&config.sentry);
    // Before the health server, whose metrics are told apart by profile.
    let policies =
        startup::policies(&config.tasks, None).map_err(|error| Refused(one_line(&error.to_string(), 2000)))?;
    let runtime =
        startup::runtime().map_err(|error| Refused(format!("The event loop could not be started: {error}")))?;
    let recorder = Recorder::new(policies.in_use().map(|policy| policy.name.clone()));
    let health = health(&config, &recorder, &runtime)?;
    let ended = runtime.block_on(serve(config, &policies, vars, recorder, health.as_ref()));
    runtime.shutdown_timeout(LEFTOVERS);
    if let Some(health) = health {
        health.stop();
    }
    ended
}

/// What log lines are to look like, which is known before anything else is; what cannot be meant is warned of with the rest of
/// the configuration.
fn look() -> Look {
    match std::env::var_os("PALISADE_LOG") {
        Some(look) if look == "json" => Look::Json,
        _ if std::env::var_os("NO_COLOR").is_some() => Look::NoColour,
        _ => Look::Text,
    }
}

#[cfg(feature = "sentry")]
use crate::observe::sentry::start as reporting;

#[cfg(not(feature = "sentry"))]
fn reporting(config: &crate::config::Sentry) -> Option<NoReports> {
    if !config.dsn.reveal().is_empty() {
        warn!("N8N_SENTRY_DSN is set, but this build does not report errors; build it with --features sentry");
    }
    None
}

/// What a build without Sentry has in place of its reports: there is none.
#[cfg(not(feature = "sentry"))]
enum NoReports {}

/// The health server, where one is wanted. It answers from here on, while the rest starts.
fn health(config: &Config, recorder: &Recorder, runtime: &Runtime) -> Result<Option<Server>, Refused> {
    let Some(health) = &config.health else { return Ok(None) };
    let metrics = metrics::install(recorder).map_err(|error| Refused(error.to_string()))?;
    let context = Context { recorder: recorder.clone(), metrics, tasks: runtime.handle().clone() };
    Server::start(health, context).map(Some).map_err(|error| Refused(error.to_string()))
}

async fn serve(
    config: Config,
    policies: &Policies,
    vars: &Variables,
    recorder: Recorder,
    health: Option<&Server>,
) -> Result<ExitCode, Refused> {
    let id = config.runner_id.clone().unwrap_or_else(random_id);
    let endpoint = match endpoint(&config, &id) {
        Ok(endpoint) => endpoint,
        Err(cause) => return Err(Refused(cause)),
    };
    // What is left of it is the header of the next handshake: connections are lost, and made again.
    drop(config.credentials);
    let signals = listen().map_err(|error| Refused(format!("Signals cannot be received: {error}")))?;
    startup::checked(&config.tasks, policies).map_err(|error| refused(&error))?;
    let options = Options {
        endpoint,
        max_concurrency: config.max_concurrency,
        idle_timeout: config.idle_timeout,
        grace: config.grace,
    };
    let (tell, starting) = oneshot::channel();
    let runner = Runner::starting(options, starting, signals, recorder);
    // A slow interpreter may take a minute to come up. The broker can know of the runner before, and who wants it gone need
    // not wait.
    let start = async {
        let _ = tell.send(start(&config.tasks, config.max_concurrency, policies, vars, health).await);
        std::future::pending().await
    };
    let ending = tokio::select! {
        ending = runner.run() => ending,
        never = start => never,
    };
    match ending {
        Ending::Unable(why) => Err(Refused(why)),
        ending => Ok(ExitCode::from(ending.exit_code())),
    }
}

/// Starts what executes tasks, up to a child that was sealed and verified: only then may anything be offered.
async fn start(
    config: &TaskConfig,
    concurrency: usize,
    policies: &Policies,
    vars: &Variables,
    health: Option<&Server>,
) -> Result<Arc<Engine>, String> {
    let started = startup::engine(config, policies, vars, concurrency).await;
    let engine = started.map_err(|error| refused(&error).0)?;
    engine.proven().await.map_err(|error| refused(&error.into()).0)?;
    if let Some(health) = health {
        let seen: Weak<Engine> = Arc::downgrade(&engine);
        health.observe(seen);
    }
    tell_layers(&engine);
    Ok(engine)
}

fn refused(error: &CannotRun) -> Refused {
    Refused(one_line(&error.to_string(), 2000))
}

/// What became of each layer goes into the log.
fn tell_layers(engine: &Engine) {
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

/// Whatever the level of the log: a runner that does not start has to say why, on one line.
fn refuse(text: &str, look: Look) -> ExitCode {
    let line = if look == Look::Json { logging::json_refusal(text) } else { text.to_owned() };
    let _ = writeln!(io::stdout(), "{line}");
    ExitCode::FAILURE
}
