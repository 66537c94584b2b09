//! The table of all environment variables, and the only reader of them.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::{ConfigError, ReadFile, Variables, values, zone};
use crate::logging::one_line;

/// What kind of text a variable holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything.
    Text,
    /// Python's `int()`.
    Integer,
    /// Python's `float()`.
    Float,
    /// `true`, or false.
    Flag,
    /// Entries between commas.
    List,
}

/// One variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What counts where it is absent.
    pub default: &'static str,
    /// Whether its value may come from a file, named by `NAME_FILE`.
    pub from_file: bool,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// What it is for.
    pub purpose: &'static str,
}

const fn variable(name: &'static str, kind: Kind, default: &'static str, purpose: &'static str) -> Variable {
    Variable { name, kind, default, from_file: true, secret: false, purpose }
}

const fn secret(variable: Variable) -> Variable {
    Variable { secret: true, ..variable }
}

const fn direct(variable: Variable) -> Variable {
    Variable { from_file: false, ..variable }
}

use Kind::{Flag, Float, Integer, List, Text};

/// All of them.
pub const TABLE: &[Variable] = &[
    secret(variable(
        "N8N_RUNNERS_GRANT_TOKEN",
        Text,
        "",
        "the token the broker lets this runner in for, once; required unless there is N8N_RUNNERS_AUTH_TOKEN",
    )),
    secret(variable(
        "N8N_RUNNERS_AUTH_TOKEN",
        Text,
        "",
        "the secret shared with n8n, for which the runner fetches grant tokens itself where none is given",
    )),
    variable(
        "N8N_RUNNERS_TASK_BROKER_URI",
        Text,
        "http://127.0.0.1:5679",
        "host and port of the task broker; https:// or wss:// for TLS",
    ),
    variable("N8N_RUNNERS_ID", Text, "", "the id n8n knows this runner by; random when empty"),
    variable("N8N_RUNNERS_MAX_CONCURRENCY", Integer, "5", "tasks at once"),
    variable("N8N_RUNNERS_MAX_PAYLOAD", Integer, "1073741824", "limit for one incoming message, in bytes"),
    variable("N8N_RUNNERS_TASK_TIMEOUT", Integer, "60", "seconds a task may take"),
    variable(
        "N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT",
        Integer,
        "0",
        "seconds without work after which to stop; 0 for never",
    ),
    variable("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", Integer, "10", "seconds for running tasks when stopping"),
    variable("N8N_RUNNERS_STDLIB_ALLOW", List, "", "standard library modules tasks may import; * for all"),
    variable("N8N_RUNNERS_EXTERNAL_ALLOW", List, "", "other packages tasks may import; * for all"),
    variable("N8N_RUNNERS_BUILTINS_DENY", List, "", "built-ins tasks do not have; the policy's list when absent"),
    variable(
        "N8N_RUNNERS_ALLOW_TRANSITIVE_IMPORTS",
        Flag,
        "false",
        "whether packages may import through importlib what tasks may not",
    ),
    variable("N8N_BLOCK_RUNNER_ENV_ACCESS", Flag, "true", "whether os.environ is empty for tasks"),
    variable("N8N_RUNNER_ENV_ALLOW", List, "", "variables tasks see although os.environ is blocked"),
    variable("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", Flag, "false", "whether there is a health server"),
    variable("N8N_RUNNERS_HEALTH_CHECK_SERVER_HOST", Text, "127.0.0.1", "where it listens"),
    variable("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", Integer, "5681", "on which port; 0 for any"),
    direct(variable("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", Text, "INFO", "DEBUG, INFO, WARNING, ERROR or CRITICAL")),
    direct(variable(
        "PALISADE_LOG",
        Text,
        "text",
        "text, or json for one object a line, among them one for each task with its times and layers",
    )),
    direct(variable("NO_COLOR", Text, "", "no colours on a terminal when present")),
    secret(variable("N8N_SENTRY_DSN", Text, "", "where to report errors; nowhere when empty")),
    variable("N8N_VERSION", Text, "", "n8n's version, for error reports"),
    variable("ENVIRONMENT", Text, "", "the environment's name, for error reports"),
    variable("DEPLOYMENT_NAME", Text, "", "the installation's name, for error reports"),
    variable("N8N_SENTRY_TRACES_SAMPLE_RATE", Float, "0", "share of traces to report"),
    variable("N8N_SENTRY_PROFILES_SAMPLE_RATE", Float, "0", "share of profiles to report"),
    direct(variable("SSL_CERT_FILE", Text, "", "the system's certificate authorities; searched for when absent")),
    direct(variable("SSL_CERT_DIR", Text, "", "folders with such files, between colons")),
    direct(variable("TZ", Text, "", "the time zone of tasks; the system's when empty")),
    variable(
        "PALISADE_ALLOW_UNSEALED",
        Flag,
        "false",
        "whether a build that cannot seal (not Linux) runs tasks all the same",
    ),
    variable(
        "PALISADE_ANSWER_MEMORY_MIB",
        Integer,
        "",
        "MiB for the results of all tasks on their way to the broker, and a quarter of it for prints; two results of 256 MiB when empty",
    ),
    direct(variable(
        "PALISADE_POLICY",
        Text,
        "",
        "the policy: a built-in profile's name, a TOML file or a folder of them; the built-in default when empty",
    )),
    direct(variable(
        "PALISADE_CA_FILE",
        Text,
        "",
        "a PEM file with certificate authorities that may vouch for the broker, besides the system's",
    )),
    variable("PALISADE_PYTHON", Text, "", "the Python interpreter, CPython 3.13 or 3.14; searched for when empty"),
    variable(
        "PALISADE_VENV",
        Text,
        "",
        "a virtual environment: its interpreter runs the tasks, and its packages are what N8N_RUNNERS_EXTERNAL_ALLOW names",
    ),
];

