//! From an [`Answer`] to frames and log lines.

use std::time::Duration;

use palisade_channel::message::Print;
use tracing::{debug, error, info, warn};

use super::Observed;
use crate::execute::{Answer, ErrorKind, Report, TaskError, Verdict};
use crate::frame::Outgoing;
use crate::logging::one_line;
use crate::observe::{TaskNames, Unanswered};

/// Bytes of prints that are sent for one task; how many prints there are at most, the policy says.
const MAX_PRINT_BYTES: usize = 16 << 20;
/// Of one print, the log shows this much.
const LOGGED_PRINT_CHARS: usize = 2000;

/// What an observer is told.
pub(super) fn observe(task_id: &str, answer: &mut Answer) -> Observed {
    let error = match &answer.verdict {
        Verdict::Done(_) => None,
        Verdict::Forgiven { kind, .. } => Some(*kind),
        Verdict::Failed(error) => Some(error.kind),
    };
    Observed {
        task_id: task_id.to_owned(),
        error,
        prints: logged(answer).map(str::to_owned).collect(),
        report: answer.report.clone(),
    }
}

/// What the log says about a task that is over.
pub(super) fn log(names: &TaskNames, took: Duration, answer: &Answer) {
    let task_id = &names.task_id;
    let without = without(&answer.report);
    for line in logged(answer) {
        info!("[user code] {}", one_line(line, LOGGED_PRINT_CHARS));
    }
    // n8n's note of them has no place for the limit.
    if answer.omitted_prints > 0 {
        let omitted = answer.omitted_prints;
        info!(
            "Task {task_id}: {omitted} more prints are only counted (policy: limits.prints; 16 MiB for those of a task)"
        );
    }
    if answer.omitted_lines > 0 {
        let omitted = answer.omitted_lines;
        info!("Task {task_id}: {omitted} more lines were written to sys.stdout (policy: limits.prints)");
    }
    match &answer.verdict {
        Verdict::Failed(TaskError { kind: ErrorKind::Cancelled, .. })
        | Verdict::Forgiven { kind: ErrorKind::Cancelled, .. } => info!("Cancelled task {task_id}{names}{without}"),
        Verdict::Failed(TaskError { kind: ErrorKind::Syntax, .. }) => {
            warn!("Task {task_id} failed syntax validation{without}");
        }
        // The field is for error reports: this one is the runner's own fault.
        Verdict::Failed(TaskError { kind: ErrorKind::Internal, .. }) => {
            error!(internal = true, "Task {task_id} failed{without}");
        }
        Verdict::Failed(_) => error!("Task {task_id} failed{without}"),
        Verdict::Done(result) => {
            let size = result.get().len() + answer.prints.iter().map(print_bytes).sum::<usize>();
            info!("Completed task {task_id} in {} ({}){names}{without}", duration(took), bytes(size));
        }
        Verdict::Forgiven { .. } => {
            info!("Completed task {task_id} in {} ({}){names}{without}", duration(took), bytes(0));
        }
    }
    if palisade_sandbox::SEALS {
        debug!("Task {task_id}: {}", answer.report);
    } else {
        warn!("Task {task_id} ran UNSEALED: {}", answer.report);
    }
}

/// What was printed, and what was written to `sys.stdout`, in the order in which it was.
fn logged(answer: &Answer) -> impl Iterator<Item = &str> {
    let mut prints = answer.prints.iter().enumerate().peekable();
    let mut written = answer.written.iter().peekable();
    std::iter::from_fn(move || {
        let printed = prints.peek().map_or(usize::MAX, |(before, _)| *before);
        match written.next_if(|line| line.after_prints <= printed) {
            Some(line) => Some(line.text.as_str()),
            None => prints.next().map(|(_, print)| print.text.as_str()),
        }
    })
}

/// What the line of a task that had a child says of layers that did not hold for it.
fn without(report: &Report) -> String {
    match (report.child_pid, report.layers.is_empty()) {
        (None, _) => String::new(),
        (Some(_), true) => " [UNSEALED]".to_owned(),
        (Some(_), false) if report.without.is_empty() => String::new(),
        (Some(_), false) => format!(" [without {}]", report.without.join(", ")),
    }
}

/// The frames that answer a task: its prints, then done or error, which hears when it was sent.
pub(super) fn frames(task_id: &str, answer: Answer, unanswered: Unanswered) -> Vec<Outgoing> {
    let mut frames = Vec::new();
    let mut room = MAX_PRINT_BYTES;
    let total = answer.prints.len();
    for print in &answer.prints {
        let Some(rest) = room.checked_sub(print_bytes(print)) else { break };
        room = rest;
        frames.push(Outgoing::print(task_id, &print.params));
    }
    let omitted = answer.omitted_prints.saturating_add((total - frames.len()) as u64);
    if omitted > 0 {
        let least = if answer.omitted_is_least { "at least " } else { "" };
        let note = format!("[Output truncated - {least}{omitted} more print statements]");
        frames.push(Outgoing::print(task_id, &[note]));
    }
    let last = match answer.verdict {
        Verdict::Done(result) | Verdict::Forgiven { result, .. } => Outgoing::done(task_id, result),
        Verdict::Failed(error) => Outgoing::error(task_id, &error),
    };
    // Frames are sent in order: when this one is, all are.
    frames.push(last.holding(answer.room).answering(unanswered));
    frames
}

