//! A conversation with a child that is only bytes.
//!
//! What a hostile child writes is read by code that nothing outside of a task needs to reach, and that must be fuzzed all the
//! same. This plays the child, and tells what came of it up to the frames that would have gone to the broker.

use std::future::pending;

use palisade_channel::message::{NodeMode, NonFinite, Print, Purpose, TaskHead};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::task::yield_now;

use super::Said;
use super::conversation::{Conversation, End};
use crate::budget::Budget;
use crate::execute::{Verdict, WrittenLine};
use crate::frame::Outgoing;
use crate::verdict::{Code, Outcome, verdict};

/// The bounds of one rehearsal, all in bytes but the number of prints.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Prints, a count.
    pub prints: u64,
    /// Text of one print.
    pub print: u64,
    /// JSON of the result.
    pub result: u64,
    /// What all answers may hold; a quarter of it more for prints.
    pub budget: u64,
}

/// The code that failures are told of.
const CODE: &str = "def f(x):\n    return x['é'](1,\n        2)\n\n\tf(f)\r\nreturn f";

/// What the supervisor made of it.
#[derive(Debug)]
pub struct Heard {
    /// How it ended, for comparison.
    pub end: String,
    /// What was printed.
    pub prints: Vec<Print>,
    /// Prints that were only counted.
    pub omitted: u64,
    /// What was written to `sys.stdout`.
    pub written: Vec<WrittenLine>,
    /// Lines of that which were only counted.
    pub omitted_lines: u64,
    /// The frames to the broker about the task, and the type that each must have.
    pub frames: Vec<(String, &'static str)>,
    /// Whether all memory of the budget is free again.
    pub has_given_back: bool,
}

/// Lets a child write `pieces`, one after the other, and hang up. The answer is about the task `task_id`.
///
/// # Errors
/// socketpair(2)'s.
pub async fn rehearse(pieces: &[&[u8]], bounds: Bounds, task_id: &str) -> std::io::Result<Heard> {
    let (ours, mut theirs) = UnixStream::pair()?;
    let head = TaskHead {
        mode: NodeMode::AllItems,
        purpose: Purpose::Run,
        max_prints: bounds.prints,
        max_print_bytes: bounds.print,
        max_result_bytes: bounds.result,
        non_finite: NonFinite::Error,
        env: Vec::new(),
    };
    let budget = Budget::new(bounds.budget);
    let free = budget.free();
    let mut said = Said::default();
    let mut conversation = Conversation::new(&ours, &head, &budget, &mut said);
    let child = async {
        for piece in pieces {
            // The supervisor may have heard enough.
            let _ = theirs.write_all(piece).await;
            yield_now().await;
        }
        drop(theirs);
        pending::<std::convert::Infallible>().await
    };
    let end = tokio::select! {
        end = conversation.listen() => end.unwrap_or_else(|end| end),
        never = child => match never {},
    };
    let told = format!("{end:?}");
    // What is no UTF-8 is no JSON either, and seen by whoever parses it.
    let text = |(frame, kind): (Vec<u8>, _)| (String::from_utf8_lossy(&frame).into_owned(), kind);
    let frames = frames(end, &said, task_id, 1 << 30).into_iter().map(text).collect();
    let Said { prints, omitted, written, omitted_lines, room, .. } = said;
    drop(room);
    Ok(Heard { end: told, prints, omitted, written, omitted_lines, frames, has_given_back: budget.free() == free })
}

/// The frames the runner would send to this task, and what type each must have; `memory` is its limit, in bytes.
pub(super) fn frames(end: End, said: &Said, task_id: &str, memory: u64) -> Vec<(Vec<u8>, &'static str)> {
    let bytes = |mut frame: Outgoing| frame.take(usize::MAX).to_vec();
    let mut frames: Vec<_> =
        said.prints.iter().map(|print| (bytes(Outgoing::print(task_id, &print.params)), "runner:rpc")).collect();
    let outcome = match end {
        End::Done(result) => Outcome::Done(result),
        End::Failed(failure) => Outcome::Failed(*failure),
        End::Closed => Outcome::Died { how: None, trapped: said.trapped },
        End::NeverFits { needed } => Outcome::NoRoom { needed, limit: 0, has_waited: false },
        End::Violation(what) => Outcome::Violation(what),
    };
    let code = Code { text: CODE, mode: NodeMode::AllItems };
    frames.push(match verdict(outcome, code, false, memory) {
        Verdict::Done(result) | Verdict::Forgiven { result, .. } => {
            (bytes(Outgoing::done(task_id, result)), "runner:taskdone")
        }
        Verdict::Failed(error) => (bytes(Outgoing::error(task_id, &error)), "runner:taskerror"),
    });
    frames
}
