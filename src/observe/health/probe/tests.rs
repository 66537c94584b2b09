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
    /// The profile that fails, where not all do.
    only: Option<&'static str>,
    probed: std::sync::Mutex<Vec<String>>,
    hangs: bool,
    gate: Option<Notify>,
}

impl Subject for Fake {
    fn probe(self: Arc<Self>, profile: String) -> ProbeFuture {
        Box::pin(async move {
            self.probed.lock().unwrap().push(profile.clone());
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
            match self.fails {
                Some(why) if self.only.is_none_or(|only| only == profile) => Err(why.to_owned()),
                _ => Ok(()),
            }
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
    prober_of(Recorder::default(), subject)
}

fn prober_of(recorder: Recorder, subject: &Arc<Fake>) -> Arc<Prober> {
    let cell: OnceLock<Weak<dyn Subject>> = OnceLock::new();
    let weak: Weak<Fake> = Arc::downgrade(subject);
    cell.set(weak).unwrap();
    Arc::new(Prober::new(recorder, Handle::current(), Arc::new(cell)))
}

#[tokio::test]
async fn a_task_that_went_through_is_proof_enough() {
    let fake = Arc::new(Fake::default());
    let prober = prober(&fake);
    prober.recorder.prove("default");
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

/// A runner with several profiles is as healthy as the worst of them; once a task of one was proof for all.
#[tokio::test]
async fn each_profile_is_proven_by_itself() {
    let fake = Arc::new(Fake { fails: Some("no child"), only: Some("wide"), ..Fake::default() });
    let prober = prober_of(Recorder::new(["default", "wide"].map(str::to_owned)), &fake);
    prober.recorder.prove("default");
    assert_eq!(prober.health().await, Err("profile wide: no child".to_owned()));
    assert_eq!(*fake.probed.lock().unwrap(), ["wide"], "nobody has to show what is known");

    let fake = Arc::new(Fake { gate: Some(Notify::new()), ..Fake::default() });
    let prober = prober_of(Recorder::new(["default", "wide"].map(str::to_owned)), &fake);
    let asking = tokio::spawn({
        let prober = Arc::clone(&prober);
        async move { prober.health().await }
    });
    while fake.probes.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fake.at_once.load(Ordering::SeqCst), 2, "one after the other they would have less time");
    fake.gate.as_ref().unwrap().notify_waiters();
    assert_eq!(asking.await.unwrap(), Ok(()));
    assert_eq!(prober.recorder.unproven(LATELY), [""; 0]);
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
    assert_eq!(prober.recorder.unproven(Duration::MAX), ["default"], "it proves nothing, though");
}
