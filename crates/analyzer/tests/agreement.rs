//! Our parser and `CPython`'s agree on what is Python, on `CPython`'s own library.
//!
//! Needs a `CPython` 3.13 or later; without one the test says so and passes.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::rules;
use palisade_analyzer::{Verdict, analyze};

/// Asks each interpreter that may be here for its library.
fn library() -> Option<(PathBuf, PathBuf)> {
    let named = std::env::var_os("PALISADE_PYTHON").map(PathBuf::from);
    let usual = ["python3.14", "python3.13", "python3"].map(PathBuf::from);
    let pyenv = std::env::home_dir().into_iter().flat_map(|home| {
        let versions = std::fs::read_dir(home.join(".pyenv/versions")).into_iter().flatten().flatten();
        versions.map(|version| version.path().join("bin/python3")).collect::<Vec<_>>()
    });
    named.into_iter().chain(usual).chain(pyenv).find_map(|python| {
        let script = "import sys, sysconfig\nassert sys.version_info >= (3, 13)\nprint(sysconfig.get_path('stdlib'))";
        let output = Command::new(&python).args(["-I", "-c", script]).output().ok()?;
        let folder = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| (python, PathBuf::from(folder.trim())))
    })
}

/// The files of a folder that are text for Python, sorted.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .filter_map(|path| Some((path.display().to_string(), std::fs::read_to_string(&path).ok()?)))
        .collect()
}

#[test]
fn cpythons_library_is_python_to_both() {
    let Some((python, folder)) = library() else {
        eprintln!("SKIPPED: no CPython 3.13 or later found; name one in PALISADE_PYTHON");
        return;
    };
    let all = rules("*", "*");
    let mut sources = sources(&folder);
    sources.extend(self::sources(&folder.join("test")));
    assert!(sources.len() > 100, "no library in {}", folder.display());
    // CPython judges exactly the texts that ours does, handed over as text.
    let script = "import ast, sys\nfor path in sys.stdin.read().split('\\n'):\n    \
                  text = open(path, encoding='utf-8', newline='').read()\n    \
                  try: ast.parse(text); print('yes')\n    except (SyntaxError, ValueError) as e: print('no')";
    let paths: Vec<&str> = sources.iter().map(|(path, _)| path.as_str()).collect();
    let list = std::env::temp_dir().join(format!("palisade-agreement-{}", std::process::id()));
    std::fs::write(&list, paths.join("\n")).unwrap();
    let output = Command::new(python)
        .args(["-I", "-W", "ignore", "-c", script])
        .stdin(std::fs::File::open(&list).unwrap())
        .output()
        .unwrap();
    std::fs::remove_file(&list).unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<bool> = answers.lines().map(|line| line == "yes").collect();
    assert_eq!(answers.len(), sources.len(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut disagreements = Vec::new();
    for ((path, source), theirs) in sources.iter().zip(answers) {
        let verdict = analyze(source, &all);
        match verdict {
            Verdict::Clean if !theirs => disagreements.push(format!("{path}: only ours takes it")),
            Verdict::Clean => {}
            ref other if theirs => disagreements.push(format!("{path}: {other:?}")),
            _ => {}
        }
    }
    println!("{} files, {} disagreements", sources.len(), disagreements.len());
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}
