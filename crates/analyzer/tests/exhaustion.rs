//! Hostile sizes and depths: refused at once, and what is not refused fits the stack.
//!
//! The tests below that fill the whole budget are the proof for `STACK_PER_OPENER`: they let the parser go as deep
//! as any accepted text can make it, in whatever build this is. An overflow would abort the test program.

mod common;

use std::time::{Duration, Instant};

use common::{rules, usual};
use palisade_analyzer::{Bound, Limits, MAX_OPENERS, Verdict, analyze};

/// Judges, and holds the time to a bound: one second in a release build.
fn judge(source: &str) -> Verdict {
    let begin = Instant::now();
    let verdict = analyze(source, &usual());
    let limit = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(begin.elapsed() < Duration::from_secs(limit), "{:?} for {:.60}…", begin.elapsed(), source);
    verdict
}

#[track_caller]
fn exceeded(source: &str) -> (Bound, u32) {
    match judge(source) {
        Verdict::Exceeded(exceeded) => (exceeded.bound, exceeded.line),
        other => panic!("{source:.60}…: {other:?}"),
    }
}

#[track_caller]
fn not_clean(source: &str) {
    let verdict = judge(source);
    assert!(!verdict.is_clean(), "accepted: {source:.60}…");
}

#[test]
fn fifty_megabytes_are_refused() {
    assert_eq!(exceeded(&"x = 1\n".repeat(9_000_000)).0, Bound::CodeBytes);
    assert_eq!(exceeded(&"(".repeat(50_000_000)).0, Bound::CodeBytes);
}

#[test]
fn the_known_bombs_are_refused() {
    let nested = |open: &str, n: usize, close: &str| format!("x = {}1{}", open.repeat(n), close.repeat(n));
    for source in [
        nested("(", 100_000, ")"),
        nested("[", 100_000, "]"),
        nested("{", 100_000, "}"),
        nested("f(", 100_000, ")"),
        nested("a[", 100_000, "]"),
        nested("{1:", 100_000, "}"),
        nested("-", 1_000_000, ""),
        nested("-", 100_000, ""),
        nested("not ", 200_000, ""),
        nested("not ", 100_000, ""),
        nested("~", 100_000, ""),
        nested("await ", 100_000, ""),
        nested("lambda:", 140_000, ""),
        nested("lambda: ", 50_000, ""),
        nested("lambda a=", 50_000, ""),
        nested("2**", 100_000, ""),
        nested("a+", 100_000, ""),
        nested("a if b else ", 80_000, ""),
        nested("(a:=", 50_000, ")"),
        nested("*", 100_000, ""),
        nested("yield ", 100_000, ""),
        format!("a{}", ".b".repeat(100_000)),
        format!("a{}", "()".repeat(100_000)),
        format!("a{}", "[0]".repeat(100_000)),
        format!("if a: pass\n{}", "elif a: pass\n".repeat(70_000)),
        "(".repeat(1_000_000),
        ")".repeat(1_000_000),
        "$".repeat(1_000_000),
        "\\".repeat(1_000_000),
        "'".repeat(999_999),
        "\"\"\"".repeat(333_333),
        "f'{".repeat(300_000),
        "f'{".repeat(40_000),
        "f'''{".repeat(40_000),
        format!("f'{}'", "{a:".repeat(60_000)),
        "async ".repeat(100_000),
        "async @b\n".repeat(60_000),
        "if a:".repeat(100_000),
        format!("match x:\n case {}", "[".repeat(100_000)),
        format!("match x:\n case {}", "A(b=".repeat(40_000)),
        format!("with {}a: pass", "(".repeat(100_000)),
        format!("def f[{}](): pass", "T: (".repeat(30_000)),
        "x = 1 if ".repeat(100_000),
        "a = ".repeat(250_000),
    ] {
        not_clean(&source);
    }
}

#[test]
fn the_line_of_an_excess_is_told() {
    let text = format!("'''\n\n''' # é\nx = 1\ny = {}", "(".repeat(300));
    assert_eq!(exceeded(&text), (Bound::Brackets, 5));
    let text = format!("x = 'é'\n\nx = {}", "a + ".repeat(2000));
    assert_eq!(exceeded(&text), (Bound::Chain, 3));
    assert_eq!(exceeded(&blocks(150)), (Bound::Indents, 102));
}

