use serde_json::{Map, Value, json};

use super::*;
use crate::execute::{ErrorKind, TaskError};

fn cause(text: &str) -> String {
    parse(text).unwrap_err().0
}

fn settings(text: &str) -> Result<Box<Settings>, UnusableSettings> {
    let frame = format!(r#"{{"settings":{text},"taskId":"t1","type":"broker:tasksettings"}}"#);
    match parse(&frame).unwrap() {
        Incoming::Settings { task_id, settings } => {
            assert_eq!(task_id, "t1");
            settings
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn unusable_frames_are_named_as_n8n_names_them() {
    for (text, expected) in [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("nope", "Expecting value: line 1 column 1 (char 0)"),
        ("\n  nope", "Expecting value: line 2 column 3 (char 3)"),
        ("[]", "'list' object has no attribute 'get'"),
        ("\"x\"", "'str' object has no attribute 'get'"),
        ("1", "'int' object has no attribute 'get'"),
        ("1e3", "'float' object has no attribute 'get'"),
        ("true", "'bool' object has no attribute 'get'"),
        ("null", "'NoneType' object has no attribute 'get'"),
        ("{}", "Unknown message type: None"),
        (r#"{"type":"broker:nodetypes"}"#, "Unknown message type: broker:nodetypes"),
        (r#"{"type":5}"#, "Unknown message type: 5"),
        (
            r#"{"type":"broker:taskofferaccept","taskId":"t"}"#,
            "Missing field in task offer acceptance message: 'offerId'",
        ),
        (r#"{"type":"broker:tasksettings","settings":{}}"#, "Missing field in task settings message: 'taskId'"),
        (r#"{"type":"broker:taskcancel","taskId":"t"}"#, "Missing field in task cancel message: 'reason'"),
        (
            r#"{"type":"broker:rpcresponse","callId":"c","taskId":"t"}"#,
            "Missing field in RPC response message: 'status'",
        ),
        (
            r#"{"type":"broker:taskcancel","taskId":7,"reason":""}"#,
            "Invalid field in task cancel message: 'taskId' must be a string",
        ),
    ] {
        assert_eq!(cause(text), expected, "{text}");
    }
    assert!(cause("{\"type\":").contains("EOF"));
    assert!(cause("{} {}").contains("trailing"));
}

#[test]
fn settings_that_cannot_be_used_still_name_their_task() {
    for (text, expected) in [
        ("{}", "Missing field in task settings message: 'code'"),
        (r#"{"code":""}"#, "Missing field in task settings message: 'nodeMode'"),
        (r#"{"code":"","nodeMode":"x"}"#, "Unknown nodeMode: x"),
        (r#"{"code":"","nodeMode":null}"#, "Unknown nodeMode: None"),
        (r#"{"code":"","nodeMode":"runOnceForAllItems"}"#, "Missing field in task settings message: 'items'"),
        (
            r#"{"code":"","nodeMode":"runOnceForAllItems","items":{}}"#,
            "Invalid field in task settings message: 'items' must be a list",
        ),
        (r#"{"code":1}"#, "Invalid field in task settings message: 'code' must be a string"),
        (r#"{"code":[1]}"#, "Invalid field in task settings message: 'code' must be a string"),
        ("7", "Invalid field in task settings message: 'settings' must be an object"),
        (
            r#"{"code":"é = \"\ud83d\ude00\ud800\""}"#,
            r"'utf-8' codec can't encode character '\ud800' in position 6: surrogates not allowed",
        ),
    ] {
        assert_eq!(settings(text).unwrap_err().0, expected, "{text}");
    }
    let Ok(Incoming::Settings { settings, .. }) = parse(r#"{"type":"broker:tasksettings","taskId":"t"}"#) else {
        panic!("the task is known")
    };
    assert_eq!(settings.unwrap_err().0, "Missing field in task settings message: 'settings'");
}

#[test]
fn items_and_query_pass_byte_by_byte() {
    let items = r#"[{"json":{"a\ud800":"\udfff", "n": 123456789012345678901234567890,  "f":1e-400}}]"#;
    let query = r#"{"q": "\ud800"}"#;
    let parsed = settings(&format!(
        r#"{{"items":{items},"query":{query},"code":"é\ud83d\ude00","nodeMode":"runOnceForEachItem","later":[]}}"#
    ))
    .unwrap();
    assert_eq!(parsed.items.get(), items);
    assert_eq!(parsed.query.unwrap().get(), query);
    assert_eq!(parsed.code, "é😀");
    assert_eq!(parsed.node_mode, NodeMode::EachItem);
}

#[test]
fn optional_fields_have_their_defaults() {
    let required = r#""code":"","nodeMode":"runOnceForAllItems","items":[]"#;
    let parsed = settings(&format!("{{{required}}}")).unwrap();
    assert!(!parsed.continue_on_fail && parsed.query.is_none());
    assert_eq!([&parsed.node_name, &parsed.workflow_id], ["Unknown", "Unknown"]);
    let parsed = settings(&format!(
        r#"{{{required},"query":null,"nodeName":"a\udc00b","nodeId":null,"workflowId":12,"continueOnFail":true}}"#
    ))
    .unwrap();
    assert!(parsed.continue_on_fail && parsed.query.is_none());
    assert_eq!([&parsed.node_name, &parsed.node_id, &parsed.workflow_id], ["a\u{fffd}b", "Unknown", "12"]);
}

#[test]
fn odd_but_valid_frames_are_read() {
    let frame = r#" {"\ud800":1,"type":"x","\u0074ype":"broker:taskcancel","reason":"\ud800!","taskId":"t"} "#;
    let Ok(Incoming::Cancel { task_id, reason }) = parse(frame) else { panic!() };
    assert_eq!((task_id.as_str(), reason.as_str()), ("t", "\u{fffd}!"));
    assert!(matches!(parse_binary(br#"{"type":"broker:drain"}"#), Ok(Incoming::Drain)));
    assert_eq!(parse_binary(b"{\xff").unwrap_err().0, "'utf-8' codec can't decode byte 0xff in position 1");
}

#[test]
fn deep_nesting_is_skipped_without_recursion() {
    let depth = 1_000_000;
    let items = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let parsed = settings(&format!(r#"{{"code":"","nodeMode":"runOnceForAllItems","items":{items}}}"#)).unwrap();
    assert_eq!(parsed.items.get().len(), 2 * depth);
}

fn text(mut frame: Outgoing, max: usize) -> (String, usize) {
    let mut bytes = Vec::new();
    let mut parts = 0;
    while !frame.is_empty() {
        let part = frame.take(max);
        assert!(!part.is_empty() && part.len() <= max);
        bytes.extend_from_slice(&part);
        parts += 1;
    }
    (String::from_utf8(bytes).unwrap(), parts)
}

#[test]
fn a_result_is_sent_as_it_is_in_one_part_or_many() {
    let raw = r#"[{"json":{"n":123456789012345678901234567890,"s":"\ud800é"}}]"#;
    for (max, one) in [(1 << 16, true), (7, false), (1, false)] {
        let frame = Outgoing::done("t\"1", RawValue::from_string(raw.to_owned()).unwrap());
        let (text, parts) = text(frame, max);
        assert_eq!(text, format!(r#"{{"type":"runner:taskdone","taskId":"t\"1","data":{{"result":{raw}}}}}"#));
        assert_eq!(parts == 1, one);
    }
}

#[test]
fn an_error_keeps_its_message_whatever_the_extra_fields_say() {
    let mut extra = Map::new();
    extra.insert("lineNumber".to_owned(), json!(3));
    extra.insert("message".to_owned(), json!("forged"));
    extra.insert("description".to_owned(), json!("forged"));
    let mut error = TaskError { extra, ..TaskError::new(ErrorKind::Raised, "boom") };
    let sent: Value = serde_json::from_str(&text(Outgoing::error("t", &error), 9999).0).unwrap();
    assert_eq!(sent["error"], json!({"message": "boom", "lineNumber": 3}));
    error.description = Some(String::new());
    let sent: Value = serde_json::from_str(&text(Outgoing::error("t", &error), 9999).0).unwrap();
    assert_eq!(sent["error"]["description"], "");
}
