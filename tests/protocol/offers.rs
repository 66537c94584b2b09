//! Registration and offers: sections 4.3 and 5.

use std::time::Duration;

use palisade::embedded::Recorded;
use palisade::runner::Ending;
use serde_json::json;

use crate::support::{Setup, raw, settings, soon};

#[tokio::test]
async fn five_offers_follow_the_registration() {
    let setup = Setup::new().await;
    setup.offers(5).await;
    assert_eq!(
        setup.received("runner:info"),
        [json!({"type": "runner:info", "name": "Python Task Runner", "types": ["python"]})]
    );
    let offers = setup.received("runner:taskoffer");
    assert_eq!(offers.len(), 5);
    for offer in offers {
        assert_eq!(offer["taskType"], "python");
        assert!((5000..=5500).contains(&offer["validFor"].as_u64().unwrap()), "{offer}");
        assert_eq!(offer["offerId"].as_str().unwrap().len(), 22);
    }
    assert!(setup.broker.transcript().iter().any(|entry| entry.what == Recorded::Connected("runner-1".to_owned())));
    assert!(setup.log.has("INFO Registered with broker"));
    assert_eq!(setup.stop().await, Ending::Stopped);
}

#[tokio::test]
async fn a_second_registration_changes_nothing() {
    let setup = Setup::new().await;
    setup.offers(5).await;
    setup.broker.send(&json!({"type": "broker:runnerregistered"}));
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskoffer").len(), 5);
}

#[tokio::test]
async fn no_concurrency_means_no_offers() {
    let setup = Setup::with(|options| options.max_concurrency = 0).await;
    setup.round_trip().await;
    assert!(setup.received("runner:taskoffer").is_empty());
}

#[tokio::test]
async fn unknown_and_used_offers_are_rejected() {
    let setup = Setup::new().await;
    setup.offers(5).await;
    let offer = setup.broker.open_offers().remove(0);
    for (task, offer) in [("t1", offer.as_str()), ("t2", offer.as_str()), ("t3", "no such offer")] {
        setup.broker.send(&json!({"type": "broker:taskofferaccept", "taskId": task, "offerId": offer}));
    }
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskaccepted"), [json!({"type": "runner:taskaccepted", "taskId": "t1"})]);
    let reason = "Offer expired - not accepted within validity window";
    let rejected = |task: &str| json!({"type": "runner:taskrejected", "taskId": task, "reason": reason});
    assert_eq!(setup.received("runner:taskrejected"), [rejected("t2"), rejected("t3")]);
    assert!(setup.log.has("INFO Accepted task t1"));
}

#[tokio::test]
async fn an_expired_offer_is_rejected_and_replaced() {
    let setup = Setup::with(|options| options.max_concurrency = 1).await;
    setup.offers(1).await;
    let first = setup.broker.open_offers().remove(0);
    soon(async {
        while setup.received("runner:taskoffer").len() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    setup.broker.send(&json!({"type": "broker:taskofferaccept", "taskId": "t1", "offerId": first}));
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskrejected").len(), 1);
    let second = setup.received("runner:taskoffer")[1]["offerId"].clone();
    assert_ne!(second, first);
    setup.broker.send(&json!({"type": "broker:taskofferaccept", "taskId": "t2", "offerId": second}));
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskaccepted").len(), 1);
}

#[tokio::test]
async fn a_slot_is_offered_again_with_the_answer() {
    let setup = Setup::with(|options| options.max_concurrency = 1).await;
    let task = soon(setup.broker.begin_task()).await.unwrap();
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskoffer").len(), 1, "a task that waits for settings takes a slot");
    task.send_settings(&settings("items"));
    soon(task.outcome()).await.unwrap();
    setup.offers(1).await;
    let kinds: Vec<_> = setup.all_received().iter().map(|frame| frame["type"].as_str().unwrap().to_owned()).collect();
    let done = kinds.iter().position(|kind| kind == "runner:taskdone").unwrap();
    assert_eq!(kinds[done + 1], "runner:taskoffer");
}

#[tokio::test]
async fn tasks_run_side_by_side_up_to_the_maximum() {
    let setup = Setup::with(|options| options.max_concurrency = 3).await;
    let mut tasks = Vec::new();
    for _ in 0..3 {
        tasks.push(setup.start("gate").await);
    }
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskoffer").len(), 3);
    for task in tasks {
        setup.fake.gate.notify_one();
        let outcome = soon(task.outcome()).await.unwrap();
        assert_eq!(outcome.verdict.unwrap().get(), raw("\"open\"").get());
    }
    setup.offers(3).await;
}

#[tokio::test]
async fn draining_ends_offers_until_the_next_registration() {
    let setup = Setup::new().await;
    setup.offers(5).await;
    setup.broker.drain();
    let outcome = soon(setup.broker.run_task(&settings("items"))).await.unwrap();
    assert!(outcome.verdict.is_ok(), "an open offer may still be accepted");
    setup.round_trip().await;
    assert_eq!(setup.received("runner:taskoffer").len(), 5);
    assert!(setup.log.has("INFO Received drain signal, stopped accepting new tasks"));
    setup.broker.send(&json!({"type": "broker:runnerregistered"}));
    setup.offers(5).await;
    assert_eq!(setup.received("runner:taskoffer").len(), 6);
}
