//! Virtual environments with packages that the test makes itself: which are refused and why, what of a `.pth` file counts, and
//! what is said of packages that cannot be imported. No index is needed.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod sandbox;
}

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::check::{self, palisade, row, text};
use common::sandbox::{User, interpreter, place, skip};
use nix::unistd::getuid;
use serde_json::Value;

/// A virtual environment of a test, which goes with it.
struct Venv(PathBuf);

impl Venv {
    /// As `python -m venv` makes it; nothing where the interpreter comes without that.
    fn made(name: &str) -> Option<Self> {
        let folder = place().join(format!("venv-{name}-{}", std::process::id()));
        let made = Command::new(interpreter::path())
            .args(["-I", "-m", "venv", "--clear", "--without-pip"])
            .arg(&folder)
            .output();
        if !made.is_ok_and(|made| made.status.success()) {
            skip("no virtual environment was tried: this interpreter cannot make one");
            return None;
        }
        Some(Self(folder))
    }

    fn packages(&self) -> PathBuf {
        let lib = self.0.join("lib").read_dir().unwrap().flatten().next().expect("a folder of a version").path();
        lib.join("site-packages")
    }

    /// A package of one file.
    fn package(&self, name: &str, source: &str) -> PathBuf {
        let folder = self.packages().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("__init__.py"), source).unwrap();
        folder
    }

    fn change_mark(&self, change: impl Fn(&str) -> String) {
        let mark = self.0.join("pyvenv.cfg");
        fs::write(&mark, change(&fs::read_to_string(&mark).unwrap())).unwrap();
    }
}

impl Drop for Venv {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The report of `check`, with and without imports, on an environment and an allow list.
fn checked(user: User, venv: &Path, external: &str, imports: bool, more: &[(&str, &Path)]) -> (Value, bool) {
    let mut variables = vec![("PALISADE_VENV", venv), ("N8N_RUNNERS_EXTERNAL_ALLOW", Path::new(external))];
    variables.extend(more);
    let arguments: &[&str] = if imports { &["check", "--imports", "--json"] } else { &["check", "--json"] };
    let output = palisade(user, arguments, &variables);
    (check::json(&output), output.status.success())
}

fn interpreter_row(user: User, venv: &Path, more: &[(&str, &Path)]) -> String {
    let (report, _) = checked(user, venv, "", false, more);
    let row = row(&report, "interpreter");
    assert_eq!(row["result"], "fail", "{row:#}");
    row["found"].as_str().unwrap().to_owned()
}

fn import<'a>(report: &'a Value, module: &str) -> &'a Value {
    let imports = report["imports"].as_array().unwrap();
    imports.iter().find(|import| import["module"] == module).unwrap_or_else(|| panic!("no {module} in {report:#}"))
}

fn remark<'a>(report: &'a Value, module: &str) -> &'a str {
    import(report, module)["remark"].as_str().unwrap_or_default()
}

#[test]
fn an_environment_that_does_not_fit_is_refused_with_what_to_do() {
    let user = User::all()[0];
    let Some(venv) = Venv::made("unfit") else { return };
    let said = interpreter_row(user, Path::new("/nonexistent/venv"), &[]);
    assert!(said.starts_with("PALISADE_VENV: /nonexistent/venv does not exist"), "{said}");
    let said = interpreter_row(user, &venv.packages(), &[]);
    assert!(said.contains("is no virtual environment, as it has no pyvenv.cfg"), "{said}");
    let said = interpreter_row(user, &venv.0, &[("PALISADE_PYTHON", Path::new("/bin/sh"))]);
    assert!(said.contains("but PALISADE_PYTHON names /bin/sh; unset PALISADE_PYTHON"), "{said}");

    let (_, minor, _) = interpreter::found(Some(interpreter::path())).version;
    venv.change_mark(|mark| mark.replace(&format!("version = 3.{minor}"), "version = 3.12"));
    let said = interpreter_row(user, &venv.0, &[]);
    assert!(said.contains("was made for CPython 3.12") && said.contains("venv --clear"), "{said}");
    venv.change_mark(|mark| mark.replace("version = 3.12", &format!("version = 3.{minor}")));

    let python = venv.0.join("bin/python");
    fs::remove_file(&python).unwrap();
    symlink("/nonexistent/python3", &python).unwrap();
    let said = interpreter_row(user, &venv.0, &[]);
    assert!(said.contains("has no interpreter any more"), "{said}");
    fs::remove_file(&python).unwrap();
    symlink("/bin/true", &python).unwrap();
    let said = interpreter_row(user, &venv.0, &[]);
    assert!(said.contains("cannot be used: its interpreter"), "{said}");
}

