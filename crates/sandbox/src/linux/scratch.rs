//! Scratch folders: where a task may write. Each is a tmpfs of its own, so that size and number of files are bounded by the
//! kernel, mounted in the forkserver's mount namespace, so that nobody else sees it and nothing is left when it ends.

use std::collections::VecDeque;
use std::ffi::CString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, RenameFlags, renameat2};
use nix::mount::{MsFlags, mount as mount_fs};
use nix::sys::stat::Mode as FileMode;
use nix::sys::statvfs::statvfs;
use nix::unistd::{UnlinkatFlags, getegid, geteuid, unlinkat};

use crate::layer::{Layer, Refusal};
use crate::plan::{JailPlan, RESOLVER_FILES, Scratch, SlotUids};

/// Folders that every usual system has and no interpreter needs.
const PLACES: [&str; 7] = ["/tmp", "/var/tmp", "/mnt", "/media", "/srv", "/home", "/run"];

/// CPU seconds that emptying one folder may take.
const EMPTYING: u64 = 10;

/// A folder that can be covered by the mounts: nothing that the forkserver needs lies below it.
///
/// # Errors
/// A refusal where there is none.
pub fn place(jail: &JailPlan) -> Result<PathBuf, Refusal> {
    let files = [&jail.files.execute, &jail.files.read].into_iter().flatten().map(PathBuf::as_path);
    let needed: Vec<PathBuf> = files
        .chain([jail.interpreter.as_path(), Path::new("/dev/null")])
        .chain(RESOLVER_FILES.map(Path::new))
        .flat_map(|path| [Some(path.to_owned()), fs::canonicalize(path).ok()])
        .flatten()
        .collect();
    let free = |place: &&&str| {
        let real = fs::canonicalize(place);
        Path::new(place).is_dir() && real.is_ok_and(|real| !needed.iter().any(|path| path.starts_with(&real)))
    };
    PLACES.iter().find(free).map(PathBuf::from).ok_or_else(|| {
        let remedy = format!("see that one of {} is there and the interpreter is not below it", PLACES.join(", "));
        Refusal::new(Layer::MountNamespace, "there is no folder over which scratch folders could be mounted", remedy)
    })
}

/// Mounts the folders. Each belongs to its slot's user, or to the runner's where children have no ids of their own.
///
/// # Errors
/// A refusal with the kernel's answer.
pub(super) fn mount(scratch: &Scratch, slots: Option<SlotUids>) -> Result<(), Refusal> {
    let failed = |e: io::Error| {
        let found = format!("scratch folders could not be mounted over {}: {e}", scratch.place.display());
        Refusal::new(Layer::MountNamespace, found, "give tasks no scratch folder, or report this")
    };
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let tmpfs = |at: &Path, options: &str| mount_fs(Some("scratch"), at, Some("tmpfs"), flags, Some(options));
    let mounted = || -> io::Result<()> {
        // Children of other ids pass through it; nobody can list it or write into it.
        let inodes = u64::from(scratch.folders) + 1;
        tmpfs(&scratch.place, &format!("size=4k,nr_inodes={inodes},mode=0711"))?;
        for number in 0..scratch.folders {
            let at = scratch.folder(number);
            DirBuilder::new().mode(0o700).create(&at)?;
            let (uid, gid) = match slots {
                Some(slots) => (slots.first + number, slots.first + number),
                None => (geteuid().as_raw(), getegid().as_raw()),
            };
            // One more, for the folder itself.
            let entries = scratch.entries.saturating_add(1);
            tmpfs(&at, &format!("size={},nr_inodes={entries},mode=0700,uid={uid},gid={gid}", scratch.bytes))?;
        }
        let sealed = flags | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        Ok(mount_fs(None::<&str>, &scratch.place, None::<&str>, sealed, None::<&str>)?)
    };
    mounted().map_err(failed)
}

/// What is free in a folder, as its file system counts: that it is empty is believed of the kernel alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    entries: u64,
    blocks: u64,
}

impl Room {
    /// What is free in `folder` now.
    ///
    /// # Errors
    /// statfs(2)'s.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let stat = statvfs(folder)?;
        Ok(Self { entries: stat.files_free(), blocks: stat.blocks_free() })
    }
}

/// Bounds the time of the calling process, which is about to empty a folder.
///
/// # Errors
/// setrlimit(2)'s.
pub fn bound_time() -> io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    Ok(setrlimit(Resource::RLIMIT_CPU, EMPTYING, EMPTYING)?)
}

