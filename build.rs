//! Builds the extension, `crates/zygote`, once for each supported minor version of CPython, and embeds the results: one file
//! to ship. No interpreter and no libpython is needed: pyo3 takes what it must know from a file, and an extension's
//! Python symbols are resolved by whoever loads it.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Minor versions with a build, oldest first. Each needs a file in `crates/zygote/pyo3`.
const MINORS: [u8; 2] = [13, 14];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for watched in [
        "crates/zygote",
        "crates/channel",
        "crates/sandbox",
        "crates/template",
        "seccomp-profiles",
        "Cargo.toml",
        "Cargo.lock",
    ] {
        println!("cargo::rerun-if-changed={watched}");
    }
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(variable("OUT_DIR"));
    let mut table = String::from("pub(crate) const EMBEDDED: &[((u8, u8), &[u8])] = &[\n");
    // Fuzz targets start no child: `cargo fuzz` gets no extension, and with it no build that is instrumented in vain.
    let minors = if env::var_os("CARGO_CFG_FUZZING").is_some() { &[][..] } else { &MINORS[..] };
    for &minor in minors {
        let library = build(&root, &out, minor);
        let copy = out.join(format!("_palisade-3.{minor}.so"));
        fs::copy(&library, &copy).unwrap_or_else(|e| panic!("{} could not be copied: {e}", library.display()));
        let _ = writeln!(table, "    ((3, {minor}), include_bytes!({:?})),", copy.display().to_string());
    }
    table.push_str("];\n");
    fs::write(out.join("extensions.rs"), table).unwrap_or_else(|e| panic!("OUT_DIR cannot be written: {e}"));
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

/// Always optimised: even in a debug build of the runner, the extension is what the tests are about.
fn build(root: &Path, out: &Path, minor: u8) -> PathBuf {
    // OUT_DIR is <target>/<profile>/build/<package>/out. Debug and release builds share the extension's own folder.
    let target = out.ancestors().nth(4).unwrap_or(out).join(format!("zygote-3.{minor}"));
    let triple = variable("TARGET");
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .current_dir(root)
        .args(["rustc", "--package", "palisade-zygote", "--lib", "--release", "--target", &triple])
        .arg("--target-dir")
        .arg(&target)
        .env("PYO3_CONFIG_FILE", root.join(format!("crates/zygote/pyo3/3.{minor}.txt")))
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    if env::var_os("CARGO_FEATURE_UNSEALED").is_some() {
        cargo.args(["--features", "palisade-zygote/unsealed"]);
    }
    // What the outer cargo set for its own compiler runs (clippy's wrapper, features, encoded flags) is not for this one.
    for (name, _) in env::vars() {
        let ours = ["CARGO_FEATURE_", "CARGO_CFG_", "CARGO_PKG_", "CARGO_MANIFEST_", "DEP_"];
        if ours.iter().any(|prefix| name.starts_with(prefix))
            || [
                "RUSTC_WORKSPACE_WRAPPER",
                "CLIPPY_ARGS",
                "CARGO_TARGET_DIR",
                "CARGO_ENCODED_RUSTFLAGS",
                "OUT_DIR",
                "TARGET",
            ]
            .contains(&name.as_str())
        {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status().unwrap_or_else(|e| panic!("cargo cannot be started: {e}"));
    assert!(status.success(), "the extension for CPython 3.{minor} could not be built");
    target.join(triple).join("release/lib_palisade.so")
}
