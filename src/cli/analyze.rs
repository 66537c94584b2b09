//! `palisade analyze`: what would be refused, where, why, and what would allow it; for people, editors and CI.

mod finding;
mod github;
mod json;
mod sarif;
mod text;

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use palisade_analyzer::{Rules, analyze};
use palisade_policy::Policy;

use super::{AllowArgs, ProfileArg, startup};
use crate::logging::one_line;
use finding::{Finding, Judged};

/// Something would be refused by the rules.
const REFUSED: u8 = 1;

/// Something cannot be judged, or the command line cannot be used. What CI wants to know of this command is not what a shell
/// wants to know of the others, so its codes are those of linters.
pub(super) const UNUSABLE: u8 = 2;

/// Judge scripts without running them: what would be refused, where, why, and which setting would allow it.
///
/// Exit codes: 0 nothing is refused; 1 something is; 2 a script cannot be judged (it is not there, not Python, or beyond a
/// limit), or the command line or the policy cannot be used.
#[derive(Debug, Args)]
pub(super) struct AnalyzeArgs {
    /// The scripts, texts of Code nodes; - for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A file, a folder or a built-in profile's name, in place of what PALISADE_POLICY says
    #[arg(long, value_name = "FILE|FOLDER|NAME")]
    policy: Option<PathBuf>,
    /// How it is printed: text, one JSON object, SARIF 2.1.0, or the workflow commands of GitHub Actions. The object: {"version",
    /// "profile", "files": [{"file", "result": "clean", "refused" or "unjudged", "findings": [{"rule", "message", "line", "column",
    /// "end_line", "end_column", "reason", "allowed_by"}]}]}; lines and columns count from 1, in characters, and what is not
    /// known is null
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    allow: AllowArgs,
    #[command(flatten)]
    profile: ProfileArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Sarif,
    Github,
}

pub(super) fn main(args: &AnalyzeArgs) -> ExitCode {
    let policy = match policy(args) {
        Ok(policy) => policy,
        Err(error) => {
            eprintln!("palisade: {}", one_line(&error, 4000));
            return ExitCode::from(UNUSABLE);
        }
    };
    let rules = policy.rules();
    let judged: Vec<Judged> = args.files.iter().map(|file| judge(file, &policy, &rules)).collect();
    let text = match args.format {
        Format::Text => text::print(&judged),
        Format::Json => json::print(&judged, &policy.name),
        Format::Sarif => sarif::print(&judged),
        Format::Github => github::print(&judged),
    };
    // A reader that has seen enough is no failure.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::from(judged.iter().map(code).max().unwrap_or_default())
}

fn code(judged: &Judged) -> u8 {
    judged.findings.iter().map(|finding| if finding.is_refusal { REFUSED } else { UNUSABLE }).max().unwrap_or_default()
}

fn policy(args: &AnalyzeArgs) -> Result<Policy, String> {
    let mut config = startup::task_config(&startup::environment(), &args.allow).map_err(|error| error.to_string())?;
    if args.policy.is_some() {
        config.policy.clone_from(&args.policy);
    }
    let policies =
        startup::policies(&config, args.profile.profile.as_deref()).map_err(|error| format!("policy {error}"))?;
    Ok(policies.default_profile().clone())
}

fn judge(file: &Path, policy: &Policy, rules: &Rules) -> Judged {
    let name = if is_stdin(file) { "<stdin>".to_owned() } else { file.to_string_lossy().into_owned() };
    let text = read(file, rules.limits.code_bytes)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|error| format!("not UTF-8: {}", error.utf8_error())));
    let (source, findings) = match text {
        Ok(source) => {
            let findings = finding::findings(&source, &analyze(&source, rules), policy);
            (source, findings)
        }
        Err(error) => (String::new(), vec![Finding::unreadable(error)]),
    };
    Judged { name, source, findings }
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// Reads one byte more than may be judged, so that a larger file is told by its size, and not read in full.
fn read(file: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    let read = if is_stdin(file) {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| error.to_string())?;
    if bytes.len() > limit {
        return Err(format!("it has more than {limit} bytes (policy: limits.code_bytes)"));
    }
    Ok(bytes)
}
