//! Every path of a real jail's and a real child's rules, and of those that abilities add, is opened in the ways that are allowed
//! and in those that are not. Landlock holds for one thread, so each trial is a thread that is thrown away.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod engine;
    pub(crate) mod sandbox;
}

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use common::engine::Setup;
use common::sandbox::everyone::as_everyone;
use common::sandbox::interpreter;
use nix::errno::Errno;
use palisade::plan::{Planned, plan};
use palisade_policy::Policy;
use palisade_sandbox::landlock::{Allowed, restrict, ruleset};
use palisade_sandbox::plan::{Calls, FileRules, RESOLVER_FILES};

fn planned() -> Planned {
    let setup = Setup::allowing("*", "*");
    let policy = Policy::load(setup.config.stdlib_allow.clone(), setup.config.external_allow.clone(), None).unwrap();
    let interpreter = interpreter::found(Some(interpreter::path()));
    plan(&policy, &interpreter, &setup.config, 1).unwrap()
}

/// What `body` gives in a thread that these rules hold for.
fn within<T: Send>(allowed: Allowed<'_>, body: impl FnOnce() -> T + Send) -> T {
    let ruleset = ruleset(&allowed).unwrap();
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            nix::sys::prctl::set_no_new_privs().unwrap();
            restrict(ruleset.as_fd()).unwrap();
            body()
        });
        inside.join().unwrap()
    })
}

fn errno<T>(result: io::Result<T>) -> i32 {
    result.map_or_else(|error| error.raw_os_error().unwrap_or(-1), |_| 0)
}

const DENIED: i32 = Errno::EACCES as i32;

#[derive(Debug, PartialEq, Eq)]
struct Got {
    read: i32,
    write: i32,
    make: i32,
    list_parent: i32,
    execute: i32,
}

/// Tries everything with one path. A file that this user cannot open anyway shows nothing.
fn tried(path: &Path) -> Got {
    let list = |folder: &Path| errno(fs::read_dir(folder));
    let new = path.join("made-by-a-test");
    let got = Got {
        read: if path.is_dir() { list(path) } else { errno(File::open(path)) },
        write: errno(OpenOptions::new().append(true).open(path)),
        make: errno(OpenOptions::new().write(true).create_new(true).open(&new)),
        list_parent: list(path.parent().unwrap_or(Path::new("/"))),
        // Nothing is opened for it but the program.
        execute: errno(Command::new(path).arg("--version").stdin(Stdio::piped()).env_clear().output()),
    };
    assert!(got.make != 0, "{} was made", new.display());
    got
}

fn every_path_is_as_ruled(allowed: Allowed<'_>) {
    let resolver: &[&str] = if allowed.calls.dns { &RESOLVER_FILES } else { &[] };
    let read: Vec<PathBuf> = allowed.files.read.iter().cloned().chain(resolver.iter().map(PathBuf::from)).collect();
    // Where a link leads to is what the rule is about.
    let leads_to = |path: &PathBuf| fs::canonicalize(path).ok();
    let covered: BTreeSet<PathBuf> = read.iter().filter_map(leads_to).collect();
    let executable: BTreeSet<PathBuf> = allowed.files.execute.iter().filter_map(leads_to).collect();
    let mut count = 0;
    for path in covered.iter().chain(&executable) {
        let openable = if path.is_dir() { fs::read_dir(path).is_ok() } else { File::open(path).is_ok() };
        if !openable {
            continue;
        }
        count += 1;
        let got = within(allowed, || tried(path));
        assert_eq!(got.read, 0, "{} should be readable", path.display());
        // A folder opened for writing, or a file used as a folder, is another error wherever it comes first.
        let (folder, not_folder) = (Errno::EISDIR as i32, Errno::ENOTDIR as i32);
        let read_only = Errno::EROFS as i32;
        // So is writing to a program that somebody runs at the time.
        let running = Errno::ETXTBSY as i32;
        assert!([DENIED, folder, read_only, running].contains(&got.write), "{}: {got:?}", path.display());
        assert!([DENIED, not_folder, read_only].contains(&got.make), "{}: {got:?}", path.display());
        let parent = path.parent().unwrap_or(Path::new("/"));
        let listed = covered.iter().any(|rule| parent.starts_with(rule));
        assert_eq!(got.list_parent, if listed { 0 } else { DENIED }, "{}", parent.display());
        if executable.contains(path) {
            // Read on libraries is what makes it run; without them the loader says so, and that is its exit code.
            assert_eq!(got.execute, 0, "{} should be executable", path.display());
        } else {
            assert_eq!(got.execute, DENIED, "{} should not be executable", path.display());
        }
    }
    assert!(count > 0 || read.is_empty(), "no path could be tried");
    for outside in ["/", "/etc/passwd", "/proc/self/environ", "/proc/self/mem", "/dev/zero", "/bin/sh"] {
        let path = Path::new(outside);
        if !path.exists() || covered.iter().any(|rule| fs::canonicalize(path).is_ok_and(|real| real.starts_with(rule)))
        {
            continue;
        }
        let got = within(allowed, || tried(path));
        assert_eq!((got.read, got.execute), (DENIED, DENIED), "{outside}");
    }
}

