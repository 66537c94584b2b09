//! How a task ended, turned into what n8n's user sees. Every failure becomes an answer here and nowhere else.

use std::time::Duration;

use palisade_analyzer::{Violation, describe};
use palisade_channel::control::How;
use palisade_channel::message::{Failure, Raised, SyntaxFailure};
use palisade_sandbox::seccomp::Arch;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::execute::{ErrorKind, TaskError, Verdict};
use crate::pool::NoChild;

/// The end of a task, as the supervisor saw it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A result: valid JSON, within its bounds.
    Done(Box<RawValue>),
    /// The child said why there is none.
    Failed(Failure),
    /// The analyzer refused the code.
    Refused(Vec<Violation>),
    /// The code cannot be judged: too large, too deep, or not text that CPython takes. The words are for the user.
    Unjudged(String),
    /// It was ended for taking too long.
    TimedOut(Duration),
    /// It was ended because nobody wants its answer.
    Cancelled,
    /// It was ended for holding more memory than it may, in bytes.
    OutOfMemory {
        /// The limit.
        limit: u64,
    },
    /// It was ended for running more threads than it may.
    TooManyThreads {
        /// The limit.
        limit: u32,
    },
    /// Its process ended without an answer. How is not known where the forkserver died first.
    Died {
        /// How it ended.
        how: Option<How>,
        /// A system call it was trapped at, as it says.
        trapped: Option<i64>,
    },
    /// Its process said what no child of ours says.
    Violation(String),
    /// There was no room for its result among those of all tasks.
    NoRoom {
        /// Bytes of the result.
        needed: u64,
        /// Bytes for all results.
        limit: u64,
        /// Whether it would have fitted, had others gone in time.
        has_waited: bool,
    },
    /// No child could be had.
    NoChild(NoChild),
}

/// What is sent for `outcome`. With `continue_on_fail` a failure of the running code is a result; refusals and syntax
/// errors stay errors, and so does a task that no child could be had for.
pub(crate) fn verdict(outcome: Outcome, continue_on_fail: bool, memory_limit: u64) -> Verdict {
    let error = match outcome {
        Outcome::Done(result) => return Verdict::Done(result),
        Outcome::Failed(failure) => failed(failure, memory_limit),
        Outcome::Refused(violations) => refused(&violations),
        Outcome::Unjudged(text) => TaskError::new(ErrorKind::Refused, text),
        Outcome::TimedOut(limit) => timed_out(limit),
        Outcome::Cancelled => TaskError::new(ErrorKind::Cancelled, "Task was cancelled"),
        Outcome::OutOfMemory { limit } => out_of_memory(limit),
        Outcome::TooManyThreads { limit } => {
            described(ErrorKind::Killed, format!("Task was ended because it ran more than {limit} threads"))
        }
        Outcome::Died { how, trapped } => died(how, trapped),
        Outcome::Violation(what) => {
            described(ErrorKind::Protocol, format!("Task process sent an invalid message and was ended: {what}"))
        }
        Outcome::NoRoom { needed, limit, has_waited } => no_room(needed, limit, has_waited),
        Outcome::NoChild(why) => described(ErrorKind::NotSealed, format!("Task was not run: {why}")),
    };
    let covered = !matches!(error.kind, ErrorKind::Syntax | ErrorKind::Refused | ErrorKind::NotSealed);
    if continue_on_fail && covered { forgiven(&error) } else { Verdict::Failed(error) }
}

fn forgiven(error: &TaskError) -> Verdict {
    let item = json!([{ "json": { "error": error.message } }]);
    match serde_json::value::to_raw_value(&item) {
        Ok(result) => Verdict::Forgiven { result, kind: error.kind },
        Err(_) => Verdict::Failed(error.clone()),
    }
}

/// An error with an empty description, as n8n's own runner sends for these.
fn described(kind: ErrorKind, message: String) -> TaskError {
    TaskError { description: Some(String::new()), ..TaskError::new(kind, message) }
}

fn failed(failure: Failure, memory_limit: u64) -> TaskError {
    match failure {
        Failure::Syntax(SyntaxFailure { message, line, column }) => {
            let extra = fields([("lineNumber", line), ("column", column)]);
            TaskError { extra, ..TaskError::new(ErrorKind::Syntax, message) }
        }
        Failure::Raised(raised) if raised.class == "MemoryError" && raised.message.is_empty() => {
            TaskError { extra: place(&raised), ..out_of_memory(memory_limit) }
        }
        Failure::Raised(raised) => TaskError {
            message: raised.message.clone(),
            description: Some(raised.description.clone()),
            extra: place(&raised),
            kind: ErrorKind::Raised,
        },
        Failure::Exit { code, description } => TaskError {
            description: Some(description),
            ..TaskError::new(ErrorKind::Exit, format!("Process exited with code {code}"))
        },
        Failure::Import { text } => {
            TaskError { description: Some(text), ..TaskError::new(ErrorKind::Import, "Security violation detected") }
        }
        Failure::Internal { text } => {
            described(ErrorKind::Internal, format!("The runner failed inside the task: {text}"))
        }
    }
}

fn place(raised: &Raised) -> Map<String, Value> {
    fields([("lineNumber", raised.line), ("itemIndex", raised.item)])
}

