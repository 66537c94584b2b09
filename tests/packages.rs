//! Packages from the index, in a virtual environment that this test makes: what people do with each, in sealed children, as
//! root and as an ordinary user; `python/packages.toml` is the list.
//!
//! The environment is kept below `target`, so only the first run installs. Where no index can be reached this is a skip.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod sandbox;
}

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Instant;

use common::check;
use common::sandbox::{User, interpreter, place, skip};
use palisade_policy::{Allow, Policy};
use serde::Deserialize;
use serde_json::{Value, json};

/// What is installed, as the index names it.
const PACKAGES: [&str; 7] = ["requests", "numpy", "pandas", "pydantic", "python-dateutil", "lxml", "beautifulsoup4"];

/// The same as they are imported.
const IMPORTED: &str = "requests,numpy,pandas,pydantic,dateutil,lxml,bs4";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    package: String,
    allow: String,
    stdlib: String,
    #[serde(default)]
    builtins: Vec<String>,
    code: String,
    result: Option<String>,
    error: Option<String>,
}

/// The environment with all packages, made once; nothing where it cannot be made.
fn environment() -> Option<&'static Path> {
    static MADE: OnceLock<Option<PathBuf>> = OnceLock::new();
    MADE.get_or_init(|| {
        let base = interpreter::path();
        let (major, minor, patch) = interpreter::found(Some(base)).version;
        let folder = place().join(format!("packages-{major}.{minor}.{patch}"));
        let complete = folder.join("complete");
        // Its name is that of what is in it, so that another list makes another environment.
        let list = PACKAGES.join(" ");
        if fs::read_to_string(&complete).is_ok_and(|made| made == list) {
            return Some(folder);
        }
        match install(base, &folder) {
            Ok(()) => {
                fs::write(&complete, list).expect("the environment can be marked");
                Some(folder)
            }
            Err(why) => {
                skip(&format!("no package was tried, as none could be installed: {why}"));
                None
            }
        }
    })
    .as_deref()
}

/// Makes the environment with an interpreter that everybody can read, and fills it by the pip of the machine's own.
fn install(base: &Path, folder: &Path) -> Result<(), String> {
    let mut venv = Command::new(base);
    run(venv.args(["-I", "-m", "venv", "--clear", "--without-pip"]).arg(folder))?;
    let own = interpreter::found(None).path;
    let python = folder.join("bin/python");
    let mut pip = Command::new(own);
    pip.args(["-m", "pip", "--disable-pip-version-check", "--python"]).arg(python);
    pip.args(["install", "--quiet", "--only-binary", ":all:", "--retries", "1", "--timeout", "20"]).args(PACKAGES);
    run(&mut pip)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    if output.status.success() { Ok(()) } else { Err(format!("{}: {last}", output.status)) }
}

/// The denied built-ins without these, as `N8N_RUNNERS_BUILTINS_DENY` lists them.
fn denied_without(allowed: &[String]) -> String {
    let policy = Policy::load(Allow::All, Allow::All, None).unwrap();
    let denied = policy.builtins_deny.iter().filter(|name| !allowed.contains(name));
    denied.cloned().collect::<Vec<_>>().join(",")
}

/// What `palisade run --json` says of a case, run as a user.
fn outcome(user: User, environment: &Path, case: &Case, index: usize) -> Value {
    let script = place().join(format!("package-{index}-{}.py", std::process::id()));
    let items = script.with_extension("json");
    fs::write(&script, &case.code).unwrap();
    fs::write(&items, json!([{"city": "a", "n": 1}, {"city": "b", "n": 2}, {"city": "a", "n": 3}]).to_string())
        .unwrap();
    for file in [&script, &items] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let denied = denied_without(&case.builtins);
    let variables = [
        ("PALISADE_VENV", environment),
        ("N8N_RUNNERS_EXTERNAL_ALLOW", Path::new(&case.allow)),
        ("N8N_RUNNERS_STDLIB_ALLOW", Path::new(&case.stdlib)),
        ("N8N_RUNNERS_BUILTINS_DENY", Path::new(&denied)),
    ];
    let arguments = ["run", script.to_str().unwrap(), "--items", items.to_str().unwrap(), "--json"];
    let output = check::palisade(user, &arguments, &variables);
    for file in [&script, &items] {
        fs::remove_file(file).unwrap();
    }
    check::json(&output)
}

#[test]
fn what_people_do_with_packages_works_in_sealed_children() {
    let Some(environment) = environment() else { return };
    let cases: Cases = toml::from_str(include_str!("python/packages.toml")).unwrap();
    for package in PACKAGES {
        assert!(cases.case.iter().any(|case| case.package == package && case.result.is_some()), "{package}");
    }
    let mut wrong = Vec::new();
    for user in User::all() {
        for (index, case) in cases.case.iter().enumerate() {
            let began = Instant::now();
            let said = outcome(user, environment, case, index);
            let right = match (&case.result, &case.error) {
                (Some(result), None) => {
                    let expected: Value = serde_json::from_str(result).unwrap();
                    said["result"][0]["json"] == expected
                }
                (None, Some(part)) => said["error"]["message"].as_str().is_some_and(|message| message.contains(part)),
                _ => panic!("case {index} expects either a result or an error"),
            };
            println!("{user:?} {} {index}: {:?}", case.package, began.elapsed());
            if !right {
                wrong.push(format!("{user:?} {} {index}: {said:#}", case.package));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_package_is_imported_in_a_sealed_child() {
    let Some(environment) = environment() else { return };
    for user in User::all() {
        let variables = [
            ("PALISADE_VENV", environment),
            ("N8N_RUNNERS_EXTERNAL_ALLOW", Path::new(IMPORTED)),
            ("N8N_RUNNERS_STDLIB_ALLOW", Path::new("json")),
        ];
        let output = check::palisade(user, &["check", "--imports", "--json"], &variables);
        let report = check::json(&output);
        let imports = report["imports"].as_array().unwrap();
        assert_eq!(imports.len(), IMPORTED.split(',').count() + 1, "{report:#}");
        for import in imports {
            assert_eq!(import["works"], true, "{user:?} {import}");
            assert!(import["task_ms"].as_f64().is_some_and(|time| time > 0.0), "{import}");
            assert!(import["ahead_ms"].is_f64() && import["ahead_kib"].is_u64(), "{import}");
        }
        let numpy = imports.iter().find(|import| import["module"] == "numpy").unwrap();
        assert!(numpy["ahead_kib"].as_u64().unwrap() > 4096 && numpy["ahead_ms"].as_f64().unwrap() > 10.0, "{numpy}");
        assert!(output.status.success(), "{user:?}: {}", check::text(&output.stderr));
    }
}
