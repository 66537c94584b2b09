//! Finding a `CPython` that the embedded extension was built for, and the files it needs.
//!
//! Candidates are started to be asked what they are, so everything here may block for seconds: it belongs before the
//! event loop, or on a thread of its own.

mod access;
mod bounded;
mod elf;
mod judge;
mod library;
mod places;
mod probe;
#[cfg(test)]
mod tests;
mod venv;

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use access::{FirstObstacle, Obstacle, Reader, executable_by, readable_by};
pub use bounded::Failure;
pub use judge::{Reason, Rejected};
pub use library::{LOADER_FILES, LOADER_FOLDERS};
pub use places::{Env, Source};
pub(crate) use probe::SITE;
pub use venv::{VENV_SETTING, VenvProblem};

use access::Shown;
use elf::Program;
use judge::Minors;
use places::Place;
use venv::Told;

/// The variable that names an interpreter.
pub const SETTING: &str = "PALISADE_PYTHON";

/// How long one candidate may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long all candidates together may take. What is left by then is reported, not looked at.
const SEARCH_WITHIN: Duration = Duration::from_secs(45);

/// How many refused candidates fit into a one-line message.
const SHOWN: usize = 3;

/// An interpreter that can be used, and every file that has to be readable for it to start.
///
/// All paths but [`path`](Self::path) are real paths of things that exist, none of them below another of its list.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// The program to start. Not its real path: a virtual environment is known by where it was started from.
    pub path: PathBuf,
    /// The file behind all links.
    pub real_path: PathBuf,
    /// `sys.version_info`'s first three.
    pub version: (u8, u8, u8),
    /// The folder of `os.py`.
    pub stdlib: PathBuf,
    /// Every folder modules come from, the standard library's and those of installed packages. Never a bare prefix.
    pub library_dirs: Vec<PathBuf>,
    /// Of these (or below these) the ones of installed packages, in the order of `sys.path`.
    pub site_packages: Vec<PathBuf>,
    /// Folders of `sys.path` that no rule should open because they hold more than libraries.
    pub left_out: Vec<PathBuf>,
    /// Single files that a start reads outside of the folders, such as a virtual environment's `pyvenv.cfg`.
    pub startup_files: Vec<PathBuf>,
    /// Shared libraries it maps (libpython, the C library, those behind extension modules) outside of these folders.
    pub shared_libraries: Vec<PathBuf>,
    /// The dynamic loader it asks for; none when it is linked statically or is no ELF program.
    pub loader: Option<PathBuf>,
    /// Folders in which the dynamic loader finds libraries: those of [`LOADER_FOLDERS`] that exist and those in which
    /// [`shared_libraries`](Self::shared_libraries) lie.
    pub loader_dirs: Vec<PathBuf>,
    /// Those of [`LOADER_FILES`] that exist.
    pub loader_files: Vec<PathBuf>,
    /// Time zone data: folders, and the system's own zone where it is a file outside of them.
    pub zone_data: Vec<PathBuf>,
    /// `.pth` files in folders of packages with lines of code: those lines are not run, so what they set up is missing.
    pub code_in_pth: Vec<PathBuf>,
}

impl Interpreter {
    /// Folders and files of packages that everybody on this host may write to, and so have code run in the forkserver; a text
    /// each, with what to do.
    pub fn dangers(&self) -> Vec<String> {
        let open = venv::open_to_all(self).into_iter();
        open.map(|path| {
            let path = Shown(&path);
            format!("everybody on this host may write to {path}, and so choose what tasks import; chmod o-w")
        })
        .collect()
    }

    /// What else an operator should know of its packages, a text each: folders that no rule opens, and what of a `.pth` file
    /// does not count.
    pub fn remarks(&self) -> Vec<String> {
        let wide = self.left_out.iter().map(|path| {
            format!("nothing is imported from {}, which is on Python's path: it holds more than packages", Shown(path))
        });
        let code = self.code_in_pth.iter().map(|path| format!("code in {} is not run", Shown(path)));
        wide.chain(code).collect()
    }

    /// Whether a user with these ids and nothing else could start it, judged as by [`readable_by`].
    ///
    /// # Errors
    /// The first file or folder in the way.
    pub fn usable_by(&self, uid: u32, gid: u32) -> Result<(), FirstObstacle> {
        executable_by(&self.path, uid, gid)?;
        if let Some(program) = &self.loader {
            executable_by(program, uid, gid)?;
        }
        // A file in it as well: folders are often open where an umask has closed the files.
        readable_by(&self.stdlib.join("os.py"), uid, gid)?;
        let needed = [&self.library_dirs, &self.startup_files, &self.shared_libraries];
        needed.into_iter().flatten().try_for_each(|path| readable_by(path, uid, gid))
    }
}

/// What a search came to.
#[derive(Debug, Clone)]
pub struct Found {
    /// The interpreter to use.
    pub interpreter: Interpreter,
    /// What led to it.
    pub source: Source,
    /// Candidates that would have been preferred, with the reason why each was not taken.
    pub rejected: Vec<Rejected>,
}

