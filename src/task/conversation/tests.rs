//! What a child may say, and what of it counts.

use std::future::pending;

use palisade_channel::message::{NodeMode, NonFinite, Purpose};
use palisade_channel::rehearsal::pieces;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::runtime::Builder;
use tokio::task::yield_now;

use super::*;
use crate::task::rehearsal::frames;

const MAX_RESULT: u64 = 1_000_000;

fn head(max_prints: u64) -> TaskHead {
    TaskHead {
        mode: NodeMode::AllItems,
        purpose: Purpose::Run,
        max_prints,
        max_print_bytes: 10_000,
        max_result_bytes: MAX_RESULT,
        non_finite: NonFinite::Error,
        env: Vec::new(),
    }
}

/// What the supervisor makes of a child that says `bytes` and hangs up.
async fn hear(bytes: &[u8]) -> (End, Said) {
    hear_of(bytes, 2).await
}

async fn hear_of(bytes: &[u8], max_prints: u64) -> (End, Said) {
    hear_within(&Budget::new(64 << 20), &[bytes], max_prints).await
}

async fn hear_within(budget: &Budget, pieces: &[&[u8]], max_prints: u64) -> (End, Said) {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let head = head(max_prints);
    let mut said = Said::default();
    let mut conversation = Conversation::new(&ours, &head, budget, &mut said);
    let child = async {
        for piece in pieces {
            let _ = theirs.write_all(piece).await;
            yield_now().await;
        }
        drop(theirs);
        // A child may be left in the middle of a word.
        pending::<()>().await;
    };
    let end = tokio::select! {
        end = conversation.listen() => end.unwrap_or_else(|end| end),
        () = child => unreachable!(),
    };
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

fn piece(text: &str, ends_line: bool) -> Vec<u8> {
    frame::encode(Kind::Written, json!({"text": text, "ends_line": ends_line}).to_string().as_bytes())
}

#[tokio::test]
async fn what_is_written_becomes_lines_and_survives_without_an_answer() {
    let frames = [piece("a", false), print(), piece("b", true), piece("", true), print(), piece("c", false)];
    let (end, said) = hear(&frames.concat()).await;
    assert!(matches!(end, End::Closed), "{end:?}");
    let lines: Vec<_> = said.written.iter().map(|line| (line.text.as_str(), line.after_prints)).collect();
    assert_eq!(lines, [("ab", 0), ("", 1), ("c", 2)]);
}

/// In number, in length and in what they may cost.
#[tokio::test]
async fn what_is_written_is_bounded() {
    let most = 2 + Written::MOST_PARTS;
    let (end, said) = hear(&piece("x", false).repeat(usize::try_from(most).unwrap())).await;
    assert!(matches!(end, End::Closed), "{end:?}");
    assert_eq!(said.written.len(), 1);
    let (end, said) = hear(&piece("x", true).repeat(usize::try_from(most).unwrap() + 1)).await;
    assert!(matches!(end, End::Violation(ref what) if what.contains("502 pieces")), "{end:?}");
    assert_eq!(said.written.len() as u64, most);
    let (end, _) = hear(&piece(&"\u{1}".repeat(Written::LONGEST_LINE), true)).await;
    assert!(matches!(end, End::Closed), "{end:?}");
    let (end, _) = hear(&piece(&"\u{1}".repeat(Written::LONGEST_LINE + 16), true)).await;
    assert!(matches!(end, End::Violation(_)), "{end:?}");
    let long = piece(&"x".repeat(40_000), false).repeat(500);
    let budget = Budget::new(4 << 20);
    let (end, said) = hear_within(&budget, &[&long], 2).await;
    assert!(matches!(end, End::Closed), "{end:?}");
    let held: usize = said.written.iter().map(|line| line.text.capacity()).sum();
    assert!(held <= 2 << 20 && said.omitted_lines > 300, "{held} {}", said.omitted_lines);
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
        ("a result over its limit", frame::encode(Kind::Done, &vec![b'1'; 1_000_001])),
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
    for (json, deepest) in [
        (r#"["\\", [[1]]]"#, 3),
        (r#"["\"", [1]]"#, 2),
        (r#"["[\\\"[[[", {}]"#, 2),
        (r#"["[[", "", "[[", [[]]]"#, 3),
        (r#"["never closed [[["#, 1),
        (r#"["\"#, 1),
        ("\"", 0),
        ("]]][", 1),
    ] {
        assert_eq!(depth(json.as_bytes()), deepest, "{json}");
    }
    assert_eq!(depth(br#"[{"a[[[\"[[": [1]}]"#), 3);
    assert!(check(format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH)).into()).is_ok());
    assert!(check(format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1)).into()).is_err());
    assert!(check("[".repeat(10_000_000).into()).is_err());
}

/// Three tasks whose results do not fit together get through one after the other; a fourth holds room and sends nothing.
#[tokio::test(start_paused = true)]
async fn results_wait_for_room_and_who_holds_it_in_vain_loses_it() {
    let budget = Budget::new(1 << 20);
    let result = format!("\"{}\"", "x".repeat(900_000));
    let whole = frame::encode(Kind::Done, result.as_bytes());
    let (silent, mut child) = UnixStream::pair().unwrap();
    child.write_all(&whole[..100]).await.unwrap();
    let stalls = async {
        let (head, mut said) = (head(2), Said::default());
        let mut conversation = Conversation::new(&silent, &head, &budget, &mut said);
        let end = conversation.listen().await.unwrap_or_else(|end| end);
        assert!(matches!(&end, End::Violation(what) if what.contains("did not come")), "{end:?}");
        // What it held goes with its answer.
        drop(said);
    };
    let done = async {
        while budget.free() > 200_000 {
            yield_now().await;
        }
        let (end, said) = hear_within(&budget, &[&whole], 2).await;
        assert!(matches!(&end, End::Done(got) if got.get() == result), "{end:?}");
        assert!(budget.free() < 200_000);
        drop(said);
    };
    let done_too = async {
        while budget.free() > 200_000 {
            yield_now().await;
        }
        let (end, _) = hear_within(&budget, &[&whole[..70_000], &whole[70_000..]], 2).await;
        assert!(matches!(end, End::Done(_)), "{end:?}");
    };
    tokio::join!(stalls, done, done_too);
    assert_eq!(budget.free(), 1 << 20);
}

#[tokio::test]
async fn a_result_that_never_fits_is_told_so_and_a_small_one_needs_no_room() {
    let budget = Budget::new(1 << 19);
    let all = budget.result(1 << 19).await.unwrap();
    let large = frame::encode(Kind::Done, &vec![b'1'; 600_000]);
    let (end, _) = hear_within(&budget, &[&large], 2).await;
    assert!(matches!(end, End::NeverFits { needed: 600_000 }), "{end:?}");
    let small = frame::encode(Kind::Done, format!("\"{}\"", "x".repeat(200_000)).as_bytes());
    let (end, said) = hear_within(&budget, &[&small[..5000], &small[5000..]], 2).await;
    assert!(matches!(end, End::Done(_)) && said.waits_for.is_none(), "{end:?}");
    drop(all);
}

/// One budget for the prints of all: when others hold it, a task keeps its first few, and its result.
#[tokio::test]
async fn prints_without_room_are_counted_and_the_result_is_not_lost() {
    let budget = Budget::new(1 << 20);
    let others = budget.prints(1 << 18).unwrap();
    let print = frame::encode(Kind::Print, format!(r#"{{"params":["{}"],"text":""}}"#, "x".repeat(50_000)).as_bytes());
    let end = frame::encode(Kind::Done, b"[1]");
    let bytes = [print.repeat(5), end].concat();
    for pieces in [bytes.chunks(bytes.len()).collect::<Vec<_>>(), bytes.chunks(999).collect()] {
        let (end, said) = hear_within(&budget, &pieces, 100).await;
        assert!(matches!(end, End::Done(_)), "{end:?}");
        assert_eq!((said.prints.len(), said.omitted), (1, 4));
    }
    drop(others);
    let (_, said) = hear_within(&budget, &[&bytes], 100).await;
    assert_eq!((said.prints.len(), said.omitted), (5, 0));
}

#[test]
fn texts_are_counted_before_they_are_made() {
    for (json, count) in [(r#"{"params":["a","b\"c"],"text":"\\"}"#, 5), ("[]", 0), (r#"""#, 1), ("\\", 0)] {
        assert_eq!(texts(json.as_bytes()), count, "{json}");
    }
}

/// What a child may write: frames that are whole, that lie about their length, and bytes that are no frames.
fn written() -> impl Strategy<Value = Vec<u8>> {
    let json = prop_oneof![
        Just(r#"{"params":["'a'"],"text":"a"}"#.to_owned()),
        Just(r#"{"omitted_prints":3}"#.to_owned()),
        Just(r#"{"syscall":59}"#.to_owned()),
        Just(r#"{"kind":"raised","class":"E","message":"m","description":"","frames":[]}"#.to_owned()),
        Just(r#"{"kind":"exit","code":"1\",\"taskId\":\"t2","description":""}"#.to_owned()),
        Just(r#"[{"json":{"taskId":"t2"}}]"#.to_owned()),
        Just(r#"1}},"taskId":"t2","x":{"y":{"z":2"#.to_owned()),
        Just("{\"type\":\"runner:taskdone\",\"taskId\":\"t2\"}\n".to_owned()),
        "[\\[\\]{}\",:0-9a-z\\\\ ]{0,40}",
    ];
    let kind =
        prop_oneof![Just(16_u8), Just(17), Just(17), Just(18), Just(19), Just(19), Just(20), Just(21), any::<u8>()];
    let lie = prop_oneof![9 => Just(0_i64), 1 => -9_i64..9, 1 => any::<i64>()];
    let frame = (kind, json, lie).prop_map(|(kind, json, lie)| {
        let announced = (json.len() as u64).wrapping_add_signed(lie);
        [&[kind][..], &announced.to_le_bytes(), json.as_bytes()].concat()
    });
    let part = prop_oneof![8 => frame, 1 => vec(any::<u8>(), 0..30)];
    vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    /// Whatever a child writes, in whatever pieces: one end, the same for all pieces; bounded in all it may hold; and no
    /// frame comes of it that is not this task's own.
    #[test]
    fn arbitrary_bytes_make_one_answer_of_this_task(bytes in written(), sizes in vec(1_usize..60, 1..10)) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let budget = Budget::new(1 << 20);
            let pieces = pieces(&bytes, &sizes);
            let (end, said) = hear_within(&budget, &pieces, 3).await;
            let (at_once, said_at_once) = hear_of(&bytes, 3).await;
            assert_eq!(format!("{end:?}"), format!("{at_once:?}"));
            assert_eq!((&said.prints, said.omitted), (&said_at_once.prints, said_at_once.omitted));
            assert!(said.prints.len() <= 3);
            let held: usize = said.prints.iter().flat_map(|p| p.params.iter().chain([&p.text])).map(String::capacity).sum();
            assert!(held <= bytes.len(), "{held} of {}", bytes.len());
            for (frame, kind) in frames(end, &said, "t1", 1 << 20) {
                let frame: Value =
                    serde_json::from_slice(&frame).unwrap_or_else(|error| panic!("{error}: {}", frame.escape_ascii()));
                assert_eq!((&frame["taskId"], &frame["type"]), (&json!("t1"), &json!(kind)));
                let allowed = ["type", "taskId", "data", "error", "callId", "name", "params"];
                assert!(frame.as_object().unwrap().keys().all(|key| allowed.contains(&key.as_str())), "{frame}");
            }
            drop(said);
            assert_eq!(budget.free(), 1 << 20);
        });
    }
}
