//! What is said on a child's socket: the task goes down, frames come up until one of them is the answer.

use std::io;

use palisade_channel::frame::{self, Decoder, Frame, Kind};
use palisade_channel::message::{Failure, Print, Raised, Tally, TaskHead, Trapped};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;

use super::Said;
use crate::frame::Settings;

/// Longest read at once.
const CHUNK: usize = 256 * 1024;

/// Longest failure. Its texts are cut by the child at 64 KiB each, which JSON can make six times as long; a child that does
/// not cut them is not ours.
const MAX_FAILURE: u64 = 1024 * 1024;

/// What the prints of one task may cost the supervisor, in bytes: their frames, and memory for each text. Prints beyond are
/// counted, not read.
const PRINT_BUDGET: usize = 16 * 1024 * 1024;

/// Memory of a text besides its bytes.
const COST_OF_TEXT: usize = 32;

/// Bytes of frames with prints after which a child is no child of ours: what an honest one may send at most.
const MAX_PRINT_TRAFFIC: u64 = 128 * 1024 * 1024;

/// Longest of the messages that hold a number or two.
const MAX_SMALL: u64 = 1024;

/// At most this many of them: a child sends one or two, and a flood of them would only cost the supervisor.
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
    /// It said what no child of ours says.
    Violation(String),
}

