//! The folder of examples, as tests read it: `NAME.py`, `NAME.items.json`, `NAME.expected.json`.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::fs;
use std::path::{Path, PathBuf};

/// An example, and what the comment at its beginning says.
pub(crate) struct Example {
    pub(crate) name: String,
    /// The script.
    pub(crate) path: PathBuf,
    pub(crate) code: String,
    pub(crate) items: String,
    pub(crate) expected: String,
    /// What it does: the comment up to the first empty line.
    pub(crate) about: String,
    /// The arguments of `palisade` that run it.
    pub(crate) arguments: Vec<String>,
}

impl Example {
    fn read(path: PathBuf) -> Self {
        let text = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let code = text(&path);
        let comment: Vec<&str> = code.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).collect();
        let about = comment.iter().take_while(|line| !line.is_empty()).copied().collect::<Vec<_>>().join(" ");
        let run = comment.iter().position(|line| line.starts_with("Run:")).expect("a line `Run:`");
        let command = comment[run..].join("\n").replace("\\\n", " ");
        let command = command.lines().next().and_then(|line| line.strip_prefix("Run:")).unwrap_or_default().trim();
        let arguments = command.strip_prefix("palisade ").expect("a call of palisade").split_whitespace();
        Self {
            name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
            items: text(&path.with_extension("items.json")),
            expected: text(&path.with_extension("expected.json")),
            about,
            arguments: arguments.map(ToOwned::to_owned).collect(),
            code,
            path,
        }
    }

    /// Whether it runs once for each item.
    pub(crate) fn each(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "--each")
    }

    /// What it needs of the standard library, or of other packages.
    pub(crate) fn needs(&self, option: &str) -> &str {
        let at = self.arguments.iter().position(|argument| argument == option);
        at.map_or("", |at| self.arguments[at + 1].as_str())
    }
}

/// All of them, by name.
pub(crate) fn examples() -> Vec<Example> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut scripts: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of examples")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    scripts.sort();
    scripts.into_iter().map(Example::read).collect()
}
