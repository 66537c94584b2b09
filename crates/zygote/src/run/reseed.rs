//! Random generators made ahead: found in the forkserver, reseeded in each child.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use pyo3::types::code::{PyCode, PyCodeInput, PyCodeMethods as _};

static GENERATORS: PyOnceLock<Generators> = PyOnceLock::new();

struct Generators {
    reseed: Py<PyAny>,
    found: Py<PyAny>,
}

/// Finds them all. To be called after everything was imported.
pub(super) fn find(py: Python<'_>) -> PyResult<()> {
    let scope = PyDict::new(py);
    let source = pyo3::ffi::c_str!(include_str!("../../python/reseed.py"));
    PyCode::compile(py, source, c"<palisade>", PyCodeInput::File)?.run(Some(&scope), None)?;
    let scope = scope.as_any();
    let found = scope.get_item("find")?.call0()?;
    // Where there are none, no child need begin with a call of nothing.
    if found.is_empty()? {
        return Ok(());
    }
    let found = found.unbind();
    let _ = GENERATORS.set(py, Generators { reseed: scope.get_item("reseed")?.unbind(), found });
    Ok(())
}

/// Gives each of them a state of this process's own, from the kernel's entropy.
///
/// # Errors
/// The generator's own. The child would draw its siblings' numbers, so it must not be used.
pub(crate) fn reseed(py: Python<'_>) -> PyResult<()> {
    match GENERATORS.get(py) {
        Some(Generators { reseed, found }) => reseed.call1(py, (found,)).map(drop),
        None => Ok(()),
    }
}
