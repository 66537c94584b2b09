//! How a task ended, turned into what n8n's user sees. Every failure becomes an answer here and nowhere else.

mod description;
mod source;
mod traceback;

use std::sync::OnceLock;
use std::time::Duration;

use palisade_analyzer::{Violation, describe};
use palisade_channel::control::How;
use palisade_channel::message::{Failure, Gap};
use palisade_sandbox::seccomp::{Arch, Profile};
use serde_json::json;
use serde_json::value::RawValue;

pub(crate) use self::description::Code;
use self::description::{fields, of_exception, of_syntax};
use crate::execute::{ErrorKind, TaskError, Verdict};
use crate::plan::CPU_ALLOWANCE;
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
    /// It was ended by the kernel for using more CPU time than it may.
    OutOfCpuTime {
        /// The limit, in seconds.
        limit: u64,
    },
    /// Its process ended without an answer. How is not known where the forkserver died first.
    Died {
        /// How it ended.
        how: Option<How>,
        /// A system call it was trapped at, as it says.
        trapped: Option<i64>,
    },
    /// It ended itself at an audit event of the interpreter that no task raises.
    Tripped {
        /// The event, as it says.
        event: String,
    },
    /// It was ended because its process gave up its connection and lived on.
    HungUp,
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

/// What is sent for `outcome` of this code. With `continue_on_fail` a failure of the running code is a result; refusals and syntax
/// errors stay errors, and so does a task that no child could be had for.
pub(crate) fn verdict(outcome: Outcome, code: Code<'_>, continue_on_fail: bool, memory_limit: u64) -> Verdict {
    let error = match outcome {
        Outcome::Done(result) => return Verdict::Done(result),
        Outcome::Failed(failure) => failed(failure, code, memory_limit),
        Outcome::Refused(violations) => refused(&violations),
        Outcome::Unjudged(text) => TaskError::new(ErrorKind::Refused, text),
        Outcome::TimedOut(limit) => timed_out(limit),
        Outcome::Cancelled => TaskError::new(ErrorKind::Cancelled, "Task was cancelled"),
        Outcome::OutOfMemory { limit } => out_of_memory(limit),
        Outcome::TooManyThreads { limit } => described(
            ErrorKind::Killed,
            format!("Task was ended because it ran more than {limit} threads (policy: limits.processes)"),
        ),
        Outcome::OutOfCpuTime { limit } => described(
            ErrorKind::Timeout,
            format!(
                "Task used more CPU time than its limit of {limit} seconds (policy: limits.cpu_s; by default \
                 twice N8N_RUNNERS_TASK_TIMEOUT and {CPU_ALLOWANCE} seconds)"
            ),
        ),
        Outcome::HungUp => {
            explained(KILLED, "The task's process closed its connection to the runner without an answer")
        }
        Outcome::Died { how, trapped } => died(how, trapped),
        Outcome::Tripped { event } => described(
            ErrorKind::Tripwire,
            format!(
                "Task was ended because it made the interpreter do what no task may: {event} (policy: interpreter.tripwire)"
            ),
        ),
        Outcome::Violation(what) => {
            described(ErrorKind::Protocol, format!("Task process sent an invalid message and was ended: {what}"))
        }
        Outcome::NoRoom { needed, limit, has_waited } => no_room(needed, limit, has_waited),
        Outcome::NoChild(why) => described(ErrorKind::NotSealed, format!("Task was not run: {why}")),
    };
    let covered =
        !matches!(error.kind, ErrorKind::Syntax | ErrorKind::Refused | ErrorKind::AnalyzerGap | ErrorKind::NotSealed);
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

fn failed(failure: Failure, code: Code<'_>, memory_limit: u64) -> TaskError {
    match failure {
        Failure::Syntax(failure) => TaskError {
            description: of_syntax(&failure, code.text),
            extra: fields([("lineNumber", failure.line), ("column", failure.column)]),
            ..TaskError::new(ErrorKind::Syntax, failure.message)
        },
        Failure::Raised(raised) => {
            let (description, extra) = of_exception(&raised, code);
            let error = if raised.class == "MemoryError" && raised.message.is_empty() {
                out_of_memory(memory_limit)
            } else {
                TaskError::new(ErrorKind::Raised, raised.message)
            };
            let known = error.description.filter(|known| !known.is_empty());
            let description = known.into_iter().chain([description]).collect::<Vec<_>>().join("\n\n");
            TaskError { description: Some(description), extra, ..error }
        }
        Failure::Exit { code: given, raised } => {
            let (description, extra) = of_exception(&raised, code);
            TaskError {
                description: Some(description),
                extra,
                ..TaskError::new(ErrorKind::Exit, format!("Process exited with code {given}"))
            }
        }
        Failure::Import { text } => {
            TaskError { description: Some(text), ..TaskError::new(ErrorKind::Import, "Security violation detected") }
        }
        Failure::Text { text } => TaskError { description: Some(text), ..TaskError::new(ErrorKind::Text, REFUSED) },
        Failure::AnalyzerGap { gaps } => gap(&gaps),
        Failure::Internal { text } => {
            described(ErrorKind::Internal, format!("The runner failed inside the task: {text}"))
        }
    }
}

/// What n8n's own runner says of code that is refused.
const REFUSED: &str = "Security violations detected";

fn refused(violations: &[Violation]) -> TaskError {
    let line = violations.first().map(|violation| u64::from(violation.line));
    TaskError {
        description: Some(describe(violations)),
        extra: fields([("lineNumber", line)]),
        ..TaskError::new(ErrorKind::Refused, REFUSED)
    }
}

/// What the bytecode gate found looks to the user as if the analyzer had found it.
fn gap(gaps: &[Gap]) -> TaskError {
    let lines = gaps.iter().map(|gap| match gap.line {
        Some(line) => format!("Line {line}: {}", gap.text),
        None => gap.text.clone(),
    });
    TaskError {
        description: Some(lines.collect::<Vec<_>>().join("\n")),
        extra: fields([("lineNumber", gaps.iter().find_map(|gap| gap.line))]),
        ..TaskError::new(ErrorKind::AnalyzerGap, REFUSED)
    }
}

fn timed_out(limit: Duration) -> TaskError {
    let seconds = limit.as_secs();
    let unit = if seconds == 1 { "second" } else { "seconds" };
    // n8n's words are the message, to the letter; what else there is to say is the description.
    TaskError {
        description: Some(format!("The limit is {seconds} {unit}, set by N8N_RUNNERS_TASK_TIMEOUT")),
        ..TaskError::new(ErrorKind::Timeout, format!("Task execution timed out after {seconds} {unit}"))
    }
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

/// What a child exits with after a trapped call: 128 and the signal, as a shell shows it.
const TRAPPED: i32 = 128 + libc_signal::SIGSYS;

/// The name of a call that the filter of tasks traps.
fn trapped_name(syscall: i64) -> Option<&'static str> {
    static PROFILE: OnceLock<Option<Profile>> = OnceLock::new();
    let arch = Arch::native().ok()?;
    let profile = PROFILE.get_or_init(|| Profile::shipped(arch).ok()).as_ref()?;
    arch.name(syscall).filter(|name| profile.traps(name))
}

/// What n8n's own runner says of a process that was killed.
const KILLED: &str = "Process was forcefully killed (SIGKILL)";

fn explained(message: &str, description: &str) -> TaskError {
    TaskError { description: Some(description.to_owned()), ..TaskError::new(ErrorKind::Killed, message) }
}

fn died(how: Option<How>, trapped: Option<i64>) -> TaskError {
    match how {
        Some(How::Exited(0)) => explained(
            "Failed to read result from child process",
            "The code ended its process with exit code 0 before there was a result, as os._exit(0) does",
        ),
        Some(How::Exited(TRAPPED) | How::Signaled(libc_signal::SIGSYS)) => denied(trapped),
        Some(How::Exited(code)) => explained(
            &format!("Task subprocess exited with code {code}"),
            &format!(
                "The code, or a library it uses, ended its process before there was a result, as os._exit({code}) does"
            ),
        ),
        Some(How::Signaled(libc_signal::SIGKILL)) => explained(
            KILLED,
            "The runner did not do this: the kernel ends processes where the host or the container has no memory left, \
             and an administrator can",
        ),
        Some(How::Signaled(signal)) => {
            explained(&format!("Task subprocess exited with code -{signal}"), &signal_explained(signal))
        }
        None => described(ErrorKind::Killed, "Task process was lost together with the forkserver it came from".into()),
    }
}

/// What a signal that nobody sent says of the code.
fn signal_explained(signal: i32) -> String {
    use nix::sys::signal::Signal;
    let why = match Signal::try_from(signal) {
        Ok(Signal::SIGSEGV | Signal::SIGBUS) => {
            "the interpreter or a library met memory that is not there, as a recursion too deep for the stack of C, or \
             calls by ctypes, can make it do; or it gave up by abort, mostly for want of memory"
        }
        Ok(Signal::SIGABRT) => "the interpreter or a library gave up, mostly for want of memory",
        Ok(Signal::SIGFPE | Signal::SIGILL | Signal::SIGTRAP) => "a library did what the processor refuses",
        _ => "a signal ended it that the runner does not send",
    };
    let name = Signal::try_from(signal).map_or_else(|_| format!("signal {signal}"), |signal| signal.to_string());
    format!("The task's process ended by {name}: {why}")
}

/// A system call that the filter ended the process for. Which one, the process has said itself: so it is named only if the
/// filter does trap that call.
fn denied(trapped: Option<i64>) -> TaskError {
    const MESSAGE: &str = "Task was ended because it made a system call the sandbox forbids";
    let named = trapped.and_then(|syscall| Some((syscall, trapped_name(syscall)?)));
    match named {
        Some((syscall, name)) => described(ErrorKind::Denied { syscall }, format!("{MESSAGE}: {name}")),
        None => described(ErrorKind::Denied { syscall: -1 }, MESSAGE.to_owned()),
    }
}

/// Signal numbers that tell more than "it died" (`signal(7)`).
mod libc_signal {
    use nix::sys::signal::Signal;

    pub(super) const SIGKILL: i32 = Signal::SIGKILL as i32;
    pub(super) const SIGSYS: i32 = Signal::SIGSYS as i32;
}

#[cfg(test)]
mod tests {
    use palisade_channel::message::{NodeMode, Raised, SyntaxFailure};

    use super::*;

    const MIB: u64 = 1024 * 1024;
    const CODE: Code<'_> = Code { text: "x = 1\nif x", mode: NodeMode::AllItems };

    fn error(outcome: Outcome) -> TaskError {
        match verdict(outcome, CODE, false, 64 * MIB) {
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

    /// What a child says of its own end is believed only where the kernel and the filter agree.
    #[cfg(not(feature = "unsealed"))]
    #[test]
    fn a_trapped_call_is_named_and_no_other_is() {
        const DENIED: &str = "Task was ended because it made a system call the sandbox forbids";
        let number = |name: &str| (0..500).find(|n| Arch::native().unwrap().name(*n) == Some(name)).unwrap();
        let (ptrace, getpid) = (number("ptrace"), number("getpid"));
        let kind = |how, trapped| {
            let TaskError { kind, message, .. } = error(Outcome::Died { how, trapped });
            (kind, message)
        };
        let (trapped, named) = kind(Some(How::Exited(159)), Some(ptrace));
        assert_eq!((trapped, named.as_str()), (ErrorKind::Denied { syscall: ptrace }, &*format!("{DENIED}: ptrace")));
        // No hint, a number of no call, and one that is not trapped.
        for hint in [None, Some(i64::MIN), Some(i64::MAX), Some(-1), Some(getpid)] {
            for how in [How::Exited(159), How::Signaled(31)] {
                let (denied, unnamed) = kind(Some(how), hint);
                assert_eq!((denied, unnamed.as_str()), (ErrorKind::Denied { syscall: -1 }, DENIED), "{hint:?}");
            }
        }
        // It says so and ends otherwise.
        assert_eq!(kind(Some(How::Exited(3)), Some(ptrace)).1, "Task subprocess exited with code 3");
        assert_eq!(kind(Some(How::Signaled(11)), Some(ptrace)).1, "Task subprocess exited with code -11");
        assert!(kind(None, Some(ptrace)).1.contains("forkserver"));
    }

    /// n8n's own texts stay as they are; limits are named with their value and their setting, there or in the description.
    #[test]
    fn a_limit_is_named_with_its_value_and_its_setting() {
        for (outcome, words) in [
            (Outcome::TimedOut(Duration::from_secs(7)), &["7 seconds", "N8N_RUNNERS_TASK_TIMEOUT"][..]),
            (Outcome::OutOfMemory { limit: 64 * MIB }, &["64 MiB", "limits.memory_mib"]),
            (Outcome::TooManyThreads { limit: 64 }, &["64 threads", "limits.processes"]),
            (Outcome::OutOfCpuTime { limit: 130 }, &["130 seconds", "limits.cpu_s", "N8N_RUNNERS_TASK_TIMEOUT"]),
            (
                Outcome::NoRoom { needed: 9, limit: 5 * MIB, has_waited: true },
                &["9 bytes", "5 MiB", "PALISADE_ANSWER_MEMORY_MIB", "within the task's time"],
            ),
            (
                Outcome::NoRoom { needed: 9, limit: 5 * MIB, has_waited: false },
                &["9 bytes", "5 MiB", "PALISADE_ANSWER_MEMORY_MIB", "larger"],
            ),
            (Outcome::Died { how: Some(How::Signaled(9)), trapped: None }, &["SIGKILL", "no memory left"]),
            (Outcome::HungUp, &["SIGKILL", "closed its connection"]),
        ] {
            let TaskError { message, description, .. } = error(outcome);
            let text = format!("{message} | {}", description.unwrap_or_default());
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
        }
    }

    #[test]
    fn continue_on_fail_covers_what_ran_and_nothing_else() {
        let raised = || Outcome::Failed(Failure::Raised(Raised { message: "boom \"x\"".into(), ..Raised::default() }));
        match verdict(raised(), CODE, true, MIB) {
            Verdict::Forgiven { result, kind: ErrorKind::Raised } => {
                assert_eq!(result.get(), r#"[{"json":{"error":"boom \"x\""}}]"#);
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(verdict(Outcome::Cancelled, CODE, true, MIB), Verdict::Forgiven { .. }));
        assert!(matches!(verdict(Outcome::Refused(vec![]), CODE, true, MIB), Verdict::Failed(_)));
        let syntax = SyntaxFailure {
            class: "SyntaxError".into(),
            message: "expected ':' (<unknown>, line 2)".into(),
            line: Some(2),
            column: None,
            end_column: None,
        };
        let verdict = verdict(Outcome::Failed(Failure::Syntax(syntax)), CODE, true, MIB);
        let Verdict::Failed(error) = verdict else { panic!("{verdict:?}") };
        assert_eq!(error.description.as_deref(), Some("SyntaxError, line 2:\n    if x"));
        assert_eq!(error.extra["lineNumber"], 2);
    }
}
