//! A `CPython` to hold ours against.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "a test without an answer is no test")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// An interpreter of a supported version, and where its library is.
pub(crate) struct CPython {
    program: PathBuf,
    pub(crate) library: PathBuf,
    pub(crate) version: String,
}

impl CPython {
    /// Asks each interpreter that may be here: the one that is named, those on the path, those of pyenv.
    pub(crate) fn find() -> Option<Self> {
        let named = std::env::var_os("PALISADE_PYTHON").map(PathBuf::from);
        let usual = ["python3.14", "python3.13", "python3"].map(PathBuf::from);
        let pyenv = std::env::home_dir().into_iter().flat_map(|home| {
            let versions = std::fs::read_dir(home.join(".pyenv/versions")).into_iter().flatten().flatten();
            versions.map(|version| version.path().join("bin/python3")).collect::<Vec<_>>()
        });
        named.into_iter().chain(usual).chain(pyenv).find_map(|program| {
            let script = "import platform, sys, sysconfig\nassert (3, 13) <= sys.version_info < (3, 15)\n\
                          print(platform.python_version(), sysconfig.get_path('stdlib'))";
            let output = Command::new(&program).args(["-I", "-c", script]).output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            let (version, library) = text.trim().split_once(' ')?;
            output.status.success().then(|| Self { program, library: library.into(), version: version.to_owned() })
        })
    }

    /// The same; where there is none the test says that it looked for one.
    pub(crate) fn find_or_say() -> Option<Self> {
        let found = Self::find();
        if found.is_none() {
            eprintln!("SKIPPED: no CPython 3.13 or 3.14 found; name one in PALISADE_PYTHON");
        }
        found
    }

    /// Runs `script` with a text on stdin, and returns what it prints.
    #[track_caller]
    pub(crate) fn run(&self, script: &str, stdin: String) -> String {
        let mut child = Command::new(&self.program)
            .args(["-I", "-X", "utf8", "-W", "ignore", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || pipe.write_all(stdin.as_bytes()));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }
}