/// So many blocks, one in the other.
fn blocks(levels: usize) -> String {
    let mut source = String::new();
    for level in 0..levels {
        source.push_str(&" ".repeat(level));
        source.push_str("if x:\n");
    }
    source + &" ".repeat(levels) + "x"
}

#[test]
fn bounds_are_inclusive() {
    let brackets = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    assert_eq!(judge(&brackets(200)), Verdict::Clean);
    assert_eq!(exceeded(&brackets(201)).0, Bound::Brackets);
    let chain = |n: usize| format!("x{}", "+1".repeat(n));
    assert_eq!(judge(&chain(1000)), Verdict::Clean);
    assert_eq!(exceeded(&chain(1001)).0, Bound::Chain);
    assert_eq!(judge(&blocks(100)), Verdict::Clean);
    assert_eq!(exceeded(&blocks(101)).0, Bound::Indents);
    let mut small = usual();
    small.limits = Limits { code_bytes: 5, ..Limits::default() };
    assert_eq!(analyze("x = 1", &small), Verdict::Clean);
    assert!(matches!(analyze("x = 12", &small), Verdict::Exceeded(_)));
}

#[test]
fn ordinary_large_code_is_read() {
    // Wide, not deep: long tables, many statements, long joins of comparisons and conditions.
    let row = |n: usize| format!("    {{'id': {n}, 'v': [-1, 2.5]}},\n");
    let table: String = (0..20_000).map(row).collect();
    assert_eq!(judge(&format!("x = [\n{table}]")), Verdict::Clean);
    assert_eq!(judge(&"x = f(a, b)[0].c\n".repeat(25_000)), Verdict::Clean);
    assert_eq!(judge(&format!("x = {}a", "a and ".repeat(50_000))), Verdict::Clean);
    assert_eq!(judge(&format!("x = ({})", "'text'\n".repeat(100_000))), Verdict::Clean);
    assert_eq!(judge(&format!("x = '''{}'''", "{[(-".repeat(25_000))), Verdict::Clean);
    assert_eq!(judge(&format!("x = f'''{}'''", "{a}, ".repeat(30_000))), Verdict::Clean);
}

/// Everything that was found to make the parser recurse: what comes before, the unit, what closes a unit. Brackets
/// are closed, as the tokenizer turns away a text that leaves them open, and this is about the parser.
const RECURSIONS: &[(&str, &str, &str)] = &[
    ("", "(", ")"),
    ("", "[", "]"),
    ("", "{", "}"),
    ("", "{a:", "}"),
    ("", "f(", ")"),
    ("", "f[a:", "]"),
    ("", "-", ""),
    ("", "not ", ""),
    ("", "lambda:", ""),
    ("", "lambda a=", ""),
    ("", "a**", ""),
    ("", "await ", ""),
    ("", "a if b else ", ""),
    ("", "yield ", ""),
    ("", "(yield ", ")"),
    ("", "*", ""),
    ("", "async ", ""),
    ("", "async @b\n", ""),
    ("", "f'{", "}'"),
    ("", "t'{", "}'"),
    ("f'{", "f'{", "}'"),
    ("f'", "{a:", "}"),
    ("", "a+", ""),
    ("a", ".b", ""),
    ("a", "()", ""),
    ("a", "[0]", ""),
    ("", "a**-(lambda a=not ", ")"),
    ("", "(a or b and not c<d|e^f&g<<h+i*-j**", ")"),
    ("", "a or b and c<d|e^f&g<<h+i*(", ")"),
    ("", "a or b and c in d|e^f&g@h%i//(", ")"),
    ("match x:\n case ", "(", ")"),
    ("match x:\n case ", "[", "]"),
    ("match x:\n case ", "A(", ")"),
    ("match x:\n case ", "A(b=", ")"),
    ("match x:\n case ", "{1:", "}"),
    ("with ", "(", ")"),
    ("def f", "[T: ", "]"),
    ("", "(a for a in ", ")"),
    ("", "(a:=", ")"),
    ("", "if x:", ""),
    ("", "@", ""),
    ("", "a<", ""),
    ("", "a or ", ""),
    ("x", " = y", ""),
];

