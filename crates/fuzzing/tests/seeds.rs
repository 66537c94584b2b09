//! Every kept seed goes through its target, and the regression suite's code through those that read source.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use palisade_fuzzing::targets::{self, Target};

/// Targets whose inputs are source.
const OF_SOURCE: [&str; 3] = ["analyze", "bypass", "parsers"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect();
    found.sort();
    found
}

fn run(target: Target, inputs: &[PathBuf]) {
    for input in inputs {
        println!("{} {}", target.name, input.display());
        (target.body)(&fs::read(input).unwrap());
    }
}

#[test]
fn every_kept_seed_passes_its_target() {
    let seeds = root().join("fuzz/seeds");
    let source = files(&seeds.join("source"));
    assert!(source.len() > 40, "{}", source.len());
    for target in targets::ALL {
        let own = seeds.join(target.name);
        let is_of_source = OF_SOURCE.contains(&target.name);
        // What is found is kept there, so no folder may be missing once there is something.
        let mut inputs = if own.exists() { files(&own) } else { Vec::new() };
        if is_of_source {
            inputs.extend(source.iter().cloned());
        }
        assert!(!inputs.is_empty(), "{} has no seeds", target.name);
        run(target, &inputs);
    }
    let folders = fs::read_dir(&seeds).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for folder in folders {
        assert!(
            folder == "source" || targets::ALL.iter().any(|target| target.name == folder),
            "seeds of no target: {folder}"
        );
    }
}

/// What was found and is not fixed yet, each with its reason in fuzz/README.md. One that passes belongs among the seeds.
#[test]
fn open_findings_are_still_open() {
    let open = root().join("fuzz/open");
    for target in targets::ALL {
        let own = open.join(target.name);
        for input in if own.exists() { files(&own) } else { Vec::new() } {
            let bytes = fs::read(&input).unwrap();
            assert!(
                std::panic::catch_unwind(|| (target.body)(&bytes)).is_err(),
                "fixed: move it to fuzz/seeds, and its line out of fuzz/README.md: {}",
                input.display()
            );
        }
    }
}

#[test]
fn the_regression_suite_passes_the_targets_that_read_source() {
    let attempts: Vec<PathBuf> = files(&root().join("tests/escape/attempts"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|it| it == "py"))
        .collect();
    assert!(attempts.len() > 250, "{}", attempts.len());
    for target in targets::ALL.into_iter().filter(|target| OF_SOURCE.contains(&target.name)) {
        run(target, &attempts);
    }
}

#[test]
fn every_target_has_its_glue() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let run = fs::read_to_string(root().join("fuzz/run")).unwrap();
    let by_run = run.lines().find_map(|line| line.strip_prefix("all=(")?.strip_suffix(')')).unwrap();
    for Target { name, .. } in targets::ALL {
        assert!(by_run.split(' ').any(|it| it == name), "{name} is not run by fuzz/run");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in fuzz/Cargo.toml");
        let glue = fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert!(glue.contains(&format!("targets::{name}::body(input)")), "{glue}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets::ALL.len());
}
