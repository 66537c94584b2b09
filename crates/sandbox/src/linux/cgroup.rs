//! A cgroup for each child, where the runner was given one of its own (cgroups(7), version 2).
//!
//! What a resource limit cannot count is counted here: page tables, kernel memory, every process of a task together. A
//! cgroup with children of its own may not hold processes itself, so the runner moves into a leaf first:
//!
//! ```text
//! the runner's cgroup          memory and pids handed down
//! ├─ palisade-runner           runner and forkserver
//! └─ palisade-task-<runner>-<n>   one child
//! ```

use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::layer::{Layer, Refusal};

#[cfg(test)]
mod tests;

const LEAF: &str = "palisade-runner";
const TASK: &str = "palisade-task";

const DELEGATE: &str = "give the runner a cgroup v2 of its own, as systemd does with Delegate=yes and \
                        DelegateSubgroup=palisade-runner";

/// What each child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// Bytes beyond what it holds when it is sealed.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
}

/// The runner's own cgroup, taken over.
#[derive(Debug)]
pub struct Groups {
    base: PathBuf,
    limits: GroupLimits,
    made: AtomicU64,
    /// Folders that could not be removed yet, because what was in them had not ended.
    stale: Mutex<Vec<PathBuf>>,
}

/// The cgroup of one child. Dropping it ends whatever is left in it, and removes it. Blocks for a moment, as [`Groups::hold`].
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    groups: Arc<Groups>,
}

impl Groups {
    /// Finds the cgroup this process is in, moves this process into a leaf of it and hands the controllers down. Nothing is
    /// changed where that cannot succeed.
    ///
    /// # Errors
    /// A refusal that tells what is in the way.
    pub fn take_over(limits: GroupLimits) -> Result<Arc<Self>, Refusal> {
        let read = |file: &str| fs::read_to_string(file).map_err(|e| refusal(format!("{file}: {e}"), "mount /proc"));
        let own = own_folder(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)?;
        Self::below(&own, std::process::id(), limits)
    }

    fn below(own: &Path, pid: u32, limits: GroupLimits) -> Result<Arc<Self>, Refusal> {
        let base = match own.parent() {
            Some(parent) if own.ends_with(LEAF) => parent,
            _ => own,
        };
        let failed = |what: &str, e: &io::Error| refusal(format!("{what} in the runner's cgroup: {e}"), DELEGATE);
        let read = |file: &str| fs::read_to_string(base.join(file)).map_err(|e| failed(file, &e));
        if !base.join("cgroup.type").exists() {
            return Err(refusal("the runner is in the root of all cgroups", DELEGATE));
        }
        let controllers = read("cgroup.controllers")?;
        if let Some(lacks) =
            ["memory", "pids"].into_iter().find(|c| !controllers.split_whitespace().any(|has| has == *c))
        {
            return Err(refusal(format!("the controller {lacks} is not handed down to the runner's cgroup"), DELEGATE));
        }
        if let Some(other) = read("cgroup.procs")?.lines().find(|line| *line != pid.to_string()) {
            return Err(refusal(
                format!("the runner shares its cgroup with others, such as process {other}"),
                DELEGATE,
            ));
        }
        let leaf = base.join(LEAF);
        create(&leaf).map_err(|e| failed("making a folder", &e))?;
        let handed_down =
            write(&leaf, "cgroup.procs", &pid).map_err(|e| failed("moving the runner", &e)).and_then(|()| {
                write(base, "cgroup.subtree_control", &"+memory +pids")
                    .map_err(|e| failed("handing controllers down", &e))
            });
        if let Err(refusal) = handed_down {
            // As it was before, as far as it can be.
            if base == own {
                let _ = write(base, "cgroup.procs", &pid);
                let _ = fs::remove_dir(&leaf);
            }
            return Err(refusal);
        }
        sweep(base, pid);
        let base = base.to_path_buf();
        Ok(Arc::new(Self { base, limits, made: AtomicU64::new(0), stale: Mutex::default() }))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.base
    }

