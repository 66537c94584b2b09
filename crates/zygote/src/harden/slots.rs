//! What lies behind names: setters and constructors, which go on working when only a name is gone.

use std::ptr;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::{names, removals};

/// Makes attributes, by `module.type.attribute`, readable only.
///
/// # Errors
/// There is no such type, or the attribute is none that is computed.
pub(super) fn make_read_only(py: Python<'_>, list: &[String]) -> PyResult<()> {
    for name in list {
        let (owner, attribute) = names::attribute_of(py, name)?;
        let Some(descriptor) = removals::dictionary(&owner)?.get_item(attribute)? else {
            return Err(names::mistake(name, "an attribute its type does not have"));
        };
        // SAFETY: reading the type of a live object; `PyGetSetDescr_Type` is the interpreter's.
        let is_computed = unsafe { ffi::Py_TYPE(descriptor.as_ptr()) == &raw mut ffi::PyGetSetDescr_Type };
        if !is_computed {
            return Err(names::mistake(name, "no computed attribute, so its setter cannot be taken away"));
        }
        // SAFETY: its type was checked just now, so it has this layout; the definition is a static of whoever made the type.
        let of_the_old = unsafe { &*(*descriptor.as_ptr().cast::<ffi::PyGetSetDescrObject>()).d_getset };
        let readable = ffi::PyGetSetDef {
            name: of_the_old.name,
            get: of_the_old.get,
            set: None,
            doc: of_the_old.doc,
            closure: of_the_old.closure,
        };
        put(&owner, attribute, readable)?;
    }
    Ok(())
}

/// Puts a computed attribute into a type, instead of any that is there.
///
/// # Errors
/// No memory.
pub(super) fn put(owner: &Bound<'_, PyType>, attribute: &str, definition: ffi::PyGetSetDef) -> PyResult<()> {
    let py = owner.py();
    // The type lives as long as the process, and so must this.
    let definition = ptr::from_mut(Box::leak(Box::new(definition)));
    // SAFETY: a live type and a definition that is never freed; the result is a new reference or null with an error set.
    let descriptor =
        unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewGetSet(owner.as_ptr().cast(), definition)) }?;
    removals::dictionary(owner)?.set_item(attribute, descriptor)?;
    removals::modified(owner);
    Ok(())
}

/// Leaves types, by `module.type`, without a way to make an object by calling them.
///
/// # Errors
/// There is no such type.
pub(super) fn close_constructors(py: Python<'_>, list: &[String]) -> PyResult<()> {
    for name in list {
        let owner = names::type_of(py, name)?;
        removals::take(&owner, "__new__")?;
        // SAFETY: a live type; the process has one thread, which holds the GIL.
        unsafe {
            let class = owner.as_ptr().cast::<ffi::PyTypeObject>();
            (*class).tp_new = None;
            (*class).tp_vectorcall = None;
            (*class).tp_flags |= ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
        }
        removals::modified(&owner);
    }
    Ok(())
}
