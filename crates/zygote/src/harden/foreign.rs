//! Function and generator types that are not CPython's own: those of Cython, of which each library brings its own, and of
//! whoever wraps generators.

use std::collections::HashSet;

use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};

use super::removals;

/// Takes these attributes away from every type that is loaded and has them itself.
///
/// # Errors
/// No memory.
pub(super) fn remove(py: Python<'_>, names: &[String]) -> PyResult<()> {
    for class in all(py)? {
        let dictionary = removals::dictionary(&class)?;
        for name in names {
            if dictionary.contains(name)? {
                removals::take(&class, name)?;
            }
        }
    }
    Ok(())
}

/// Every class there is.
///
/// # Errors
/// `type.__subclasses__` was taken away already.
pub(super) fn all(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyType>>> {
    let builtins = py.import("builtins")?;
    let subclasses = builtins.getattr("type")?.getattr("__subclasses__")?;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut pending = vec![builtins.getattr("object")?.cast_into::<PyType>()?];
    while let Some(class) = pending.pop() {
        if !seen.insert(class.as_ptr()) {
            continue;
        }
        // A metaclass's own method could answer anything, so not by the class's attribute.
        for below in subclasses.call1((&class,))?.cast_into::<PyList>()?.iter() {
            pending.push(below.cast_into::<PyType>()?);
        }
        found.push(class);
    }
    Ok(found)
}
