//! Code in texts: what `typing`, `inspect` and `dataclasses` evaluate on behalf of user code.
//!
//! They do so with the interpreter's own built-ins and in the names of whatever module a class says it is of. So `eval` and
//! `exec` are put in front of the real ones in these modules: what is in a text is judged as what was written, and has the
//! user's built-ins and names.

use std::sync::{Mutex, PoisonError};

use palisade_channel::message::Gap;
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyDict, PyMapping, PyModule, PyString};

use super::format::TextViolation;
use super::runtime::{self, Runtime};
use super::text;
use crate::gate;

/// The globals of the user code that runs.
static GLOBALS: Mutex<Option<Py<PyDict>>> = Mutex::new(None);

/// Modules that evaluate expressions. 3.14 has moved most of it to the last one.
const EXPRESSIONS: [&str; 3] = ["typing", "inspect", "annotationlib"];

/// What the text of a dataclass needs that user code may have been denied.
const OF_FIELDS: [&str; 4] = ["type", "hash", "super", "NotImplemented"];

/// The real ones, and what they must not be given.
pub(super) struct Evaluation {
    eval: Py<PyAny>,
    exec: Py<PyAny>,
    /// The built-ins of the text of a dataclass.
    of_fields: Py<PyDict>,
}

impl Evaluation {
    /// Captures the real functions; `builtins` are those of user code.
    ///
    /// # Errors
    /// The interpreter lacks one.
    pub(super) fn capture(real: &Bound<'_, PyDict>, builtins: &Bound<'_, PyDict>) -> PyResult<Self> {
        let of_fields = builtins.copy()?;
        for name in OF_FIELDS {
            of_fields.set_item(name, real.as_any().get_item(name)?)?;
        }
        let function = |name| Ok::<_, PyErr>(real.as_any().get_item(name)?.unbind());
        Ok(Self { eval: function("eval")?, exec: function("exec")?, of_fields: of_fields.unbind() })
    }
}

/// Puts the functions below in front of the real ones, in modules that are imported for it where tasks `may_import` anything:
/// what is imported later would have the real ones. Where they may not, and open no file, nothing is; where they do open files, the
/// supervisor names these modules.
///
/// # Errors
/// One of the modules cannot be imported.
pub(super) fn shadow(py: Python<'_>, may_import: bool) -> PyResult<()> {
    let modules = py.import("sys")?.getattr("modules")?;
    let wanted = |name: &str| Ok::<_, PyErr>(may_import || modules.contains(name)?);
    for name in EXPRESSIONS {
        if !wanted(name)? {
            continue;
        }
        match py.import(name) {
            Ok(module) => module.setattr("eval", wrap_pyfunction!(eval, py)?)?,
            Err(_) if name == "annotationlib" => {}
            Err(error) => return Err(error),
        }
    }
    if wanted("dataclasses")? {
        py.import("dataclasses")?.setattr("exec", wrap_pyfunction!(exec, py)?)?;
    }
    Ok(())
}

/// From now on, texts are evaluated with these globals.
pub(super) fn in_globals(globals: &Bound<'_, PyDict>) {
    let globals = Some(globals.clone().unbind());
    let before = std::mem::replace(&mut *GLOBALS.lock().unwrap_or_else(PoisonError::into_inner), globals);
    // Not under the lock: what goes with the globals of an item may be the user's, and evaluate something.
    drop(before);
}

/// Evaluates an expression.
#[pyfunction]
#[pyo3(signature = (source, /, globals=None, locals=None))]
fn eval<'py>(
    py: Python<'py>,
    source: &Bound<'py, PyAny>,
    globals: Option<&Bound<'py, PyAny>>,
    locals: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let runtime = runtime::get(py)?;
    let (code, gaps) = match source.cast_exact::<PyCode>() {
        Ok(code) => (code.clone(), runtime.gate.refuse(code, &|_| false, &mut gate::no_declarations)?),
        Err(_) => runtime.compiler.expression(&runtime.gate, &exact(source)?)?,
    };
    permit(&gaps)?;
    let names = names(py, runtime, globals)?;
    let locals = locals.filter(|locals| is_users(runtime, locals));
    let evaluate = runtime.evaluation.eval.bind(py);
    match locals {
        Some(locals) => evaluate.call1((code, names, locals)),
        None => evaluate.call1((code, names)),
    }
}

/// Runs what `dataclasses` has made of the names of fields.
#[pyfunction]
#[pyo3(signature = (source, /, globals=None, locals=None))]
fn exec(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    globals: Option<&Bound<'_, PyAny>>,
    locals: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let runtime = runtime::get(py)?;
    let Some((code, gaps)) = runtime.compiler.fields(&runtime.gate, &exact(source)?)? else {
        return Err(TextViolation::new_err(
            "Code in the name of a field is disallowed, because it can be used to bypass security restrictions.",
        ));
    };
    permit(&gaps)?;
    let names = PyDict::new(py);
    names.set_item("__builtins__", &runtime.evaluation.of_fields)?;
    // What is defined says that it is of the module that it is defined in.
    if let Some(globals) = globals.and_then(|globals| globals.cast::<PyDict>().ok())
        && let Some(module) = globals.get_item("__name__")?.and_then(|name| name.cast_into_exact::<PyString>().ok())
    {
        names.set_item("__name__", module)?;
    }
    match locals {
        Some(locals) => runtime.evaluation.exec.bind(py).call1((code, names, locals))?,
        None => runtime.evaluation.exec.bind(py).call1((code, names))?,
    };
    Ok(())
}

/// A text's real contents, without the blanks that may stand before an expression.
fn exact<'py>(source: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let contents = text::generalised_utf8(source.cast::<PyString>()?)?.into_owned();
    let blank = contents.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text::from_generalised_utf8(source.py(), &contents[blank..])
}

fn permit(gaps: &[Gap]) -> PyResult<()> {
    if gaps.is_empty() { Ok(()) } else { Err(TextViolation::new_err(gate::described(gaps))) }
}

/// The globals of an expression: the user's, those that were given if they are the user's as well, and the user's built-ins.
fn names<'py>(py: Python<'py>, runtime: &Runtime, given: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
    let current = GLOBALS.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|globals| globals.clone_ref(py));
    let names = match current {
        Some(globals) => globals.bind(py).copy()?,
        None => PyDict::new(py),
    };
    if let Some(given) = given.filter(|given| is_users(runtime, given))
        && let Ok(given) = given.cast::<PyMapping>()
    {
        names.update(given)?;
    }
    names.set_item("__builtins__", &runtime.builtins)?;
    Ok(names)
}

/// Whether a namespace is the user's own and not a module's, or a copy of one.
fn is_users(runtime: &Runtime, namespace: &Bound<'_, PyAny>) -> bool {
    let py = namespace.py();
    let Ok(names) = namespace.cast::<PyDict>() else {
        // No module has anything but a dict, and no library copies one into another mapping.
        return !namespace.is_none();
    };
    let current = GLOBALS.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|globals| globals.clone_ref(py));
    if current.is_some_and(|current| names.is(&current)) {
        return true;
    }
    let entry = |name: &str| names.get_item(name).ok().flatten();
    let of_module =
        ["__spec__", "__loader__"].into_iter().any(|name| entry(name).is_some_and(|value| !value.is_none()));
    let foreign_builtins = entry("__builtins__").is_some_and(|builtins| !builtins.is(&runtime.builtins));
    let is_module = |module: &Bound<'_, PyAny>| module.cast::<PyModule>().is_ok_and(|module| names.is(module.dict()));
    !of_module && !foreign_builtins && !runtime.modules.bind(py).values().iter().any(|module| is_module(&module))
}
