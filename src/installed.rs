//! Which packages the interpreter that runs tasks has, by the names they are imported by: read once, when a profile starts.
//!
//! Names that user code makes up are only looked up here, in memory.

use std::collections::HashSet;
use std::path::PathBuf;

/// Entries of all folders together that are looked at.
const MOST_ENTRIES: usize = 50_000;

/// Importable names, and whether these are all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Installed {
    names: HashSet<String>,
    complete: bool,
}

impl Installed {
    /// What lies in these folders of packages.
    pub(crate) fn of(folders: &[PathBuf]) -> Self {
        let mut installed = Self { names: HashSet::new(), complete: true };
        let mut left = MOST_ENTRIES;
        for folder in folders {
            let Ok(entries) = folder.read_dir() else {
                installed.complete = false;
                continue;
            };
            for entry in entries {
                let Some(rest) = left.checked_sub(1) else {
                    installed.complete = false;
                    return installed;
                };
                left = rest;
                match entry {
                    Ok(entry) => installed.add(&entry.file_name().to_string_lossy()),
                    Err(_) => installed.complete = false,
                }
            }
        }
        installed
    }

    /// Whether a top-level name can be imported; `None` where that cannot be told.
    pub(crate) fn has(&self, top_level: &str) -> Option<bool> {
        match self.names.contains(top_level) {
            true => Some(true),
            false if self.complete => Some(false),
            false => None,
        }
    }

    fn add(&mut self, file: &str) {
        // Packages that are edited in place are found by code that a start of Python runs.
        if file.starts_with("__editable__") {
            self.complete = false;
            return;
        }
        let (name, end) = file.split_once('.').unwrap_or((file, ""));
        // A native module has the version it is for between its name and its end.
        let is_module = matches!(end, "" | "py" | "pyc") || end.rsplit('.').next() == Some("so");
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_module && is_name {
            self.names.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> (tempfile::TempDir, Installed) {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            match name.strip_suffix('/') {
                Some(name) => std::fs::create_dir(folder.path().join(name)).unwrap(),
                None => drop(std::fs::File::create(folder.path().join(name)).unwrap()),
            }
        }
        let installed = Installed::of(&[folder.path().to_owned()]);
        (folder, installed)
    }

    #[test]
    fn packages_and_modules_are_known_by_the_names_they_are_imported_by() {
        let names =
            ["numpy/", "numpy-2.0.dist-info/", "six.py", "_cffi.cpython-313-x86_64-linux-gnu.so", "x.abi3.so", "a.txt"];
        let (_folder, installed) = folder(&names);
        for name in ["numpy", "six", "_cffi", "x"] {
            assert_eq!(installed.has(name), Some(true), "{name}");
        }
        for name in ["a", "numpy-2", "requests", "", "..", "numpy/core"] {
            assert_eq!(installed.has(name), Some(false), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_claimed() {
        let (_folder, installed) = folder(&["numpy/", "__editable___mine_finder.py"]);
        assert_eq!((installed.has("numpy"), installed.has("mine")), (Some(true), None));
        assert_eq!(Installed::of(&["/no/such/folder".into()]).has("numpy"), None);
        assert_eq!(Installed::default().has("numpy"), None);
    }
}
