//! What is said on a child's socket: the task goes down, frames come up until one of them is the answer.

use std::io;
use std::time::Duration;

use palisade_channel::frame::{self, Decoder, Frame, Kind};
use palisade_channel::message::{Failure, Raised, Tally, TaskHead, Trapped, Tripped, Written};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

use super::Said;
use crate::budget::{Budget, NeverFits, Room, UNCOUNTED};
use crate::execute::WrittenLine;
use crate::frame::{Items, Settings};

/// Longest read at once.
const CHUNK: usize = 256 * 1024;

/// Longest failure. Its texts are cut by the child at 64 KiB each, which JSON can make six times as long; a child that does
/// not cut them is not ours.
const MAX_FAILURE: u64 = 1024 * 1024;

/// What the prints of one task, and what it writes to `sys.stdout`, may cost the supervisor, in bytes: their frames, and memory
/// for each text. What is beyond is counted, not read.
const PRINT_BUDGET: usize = 16 * 1024 * 1024;

/// Memory of a text besides its bytes.
const COST_OF_TEXT: usize = 32;

/// Prints of one task that need no room of the budget for all tasks.
const UNCOUNTED_PRINTS: usize = 64 * 1024;

/// Room for prints is taken in such pieces.
const PIECE_FOR_PRINTS: usize = 256 * 1024;

/// Where one print is cut at the latest: longest frame of a print that is read, and what JSON can make of a byte.
const LONGEST_PRINT: u64 = (PRINT_BUDGET as u64 - FRAME_OF_PRINT) / JSON_OF_BYTE;
const FRAME_OF_PRINT: u64 = 64 * 1024;
const JSON_OF_BYTE: u64 = 12;
// What a policy may say is what is done: no print is cut shorter in silence.
const _: () = assert!(palisade_policy::MOST_PRINT_BYTES <= LONGEST_PRINT);

/// Longest frame of a piece written to `sys.stdout`: JSON makes at most six bytes of one.
const LONGEST_WRITTEN: u64 = 6 * Written::LONGEST_LINE as u64 + 64;

/// How long a result may take to come once there is room for it: some time, and a second for so many bytes. A child has
/// all of it when it announces it; one that does not send it keeps room from others.
const DELIVERY: Duration = Duration::from_secs(10);
const DELIVERED_PER_SECOND: u64 = 8 << 20;

/// Longest of the messages that hold a number or two.
const MAX_SMALL: u64 = 1024;

/// At most this many of them: a child sends seven or eight, and a flood of them would only cost the supervisor.
const MOST_SMALL: u32 = 16;

/// What is longer than this is checked on another thread.
const CHECK_INLINE: usize = 64 * 1024;

/// Deepest nesting of a result. CPython's own encoder gives up earlier; n8n's parser must not be the first to find out.
const MAX_DEPTH: usize = 5000;

/// How a conversation ended.
#[derive(Debug)]
pub(super) enum End {
    /// A result that is JSON within its bounds.
    Done(Box<RawValue>),
    /// The reason why there is none.
    Failed(Box<Failure>),
    /// The child closed its socket without an answer.
    Closed,
    /// Its result does not fit into the room for the results of all tasks.
    NeverFits {
        /// Its length in bytes.
        needed: u64,
    },
    /// It said what no child of ours says.
    Violation(String),
}

pub(super) struct Conversation<'a> {
    socket: &'a UnixStream,
    head: &'a TaskHead,
    said: &'a mut Said,
    budget: &'a Budget,
    coming: Coming,
    /// When a result that has got room must be there.
    due: Option<Instant>,
    room_for_prints: usize,
    small: u32,
    prints: u64,
    print_budget: usize,
    pieces: u64,
    /// Whether the last of the lines written to `sys.stdout` may still grow.
    line_is_open: bool,
}

