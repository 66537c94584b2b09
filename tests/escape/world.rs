//! What lies outside of the sandbox for attempts to find: files, listeners, a decoy.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use nix::unistd::{Gid, Uid, chown, getuid};
use palisade::offers::random_id;
use palisade_sandbox::seccomp::Arch;
use serde_json::{Value, json};

use crate::decoy::Decoy;
use crate::listeners::Listeners;
use crate::sandbox::process::{Process, Strangers};
use crate::sandbox::{User, interpreter, place};

/// Names in a folder of the world.
const CANARY: &str = "canary";
const SECRET: &str = "secret";
const EMPTY: &str = "empty";

/// What is outside. Dropping it removes it.
pub(crate) struct World {
    /// The only ones below are the runner's.
    pub(crate) private: Place,
    /// Everybody may do everything.
    pub(crate) public: Place,
    /// They should hear nothing.
    pub(crate) listeners: Listeners,
    /// It should be left alone.
    pub(crate) decoy: Decoy,
    /// The runner's user.
    pub(crate) uid: u32,
    /// A file of the standard library.
    pub(crate) library: PathBuf,
    /// The folder of all of it.
    pub(crate) base: PathBuf,
    /// Processes of others.
    pub(crate) strangers: Arc<Strangers>,
}

/// A folder with a canary, a secret and an empty folder.
pub(crate) struct Place {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// What the file `secret` in it holds.
    pub(crate) secret: String,
    uid: u32,
    open: bool,
    state: Vec<String>,
}

impl World {
    /// Makes all of it, as if by this user.
    pub(crate) fn new(user: User) -> Self {
        let uid = user.uid();
        let base = place().join(format!("world-{}", random_id()));
        fs::create_dir_all(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).unwrap();
        let private = Place::new(base.join("private"), uid, false);
        let public = Place::new(base.join("public"), uid, true);
        let listeners = Listeners::new(&base.join("listeners"), uid);
        let library = interpreter::found(Some(interpreter::path())).stdlib.join("os.py");
        Self {
            private,
            public,
            listeners,
            decoy: Decoy::start(uid),
            uid,
            library,
            base,
            strangers: Arc::new(Strangers::default()),
        }
    }

    /// What an attempt is told.
    pub(crate) fn host(&self, runner: &Inhabitants, mark: &str, key: i32) -> Value {
        let who = |process: &Process| json!({"pid": process.pid, "inside": process.inside()});
        let mut decoy = who(&self.decoy.process);
        decoy["address"] = json!(self.decoy.address);
        decoy["length"] = json!(self.decoy.secret.len());
        decoy["uid"] = json!(self.uid);
        let mut host = self.private.host();
        let more = json!({
            "mark": mark,
            "key": key,
            "calls": calls(),
            "public": self.public.host(),
            "library": self.library,
            "python": interpreter::path(),
            "program": "/usr/bin/touch",
            "supervisor": who(&runner.supervisor),
            "forkserver": who(&runner.forkserver),
            "sibling": runner.sibling.as_ref().map(who),
            "spares": runner.spares.iter().map(who).collect::<Vec<_>>(),
            "decoy": decoy,
            "uid": self.uid,
        });
        for part in [more, self.listeners.host()] {
            let Value::Object(part) = part else { continue };
            for (name, value) in part {
                host[name] = value;
            }
        }
        host
    }

    /// Folders where something with the mark of an attempt might be made.
    pub(crate) fn watched(&self) -> Vec<PathBuf> {
        let common = ["/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev/mqueue"].map(PathBuf::from);
        let own = [&self.private, &self.public].into_iter().flat_map(|p| [p.folder.clone(), p.folder.join(EMPTY)]);
        let library = self.library.parent().map(Path::to_owned);
        common.into_iter().chain(own).chain([self.base.clone()]).chain(library).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}

impl Place {
    fn new(folder: PathBuf, uid: u32, open: bool) -> Self {
        let secret = format!("secret-{}", random_id());
        let mut place = Self { folder, secret, uid, open, state: Vec::new() };
        place.make();
        place
    }

