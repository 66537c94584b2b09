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
        at_once: 0,
    }
}

/// An analyzer with this judge for everything that is handed over; small texts are the business of `where_am_i` and `faulty`.
fn start_with(settings: Settings, judge: super::Judge) -> std::io::Result<Analyzer> {
    Analyzer::start_with(settings, judge, |source, rules| {
        Some(if source == "panic" { faulty(source, rules) } else { where_am_i(source, rules) })
    })
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
    let analyzer = start_with(settings(), faulty).unwrap();
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
    let analyzer = start_with(short(), faulty).unwrap();
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
    let analyzer = start_with(short(), faulty).unwrap();
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
    let analyzer = start_with(settings(), |_, _| {
        static CALLS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        assert_ne!(CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed), 0, "the first call fails");
        Verdict::Clean.into()
    })
    .unwrap();
    let rules = rules();
    assert_eq!(*analyzer.analyze("x".into(), Arc::clone(&rules)), Verdict::Failed(Failure::Panicked));
    assert_eq!(*analyzer.analyze("x".into(), rules), Verdict::Clean);
}

/// Tells on which thread it was asked.
fn where_am_i(_: &str, _: &Rules) -> Judged {
    let name = std::thread::current().name().unwrap_or_default().len();
    Verdict::Exceeded(crate::BoundExceeded { bound: crate::Bound::Depth, limit: name, found: 0, line: 1 }).into()
}

fn on_a_thread<T: Send + 'static>(name: &str, stack: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().name(name.to_owned()).stack_size(stack).spawn(work).unwrap().join().unwrap()
}

#[test]
fn small_texts_are_judged_by_who_submits_them_and_remembered() {
    on_a_thread("a submitter of texts", 2 << 20, || {
        let analyzer = start_with(Settings { at_once: 400, ..settings() }, where_am_i).unwrap();
        let rules = rules();
        let here = |source: &str| match &*analyzer.analyze(source.into(), Arc::clone(&rules)) {
            Verdict::Exceeded(told) => told.limit == "a submitter of texts".len(),
            other => panic!("{other:?}"),
        };
        assert!(here(&"x".repeat(400)) && here(&"(".repeat(384)));
        assert!(!here(&"x".repeat(401)) && !here(&"(".repeat(385)) && !here(&"f''".repeat(97)));

        let first = analyzer.analyze("x".into(), Arc::clone(&rules));
        assert!(Arc::ptr_eq(&first, &analyzer.analyze("x".into(), rules)));
    });
}

#[test]
fn a_panic_over_a_small_text_is_a_verdict() {
    let analyzer = start_with(Settings { at_once: 300, ..settings() }, faulty).unwrap();
    assert_eq!(*analyzer.analyze("panic".into(), rules()), Verdict::Failed(Failure::Panicked));
    assert!(matches!(*analyzer.analyze("x".into(), rules()), Verdict::Exceeded(_)));
}

/// What is cut short here is judged to its end elsewhere, and never refused for being cut.
#[test]
fn a_small_text_that_takes_long_is_handed_over() {
    let analyzer = Analyzer::start(Settings { at_once: AT_ONCE, ..settings() }).unwrap();
    for (times, text) in [(100, "'a' * 60_000\n"), (2, "'b' * 60_000\n")] {
        let text = text.repeat(times) + "bad";
        assert!(analyzer.is_small(&text));
        assert_eq!(crate::analyze_small(&text, &rules()).is_none(), times == 100);
        assert!(matches!(&*analyzer.analyze(text.into(), rules()), Verdict::Refused(found) if found.len() == 1));
    }
}

/// As long as a text may be that the runner has judged on its event loop.
const AT_ONCE: usize = 8192;

/// `unit` as often as a text that is small may have it.
fn most(unit: &str, close: &str) -> String {
    let text = |times: usize| format!("x = {}1{}", unit.repeat(times), close.repeat(times));
    let is_small = |text: &str| text.len() <= AT_ONCE && super::openers(text) <= super::FEW;
    (0..AT_ONCE).map(text).take_while(|text| is_small(text)).last().unwrap()
}

/// In whatever build this is, an overflow would abort the test program: this is what the 2 MiB of `Settings::at_once` rest on.
#[test]
fn the_dearest_small_texts_fit_the_stack_and_take_no_time() {
    let units = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("f(", ")"),
        ("a[", "]"),
        ("{1:", "}"),
        ("-", ""),
        ("not ", ""),
        ("await ", ""),
        ("lambda:", ""),
        ("lambda a=", ""),
        ("2**", ""),
        ("a+", ""),
        ("a<", ""),
        ("a and ", ""),
        ("a if b else ", ""),
        ("(a:=", ")"),
        ("*", ""),
        ("yield ", ""),
        ("[a for b in ", "]"),
        ("f'{", "}'"),
        ("f'''{", "}'''"),
        ("f'{a:{", "}}'"),
        ("'a'*65535\n", ""),
        ("'%65535d'%1\n", ""),
        ("''.join('a'*65535)\n", ""),
        ("'a'.replace('a','b'*65535)\n", ""),
        ("'{:65535}'.format(1)\n", ""),
        ("1,", ""),
        ("'a' ", ""),
        ("$", ""),
        ("a\\\n", ""),
        ("é", ""),
        ("'\\N{BULLET}' ", ""),
        ("a;", ""),
        ("# (\n", ""),
    ];
    let mut texts: Vec<String> = units.map(|(unit, close)| most(unit, close)).into();
    texts.push(format!("a{}", ".b".repeat(999)));
    texts.push(format!("a{}", ".b".repeat(2000)));
    texts.push(format!("if a: b\n{}", "elif a: b\n".repeat(120)));
    for block in ["try:", "while a:", "class A:", "with a:"] {
        let mut text = String::new();
        for level in 0..100 {
            let line = format!("{}{block}\n", " ".repeat(level));
            if text.len() + line.len() <= AT_ONCE {
                text += &line;
            }
        }
        texts.push(text);
    }
    on_a_thread("small", 2 << 20, move || {
        let analyzer = Analyzer::start(Settings { at_once: AT_ONCE, ..settings() }).unwrap();
        let mut slowest = (Duration::ZERO, String::new());
        for text in texts {
            assert!(analyzer.is_small(&text), "{} bytes, {} openers: {text:.60}", text.len(), super::openers(&text));
            let begin = Instant::now();
            drop(crate::analyze_small(&text, &rules()));
            slowest = slowest.max((begin.elapsed(), text));
        }
        println!("{:?} for {:.60}", slowest.0, slowest.1);
        // A few milliseconds in a release build on an idle machine.
        assert!(slowest.0 < Duration::from_millis(500), "{:?} for {:.60}", slowest.0, slowest.1);
    });
}
