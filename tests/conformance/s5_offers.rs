//! Section 5: offers, and what becomes of those that are taken up.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stage::{Stage, pause, settings, until};

const LATE: &str = "Offer expired - not accepted within validity window";

cases! {
    alone:
        s5_five_offers_follow_the_registration_at_once,
        s5_offers_expire_and_are_replaced,
        s5_a_task_that_waits_for_settings_takes_a_slot,
        s12_13_offers_of_a_lost_connection_are_forgotten;
    Plain:
        s5_a_freed_slot_is_offered_at_once,
        s5_unknown_and_used_offers_are_rejected,
        s5_an_acceptance_is_answered_at_once,
        s5_accepted_tasks_wait_without_a_limit;
}

async fn s5_five_offers_follow_the_registration_at_once() {
    let stage = Stage::start(&[]).await;
    // It may be registered before it could run anything.
    until("an offer", || !stage.received("runner:taskoffer").is_empty()).await;
    let begun = Instant::now();
    stage.offers(5).await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let offers = stage.received("runner:taskoffer");
    assert_eq!(offers.len(), 5);
    for offer in &offers {
        assert_eq!(offer["taskType"], "python");
        // An integer: n8n's broker takes no other.
        assert!((5000..=5500).contains(&offer["validFor"].as_u64().expect("an integer")), "{offer}");
    }
    let times: BTreeSet<_> = offers.iter().map(|offer| offer["validFor"].as_u64()).collect();
    assert!(times.len() > 1, "no random part: {times:?}");
    let ids: BTreeSet<_> = offers.iter().map(|offer| offer["offerId"].as_str()).collect();
    assert_eq!(ids.len(), 5);
    stage.stop().await;
}

async fn s5_offers_expire_and_are_replaced() {
    let stage = Stage::start(&[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]).await;
    stage.offers(1).await;
    let first = stage.received("runner:taskoffer").remove(0);
    let valid = Duration::from_millis(first["validFor"].as_u64().unwrap());
    let begun = Instant::now();
    until("another offer", || stage.received("runner:taskoffer").len() == 2).await;
    // The runner honours one for 100 ms longer, and then there is another within 250 ms.
    let took = begun.elapsed();
    assert!(took + Duration::from_secs(1) > valid && took < valid + Duration::from_secs(2), "{took:?} of {valid:?}");
    let second = stage.received("runner:taskoffer").remove(1);
    assert_ne!(first["offerId"], second["offerId"]);
    stage.take_up(first["offerId"].as_str().unwrap(), "t-late");
    stage.take_up(second["offerId"].as_str().unwrap(), "t-in-time");
    stage.handled().await;
    assert_eq!(stage.of_task("t-late"), [json!({"type": "runner:taskrejected", "taskId": "t-late", "reason": LATE})]);
    assert_eq!(stage.of_task("t-in-time"), [json!({"type": "runner:taskaccepted", "taskId": "t-in-time"})]);
    stage.stop().await;
}

async fn s5_a_task_that_waits_for_settings_takes_a_slot() {
    let stage = Stage::start(&[("N8N_RUNNERS_MAX_CONCURRENCY", "1")]).await;
    let task = stage.accept().await;
    pause(600).await;
    assert_eq!(stage.received("runner:taskoffer").len(), 1);
    task.send_settings(&settings("return 1", json!({})));
    assert_eq!(stage.finish(task).await.verdict.unwrap().get(), "1");
    stage.offers(1).await;
    stage.stop().await;
}

async fn s5_a_freed_slot_is_offered_at_once(stage: &Stage) {
    let task = stage.accept().await;
    let id = task.id.clone();
    task.send_settings(&settings("return 1", json!({})));
    assert!(stage.finish(task).await.verdict.is_ok());
    // Not a quarter of a second later, as with n8n's own runner: the offer is the next that is sent.
    let next = || {
        let frames: Vec<Value> = stage.texts().iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let done =
            frames.iter().position(|frame| frame["type"] == "runner:taskdone" && frame["taskId"] == json!(id))?;
        frames.get(done + 1).cloned()
    };
    until("a frame after it", || next().is_some()).await;
    assert_eq!(next().unwrap()["type"], "runner:taskoffer");
}

async fn s5_unknown_and_used_offers_are_rejected(stage: &Stage) {
    let offer = stage.broker.open_offers().remove(0);
    stage.take_up(&offer, "t1");
    stage.take_up(&offer, "t2");
    stage.take_up("no such offer", "t3");
    stage.handled().await;
    assert_eq!(stage.received("runner:taskaccepted"), [json!({"type": "runner:taskaccepted", "taskId": "t1"})]);
    let rejected = |task: &str| json!({"type": "runner:taskrejected", "taskId": task, "reason": LATE});
    assert_eq!(stage.received("runner:taskrejected"), [rejected("t2"), rejected("t3")]);
    stage.logs("Accepted task t1").await;
    stage.broker.cancel("t1", "");
    stage.logs("Cancelled task t1 (waiting for settings)").await;
}

async fn s5_an_acceptance_is_answered_at_once(stage: &Stage) {
    // n8n gives it two seconds; also while others work.
    let busy = stage.endless(json!({})).await;
    for number in 0..4 {
        let begun = Instant::now();
        let task = stage.accept().await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{number}: {:?}", begun.elapsed());
        stage.logs(&format!("Accepted task {}", task.id)).await;
        stage.broker.cancel(&task.id, "");
    }
    stage.broker.cancel(&busy.id, "");
    assert!(stage.finish(busy).await.verdict.is_err());
}

/// As far as a test can wait: longer than an offer holds, the grace for an acceptance, and all else that is counted in seconds.
async fn s5_accepted_tasks_wait_without_a_limit(stage: &Stage) {
    let task = stage.accept().await;
    pause(6500).await;
    task.send_settings(&settings("return 'late'", json!({})));
    assert_eq!(stage.finish(task).await.verdict.unwrap().get(), "\"late\"");
}

async fn s12_13_offers_of_a_lost_connection_are_forgotten() {
    let stage = Stage::start(&[]).await;
    stage.offers(5).await;
    let old = stage.broker.open_offers();
    stage.broker.hang_up();
    stage.registered(2).await;
    // All five at once, and not when the old ones have expired.
    let begun = Instant::now();
    stage.offers(5).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(stage.broker.open_offers().iter().all(|offer| !old.contains(offer)));
    stage.take_up(&old[0], "t-old");
    stage.handled().await;
    assert_eq!(stage.of_task("t-old")[0]["type"], "runner:taskrejected");
    stage.stop().await;
}
