//! Log lines as n8n's launcher expects them: on stdout, one message a line, without time or level where nobody looks on
//! a terminal.
//!
//! Much of what is logged was written by users of n8n, or made up by hostile code: [`one_line`] sees to it that it can
//! neither break a line nor run a terminal, and `lines` and `json` apply it once more to whatever reaches them.

mod json;
mod lines;

use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::json::Json;
pub use self::json::refusal as json_refusal;
use self::lines::{Lines, Style};

/// The target of events for machines: one for each task that is over. Lines for people leave them out.
pub const TASK_EVENTS: &str = "palisade::task_event";

/// Lines that may wait for a reader of stdout; more are dropped, as the runner must not wait for its log.
const WAITING_LINES: usize = 4096;
/// No line is longer, whatever is in it.
const MAX_LINE_CHARS: usize = 8192;

/// Where the log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// For the runner: its launcher reads it there.
    Stdout,
    /// For commands whose stdout is their result.
    Stderr,
}

/// What log lines look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Messages alone; on a terminal with time and level, in colour.
    Text,
    /// As [`Look::Text`], but never in colour.
    NoColour,
    /// One JSON object a line.
    Json,
}

/// Keeps the log's thread; when it is dropped, lines still waiting are written.
#[derive(Debug)]
pub struct LogGuard(#[expect(dead_code, reason = "held for its destructor")] WorkerGuard);

/// The level `N8N_RUNNERS_LAUNCHER_LOG_LEVEL` names, in any case; unknown names mean INFO.
pub fn level(name: Option<&str>) -> LevelFilter {
    match name.unwrap_or_default().to_ascii_uppercase().as_str() {
        "DEBUG" => LevelFilter::DEBUG,
        "WARNING" => LevelFilter::WARN,
        "ERROR" => LevelFilter::ERROR,
        // Nothing is worse than an error here, so there is nothing to show.
        "CRITICAL" => LevelFilter::OFF,
        _ => LevelFilter::INFO,
    }
}

/// Starts logging for the whole process; a second call changes nothing.
pub fn init(target: Target, level: LevelFilter, look: Look) -> LogGuard {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(WAITING_LINES).thread_name("log");
    let ((writer, guard), terminal) = match target {
        Target::Stdout => (builder.finish(std::io::stdout()), std::io::stdout().is_terminal()),
        Target::Stderr => (builder.finish(std::io::stderr()), std::io::stderr().is_terminal()),
    };
    let style = match (terminal, look) {
        (false, _) => Style::Plain,
        (true, Look::NoColour | Look::Json) => Style::Tabs,
        (true, Look::Text) => Style::Colour,
    };
    let (lines, json) = if look == Look::Json {
        (None, Some(tracing_subscriber::fmt::layer().with_writer(writer).event_format(Json)))
    } else {
        (Some(tracing_subscriber::fmt::layer().with_writer(writer).event_format(Lines::new(style))), None)
    };
    // A command that logs to stderr shows there itself what becomes of its tasks.
    let tasks = if target == Target::Stderr { LevelFilter::OFF } else { level };
    let ours = Targets::new()
        .with_target("palisade", level)
        .with_target("palisade::session", tasks)
        .with_target(TASK_EVENTS, if look == Look::Json { level } else { LevelFilter::OFF })
        .with_default(level.min(LevelFilter::WARN));
    // An error means that a subscriber is there already, which tests do.
    let log = tracing_subscriber::registry().with(ours).with(lines).with(json);
    #[cfg(feature = "sentry")]
    let log = log.with(crate::observe::sentry::Reporter);
    let _ = log.try_init();
    LogGuard(guard)
}

/// `text` as part of one line: control characters, line and paragraph separators and marks that turn the direction of
/// writing are escaped, and what is beyond `max_chars` is cut.
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::with_capacity(text.len().min(max_chars));
    for (count, c) in text.chars().enumerate() {
        if count == max_chars {
            line.push('…');
            break;
        }
        push_escaped(&mut line, c);
    }
    line
}

/// `text` for a terminal: line breaks and tabs stay, all else as in [`one_line`].
pub fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\n' | '\t') {
            clean.push(c);
        } else {
            push_escaped(&mut clean, c);
        }
    }
    clean
}

/// As [`one_line`] with the bound of a whole line.
fn whole_line(text: &str) -> String {
    one_line(text, MAX_LINE_CHARS)
}

fn push_escaped(to: &mut String, c: char) {
    let acts = c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if acts {
        to.extend(c.escape_default());
    } else {
        to.push(c);
    }
}

#[cfg(test)]
pub(crate) mod kept;
#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_cannot_break_a_line_or_run_a_terminal() {
        assert_eq!(one_line("a\nb\r\u{1b}[2J\u{2028}\u{202e}é你", 99), "a\\nb\\r\\u{1b}[2J\\u{2028}\\u{202e}é你");
        assert_eq!(one_line("aaaa", 4), "aaaa");
        assert_eq!(one_line("aaaaa", 4), "aaaa…");
        assert_eq!(printable("a\n\tb\u{1b}\u{0}"), "a\n\tb\\u{1b}\\u{0}");
    }

    #[test]
    fn levels_are_read_as_n8n_reads_them() {
        assert_eq!(level(Some("debug")), LevelFilter::DEBUG);
        assert_eq!(level(Some("Critical")), LevelFilter::OFF);
        assert_eq!(level(Some("verbose")), LevelFilter::INFO);
        assert_eq!(level(None), LevelFilter::INFO);
    }
}
