//! `os.environ` of user code.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// The dictionaries behind `os.environ` and `os.environb` (one) and behind both at start (`posix.environ`).
///
/// # Errors
/// `os` is not what it should be.
pub(super) fn dictionaries(modules: &Bound<'_, PyDict>) -> PyResult<Vec<Py<PyDict>>> {
    let mut found = Vec::new();
    if let Some(os) = modules.get_item("os")? {
        found.push(os.getattr("environ")?.getattr("_data")?.cast_into::<PyDict>()?.unbind());
    }
    if let Some(posix) = modules.get_item("posix")? {
        found.push(posix.getattr("environ")?.cast_into::<PyDict>()?.unbind());
    }
    Ok(found)
}

/// Makes them hold `variables` and nothing else. The C library's environment stays: it is a few fixed settings such as
/// the time zone, without which `time.localtime` would change.
///
/// # Errors
/// No memory.
pub(super) fn replace(py: Python<'_>, dictionaries: &[Py<PyDict>], variables: &[(String, String)]) -> PyResult<()> {
    for dictionary in dictionaries {
        let dictionary = dictionary.bind(py);
        dictionary.clear();
        for (name, value) in variables {
            dictionary.set_item(PyBytes::new(py, name.as_bytes()), PyBytes::new(py, value.as_bytes()))?;
        }
    }
    Ok(())
}
