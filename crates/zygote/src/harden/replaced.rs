//! What the interpreter itself uses, so that taking it away would break it: replaced by what gives nothing away.

use std::ffi::{c_int, c_void};
use std::ptr;

use pyo3::exceptions::PyAttributeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyType};

use super::{names, removals, slots, subclasses};

/// Replaces one thing, by the name the policy has for it.
///
/// # Errors
/// There is none of this name.
pub(super) fn replace(py: Python<'_>, name: &str) -> PyResult<()> {
    match name {
        "type.__subclasses__" => subclasses::replace(py),
        "AttributeError.obj" => forget_objects(py),
        "mappingproxy.operators" => copy_before_operators(py),
        _ => Err(names::mistake(name, "nothing this version can replace")),
    }
}

/// `AttributeError.obj` is None, whatever is assigned. Were the name only taken away, what the interpreter assigns would land
/// in the exception's own dictionary.
fn forget_objects(py: Python<'_>) -> PyResult<()> {
    let definition = ffi::PyGetSetDef {
        name: c"obj".as_ptr(),
        get: Some(nothing),
        set: Some(swallow),
        doc: ptr::null(),
        closure: ptr::null_mut(),
    };
    slots::put(&py.get_type::<PyAttributeError>(), "obj", definition)
}

unsafe extern "C" fn nothing(_: *mut ffi::PyObject, _: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this with the GIL held.
    unsafe { ffi::Py_NewRef(ffi::Py_None()) }
}

unsafe extern "C" fn swallow(_: *mut ffi::PyObject, _: *mut ffi::PyObject, _: *mut c_void) -> c_int {
    0
}

/// What a mappingproxy is made of, `Objects/descrobject.c`: the same in all versions there is a build for.
#[repr(C)]
struct MappingProxy {
    object: ffi::PyObject,
    mapping: *mut ffi::PyObject,
}

/// `proxy == x` and `proxy | x` hand the dictionary itself to the methods of `x`: that of a built-in type, for instance, which
/// nobody may change. They get a copy.
fn copy_before_operators(py: Python<'_>) -> PyResult<()> {
    let class = names::type_of(py, "types.MappingProxyType")?;
    // SAFETY: a live static type of the interpreter, whose tables are writable; the process has one thread.
    unsafe {
        let class = class.as_ptr().cast::<ffi::PyTypeObject>();
        (*class).tp_richcompare = Some(compare);
        (*(*class).tp_as_number).nb_or = Some(or);
    }
    let methods =
        ["__lt__", "__le__", "__eq__", "__ne__", "__gt__", "__ge__"].map(|name| (name, compare as *mut c_void));
    let unions = ["__or__", "__ror__"].map(|name| (name, or as *mut c_void));
    for (name, function) in methods.into_iter().chain(unions) {
        rewrap(&class, name, function)?;
    }
    removals::modified(&class);
    Ok(())
}

/// The methods behind the operators have the old functions to themselves.
fn rewrap(class: &Bound<'_, PyType>, name: &str, function: *mut c_void) -> PyResult<()> {
    let Some(wrapper) = removals::dictionary(class)?.get_item(name)? else { return Ok(()) };
    // SAFETY: reading the type of a live object; the other is the interpreter's.
    let is_wrapper = unsafe { ffi::Py_TYPE(wrapper.as_ptr()) == &raw mut ffi::PyWrapperDescr_Type };
    if !is_wrapper {
        return Err(names::mistake(name, "no slot wrapper of mappingproxy"));
    }
    // SAFETY: its type was checked just now, so it has this layout; the function has the signature the wrapper calls.
    unsafe { (*wrapper.as_ptr().cast::<ffi::PyWrapperDescrObject>()).d_wrapped = function };
    Ok(())
}

unsafe extern "C" fn compare(a: *mut ffi::PyObject, b: *mut ffi::PyObject, op: c_int) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this with the GIL held and live objects.
    unsafe {
        let py = Python::assume_attached();
        answer(py, copy(py, a), copy(py, b), |a, b| ffi::PyObject_RichCompare(a, b, op))
    }
}

unsafe extern "C" fn or(a: *mut ffi::PyObject, b: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this with the GIL held and live objects.
    unsafe {
        let py = Python::assume_attached();
        answer(py, copy(py, a), copy(py, b), |a, b| ffi::PyNumber_Or(a, b))
    }
}

fn answer(
    py: Python<'_>,
    a: PyResult<Bound<'_, PyAny>>,
    b: PyResult<Bound<'_, PyAny>>,
    work: impl Fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    match (a, b) {
        (Ok(a), Ok(b)) => work(a.as_ptr(), b.as_ptr()),
        (Err(error), _) | (_, Err(error)) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

/// What a proxy shows, as a dictionary of its own; anything else as it is.
///
/// # Safety
/// A live object.
unsafe fn copy(py: Python<'_>, object: *mut ffi::PyObject) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the caller's; the layout is that of the type that was asked for.
    let (object, mapping) = unsafe {
        let is_proxy = ffi::Py_TYPE(object) == &raw mut ffi::PyDictProxy_Type;
        let mapping = is_proxy.then(|| Bound::from_borrowed_ptr(py, (*object.cast::<MappingProxy>()).mapping));
        (Bound::from_borrowed_ptr(py, object), mapping)
    };
    let Some(mapping) = mapping else { return Ok(object) };
    if let Ok(dictionary) = mapping.cast::<PyDict>() {
        return Ok(dictionary.copy()?.into_any());
    }
    let copy = PyDict::new(py);
    copy.update(mapping.cast::<PyMapping>()?)?;
    Ok(copy.into_any())
}
