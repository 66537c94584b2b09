//! A virtual environment with packages from the package index, for tests of what people install.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A virtual environment with numpy and pandas, which is made with this interpreter where there is none yet; nothing where the
/// package index cannot be reached. It lies with what is built, so that it is made once.
pub(crate) fn packages_venv(python: &Path) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("science");
    let interpreter = folder.join("bin/python");
    let works = |arguments: &[&str]| {
        Command::new(&interpreter).args(arguments).output().is_ok_and(|output| output.status.success())
    };
    let has_both = || works(&["-c", "import numpy, pandas"]);
    if has_both() {
        return Some(folder);
    }
    let made = Command::new(python).args(["-m", "venv"]).arg(&folder).output().is_ok_and(|made| made.status.success());
    let installs = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "20", "numpy", "pandas"];
    (made && works(&installs) && has_both()).then_some(folder)
}
