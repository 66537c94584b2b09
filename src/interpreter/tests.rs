//! Searches among made-up interpreters, and among real ones where the host has one.

use super::*;
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::process::Command;

const SUPPORTED: &[(u8, u8)] = &[(3, 13), (3, 14)];

/// What an interpreter of this version would say; the fields that a test is about are replaced.
fn answer(version: &str, executable: &Path, replace: &[(&str, &str)]) -> String {
    let mut text = format!(
        r#"{{"implementation": "cpython", "version": [{version}], "level": "final", "executable": "{}", "abiflags": "", "pointer_bits": 64, "gil_disabled": false, "debug": false}}"#,
        executable.display()
    );
    for (from, to) in replace {
        assert!(text.contains(from), "{from} in {text}");
        text = text.replace(from, to);
    }
    text
}

fn script(path: &Path, body: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A fake interpreter that answers as its folder's version.
fn fake(path: &Path, version: &str) {
    script(path, &format!("echo 'noise before'; echo '{}'", answer(version, path, &[])));
}

/// Without Homebrew's fixed folders, in which the host may have an interpreter.
fn search(env: Env<'_>) -> (Option<(Interpreter, Source)>, Search) {
    let mut search = Search::new(SUPPORTED);
    let places: Vec<Place> =
        places::all(env, &search.supported).into_iter().filter(|place| place.source != Source::Homebrew).collect();
    let found = search.among(&places);
    (found, search)
}

fn explicit(path: &Path) -> Result<Found, NotFound> {
    find(Some(path), &|_| None, SUPPORTED)
}

fn reason(path: &Path) -> Reason {
    let not_found = explicit(path).unwrap_err();
    let line = not_found.to_string();
    assert!(!line.contains('\n') && line.contains(SETTING), "{line}");
    not_found.rejected.last().unwrap().reason.clone()
}

/// The interpreter this host would use. Without one the tests of real interpreters say so and pass.
fn real() -> Option<Interpreter> {
    match find(std::env::var_os(SETTING).as_deref().map(Path::new), &|name| std::env::var_os(name), SUPPORTED) {
        Ok(found) => Some(found.interpreter),
        Err(not_found) => {
            eprintln!("SKIPPED, the files of a real interpreter are NOT tested: {not_found}");
            None
        }
    }
}

/// A version, what to replace in the answer, and what is expected to be said about it.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Reason);

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("python3");
    let cases: &[Case<'_>] = &[
        ("3,12,4", &[], Reason::Version((3, 12, 4), vec![(3, 14), (3, 13)])),
        ("3,15,0", &[], Reason::Version((3, 15, 0), vec![(3, 14), (3, 13)])),
        ("3,13,1", &[("cpython", "pypy")], Reason::Implementation("pypy".into())),
        ("3,13,1", &[(r#""gil_disabled": false"#, r#""gil_disabled": true"#)], Reason::FreeThreaded),
        ("3,13,1", &[(r#""abiflags": """#, r#""abiflags": "t""#)], Reason::FreeThreaded),
        ("3,13,1", &[(r#""debug": false"#, r#""debug": true"#)], Reason::Debug),
        ("3,13,1", &[(r#""abiflags": """#, r#""abiflags": "m""#)], Reason::AbiFlags("m".into())),
        ("3,13,1", &[("64", "32")], Reason::PointerSize(32)),
        ("3,14,0", &[("final", "beta")], Reason::PreRelease((3, 14, 0), "beta".into())),
        ("3,13,1", &[], Reason::Script),
    ];
    for (version, replace, expected) in cases {
        script(&path, &format!("echo '{}'", answer(version, &path, replace)));
        assert_eq!(reason(&path), *expected);
    }
}

#[test]
fn what_is_no_interpreter_is_refused_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    let path = base.join("python3");
    assert_eq!(reason(&path), Reason::Missing);
    assert_eq!(reason(&base), Reason::Folder);
    fs::write(&path, "x").unwrap();
    assert_eq!(reason(&path), Reason::NotExecutable);
    for (body, part) in [
        ("exit 0", "no answer"),
        ("echo '{\"version\": [3'", "EOF"),
        ("echo '{\"implementation\": 5}'", "invalid type"),
        ("echo '[]'", "no answer"),
        ("echo 'pyenv: python3: command not found' >&2; exit 127", "code 127: pyenv: python3: command not found"),
        ("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done", "without end"),
    ] {
        script(&path, body);
        let text = reason(&path).to_string();
        assert!(text.contains(part), "{text}");
    }
    let unset = find(Some(Path::new("no-such-python")), &|_| None, SUPPORTED).unwrap_err().to_string();
    assert!(unset.contains("no-such-python") && unset.contains("not in PATH"), "{unset}");
}

#[test]
fn a_candidate_that_never_answers_costs_its_time_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let slow = dir.path().join("bin/python3");
    script(&slow, "sleep 300 & sleep 300");
    let next = dir.path().join("bin/python");
    script(&next, "echo");
    let places = [Place { source: Source::Path, candidates: vec![slow, next], closed: vec![] }];
    let mut search = Search::new(SUPPORTED);
    let start = Instant::now();
    search.deadline = start + Duration::from_secs(1);
    assert!(search.among(&places).is_none());
    let reasons: Vec<&Reason> = search.rejected.iter().map(|rejected| &rejected.reason).collect();
    assert_eq!(reasons, [&Reason::Probe(Failure::TimedOut), &Reason::OutOfTime]);
    assert!(start.elapsed() < ANSWER_WITHIN);
}

#[test]
fn places_are_searched_in_order_newest_first_and_each_file_once() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().canonicalize().unwrap();
    let expected = [
        "second/python3.14",
        "first/python3.13",
        "first/python3",
        "pyenv/versions/3.14.0/bin/python3.14",
        "pyenv/versions/3.14.0rc1/bin/python3.14",
        "pyenv/versions/3.13.10/bin/python3.13",
        "pyenv/versions/3.13.9/bin/python3.13",
        "pyenv/versions/project/bin/python3.13",
        "uv/cpython-3.13.2-linux/bin/python3.13",
    ];
    for path in expected {
        fake(&base.join(path), "3,9,1");
    }
    fake(&base.join("pyenv/versions/3.12.1/bin/python3.12"), "3,12,1");
    symlink(base.join("first/python3"), base.join("second/python")).unwrap();
    symlink(base.join("nowhere"), base.join("second/python3")).unwrap();
    let env = |name: &str| match name {
        "PATH" => std::env::join_paths([base.join("first"), base.join("second"), base.join("absent")]).ok(),
        "PYENV_ROOT" => Some(base.join("pyenv").into_os_string()),
        "UV_PYTHON_INSTALL_DIR" => Some(base.join("uv").into_os_string()),
        _ => None,
    };
    let (found, search) = search(&env);
    assert!(found.is_none());
    let looked_at: Vec<PathBuf> = search.rejected.iter().map(|rejected| rejected.path.clone()).collect();
    assert_eq!(looked_at, expected.map(|path| base.join(path)));
    let not_found = NotFound { explicit: None, supported: search.supported, rejected: search.rejected, venv: None };
    let line = not_found.to_string();
    assert!(line.contains("3.14, 3.13") && line.contains("is 3.9.1") && line.contains("and 6 more"), "{line}");
    assert!(!line.contains('\n') && line.contains(SETTING), "{line}");
}

#[test]
fn a_real_interpreter_has_all_its_files_listed() {
    let Some(found) = real() else { return };
    assert!(SUPPORTED.contains(&(found.version.0, found.version.1)));
    assert!(found.stdlib.join("os.py").is_file());
    assert!(found.library_dirs.iter().any(|dir| found.stdlib.starts_with(dir)), "{found:?}");
    for file in found.shared_libraries.iter().chain(&found.startup_files).chain(&found.loader_files) {
        assert!(file.is_file(), "{file:?}");
    }
    // A library's file name may change; that the C library is among the mapped ones on a dynamic build may not.
    if cfg!(target_os = "linux") && found.loader.is_some() {
        assert!(found.shared_libraries.iter().any(|file| file.to_string_lossy().contains("libc")), "{found:?}");
        for file in &found.shared_libraries {
            assert!(found.loader_dirs.iter().any(|dir| file.starts_with(dir)), "{file:?} in {:?}", found.loader_dirs);
        }
    }
    let reader = Reader::of_this_process();
    if reader.uid == 0 {
        // Root passes everywhere and owns its own folders; what others may do differs from host to host.
        assert_eq!(found.usable_by(reader.uid, reader.gid).map_err(|obstacle| obstacle.what), Ok(()));
    }
}

#[test]
fn a_virtual_environment_is_started_by_its_own_name_and_brings_its_packages() {
    let Some(base) = real() else { return };
    let dir = tempfile::tempdir().unwrap();
    let venv = dir.path().canonicalize().unwrap().join("env");
    let made = Command::new(&base.path).args(["-I", "-m", "venv", "--without-pip"]).arg(&venv).status().unwrap();
    if !made.success() {
        return eprintln!("SKIPPED, virtual environments are NOT tested: this interpreter comes without venv");
    }
    let python = venv.join("bin/python");
    let found = explicit(&python).unwrap();
    assert_eq!(found.source, Source::Setting);
    let interpreter = found.interpreter;
    assert_eq!(interpreter.path, python);
    assert_eq!(interpreter.real_path, base.real_path);
    assert_eq!(interpreter.stdlib, base.stdlib);
    assert_eq!(interpreter.startup_files.first(), Some(&venv.join("pyvenv.cfg")));
    assert!(interpreter.site_packages.iter().any(|dir| dir.starts_with(&venv)), "{interpreter:?}");
    assert!(interpreter.library_dirs.iter().all(|dir| *dir != venv), "{interpreter:?}");

    let (uid, gid) = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    let bin = venv.join("bin");
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o077)).unwrap();
    let obstacle = interpreter.usable_by(uid, gid).unwrap_err();
    fs::set_permissions(&bin, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!((obstacle.path.as_path(), obstacle.what), (bin.as_path(), Obstacle::CannotEnter));

    let minor = base.version.1;
    let env = |name: &str| match name {
        "PATH" => Some(venv.join("bin").into_os_string()),
        _ => None,
    };
    let (found, _) = search(&env);
    let (interpreter, source) = found.unwrap();
    assert_eq!((interpreter.path.parent(), source), (Some(venv.join("bin").as_path()), Source::Path), "3.{minor}");
}

#[test]
fn a_shim_leads_to_the_interpreter_it_starts() {
    let Some(base) = real() else { return };
    let dir = tempfile::tempdir().unwrap();
    let shims = dir.path().canonicalize().unwrap();
    let name = format!("python3.{}", base.version.1);
    script(&shims.join("python3.14"), "echo 'not selected' >&2; exit 127");
    script(&shims.join(&name), &format!("exec '{}' \"$@\"", base.path.display()));
    let path: OsString = shims.clone().into();
    let (found, search) = search(&|variable| (variable == "PATH").then(|| path.clone()));
    let (interpreter, source) = found.unwrap();
    assert_eq!((interpreter.path, source), (base.path.clone(), Source::Path));
    if base.version.1 != 14 {
        assert!(search.rejected[0].reason.to_string().ends_with("code 127: not selected"), "{:?}", search.rejected);
    }
    assert_eq!(explicit(&shims.join(name)).unwrap().interpreter.path, base.path);
}
