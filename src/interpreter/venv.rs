//! A virtual environment that is named: which interpreter it is of, and whether its parts fit each other.
//!
//! `python -m venv`, virtualenv and uv all write a `pyvenv.cfg` with the folder of the base interpreter (`home`) and its
//! version (`version` or `version_info`), and a `bin/python` that leads to it.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::access::{self, FirstObstacle, Obstacle, Shown};
use super::judge::dotted;
use super::{Interpreter, NotFound, SETTING};

/// The variable that names a virtual environment.
pub const VENV_SETTING: &str = "PALISADE_VENV";

/// What makes a folder a virtual environment.
const MARK: &str = "pyvenv.cfg";

/// More than any such file has, in bytes.
const LONGEST_MARK: u64 = 64 * 1024;

/// Why a virtual environment is not used.
#[derive(Debug, Clone)]
pub enum VenvProblem {
    /// Nothing of that name, or something on the way is closed.
    Closed(FirstObstacle),
    /// There is no `pyvenv.cfg` in it.
    NotOne,
    /// Its `bin/python` is not there, or leads nowhere.
    NoProgram(PathBuf),
    /// Its interpreter cannot be used.
    Unusable(Box<NotFound>),
    /// Its `bin/python` leads to another interpreter than the one that is named beside it.
    Other {
        /// The one that is named.
        named: PathBuf,
        /// Its own.
        own: PathBuf,
    },
    /// `home` in its `pyvenv.cfg` is not where its interpreter is.
    Home {
        /// What is written there.
        home: PathBuf,
        /// The interpreter.
        own: PathBuf,
    },
    /// It was made for another minor version than that of its interpreter.
    Version {
        /// Minor version, as it is written.
        made_for: (u8, u8),
        /// The interpreter's.
        version: (u8, u8, u8),
    },
    /// Its interpreter does not take packages from it.
    NoPackages,
}

impl VenvProblem {
    /// As a result of a search.
    fn of(self, venv: &Path) -> NotFound {
        NotFound {
            explicit: None,
            supported: Vec::new(),
            rejected: Vec::new(),
            venv: Some(Box::new((venv.to_path_buf(), self))),
        }
    }
}

/// The problem with a virtual environment, in one line with what can be done about it.
pub(crate) struct Told<'a>(pub(crate) &'a Path, pub(crate) &'a VenvProblem);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(venv, problem) = self;
        write!(f, "{VENV_SETTING}: {} ", Shown(venv))?;
        let anew = "make the environment anew with the interpreter that tasks are to run on: python3 -m venv --clear";
        match problem {
            VenvProblem::Closed(obstacle) if matches!(obstacle.what, Obstacle::Broken(_)) => {
                write!(f, "does not exist: {}", obstacle.what_is_missing())
            }
            VenvProblem::Closed(obstacle) => write!(f, "cannot be used: {obstacle}"),
            VenvProblem::NotOne => {
                write!(f, "is no virtual environment, as it has no {MARK}; name the folder that python3 -m venv made")
            }
            VenvProblem::NoProgram(program) => {
                write!(f, "has no interpreter any more: {} leads nowhere; {anew}", Shown(program))
            }
            VenvProblem::Unusable(not_found) => match not_found.rejected.last() {
                Some(rejected) => write!(f, "cannot be used: its interpreter {rejected}; {anew}"),
                None => write!(f, "cannot be used: {not_found}"),
            },
            VenvProblem::Other { named, own } => write!(
                f,
                "is of the interpreter {}, but {SETTING} names {}; unset {SETTING}, or {anew}",
                Shown(own),
                Shown(named)
            ),
            VenvProblem::Home { home, own } => write!(
                f,
                "was made of an interpreter in {}, as its {MARK} says, but its bin/python leads to {}; {anew}",
                Shown(home),
                Shown(own)
            ),
            VenvProblem::Version { made_for: (major, minor), version } => write!(
                f,
                "was made for CPython {major}.{minor}, as its {MARK} says, but its bin/python is {}, which does not look for \
                 packages there; {anew}",
                dotted(*version)
            ),
            VenvProblem::NoPackages => write!(f, "has no folder of packages that its interpreter looks into; {anew}"),
        }
    }
}

/// What its `pyvenv.cfg` says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mark {
    home: Option<PathBuf>,
    version: Option<(u8, u8)>,
}

impl Mark {
    fn parse(text: &str) -> Self {
        let mut mark = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "home" => mark.home = Some(PathBuf::from(value)).filter(|home| home.is_absolute()),
                // virtualenv writes `3.13.0.final.0` and, beside it, a `version` that is its own.
                "version_info" => mark.version = minor(value).or(mark.version),
                "version" if mark.version.is_none() => mark.version = minor(value).filter(|(major, _)| *major == 3),
                _ => {}
            }
        }
        mark
    }
}

