//! Everything the environment says, read once and checked at once.
//!
//! [`variables`] is the one table of all variables; nothing else in the program reads the environment, but for the TLS
//! library's `SSL_CERT_FILE` and `SSL_CERT_DIR`.

pub mod survey;
mod tokens;
mod values;
pub mod variables;
mod zone;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use palisade_policy::{Allow, Origin, WildcardError};
use thiserror::Error;

pub use self::tokens::{AuthToken, Credentials, GrantToken, Secret};
use self::variables::{NamedFile, Reader};
use crate::broker::{Address, AddressError, Authorities};
use crate::budget;
use crate::logging::one_line;

/// A snapshot of an environment.
pub type Variables = BTreeMap<OsString, OsString>;
/// How files named by `…_FILE` variables are read.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Limit for one incoming message, inherited from a channel of n8n's own runner.
const MAX_PAYLOAD: i128 = 4_294_967_295;
/// More offers than this at once would only be a burden for the broker.
const MAX_CONCURRENCY: i128 = 10_000;
/// No host has more memory than this, in MiB.
const MAX_ANSWER_MEMORY_MIB: i128 = 1 << 24;
/// Longer times are as good as for ever, and clocks can still add them.
const FOR_EVER_S: u64 = 100 * 365 * 24 * 3600;
/// Variables that no task gets to see, whatever it may see; and which are forgotten once they are read, as far as they hold
/// secrets themselves.
pub(crate) const NEVER_FOR_TASKS: [&str; 5] = [
    "N8N_RUNNERS_GRANT_TOKEN",
    "N8N_RUNNERS_GRANT_TOKEN_FILE",
    "N8N_RUNNERS_AUTH_TOKEN",
    "N8N_RUNNERS_AUTH_TOKEN_FILE",
    "N8N_SENTRY_DSN",
];

/// The configuration of the runner.
#[derive(Debug, Clone)]
pub struct Config {
    /// For error reports.
    pub sentry: Sentry,
    /// Where the health server listens, when it is wanted.
    pub health: Option<Health>,
    /// What the broker lets the runner in for.
    pub credentials: Credentials,
    /// When to stop for want of work.
    pub idle_timeout: Option<Duration>,
    /// How long running tasks may go on when the runner has to stop.
    pub grace: Duration,
    /// Limit for one incoming message, in bytes.
    pub max_payload: usize,
    /// Where the broker is.
    pub broker: Address,
    /// Who may vouch for its certificate, besides the system's authorities.
    pub authorities: Authorities,
    /// How many tasks run at once.
    pub max_concurrency: usize,
    /// The id n8n knows this runner by; else a random one is made.
    pub runner_id: Option<String>,
    /// What tasks may do.
    pub tasks: TaskConfig,
    /// What is no error but deserves a line in the log.
    pub warnings: Vec<String>,
}

/// The part of the configuration that is about running code.
#[derive(Debug, Clone)]
pub struct TaskConfig {
    /// How long a task may take.
    pub timeout: Duration,
    /// Modules of the standard library that tasks may import.
    pub stdlib_allow: Allow,
    /// Where that was said.
    pub stdlib_origin: Origin,
    /// Other packages that tasks may import.
    pub external_allow: Allow,
    /// Where that was said.
    pub external_origin: Origin,
    /// Built-ins that tasks do not have; none for the default list.
    pub builtins_deny: Option<Vec<String>>,
    /// Whether packages may import, by `importlib`, what user code may not.
    pub allow_transitive_imports: bool,
    /// Files that hold a secret of the runner, and the variables that name them.
    pub secret_files: Vec<(String, PathBuf)>,
    /// What tasks find in `os.environ`.
    pub env: Vec<(String, String)>,
    /// The interpreter, where one is named.
    pub python: Option<PathBuf>,
    /// The virtual environment whose interpreter and packages tasks get, where one is named.
    pub venv: Option<PathBuf>,
    /// The built-in profile, the file or the folder that the policy is, where it is not the built-in default.
    pub policy: Option<PathBuf>,
    /// The time zone of tasks, where it is not the system's.
    pub time_zone: Option<String>,
    /// Whether a build that cannot seal runs tasks all the same. A build that can is not weakened by it.
    pub allow_unsealed: bool,
    /// What the results of all tasks may take together of the runner's memory, in bytes.
    pub answer_memory: u64,
}

/// Where the health server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// A name or an address.
    pub host: String,
    /// 0 for any free one.
    pub port: u16,
}

/// n8n's variables for error reports.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sentry {
    /// Empty: no reports. It holds a key, so it is never logged.
    pub dsn: Secret,
    /// n8n's version.
    pub version: String,
    /// n8n's name for where it runs.
    pub environment: String,
    /// n8n's name for this installation.
    pub deployment: String,
    /// Share of traces to send.
    pub traces_sample_rate: f64,
    /// Share of profiles to send.
    pub profiles_sample_rate: f64,
}

