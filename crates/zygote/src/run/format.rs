//! The format guard: each call of `.format`, `.format_map`, `.vformat` and `.get_field` in user code comes here.
//!
//! A template reads attributes by what it says, and what it says may be known at run time only. It is read here, from an exact
//! copy of the template, natively, right before it is used; then the method is called as it was written.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use super::runtime::{self, Runtime};
use super::text;

pyo3::create_exception!(
    palisade,
    TextViolation,
    PyException,
    "A template, or code in a text, that reaches what this runner does not permit."
);

/// The classes besides `str` whose templates are read.
pub(super) struct Templates {
    /// `string.Formatter`.
    formatter: Py<PyType>,
    /// `collections.UserString`.
    user_string: Py<PyType>,
}

impl Templates {
    /// # Errors
    /// The standard library lacks them.
    pub(super) fn capture(py: Python<'_>) -> PyResult<Self> {
        let class = |module: &str, name: &str| {
            Ok::<_, PyErr>(py.import(module)?.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        Ok(Self { formatter: class("string", "Formatter")?, user_string: class("collections", "UserString")? })
    }
}

/// `receiver.method(*args, **kwargs)`, if the template may be used.
#[pyfunction]
#[pyo3(name = "format", signature = (receiver, method, /, *args, **kwargs))]
pub(super) fn format<'py>(
    py: Python<'py>,
    receiver: &Bound<'py, PyAny>,
    method: &Bound<'py, PyString>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let runtime = runtime::get(py)?;
    // The name is a constant of the rewritten code; who calls this under another has taken the guard apart himself.
    let name = text::lossy(method);
    if runtime.policy.guards
        && let Some(template) = template(runtime, receiver, &name, args, kwargs)
    {
        let template = text::lossy(&template);
        let rules = runtime.gate.rules();
        let refusal = if name == "get_field" { rules.field(&template) } else { rules.template(&template) };
        if let Some(refusal) = refusal {
            return Err(TextViolation::new_err(refusal));
        }
    }
    receiver.getattr(method)?.call(args, kwargs)
}

/// The template that the method will use; none where it is no template that Python's own formatters read.
fn template<'py>(
    runtime: &Runtime,
    receiver: &Bound<'py, PyAny>,
    method: &str,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Option<Bound<'py, PyString>> {
    let py = receiver.py();
    let formatter = runtime.templates.formatter.bind(py);
    let user_string = runtime.templates.user_string.bind(py);
    // By the types themselves: `isinstance` asks `__class__`, which may lie.
    let class = receiver.get_type();
    let is = |class: &Bound<'py, PyType>, of: &Bound<'py, PyType>| class.mro().contains(of).unwrap_or(false);
    let argument = |index: usize| args.get_item(index).ok();
    let keyword = |name: &str| kwargs.and_then(|kwargs| kwargs.get_item(name).ok().flatten());
    let formatters = |first: usize| {
        let name = if method == "get_field" { "field_name" } else { "format_string" };
        argument(first).or_else(|| keyword(name))
    };
    if let Ok(class) = receiver.cast::<PyType>() {
        if is(class, &py.get_type::<PyString>()) {
            return contents(&argument(0)?);
        }
        if is(class, user_string) {
            return data(&argument(0)?);
        }
        return if is(class, formatter) { contents(&formatters(1)?) } else { None };
    }
    if let Ok(text) = receiver.cast::<PyString>() {
        return Some(text.clone());
    }
    if is(&class, user_string) {
        return data(receiver);
    }
    if is(&class, formatter) { contents(&formatters(0)?) } else { None }
}

/// A text, or that of a `UserString`.
fn contents<'py>(template: &Bound<'py, PyAny>) -> Option<Bound<'py, PyString>> {
    template.cast::<PyString>().ok().cloned().or_else(|| data(template))
}

fn data<'py>(user_string: &Bound<'py, PyAny>) -> Option<Bound<'py, PyString>> {
    user_string.getattr("data").ok()?.cast_into::<PyString>().ok()
}