fn minor(text: &str) -> Option<(u8, u8)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// The absolute path of a virtual environment and of its interpreter.
///
/// # Errors
/// It is none, cannot be read, or has no interpreter any more.
pub(super) fn program(venv: &Path) -> Result<(PathBuf, PathBuf), NotFound> {
    let venv = std::path::absolute(venv).unwrap_or_else(|_| venv.to_path_buf());
    let problem = |problem: VenvProblem| problem.of(&venv);
    access::reachable(&venv).map_err(|obstacle| problem(VenvProblem::Closed(obstacle)))?;
    access::reachable(&venv.join(MARK)).map_err(|obstacle| {
        problem(match obstacle.what {
            Obstacle::Broken(_) => VenvProblem::NotOne,
            _ => VenvProblem::Closed(obstacle),
        })
    })?;
    let program = venv.join("bin/python");
    access::reachable(&program).map_err(|obstacle| {
        problem(match obstacle.what {
            Obstacle::Broken(_) => VenvProblem::NoProgram(program.clone()),
            _ => VenvProblem::Closed(obstacle),
        })
    })?;
    Ok((venv, program))
}

/// Holds an environment's own word against the interpreter that was found in it, and against one that is named beside it.
///
/// # Errors
/// What does not fit.
pub(super) fn judge(venv: &Path, interpreter: &Interpreter, named: Option<&Path>) -> Result<(), NotFound> {
    let problem = |problem: VenvProblem| Err(problem.of(venv));
    let own = interpreter.real_path.clone();
    if let Some(named) = named
        && fs::canonicalize(named).ok().as_ref() != Some(&own)
    {
        return problem(VenvProblem::Other { named: named.to_path_buf(), own });
    }
    let mark = match read(&venv.join(MARK)) {
        Ok(text) => Mark::parse(&text),
        Err(_) => return problem(VenvProblem::Closed(FirstObstacle::unreadable(&venv.join(MARK)))),
    };
    let version = interpreter.version;
    if let Some(made_for) = mark.version.filter(|made_for| *made_for != (version.0, version.1)) {
        return problem(VenvProblem::Version { made_for, version });
    }
    let inside = fs::canonicalize(venv).unwrap_or_else(|_| venv.to_path_buf());
    // A copy of the interpreter is in the environment itself.
    if let Some(home) = mark.home.filter(|_| !own.starts_with(&inside))
        && !leads_to(&home, &own, (version.0, version.1))
    {
        return problem(VenvProblem::Home { home, own });
    }
    if !interpreter.site_packages.iter().any(|folder| folder.starts_with(&inside)) {
        return problem(VenvProblem::NoPackages);
    }
    Ok(())
}

/// Whether a program of the usual names in `home` is this interpreter.
fn leads_to(home: &Path, own: &Path, (major, minor): (u8, u8)) -> bool {
    let names = [format!("python{major}.{minor}"), format!("python{major}"), "python".to_owned()];
    names.iter().any(|name| fs::canonicalize(home.join(name)).is_ok_and(|real| real == own))
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(LONGEST_MARK).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Folders and files of packages that everybody on this host may write to: whoever does has code run in the forkserver.
pub(super) fn open_to_all(interpreter: &Interpreter) -> Vec<PathBuf> {
    const OTHERS_WRITE: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    let environment = interpreter.path.parent().and_then(Path::parent).map(Path::to_path_buf);
    let places = [&interpreter.site_packages, &interpreter.library_dirs, &interpreter.startup_files];
    let mut open: Vec<PathBuf> = places
        .into_iter()
        .flatten()
        .cloned()
        .chain(environment)
        .filter(|path| {
            fs::metadata(path).is_ok_and(|meta| {
                let mode = meta.permissions().mode();
                mode & OTHERS_WRITE != 0 && (mode & STICKY == 0 || !meta.is_dir())
            })
        })
        .collect();
    open.sort_unstable();
    open.dedup();
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_writes_its_own_mark() {
        let mark = |home: &str, version| Mark { home: Some(home.into()), version };
        let venv = "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.13.0\nexecutable = /usr/bin/python3.13\n";
        assert_eq!(Mark::parse(venv), mark("/usr/bin", Some((3, 13))));
        let uv = "home = /opt/python/bin\nimplementation = CPython\nuv = 0.13.9\nversion_info = 3.14.8\n";
        assert_eq!(Mark::parse(uv), mark("/opt/python/bin", Some((3, 14))));
        let virtualenv = "version = 20.30.0\nhome = /usr/bin\nversion_info = 3.13.0.final.0\n";
        assert_eq!(Mark::parse(virtualenv), mark("/usr/bin", Some((3, 13))));
        assert_eq!(Mark::parse("home = bin\nversion = x.y\nnothing"), Mark::default());
        assert_eq!(Mark::parse("version = 999.13\nversion_info = 3.14.0"), Mark { home: None, version: Some((3, 14)) });
    }
}
