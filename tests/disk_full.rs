//! A host without space: the log cannot be written, nor can anything else below the runner. Tasks run as before, and the log goes
//! on when there is space again.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::path::PathBuf;

use common::sandbox::runner::{Runner, Setup, message};
use common::sandbox::{LONG, ORDINARY, User, eventually, place, skip};
use nix::unistd::getuid;
use serde_json::json;

/// More than the log's queue of lines holds, and more than a small disk does.
const TALK: &str = "for n in range(90):\n    print('x' * 60_000, n)\nreturn [{'json': {'n': len(_items)}}]";

async fn tasks_run(runner: &Runner) {
    for _ in 0..3 {
        runner.ordinary_task("there was no space").await;
        assert_eq!(runner.task(TALK, &json!([{"json": {}}])).await, Ok(json!([{"json": {"n": 1}}])));
        assert_eq!(message(&runner.task("raise ValueError('own')", &json!([])).await), "own");
    }
}

/// Every write fails with ENOSPC, on stdout and on stderr.
#[tokio::test]
async fn a_log_that_can_never_be_written_costs_the_log_and_no_task() {
    for user in User::all() {
        for look in ["text", "json"] {
            let setup = Setup { before: "exec >/dev/full 2>&1".to_owned(), ..Setup::new(user) };
            let runner = Runner::start(setup.variable("PALISADE_LOG", look)).await;
            let (forkserver, _) = runner.filled().await;
            tasks_run(&runner).await;
            assert!(runner.supervisor.is_alive() && runner.forkserver() == forkserver);
            assert_eq!(runner.log(), "", "it went elsewhere");
        }
    }
}

/// A disk of 256 KiB, full to the last byte when the runner starts, below its log and everywhere that programs put files.
struct Disk(PathBuf);

impl Disk {
    fn new(name: &str) -> Self {
        let folder = place().join(format!("full-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// What the shell does that becomes the runner: a mount of its own, which goes with it. Its process stays the same.
    fn before(&self, user: User) -> String {
        let disk = self.0.display();
        let mount = format!(
            "set -e; mount --make-rprivate /; mount -t tmpfs -o size=256k,mode=1777 disk {disk}; \
             (head -c 10000000 /dev/zero > {disk}/filler) 2>/dev/null || true; \
             for place in /dev/shm /var/tmp; do mount --bind {disk} $place; done; \
             touch {disk}/log; chmod 666 {disk}/log {disk}/filler; cd {disk}; exec >>{disk}/log 2>&1"
        );
        let drop = match user {
            User::Root => String::new(),
            User::Ordinary => format!("setpriv --reuid {ORDINARY} --regid {ORDINARY} --clear-groups"),
        };
        format!("exec unshare -m /bin/sh -c '{mount}; exec {drop} \"$0\"' \"$0\"")
    }

    /// The disk as the runner sees it.
    fn inside(&self, runner: &Runner) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", runner.supervisor.pid, self.0.display()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[tokio::test]
async fn a_full_disk_costs_the_log_until_there_is_space() {
    if !getuid().is_root() {
        return skip("mounting a disk needs root");
    }
    for user in User::all() {
        let disk = Disk::new(&format!("{user:?}"));
        // Whom it becomes is the shell's affair: only root can mount.
        let setup = Setup { before: disk.before(user), ..Setup::new(User::Root) };
        let setup = setup.variable("TMPDIR", disk.0.to_str().unwrap());
        let runner = Runner::start(setup).await;
        assert_eq!(runner.supervisor.status("Uid").split(' ').next(), Some(user.uid().to_string().as_str()));
        let inside = disk.inside(&runner);
        let full = std::fs::write(inside.join("more"), [0; 5000]).unwrap_err();
        assert_eq!(full.raw_os_error(), Some(nix::errno::Errno::ENOSPC as i32));
        let _ = std::fs::remove_file(inside.join("more"));

        tasks_run(&runner).await;
        let log = || std::fs::read_to_string(inside.join("log")).unwrap();
        assert!(!log().contains("Completed"), "the disk has space: {}", log());

        std::fs::write(inside.join("filler"), "").unwrap();
        let task = runner.begin("return 5", &json!([])).await;
        let id = task.id.clone();
        assert_eq!(common::sandbox::runner::outcome(task).await, Ok(json!(5)));
        let completed = eventually(LONG, || log().contains(&format!("Completed task {id} ")));
        assert!(completed.await, "the log does not go on: {}", log());
        assert!(runner.supervisor.is_alive());
    }
}

/// The task that fills its scratch folder is told so, with the host's disk as full as its own; the next one has an empty one.
#[tokio::test]
async fn a_full_scratch_folder_is_its_tasks_own_matter() {
    const FILL: &str = "with open('big', 'wb') as file:\n    file.write(bytes(5 << 20))\nreturn []";
    const FIT: &str = "with open('small', 'wb') as file:\n    return [{'json': {'n': file.write(bytes(1 << 20))}}]";
    if !getuid().is_root() {
        return skip("mounting a disk needs root");
    }
    let disk = Disk::new("scratch");
    let setup = Setup { before: disk.before(User::Root), ..Setup::new(User::Root) };
    let setup = setup.variable("TMPDIR", disk.0.to_str().unwrap()).policy("size_mib", "4").policy("tier", "\"files\"");
    let runner = Runner::start(setup).await;
    for _ in 0..2 {
        assert_eq!(message(&runner.task(FILL, &json!([])).await), "[Errno 28] No space left on device");
        assert_eq!(runner.task(FIT, &json!([])).await, Ok(json!([{"json": {"n": 1 << 20}}])));
    }
}
