//! The import guard: every import of user code comes here.
//!
//! Import statements are rewritten into calls of [`import_plain`], [`import_as`] and [`import_from`]; [`import`] is
//! `__import__` and [`import_module`] the one of an allowed `importlib`. All are C functions without a `self`, with their
//! state in native statics. Names are read from the real contents of the string, never by methods of a subclass.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use pyo3::exceptions::{
    PyAttributeError, PyImportError, PyModuleNotFoundError, PyPermissionError, PyTypeError, PyValueError,
};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use super::runtime::{self, Runtime};
use crate::harden::facades;

pyo3::create_exception!(
    palisade,
    SecurityViolation,
    PyImportError,
    "An import that the allow lists of this runner do not permit."
);

const RELATIVE: &str = "Relative imports are disallowed.";

/// The extension itself: nothing user code may have, whatever is allowed.
pub(super) const OURSELVES: &str = "_palisade";

/// What CPython's C code imports, by the `__import__` of the Python code that called it: `strptime`, `strftime`, `class A[T]`,
/// divisions of huge numbers, `re` templates, warnings. It discards the result and takes the module from
/// `sys.modules`, so it gets nothing and is content.
const BY_C_CODE: [&str; 27] = [
    "_pylong",
    "_strptime",
    "_weakrefset",
    "abc",
    "array",
    "collections",
    "collections.abc",
    "copyreg",
    "datetime",
    "decimal",
    "encodings",
    "functools",
    "io",
    "linecache",
    "locale",
    "numbers",
    "operator",
    "re",
    "string",
    "threading",
    "time",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "warnings",
    "zoneinfo",
];

/// `import a.b.c`: the value of `a`.
#[pyfunction]
#[pyo3(name = "__import__")]
pub(super) fn import_plain<'py>(py: Python<'py>, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let name = checked(py, &exact(name)?)?;
    load(py, &name, None)
}

/// `import a.b.c as d`: the value of `d`.
#[pyfunction]
#[pyo3(name = "__import__")]
pub(super) fn import_as<'py>(py: Python<'py>, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let name = checked(py, &exact(name)?)?;
    let mut value = load(py, &name, None)?;
    for (end, _) in name.match_indices('.').chain([(name.len(), "")]).skip(1) {
        let (parent, child) = name[..end].rsplit_once('.').unwrap_or_default();
        value = attribute(&value, parent, child)?;
    }
    Ok(value)
}

/// `from a import b, c`: a tuple of the values.
#[pyfunction]
#[pyo3(name = "__import__")]
pub(super) fn import_from<'py>(
    py: Python<'py>,
    name: &Bound<'py, PyAny>,
    names: &Bound<'py, PyTuple>,
    level: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    if level.extract::<i32>()? != 0 {
        return Err(SecurityViolation::new_err(RELATIVE));
    }
    let name = checked(py, &exact(name)?)?;
    let names = names.iter().map(|each| exact(&each)).collect::<PyResult<Vec<_>>>()?;
    let module = load(py, &name, Some(&names))?;
    let values = names.iter().map(|each| attribute(&module, &name, each)).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, values)
}

/// Imports a module, as far as it is allowed.
#[pyfunction]
#[pyo3(name = "__import__", signature = (name, globals=None, locals=None, fromlist=None, level=0))]
pub(super) fn import<'py>(
    py: Python<'py>,
    name: &Bound<'py, PyAny>,
    globals: Option<&Bound<'py, PyAny>>,
    locals: Option<&Bound<'py, PyAny>>,
    fromlist: Option<&Bound<'py, PyAny>>,
    level: i64,
) -> PyResult<Bound<'py, PyAny>> {
    if level < 0 {
        return Err(PyValueError::new_err("level must be >= 0"));
    }
    if level > 0 {
        return Err(SecurityViolation::new_err(RELATIVE));
    }
    let name = exact(name)?;
    if is_call_of_c_code(&name, globals, locals, fromlist) && runtime::get(py)?.modules.bind(py).contains(&name)? {
        return Ok(py.None().into_bound(py));
    }
    let names = match fromlist {
        None => Vec::new(),
        Some(list) if list.is_none() => Vec::new(),
        Some(list) => list.try_iter()?.map(|each| exact_item(&each?)).collect::<PyResult<Vec<_>>>()?,
    };
    let name = checked(py, &name)?;
    load(py, &name, (!names.is_empty()).then_some(names.as_slice()))
}

/// `importlib.import_module`, as far as it is allowed.
#[pyfunction]
#[pyo3(name = "__import__", signature = (name, package=None))]
pub(super) fn import_module<'py>(
    py: Python<'py>,
    name: &Bound<'py, PyAny>,
    package: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let runtime = runtime::get(py)?;
    if runtime.policy.transitive && is_called_by_package_code(py, runtime) {
        return runtime.real_import_module.bind(py).call1((name, package));
    }
    let name = exact(name)?;
    let absolute = resolved(&name, package)?;
    let absolute = checked(py, &absolute)?;
    // With a name that every module has, the result is the module itself and not the top of its package.
    load(py, &absolute, Some(&["__name__".to_owned()]))
}

/// `PyImport_Import` passes the caller's globals twice and an empty list.
fn is_call_of_c_code(
    name: &str,
    globals: Option<&Bound<'_, PyAny>>,
    locals: Option<&Bound<'_, PyAny>>,
    fromlist: Option<&Bound<'_, PyAny>>,
) -> bool {
    let (Some(globals), Some(locals), Some(fromlist)) = (globals, locals, fromlist) else { return false };
    let empty_list = fromlist.cast_exact::<PyList>().is_ok_and(PyListMethods::is_empty);
    empty_list && globals.is(locals) && globals.is_exact_instance_of::<PyDict>() && BY_C_CODE.contains(&name)
}

