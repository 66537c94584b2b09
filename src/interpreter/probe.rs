//! Asking a candidate what it is.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;

use super::bounded::{self, Failure};

const SCRIPT: &str = include_str!("probe.py");

/// Makes of a start with `-S` one with the folders of installed packages, without running anything of theirs.
pub(crate) const SITE: &str = include_str!("site.py");

/// What a candidate said about itself. None of it is believed beyond what it can do by lying: it is started anyway.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Identity {
    pub(crate) implementation: String,
    pub(crate) version: (u8, u8, u8),
    /// `alpha`, `beta`, `candidate` or `final`.
    pub(crate) level: String,
    /// `sys.executable`; differs from the candidate where that is a shim.
    pub(crate) executable: Option<PathBuf>,
    pub(crate) abiflags: String,
    pub(crate) pointer_bits: u8,
    pub(crate) gil_disabled: bool,
    pub(crate) debug: bool,
}

/// Where an interpreter has its files, with the folders of installed packages and those of a virtual environment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Layout {
    /// `sys.prefix`, `exec_prefix`, `base_prefix`, `base_exec_prefix`.
    pub(crate) prefixes: Vec<PathBuf>,
    /// `stdlib`, `platstdlib` and the folder of extension modules.
    pub(crate) stdlib: Vec<Option<PathBuf>>,
    pub(crate) site_packages: Vec<PathBuf>,
    pub(crate) search_path: Vec<PathBuf>,
    /// `LIBDIR` and `INSTSONAME` of a build with a shared library.
    #[serde(default)]
    pub(crate) library: Option<(Option<PathBuf>, Option<PathBuf>)>,
    pub(crate) zone_path: Vec<PathBuf>,
    /// Real paths of the modules that a start with `site` loads.
    pub(crate) module_files: Vec<PathBuf>,
    /// Files mapped executable once the common extension modules are loaded; empty without a `/proc`.
    pub(crate) mapped: Vec<PathBuf>,
    /// `.pth` files with lines of code, which were not run.
    #[serde(default)]
    pub(crate) code_in_pth: Vec<PathBuf>,
}

/// Asks without `site`: no code of an installed package runs before the interpreter is known to be one of ours.
pub(crate) fn identify(candidate: &Path, deadline: Instant) -> Result<Identity, Failure> {
    ask(Command::new(candidate).args(["-I", "-S", "-c", SCRIPT]), deadline)
}

/// Asks for folders, by the same script as the forkserver will be started with. This runs outside of any jail, so nothing
/// of an installed package runs in it.
pub(crate) fn layout(interpreter: &Path, deadline: Instant) -> Result<Layout, Failure> {
    ask(Command::new(interpreter).args(["-I", "-S", "-c", &format!("{SITE}\n{SCRIPT}"), "paths"]), deadline)
}

fn ask<T: for<'de> Deserialize<'de>>(command: &mut Command, deadline: Instant) -> Result<T, Failure> {
    let output = bounded::output(command, deadline)?;
    let line = output.split(|&byte| byte == b'\n').rfind(|line| line.starts_with(b"{"));
    let Some(line) = line else {
        return Err(Failure::NoAnswer("no answer on its stdout".to_owned()));
    };
    serde_json::from_slice(line).map_err(|error| Failure::NoAnswer(bounded::printable(&error.to_string())))
}
