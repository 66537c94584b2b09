//! Lines for people, and for n8n's launcher.

use std::fmt;
use std::fmt::Write as _;

use tracing::{Event, Level, Subscriber, field};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{ChronoLocal, FormatTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::whole_line;

/// How much there is around a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing.
    Plain,
    /// Time and level, with tabs.
    Tabs,
    /// Time and level, in colour.
    Colour,
}

/// The formatter.
pub(super) struct Lines {
    style: Style,
    clock: ChronoLocal,
}

impl Lines {
    pub(super) fn new(style: Style) -> Self {
        Self { style, clock: ChronoLocal::new("%Y-%m-%d %H:%M:%S%.3f".to_owned()) }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut message = Message::default();
        event.record(&mut message);
        let message = whole_line(&message.0);
        if self.style == Style::Plain {
            return writeln!(writer, "{message}");
        }
        self.clock.format_time(&mut writer)?;
        let (name, colour) = match *event.metadata().level() {
            Level::ERROR => ("ERROR", 31),
            Level::WARN => ("WARNING", 33),
            Level::INFO => ("INFO", 32),
            Level::DEBUG | Level::TRACE => ("DEBUG", 34),
        };
        if self.style == Style::Tabs {
            writeln!(writer, "\t{name}\t{message}")
        } else {
            writeln!(writer, "  \x1b[{colour}m{name}\x1b[0m  \x1b[{colour}m{message}\x1b[0m")
        }
    }
}

/// An event's message; other fields are for machines.
#[derive(Default)]
pub(super) struct Message(pub(super) String);

impl field::Visit for Message {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a String cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }
}
