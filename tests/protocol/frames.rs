//! Odd frames: section 4.3, every row. None of them may end the connection.

use palisade::embedded::Recorded;
use palisade::runner::Ending;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Setup, raw, settings, settings_with, soon};

#[tokio::test]
async fn unusable_frames_are_logged_and_dropped() {
    let setup = Setup::new().await;
    for (frame, cause) in [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("no json", "Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "'list' object has no attribute 'get'"),
        (r#"{"x":1}"#, "Unknown message type: None"),
        (r#"{"type":"broker:nodetypes","nodeTypes":[]}"#, "Unknown message type: broker:nodetypes"),
        (r#"{"type":"broker:taskdataresponse"}"#, "Unknown message type: broker:taskdataresponse"),
        (r#"{"type":"a\nb\u001b[2J"}"#, r"Unknown message type: a\nb\u{1b}[2J"),
        (
            r#"{"type":"broker:taskofferaccept","taskId":"t"}"#,
            "Missing field in task offer acceptance message: 'offerId'",
        ),
        (r#"{"type":"broker:taskcancel","taskId":"t"}"#, "Missing field in task cancel message: 'reason'"),
        (
            r#"{"type":"broker:rpcresponse","callId":"c","taskId":"t"}"#,
            "Missing field in RPC response message: 'status'",
        ),
        (
            r#"{"type":"broker:tasksettings","taskId":"t","settings":{}}"#,
            "Failed to find task t. This is likely an internal error.",
        ),
        (r#"{"type":"broker:tasksettings","settings":{}}"#, "Missing field in task settings message: 'taskId'"),
    ] {
        setup.broker.send_message(Message::text(frame));
        setup.round_trip().await;
        assert!(setup.log.has(&format!("ERROR Error handling message: {cause}")), "{cause}\n{}", setup.log.text());
    }
    setup.broker.send_message(Message::binary(b"{\xff\xfe".to_vec()));
    setup.round_trip().await;
    let cause = "ERROR Error handling message: 'utf-8' codec can't decode byte 0xff in position 1";
    assert!(setup.log.has(cause), "{}", setup.log.text());

    let closed = |entry: &palisade::embedded::Entry| matches!(entry.what, Recorded::Closed(_));
    assert!(!setup.broker.transcript().iter().any(closed));
    let answered = |kind: &str| !setup.received(kind).is_empty();
    assert!(!answered("runner:taskerror") && !answered("runner:taskdone") && !answered("runner:taskaccepted"));
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn every_info_request_and_no_rpc_response_is_answered() {
    let setup = Setup::new().await;
    setup.broker.send(&json!({"type": "broker:rpcresponse", "callId": "c", "taskId": "t", "status": "success"}));
    setup.round_trip().await;
    setup.round_trip().await;
    assert_eq!(setup.received("runner:info").len(), 3);
    assert!(!setup.log.text().contains("ERROR"));
}

#[tokio::test]
async fn binary_and_fragmented_frames_are_read() {
    let setup = Setup::new().await;
    setup.broker.send_message(Message::binary(br#"{"type":"broker:inforequest"}"#.to_vec()));
    let text = r#"{"type":"broker:inforequest","x":"é"}"#.as_bytes();
    let cut = text.len() - 3; // In the middle of a character.
    let fragment =
        |part: &[u8], data, is_last| Message::Frame(Frame::message(part.to_vec(), OpCode::Data(data), is_last));
    setup.broker.send_message(fragment(&text[..cut], Data::Text, false));
    setup.broker.send_message(Message::Ping("between".into()));
    setup.broker.send_message(fragment(&text[cut..], Data::Continue, true));
    setup.registrations(3).await;
}

#[tokio::test]
async fn surrogates_and_long_integers_pass_exactly() {
    let setup = Setup::new().await;
    let items = r#"[{"json":{"k\ud800":"\udc00x","n":123456789012345678901234567890,"f":0.1e-7,"e":-0.0,"é":"你😀"}}]"#;
    let settings = format!(r#"{{"code":"items","nodeMode":"runOnceForAllItems","items":{items},"nodeName":"\ud83d"}}"#);
    let outcome = soon(setup.broker.run_task(&raw(&settings))).await.unwrap();
    assert_eq!(outcome.verdict.unwrap().get(), items);

    let query = r#"{"q":"\ud800","n":9007199254740993}"#;
    let settings = format!(r#"{{"code":"query","nodeMode":"runOnceForAllItems","items":[],"query":{query}}}"#);
    let outcome = soon(setup.broker.run_task(&raw(&settings))).await.unwrap();
    assert_eq!(outcome.verdict.unwrap().get(), query);
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_answered() {
    let setup = Setup::new().await;
    for (settings, message) in [
        (settings_with("items", json!({"nodeMode": "never"})), "Unknown nodeMode: never"),
        (raw("{}"), "Missing field in task settings message: 'code'"),
        (raw("[]"), "Invalid field in task settings message: 'settings' must be an object"),
        (
            raw(r#"{"code":"x = '\ud800'","nodeMode":"runOnceForAllItems","items":[]}"#),
            r"'utf-8' codec can't encode character '\ud800' in position 5: surrogates not allowed",
        ),
    ] {
        let outcome = soon(setup.broker.run_task(&settings)).await.unwrap();
        assert_eq!(outcome.verdict.unwrap_err()["message"], message);
    }
    let task = soon(setup.broker.begin_task()).await.unwrap();
    setup.broker.send(&json!({"type": "broker:tasksettings", "taskId": task.id}));
    let outcome = soon(task.outcome()).await.unwrap();
    assert_eq!(outcome.verdict.unwrap_err()["message"], "Missing field in task settings message: 'settings'");
    setup.offers(5).await;
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
}