/// What was decided about the frame that has begun and is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coming {
    Undecided,
    /// There is room for it.
    Kept,
    /// There is none.
    Discarded,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(socket: &'a UnixStream, head: &'a TaskHead, budget: &'a Budget, said: &'a mut Said) -> Self {
        Self {
            socket,
            head,
            said,
            budget,
            coming: Coming::Undecided,
            due: None,
            room_for_prints: UNCOUNTED_PRINTS,
            small: 0,
            prints: 0,
            print_budget: PRINT_BUDGET,
            pieces: 0,
            line_is_open: false,
        }
    }

    /// Hands the task over and listens for the answer. The items, which may be large, are given away with it.
    pub(super) async fn run(mut self, settings: &Settings, items: Items) -> End {
        // A child that dies while it reads is heard of below, like any other.
        let _ = self.hand_over(settings, items.as_bytes()).await;
        drop(items);
        self.listen().await.unwrap_or_else(|violation| violation)
    }

    async fn hand_over(&self, settings: &Settings, items: &[u8]) -> io::Result<()> {
        let head = serde_json::to_vec(self.head)?;
        let mut start = frame::encode(Kind::Task, &head);
        start.extend(frame::encode(Kind::Code, settings.code.as_bytes()));
        if let Some(query) = &settings.query {
            start.extend(frame::encode(Kind::Query, query.get().as_bytes()));
        }
        start.extend(frame::header(Kind::Items, items.len()));
        if items.len() <= CHUNK {
            start.extend(items);
            return self.write(&start).await;
        }
        self.write(&start).await?;
        self.write(items).await
    }

    async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.socket.writable().await?;
            match self.socket.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// `Err` is an end too: the first thing that no child of ours says.
    pub(super) async fn listen(&mut self) -> Result<End, End> {
        let max_print = self.head.max_print_bytes.min(LONGEST_PRINT) * JSON_OF_BYTE + FRAME_OF_PRINT;
        let max_result = self.head.max_result_bytes;
        let mut decoder = Decoder::new(move |kind| match kind {
            Kind::Print => max_print,
            Kind::Written => LONGEST_WRITTEN,
            Kind::Done => max_result,
            Kind::Failed => MAX_FAILURE,
            Kind::Tally | Kind::Trapped | Kind::Tripped => MAX_SMALL,
            _ => 0,
        });
        let mut chunk = Vec::with_capacity(4096);
        loop {
            chunk.clear();
            if self.read_in_time(&mut chunk).await? == 0 {
                return Ok(End::Closed);
            }
            let mut rest = chunk.as_slice();
            while let Some(frame) = decoder.next(&mut rest).map_err(|e| End::Violation(e.to_string()))? {
                if let Some(end) = self.take(frame).await? {
                    return Ok(end);
                }
            }
            // Before more of it is read, and so before it takes memory.
            if let Some((kind, len)) = decoder.in_progress()
                && self.make_room(kind, len).await? == Coming::Discarded
            {
                decoder.discard();
            }
            // A large answer is coming: read it in large pieces.
            if chunk.len() == chunk.capacity() && chunk.capacity() < CHUNK {
                chunk.reserve(CHUNK);
            }
        }
    }

    /// Room for the rest of a frame, of which no more than one read has come. A result waits for it, and with it the child,
    /// whose socket fills up.
    async fn make_room(&mut self, kind: Kind, len: u64) -> Result<Coming, End> {
        if self.coming != Coming::Undecided {
            return Ok(self.coming);
        }
        self.coming = match kind {
            Kind::Done if len > UNCOUNTED => {
                self.said.waits_for = Some(len);
                let room = self.budget.result(len).await.map_err(|NeverFits| End::NeverFits { needed: len })?;
                self.said.waits_for = None;
                self.said.room.add(room);
                self.due = Some(Instant::now() + DELIVERY + Duration::from_secs(len / DELIVERED_PER_SECOND));
                Coming::Kept
            }
            Kind::Print | Kind::Written if !self.has_room_for_print(usize::try_from(len).unwrap_or(usize::MAX)) => {
                Coming::Discarded
            }
            // Others are small.
            _ => Coming::Kept,
        };
        Ok(self.coming)
    }

    /// Takes room for so much of a print, of what is left to this task and to all.
    fn has_room_for_print(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.room_for_prints);
        let room = if bytes > self.print_budget {
            None
        } else if more == 0 {
            Some(Room::default())
        } else {
            self.budget.prints(more.max(PIECE_FOR_PRINTS) as u64)
        };
        let Some(room) = room else {
            // Those that follow are left out, too: what is kept is how the prints begin.
            self.print_budget = 0;
            return false;
        };
        if more > 0 {
            self.said.room.add(room);
            self.room_for_prints += more.max(PIECE_FOR_PRINTS);
        }
        self.print_budget -= bytes;
        self.room_for_prints -= bytes;
        true
    }

    async fn read_in_time(&self, chunk: &mut Vec<u8>) -> Result<usize, End> {
        let Some(due) = self.due else { return Ok(self.read(chunk).await.unwrap_or(0)) };
        match timeout_at(due, self.read(chunk)).await {
            Ok(read) => Ok(read.unwrap_or(0)),
            Err(_) => Err(End::Violation("a result that was announced and did not come".to_owned())),
        }
    }

    async fn read(&self, chunk: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            self.socket.readable().await?;
            match self.socket.try_read_buf(chunk) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }

    async fn take(&mut self, Frame { kind, payload }: Frame) -> Result<Option<End>, End> {
        if matches!(kind, Kind::Tally | Kind::Trapped | Kind::Tripped) {
            self.small += 1;
            if self.small > MOST_SMALL {
                return Err(End::Violation(format!("more than {MOST_SMALL} {kind:?} frames")));
            }
        }
        let coming = std::mem::replace(&mut self.coming, Coming::Undecided);
        match kind {
            Kind::Print => self.take_print(payload, coming).await?,
            Kind::Written => self.take_written(&payload, coming)?,
            Kind::Tally => {
                let Tally { omitted_prints, omitted_lines, so_far } = parse(kind, &payload)?;
                self.said.omitted_is_least = so_far;
                self.said.omitted = self.said.omitted.saturating_add(omitted_prints);
                self.said.omitted_lines = self.said.omitted_lines.saturating_add(omitted_lines);
            }
            Kind::Trapped => self.said.trapped = Some(parse::<Trapped>(kind, &payload)?.syscall),
            Kind::Tripped => self.said.tripped = Some(parse::<Tripped>(kind, &payload)?.event),
            Kind::Failed => return Ok(Some(End::Failed(parse_aside(kind, payload).await?))),
            Kind::Done => return result(payload).await.map(|result| Some(End::Done(result))),
            _ => return Err(End::Violation(format!("a {kind:?} frame"))),
        }
        Ok(None)
    }

    async fn take_print(&mut self, payload: Vec<u8>, coming: Coming) -> Result<(), End> {
        self.prints += 1;
        if self.prints > self.head.max_prints {
            return Err(End::Violation(format!("more than {} prints", self.head.max_prints)));
        }
        if self.is_kept(coming, payload.len()) && self.has_room_for_print(texts(&payload).saturating_mul(COST_OF_TEXT))
        {
            self.said.prints.push(parse_aside(Kind::Print, payload).await?);
            return Ok(());
        }
        self.said.omitted = self.said.omitted.saturating_add(1);
        Ok(())
    }

    fn is_kept(&mut self, coming: Coming, bytes: usize) -> bool {
        match coming {
            Coming::Undecided => self.has_room_for_print(bytes),
            Coming::Kept => true,
            Coming::Discarded => false,
        }
    }

    fn take_written(&mut self, payload: &[u8], coming: Coming) -> Result<(), End> {
        self.pieces += 1;
        let most = self.head.max_prints.saturating_add(Written::MOST_PARTS);
        if self.pieces > most {
            return Err(End::Violation(format!("more than {most} pieces of text for the log")));
        }
        // A text that grows may take twice its length.
        if !self.is_kept(coming, payload.len()) || !self.has_room_for_print(payload.len() + COST_OF_TEXT) {
            self.line_is_open = false;
            self.said.omitted_lines = self.said.omitted_lines.saturating_add(1);
            return Ok(());
        }
        let Written { text, ends_line } = parse(Kind::Written, payload)?;
        match self.said.written.last_mut() {
            Some(line) if self.line_is_open => line.text.push_str(&text),
            _ => self.said.written.push(WrittenLine { text, after_prints: self.said.prints.len() }),
        }
        self.line_is_open = !ends_line;
        Ok(())
    }
}

