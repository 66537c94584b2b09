//! What the tests of the seal share: a real runner as root or as an ordinary user, and its processes as seen from outside.
//!
//! Every test uses a part of it.
#![allow(dead_code, reason = "each test crate uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

pub(crate) mod attempts;
pub(crate) mod everyone;
pub(crate) mod interpreter;
pub(crate) mod process;
pub(crate) mod runner;

use std::fs;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::unistd::getuid;
use palisade::interpreter::{executable_by, readable_by};

/// The runner's executable, built for this test.
pub(crate) const PALISADE: &str = env!("CARGO_BIN_EXE_palisade");

/// The ordinary user of these tests; whether it has a name does not matter.
pub(crate) const ORDINARY: u32 = 1000;

/// Much longer than anything here takes on an idle machine.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// Waits for what must happen, and fails the test where it does not.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.unwrap_or_else(|_| panic!("this should have happened by now: {what}"))
}

/// Waits until `condition` holds, for at most `limit`. A loaded machine stretches the limit: it is counted in pauses.
pub(crate) async fn eventually(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    const PAUSE: Duration = Duration::from_millis(10);
    for _ in 0..limit.as_millis() / PAUSE.as_millis() {
        if condition() {
            return true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    condition()
}

/// Whom a runner runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// As root: children get user ids of their own.
    Root,
    /// As a user without any privilege.
    Ordinary,
}

impl User {
    /// Those that can be had here. One that cannot is a skip, and is said so.
    pub(crate) fn all() -> Vec<Self> {
        if getuid().is_root() {
            return vec![Self::Root, Self::Ordinary];
        }
        skip("nothing was tried as root: this test was not started by root");
        vec![Self::Ordinary]
    }

    /// The id a runner of this user has.
    pub(crate) fn uid(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::Ordinary if getuid().is_root() => ORDINARY,
            Self::Ordinary => getuid().as_raw(),
        }
    }
}

/// Tells, for everybody to see, that something was not tried here.
pub(crate) fn skip(why: &str) {
    static SKIPPED: AtomicUsize = AtomicUsize::new(0);
    let count = SKIPPED.fetch_add(1, Ordering::SeqCst) + 1;
    // Not eprintln!, which the test harness keeps to itself where the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}\nskipped in this test program so far: {count}");
}

/// A folder that everybody can reach and only this user can change, for what the ordinary user must read.
pub(crate) fn place() -> &'static Path {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    PLACE.get_or_init(|| {
        let own = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let name = format!("palisade-tests-of-{}", getuid());
        let candidates = [own.join("sandbox"), std::env::temp_dir().join(name)];
        let reachable = |folder: &PathBuf| {
            fs::create_dir_all(folder).is_ok() && owned(folder) && readable_by(folder, ORDINARY, ORDINARY).is_ok()
        };
        candidates.into_iter().find(reachable).expect("a folder that everybody can reach")
    })
}

fn owned(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    folder.symlink_metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == getuid().as_raw())
}

/// The runner's executable where everybody can start it.
pub(crate) fn executable() -> &'static Path {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        if executable_by(Path::new(PALISADE), ORDINARY, ORDINARY).is_ok() {
            return PALISADE.into();
        }
        let (new, copy) = (place().join(format!("palisade.{}", std::process::id())), place().join("palisade"));
        fs::copy(PALISADE, &new).expect("the executable can be copied");
        fs::rename(&new, &copy).expect("the copy can be named");
        copy
    })
}
