//! Which folder on the way to a file keeps a user out.
//!
//! An interpreter below a folder that only root may enter is the usual reason why a runner without privileges, or a
//! task under its own uid, cannot start Python. "Permission denied" alone does not tell which of six folders it is.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The kernel's own bound on symbolic links in one path.
const MAX_LINKS: usize = 40;

const READ: u32 = 0o4;
const EXECUTE: u32 = 0o1;

/// A user as file modes see one: no supplementary groups and no capabilities, which is what a task child has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The user id.
    pub uid: u32,
    /// The group id.
    pub gid: u32,
}

impl Reader {
    /// The effective ids of this process.
    pub fn of_this_process() -> Self {
        Self { uid: nix::unistd::geteuid().as_raw(), gid: nix::unistd::getegid().as_raw() }
    }
}

/// What a file or folder on the way refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// A folder may not be searched.
    CannotEnter,
    /// The file or folder at the end may not be read.
    CannotRead,
    /// The file at the end may not be executed.
    CannotExecute,
    /// The path ends here: nothing of that name, too many links, or another fault of the file system.
    Broken(io::ErrorKind),
}

/// The first thing on the way to a path that keeps a reader out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstObstacle {
    /// The file or folder that refuses; not necessarily a prefix of the path asked for, as links were followed.
    pub path: PathBuf,
    /// What it refuses.
    pub what: Obstacle,
    /// Who asked.
    pub reader: Reader,
    /// Its mode bits, owner and group, where they could be read.
    pub mode: Option<(u32, u32, u32)>,
}

impl FirstObstacle {
    fn new(path: &Path, what: Obstacle, reader: Reader) -> Self {
        let mode = fs::metadata(path).ok().map(|meta| (meta.mode() & 0o7777, meta.uid(), meta.gid()));
        Self { path: path.to_path_buf(), what, reader, mode }
    }

    /// What this process may reach but not read.
    pub(crate) fn unreadable(path: &Path) -> Self {
        Self::new(path, Obstacle::CannotRead, Reader::of_this_process())
    }

    /// The path, and the fault of the file system there.
    pub(crate) fn what_is_missing(&self) -> String {
        match self.what {
            Obstacle::Broken(kind) => format!("{}: {kind}", Shown(&self.path)),
            _ => Shown(&self.path).to_string(),
        }
    }

    fn broken(path: &Path, kind: io::ErrorKind, reader: Reader) -> Self {
        Self::new(path, Obstacle::Broken(kind), reader)
    }
}

impl fmt::Display for FirstObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.what {
            Obstacle::CannotEnter => "enter",
            Obstacle::CannotRead => "read",
            Obstacle::CannotExecute => "execute",
            Obstacle::Broken(kind) => return write!(f, "{}: {kind}", Shown(&self.path)),
        };
        write!(f, "uid {} cannot {verb} {}", self.reader.uid, Shown(&self.path))?;
        if let Some((mode, uid, gid)) = self.mode {
            write!(f, " (mode {mode:04o}, owner {uid}:{gid})")?;
        }
        f.write_str("; put a copy or a bind mount of the interpreter where others can read it")
    }
}

impl std::error::Error for FirstObstacle {}

/// A path as it may stand in one line of a report, whatever bytes it has.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string_lossy().chars().try_for_each(|c| match c {
            '\\' => f.write_str("\\\\"),
            c if c.is_control() => write!(f, "{}", c.escape_default()),
            c => write!(f, "{c}"),
        })
    }
}

/// Whether a user with these ids and nothing else could read `path`, judged by mode bits alone.
///
/// There is no exception for uid 0: a task child has no capability that would make one. Access control lists are not
/// looked at, so the answer can be wrong where they are used; starting a child shows it in any case.
///
/// # Errors
/// The first file or folder on the way that refuses, links followed.
pub fn readable_by(path: &Path, uid: u32, gid: u32) -> Result<(), FirstObstacle> {
    permitted(path, Reader { uid, gid }, READ)
}

/// Like [`readable_by`], for a program: it must be readable and executable.
///
/// # Errors
/// The first file or folder on the way that refuses, links followed.
pub fn executable_by(path: &Path, uid: u32, gid: u32) -> Result<(), FirstObstacle> {
    permitted(path, Reader { uid, gid }, READ | EXECUTE)
}

/// What keeps *this process* from looking `path` up, found by trying, so that capabilities and access control lists
/// count.
///
/// # Errors
/// The first folder that cannot be entered, or the point where the path breaks off.
pub(crate) fn reachable(path: &Path) -> Result<PathBuf, FirstObstacle> {
    walk(path, Reader::of_this_process(), &mut |_| Ok(()))
}

fn permitted(path: &Path, reader: Reader, wanted: u32) -> Result<(), FirstObstacle> {
    let end = walk(path, reader, &mut |folder| {
        if granted(&stat(folder, reader)?, reader, EXECUTE) {
            Ok(())
        } else {
            Err(FirstObstacle::new(folder, Obstacle::CannotEnter, reader))
        }
    })?;
    let meta = stat(&end, reader)?;
    if wanted & READ != 0 && !granted(&meta, reader, READ) {
        return Err(FirstObstacle::new(&end, Obstacle::CannotRead, reader));
    }
    if meta.is_dir() && !granted(&meta, reader, EXECUTE) {
        return Err(FirstObstacle::new(&end, Obstacle::CannotEnter, reader));
    }
    if wanted & EXECUTE != 0 && !granted(&meta, reader, EXECUTE) {
        return Err(FirstObstacle::new(&end, Obstacle::CannotExecute, reader));
    }
    Ok(())
}

fn stat(path: &Path, reader: Reader) -> Result<fs::Metadata, FirstObstacle> {
    fs::metadata(path).map_err(|error| FirstObstacle::broken(path, error.kind(), reader))
}

