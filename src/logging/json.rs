//! Lines for machines: each is one JSON object, whatever is in it.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Level, Subscriber, field};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{ChronoUtc, FormatTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::whole_line;

/// RFC 3339, to the microsecond.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";
/// Fields that are lists, written with blanks between their entries, as the log's fields know no lists.
const LISTS: &[&str] = &["layers", "refused_by"];

/// The formatter.
pub(super) struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => "ERROR",
            Level::WARN => "WARNING",
            Level::INFO => "INFO",
            Level::DEBUG | Level::TRACE => "DEBUG",
        };
        let mut fields = Fields::default();
        event.record(&mut fields);
        // After the fields, so that none of them can stand for one of these.
        fields.0.extend(head(level, metadata.target())?);
        writeln!(writer, "{}", Value::Object(fields.0))
    }
}

fn head(level: &str, target: &str) -> Result<Map<String, Value>, fmt::Error> {
    let mut time = String::new();
    ChronoUtc::new(TIME.to_owned()).format_time(&mut Writer::new(&mut time))?;
    let pairs = [("time", time), ("level", level.to_owned()), ("target", target.to_owned())];
    Ok(pairs.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect())
}

/// What a runner that does not start says, as one object.
pub fn refusal(text: &str) -> String {
    let mut object = head("ERROR", "palisade").unwrap_or_default();
    object.insert("message".to_owned(), Value::String(whole_line(text)));
    Value::Object(object).to_string()
}

/// All fields of an event, the message among them.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &field::Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl field::Visit for Fields {
    fn record_f64(&mut self, field: &field::Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &field::Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &field::Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &field::Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &field::Field, value: &str) {
        if LISTS.contains(&field.name()) {
            let entries: Vec<Value> = value.split_whitespace().map(|entry| Value::String(whole_line(entry))).collect();
            return self.put(field, entries);
        }
        self.put(field, whole_line(value));
    }

    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        self.put(field, whole_line(&format!("{value:?}")));
    }
}
