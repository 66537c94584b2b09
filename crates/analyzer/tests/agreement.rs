//! Our parser and `CPython`'s agree on what is Python, on every file of `CPython`'s own library and its tests.
//!
//! Needs a `CPython` 3.13 or 3.14; without one the test says so and passes.

mod common;
#[path = "common/cpython.rs"]
mod cpython;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::rules;
use cpython::CPython;
use palisade_analyzer::{Verdict, analyze};

/// Files that one of the two refuses, by the end of their path, and why. Each errs to the safe side: what ours refuses
/// does not run, and what `CPython` refuses does not either.
const DISAGREEMENTS: &[(&str, &str)] = &[];

/// All of it has to be judged within this time, as a part of the ordinary tests.
const TIME: Duration = Duration::from_mins(4);

/// The files below a folder that are Python's, sorted; not what others installed there.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && !path.is_symlink() {
            if !path.ends_with("site-packages") {
                files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            found.push(path);
        }
    }
}

/// Judges exactly the texts that ours judges, handed over as text.
const JUDGE: &str = "
import sys
for path in sys.stdin.read().split('\\n'):
    text = open(path, encoding='utf-8', newline='').read()
    try:
        compile(text, 'x', 'exec', 0x400, True)
    except (SyntaxError, ValueError) as e:
        print('no', str(e).replace('\\n', ' '))
    else:
        print('yes')
";

#[test]
fn cpythons_library_is_python_to_both() {
    let Some(python) = CPython::find_or_say() else { return };
    let begin = Instant::now();
    let mut paths = Vec::new();
    files(&python.library, &mut paths);
    let read = |path: PathBuf| Some((path.display().to_string(), std::fs::read_to_string(&path).ok()?));
    let (all, mut sources) = (paths.len(), paths.into_iter().filter_map(read).collect::<Vec<_>>());
    // The list is one path a line.
    sources.retain(|(path, _)| !path.contains('\n'));
    assert!(sources.len() > 400, "no library in {}", python.library.display());
    let list: Vec<&str> = sources.iter().map(|(path, _)| path.as_str()).collect();
    let answers = python.run(JUDGE, list.join("\n"));
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), sources.len());

    let everything = rules("*", "*");
    let known = |path: &str| DISAGREEMENTS.iter().find(|(end, _)| path.ends_with(end));
    let (mut disagreements, mut unknown, mut bytes) = (0, Vec::new(), 0);
    for ((path, source), theirs) in sources.iter().zip(answers) {
        bytes += source.len();
        let ours = analyze(source, &everything);
        let agreed = (ours == Verdict::Clean) == (theirs == "yes");
        match known(path) {
            Some((_, reason)) if agreed => unknown.push(format!("{path}: agreed now, but listed: {reason}")),
            Some((_, reason)) => {
                disagreements += 1;
                println!("{path}: {reason}");
            }
            None if agreed => {}
            None => unknown.push(format!("{path}: CPython says {theirs}, ours {ours:?}")),
        }
    }
    println!(
        "CPython {}: {} files ({all} with those that are not UTF-8), {bytes} bytes, {} disagreements, {:?}",
        python.version,
        sources.len(),
        disagreements + unknown.len(),
        begin.elapsed()
    );
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert!(begin.elapsed() < TIME, "{:?}", begin.elapsed());
}

