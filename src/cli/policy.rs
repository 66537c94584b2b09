//! `palisade policy`: what tasks may do, where that was said, and whether it can be.

mod explain;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use palisade_policy::{Policies, PolicyError};

use super::{AllowArgs, ProfileArg, USAGE, print_line, startup};
use crate::config::TaskConfig;
use crate::logging::one_line;

/// Longest line that is printed of a policy's own texts, in characters.
const LONGEST: usize = 4000;

/// Show, check and explain what tasks may do: the policy that PALISADE_POLICY names, together with n8n's variables.
///
/// Exit codes: 0 as asked; 1 the policy cannot be used; 64 the command line or the environment cannot be.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the policy that is in effect, and where each value was set
    Show(ShowArgs),
    /// Tell all that is wrong with a policy, or that nothing is
    Check(CheckArgs),
    /// Tell why a value, a module or a task is as it is
    Explain(ExplainArgs),
    /// Print the JSON Schema of policy files, for editors
    Schema,
}

#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    allow: AllowArgs,
    /// How it is printed; toml can be used as a policy file, and json is one object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Toml,
    Json,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// A file, a folder or a built-in profile's name, in place of what PALISADE_POLICY says
    #[arg(value_name = "FILE|FOLDER|NAME")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    allow: AllowArgs,
}

/// Tell why a value, a module or a task is as it is.
///
/// `explain limits.memory_mib` tells of a key, `explain __globals__` in which lists a word stands, `explain module numpy`
/// whether user code may import it, and `explain task --workflow-id ID` which profile a task gets.
#[derive(Debug, Args)]
struct ExplainArgs {
    /// A key, an entry of a list, `module NAME`, or `task`
    #[arg(required = true, num_args = 1..=2, value_name = "WHAT")]
    what: Vec<String>,
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    allow: AllowArgs,
    /// Of the task: n8n's id of its workflow
    #[arg(long, value_name = "ID")]
    workflow_id: Option<String>,
    /// Of the task: its workflow's name
    #[arg(long, value_name = "NAME")]
    workflow_name: Option<String>,
    /// Of the task: its node's id
    #[arg(long, value_name = "ID")]
    node_id: Option<String>,
    /// Of the task: its node's name
    #[arg(long, value_name = "NAME")]
    node_name: Option<String>,
}

/// Why there is nothing to print.
enum Failure {
    Usage(String),
    Policy(PolicyError),
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error)
    }
}

pub(super) fn main(args: &PolicyArgs) -> ExitCode {
    let printed = match &args.command {
        Command::Show(args) => show(args),
        Command::Check(args) => check(args),
        Command::Explain(args) => config(&args.allow).and_then(|config| explain::explain(args, &config)),
        Command::Schema => Ok(schema()),
    };
    match printed {
        Ok(text) => {
            print_line(text.trim_end());
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(text)) => {
            eprintln!("palisade: {}", one_line(&text, LONGEST));
            ExitCode::from(USAGE)
        }
        Err(Failure::Policy(error)) => {
            for problem in error.problems() {
                eprintln!("palisade: policy {}", one_line(&problem.to_string(), LONGEST));
            }
            ExitCode::FAILURE
        }
    }
}

fn config(allow: &AllowArgs) -> Result<TaskConfig, Failure> {
    startup::task_config(&startup::environment(), allow).map_err(|error| Failure::Usage(error.to_string()))
}

fn show(args: &ShowArgs) -> Result<String, Failure> {
    let policies = startup::policies(&config(&args.allow)?, None)?;
    let policy = match &args.profile.profile {
        Some(name) => policies.profile(name)?,
        None => policies.default_profile().clone(),
    };
    Ok(match args.format {
        Format::Text => show::text(&policies, &policy),
        Format::Toml => show::toml(&policy),
        Format::Json => show::json(&policies, &policy),
    })
}

fn check(args: &CheckArgs) -> Result<String, Failure> {
    let mut config = config(&args.allow)?;
    if args.policy.is_some() {
        config.policy.clone_from(&args.policy);
    }
    let policies = startup::policies(&config, None)?;
    let name = config.policy.as_ref().map_or_else(|| "the built-in policy".into(), |path| path.to_string_lossy());
    let mut lines = vec![one_line(&format!("{name}: nothing is wrong"), LONGEST)];
    lines.push(profiles(&policies));
    lines.extend(policies.warnings().iter().map(|warning| format!("warning: {}", one_line(warning, LONGEST))));
    Ok(lines.join("\n"))
}

/// Which profiles tasks can get.
fn profiles(policies: &Policies) -> String {
    let in_use: Vec<&str> = policies.in_use().map(|policy| policy.name.as_str()).collect();
    format!("profiles in use: {}; matches: {}", in_use.join(", "), policies.matches().len())
}

fn schema() -> String {
    // Nothing in it can fail to be JSON.
    serde_json::to_string_pretty(&palisade_policy::schema()).unwrap_or_default()
}
