//! Section 4.3: what each message is answered with, and messages that cannot be used.

use palisade::embedded::Recorded;
use serde_json::json;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Message;

use crate::stage::{Stage, pause, settings};

cases! {
    Plain:
        s4_3_every_info_request_is_answered,
        s4_3_a_response_to_a_print_is_checked_and_ignored,
        s4_3_unusable_messages_are_logged_and_dropped,
        s4_3_missing_fields_are_named,
        s4_3_settings_for_a_task_at_work_are_discarded,
        s4_3_settings_for_a_task_that_is_being_cancelled_are_discarded,
        s4_3_second_registration_is_ignored,
        s12_10_settings_that_cannot_be_used_are_answered;
    alone:
        s12_14_a_second_registration_makes_no_second_loop_of_offers,
        s4_3_a_drained_runner_offers_again_once_it_is_registered;
}

async fn s4_3_every_info_request_is_answered(stage: &Stage) {
    let before = stage.received("runner:info").len();
    for _ in 0..5 {
        stage.broker.send(&json!({"type": "broker:inforequest"}));
    }
    stage.handled().await;
    assert_eq!(stage.received("runner:info").len(), before + 6);
}

async fn s4_3_a_response_to_a_print_is_checked_and_ignored(stage: &Stage) {
    for status in ["success", "error"] {
        stage.broker.send(&json!({"type": "broker:rpcresponse", "callId": "c", "taskId": "t", "status": status}));
    }
    stage.handled().await;
    assert!(!stage.log().contains("Error handling message"), "{}", stage.log());
}

/// Sends these one by one; nothing is answered, and the connection is still there.
async fn dropped(stage: &Stage, messages: Vec<(Message, &str)>) {
    for (message, cause) in messages {
        stage.broker.send_message(message);
        stage.handled().await;
        stage.logs(&format!("Error handling message: {cause}")).await;
    }
    assert!(!stage.transcript().iter().any(|what| matches!(what, Recorded::Closed(_))));
    for kind in ["runner:taskerror", "runner:taskdone", "runner:taskaccepted", "runner:taskrejected"] {
        assert!(stage.received(kind).is_empty(), "{kind}");
    }
    assert_eq!(stage.result("return 1").await, "1");
}

