//! Where interpreters are looked for, and in which order.

use std::cmp::Reverse;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Reads one environment variable.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What led to an interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `PALISADE_PYTHON`.
    Setting,
    /// `PALISADE_VENV`.
    Venv,
    /// A folder of `PATH`.
    Path,
    /// A version that pyenv installed.
    Pyenv,
    /// A version that uv installed.
    Uv,
    /// A folder into which Homebrew links programs.
    Homebrew,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setting => super::SETTING,
            Self::Venv => super::VENV_SETTING,
            Self::Path => "PATH",
            Self::Pyenv => "pyenv",
            Self::Uv => "uv",
            Self::Homebrew => "Homebrew",
        })
    }
}

/// One place with the files that may be there, best first.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) source: Source,
    pub(crate) candidates: Vec<PathBuf>,
    /// Folders that exist but may not be listed.
    pub(crate) closed: Vec<PathBuf>,
}

/// Every place, in the order of preference. `supported` has the newest minor version first.
pub(crate) fn all(env: Env<'_>, supported: &[(u8, u8)]) -> Vec<Place> {
    let names = names(supported);
    vec![
        Place { source: Source::Path, candidates: in_folders(&path_folders(env), &names), closed: Vec::new() },
        installed(Source::Pyenv, &pyenv_folders(env), supported),
        installed(Source::Uv, &uv_folders(env), supported),
        Place { source: Source::Homebrew, candidates: in_folders(&homebrew_folders(env), &names), closed: Vec::new() },
    ]
}

/// Folders of `PATH`. Relative ones depend on where the runner happens to be started and are left out.
pub(crate) fn path_folders(env: Env<'_>) -> Vec<PathBuf> {
    let path = env("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect()
}

fn names(supported: &[(u8, u8)]) -> Vec<String> {
    let exact = supported.iter().map(|(major, minor)| format!("python{major}.{minor}"));
    exact.chain(["python3".to_owned(), "python".to_owned()]).collect()
}

/// By name first: a `python3.14` at the end of `PATH` is newer than a `python3` at its beginning.
fn in_folders(folders: &[PathBuf], names: &[String]) -> Vec<PathBuf> {
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).collect()
}

fn pyenv_folders(env: Env<'_>) -> Vec<PathBuf> {
    let roots = [folder(env, "PYENV_ROOT"), folder(env, "HOME").map(|home| home.join(".pyenv"))];
    distinct(roots.into_iter().flatten().map(|root| root.join("versions")))
}

fn uv_folders(env: Env<'_>) -> Vec<PathBuf> {
    let data = [folder(env, "XDG_DATA_HOME"), folder(env, "HOME").map(|home| home.join(".local/share"))];
    let roots = data.into_iter().flatten().map(|data| data.join("uv/python"));
    distinct(folder(env, "UV_PYTHON_INSTALL_DIR").into_iter().chain(roots))
}

fn homebrew_folders(env: Env<'_>) -> Vec<PathBuf> {
    let usual = ["/opt/homebrew/bin", "/usr/local/bin", "/home/linuxbrew/.linuxbrew/bin"].map(PathBuf::from);
    distinct(folder(env, "HOMEBREW_PREFIX").map(|prefix| prefix.join("bin")).into_iter().chain(usual))
}

fn folder(env: Env<'_>, name: &str) -> Option<PathBuf> {
    env(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn distinct(folders: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut kept = Vec::new();
    for folder in folders {
        if !kept.contains(&folder) {
            kept.push(folder);
        }
    }
    kept
}

/// `FOLDER/VERSION/bin/python3.1x`: newest minor first, and for each the highest patch by the name of its folder.
fn installed(source: Source, folders: &[PathBuf], supported: &[(u8, u8)]) -> Place {
    let mut place = Place { source, candidates: Vec::new(), closed: Vec::new() };
    let mut versions = Vec::new();
    for folder in folders {
        match children(folder) {
            Ok(found) => versions.extend(found),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => place.closed.push(folder.clone()),
            Err(_) => {}
        }
    }
    versions.sort_by_cached_key(|folder| (Reverse(version_in_name(folder)), folder.clone()));
    for (major, minor) in supported {
        let program = format!("bin/python{major}.{minor}");
        place.candidates.extend(versions.iter().map(|version| version.join(&program)).filter(|path| path.exists()));
    }
    place
}

fn children(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// The patch release in `3.13.0`, `cpython-3.13.1-linux-x86_64-gnu` or `3.14.0rc2`; none sorts below any. A release
/// sorts above its own candidates.
fn version_in_name(folder: &Path) -> Option<(u32, u32, u32, bool)> {
    let name = folder.file_name()?.to_str()?;
    let name = name.strip_prefix("cpython-").unwrap_or(name);
    let name = name.split(['-', '+']).next()?;
    let mut parts = name.splitn(3, '.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?.parse().ok()?;
    let rest = parts.next()?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let patch = rest[..digits].parse().ok()?;
    Some((major, minor, patch, digits == rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_sort_as_versions() {
        let mut folders: Vec<PathBuf> = [
            "3.13.2",
            "3.13.10",
            "my-project",
            "3.14.0rc1",
            "3.14.0",
            "cpython-3.13.11-linux-x86_64-gnu",
            "3.13-dev",
            "cpython-3.13-linux-x86_64-gnu",
            "99999999999999999999.1.1",
        ]
        .map(PathBuf::from)
        .to_vec();
        folders.sort_by_cached_key(|folder| (Reverse(version_in_name(folder)), folder.clone()));
        let sorted: Vec<&str> = folders.iter().filter_map(|folder| folder.to_str()).collect();
        assert_eq!(sorted[..5], ["3.14.0", "3.14.0rc1", "cpython-3.13.11-linux-x86_64-gnu", "3.13.10", "3.13.2"]);
    }

    #[test]
    fn without_an_environment_only_fixed_places_are_left() {
        let places = all(&|_| None, &[(3, 14), (3, 13)]);
        for place in &places {
            assert_eq!(place.candidates.is_empty(), place.source != Source::Homebrew, "{place:?}");
        }
    }

    #[test]
    fn relative_folders_are_left_out() {
        let env = |name: &str| (name == "PATH" || name == "HOME").then(|| OsString::from(".:bin::/a"));
        assert_eq!(path_folders(&env), [PathBuf::from("/a")]);
        assert!(pyenv_folders(&env).is_empty());
    }

    #[test]
    fn each_variable_leads_to_its_folders() {
        let env = |name: &str| match name {
            "HOME" => Some(OsString::from("/h")),
            "PYENV_ROOT" => Some(OsString::from("/p")),
            "XDG_DATA_HOME" => Some(OsString::from("/x")),
            "UV_PYTHON_INSTALL_DIR" => Some(OsString::from("/u")),
            _ => None,
        };
        assert_eq!(pyenv_folders(&env), ["/p/versions", "/h/.pyenv/versions"].map(PathBuf::from));
        assert_eq!(uv_folders(&env), ["/u", "/x/uv/python", "/h/.local/share/uv/python"].map(PathBuf::from));
    }
}
