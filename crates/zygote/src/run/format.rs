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
    let name = text::lossy(method)?;
    if runtime.policy.guards
        && let Some(template) = template(runtime, receiver, &name, args, kwargs)?
    {
        let contents = text::lossy(&template)?;
        let rules = runtime.gate.rules();
        let refusal = if name == "get_field" { rules.field(&contents) } else { rules.template(&contents) };
        if let Some(refusal) = refusal {
            return Err(TextViolation::new_err(refusal));
        }
        // `UserString` would read its `data` once more, and that may be another by then.
        let user_string = runtime.templates.user_string.bind(py);
        let class = receiver.get_type();
        if is(&class, user_string) && class.getattr(method)?.is(&user_string.getattr(method)?) {
            return template.getattr(method)?.call(args, kwargs);
        }
    }
    receiver.getattr(method)?.call(args, kwargs)
}

/// By the types themselves: `isinstance` asks `__class__`, and `==` a metaclass; both may lie.
fn is<'py>(class: &Bound<'py, PyType>, of: &Bound<'py, PyType>) -> bool {
    class.mro().iter().any(|base| base.is(of))
}

/// The template that the method will use; none where it is no template that Python's own formatters read.
fn template<'py>(
    runtime: &Runtime,
    receiver: &Bound<'py, PyAny>,
    method: &str,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    let py = receiver.py();
    let formatter = runtime.templates.formatter.bind(py);
    let user_string = runtime.templates.user_string.bind(py);
    let argument = |index: usize| args.iter().nth(index);
    let formatters = |first: usize| -> PyResult<Option<Bound<'py, PyString>>> {
        let name = if method == "get_field" { "field_name" } else { "format_string" };
        let given = match (argument(first), kwargs) {
            (None, Some(kwargs)) => kwargs.get_item(name)?,
            (given, _) => given,
        };
        given.map_or(Ok(None), |given| contents(&given, user_string))
    };
    let class = receiver.get_type();
    if let Ok(class) = receiver.cast::<PyType>() {
        if is(class, &py.get_type::<PyString>()) || is(class, user_string) {
            return argument(0).map_or(Ok(None), |given| contents(&given, user_string));
        }
        return if is(class, formatter) { formatters(1) } else { Ok(None) };
    }
    if is(&class, formatter) { formatters(0) } else { contents(receiver, user_string) }
}

/// A text, or that of a `UserString`; none of what is neither, which no formatter takes for a template.
fn contents<'py>(
    template: &Bound<'py, PyAny>,
    user_string: &Bound<'py, PyType>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    if let Ok(text) = template.cast::<PyString>() {
        return Ok(Some(text.clone()));
    }
    if is(&template.get_type(), user_string) {
        return Ok(Some(template.getattr("data")?.cast_into::<PyString>()?));
    }
    Ok(None)
}

/// Refuses the expression of a field that reaches what it may not: `string.Formatter` asks before it follows one, as user code
/// may have made it take another template than the one it was given.
#[pyfunction]
pub(crate) fn check_field(expression: &Bound<'_, PyAny>) -> PyResult<()> {
    let runtime = runtime::get(expression.py())?;
    // What is no str is refused by who reads it.
    let Ok(expression) = expression.cast::<PyString>() else { return Ok(()) };
    match runtime.gate.rules().field(&text::lossy(expression)?) {
        Some(refusal) if runtime.policy.guards => Err(TextViolation::new_err(refusal)),
        _ => Ok(()),
    }
}
