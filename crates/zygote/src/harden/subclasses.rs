//! `type.__subclasses__`, which leads from a class to every class that is loaded.
//!
//! Abstract base classes need it: CPython's `_abc` calls it as a method of the class, and so does `functools.singledispatch`.
//! To answer only where one of the two is the calling Python code is not enough: both call hooks of user classes, and a hook
//! made of C functions (a `functools.partial` of a `map`) runs with the same calling frame. So the search through
//! subclasses is done here, [`check`], and nobody is handed the list; `__subclasses__` of an ABC is an empty one, but for
//! `singledispatch`, which gets those that its class implements anyway.

use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::c_int;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyType};

use super::removals;

/// So many answers are remembered, with the classes they are about.
const REMEMBERED: usize = 4096;

static STATE: PyOnceLock<State> = PyOnceLock::new();

struct State {
    /// `type.__subclasses__`, `_abc._abc_subclasscheck`, `_abc._abc_register` and `_abc.get_cache_token` as they were.
    real: Py<PyAny>,
    check: Py<PyAny>,
    register: Py<PyAny>,
    token: Py<PyAny>,
    /// The code of `functools._compose_mro`.
    compose_mro: Py<PyAny>,
    /// Which classes no subclass of which ABC knows, as of which of `_abc`'s tokens.
    refuted: Mutex<HashMap<(usize, usize), Refuted>>,
}

struct Refuted {
    token: u64,
    /// Keeps their addresses from being given to others.
    _classes: (Py<PyAny>, Py<PyAny>),
}

thread_local! {
    /// The ABC and the class that are being registered: `_abc` asks first whether they are already.
    static REGISTERING: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// # Errors
/// `abc` or `functools` is not what this version knows.
pub(super) fn replace(py: Python<'_>) -> PyResult<()> {
    let abc = py.import("_abc")?;
    let meta = py.import("abc")?.getattr("ABCMeta")?.cast_into::<PyType>()?;
    let class_of_classes = py.get_type::<PyType>();
    let state = State {
        real: class_of_classes.getattr("__subclasses__")?.unbind(),
        check: abc.getattr("_abc_subclasscheck")?.unbind(),
        register: abc.getattr("_abc_register")?.unbind(),
        token: abc.getattr("get_cache_token")?.unbind(),
        compose_mro: py.import("functools")?.getattr("_compose_mro")?.getattr("__code__")?.unbind(),
        refuted: Mutex::default(),
    };
    STATE.set(py, state).map_err(|_| PyRuntimeError::new_err("subclasses were hidden already"))?;
    put(&meta, c"__subclasses__", ffi::METH_NOARGS, subclasses)?;
    put(&meta, c"__subclasscheck__", ffi::METH_O, subclass_check)?;
    removals::take(&class_of_classes, "__subclasses__").map(drop)
}

fn put(
    owner: &Bound<'_, PyType>,
    name: &'static std::ffi::CStr,
    flags: c_int,
    method: ffi::PyCFunction,
) -> PyResult<()> {
    let definition = ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: method },
        ml_flags: flags,
        ml_doc: ptr::null(),
    };
    // The type lives as long as the process, and so must this.
    let definition = ptr::from_mut(Box::leak(Box::new(definition)));
    // SAFETY: a live type and a definition that is never freed; the result is a new reference or null with an error set.
    let descriptor =
        unsafe { Bound::from_owned_ptr_or_err(owner.py(), ffi::PyDescr_NewMethod(owner.as_ptr().cast(), definition)) }?;
    owner.setattr(name.to_string_lossy().as_ref(), descriptor)
}