/// As [`parse`], on another thread where it could take long.
async fn parse_aside<T: DeserializeOwned + Send + 'static>(kind: Kind, payload: Vec<u8>) -> Result<T, End> {
    if payload.len() <= CHECK_INLINE {
        return parse(kind, &payload);
    }
    let parsed = spawn_blocking(move || parse(kind, &payload)).await;
    parsed.unwrap_or_else(|error| Err(End::Violation(error.to_string())))
}

fn parse<T: DeserializeOwned>(kind: Kind, payload: &[u8]) -> Result<T, End> {
    serde_json::from_slice(payload)
        .map_err(|error| End::Violation(format!("a {kind:?} frame that is no such thing: {error}")))
}

async fn result(payload: Vec<u8>) -> Result<Box<RawValue>, End> {
    if payload.len() <= CHECK_INLINE {
        return check(payload);
    }
    spawn_blocking(|| check(payload)).await.unwrap_or_else(|error| Err(End::Violation(error.to_string())))
}

/// JSON, whole and alone, and not deeper than may be. No tree is built.
fn check(payload: Vec<u8>) -> Result<Box<RawValue>, End> {
    let text = String::from_utf8(payload).map_err(|_| End::Violation("a result that is not UTF-8".to_owned()))?;
    if depth(text.as_bytes()) > MAX_DEPTH {
        return Err(too_deep());
    }
    RawValue::from_string(text).map_err(|error| End::Violation(format!("a result that is not JSON: {error}")))
}

/// Code may well return such a value, so it is a failure of the task, in the words CPython begins it with where its own
/// encoder gives up.
fn too_deep() -> End {
    End::Failed(Box::new(Failure::Raised(Raised {
        class: "RecursionError".to_owned(),
        message: format!("maximum recursion depth exceeded: the result is nested deeper than {MAX_DEPTH}"),
        ..Raised::default()
    })))
}

/// How many texts JSON holds; of anything else some number, in linear time and at least as many as a parser makes of it.
fn texts(json: &[u8]) -> usize {
    let mut quotes = 0_usize;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quotes += 1,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    quotes.div_ceil(2)
}

/// Deepest nesting of brackets outside of strings. Meant for JSON; of anything else it finds some number in linear time.
fn depth(json: &[u8]) -> usize {
    let (mut deepest, mut now) = (0_usize, 0_usize);
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            b'"' => at = end_of_string(json, at),
            _ => {}
        }
    }
    deepest
}

/// Where the string ends in whose inside `at` is, behind its quote.
fn end_of_string(json: &[u8], mut at: usize) -> usize {
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if json[at - 1] == b'"' {
            return at;
        }
        // What is escaped ends nothing.
        at += 1;
    }
    json.len()
}

#[cfg(test)]
mod tests;
