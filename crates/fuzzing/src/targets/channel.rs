//! A hostile child: whatever it writes, in whatever pieces, makes one answer of its own task, within its bounds.

use std::io;

use palisade::rehearsal::{Bounds, Heard, rehearse};
use palisade_channel::frame::Kind;
use palisade_channel::rehearsal::{self, decode};
use serde_json::Value;
use tokio::runtime::Builder;

use crate::choices::Choices;

const TASK: &str = "t1";

const BOUNDS: Bounds = Bounds { prints: 3, print: 10_000, result: 1_000_000, budget: 1 << 20 };

/// Bytes that a child writes at most.
const LONGEST: usize = 1 << 20;

/// Pieces that they come in at most, besides the last.
const MOST_PIECES: usize = 1000;

/// What children of ours say, and what others might.
const SAID: [&str; 16] = [
    r#"{"params":["'a'"],"text":"a"}"#,
    r#"{"omitted_prints":3}"#,
    r#"{"text":"w","ends_line":true}"#,
    r#"{"text":"w","ends_line":false}"#,
    r#"{"syscall":59}"#,
    r#"{"kind":"raised","class":"E","message":"m","description":"","line":1,"item":2,"frames":[{"line":1,"function":"f"}]}"#,
    r#"{"kind":"raised","class":"E","message":"m","stderr":"s","line":2,"frames":[],"span":{"start":4,"end":5},"notes":["n"],"related":[{"link":"cause","to":0,"class":"C","message":"","notes":[],"frames":[{"line":2,"function":"f","span":{"start":11,"end":null},"repeated":9,"left_out":3}]},{"link":"member","to":1,"class":"M","message":"m\n","notes":[],"frames":[]},{"link":"context","to":2,"class":"X","message":"m","notes":[],"frames":[]}],"more_related":true}"#,
    r#"{"kind":"exit","code":"1","raised":{"class":"SystemExit","message":"1","description":"own","item":3,"frames":[]}}"#,
    r#"{"kind":"exit","code":"1\",\"taskId\":\"t2","description":""}"#,
    r#"{"kind":"syntax","message":"m (<unknown>, line 1)","line":1,"column":18446744073709551615}"#,
    r#"{"kind":"import","text":"x"}"#,
    r#"[{"json":{"taskId":"t2"}}]"#,
    r#"1}},"taskId":"t2","x":{"y":{"z":2"#,
    "[\"\\ud800\", 1e999, -0, 123456789012345678901234567890]",
    "[[[[[[[[[[[[[[[[",
    "\"\u{feff}\u{0}\u{2028}",
];

/// Plays the child twice, with the bytes in one piece and in many.
///
/// # Panics
/// When the two differ, a bound does not hold, or a frame for the broker is not of this task.
pub fn body(input: &[u8]) {
    let choices = &mut Choices::new(input);
    let sizes: Vec<usize> = (0..4).map(|_| 1 + choices.below(3000)).collect();
    let bytes = written(choices);
    let pieces = pieces(&bytes, &sizes);
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
    let in_pieces = run(&runtime, &pieces);
    let at_once = run(&runtime, &[&bytes]);
    assert_eq!(
        (&in_pieces.end, &in_pieces.prints, in_pieces.omitted),
        (&at_once.end, &at_once.prints, at_once.omitted),
        "pieces of {sizes:?}"
    );
    assert_eq!(
        (&in_pieces.written, in_pieces.omitted_lines),
        (&at_once.written, at_once.omitted_lines),
        "pieces of {sizes:?}"
    );
    for heard in [&in_pieces, &at_once] {
        hold(heard, bytes.len());
    }
    let limit = |kind| if kind == Kind::Done { u64::MAX } else { 5000 };
    assert_eq!(decode(limit, pieces), decode(limit, [bytes.as_slice()]));
}

#[expect(clippy::panic, reason = "a fuzz target tells by panicking")]
fn run(runtime: &tokio::runtime::Runtime, pieces: &[&[u8]]) -> Heard {
    runtime
        .block_on(rehearse(pieces, BOUNDS, TASK))
        .unwrap_or_else(|error: io::Error| panic!("no socket for a rehearsal: {error}"))
}

/// Everything that must hold whatever was heard.
fn hold(heard: &Heard, written: usize) {
    assert!(heard.has_given_back, "memory of the budget is lost");
    assert!(heard.prints.len() as u64 <= BOUNDS.prints);
    let held: usize =
        heard.prints.iter().flat_map(|print| print.params.iter().chain([&print.text])).map(String::capacity).sum();
    assert!(held <= written, "{held} bytes of {written}");
    let held: usize = heard.written.iter().map(|line| line.text.capacity()).sum();
    assert!(held <= 2 * written, "{held} bytes of {written}");
    for (frame, kind) in &heard.frames {
        let parsed: Result<Value, _> = serde_json::from_str(frame);
        // A number that is too large for serde_json's tree is JSON all the same, and passed on as it came.
        let Ok(parsed) = parsed else {
            assert!(serde_json::from_str::<&serde_json::value::RawValue>(frame).is_ok(), "no JSON: {frame}");
            continue;
        };
        assert_eq!((parsed["taskId"].as_str(), parsed["type"].as_str()), (Some(TASK), Some(*kind)), "{frame}");
        let allowed = ["type", "taskId", "data", "error", "callId", "name", "params"];
        assert!(parsed.as_object().is_some_and(|all| all.keys().all(|key| allowed.contains(&key.as_str()))), "{frame}");
    }
}

fn pieces<'b>(bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    // A megabyte byte by byte takes seconds and shows nothing.
    let least = bytes.len() / MOST_PIECES;
    let sizes: Vec<_> = sizes.iter().map(|size| (*size).max(least)).collect();
    rehearsal::pieces(bytes, &sizes)
}

/// Frames that are whole, frames that lie about their length, and bytes that are no frames.
fn written(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !choices.is_empty() && bytes.len() < LONGEST {
        if choices.once_in(12) {
            bytes.extend(choices.bytes(20));
            continue;
        }
        let kind = choices.pick(&[17, 19, 20, 18, 21, 17, 19, 16, 1, 4, 0, 255, 23, 23]);
        let mut payload = if choices.once_in(4) { Vec::new() } else { choices.pick(&SAID).as_bytes().to_vec() };
        if choices.once_in(3) {
            let at = choices.below(payload.len() + 1);
            payload.splice(at..at, choices.bytes(24).iter().copied());
        }
        if choices.once_in(10) {
            payload = payload.repeat(choices.pick(&[2, 50, 1000, 9000]));
            payload.truncate(LONGEST);
        }
        let lie = choices.pick(&[0, 0, 0, 0, 0, 0, 0, 1, -1, -9, 1 << 40, i64::MIN, i64::MAX, 5000]);
        bytes.push(kind);
        bytes.extend((payload.len() as u64).wrapping_add_signed(lie).to_le_bytes());
        bytes.extend(payload);
    }
    bytes.truncate(LONGEST);
    bytes
}