/// Whether the Python code that called a native function has the interpreter's own built-ins.
fn is_called_by_package_code(py: Python<'_>, runtime: &Runtime) -> bool {
    // SAFETY: attached to the interpreter; a borrowed reference, compared only.
    let builtins = unsafe { ffi::PyEval_GetBuiltins() };
    builtins == runtime.real_builtins.bind(py).as_ptr()
}

/// The contents of a module's name.
fn exact(name: &Bound<'_, PyAny>) -> PyResult<String> {
    match name.cast::<PyString>() {
        Ok(text) => Ok(text.to_str()?.to_owned()),
        Err(_) => Err(PyTypeError::new_err("module name must be a string")),
    }
}

fn exact_item(name: &Bound<'_, PyAny>) -> PyResult<String> {
    if let Ok(text) = name.cast::<PyString>() {
        return Ok(text.to_str()?.to_owned());
    }
    let class = name.get_type().name()?;
    Err(PyTypeError::new_err(format!("Item in ``from list'' must be str, not {class}")))
}

/// A name of `import_module` made absolute: `.sub` with the package it is relative to.
fn resolved(name: &str, package: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let relative = name.trim_start_matches('.');
    let level = name.len() - relative.len();
    if level == 0 {
        return Ok(name.to_owned());
    }
    let package = package.filter(|package| !package.is_none()).map(exact).transpose()?.unwrap_or_default();
    let mut base = package.as_str();
    for _ in 1..level {
        base = base.rsplit_once('.').map_or("", |(parent, _)| parent);
    }
    match (base, relative) {
        ("", _) => Err(SecurityViolation::new_err(RELATIVE)),
        (base, "") => Ok(base.to_owned()),
        (base, relative) => Ok(format!("{base}.{relative}")),
    }
}

/// The name, if it may be imported.
fn checked(py: Python<'_>, name: &str) -> PyResult<String> {
    if name.is_empty() {
        return Err(PyValueError::new_err("Empty module name"));
    }
    if let Some(text) = runtime::get(py)?.policy.refusal(name) {
        return Err(SecurityViolation::new_err(text));
    }
    if name.split('.').next() == Some(OURSELVES) {
        return Err(import_error(&py.get_type::<PyModuleNotFoundError>(), &format!("No module named '{name}'"), name));
    }
    Ok(name.to_owned())
}

/// Imports an allowed name: the top of its package, or, with a list of names, the module itself.
fn load<'py>(py: Python<'py>, name: &str, names: Option<&[String]>) -> PyResult<Bound<'py, PyAny>> {
    let wanted = PyString::new(py, name);
    let names = names.map(|names| PyTuple::new(py, names)).transpose()?;
    let names = names.as_ref().map_or(std::ptr::null_mut(), Bound::as_ptr);
    // SAFETY: all are live objects or null, which stands for none; the result is a new reference or null with an error
    // set. Unlike `PyImport_Import` this does not ask for the `__import__` of the calling code.
    let module = unsafe {
        let null = std::ptr::null_mut();
        Bound::from_owned_ptr_or_err(py, ffi::PyImport_ImportModuleLevelObject(wanted.as_ptr(), null, null, names, 0))
    };
    if module.is_ok() {
        // What user code gets is a facade of it.
        facades::attach(py, name)?;
        let shown = if names.is_null() { name.split('.').next().unwrap_or(name) } else { name };
        if let Some(facade) = facades::handed_out(py, shown)? {
            return Ok(facade);
        }
    }
    module.map_err(|error| {
        if let Some(text) = not_loaded(py, name).filter(|_| error.is_instance_of::<PyImportError>(py)) {
            let unavailable = import_error(&py.get_type::<PyImportError>(), &text, name);
            unavailable.set_cause(py, Some(error));
            return unavailable;
        }
        if !error.is_instance_of::<PyPermissionError>(py) {
            return error;
        }
        let text = format!("module '{name}' was not loaded ahead, and a sealed task can load no files");
        let unavailable = import_error(&py.get_type::<PyImportError>(), &text, name);
        unavailable.set_cause(py, Some(error));
        unavailable
    })
}

/// Why an allowed module, or a part of one, is not there although it is installed: its import failed before any task.
fn not_loaded(py: Python<'_>, name: &str) -> Option<String> {
    let why = runtime::get(py).ok()?.unavailable.get(name)?;
    // Python's own words are better where there is nothing of that name.
    if *why == format!("ModuleNotFoundError: No module named '{name}'") {
        return None;
    }
    Some(format!("module '{name}' could not be loaded when the runner started: {why}"))
}

/// An attribute of a module, or its sub-module of that name.
fn attribute<'py>(module: &Bound<'py, PyAny>, module_name: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = module.py();
    let error = match module.getattr(name) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if !error.is_instance_of::<PyAttributeError>(py) {
        return Err(error);
    }
    if let Some(module) = facades::handed_out(py, &format!("{module_name}.{name}"))? {
        return Ok(module);
    }
    let text = not_loaded(py, &format!("{module_name}.{name}"))
        .unwrap_or_else(|| format!("cannot import name '{name}' from '{module_name}'"));
    Err(import_error(&py.get_type::<PyImportError>(), &text, module_name))
}

fn import_error(class: &Bound<'_, PyType>, text: &str, name: &str) -> PyErr {
    let keywords = PyDict::new(class.py());
    let made = keywords.set_item("name", name).and_then(|()| class.call((text,), Some(&keywords)));
    made.map_or_else(|error| error, PyErr::from_value)
}
