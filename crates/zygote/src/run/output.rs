//! Where frames go while user code runs, and what is collected meanwhile.
//!
//! `print` is called by user code with nothing in its hands, so the way out lies in a native static: open exactly while a
//! task runs, and no Python object leads to it.

#![allow(unsafe_code, reason = "a borrowed writer is kept in a static for as long as its scope lives")]

use std::io;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use palisade_channel::frame::Kind;
use palisade_channel::message::{Print, Tally, TaskHead, Written};
use palisade_channel::written::Lines;

use super::text;

/// What is kept of the text written to `sys.stderr`.
const MAX_STDERR: usize = 64 << 10;

/// At so many prints that were not sent the supervisor is told, so that it can say something of a task that is killed.
const TOLD_AT: [u64; 6] = [1, 10, 100, 1000, 10_000, 100_000];

/// Writes one frame.
pub(super) type Out<'a> = dyn FnMut(Kind, &[u8]) -> io::Result<()> + 'a;

static OPEN: Mutex<Option<Open>> = Mutex::new(None);

struct Open {
    out: NonNull<Out<'static>>,
    broken: Option<io::Error>,
    max_prints: u64,
    max_print_bytes: usize,
    prints: u64,
    omitted: u64,
    /// How many of these the supervisor knows of.
    told: u64,
    stderr: String,
    lines: Lines,
}

// SAFETY: the writer is used under the mutex only, by whichever thread holds it, and `Scope` keeps it borrowed.
unsafe impl Send for Open {}

fn open() -> MutexGuard<'static, Option<Open>> {
    // Nothing is left half done under this lock, so a panic elsewhere does not make it untrue.
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While this lives, prints go to the writer it borrows.
pub(super) struct Scope<'a> {
    writer: PhantomData<&'a mut Out<'a>>,
}

/// What a task left behind besides its answer.
#[derive(Default)]
pub(super) struct Totals {
    /// Prints that were not sent, and of which the supervisor does not know yet.
    pub(super) omitted: u64,
    /// Whether it knows of some: it is then told of the end of them, even where there are no more.
    pub(super) told: bool,
    /// What was written to `sys.stdout` after its last line, and is still to be sent.
    pub(super) unfinished_line: Option<Written>,
    /// Lines written to `sys.stdout` that were not sent.
    pub(super) omitted_lines: u64,
    /// The first error of the writer.
    pub(super) broken: Option<io::Error>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(head: &TaskHead, out: &'a mut Out<'_>) -> Self {
        let out: NonNull<Out<'_>> = NonNull::from(out);
        // SAFETY: only the lifetime changes. `Drop` and `close` take the pointer out of the static before the borrow
        // `'a` ends, and a `Scope` is never forgotten: it does not leave `task::run_task`.
        let out: NonNull<Out<'static>> = unsafe { std::mem::transmute(out) };
        *open() = Some(Open {
            out,
            broken: None,
            max_prints: head.max_prints,
            max_print_bytes: usize::try_from(head.max_print_bytes).unwrap_or(usize::MAX),
            prints: 0,
            omitted: 0,
            told: 0,
            stderr: String::new(),
            lines: Lines::new(head.max_prints),
        });
        Self { writer: PhantomData }
    }

    /// Ends it; what threads print from now on is dropped.
    #[allow(clippy::unused_self, reason = "it consumes the scope")]
    pub(super) fn close(self) -> Totals {
        let Some(mut state) = open().take() else { return Totals::default() };
        Totals {
            omitted: state.omitted - state.told,
            told: state.told > 0,
            unfinished_line: state.lines.end(),
            omitted_lines: state.lines.omitted(),
            broken: state.broken,
        }
    }
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        *open() = None;
    }
}

/// How many bytes one more print may have; `None` when it is only counted, which this does.
pub(super) fn admit_print() -> Option<usize> {
    let mut open = open();
    let state = open.as_mut()?;
    if state.broken.is_some() || state.prints >= state.max_prints {
        state.omitted += 1;
        if TOLD_AT.contains(&state.omitted) {
            state.tell_omitted();
        }
        return None;
    }
    state.prints += 1;
    Some(state.max_print_bytes)
}

/// Sends a print at once, so that a task that is killed later keeps it.
pub(super) fn send_print(print: &Print) {
    let Ok(payload) = serde_json::to_vec(print) else { return };
    if let Some(state) = open().as_mut() {
        state.send(Kind::Print, &payload);
    }
}

impl Open {
    fn tell_omitted(&mut self) {
        let tally = Tally { omitted_prints: self.omitted - self.told, omitted_lines: 0, so_far: true };
        self.told = self.omitted;
        if let Ok(payload) = serde_json::to_vec(&tally) {
            self.send(Kind::Tally, &payload);
        }
    }

    fn send(&mut self, kind: Kind, payload: &[u8]) {
        if self.broken.is_some() {
            return;
        }
        // SAFETY: the pointer is in the static only while its `Scope` keeps the writer borrowed, and the lock, which
        // whoever has this holds, makes this the only use. The writer runs no Python code, so it cannot come back here.
        let result = unsafe { self.out.as_mut()(kind, payload) };
        self.broken = result.err();
    }

    fn send_lines(&mut self, pieces: &[Written]) {
        for piece in pieces {
            if let Ok(payload) = serde_json::to_vec(piece) {
                self.send(Kind::Written, &payload);
            }
        }
    }
}

/// Sends text written to `sys.stdout`, as far as there is to be more of it in the log.
pub(super) fn write_stdout(written: &str) {
    if let Some(state) = open().as_mut() {
        let pieces = state.lines.write(written);
        state.send_lines(&pieces);
    }
}

/// Sends what has been written of a line, for who asks for it.
pub(super) fn flush_stdout() {
    if let Some(state) = open().as_mut() {
        let piece = state.lines.flush();
        state.send_lines(piece.as_slice());
    }
}

/// Keeps text written to `sys.stderr`: the beginning, as much as there is room for.
pub(super) fn collect_stderr(written: &str) {
    if let Some(state) = open().as_mut() {
        let room = MAX_STDERR - state.stderr.len();
        state.stderr.push_str(text::prefix(written, room));
    }
}

/// The text written to `sys.stderr` so far.
pub(super) fn stderr_text() -> String {
    open().as_ref().map(|state| state.stderr.clone()).unwrap_or_default()
}
