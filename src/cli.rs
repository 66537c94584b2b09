//! The command line.

mod analyze;
mod pretty;
mod run;
mod serve;
mod snippet;
mod startup;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use palisade_policy::Allow;

use crate::jailer;

/// Exit code for a command line, or a file named on it, that cannot be used (`EX_USAGE` of sysexits.h). Not clap's own 2:
/// that is what refused code is answered with.
const USAGE: u8 = 64;

/// Runs n8n's Python tasks in sealed processes.
///
/// Without a command it is a task runner: it connects to n8n's task broker as its environment says.
#[derive(Debug, Parser)]
#[command(name = "palisade", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Connect to n8n's task broker and run its tasks (the default)
    Serve,
    /// Run one Code-node script, through an embedded broker and a sealed process
    Run(RunArgs),
    /// Judge scripts without running them
    Analyze(AnalyzeArgs),
    /// Tell what this host can do, layer by layer
    Check(CheckArgs),
}

/// Run one script as n8n's Code node would: through an embedded task broker, a real WebSocket and a sealed process.
///
/// The result is printed on stdout as JSON. On stderr: what the script prints, its error with the line it came from, and
/// one line with the layers that held for it and what each stage cost.
///
/// Exit codes: 0 the script returned; 1 it failed; 2 it was refused by analysis, or is not Python; 3 it was not run, as
/// no process could be sealed for it; 64 the command line or a file it names cannot be used.
#[derive(Debug, Args)]
struct RunArgs {
    /// The script: the text of a Code node
    file: PathBuf,
    /// A file with the input items as a JSON list, or - for stdin; no items when left out. Plain objects are wrapped into
    /// {"json": …} when no element has a "json" key
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Run the script once for each item, with `_item`
    #[arg(long)]
    each: bool,
    /// What `_query` is: a JSON object, or else taken as a string
    #[arg(long, value_name = "TEXT")]
    query: Option<String>,
    #[command(flatten)]
    allow: AllowArgs,
    /// Seconds the script may take
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    timeout: Option<u32>,
    /// Turn a failure of the script into a result, as the node's setting does
    #[arg(long)]
    continue_on_fail: bool,
    /// Print one object on one line instead: result or error, prints as n8n gets them, layers and stages
    #[arg(long)]
    json: bool,
}

/// Judge scripts without running them: one `FILE:LINE: TEXT` for everything that would be refused.
///
/// Exit codes: 0 nothing is; 2 something is; 64 a file cannot be read.
#[derive(Debug, Args)]
struct AnalyzeArgs {
    /// The scripts
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    allow: AllowArgs,
}

/// What scripts may import, in place of what the environment allows.
#[derive(Debug, Args)]
struct AllowArgs {
    /// Modules of the standard library it may import, between commas, or * for all; as N8N_RUNNERS_STDLIB_ALLOW
    #[arg(long, value_name = "NAMES", value_parser = |text: &str| Allow::parse("--allow-stdlib", text))]
    allow_stdlib: Option<Allow>,
    /// Other packages it may import, between commas, or * for all; as N8N_RUNNERS_EXTERNAL_ALLOW
    #[arg(long, value_name = "NAMES", value_parser = |text: &str| Allow::parse("--allow-external", text))]
    allow_external: Option<Allow>,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// The whole life of the program.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // Before anything else: the jailer has to be a process of one thread that has read nothing.
    if args.get(1).is_some_and(|argument| argument == jailer::ARGUMENT) {
        return jailer::main();
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { USAGE } else { 0 };
            // Help that nobody reads is no failure.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match cli.command {
        None | Some(Command::Serve) => serve::main(),
        Some(Command::Run(args)) => run::main(&args),
        Some(Command::Analyze(args)) => analyze::main(&args),
        Some(Command::Check(args)) => check(&args),
    }
}

// TEMPORARY until src/check.rs is there: then `crate::check::main(args.json)` in the match above.
fn check(args: &CheckArgs) -> ExitCode {
    let text = "palisade check is not part of this build";
    if args.json {
        println!("{{\"error\":\"{text}\"}}");
    } else {
        eprintln!("{text}");
    }
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_command_is_serve_and_lists_are_checked() {
        assert!(Cli::try_parse_from(["palisade"]).unwrap().command.is_none());
        let run = |list: &str| Cli::try_parse_from(["palisade", "run", "a.py", "--allow-stdlib", list]);
        let Some(Command::Run(args)) = run("re, json").unwrap().command else { panic!("run") };
        assert!(args.allow.allow_stdlib.unwrap().permits("json"));
        assert!(run("*,re").unwrap_err().to_string().contains("must be used alone"));
        assert!(Cli::try_parse_from(["palisade", "run", "a.py", "--timeout", "0"]).is_err());
    }
}