#[test]
fn an_environment_that_the_runners_user_cannot_read_is_refused_by_name() {
    if !getuid().is_root() {
        return skip("an environment that is closed to the runner was not tried: this test was not started by root");
    }
    let Some(venv) = Venv::made("closed") else { return };
    fs::set_permissions(&venv.0, fs::Permissions::from_mode(0o700)).unwrap();
    let said = interpreter_row(User::Ordinary, &venv.0, &[]);
    assert!(said.contains("cannot enter") && said.contains("mode 0700"), "{said}");
}

/// Lines of code in a `.pth` file would run with the rights of the runner where the interpreter is asked for its folders, and
/// before the first act of the forkserver; so would `sitecustomize`.
#[test]
fn code_in_pth_files_is_never_run_and_folders_in_them_count() {
    let Some(venv) = Venv::made("pth") else { return };
    let mark = venv.0.join("it-ran");
    let run = format!("open({:?}, 'w').close(); os._exit(3)", mark.display().to_string());
    fs::write(venv.packages().join("a.pth"), format!("import os; {run}\n")).unwrap();
    fs::write(venv.packages().join("sitecustomize.py"), format!("import os\n{run}\n")).unwrap();
    let source = venv.0.join("src");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("edited.py"), "VALUE = 7\n").unwrap();
    fs::write(venv.packages().join("b.pth"), format!("# a comment\n\n{}\n/nonexistent\n", source.display())).unwrap();
    for user in User::all() {
        let (report, success) = checked(user, &venv.0, "edited", true, &[]);
        assert!(success && import(&report, "edited")["works"] == true, "{user:?} {report:#}");
        let details = row(&report, "interpreter")["details"].to_string();
        assert!(details.contains("a.pth is not run"), "{details}");
        assert!(!mark.exists(), "{user:?}");
    }
}

#[test]
fn packages_that_cannot_be_imported_say_why_and_the_others_work() {
    let Some(venv) = Venv::made("broken") else { return };
    venv.package("sound", "def late():\n    from sound import rare\n    return rare.VALUE\n");
    fs::write(venv.packages().join("sound/rare.py"), "VALUE = 5\n").unwrap();
    fs::write(venv.packages().join("sound/extra.py"), "raise OSError('libextra.so.1: no such file')\n").unwrap();
    fs::create_dir(venv.packages().join("sound/tests")).unwrap();
    fs::write(venv.packages().join("sound/tests/__init__.py"), "import os; os._exit(3)\n").unwrap();
    venv.package("broken", "raise RuntimeError('needs a licence')\n");
    venv.package("leaves", "import sys\nsys.exit('no display')\n");
    for user in User::all() {
        let (report, success) = checked(user, &venv.0, "sound,broken,leaves,absent", true, &[]);
        assert!(!success, "{user:?}");
        assert_eq!(import(&report, "sound")["works"], true, "{report:#}");
        for (module, part) in [
            ("broken", "could not be loaded when the runner started: RuntimeError: needs a licence"),
            ("leaves", "could not be loaded when the runner started: SystemExit: no display"),
            ("absent", "No module named 'absent'"),
        ] {
            assert_eq!(import(&report, module)["works"], false, "{user:?} {report:#}");
            assert!(remark(&report, module).contains(part), "{user:?} {}", remark(&report, module));
        }
    }
    let run = |code: &str| {
        let script = venv.0.join("task.py");
        fs::write(&script, code).unwrap();
        let variables = [("PALISADE_VENV", venv.0.as_path()), ("N8N_RUNNERS_EXTERNAL_ALLOW", Path::new("sound"))];
        check::json(&palisade(User::all()[0], &["run", script.to_str().unwrap(), "--json"], &variables))
    };
    let said = run("import sound\nreturn [{'json': {'v': sound.late()}}]\n");
    assert_eq!(said["result"][0]["json"]["v"], 5, "{said:#}");
    let said = run("from sound import extra\n");
    let message = said["error"]["message"].as_str().unwrap();
    let part = "module 'sound.extra' could not be loaded when the runner started: OSError: libextra.so.1: no such file";
    assert!(message.contains(part), "{message}");
}