fn print_bytes(print: &Print) -> usize {
    // Quotes and a comma for each: a million empty texts are not nothing.
    print.params.iter().map(|param| param.len() + 3).sum()
}

fn duration(took: Duration) -> String {
    match (took.as_millis(), took.as_secs()) {
        (ms @ ..1000, _) => format!("{ms}ms"),
        (_, s @ ..60) => format!("{s}s"),
        (_, s) => format!("{}m", s / 60),
    }
}

fn bytes(size: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let in_units_of = |unit: usize| size as f64 / unit as f64;
    match size {
        ..1024 => format!("{size} bytes"),
        1024..1_048_576 => format!("{:.1} KB", in_units_of(1024)),
        _ => format!("{:.1} MB", in_units_of(1_048_576)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::budget::Budget;
    use crate::execute::WrittenLine;
    use crate::observe::Recorder;

    fn print(bytes: usize) -> Print {
        Print { params: vec!["x".repeat(bytes)], text: String::new() }
    }

    fn answer(prints: Vec<Print>, omitted_prints: u64) -> Vec<String> {
        let verdict = Verdict::Done(RawValue::from_string("[]".to_owned()).unwrap());
        let answer = Answer { prints, omitted_prints, ..Answer::bare(verdict) };
        let text = |mut frame: Outgoing| String::from_utf8(frame.take(usize::MAX).to_vec()).unwrap();
        let unanswered = Recorder::default().ended(TaskNames::default(), Duration::ZERO, &answer);
        frames("t", answer, unanswered).into_iter().map(text).collect()
    }

    #[test]
    fn durations_and_sizes_are_rounded_as_n8n_does() {
        let texts = [0, 999, 1000, 59_999, 60_000, 3_600_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(texts, ["0ms", "999ms", "1s", "59s", "1m", "60m"]);
        let texts = [0, 1023, 1024, 1536, 1_048_576, 2_621_440].map(bytes);
        assert_eq!(texts, ["0 bytes", "1023 bytes", "1.0 KB", "1.5 KB", "1.0 MB", "2.5 MB"]);
    }

    /// So that a broker that does not read holds up those who would answer next, and not the runner's memory.
    #[tokio::test]
    async fn room_is_held_until_the_last_frame_has_been_sent() {
        let budget = Budget::new(1 << 20);
        let verdict = Verdict::Done(RawValue::from_string("[1]".to_owned()).unwrap());
        let room = budget.result(1 << 20).await.unwrap();
        let answer = Answer { prints: vec![print(1)], room, ..Answer::bare(verdict) };
        let unanswered = Recorder::default().ended(TaskNames::default(), Duration::ZERO, &answer);
        let mut frames = frames("t", answer, unanswered);
        let mut last = frames.pop().unwrap();
        drop(frames);
        last.take(10);
        assert_eq!(budget.free(), 0);
        drop(last);
        assert_eq!(budget.free(), 1 << 20);
    }

    #[test]
    fn what_did_not_hold_is_in_the_line_of_a_task() {
        let mut report = Report { child_pid: Some(1), layers: vec!["seccomp".to_owned()], ..Report::default() };
        assert_eq!(without(&report), "");
        report.without = vec!["slot_uids".to_owned(), "cgroup".to_owned()];
        assert_eq!(without(&report), " [without slot_uids, cgroup]");
        report.layers.clear();
        assert_eq!(without(&report), " [UNSEALED]");
        report.child_pid = None;
        assert_eq!(without(&report), "", "nothing of it ran");
    }

    #[test]
    fn the_log_keeps_the_order_of_prints_and_of_what_was_written() {
        let printed = |text: &str| Print { params: Vec::new(), text: text.to_owned() };
        let line = |text: &str, after_prints| WrittenLine { text: text.to_owned(), after_prints };
        let verdict = Verdict::Done(RawValue::from_string("[]".to_owned()).unwrap());
        let mut answer = Answer { prints: vec![printed("p0"), printed("p1")], ..Answer::bare(verdict) };
        assert_eq!(logged(&answer).collect::<Vec<_>>(), ["p0", "p1"]);
        answer.written = vec![line("w0", 0), line("w1", 1), line("w1b", 1), line("w2", 2), line("w9", 9)];
        assert_eq!(logged(&answer).collect::<Vec<_>>(), ["w0", "p0", "w1", "w1b", "p1", "w2", "w9"]);
        answer.prints.clear();
        assert_eq!(logged(&answer).collect::<Vec<_>>(), ["w0", "w1", "w1b", "w2", "w9"]);
    }

    #[test]
    fn prints_come_first_and_are_bounded_in_size() {
        let frames = answer(vec![print(1), print(2)], 0);
        assert_eq!(frames.len(), 3);
        assert!(frames[2].contains("taskdone"));

        let frames = answer((0..100).map(|_| print(1)).collect(), 57);
        assert_eq!(frames.len(), 102);
        assert!(frames[100].contains("[Output truncated - 57 more print statements]"));

        let frames = answer((0..100).map(|_| print(MAX_PRINT_BYTES / 2 - 3)).collect(), 0);
        assert_eq!(frames.len(), 4);
        assert!(frames[2].contains("[Output truncated - 98 more print statements]"));
    }
}
