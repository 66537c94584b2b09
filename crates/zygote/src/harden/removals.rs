//! Names that go out of types.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::names;

/// Takes attributes away from types, by `module.type.attribute`. An attribute that this version does not have is none too
/// much: it is not there.
///
/// # Errors
/// There is no such type.
pub(super) fn remove<'n>(py: Python<'_>, names: impl Iterator<Item = &'n str>) -> PyResult<()> {
    // All are looked up before the first goes: the look-up itself uses some.
    let found = |name| match names::is_loaded(py, name) {
        // A package that is not there has no types.
        Ok(false) if !is_of_the_library(py, name) => Ok(None),
        Ok(_) => names::attribute_of(py, name).map(Some),
        Err(error) => Err(error),
    };
    let found = names.map(found).collect::<PyResult<Vec<_>>>()?;
    for (owner, attribute) in found.into_iter().flatten() {
        take(&owner, attribute)?;
    }
    Ok(())
}

fn is_of_the_library(py: Python<'_>, name: &str) -> bool {
    let top_level = name.split('.').next().unwrap_or(name);
    let names = py.import("sys").and_then(|sys| sys.getattr("stdlib_module_names"));
    names.and_then(|names| names.contains(top_level)).unwrap_or(true)
}

/// Takes one attribute out of a type's own dictionary; false where that has it not.
///
/// # Errors
/// No memory.
pub(super) fn take(owner: &Bound<'_, PyType>, attribute: &str) -> PyResult<bool> {
    let dictionary = dictionary(owner)?;
    if !dictionary.contains(attribute)? {
        return Ok(false);
    }
    dictionary.del_item(attribute)?;
    modified(owner);
    Ok(true)
}

/// A type's own dictionary, which Python code only gets behind a proxy.
///
/// # Errors
/// The type is not ready.
pub(super) fn dictionary<'py>(owner: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: a live type; the result is a new reference, or null with or without an error.
    let dictionary = unsafe { Bound::from_owned_ptr_or_err(owner.py(), ffi::PyType_GetDict(owner.as_ptr().cast())) }?;
    Ok(dictionary.cast_into::<PyDict>()?)
}

/// Tells the interpreter that a type's dictionary was changed behind its back.
pub(super) fn modified(owner: &Bound<'_, PyType>) {
    // SAFETY: a live type, attached to the interpreter.
    unsafe { ffi::PyType_Modified(owner.as_ptr().cast()) }
}
