use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::*;

/// Probes go through, fail, or hang.
#[derive(Debug, Default)]
struct Fake {
    probes: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    fails: Option<&'static str>,
    hangs: bool,
    gate: Option<Notify>,
}

impl Subject for Fake {
    fn probe(self: Arc<Self>) -> ProbeFuture {
        Box::pin(async move {
            self.probes.fetch_add(1, Ordering::SeqCst);
            let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            if let Some(gate) = &self.gate {
                gate.notified().await;
            }
            if self.hangs {
                std::future::pending::<()>().await;
            }
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            self.fails.map_or(Ok(()), |why| Err(why.to_owned()))
        })
    }

    fn unable(&self) -> Option<String> {
        None
    }

    fn stock(&self) -> Vec<Stock> {
        Vec::new()
    }
}

fn prober(subject: &Arc<Fake>) -> Arc<Prober> {
    let cell: OnceLock<Weak<dyn Subject>> = OnceLock::new();
    let weak: Weak<Fake> = Arc::downgrade(subject);
    cell.set(weak).unwrap();
    Arc::new(Prober::new(Recorder::default(), Handle::current(), Arc::new(cell)))
}

#[tokio::test]
async fn a_task_that_went_through_is_proof_enough() {
    let fake = Arc::new(Fake::default());
    let prober = prober(&fake);
    prober.recorder.vitals().prove();
    assert_eq!(prober.health().await, Ok(()));
    assert_eq!(fake.probes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn one_probe_serves_all_who_ask_and_counts_for_a_while() {
    let fake = Arc::new(Fake { gate: Some(Notify::new()), ..Fake::default() });
    let prober = prober(&fake);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let prober = Arc::clone(&prober);
            tokio::spawn(async move { prober.health().await })
        })
        .collect();
    while fake.probes.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    fake.gate.as_ref().unwrap().notify_one();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), Ok(()));
    }
    assert_eq!(prober.health().await, Ok(()));
    assert_eq!(fake.probes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failed_probe_is_the_answer_of_all_who_waited_for_it_and_of_nobody_else() {
    let fake = Arc::new(Fake { fails: Some("no child"), ..Fake::default() });
    let prober = prober(&fake);
    let (a, b) = tokio::join!(prober.health(), prober.health());
    assert_eq!((a, b), (Err("no child".to_owned()), Err("no child".to_owned())));
    assert_eq!(fake.probes.load(Ordering::SeqCst), 1);
    assert_eq!(prober.health().await, Err("no child".to_owned()));
    assert_eq!(fake.probes.load(Ordering::SeqCst), 2, "whoever asks later is not told old news");
    assert_eq!(fake.most_at_once.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_probe_has_a_time_limit() {
    let fake = Arc::new(Fake { hangs: true, ..Fake::default() });
    let why = prober(&fake).health().await.unwrap_err();
    assert_eq!(why, "a probe task was not done within 4 s");
}

#[test]
fn an_event_loop_that_is_stuck_is_noticed_from_outside() {
    // The runtime of the tasks is never driven, as if it were busy for ever.
    let stuck = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fake = Arc::new(Fake::default());
    let cell: OnceLock<Weak<dyn Subject>> = OnceLock::new();
    let weak: Weak<Fake> = Arc::downgrade(&fake);
    cell.set(weak).unwrap();
    let prober = Prober::new(Recorder::default(), stuck.handle().clone(), Arc::new(cell));
    let own = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let why = own.block_on(prober.health()).unwrap_err();
    assert_eq!(why, "the runner's event loop has not moved for 4 s");
    assert_eq!(fake.probes.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_runner_that_starts_is_healthy_for_as_long_as_a_start_takes() {
    let prober = Prober::new(Recorder::default(), Handle::current(), Arc::default());
    assert_eq!(prober.health().await, Ok(()));
    assert!(prober.recorder.vitals().proven_ago().is_none(), "it proves nothing, though");
}