async fn s4_3_unusable_messages_are_logged_and_dropped(stage: &Stage) {
    let text = |text: &str| Message::text(text.to_owned());
    dropped(
        stage,
        vec![
            (text("no JSON"), "Expecting value: line 1 column 1 (char 0)"),
            (text(""), "Expecting value: line 1 column 1 (char 0)"),
            (text("[1]"), "'list' object has no attribute 'get'"),
            (text("\"text\""), "'str' object has no attribute 'get'"),
            (text("5"), "'int' object has no attribute 'get'"),
            (text("1.5"), "'float' object has no attribute 'get'"),
            (text("true"), "'bool' object has no attribute 'get'"),
            (text("null"), "'NoneType' object has no attribute 'get'"),
            (text("{}"), "Unknown message type: None"),
            (text(r#"{"type":null}"#), "Unknown message type: None"),
            (text(r#"{"type":"broker:no\nsuch"}"#), r"Unknown message type: broker:no\nsuch"),
            (text(r#"{"type":"broker:nodetypes"}"#), "Unknown message type: broker:nodetypes"),
            (text(r#"{"type":"broker:taskdataresponse"}"#), "Unknown message type: broker:taskdataresponse"),
            (
                text(r#"{"type":"broker:tasksettings","taskId":"t-unknown","settings":{}}"#),
                "Failed to find task t-unknown. This is likely an internal error.",
            ),
            (Message::binary(b"{\xff\xfe".to_vec()), "'utf-8' codec can't decode byte 0xff in position 1"),
        ],
    )
    .await;
}

async fn s4_3_missing_fields_are_named(stage: &Stage) {
    let mut messages = Vec::new();
    for (kind, message, names) in [
        ("broker:taskofferaccept", "task offer acceptance", &["taskId", "offerId"][..]),
        ("broker:tasksettings", "task settings", &["taskId"]),
        ("broker:taskcancel", "task cancel", &["taskId", "reason"]),
        ("broker:rpcresponse", "RPC response", &["callId", "taskId", "status"]),
    ] {
        for missing in names {
            let mut frame = json!({"type": kind});
            for name in names.iter().filter(|name| *name != missing) {
                frame[name] = json!("x");
            }
            messages
                .push((Message::text(frame.to_string()), format!("Missing field in {message} message: '{missing}'")));
        }
    }
    dropped(stage, messages.iter().map(|(message, cause)| (message.clone(), cause.as_str())).collect()).await;
}

async fn s12_10_settings_that_cannot_be_used_are_answered(stage: &Stage) {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
    for (settings, message) in [
        (settings("return 1", json!({"nodeMode": "never"})), "Unknown nodeMode: never"),
        (settings("return 1", json!({"nodeMode": null})), "Unknown nodeMode: None"),
        (raw("{}"), "Missing field in task settings message: 'code'"),
        (raw(r#"{"code":"return 1"}"#), "Missing field in task settings message: 'nodeMode'"),
        (
            raw(r#"{"code":"return 1","nodeMode":"runOnceForEachItem"}"#),
            "Missing field in task settings message: 'items'",
        ),
        (raw("[]"), "Invalid field in task settings message: 'settings' must be an object"),
        (
            raw(r#"{"code":5,"nodeMode":"runOnceForEachItem","items":[]}"#),
            "Invalid field in task settings message: 'code' must be a string",
        ),
        (
            raw(r#"{"code":"","nodeMode":"runOnceForEachItem","items":{}}"#),
            "Invalid field in task settings message: 'items' must be a list",
        ),
    ] {
        let outcome = stage.outcome(&settings).await;
        assert_eq!(outcome.verdict.unwrap_err()["message"], message);
        stage.logs(&format!("Error handling message: {message}")).await;
    }
    let task = stage.accept().await;
    stage.broker.send(&json!({"type": "broker:tasksettings", "taskId": task.id}));
    let error = stage.finish(task).await.verdict.unwrap_err();
    assert_eq!(error["message"], "Missing field in task settings message: 'settings'");
    // And their slots are free.
    stage.offers(5).await;
}

async fn s4_3_settings_for_a_task_at_work_are_discarded(stage: &Stage) {
    let task = stage.endless(json!({})).await;
    task.send_settings(&settings("return 'the second'", json!({})));
    stage.logs("Received settings for task but it is already TaskStatus.RUNNING. Discarding message.").await;
    stage.handled().await;
    assert!(stage.received("runner:taskdone").is_empty());
    stage.broker.cancel(&task.id, "");
    let error = stage.finish(task).await.verdict.unwrap_err();
    assert_eq!(error["message"], "Task was cancelled");
}

async fn s4_3_settings_for_a_task_that_is_being_cancelled_are_discarded(stage: &Stage) {
    let task = stage.endless(json!({})).await;
    let id = task.id.clone();
    stage.broker.cancel(&id, "");
    task.send_settings(&settings("return 'the second'", json!({})));
    stage.handled().await;
    let error = stage.finish(task).await.verdict.unwrap_err();
    assert_eq!(error["message"], "Task was cancelled");
    // It is gone within milliseconds, so that the second settings may also find no task any more.
    let aborting = "Received settings for task but it is already TaskStatus.ABORTING. Discarding message.";
    let gone = format!("Error handling message: Failed to find task {id}. This is likely an internal error.");
    let log = || stage.log().lines().any(|line| line == aborting || line == gone);
    crate::stage::until("a line about the second settings", log).await;
    assert_eq!(stage.of_task(&id).len(), 2, "accepted and one answer");
}

async fn s4_3_second_registration_is_ignored(stage: &Stage) {
    stage.broker.send(&json!({"type": "broker:runnerregistered"}));
    stage.broker.send(&json!({"type": "broker:runnerregistered"}));
    stage.handled().await;
    pause(300).await;
    stage.handled().await;
    // The answers to `handled` are registrations, too.
    assert!(stage.received("runner:taskoffer").len() <= 5, "only what expired meanwhile has been replaced");
    assert_eq!(stage.broker.open_offers().len(), 5);
    assert!(!stage.log().contains("Registered with broker"), "{}", stage.log());
}

async fn s12_14_a_second_registration_makes_no_second_loop_of_offers() {
    let stage = Stage::start(&[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]).await;
    for _ in 0..3 {
        stage.broker.send(&json!({"type": "broker:runnerregistered"}));
    }
    stage.handled().await;
    assert_eq!(stage.result("return 1").await, "1");
    pause(300).await;
    stage.offers(1).await;
    assert_eq!(stage.received("runner:taskoffer").len(), 2, "one at first, and one for the slot that was freed");
    assert_eq!(stage.log().matches("Registered with broker").count(), 1);
    stage.stop().await;
}

async fn s4_3_a_drained_runner_offers_again_once_it_is_registered() {
    let stage = Stage::start(&[("N8N_RUNNERS_MAX_CONCURRENCY", "2")]).await;
    stage.offers(2).await;
    stage.broker.drain();
    stage.logs("Received drain signal, stopped accepting new tasks").await;
    assert_eq!(stage.result("return 1").await, "1", "an offer that was made may still be accepted");
    pause(400).await;
    assert_eq!(stage.broker.open_offers().len(), 1);
    // A task at work ends normally.
    let task = stage.accept().await;
    task.send_settings(&settings("return 2", json!({})));
    assert_eq!(stage.finish(task).await.verdict.unwrap().get(), "2");
    pause(400).await;
    assert!(stage.broker.open_offers().is_empty());
    stage.broker.send(&json!({"type": "broker:runnerregistered"}));
    stage.offers(2).await;
    stage.stop().await;
}
