use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::{Analyzer, Settings};
use crate::{Allow, Failure, Judged, Limits, Rules, StringRule, Verdict};

fn rules() -> Arc<Rules> {
    Arc::new(Rules {
        blocked_names: HashSet::from(["bad".to_owned()]),
        blocked_attributes: HashSet::new(),
        format_methods: HashSet::new(),
        stdlib: Allow::none(),
        external: Allow::none(),
        strings: StringRule::All,
        dunders_are_names: true,
        private_module_names: true,
        limits: Limits::default(),
    })
}

fn settings() -> Settings {
    Settings {
        lanes: NonZeroUsize::MIN,
        queue: 2,
        cached: NonZeroUsize::new(2).unwrap(),
        // A panic prints its backtrace before it is caught, and that takes seconds on a busy machine.
        time_limit: Duration::from_mins(1),
        abandoned: 2,
    }
}

/// For judges that hang, which must not take that long to be found out.
fn short() -> Settings {
    Settings { time_limit: Duration::from_secs(1), ..settings() }
}

/// A judge with the defects that the real one must not have.
fn faulty(source: &str, _: &Rules) -> Judged {
    match source {
        "panic" => panic!("on purpose"),
        source if source.starts_with("hang") => {
            std::thread::sleep(Duration::from_secs(6));
            Verdict::Clean.into()
        }
        _ => Verdict::Clean.into(),
    }
}

#[test]
fn judges_and_remembers() {
    let analyzer = Analyzer::start(settings()).unwrap();
    let rules = rules();
    let first = analyzer.analyze("bad = 1".into(), Arc::clone(&rules));
    assert_eq!(first.description().lines().count(), 1);
    let again = analyzer.analyze("bad = 1".into(), Arc::clone(&rules));
    assert!(Arc::ptr_eq(&first, &again), "a verdict from the cache is the same one");

    // Equal rules that are not the same ones may be about to change for all the cache knows.
    let other = analyzer.analyze("bad = 1".into(), Arc::new((*rules).clone()));
    assert!(!Arc::ptr_eq(&first, &other));
}

#[test]
fn forgets_the_oldest() {
    let analyzer = Analyzer::start(settings()).unwrap();
    let rules = rules();
    let first = analyzer.analyze("a".into(), Arc::clone(&rules));
    for source in ["b", "c"] {
        analyzer.analyze(source.into(), Arc::clone(&rules));
    }
    assert!(!Arc::ptr_eq(&first, &analyzer.analyze("a".into(), rules)));
}

#[test]
fn a_panic_is_a_refusal_and_the_next_analysis_works() {
    let analyzer = Analyzer::start_with(settings(), faulty).unwrap();
    assert_eq!(*analyzer.analyze("panic".into(), rules()), Verdict::Failed(Failure::Panicked));
    assert_eq!(*analyzer.analyze("fine".into(), rules()), Verdict::Clean);
}

#[test]
fn a_panicking_answer_costs_no_lane() {
    let analyzer = Analyzer::start(settings()).unwrap();
    analyzer.submit("x".into(), rules(), |_| panic!("on purpose"));
    assert_eq!(*analyzer.analyze("y".into(), rules()), Verdict::Clean);
}

#[test]
fn a_hung_analysis_is_abandoned_and_replaced_but_not_endlessly() {
    let analyzer = Analyzer::start_with(short(), faulty).unwrap();
    let begin = Instant::now();
    for number in 0..2 {
        let verdict = analyzer.analyze(format!("hang {number}").into(), rules());
        assert_eq!(*verdict, Verdict::Failed(Failure::TimedOut));
    }
    // Two threads hang now, which is all that may.
    assert_eq!(*analyzer.analyze("fine".into(), rules()), Verdict::Failed(Failure::Overloaded));
    assert!(begin.elapsed() < Duration::from_secs(5), "the hung ones were waited for");

    // They end after a while, and are not counted any more.
    let deadline = Instant::now() + Duration::from_mins(1);
    while *analyzer.analyze("fine".into(), rules()) != Verdict::Clean {
        assert!(Instant::now() < deadline, "abandoned threads stay counted after their end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_full_queue_is_a_refusal_at_once() {
    let analyzer = Analyzer::start_with(short(), faulty).unwrap();
    let (sender, receiver) = mpsc::channel();
    // One is being judged, two wait, one more does not.
    for number in 0..4 {
        let sender = sender.clone();
        analyzer.submit(format!("hang {number}").into(), rules(), move |verdict| sender.send(verdict).unwrap());
        if number == 0 {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let first = receiver.try_recv().expect("refused at once");
    assert_eq!(*first, Verdict::Failed(Failure::Overloaded));
    for _ in 0..3 {
        receiver.recv_timeout(Duration::from_mins(1)).expect("each is answered");
    }
}

#[test]
fn failures_are_not_remembered() {
    let analyzer = Analyzer::start_with(settings(), |_, _| {
        static CALLS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        assert_ne!(CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed), 0, "the first call fails");
        Verdict::Clean.into()
    })
    .unwrap();
    let rules = rules();
    assert_eq!(*analyzer.analyze("x".into(), Arc::clone(&rules)), Verdict::Failed(Failure::Panicked));
    assert_eq!(*analyzer.analyze("x".into(), rules), Verdict::Clean);
}
