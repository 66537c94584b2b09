//! Our parser and `CPython`'s agree on what is Python, on every file of `CPython`'s own library and its tests.
//!
//! Needs a `CPython` 3.13 or 3.14; without one the test says so and passes.

mod common;
#[path = "common/cpython.rs"]
mod cpython;

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