pub(super) struct Conversation<'a> {
    socket: &'a UnixStream,
    head: &'a TaskHead,
    said: &'a mut Said,
    small: u32,
    prints: u64,
    print_traffic: u64,
    print_budget: usize,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(socket: &'a UnixStream, head: &'a TaskHead, said: &'a mut Said) -> Self {
        Self { socket, head, said, small: 0, prints: 0, print_traffic: 0, print_budget: PRINT_BUDGET }
    }

    /// Hands the task over and listens for the answer.
    pub(super) async fn run(mut self, settings: &Settings) -> End {
        // A child that dies while it reads is heard of below, like any other.
        let _ = self.hand_over(settings).await;
        self.listen().await.unwrap_or_else(|violation| violation)
    }

    async fn hand_over(&self, settings: &Settings) -> io::Result<()> {
        let head = serde_json::to_vec(self.head)?;
        let mut start = frame::encode(Kind::Task, &head);
        start.extend(frame::encode(Kind::Code, settings.code.as_bytes()));
        if let Some(query) = &settings.query {
            start.extend(frame::encode(Kind::Query, query.get().as_bytes()));
        }
        let items = settings.items.get().as_bytes();
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
    async fn listen(&mut self) -> Result<End, End> {
        // JSON can make six bytes of one.
        let max_print = self.head.max_print_bytes.saturating_mul(12).saturating_add(64 * 1024);
        let max_result = self.head.max_result_bytes;
        let mut decoder = Decoder::new(move |kind| match kind {
            Kind::Print => max_print,
            Kind::Done => max_result,
            Kind::Failed => MAX_FAILURE,
            Kind::Tally | Kind::Trapped => MAX_SMALL,
            _ => 0,
        });
        let mut chunk = Vec::with_capacity(4096);
        loop {
            chunk.clear();
            if self.read(&mut chunk).await.unwrap_or(0) == 0 {
                return Ok(End::Closed);
            }
            let mut rest = chunk.as_slice();
            while let Some(frame) = decoder.next(&mut rest).map_err(|e| End::Violation(e.to_string()))? {
                if let Some(end) = self.take(frame).await? {
                    return Ok(end);
                }
            }
            // A large answer is coming: read it in large pieces.
            if chunk.len() == chunk.capacity() && chunk.capacity() < CHUNK {
                chunk.reserve(CHUNK);
            }
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
        if matches!(kind, Kind::Tally | Kind::Trapped) {
            self.small += 1;
            if self.small > MOST_SMALL {
                return Err(End::Violation(format!("more than {MOST_SMALL} {kind:?} frames")));
            }
        }
        match kind {
            Kind::Print => self.take_print(payload).await?,
            Kind::Tally => {
                let Tally { omitted_prints } = parse(kind, &payload)?;
                self.said.omitted = self.said.omitted.saturating_add(omitted_prints);
            }
            Kind::Trapped => self.said.trapped = Some(parse::<Trapped>(kind, &payload)?.syscall),
            Kind::Failed => return Ok(Some(End::Failed(parse_aside(kind, payload).await?))),
            Kind::Done => return result(payload).await.map(|result| Some(End::Done(result))),
            _ => return Err(End::Violation(format!("a {kind:?} frame"))),
        }
        Ok(None)
    }

    async fn take_print(&mut self, payload: Vec<u8>) -> Result<(), End> {
        self.prints += 1;
        if self.prints > self.head.max_prints {
            return Err(End::Violation(format!("more than {} prints", self.head.max_prints)));
        }
        self.print_traffic = self.print_traffic.saturating_add(payload.len() as u64);
        if self.print_traffic > MAX_PRINT_TRAFFIC {
            return Err(End::Violation(format!("prints of more than {MAX_PRINT_TRAFFIC} bytes")));
        }
        let bytes = payload.len();
        if bytes > self.print_budget {
            self.print_budget = 0;
            self.said.omitted = self.said.omitted.saturating_add(1);
            return Ok(());
        }
        let print: Print = parse_aside(Kind::Print, payload).await?;
        let cost = bytes.saturating_add(print.params.len().saturating_mul(COST_OF_TEXT));
        self.print_budget = self.print_budget.saturating_sub(cost);
        self.said.prints.push(print);
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

/// Deepest nesting of brackets outside of strings. Meant for JSON; of anything else it finds some number in linear time.
fn depth(json: &[u8]) -> usize {
    let (mut deepest, mut now) = (0_usize, 0_usize);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            b'"' => {
                while let Some(inside) = bytes.next() {
                    match inside {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use palisade_channel::message::{NodeMode, Purpose};
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// What the supervisor makes of a child that says `bytes` and hangs up.
    async fn hear(bytes: &[u8]) -> (End, Said) {
        hear_of(bytes, 2).await
    }

    async fn hear_of(bytes: &[u8], max_prints: u64) -> (End, Said) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let head = TaskHead {
            mode: NodeMode::AllItems,
            purpose: Purpose::Run,
            max_prints,
            max_print_bytes: 10_000,
            max_result_bytes: 1000,
            env: Vec::new(),
        };
        let mut said = Said::default();
        let mut conversation = Conversation::new(&ours, &head, &mut said);
        let child = async {
            let _ = theirs.write_all(bytes).await;
            drop(theirs);
        };
        let (end, ()) = tokio::join!(async { conversation.listen().await.unwrap_or_else(|end| end) }, child);
        (end, said)
    }

    fn print() -> Vec<u8> {
        frame::encode(Kind::Print, br#"{"params":["'a'"],"text":"a"}"#)
    }

    #[tokio::test]
    async fn prints_come_before_the_answer_and_survive_its_absence() {
        let (end, said) = hear(&[print(), print(), frame::encode(Kind::Done, b"[1]")].concat()).await;
        assert!(matches!(end, End::Done(result) if result.get() == "[1]"));
        assert_eq!(said.prints.len(), 2);
        let (end, said) = hear(&[print(), frame::encode(Kind::Done, b"[1]")[..10].to_vec()].concat()).await;
        assert!(matches!(end, End::Closed), "{end:?}");
        assert_eq!(said.prints.len(), 1);
    }

    /// A hundred frames of hundreds of thousands of empty texts each once made 750 MB of the supervisor.
    #[tokio::test]
    async fn prints_cost_the_supervisor_no_more_than_their_budget() {
        let empty = format!(r#"{{"params":[{}""],"text":""}}"#, r#""","#.repeat(20_000));
        let mut bytes = frame::encode(Kind::Print, empty.as_bytes()).repeat(50);
        bytes.extend(frame::encode(Kind::Done, b"[]"));
        let (end, said) = hear_of(&bytes, 100).await;
        assert!(matches!(end, End::Done(_)), "{end:?}");
        let texts: usize = said.prints.iter().map(|print| print.params.len()).sum();
        assert!(texts * COST_OF_TEXT <= PRINT_BUDGET + empty.len() * COST_OF_TEXT, "{texts}");
        assert!(said.prints.len() > 5 && said.prints.len() + usize::try_from(said.omitted).unwrap() == 50);
    }

    #[tokio::test]
    async fn what_no_child_of_ours_says_ends_the_conversation() {
        let huge = frame::header(Kind::Done, 4 << 30).to_vec();
        let envelope = frame::encode(Kind::Done, br#"[1],"taskId":"other""#);
        let tallies = frame::encode(Kind::Tally, br#"{"omitted_prints":1}"#).repeat(17);
        for (what, bytes) in [
            ("a third print", print().repeat(3)),
            ("4 GiB announced", huge),
            ("a result that breaks out of its place", envelope),
            ("a flood of small frames", tallies),
            ("a second readiness", frame::encode(Kind::Ready, b"{}")),
            ("a task of its own", frame::encode(Kind::Task, b"{}")),
            ("an unknown kind", vec![200; 40]),
            ("a failure that is none", frame::encode(Kind::Failed, br#"{"kind":"raised"}"#)),
            ("a result over its limit", frame::encode(Kind::Done, &[b'1'; 1001])),
        ] {
            let (end, _) = hear(&bytes).await;
            assert!(matches!(end, End::Violation(_)), "{what}: {end:?}");
        }
        let (end, _) = hear(b"").await;
        assert!(matches!(end, End::Closed));
    }

    #[test]
    fn only_whole_json_is_a_result() {
        for good in ["null", "[1, {\"a\": \"\\ud800\"}]", "123456789012345678901234567890", "-0.0", " {} "] {
            assert!(check(good.into()).is_ok(), "{good}");
        }
        for bad in ["", "[1", "NaN", "[Infinity]", "{} {}", "{\"a\":1", "'a'", "\u{feff}1", "{\"taskId\":1}}"] {
            assert!(check(bad.into()).is_err(), "{bad}");
        }
        assert!(check(vec![b'"', 0xff, b'"']).is_err());
    }

    #[test]
    fn depth_is_counted_outside_of_strings_and_bounded() {
        assert_eq!(depth(br#"[{"a[[[\"[[": [1]}]"#), 3);
        assert!(check(format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)).into()).is_ok());
        assert!(check(format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1)).into()).is_err());
        assert!(check("[".repeat(10_000_000).into()).is_err());
    }
}