/// Where tasks have no threads, the forkserver has none either; where they have, one that was started before would be missed by
/// every child.
#[test]
fn a_package_that_starts_a_thread_is_named() {
    let Some(venv) = Venv::made("threads") else { return };
    venv.package("calm", "");
    let starts = "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n";
    venv.package("restless", starts);
    let tier = check::written("venv-threads.toml", "[syscalls]\ntier = \"threads\"\n", 0o644);
    for user in User::all() {
        let (report, success) = checked(user, &venv.0, "calm,restless", true, &[]);
        assert!(!success && import(&report, "calm")["works"] == true, "{user:?} {report:#}");
        assert!(remark(&report, "restless").contains("RuntimeError: can't start new thread"), "{report:#}");

        let (report, success) = checked(user, &venv.0, "calm,restless", true, &[("PALISADE_POLICY", &tier)]);
        assert!(!success, "{user:?}");
        let said = row(&report, "sealed_child")["found"].as_str().unwrap();
        assert!(said.contains("threads are running in it") && said.contains("by the import of restless"), "{said}");
        assert!(said.contains("take it off N8N_RUNNERS_EXTERNAL_ALLOW"), "{said}");
        assert!(remark(&report, "restless").contains("started by the import of restless"), "{report:#}");
        assert!(remark(&report, "calm").starts_with("alone it starts"), "{report:#}");
    }
}

#[test]
fn a_folder_of_packages_that_everybody_may_write_to_is_told() {
    let user = User::all()[0];
    let Some(venv) = Venv::made("open") else { return };
    let (report, _) = checked(user, &venv.0, "", false, &[]);
    assert!(!row(&report, "interpreter").to_string().contains("everybody"), "{report:#}");
    fs::set_permissions(venv.packages(), fs::Permissions::from_mode(0o777)).unwrap();
    let (report, success) = checked(user, &venv.0, "", false, &[]);
    let row = row(&report, "interpreter");
    assert!(success && row["result"] == "caution", "{row:#}");
    let remedy = row["remedy"].as_str().unwrap();
    assert!(remedy.starts_with("everybody on this host may write to") && remedy.contains("site-packages"), "{remedy}");
}

#[test]
fn the_table_tells_what_the_json_tells() {
    let Some(venv) = Venv::made("table") else { return };
    venv.package("sound", "");
    let variables = [
        ("PALISADE_VENV", venv.0.as_path()),
        ("N8N_RUNNERS_EXTERNAL_ALLOW", Path::new("sound,absent")),
        ("N8N_RUNNERS_STDLIB_ALLOW", Path::new("json")),
    ];
    let output = palisade(User::all()[0], &["check", "--imports"], &variables);
    let table = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{table}");
    assert!(table.contains("IMPORT") && table.contains("2 of 3 allowed modules can be imported by tasks."), "{table}");
    assert!(text(&output.stderr).contains("palisade: tasks cannot import absent: No module named 'absent'"));
}
