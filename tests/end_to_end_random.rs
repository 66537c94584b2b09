//! Children of one forkserver are copies of it, but draw numbers of their own.

mod common {
    pub(crate) mod engine;
}

use std::collections::HashSet;
use std::process::Command;

use common::engine::{Setup, interpreter};
use palisade::{extension, interpreter as python};

/// A package that makes its own generator when it is imported, which happens before the fork.
const DICE: &str = "import random\nown = random.Random()\nfixed = random.Random(7)\ndef roll(): return own.random()\n";

#[tokio::test]
async fn generators_that_packages_made_ahead_differ_between_tasks() {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(&interpreter().path).args(["-m", "venv", "--without-pip"]).arg(folder.path()).status();
    assert!(made.unwrap().success());
    let named = folder.path().join("bin/python");
    let found = python::find(Some(&named), &|_| None, &extension::supported()).unwrap().interpreter;
    std::fs::write(found.site_packages[0].join("dice.py"), DICE).unwrap();

    let mut setup = Setup::allowing("random", "dice");
    setup.interpreter = Some(found);
    let harness = setup.start().await;
    for code in ["import dice\nreturn dice.roll()", "import random\nreturn random.random()"] {
        let mut drawn = HashSet::new();
        for _ in 0..5 {
            drawn.insert(harness.result(code).await.to_string());
        }
        assert_eq!(drawn.len(), 5, "{code}: {drawn:?}");
    }
    harness.stop().await;
}
