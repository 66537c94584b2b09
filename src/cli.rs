//! The command line.

mod analyze;
mod bench;
mod check;
mod env;
mod local;
mod policy;
mod pretty;
mod run;
mod serve;
mod snippet;
mod startup;

use std::ffi::OsString;
use std::io::{self, Write as _};
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
    Analyze(analyze::AnalyzeArgs),
    /// Tell what this host can do, layer by layer
    Check(CheckArgs),
    /// Measure what a tiny task costs on this host
    Bench(BenchArgs),
    /// List all environment variables with their values
    Env(EnvArgs),
    /// Show, check and explain what tasks may do
    Policy(policy::PolicyArgs),
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
    #[command(flatten)]
    profile: ProfileArg,
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

/// What scripts may import, in place of what the environment allows.
#[derive(Debug, Default, Args)]
struct AllowArgs {
    /// Modules of the standard library it may import, between commas, or * for all; as N8N_RUNNERS_STDLIB_ALLOW
    #[arg(long, value_name = "NAMES", value_parser = |text: &str| Allow::parse("--allow-stdlib", text))]
    allow_stdlib: Option<Allow>,
    /// Other packages it may import, between commas, or * for all; as N8N_RUNNERS_EXTERNAL_ALLOW
    #[arg(long, value_name = "NAMES", value_parser = |text: &str| Allow::parse("--allow-external", text))]
    allow_external: Option<Allow>,
}

/// Which profile of the policy is taken.
#[derive(Debug, Default, Args)]
struct ProfileArg {
    /// A profile of the policy, or a built-in one, in place of the default one
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

/// Tell for every layer of the sandbox whether it is needed, what this host has, PASS, CAUTION or FAIL, and what to do
/// about it. Found out by doing it: a child is sealed and verified as a task's is, and then again with one step left out at
/// a time, which has to be noticed. Then, for each kind of attack, what stops it on this host. It needs no broker and no token, and reads the same variables as the runner.
///
/// Exit codes: 0 tasks run here; 1 they do not, because something required is missing, or with --imports because tasks
/// cannot import an allowed module.
#[derive(Debug, Args)]
struct CheckArgs {
    /// Also import every allowed module, each in a sealed child of its own as a task would, and tell which work, and what time
    /// and memory each took where it is imported ahead of all tasks. In JSON: "imports", a list of {"module", "list", "works",
    /// "ahead_ms", "ahead_kib", "task_ms", "remark"}
    #[arg(long)]
    imports: bool,
    /// Print one JSON object instead of a table: {"version", "host": {"system", "architecture", "uid", "gid"}, "profile", "result",
    /// "checks": [{"name", "needed", "result", "found", "details", "remedy"}],
    /// "on_this_host": [{"class", "attack", "by", "without": [{"layer", "why"}]}]}. Results are "pass", "caution" or "fail",
    /// the outer one is the worst; "needed" is "required", "best-effort", "off" or "-"; "details" is a list of texts, and
    /// "remedy" is null where nothing has to be done. Names of layers are those of the policy. "profile" is the one that the
    /// rows are about, the default one; every other profile that tasks can get has one row, named "profile". "by" names the layers that
    /// stop a task which tries such an attack, each by itself; the list is empty where no task runs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    profile: ProfileArg,
}

/// Measure what a tiny task costs on this host, from its settings frame to its done frame over a real WebSocket, in children
/// that are sealed and verified; and next to it, in the same run, what a bare fork of the same interpreter costs that does
/// the same work with nobody in between. Milliseconds, their ratio, and tasks a second.
///
/// Exit codes: 0 measured; 1 a task went wrong; 3 no process could be sealed; 64 the environment cannot be used.
#[derive(Debug, Args)]
struct BenchArgs {
    /// Tasks in each series
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = tasks)]
    tasks: usize,
    /// Measure everything instead: eight workloads beside their bare floors, load, a burst, start, memory, growth. Minutes
    #[arg(long)]
    suite: bool,
    /// Put one runner under load instead: 100 slow tasks at a time, then N tiny ones in a row at full rate. Fails where the
    /// runner turns down its own offers, grows, or turns slower
    #[arg(long, conflicts_with = "suite")]
    load: bool,
    /// Also write performance.md and its plots, performance-*.svg, into this folder
    #[arg(long, value_name = "FOLDER", requires = "suite")]
    write: Option<PathBuf>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// List all environment variables the runner reads, one a line: whether the value may come from a file that `NAME_FILE`
/// names, the default, the value that is given (secrets masked; - where none is), and what it is for. On stderr: what the
/// runner would warn of, or why it would not start.
///
/// Exit codes: 0 listed; 64 the command line cannot be used.
#[derive(Debug, Args)]
struct EnvArgs {
    /// Print the page of the documentation instead, without values
    #[arg(long)]
    markdown: bool,
}

fn tasks(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(tasks @ 2..=1_000_000) => Ok(tasks),
        _ => Err("a number from 2 to 1000000".to_owned()),
    }
}

/// Prints a result.
fn print_line(text: &str) {
    // A reader that has seen enough is no failure.
    let _ = writeln!(io::stdout(), "{text}");
}

/// The whole life of the program.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // Before anything else: the jailer has to be a process of one thread that has read nothing.
    if args.get(1).is_some_and(|argument| argument == jailer::ARGUMENT) {
        return jailer::main();
    }
    let is_analyze = args.get(1).is_some_and(|command| command == "analyze");
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = if is_analyze { analyze::UNUSABLE } else { USAGE };
            let code = if error.use_stderr() { wrong } else { 0 };
            // Help that nobody reads is no failure.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match cli.command {
        None | Some(Command::Serve) => serve::main(),
        Some(Command::Run(args)) => run::main(&args),
        Some(Command::Analyze(args)) => analyze::main(&args),
        Some(Command::Check(args)) => check::main(&args),
        Some(Command::Policy(args)) => policy::main(&args),
        Some(Command::Bench(args)) => bench::main(&args),
        Some(Command::Env(args)) => env::main(&args),
    }
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