/// No interpreter can be used. Displayed as one line.
#[derive(Debug, Clone)]
pub struct NotFound {
    /// The interpreter that was asked for by name, if one was.
    pub explicit: Option<PathBuf>,
    /// What would have been accepted, newest first.
    pub supported: Vec<(u8, u8)>,
    /// Everything that was looked at.
    pub rejected: Vec<Rejected>,
    /// The virtual environment that was asked for, and what is wrong with it.
    pub venv: Option<Box<(PathBuf, VenvProblem)>>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(of) = &self.venv {
            let (venv, problem) = &**of;
            return Told(venv, problem).fmt(f);
        }
        let supported = Minors(&self.supported);
        if let Some(path) = &self.explicit {
            let shown = Shown(path);
            match self.rejected.last() {
                Some(rejected) if rejected.path == *path => write!(f, "{SETTING}: {rejected}")?,
                Some(rejected) => write!(f, "{SETTING}: {shown} leads to {rejected}")?,
                None => write!(f, "{SETTING}: {shown} is not in PATH")?,
            }
            return write!(f, "; set it to a CPython {supported}, or unset it to have one searched for");
        }
        write!(f, "no CPython {supported} found in PATH or in the places of pyenv, uv and Homebrew")?;
        for (index, rejected) in self.rejected.iter().take(SHOWN).enumerate() {
            write!(f, "{} {rejected}", if index == 0 { ":" } else { "," })?;
        }
        if self.rejected.len() > SHOWN {
            write!(f, " and {} more", self.rejected.len() - SHOWN)?;
        }
        write!(f, "; set {SETTING} to the path of one")
    }
}

impl std::error::Error for NotFound {}

/// Finds an interpreter of one of the `supported` minor versions: the one named by `explicit` and no other, or the
/// first that fits in `PATH`, then among what pyenv, uv and Homebrew have installed.
///
/// # Errors
/// When none can be used. The error lists what was looked at.
pub fn find(explicit: Option<&Path>, env: Env<'_>, supported: &[(u8, u8)]) -> Result<Found, NotFound> {
    let mut search = Search::new(supported);
    let found = match explicit {
        Some(path) => search.named(path, env).map(|interpreter| (interpreter, Source::Setting)),
        None => search.among(&places::all(env, &search.supported)),
    };
    match found {
        Some((interpreter, source)) => Ok(Found { interpreter, source, rejected: search.rejected }),
        None => Err(NotFound {
            explicit: explicit.map(Path::to_path_buf),
            supported: search.supported,
            rejected: search.rejected,
            venv: None,
        }),
    }
}

/// The interpreter of a virtual environment, which brings its packages. One that is `named` beside it has to be the same.
///
/// # Errors
/// It cannot be used, or does not fit itself or the one that is named: [`NotFound::venv`] says how.
pub fn find_in_venv(
    venv: &Path,
    named: Option<&Path>,
    env: Env<'_>,
    supported: &[(u8, u8)],
) -> Result<Found, NotFound> {
    let (venv, program) = venv::program(venv)?;
    let mut search = Search::new(supported);
    let Some(interpreter) = search.named(&program, env) else {
        let not_found =
            NotFound { explicit: Some(program), supported: search.supported, rejected: search.rejected, venv: None };
        return Err(NotFound {
            venv: Some(Box::new((venv, VenvProblem::Unusable(Box::new(not_found.clone()))))),
            ..not_found
        });
    };
    let named = named.map(|named| bare(named, env).unwrap_or_else(|| named.to_path_buf()));
    venv::judge(&venv, &interpreter, named.as_deref())?;
    Ok(Found { interpreter, source: Source::Venv, rejected: search.rejected })
}

/// Whether a path is a name without a folder.
fn is_bare(path: &Path) -> bool {
    path.components().count() == 1 && !path.is_absolute() && !path.starts_with("..")
}

/// The file that a bare name stands for in `PATH`.
fn bare(path: &Path, env: Env<'_>) -> Option<PathBuf> {
    if !is_bare(path) {
        return None;
    }
    places::path_folders(env).into_iter().map(|folder| folder.join(path)).find(|file| file.is_file())
}

struct Search {
    /// Newest first.
    supported: Vec<(u8, u8)>,
    deadline: Instant,
    /// Real paths of interpreters that were judged, so that no other name of one is started again.
    judged: HashSet<PathBuf>,
    /// Closed folders that were reported: one line for each, not one for each candidate below.
    closed: HashSet<PathBuf>,
    rejected: Vec<Rejected>,
}

impl Search {
    fn new(supported: &[(u8, u8)]) -> Self {
        let mut supported = supported.to_vec();
        supported.sort_unstable_by(|a, b| b.cmp(a));
        supported.dedup();
        Self {
            supported,
            deadline: Instant::now() + SEARCH_WITHIN,
            judged: HashSet::new(),
            closed: HashSet::new(),
            rejected: Vec::new(),
        }
    }