/// A configuration that cannot be used. Its text is one line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum ConfigError {
    #[error("Environment variable N8N_RUNNERS_GRANT_TOKEN is required")]
    NoToken,
    #[error("Environment variable N8N_RUNNERS_GRANT_TOKEN holds characters which no token has")]
    OddToken,
    #[error("PALISADE_CA_FILE names {path}, which cannot be used: {cause}")]
    CaFile { path: String, cause: String },
    #[error("Task timeout must be positive, got {0}")]
    TaskTimeout(i128),
    #[error("Auto shutdown timeout must be non-negative, got {0}")]
    IdleTimeout(i128),
    #[error("Graceful shutdown timeout must be positive, got {0}")]
    Grace(i128),
    #[error(
        "Max payload size of {0} bytes exceeds pipe message limit of {MAX_PAYLOAD} bytes. \
         Reduce N8N_RUNNERS_MAX_PAYLOAD."
    )]
    MaxPayload(i128),
    #[error("Environment variable N8N_RUNNERS_TASK_BROKER_URI {0}, got '{1}'")]
    Broker(AddressError, String),
    #[error(transparent)]
    Wildcard(#[from] WildcardError),
    #[error("Invalid health check configuration: Port must be between 0 and 65535, got {0}")]
    HealthPort(i128),
    #[error("Environment variable {name} must be an integer, got '{value}'")]
    NotAnInteger { name: &'static str, value: String },
    #[error("Environment variable {name} must be a float, got '{value}'")]
    NotAFloat { name: &'static str, value: String },
    #[error("Environment variable {name} is not valid UTF-8")]
    NotUtf8 { name: String },
    #[error("PALISADE_ANSWER_MEMORY_MIB must be between 1 and {MAX_ANSWER_MEMORY_MIB}, got {0}")]
    AnswerMemory(i128),
    #[error("Failed to read {name}_FILE from file {path}: {cause}")]
    Unreadable { name: &'static str, path: String, cause: String },
}

impl Config {
    /// Reads and checks everything, in the order n8n's own runner does, so that the first error is the same one.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_variables(vars: &Variables, read_file: ReadFile<'_>) -> Result<Self, ConfigError> {
        let reader = Reader::new(vars, read_file);
        let sentry = Sentry {
            dsn: Secret::new(reader.text("N8N_SENTRY_DSN")?),
            version: reader.text("N8N_VERSION")?,
            environment: reader.text("ENVIRONMENT")?,
            deployment: reader.text("DEPLOYMENT_NAME")?,
            traces_sample_rate: reader.float("N8N_SENTRY_TRACES_SAMPLE_RATE")?,
            profiles_sample_rate: reader.float("N8N_SENTRY_PROFILES_SAMPLE_RATE")?,
        };
        let health = read_health(&reader)?;
        let credentials = read_credentials(&reader)?;
        let task_timeout = read_task_timeout(&reader)?;
        let idle_timeout = reader.integer("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT")?;
        if idle_timeout < 0 {
            return Err(ConfigError::IdleTimeout(idle_timeout));
        }
        let grace = reader.integer("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT")?;
        if grace <= 0 {
            return Err(ConfigError::Grace(grace));
        }
        let max_payload = reader.integer("N8N_RUNNERS_MAX_PAYLOAD")?;
        if max_payload > MAX_PAYLOAD {
            return Err(ConfigError::MaxPayload(max_payload));
        }
        let uri = reader.text("N8N_RUNNERS_TASK_BROKER_URI")?;
        let broker = Address::parse(&uri).map_err(|error| ConfigError::Broker(error, shown_uri(&uri)))?;
        let authorities = read_authorities(&reader)?;
        let concurrency = reader.integer("N8N_RUNNERS_MAX_CONCURRENCY")?;

        let mut warnings = reader.oddities();
        if max_payload <= 0 {
            warnings.push(format!(
                "N8N_RUNNERS_MAX_PAYLOAD is {max_payload}: every message of the broker is too big for it"
            ));
        }
        if concurrency > MAX_CONCURRENCY {
            warnings.push(format!("N8N_RUNNERS_MAX_CONCURRENCY is {concurrency}; {MAX_CONCURRENCY} is used"));
        }
        Ok(Self {
            sentry,
            health,
            credentials,
            idle_timeout: Some(seconds(idle_timeout)).filter(|timeout| !timeout.is_zero()),
            grace: seconds(grace),
            max_payload: usize::try_from(max_payload).unwrap_or(0),
            broker,
            authorities,
            max_concurrency: usize::try_from(concurrency.clamp(0, MAX_CONCURRENCY)).unwrap_or(0),
            runner_id: Some(reader.text("N8N_RUNNERS_ID")?).filter(|id| !id.is_empty()),
            tasks: TaskConfig::read(&reader, task_timeout)?,
            warnings,
        })
    }
}

impl TaskConfig {
    /// Reads only what is about running code, for commands that need no broker.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn from_variables(vars: &Variables, read_file: ReadFile<'_>) -> Result<Self, ConfigError> {
        let reader = Reader::new(vars, read_file);
        let timeout = read_task_timeout(&reader)?;
        Self::read(&reader, timeout)
    }

    fn read(reader: &Reader<'_>, timeout: Duration) -> Result<Self, ConfigError> {
        let allow = |name| -> Result<Allow, ConfigError> { Ok(Allow::parse(name, &reader.text(name)?)?) };
        let stdlib_allow = allow("N8N_RUNNERS_STDLIB_ALLOW")?;
        let external_allow = allow("N8N_RUNNERS_EXTERNAL_ALLOW")?;
        let builtins_deny = reader.given("N8N_RUNNERS_BUILTINS_DENY")?.map(|list| values::list(&list));
        let env_allow =
            if reader.flag("N8N_BLOCK_RUNNER_ENV_ACCESS")? { allow("N8N_RUNNER_ENV_ALLOW")? } else { Allow::All };
        let env = reader.variables().filter(|(name, _)| {
            env_allow.permits(name) && !NEVER_FOR_TASKS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
        });
        let path = |name| -> Result<Option<PathBuf>, ConfigError> {
            Ok(Some(PathBuf::from(reader.text(name)?)).filter(|path| !path.as_os_str().is_empty()))
        };
        Ok(Self {
            timeout,
            stdlib_allow,
            stdlib_origin: Origin::environment("N8N_RUNNERS_STDLIB_ALLOW"),
            external_allow,
            external_origin: Origin::environment("N8N_RUNNERS_EXTERNAL_ALLOW"),
            builtins_deny,
            secret_files: reader.secret_files(&NEVER_FOR_TASKS),
            allow_transitive_imports: reader.flag("N8N_RUNNERS_ALLOW_TRANSITIVE_IMPORTS")?,
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            time_zone: Some(reader.text("TZ")?).filter(|zone| !zone.is_empty()),
            allow_unsealed: reader.flag("PALISADE_ALLOW_UNSEALED")?,
            python: path("PALISADE_PYTHON")?,
            venv: path("PALISADE_VENV")?,
            policy: path("PALISADE_POLICY")?,
            answer_memory: read_answer_memory(reader)?,
        })
    }
}

/// A grant token that is given wins: who gives it counts on the runner to end when it is used up.
fn read_credentials(reader: &Reader<'_>) -> Result<Credentials, ConfigError> {
    let grant = reader.text("N8N_RUNNERS_GRANT_TOKEN")?;
    let auth = reader.text("N8N_RUNNERS_AUTH_TOKEN")?;
    if grant.is_empty() && !auth.is_empty() {
        return Ok(Credentials::Auth(AuthToken::new(auth)?));
    }
    Ok(Credentials::Grant(GrantToken::new(grant)?))
}

fn read_authorities(reader: &Reader<'_>) -> Result<Authorities, ConfigError> {
    let Some(NamedFile { path, content }) = reader.named_file("PALISADE_CA_FILE")? else {
        return Ok(Authorities::default());
    };
    let unusable = |cause: String| ConfigError::CaFile { path: path.clone(), cause };
    let pem = content.map_err(unusable)?;
    Authorities::from_pem(&pem).map_err(|error| unusable(one_line(&error.to_string(), 500)))
}

/// A URI for the eyes of an operator: without the password that some have in front of the host.
fn shown_uri(uri: &str) -> String {
    one_line(&values::without_user(uri), 200)
}

fn read_answer_memory(reader: &Reader<'_>) -> Result<u64, ConfigError> {
    if reader.text("PALISADE_ANSWER_MEMORY_MIB")?.trim().is_empty() {
        let concurrency = reader.integer("N8N_RUNNERS_MAX_CONCURRENCY")?.clamp(0, MAX_CONCURRENCY);
        let payload = reader.integer("N8N_RUNNERS_MAX_PAYLOAD")?.clamp(0, MAX_PAYLOAD);
        let concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX);
        return Ok(budget::by_default(concurrency, u64::try_from(payload).unwrap_or(0)));
    }
    let mib = reader.integer("PALISADE_ANSWER_MEMORY_MIB")?;
    if !(1..=MAX_ANSWER_MEMORY_MIB).contains(&mib) {
        return Err(ConfigError::AnswerMemory(mib));
    }
    Ok(u64::try_from(mib).unwrap_or(1) << 20)
}

fn read_health(reader: &Reader<'_>) -> Result<Option<Health>, ConfigError> {
    let enabled = reader.flag("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED")?;
    let host = reader.text("N8N_RUNNERS_HEALTH_CHECK_SERVER_HOST")?;
    let port = reader.integer("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT")?;
    let port = u16::try_from(port).map_err(|_| ConfigError::HealthPort(port))?;
    Ok(enabled.then_some(Health { host, port }))
}

fn read_task_timeout(reader: &Reader<'_>) -> Result<Duration, ConfigError> {
    let timeout = reader.integer("N8N_RUNNERS_TASK_TIMEOUT")?;
    if timeout <= 0 { Err(ConfigError::TaskTimeout(timeout)) } else { Ok(seconds(timeout)) }
}

fn seconds(seconds: i128) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(FOR_EVER_S).min(FOR_EVER_S))
}

#[cfg(test)]
mod tests;
