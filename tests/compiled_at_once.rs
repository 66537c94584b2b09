//! User code that is compiled from text that was moved by a column, instead of by its syntax tree: the code must be the same in all
//! that anybody could see, at texts chosen here, statements of CPython's own library, and texts of random pieces.
//!
//! `PALISADE_TEXTS` is how many random ones, `PALISADE_TEXTS_SEED` where they start: a run prints its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/inline.rs"]
mod inline;

use std::env;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use inline::{ROOT, extension, python};
use serde_json::{Value, json};

/// Texts, and whether they need no syntax tree.
const CASES: &[(&str, bool)] = &[
    ("return 1", true),
    ("# a comment\n\nx = 1  # another\nreturn x\n", true),
    ("if a:\n    return 1\nelse:\n    return 2", true),
    ("def g(a, *b, c=1):\n  def h():\n    return lambda: a\n  return h\nreturn g", true),
    ("return [a for b in (c for d in e) if (lambda: b)()]", true),
    ("x = [\n  1,\n2]\nreturn x", true),
    ("return 'a' \"b\" 'it\\'s' r'\\d' + b\"\\\\\"", true),
    ("return f'{x}{{}}{y!r:>{z}}' + F\"{x:,.2f}\" + rf'\\d{x}'", true),
    ("return f\"{_items[0]['json']['a']} {d[\"k\"]}\"", true),
    ("return 1 if'{'else\"'\"", true),
    // Left to the tree: nothing is there, errors, what is rewritten, what has its own name in it.
    ("", false),
    ("# only", false),
    ("  x = 1", false),
    ("  # a comment\n  x = 1", false),
    ("return (", false),
    ("import json\nreturn 1", false),
    ("return '{}'.format(1)", false),
    ("class A: pass", false),
    ("global fetch\ndef fetch(): return 1\nreturn fetch", false),
    ("global f\ndef f():\n  def g(): pass\n  return g\nreturn f()", false),
    ("global foo\ntype foo[T] = list[T]", false),
    // Strings and statements over several lines, and what might be one.
    ("x = '''a\nb'''\nreturn x", false),
    ("x = 'a\\\nb'\nreturn x", false),
    ("x = 1 + \\\n 2\nreturn x", false),
    ("return f'{x\n=}'", false),
    ("return f'{\n x = }'", false),
    ("return f'{\"}\" + d[\"k\n\"]}'", false),
    ("return f\"{'}' + d[\"\n\"]=}\"", false),
    ("return f'{x:\">10}' + f'{\n1=}\"'", false),
    ("return f'\\N{DASH}'", false),
    ("return f'{f\"{x}\"}'", false),
    // What indentation means depends on tabs, what a line is on these.
    ("if x:\n\treturn 1", false),
    ("x = 1\rreturn x", false),
    ("x = 1\n\x0cif x:\n  return 1", false),
    ("return 'é'", false),
];

#[test]
fn code_from_moved_text_is_the_code_of_the_tree() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs()).to_string();
    let seed = env::var("PALISADE_TEXTS_SEED").unwrap_or_else(|_| now());
    let count = env::var("PALISADE_TEXTS").unwrap_or_else(|_| "40000".to_owned());
    println!("PALISADE_TEXTS_SEED={seed}");
    let texts: Vec<&str> = CASES.iter().map(|(text, _)| *text).collect();
    let mut script = Command::new(python())
        .args(["-I", "-B"])
        .arg(format!("{ROOT}/crates/zygote/tests_py/both_ways.py"))
        .arg(extension())
        .args([&seed, &count])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the interpreter starts");
    script.stdin.take().unwrap().write_all(json!(texts).to_string().as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    let found: Value = serde_json::from_slice(&output.stdout).expect("an answer");

    assert_eq!(found["differ"], json!([]));
    for ((text, expected), at_once) in CASES.iter().zip(found["at_once"].as_array().unwrap()) {
        assert_eq!(at_once, expected, "{text:?}");
    }
    // Most random texts are errors; the library is not.
    let at_once = found["compiled_at_once"].as_u64().unwrap();
    println!("{at_once} of {} texts were compiled at once", found["texts"]);
    assert!(at_once > 2000, "only {at_once} texts were compared");
}