/// Judges without the bounds on tokens, which would refuse the text before the parser sees it.
fn unbounded(source: &str) -> Verdict {
    let mut rules = rules("json", "");
    rules.limits =
        Limits { brackets: u32::MAX - 1, indents: u32::MAX - 1, chain: u32::MAX, depth: u32::MAX, ..Limits::default() };
    analyze(source, &rules)
}

#[test]
fn the_whole_budget_fits_the_stack() {
    for &(prefix, unit, close) in RECURSIONS {
        let begin = Instant::now();
        // The most units that are accepted, found from above: the budget counts openers, not units.
        let mut units = MAX_OPENERS.min(Limits::default().code_bytes / (unit.len() + close.len()) - 100);
        let verdict = loop {
            let verdict = unbounded(&format!("{prefix}{}{}", unit.repeat(units), close.repeat(units)));
            match verdict {
                Verdict::Exceeded(exceeded) if exceeded.bound == Bound::Openers => units = units * 19 / 20,
                other => break other,
            }
        };
        println!("{units:>7} × {unit:?} in {:?}: {:.100}", begin.elapsed(), format!("{verdict:?}"));
        assert!(!matches!(verdict, Verdict::Failed(_)), "{prefix}{unit}: {verdict:?}");
    }
}

#[test]
fn the_deepest_blocks_fit_the_stack() {
    // Each level needs a line longer than the one before: a megabyte has 1 400 of them.
    for header in ["if x:\n", "def f():\n", "class A:\n", "try:\n", "with a:\n", "for a in b:\n"] {
        let mut source = String::new();
        for level in 0.. {
            if source.len() + level + header.len() > Limits::default().code_bytes {
                break;
            }
            source.push_str(&" ".repeat(level));
            source.push_str(header);
        }
        let verdict = unbounded(&source);
        assert!(matches!(verdict, Verdict::Unparsable(_)), "{verdict:?}");
    }
}

#[test]
fn deep_trees_that_parse_are_walked_within_the_stack_or_refused() {
    // Valid, and as deep as the walk's own bound lets it: left-leaning chains cost the parser nothing.
    for (prefix, unit) in [("a", ".b"), ("a", "+b"), ("a", "()"), ("a", "[0]"), ("'a'", "+'b'"), ("x", ".format()")] {
        for units in [8_000, 100_000] {
            let verdict = unbounded(&format!("{prefix}{}", unit.repeat(units)));
            assert!(
                verdict.is_clean() || matches!(verdict, Verdict::Exceeded(_)),
                "{prefix}{unit} {units}: {verdict:?}"
            );
        }
    }
}

#[test]
fn folding_costs_no_more_than_reading() {
    for source in [
        format!("x = {}", "'ab' + ".repeat(900) + "'c'"),
        format!("y + {}'c'\n", "'ab' + ".repeat(900)).repeat(100),
        format!("{}\n", "'a'.x()".to_owned() + &".x()".repeat(400)).repeat(500),
        "'a' * 65000 * 1\n".repeat(50_000),
        "('%s' * 9000) % x\n".repeat(50_000),
        format!("x = {}", "('a' * 60000) + ".repeat(900) + "'c'"),
        format!("''.join([{}])\n", "'ab' * 30000, ".repeat(1000)).repeat(50),
        "'a'.replace('', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb')\n".repeat(19_000),
        "'abcdefgh'[::-1][::-1][::-1]\n".repeat(30_000),
        format!("'{}'", "{0.a".repeat(200_000)),
        format!("'{}'", "{0:".repeat(300_000)),
        format!("'{}{}'", "{0:".repeat(200_000), "}".repeat(200_000)),
        format!("'{}'", "{[".repeat(400_000)),
    ] {
        judge(&source);
    }
}

#[test]
fn other_threads_are_unharmed() {
    let witness = std::thread::spawn(|| (0..20).map(|_| analyze("x = 1", &usual())).all(|verdict| verdict.is_clean()));
    for source in ["(".repeat(100_000), "f'{".repeat(40_000), "-".repeat(1_000_000)] {
        not_clean(&source);
    }
    assert!(witness.join().unwrap());
}