/// A file that a variable names.
pub(super) struct NamedFile {
    /// Its path, for the eyes of an operator.
    pub(super) path: String,
    /// What is in it, or why it cannot be read.
    pub(super) content: Result<Vec<u8>, String>,
}

/// Reads variables by the table.
pub(super) struct Reader<'a> {
    vars: &'a Variables,
    read_file: ReadFile<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(vars: &'a Variables, read_file: ReadFile<'a>) -> Self {
        Self { vars, read_file }
    }

    /// The value, where one is given directly or in a file.
    pub(super) fn given(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        if let Some(value) = self.vars.get(OsStr::new(name)) {
            let not_utf8 = || ConfigError::NotUtf8 { name: name.to_owned() };
            return Ok(Some(value.to_str().ok_or_else(not_utf8)?.to_owned()));
        }
        let file_name = format!("{name}_FILE");
        let file = self.vars.get(OsStr::new(&file_name)).filter(|file| !file.is_empty() && entry(name).from_file);
        let Some(file) = file else { return Ok(None) };
        let path = one_line(&file.to_string_lossy(), 500);
        let unreadable = |cause: String| ConfigError::Unreadable { name, path: path.clone(), cause };
        let bytes = (self.read_file)(Path::new(file)).map_err(|error| unreadable(system_error(&error, &path)))?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| unreadable(format!("not UTF-8 from byte {} on", error.valid_up_to())))?;
        Ok(Some(text.trim().to_owned()))
    }

    /// Whether the variable itself is there, which is then what counts.
    pub(super) fn is_direct(&self, name: &str) -> bool {
        self.vars.contains_key(OsStr::new(name))
    }

    /// The file that a variable names, where it names one.
    pub(super) fn named_file(&self, name: &'static str) -> Result<Option<NamedFile>, ConfigError> {
        let file = self.text(name)?;
        if file.is_empty() {
            return Ok(None);
        }
        let path = one_line(&file, 500);
        let content = (self.read_file)(Path::new(&file)).map_err(|error| system_error(&error, &path));
        Ok(Some(NamedFile { path, content }))
    }

    pub(super) fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        Ok(self.given(name)?.unwrap_or_else(|| entry(name).default.to_owned()))
    }

    pub(super) fn integer(&self, name: &'static str) -> Result<i128, ConfigError> {
        let text = self.text(name)?;
        values::integer(&text).ok_or_else(|| ConfigError::NotAnInteger { name, value: one_line(&text, 200) })
    }

    pub(super) fn float(&self, name: &'static str) -> Result<f64, ConfigError> {
        let text = self.text(name)?;
        values::float(&text).ok_or_else(|| ConfigError::NotAFloat { name, value: one_line(&text, 200) })
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, ConfigError> {
        Ok(values::flag(&self.text(name)?))
    }

    /// All of the environment that is text.
    pub(super) fn variables(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.vars.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }

    /// Files that are named as holding a secret: one of these variables, or a secret one of the table.
    pub(super) fn secret_files(&self, secrets: &[&str]) -> Vec<(String, PathBuf)> {
        let is_secret = |name: &str| {
            secrets.contains(&name) || TABLE.iter().any(|variable| variable.secret && variable.name == name)
        };
        let named = self.vars.iter().filter_map(|(name, value)| Some((name.to_str()?, value)));
        let files =
            named.filter(|(name, value)| name.strip_suffix("_FILE").is_some_and(is_secret) && !value.is_empty());
        files.map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// What an operator probably did not mean.
    pub(super) fn oddities(&self) -> Vec<String> {
        let mut odd = Vec::new();
        if let Ok(Some(value)) = self.given("N8N_BLOCK_RUNNER_ENV_ACCESS")
            && !["true", "false"].iter().any(|known| value.trim().eq_ignore_ascii_case(known))
        {
            odd.push(format!(
                "N8N_BLOCK_RUNNER_ENV_ACCESS is '{}', which counts as false: tasks can read the environment",
                one_line(&value, 200)
            ));
        }
        if let Ok(look) = self.text("PALISADE_LOG")
            && !["", "text", "json"].contains(&look.as_str())
        {
            odd.push(format!(
                "PALISADE_LOG is '{}', which is neither text nor json; text is used",
                one_line(&look, 200)
            ));
        }
        if let Ok(zone) = self.text("TZ")
            && let Some(objection) = zone::objection(&zone, self.read_file)
        {
            odd.push(format!("TZ is '{}': {objection}", one_line(&zone, 200)));
        }
        for name in self.vars.keys().filter_map(|name| name.to_str()).filter(|name| name.starts_with("PALISADE_")) {
            let known = |entry: &Variable| {
                name == entry.name || (entry.from_file && name.strip_suffix("_FILE") == Some(entry.name))
            };
            if !TABLE.iter().any(known) {
                odd.push(format!("Unknown environment variable {}", one_line(name, 200)));
            }
        }
        odd
    }
}

/// The row of a variable. A name that is in no row would be one nobody can look up, so there is no such thing.
fn entry(name: &str) -> &'static Variable {
    const MISSING: Variable = variable("", Text, "", "");
    let found = TABLE.iter().find(|variable| variable.name == name);
    debug_assert!(found.is_some(), "{name} is not in the table");
    found.unwrap_or(&MISSING)
}

/// A system error as Python writes it.
fn system_error(error: &io::Error, path: &str) -> String {
    let text = error.to_string();
    match error.raw_os_error() {
        Some(code) => {
            let text = text.strip_suffix(&format!(" (os error {code})")).unwrap_or(&text);
            format!("[Errno {code}] {text}: '{path}'")
        }
        None => text,
    }
}
