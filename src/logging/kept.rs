//! Log lines kept in memory, for tests.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::layer::SubscriberExt as _;

use super::json::Json;
use super::lines::{Lines, Style};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the log looks like after `log`; no style is JSON.
pub(super) fn logged(style: Option<Style>, log: impl FnOnce()) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    if let Some(style) = style {
        let layer = layer.event_format(Lines::new(style));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
    } else {
        let layer = layer.event_format(Json);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
    }
    String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
}

/// As the launcher reads it, and as JSON.
pub(crate) fn both(log: impl Fn()) -> (String, String) {
    (logged(Some(Style::Plain), &log), logged(None, &log))
}
