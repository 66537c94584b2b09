//! The extension with the feature that lets a test call it, in a plain interpreter: nothing is sealed.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The interpreter the extension of this test is built for: that of `.cargo/config.toml`.
pub(crate) fn python() -> PathBuf {
    if let Some(named) = env::var_os("PALISADE_PYTHON") {
        return named.into();
    }
    let on_path = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join("python3.13"))
        .find(|candidate| candidate.is_file() && works(candidate));
    let pyenv = || {
        let versions = Path::new(&env::var_os("HOME").unwrap_or_default()).join(".pyenv/versions");
        let mut found =
            versions.read_dir().into_iter().flatten().flatten().map(|entry| entry.path().join("bin/python3.13"));
        found.find(|candidate| candidate.is_file())
    };
    on_path.or_else(pyenv).expect("CPython 3.13 as python3.13 on PATH, in pyenv, or named by PALISADE_PYTHON")
}

/// A shim of a version manager may stand for a version that is not chosen.
fn works(candidate: &Path) -> bool {
    Command::new(candidate).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// The interpreter's minor version; an extension for another one would not know its objects' layouts.
pub(crate) fn minor() -> String {
    let output = Command::new(python()).args(["-I", "-S", "-c", "import sys; print(sys.version_info[1])"]).output();
    let output = output.expect("the interpreter runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Builds the extension with the feature that lets a test call it; gives the library's path.
pub(crate) fn extension() -> PathBuf {
    let minor = minor();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = if minor == "13" { target.join("user_code") } else { target.join(format!("user_code-3.{minor}")) };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let built = Command::new(cargo)
        .env("PYO3_CONFIG_FILE", Path::new(ROOT).join(format!("crates/zygote/pyo3/3.{minor}.txt")))
        .args(["build", "--quiet", "--locked", "--package", "palisade-zygote", "--features", "inline", "--target-dir"])
        .arg(&target)
        .current_dir(ROOT)
        .status()
        .expect("cargo runs");
    assert!(built.success(), "the extension does not build");
    let name = if cfg!(target_os = "macos") { "lib_palisade.dylib" } else { "lib_palisade.so" };
    target.join("debug").join(name)
}