    /// Makes it anew.
    pub(crate) fn make(&mut self) {
        let mode = |file: u32, everybody: u32| fs::Permissions::from_mode(if self.open { everybody } else { file });
        if let Ok(meta) = self.folder.symlink_metadata() {
            // Not through a link: who knows where an attempt has it lead to.
            if meta.is_dir() {
                // A mode that was taken away must not keep it from being removed.
                let _ = fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700));
            }
            fs::remove_dir_all(&self.folder).or_else(|_| fs::remove_file(&self.folder)).unwrap();
        }
        fs::create_dir(&self.folder).unwrap();
        fs::create_dir(self.folder.join(EMPTY)).unwrap();
        fs::write(self.folder.join(CANARY), "a canary\n").unwrap();
        fs::write(self.folder.join(SECRET), &self.secret).unwrap();
        for (name, permissions) in [
            (CANARY, mode(0o600, 0o666)),
            (SECRET, mode(0o600, 0o666)),
            (EMPTY, mode(0o700, 0o777)),
            ("", mode(0o700, 0o777)),
        ] {
            let path = if name.is_empty() { self.folder.clone() } else { self.folder.join(name) };
            fs::set_permissions(&path, permissions).unwrap();
            give(&path, self.uid);
        }
        self.state = self.look();
    }

    /// What differs from how it was made.
    pub(crate) fn changes(&self) -> Vec<String> {
        let now = self.look();
        let gone = self.state.iter().filter(|line| !now.contains(line)).map(|line| format!("- {line}"));
        let new = now.iter().filter(|line| !self.state.contains(line)).map(|line| format!("+ {line}"));
        gone.chain(new).collect()
    }

    fn look(&self) -> Vec<String> {
        let mut lines = vec![state("folder", &self.folder)];
        let mut pending = vec![self.folder.clone()];
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = path.strip_prefix(&self.folder).unwrap_or(&path).to_string_lossy().into_owned();
                lines.push(state(&name, &path));
                if path.is_dir() && !path.is_symlink() {
                    pending.push(path);
                } else if [CANARY, SECRET].contains(&&*name) {
                    // A pipe put in its place would block whoever reads it.
                    let text = if path.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
                    lines.push(format!("{name} holds {:?}", String::from_utf8_lossy(&text)));
                }
            }
        }
        lines.sort();
        lines
    }

    fn host(&self) -> Value {
        json!({
            "folder": self.folder,
            "canary": self.folder.join(CANARY),
            "secret": self.folder.join(SECRET),
            "empty": self.folder.join(EMPTY),
        })
    }
}

/// All that the kernel has on it but the time it was read: the time of its last change covers attributes and flags.
fn state(name: &str, path: &Path) -> String {
    match path.symlink_metadata() {
        Err(error) => format!("{name}: {error}"),
        Ok(meta) => format!(
            "{name}: inode {} mode {:o} owner {}:{} links {} size {} modified {}.{} changed {}.{}",
            meta.ino(),
            meta.mode(),
            meta.uid(),
            meta.gid(),
            meta.nlink(),
            meta.size(),
            meta.mtime(),
            meta.mtime_nsec(),
            meta.ctime(),
            meta.ctime_nsec()
        ),
    }
}

/// Makes the user its owner, where that can be done.
pub(crate) fn give(path: &Path, uid: u32) {
    if getuid().is_root() {
        chown(path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(uid))).unwrap();
    }
}

/// Numbers of this machine's system calls.
fn calls() -> &'static BTreeMap<&'static str, i64> {
    const NEVER_MORE_THAN: i64 = 512;
    static CALLS: OnceLock<BTreeMap<&'static str, i64>> = OnceLock::new();
    CALLS.get_or_init(|| {
        let arch = Arch::native().unwrap();
        (0..NEVER_MORE_THAN).filter_map(|number| Some((arch.name(number)?, number))).collect()
    })
}

/// The runner's processes.
#[derive(Debug, Clone)]
pub(crate) struct Inhabitants {
    /// The runner itself.
    pub(crate) supervisor: Process,
    /// The parent of all tasks.
    pub(crate) forkserver: Process,
    /// A task that sleeps.
    pub(crate) sibling: Option<Process>,
    /// Sealed children, one of which gets the attempt.
    pub(crate) spares: Vec<Process>,
}