#[tokio::test]
async fn every_path_of_a_jail_and_of_a_child() {
    as_everyone("every_path_of_a_jail_and_of_a_child", async {
        let planned = planned();
        let (jail, seal) = (&planned.recipe.jail, &planned.recipe.seal);
        assert!(!jail.files.read.is_empty() && !jail.files.execute.is_empty() && !seal.files.read.is_empty());
        let nothing = FileRules::default();
        for (files, calls) in [
            (&jail.files, Calls::strict()),
            (&seal.files, Calls { files: true, ..Calls::strict() }),
            (&nothing, Calls { dns: true, ..Calls::strict() }),
            (&nothing, Calls::strict()),
        ] {
            every_path_is_as_ruled(Allowed { files, calls, connect_tcp: &[], scratch: None });
        }
    })
    .await;
}

/// What a policy lists for reading: a file and a folder, and nothing beside them.
#[tokio::test]
async fn files_of_the_policys_list() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("listed/below")).unwrap();
    for name in ["listed/below/file", "single", "other"] {
        fs::write(at(name), name).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o777)).unwrap();
    }
    std::os::unix::fs::symlink(at("other"), at("listed/link")).unwrap();
    let files = FileRules { execute: Vec::new(), read: vec![at("listed"), at("single"), at("missing")] };
    let allowed = Allowed { files: &files, calls: Calls::strict(), connect_tcp: &[], scratch: None };
    every_path_is_as_ruled(allowed);
    within(allowed, || {
        assert_eq!(fs::read(at("listed/below/file")).unwrap(), b"listed/below/file");
        assert_eq!(fs::read(at("single")).unwrap(), b"single");
        for refused in ["other", "listed/link", "listed/../other"] {
            assert_eq!(errno(File::open(at(refused))), DENIED, "{refused}");
        }
        for changed in ["listed/below/file", "single", "other"] {
            assert_eq!(errno(File::create(at(changed))), DENIED, "{changed}");
            assert_eq!(errno(fs::remove_file(at(changed))), DENIED, "{changed}");
            assert_eq!(errno(fs::rename(at(changed), at("listed/new"))), DENIED, "{changed}");
        }
        assert_eq!(errno(fs::create_dir(at("listed/new"))), DENIED);
    });
    // And whatever else may be done in a scratch folder, nothing is executed and nothing special made.
    let scratch = at("listed");
    let nothing = FileRules::default();
    within(Allowed { files: &nothing, calls: Calls::strict(), connect_tcp: &[], scratch: Some(&scratch) }, || {
        fs::write(at("listed/new"), "new").unwrap();
        fs::create_dir(at("listed/folder")).unwrap();
        fs::rename(at("listed/new"), at("listed/folder/new")).unwrap();
        fs::remove_file(at("listed/folder/new")).unwrap();
        fs::remove_dir(at("listed/folder")).unwrap();
        assert_eq!(errno(Command::new(at("listed/below/file")).status()), DENIED);
        assert_eq!(errno(std::os::unix::fs::symlink("/", at("listed/root"))), DENIED);
        assert_eq!(errno(std::os::unix::net::UnixListener::bind(at("listed/socket"))), DENIED);
        let pipe = nix::unistd::mkfifo(&at("listed/pipe"), nix::sys::stat::Mode::S_IRWXU);
        assert_eq!(pipe, Err(Errno::EACCES));
        assert_eq!(errno(fs::hard_link(at("single"), at("listed/single"))), Errno::EXDEV as i32);
        assert_eq!(errno(File::open(at("single"))), DENIED);
        assert_eq!(errno(File::create(at("new"))), DENIED);
    });
}