unsafe extern "C" fn subclasses(abc: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this with the GIL held and a live class.
    let (py, abc) = unsafe {
        let py = Python::assume_attached();
        (py, Bound::from_borrowed_ptr(py, abc))
    };
    match implemented(&abc) {
        Ok(list) => list.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

unsafe extern "C" fn subclass_check(abc: *mut ffi::PyObject, class: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls this with the GIL held and live objects, the first of them a class.
    let (py, abc, class) = unsafe {
        let py = Python::assume_attached();
        (py, Bound::from_borrowed_ptr(py, abc), Bound::from_borrowed_ptr(py, class))
    };
    match check(&abc, &class) {
        // SAFETY: attached to the interpreter.
        Ok(is) => unsafe { ffi::PyBool_FromLong(is.into()) },
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

fn state(py: Python<'_>) -> PyResult<&'static State> {
    STATE.get(py).ok_or_else(|| PyRuntimeError::new_err("subclasses were not hidden"))
}

/// Whether `class` is a subclass of `abc`, or of one of its subclasses: `_abc`'s own answer, which is without the latter as it
/// gets no list, and then those.
fn check(abc: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = abc.py();
    let state = state(py)?;
    let pair = (abc.as_ptr() as usize, class.as_ptr() as usize);
    if REGISTERING.get() == pair {
        return Ok(false);
    }
    if state.check.bind(py).call1((abc, class))?.is_truthy()? {
        return Ok(true);
    }
    let token: u64 = state.token.bind(py).call0()?.extract()?;
    let refuted = || state.refuted.lock().unwrap_or_else(PoisonError::into_inner);
    if refuted().get(&pair).is_some_and(|refuted| refuted.token == token) {
        return Ok(false);
    }
    for below in state.real.bind(py).call1((abc,))?.cast_into::<PyList>()?.iter() {
        if is_subclass(class, &below)? {
            remember(state, abc, class);
            return Ok(true);
        }
    }
    let classes = (abc.clone().unbind(), class.clone().unbind());
    // Whatever falls out is dropped after the lock is given back: it may run code that comes here.
    let old = refuted().insert(pair, Refuted { token, _classes: classes });
    let full = (refuted().len() > REMEMBERED).then(|| std::mem::take(&mut *refuted()));
    drop((old, full));
    Ok(false)
}

/// `_abc` has noted that it is none, which `isinstance` believes. A registration says otherwise, and is true.
fn remember(state: &State, abc: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>) {
    let before = REGISTERING.replace((abc.as_ptr() as usize, class.as_ptr() as usize));
    // It refuses a class that would be its own ancestor; then every question is answered anew.
    let _ = state.register.bind(abc.py()).call1((abc, class));
    REGISTERING.set(before);
}

fn is_subclass(class: &Bound<'_, PyAny>, of: &Bound<'_, PyAny>) -> PyResult<bool> {
    // SAFETY: live objects; -1 with an error set.
    match unsafe { ffi::PyObject_IsSubclass(class.as_ptr(), of.as_ptr()) } {
        -1 => Err(PyErr::fetch(class.py())),
        is => Ok(is == 1),
    }
}

/// What `functools._compose_mro` looks for: subclasses that are no bases of its class, and that it implements. Nothing for
/// anybody else.
fn implemented<'py>(abc: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    let py = abc.py();
    let state = state(py)?;
    let list = PyList::empty(py);
    let Some(class) = class_that_is_dispatched(py, state)? else { return Ok(list) };
    for below in state.real.bind(py).call1((abc,))?.cast_into::<PyList>()?.iter() {
        if is_subclass(&class, &below)? {
            list.append(below)?;
        }
    }
    Ok(list)
}

/// The first argument of `functools._compose_mro`, where that is what calls.
fn class_that_is_dispatched<'py>(py: Python<'py>, state: &State) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: attached to the interpreter. The frame is borrowed and runs; its code is a new reference, never null; the
    // variable is a new reference, or null with an error set.
    unsafe {
        let frame = ffi::PyEval_GetFrame();
        if frame.is_null() {
            return Ok(None);
        }
        let code: Bound<'_, PyAny> = Bound::from_owned_ptr(py, ffi::PyFrame_GetCode(frame).cast());
        if !code.is(&state.compose_mro) {
            return Ok(None);
        }
        let name = pyo3::types::PyString::intern(py, "cls");
        Bound::from_owned_ptr_or_err(py, ffi::PyFrame_GetVar(frame, name.as_ptr())).map(Some)
    }
}
