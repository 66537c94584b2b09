//! The native statics that everything here works with: captured before user code exists, out of its reach.

use std::collections::{HashMap, HashSet};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use super::compile::Compiler;
use super::evaluated::Evaluation;
use super::format::Templates;
use super::json::Codec;
use super::stream::TextStream;
use super::{Allow, Settings};
use crate::gate::Gate;

static RUNTIME: PyOnceLock<Runtime> = PyOnceLock::new();

/// What [`prepare`](super::prepare()) made for the children.
pub(super) struct Runtime {
    pub(super) policy: ImportPolicy,
    pub(super) compiler: Compiler,
    pub(super) gate: Gate,
    pub(super) templates: Templates,
    pub(super) evaluation: Evaluation,
    pub(super) codec: Codec,
    /// The `__builtins__` of user code.
    pub(super) builtins: Py<PyDict>,
    /// The interpreter's own, by which package code is told from user code.
    pub(super) real_builtins: Py<PyDict>,
    /// Native functions in the user's globals, under names no user can write.
    pub(super) guards: Vec<(Py<PyString>, Py<PyAny>)>,
    pub(super) streams: Streams,
    /// CPython's `print`, for `file=`.
    pub(super) real_print: Py<PyAny>,
    /// `importlib.import_module` as it was.
    pub(super) real_import_module: Py<PyAny>,
    /// What `sys` holds.
    pub(super) sys: Py<PyDict>,
    /// `sys.modules`.
    pub(super) modules: Py<PyDict>,
    /// Modules that could not be imported ahead, and why.
    pub(super) unavailable: HashMap<String, String>,
    /// `io.UnsupportedOperation`.
    pub(super) unsupported: Py<PyAny>,
    /// The dictionaries behind `os.environ`, where `os` is loaded.
    pub(super) environments: Vec<Py<PyDict>>,
}

/// What stands for the standard streams.
pub(super) struct Streams {
    pub(super) input: Py<TextStream>,
    pub(super) output: Py<TextStream>,
    pub(super) errors: Py<TextStream>,
}

/// Which modules user code may import.
pub(super) struct ImportPolicy {
    pub(super) guards: bool,
    pub(super) stdlib: Allow,
    pub(super) external: Allow,
    pub(super) transitive: bool,
    pub(super) stdlib_names: HashSet<String>,
}

impl ImportPolicy {
    pub(super) fn new(settings: Settings, stdlib_names: HashSet<String>) -> Self {
        Self {
            guards: settings.guards,
            stdlib: settings.stdlib,
            external: settings.external,
            transitive: settings.transitive_imports,
            stdlib_names,
        }
    }

    /// Why `module` may not be imported, in n8n's words.
    pub(super) fn refusal(&self, module: &str) -> Option<String> {
        if !self.guards {
            return None;
        }
        let top_level = module.split('.').next().unwrap_or(module);
        if self.stdlib_names.contains(top_level) {
            (!self.stdlib.contains(top_level)).then(|| {
                let allowed = self.stdlib.listed();
                format!("Import of standard library module '{module}' is disallowed. Allowed stdlib modules: {allowed}")
            })
        } else {
            (!self.external.contains(top_level)).then(|| {
                let allowed = self.external.listed();
                format!("Import of external package '{module}' is disallowed. Allowed external packages: {allowed}")
            })
        }
    }
}

/// # Errors
/// There is one already: an interpreter is prepared once.
pub(super) fn install(py: Python<'_>, runtime: Runtime) -> PyResult<()> {
    RUNTIME.set(py, runtime).map_err(|_| PyRuntimeError::new_err("this interpreter has been prepared already"))
}

/// # Errors
/// [`prepare`](super::prepare()) was not called or failed.
pub(super) fn get(py: Python<'_>) -> PyResult<&'static Runtime> {
    RUNTIME.get(py).ok_or_else(|| PyRuntimeError::new_err("this interpreter has not been prepared"))
}