/// Where a character that readers of Python could see differently may stand. Each ends in a name that is refused, whose
/// line is compared.
const PLACES: &[&str] = &[
    "@x = 1\n__spec__",
    "x@= 1\n__spec__",
    "x = 1@\n__spec__",
    "x = 1\n@y = 2\n__spec__",
    "x = 1@__spec__",
    "if x:\n@  y\n__spec__",
    "if x:\n  y\n@  z\n__spec__",
    "if x:\n \t@y\n__spec__",
    "x = '@'\n__spec__",
    "x = r'\\@'\n__spec__",
    "x = '''a@b'''\n__spec__",
    "x = '''a\\@b'''; __spec__",
    "# @\n__spec__",
    "# @__spec__",
    "# -*- coding: utf-7 -*-@__spec__",
    "x = (1,@2)\n__spec__",
    "x = (1, # a@2)\n__spec__",
    "x = 1 \\@+ 2\n__spec__",
    "x = 1 + \\\n@2\n__spec__",
    "f'{x@}'\n__spec__",
    "f'''{x@}'''\n__spec__",
    "f'''{x!r:@}'''\n__spec__",
    "f'a@b' '@'\n__spec__",
    "b'@'\n__spec__",
    "x@y = 1\n__spec__",
    "x = 1@if x else 2\n__spec__",
    "x = 0x1@or 2\n__spec__",
    "lambda x:@1\n__spec__",
    "@\n__spec__",
    "__spec__@",
    "__spec__ #@",
    "x.@__spec__",
    "__@spec__ = __spec__",
];

/// What stands there.
fn odd_texts() -> Vec<String> {
    let controls = (0..0x20_u8).chain(0x7f..0xa1).map(char::from);
    let others = "\u{ad}\u{300}\u{37a}\u{387}\u{1680}\u{180e}\u{2000}\u{200b}\u{200c}\u{200d}\u{200e}\u{2028}\u{2029}\u{202e}\
                  \u{2060}\u{2118}\u{3000}\u{feff}\u{fe00}\u{ff3f}\u{ff53}\u{ffff}\u{1d4ec}\u{e0041}";
    let mut texts: Vec<String> = controls.chain(others.chars()).map(String::from).collect();
    texts.extend(
        ["\r\n", "\n\r", "\r\r", "\n\n", "\x0c\n", "\n\x0c", "\\\n", "\\\r\n", "\\\r", "\\", ";", " \t", "\t "]
            .map(String::from),
    );
    texts
}

/// The line in which CPython sees the name; texts come as hexadecimal digits.
const LINES: &str = "
import ast, sys
for text in sys.stdin.read().split('\\n'):
    try:
        tree = compile(bytes.fromhex(text).decode(), 'x', 'exec', 0x400, True)
    except (SyntaxError, ValueError) as e:
        print('no')
        continue
    lines = [node.lineno for node in ast.walk(tree) if getattr(node, 'id', getattr(node, 'attr', '')) == '__spec__']
    print(max(lines, default='none'))
";

#[test]
fn odd_characters_are_the_same_to_both_or_refused() {
    let Some(python) = CPython::find_or_say() else { return };
    let texts: Vec<String> =
        PLACES.iter().flat_map(|place| odd_texts().into_iter().map(|odd| place.replace('@', &odd))).collect();
    let hex = |text: &String| {
        text.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    };
    let answers = python.run(LINES, texts.iter().map(hex).collect::<Vec<_>>().join("\n"));
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), texts.len());
    let rules = rules("", "");
    let (mut same, mut refused, mut differ) = (0, Vec::new(), Vec::new());
    for (text, theirs) in texts.iter().zip(answers) {
        let ours = match analyze(text, &rules) {
            Verdict::Clean => "none".to_owned(),
            Verdict::Refused(violations) => {
                let named = violations.iter().filter(|violation| violation.subject == "__spec__");
                named.map(|violation| violation.line).max().map_or_else(|| "none".to_owned(), |line| line.to_string())
            }
            _ => "no".to_owned(),
        };
        if ours == theirs {
            same += 1;
        } else if ours == "no" {
            refused.push(text);
        } else {
            differ.push(format!("{text:?}: CPython {theirs}, ours {ours}"));
        }
    }
    println!("{same} texts alike, {} only ours refuses: {refused:?}", refused.len());
    // What only CPython refuses ends as a syntax error in its child; seeing another line or nothing would be a gap.
    differ.retain(|line| !line.contains("CPython no"));
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(same > texts.len() * 9 / 10, "{same} of {}", texts.len());
}
