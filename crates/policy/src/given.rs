//! What is said about a policy outside of its files: by n8n's variables, or on the command line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::allow::Allow;
use crate::origin::Origin;
use crate::value::Item;

/// What is said outside of files. A list that is not there, or empty where an allow list is meant, says nothing.
#[derive(Debug, Clone, Default)]
pub struct Given {
    lists: Vec<List>,
    secrets: Vec<(PathBuf, Origin)>,
}

#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) path: &'static str,
    names: BTreeSet<String>,
    pub(crate) origin: Origin,
}

impl Given {
    /// Modules of the standard library that may be imported.
    #[must_use]
    pub fn stdlib(self, allow: Allow, origin: Origin) -> Self {
        self.allow("modules.stdlib", allow, origin)
    }

    /// Other packages that may be imported.
    #[must_use]
    pub fn external(self, allow: Allow, origin: Origin) -> Self {
        self.allow("modules.external", allow, origin)
    }

    /// Built-ins that user code has not. An empty list says so: it has all.
    #[must_use]
    pub fn builtins_deny(mut self, names: Option<Vec<String>>, origin: Origin) -> Self {
        let names = names.map(|names| names.into_iter().collect());
        self.lists.extend(names.map(|names| List { path: "builtins.deny", names, origin }));
        self
    }

    /// A file that holds a secret of the runner, which no task may read.
    #[must_use]
    pub fn secret(mut self, file: &Path, origin: Origin) -> Self {
        self.secrets.push((file.to_path_buf(), origin));
        self
    }

    /// A secret that is `path`, or lies below it.
    pub(crate) fn secret_within(&self, path: &Path) -> Option<&(PathBuf, Origin)> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let path = real(path);
        self.secrets.iter().find(|(secret, _)| secret.starts_with(&path) || real(secret).starts_with(&path))
    }

    fn allow(mut self, path: &'static str, allow: Allow, origin: Origin) -> Self {
        let names = match allow {
            Allow::All => BTreeSet::from(["*".to_owned()]),
            Allow::Only(names) => names,
        };
        // Launchers set the variables to nothing; that is no statement against a policy file.
        if !names.is_empty() {
            self.lists.push(List { path, names, origin });
        }
        self
    }

    pub(crate) fn lists(&self) -> &[List] {
        &self.lists
    }

    pub(crate) fn list(&self, path: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.path == path)
    }
}

impl List {
    /// Its entries, as a file would have them.
    pub(crate) fn items(&self) -> Vec<Item> {
        let item =
            |name: &String| Item { name: name.clone(), reason: "named there".to_owned(), origin: self.origin.clone() };
        self.names.iter().map(item).collect()
    }

    pub(crate) fn says(&self, items: &[Item]) -> bool {
        items.len() == self.names.len() && items.iter().all(|item| self.names.contains(&item.name))
    }

    /// Whether it was said on the command line, and so about whatever profile is used.
    pub(crate) fn is_option(&self) -> bool {
        matches!(&self.origin, Origin::Outside(what) if what.starts_with("option "))
    }
}
