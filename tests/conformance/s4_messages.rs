//! Sections 4.1 and 4.2: every message there is, and what passes through them unchanged.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::stage::{Stage, until};

cases! {
    Plain:
        s4_1_every_message_of_the_broker_is_known,
        s4_1_the_order_of_fields_does_not_matter,
        s4_1_fields_that_are_not_known_are_ignored,
        s4_1_optional_settings_have_defaults,
        s4_1_surrogates_and_long_integers_pass_exactly,
        s4_2_every_message_of_the_runner_is_as_n8n_knows_it;
    alone:
        s4_1_a_drain_is_heard;
}

async fn s4_1_every_message_of_the_broker_is_known(stage: &Stage) {
    stage
        .broker
        .send(&json!({"type": "broker:rpcresponse", "callId": "c", "taskId": "t", "status": "success", "data": null}));
    stage.broker.send(&json!({"type": "broker:runnerregistered"}));
    stage.handled().await;
    let task = stage.accept().await;
    stage.broker.cancel(&task.id, "Task timed out");
    assert_eq!(stage.result("return _items[0]['json']['a']").await, "1");
    stage.handled().await;
    assert!(!stage.log().contains("Error handling message"), "{}", stage.log());
}

async fn s4_1_a_drain_is_heard() {
    let stage = Stage::start(&[]).await;
    stage.broker.drain();
    stage.logs("Received drain signal, stopped accepting new tasks").await;
    stage.stop().await;
}

async fn s4_1_the_order_of_fields_does_not_matter(stage: &Stage) {
    let task = stage.accept().await;
    let settings =
        r#"{"workflowName":"W","items":[1],"nodeId":"n","nodeMode":"runOnceForAllItems","code":"return _items"}"#;
    let frame = format!(r#"{{"settings":{settings},"taskId":"{}","type":"broker:tasksettings"}}"#, task.id);
    stage.broker.send_message(Message::text(frame));
    assert_eq!(stage.finish(task).await.verdict.unwrap().get(), "[1]");
}

async fn s4_1_fields_that_are_not_known_are_ignored(stage: &Stage) {
    let more = json!({"canLog": true, "workflowMode": 5, "chunk": {"deep": [[[]]]}, "additionalProperties": null});
    assert_eq!(stage.result_with("return 1", more).await, "1");
    let infos = stage.received("runner:info").len();
    stage.broker.send(&json!({"type": "broker:inforequest", "taskId": 5, "settings": "none", "later": {}}));
    until("an answer", || stage.received("runner:info").len() > infos).await;
}

async fn s4_1_optional_settings_have_defaults(stage: &Stage) {
    let bare = |more: &str| {
        let text = format!(r#"{{"code":"return [_items, _query]","nodeMode":"runOnceForAllItems","items":[]{more}}}"#);
        serde_json::value::RawValue::from_string(text).unwrap()
    };
    for (more, result) in [
        ("", "[[],null]"),
        (r#","query":null"#, "[[],null]"),
        (r#","query":"tool input""#, r#"[[],"tool input"]"#),
        (r#","query":{"q":[1]}"#, r#"[[],{"q":[1]}]"#),
    ] {
        assert_eq!(stage.outcome(&bare(more)).await.verdict.unwrap().get(), result);
    }
    let id = stage.received("runner:taskdone")[0]["taskId"].as_str().unwrap().to_owned();
    let line = stage.logs_from(&format!("Completed task {id} in ")).await;
    let tail = r#" for node "Unknown" (Unknown) in workflow "Unknown" (Unknown)"#;
    assert!(line.ends_with(tail), "{line}");
    // continueOnFail is false.
    let failing = serde_json::value::RawValue::from_string(
        r#"{"code":"return 1/0","nodeMode":"runOnceForAllItems","items":[]}"#.to_owned(),
    );
    assert!(stage.outcome(&failing.unwrap()).await.verdict.is_err());
}

/// In both modes, from items to results, byte by byte.
async fn s4_1_surrogates_and_long_integers_pass_exactly(stage: &Stage) {
    let json = r#"{"k\ud800":"\udc00x","n":123456789012345678901234567890,"m":-9007199254740993,"e":-0.0,"f":1.7976931348623157e+308,"é":"你😀"}"#;
    for (mode, code, result) in [
        ("runOnceForAllItems", "return _items", format!(r#"[{{"json":{json}}}]"#)),
        ("runOnceForAllItems", "return _query", json.to_owned()),
        ("runOnceForAllItems", "return _items[0]['json']['n'] + 1", "123456789012345678901234567891".to_owned()),
        ("runOnceForEachItem", "return _item", format!(r#"[{{"json":{json},"pairedItem":{{"item":0}}}}]"#)),
        ("runOnceForEachItem", "return _item['json']", format!(r#"[{{"json":{json},"pairedItem":{{"item":0}}}}]"#)),
    ] {
        let settings = format!(
            r#"{{"code":"{code}","nodeMode":"{mode}","items":[{{"json":{json}}}],"query":{json},"nodeName":"\ud83d"}}"#
        );
        let outcome = stage.outcome(&serde_json::value::RawValue::from_string(settings).unwrap()).await;
        assert_eq!(outcome.verdict.unwrap().get(), result, "{mode}: {code}");
    }
}

async fn s4_2_every_message_of_the_runner_is_as_n8n_knows_it(stage: &Stage) {
    stage.result("print('hello', 42)\nreturn [{'json': {'a': 1}}]").await;
    stage.error("raise ValueError('boom')").await;
    stage.take_up("no such offer", "t-rejected");
    stage.handled().await;
    // The field names, for each type, and nothing else.
    for (kind, names) in [
        ("runner:info", &["name", "type", "types"][..]),
        ("runner:taskoffer", &["offerId", "taskType", "type", "validFor"]),
        ("runner:taskaccepted", &["taskId", "type"]),
        ("runner:taskrejected", &["reason", "taskId", "type"]),
        ("runner:rpc", &["callId", "name", "params", "taskId", "type"]),
        ("runner:taskdone", &["data", "taskId", "type"]),
        ("runner:taskerror", &["error", "taskId", "type"]),
    ] {
        let frames = stage.received(kind);
        assert!(!frames.is_empty(), "{kind}");
        for frame in frames {
            let mut keys: Vec<_> = frame.as_object().unwrap().keys().map(String::as_str).collect();
            keys.sort_unstable();
            assert_eq!(keys, names);
        }
    }
    assert_eq!(
        stage.received("runner:info")[0],
        json!({"type": "runner:info", "name": "Python Task Runner", "types": ["python"]})
    );
    let rpc = &stage.received("runner:rpc")[0];
    assert_eq!((&rpc["name"], &rpc["params"]), (&json!("logNodeOutput"), &json!(["'hello'", "42"])));
    let is_random = |id: &Value| {
        let id = id.as_str().unwrap();
        id.len() == 22 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    assert!(is_random(&rpc["callId"]), "{rpc}");
    assert!(stage.received("runner:taskoffer").iter().all(|offer| is_random(&offer["offerId"])));
    assert_eq!(stage.received("runner:taskdone")[0]["data"], json!({"result": [{"json": {"a": 1}}]}));
    assert_eq!(stage.received("runner:taskerror")[0]["error"]["message"], "boom");
}