/// Removes all that is in `folder`, whatever it is called and however deep it lies, following no link. What is in a folder is
/// brought up before the folder goes: two descriptors and one level of names at a time, and each entry is touched twice.
///
/// # Errors
/// The first thing that could not be removed.
pub fn empty(folder: &Path) -> io::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let top: OwnedFd = nix::fcntl::open(folder, flags, FileMode::empty())?;
    let mut pending: VecDeque<CString> = names(top.as_fd())?.into();
    let mut next_name = 0_u64;
    while let Some(name) = pending.pop_front() {
        if remove(top.as_fd(), &name)? {
            continue;
        }
        let below: OwnedFd = nix::fcntl::openat(top.as_fd(), name.as_c_str(), flags, FileMode::empty())?;
        for inner in names(below.as_fd())? {
            if !remove(below.as_fd(), &inner)? {
                pending.push_back(bring_up(below.as_fd(), &inner, top.as_fd(), &mut next_name)?);
            }
        }
        unlinkat(top.as_fd(), name.as_c_str(), UnlinkatFlags::RemoveDir)?;
    }
    Ok(())
}

/// What is in a folder.
fn names(folder: BorrowedFd<'_>) -> io::Result<Vec<CString>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut entries = Dir::openat(folder, ".", flags, FileMode::empty())?;
    let names = entries.iter().map(|entry| Ok(entry?.file_name().to_owned()));
    let names: io::Result<Vec<CString>> = names.collect();
    Ok(names?.into_iter().filter(|name| ![c".", c".."].contains(&name.as_c_str())).collect())
}

/// Removes what is no folder, or an empty one. False for a folder that has something in it.
fn remove(folder: BorrowedFd<'_>, name: &CString) -> io::Result<bool> {
    match unlinkat(folder, name.as_c_str(), UnlinkatFlags::NoRemoveDir) {
        Ok(()) | Err(Errno::ENOENT) => return Ok(true),
        // EPERM is POSIX's answer for a folder, EISDIR Linux's.
        Err(Errno::EISDIR | Errno::EPERM) => {}
        Err(error) => return Err(error.into()),
    }
    match unlinkat(folder, name.as_c_str(), UnlinkatFlags::RemoveDir) {
        Ok(()) => Ok(true),
        Err(Errno::ENOTEMPTY | Errno::EEXIST) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Moves a folder to the top under a name that nobody has there.
fn bring_up(from: BorrowedFd<'_>, name: &CString, top: BorrowedFd<'_>, next: &mut u64) -> io::Result<CString> {
    loop {
        let new = CString::new(format!(".{next}")).map_err(io::Error::other)?;
        *next += 1;
        match renameat2(from, name.as_c_str(), top, new.as_c_str(), RenameFlags::RENAME_NOREPLACE) {
            Ok(()) => return Ok(new),
            // As many times as there are entries at most.
            Err(Errno::EEXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn depth_and_odd_names_and_links_are_no_obstacle() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("kept"), "x").unwrap();
        let folder = tempfile::tempdir().unwrap();
        // Deeper than a path can be long.
        let mut at: OwnedFd = nix::fcntl::open(folder.path(), OFlag::O_DIRECTORY, FileMode::empty()).unwrap();
        for level in 0..1000 {
            nix::sys::stat::mkdirat(&at, "deep", FileMode::S_IRWXU).unwrap();
            if level % 100 == 0 {
                nix::sys::stat::mkdirat(&at, "side", FileMode::S_IRWXU).unwrap();
            }
            at = nix::fcntl::openat(&at, "deep", OFlag::O_DIRECTORY, FileMode::empty()).unwrap();
        }
        for name in [&b"\xff\xfe"[..], b"new\nline", b"-rf", b" ", b".0", b".1", b"...", b"a\\b", &[b'x'; 255]] {
            let path = folder.path().join(OsStr::from_bytes(name));
            fs::create_dir(&path).unwrap();
            fs::create_dir(path.join("below")).unwrap();
            fs::write(path.join("below").join("file"), "x").unwrap();
            symlink(outside.path(), path.join("below").join("link")).unwrap();
        }
        symlink(outside.path(), folder.path().join("link")).unwrap();
        symlink("/", folder.path().join(".2")).unwrap();
        empty(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(fs::read(outside.path().join("kept")).unwrap(), b"x");
    }

    #[test]
    fn what_cannot_be_removed_is_an_error() {
        if geteuid().is_root() {
            return; // For root, nothing is.
        }
        let folder = tempfile::tempdir().unwrap();
        DirBuilder::new().mode(0o500).create(folder.path().join("locked")).unwrap();
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o500)).unwrap();
        assert!(empty(folder.path()).is_err());
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    }
}