    /// Puts process `pid`, which holds `baseline` bytes, into a cgroup of its own. The kernel may take milliseconds for it.
    ///
    /// # Errors
    /// The file system's; the process is then not limited and must not be used.
    pub fn hold(self: &Arc<Self>, pid: i32, baseline: u64) -> io::Result<Group> {
        self.stale().retain(|path| !removed(path));
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let path = self.base.join(format!("{TASK}-{}-{number}", std::process::id()));
        fs::create_dir(&path)?;
        let group = Group { path, groups: Arc::clone(self) };
        let path = &group.path;
        write(path, "memory.max", &self.limits.memory.saturating_add(baseline))?;
        match write(path, "memory.swap.max", &0) {
            // A kernel that does not swap has no such file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
        write(path, "memory.oom.group", &1)?;
        write(path, "pids.max", &self.limits.processes)?;
        write(path, "cgroup.procs", &pid)?;
        let members = fs::read_to_string(path.join("cgroup.procs"))?;
        if members.trim() != pid.to_string() {
            return Err(io::Error::other(format!("process {pid} was moved, but {members:?} is there")));
        }
        Ok(group)
    }

    fn stale(&self) -> std::sync::MutexGuard<'_, Vec<PathBuf>> {
        self.stale.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Linux 5.14. Before it the child's own death, which the caller sees to, has to do.
        let _ = write(&self.path, "cgroup.kill", &1);
        if !removed(&self.path) {
            self.groups.stale().push(std::mem::take(&mut self.path));
        }
    }
}

fn refusal(found: impl Into<String>, remedy: &str) -> Refusal {
    Refusal::new(Layer::Cgroup, found, remedy)
}

fn create(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// The kernel makes the files of a cgroup with its folder; the folders of tests are ordinary ones.
fn write(folder: &Path, file: &str, value: &dyn Display) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(cfg!(test)).truncate(cfg!(test)).open(folder.join(file))?;
    file.write_all(value.to_string().as_bytes())
}

fn removed(folder: &Path) -> bool {
    match fs::remove_dir(folder) {
        Err(error) => error.kind() == io::ErrorKind::NotFound,
        Ok(()) => true,
    }
}

/// Removes what runners that were killed have left behind. What still has processes in it cannot be removed.
fn sweep(base: &Path, own: u32) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let Some((runner, _)) = name.strip_prefix(TASK).and_then(|rest| rest.strip_prefix('-')?.split_once('-')) else {
            continue;
        };
        // A runner that lives may be about to put a child there.
        if runner == own.to_string() || !Path::new("/proc").join(runner).exists() {
            removed(&entry.path());
        }
    }
}

/// The folder of the cgroup a process is in, from the texts of its `/proc/<pid>/cgroup` and `mountinfo`.
fn own_folder(cgroup: &str, mountinfo: &str) -> Result<PathBuf, Refusal> {
    let unified = cgroup.lines().find_map(|line| line.strip_prefix("0::"));
    let own = unified.ok_or_else(|| refusal("this host has cgroups of version 1 only", "use a host with cgroup v2"))?;
    let mut mounts = mountinfo.lines().filter_map(Mount::parse);
    let found = mounts.find_map(|mount| {
        let below = Path::new(own).strip_prefix(&mount.root).ok()?.to_path_buf();
        Some((mount, below))
    });
    let (mount, below) = found.ok_or_else(|| {
        refusal(
            "no cgroup v2 file system is mounted that shows the runner's cgroup",
            "mount one, as hosts with cgroup v2 do",
        )
    })?;
    if mount.read_only {
        return Err(refusal("the cgroup file system is mounted read-only, as containers have it", DELEGATE));
    }
    // Joining nothing would add a slash, which file names are compared with.
    Ok(if below.as_os_str().is_empty() { mount.point } else { mount.point.join(below) })
}

/// A cgroup v2 mount.
struct Mount {
    root: PathBuf,
    point: PathBuf,
    read_only: bool,
}

impl Mount {
    /// One line of `mountinfo`, `proc_pid_mountinfo(5)`; nothing for other file systems.
    fn parse(line: &str) -> Option<Self> {
        let (mount, kind) = line.split_once(" - ")?;
        if kind.split_whitespace().next()? != "cgroup2" {
            return None;
        }
        let mut columns = mount.split_whitespace().skip(3);
        let (root, point, options) = (columns.next()?, columns.next()?, columns.next()?);
        let read_only = options.split(',').any(|option| option == "ro");
        Some(Self { root: unescape(root), point: unescape(point), read_only })
    }
}

/// Blanks and backslashes come as three octal digits.
fn unescape(path: &str) -> PathBuf {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(path.to_owned(), |path, (code, meant)| path.replace(code, meant)).into()
}