    /// A bare name is looked up in `PATH`, as a shell would.
    fn named(&mut self, path: &Path, env: Env<'_>) -> Option<Interpreter> {
        let candidate = if is_bare(path) {
            bare(path, env)?
        } else {
            std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
        };
        match self.examine(&candidate) {
            Ok(interpreter) => Some(interpreter),
            Err(rejected) => {
                self.rejected.push(rejected);
                None
            }
        }
    }

    fn among(&mut self, places: &[Place]) -> Option<(Interpreter, Source)> {
        for place in places {
            for folder in &place.closed {
                let obstacle = access::reachable(folder).err();
                let obstacle = obstacle.unwrap_or_else(|| FirstObstacle::unreadable(folder));
                self.note_closed(obstacle);
            }
            for candidate in &place.candidates {
                match self.consider(candidate) {
                    Some(Ok(interpreter)) => return Some((interpreter, place.source)),
                    Some(Err(rejected)) => self.rejected.push(rejected),
                    None => {}
                }
            }
        }
        None
    }

    /// None for what is not there, was judged under another name, or lies in a folder already reported.
    fn consider(&mut self, candidate: &Path) -> Option<Result<Interpreter, Rejected>> {
        match access::reachable(candidate) {
            Ok(real_path) if self.judged.contains(&real_path) || real_path.is_dir() => None,
            Ok(_) => Some(self.examine(candidate)),
            Err(FirstObstacle { what: Obstacle::Broken(_), .. }) => None,
            Err(obstacle) => {
                self.note_closed(obstacle);
                None
            }
        }
    }

    fn note_closed(&mut self, obstacle: FirstObstacle) {
        if self.closed.insert(obstacle.path.clone()) {
            self.rejected.push(Rejected { path: obstacle.path.clone(), reason: Reason::Closed(obstacle) });
        }
    }

    fn examine(&mut self, candidate: &Path) -> Result<Interpreter, Rejected> {
        let mut path = candidate.to_path_buf();
        self.follow(&mut path).map_err(|reason| Rejected { path, reason })
    }

    /// `path` becomes that of the interpreter where the candidate is only a shim for one.
    fn follow(&mut self, path: &mut PathBuf) -> Result<Interpreter, Reason> {
        let (mut real_path, mut program) = startable(path)?;
        let mut identity = self.identify(path, &real_path)?;
        let reported = identity.executable.as_deref().filter(|path| path.is_absolute());
        if let Some(target) = reported.filter(|target| fs::canonicalize(target).ok().as_ref() != Some(&real_path)) {
            *path = target.to_path_buf();
            (real_path, program) = startable(path)?;
            identity = self.identify(path, &real_path)?;
        }
        // Some other program would be started in its name, for which there are no rules.
        if program == Program::Script {
            return Err(Reason::Script);
        }
        let layout = probe::layout(path, self.deadline()?).map_err(Reason::Probe)?;
        let library = library::collect(&layout, path, &real_path, &program).ok_or(Reason::NoStandardLibrary)?;
        Ok(Interpreter {
            path: path.clone(),
            real_path,
            version: identity.version,
            stdlib: library.stdlib,
            library_dirs: library.dirs,
            site_packages: library.site_packages,
            left_out: library.left_out,
            startup_files: library.startup_files,
            shared_libraries: library.shared,
            loader: library.loader,
            loader_dirs: library.loader_dirs,
            loader_files: library.loader_files,
            zone_data: library.zone_data,
            code_in_pth: library.code_in_pth,
        })
    }

    fn identify(&mut self, path: &Path, real_path: &Path) -> Result<probe::Identity, Reason> {
        let identity = probe::identify(path, self.deadline()?).map_err(Reason::Probe)?;
        // Only what answers for itself: several names of a shim are one file and yet lead to several interpreters.
        if identity.executable.as_deref().and_then(|own| fs::canonicalize(own).ok()).as_deref() == Some(real_path) {
            self.judged.insert(real_path.to_path_buf());
        }
        judge::judge(&identity, &self.supported)?;
        Ok(identity)
    }

    fn deadline(&self) -> Result<Instant, Reason> {
        let now = Instant::now();
        if now >= self.deadline { Err(Reason::OutOfTime) } else { Ok(self.deadline.min(now + ANSWER_WITHIN)) }
    }
}

/// The real path and kind of a file that this process may read and execute.
fn startable(path: &Path) -> Result<(PathBuf, Program), Reason> {
    let real_path = access::reachable(path).map_err(|obstacle| match obstacle.what {
        Obstacle::Broken(io::ErrorKind::NotFound) => Reason::Missing,
        _ => Reason::Closed(obstacle),
    })?;
    let meta = fs::metadata(&real_path).map_err(|error| Reason::NotAProgram(error.to_string()))?;
    if meta.is_dir() {
        return Err(Reason::Folder);
    }
    if !meta.is_file() || meta.permissions().mode() & 0o111 == 0 {
        return Err(Reason::NotExecutable);
    }
    let program = elf::program(&real_path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Reason::Closed(FirstObstacle::unreadable(&real_path)),
        _ => Reason::NotAProgram(error.to_string()),
    })?;
    Ok((real_path, program))
}