fn granted(meta: &fs::Metadata, reader: Reader, wanted: u32) -> bool {
    class_bits(meta.mode(), meta.uid(), meta.gid(), reader) & wanted == wanted
}

/// The three bits of the one class that applies. An owner whom the owner bits refuse is not helped by the others'.
fn class_bits(mode: u32, owner: u32, group: u32, reader: Reader) -> u32 {
    if owner == reader.uid {
        mode >> 6 & 0o7
    } else if group == reader.gid {
        mode >> 3 & 0o7
    } else {
        mode & 0o7
    }
}

/// Resolves `path` as the kernel would and shows `enter` every folder that has to be searched on the way, those
/// behind symbolic links too.
fn walk(
    path: &Path,
    reader: Reader,
    enter: &mut dyn FnMut(&Path) -> Result<(), FirstObstacle>,
) -> Result<PathBuf, FirstObstacle> {
    let absolute = std::path::absolute(path).map_err(|error| FirstObstacle::broken(path, error.kind(), reader))?;
    let mut pending = steps(&absolute);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    while let Some(step) = pending.pop_front() {
        if step == "/" {
            at = PathBuf::from("/");
            continue;
        }
        enter(&at)?;
        if step == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&step);
        let meta = fs::symlink_metadata(&next).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => FirstObstacle::new(&at, Obstacle::CannotEnter, reader),
            kind => FirstObstacle::broken(&next, kind, reader),
        })?;
        if !meta.is_symlink() {
            at = next;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(FirstObstacle::broken(&next, io::ErrorKind::InvalidInput, reader));
        }
        let target = fs::read_link(&next).map_err(|error| FirstObstacle::broken(&next, error.kind(), reader))?;
        for step in steps(&target).into_iter().rev() {
            pending.push_front(step);
        }
    }
    Ok(at)
}

fn steps(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter(|component| !matches!(component, Component::CurDir | Component::Prefix(_)))
        .map(|component| component.as_os_str().to_os_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const ME: Reader = Reader { uid: 7, gid: 8 };

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The owner class decides for the test's own uid, so that folders above the test's do not matter.
    fn own_ids() -> (u32, u32) {
        let reader = Reader::of_this_process();
        (reader.uid, reader.gid)
    }

    #[test]
    fn only_the_class_that_applies_counts() {
        assert_eq!(class_bits(0o751, 7, 8, ME), 7);
        assert_eq!(class_bits(0o751, 1, 8, ME), 5);
        assert_eq!(class_bits(0o751, 1, 1, ME), 1);
        assert_eq!(class_bits(0o077, 7, 8, ME), 0, "an owner is not helped by the bits of others");
        assert_eq!(class_bits(0o705, 1, 8, ME), 0, "nor a group");
        assert_eq!(class_bits(0o007, 0, 0, Reader { uid: 0, gid: 0 }), 0, "nor uid 0");
    }

    #[test]
    fn the_first_closed_folder_is_named_even_behind_a_link() {
        let (uid, gid) = own_ids();
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let closed = base.join("closed");
        let inner = closed.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("python"), "x").unwrap();
        symlink("closed/inner/../inner/python", base.join("link")).unwrap();
        chmod(&inner.join("python"), 0o755);
        assert_eq!(executable_by(&base.join("link"), uid, gid), Ok(()));
        assert_eq!(reachable(&base.join("link")), Ok(inner.join("python")));

        chmod(&inner, 0o077);
        chmod(&closed, 0o677);
        for path in [inner.join("python"), base.join("link")] {
            let obstacle = readable_by(&path, uid, gid).unwrap_err();
            assert_eq!((obstacle.path.as_path(), &obstacle.what), (closed.as_path(), &Obstacle::CannotEnter));
            let text = obstacle.to_string();
            assert!(text.contains("0677") && text.contains("bind mount") && !text.contains('\n'), "{text}");
        }
        chmod(&closed, 0o755);
        assert_eq!(readable_by(&base.join("link"), uid, gid).unwrap_err().path, inner);
        chmod(&inner, 0o755);
    }

    #[test]
    fn the_end_of_the_path_is_judged_by_what_is_wanted() {
        let (uid, gid) = own_ids();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().canonicalize().unwrap().join("python");
        fs::write(&file, "x").unwrap();
        chmod(&file, 0o300);
        assert_eq!(readable_by(&file, uid, gid).unwrap_err().what, Obstacle::CannotRead);
        chmod(&file, 0o600);
        assert_eq!(readable_by(&file, uid, gid), Ok(()));
        assert_eq!(executable_by(&file, uid, gid).unwrap_err().what, Obstacle::CannotExecute);
        let folder = dir.path().join("lib");
        fs::create_dir(&folder).unwrap();
        chmod(&folder, 0o400);
        assert_eq!(readable_by(&folder, uid, gid).unwrap_err().what, Obstacle::CannotEnter);
        chmod(&folder, 0o700);
    }

    #[test]
    fn a_path_stays_on_one_line() {
        assert_eq!(Shown(Path::new("/a\nb\u{1b}[1m\\n/ü")).to_string(), "/a\\nb\\u{1b}[1m\\\\n/ü");
    }

    #[test]
    fn loops_and_missing_names_end() {
        let dir = tempfile::tempdir().unwrap();
        symlink("b", dir.path().join("a")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        assert_eq!(reachable(&dir.path().join("a")).unwrap_err().what, Obstacle::Broken(io::ErrorKind::InvalidInput));
        let missing = reachable(&dir.path().join("none/python")).unwrap_err();
        assert_eq!(missing.what, Obstacle::Broken(io::ErrorKind::NotFound));
        assert!(missing.path.ends_with("none"));
    }
}
