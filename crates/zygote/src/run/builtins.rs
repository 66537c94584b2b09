//! The built-ins of user code.

use std::collections::BTreeSet;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::function::Function;
use super::{guard, print};

/// Not built-ins but parts of the module that holds them; the loader would be a way past the guard.
const OF_THE_MODULE: [&str; 5] = ["__name__", "__doc__", "__package__", "__loader__", "__spec__"];

/// The `__builtins__` of user code: an exact dict, which the interpreter reads fastest and without calling anything, of
/// all built-ins but the denied ones. `print` and `__import__` are ours, whatever is denied.
///
/// # Errors
/// No memory.
pub(super) fn allowed<'py>(real: &Bound<'py, PyDict>, denied: &[String]) -> PyResult<Bound<'py, PyDict>> {
    let py = real.py();
    let denied: BTreeSet<&str> = denied.iter().map(String::as_str).chain(OF_THE_MODULE).collect();
    let allowed = PyDict::new(py);
    for item in real.items() {
        let (name, value): (Bound<'py, PyString>, Bound<'py, PyAny>) = item.extract()?;
        if !denied.contains(name.to_str()?) {
            allowed.set_item(name, value)?;
        }
    }
    allowed.set_item("print", Function::new("print", wrap_pyfunction!(print::print, py)?)?)?;
    allowed.set_item("__import__", Function::new("__import__", wrap_pyfunction!(guard::import, py)?)?)?;
    Ok(allowed)
}

/// All of them, with the real `__import__`, for a policy that switches the guards off. `print` stays ours: what is printed is
/// sent, however little else is held back.
///
/// # Errors
/// No memory.
pub(super) fn all<'py>(real: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let all = real.copy()?;
    all.set_item("print", wrap_pyfunction!(print::print, real.py())?)?;
    Ok(all)
}
