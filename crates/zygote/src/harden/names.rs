//! From the names of a policy to objects of this interpreter.

use pyo3::exceptions::{PyAttributeError, PyImportError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

/// A type by its dotted name, which begins with its module's.
///
/// # Errors
/// There is no such type.
pub(super) fn type_of<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    let found = object(py, name)?.and_then(|object| object.cast_into::<PyType>().ok());
    found.ok_or_else(|| mistake(name, "no type of this interpreter"))
}

/// What a dotted name stands for, unless its module is not loaded: then there is nothing that could lead to it.
///
/// # Errors
/// The module is there and lacks it.
pub(super) fn loaded_object<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    if !is_loaded(py, name)? {
        return Ok(None);
    }
    object(py, name)
}

/// Whether the top-level module of a dotted name is loaded.
///
/// # Errors
/// No memory.
pub(super) fn is_loaded(py: Python<'_>, name: &str) -> PyResult<bool> {
    py.import("sys")?.getattr("modules")?.contains(name.split('.').next().unwrap_or(name))
}

/// `module.type.attribute` apart: the type, and the attribute's name.
///
/// # Errors
/// There is no such type. Whether it has the attribute is left open: versions differ.
pub(super) fn attribute_of<'py, 'n>(py: Python<'py>, name: &'n str) -> PyResult<(Bound<'py, PyType>, &'n str)> {
    let (owner, attribute) = name.rsplit_once('.').ok_or_else(|| mistake(name, "no attribute of a type"))?;
    Ok((type_of(py, owner)?, attribute))
}

/// What a dotted name stands for, modules being imported as needed.
///
/// # Errors
/// No memory. A module or an attribute that there is not is none.
pub(super) fn object<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let parts: Vec<&str> = name.split('.').collect();
    for split in (1..=parts.len()).rev() {
        let module = match py.import(PyString::new(py, &parts[..split].join("."))) {
            Ok(module) => module.into_any(),
            Err(error) if error.is_instance_of::<PyImportError>(py) => continue,
            Err(error) => return Err(error),
        };
        let mut value = module;
        for part in &parts[split..] {
            value = match value.getattr(*part) {
                Ok(value) => value,
                Err(error) if error.is_instance_of::<PyAttributeError>(py) => return Ok(None),
                Err(error) => return Err(error),
            };
        }
        return Ok(Some(value));
    }
    Ok(None)
}

/// What is said of an entry that cannot be what its list is of.
pub(super) fn mistake(name: &str, what: &str) -> PyErr {
    PyRuntimeError::new_err(format!(
        "the policy's section interpreter names {name:?}, which is {what}: correct the entry, or take it off its list"
    ))
}