fn fields<const N: usize>(fields: [(&str, Option<u64>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

fn refused(violations: &[Violation]) -> TaskError {
    let line = violations.first().map(|violation| u64::from(violation.line));
    TaskError {
        description: Some(describe(violations)),
        extra: fields([("lineNumber", line)]),
        ..TaskError::new(ErrorKind::Refused, "Security violations detected")
    }
}

fn timed_out(limit: Duration) -> TaskError {
    let seconds = limit.as_secs();
    let unit = if seconds == 1 { "second" } else { "seconds" };
    described(ErrorKind::Timeout, format!("Task execution timed out after {seconds} {unit}"))
}

fn out_of_memory(limit: u64) -> TaskError {
    let mib = limit / (1024 * 1024);
    described(
        ErrorKind::Memory,
        format!("Task needed more memory than its limit of {mib} MiB (policy: limits.memory_mib)"),
    )
}

fn no_room(needed: u64, limit: u64, has_waited: bool) -> TaskError {
    let limit = limit / (1024 * 1024);
    let message = if has_waited {
        format!(
            "Task result of {needed} bytes found no room within the task's time: the results of all tasks together may take \
             {limit} MiB (PALISADE_ANSWER_MEMORY_MIB)"
        )
    } else {
        format!(
            "Task result of {needed} bytes is larger than the {limit} MiB which the results of all tasks together may take \
             (PALISADE_ANSWER_MEMORY_MIB)"
        )
    };
    described(ErrorKind::Memory, message)
}

fn died(how: Option<How>, trapped: Option<i64>) -> TaskError {
    if let Some(syscall) = trapped {
        let name = Arch::native().ok().and_then(|arch| arch.name(syscall));
        let call = name.map_or_else(|| format!("number {syscall}"), ToOwned::to_owned);
        let message = format!("Task was ended because it made a system call the sandbox forbids: {call}");
        return described(ErrorKind::Denied { syscall }, message);
    }
    match how {
        Some(How::Exited(0)) => described(ErrorKind::Killed, "Failed to read result from child process".into()),
        Some(How::Exited(code)) => described(ErrorKind::Killed, format!("Task subprocess exited with code {code}")),
        Some(How::Signaled(libc_signal::SIGKILL)) => {
            described(ErrorKind::Killed, "Process was forcefully killed (SIGKILL)".into())
        }
        Some(How::Signaled(libc_signal::SIGSYS)) => described(
            ErrorKind::Denied { syscall: -1 },
            "Task was ended because it made a system call the sandbox forbids".into(),
        ),
        Some(How::Signaled(libc_signal::SIGXCPU)) => {
            described(ErrorKind::Timeout, "Task used more CPU time than its limit".into())
        }
        Some(How::Signaled(signal)) => {
            described(ErrorKind::Killed, format!("Task subprocess exited with code -{signal}"))
        }
        None => described(ErrorKind::Killed, "Task process was lost together with the forkserver it came from".into()),
    }
}

/// Signal numbers that tell more than "it died" (`signal(7)`).
mod libc_signal {
    use nix::sys::signal::Signal;

    pub(super) const SIGKILL: i32 = Signal::SIGKILL as i32;
    pub(super) const SIGSYS: i32 = Signal::SIGSYS as i32;
    pub(super) const SIGXCPU: i32 = Signal::SIGXCPU as i32;
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn error(outcome: Outcome) -> TaskError {
        match verdict(outcome, false, 64 * MIB) {
            Verdict::Failed(error) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn texts_are_those_n8n_users_know() {
        let message = |outcome| error(outcome).message;
        assert_eq!(message(Outcome::TimedOut(Duration::from_secs(1))), "Task execution timed out after 1 second");
        assert_eq!(message(Outcome::TimedOut(Duration::from_mins(1))), "Task execution timed out after 60 seconds");
        let died = |how| Outcome::Died { how, trapped: None };
        assert_eq!(message(died(Some(How::Exited(3)))), "Task subprocess exited with code 3");
        assert_eq!(message(died(Some(How::Exited(0)))), "Failed to read result from child process");
        assert_eq!(message(died(Some(How::Signaled(11)))), "Task subprocess exited with code -11");
        assert_eq!(message(died(Some(How::Signaled(9)))), "Process was forcefully killed (SIGKILL)");
        assert!(message(died(None)).contains("forkserver"));
        let cancelled = error(Outcome::Cancelled);
        assert_eq!((cancelled.message.as_str(), cancelled.description), ("Task was cancelled", None));
    }

    #[test]
    fn a_trapped_call_has_a_name() {
        let ptrace = if cfg!(target_arch = "x86_64") { 101 } else { 117 };
        let text = error(Outcome::Died { how: Some(How::Exited(159)), trapped: Some(ptrace) }).message;
        assert!(text.ends_with("forbids: ptrace"), "{text}");
        let unknown = error(Outcome::Died { how: None, trapped: Some(i64::MIN) }).message;
        assert!(unknown.contains("number -9223372036854775808"), "{unknown}");
    }

    #[test]
    fn continue_on_fail_covers_what_ran_and_nothing_else() {
        let raised = || Outcome::Failed(Failure::Raised(Raised { message: "boom \"x\"".into(), ..Raised::default() }));
        match verdict(raised(), true, MIB) {
            Verdict::Forgiven { result, kind: ErrorKind::Raised } => {
                assert_eq!(result.get(), r#"[{"json":{"error":"boom \"x\""}}]"#);
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(verdict(Outcome::Cancelled, true, MIB), Verdict::Forgiven { .. }));
        assert!(matches!(verdict(Outcome::Refused(vec![]), true, MIB), Verdict::Failed(_)));
        let syntax = SyntaxFailure { message: "expected ':' (<unknown>, line 2)".into(), line: Some(2), column: None };
        let verdict = verdict(Outcome::Failed(Failure::Syntax(syntax)), true, MIB);
        let Verdict::Failed(error) = verdict else { panic!("{verdict:?}") };
        assert_eq!(error.description, None);
        assert_eq!(error.extra["lineNumber"], 2);
    }
}
