//! `print`, `__import__` and `importlib.import_module` as user code sees them: objects that can be called and shown, and nothing
//! else.
//!
//! A function of the interpreter has attributes that lead to its module and its type. n8n's own runner refuses those of these
//! functions, with the words for one that there is not, and so do these; what there is on the type leads to the type alone.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyTuple};

use super::text;

/// A native function behind a face without attributes. It has no cycle collector to show what it refers to.
#[pyclass(frozen, immutable_type, name = "builtin_function_or_method", module = "builtins")]
pub(super) struct Function {
    name: &'static str,
    function: Py<PyCFunction>,
}

impl Function {
    /// One that presents itself by this name.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn new<'py>(name: &'static str, function: Bound<'py, PyCFunction>) -> PyResult<Bound<'py, Self>> {
        let py = function.py();
        Bound::new(py, Self { name, function: function.unbind() })
    }
}

#[pymethods]
#[allow(clippy::unused_self, reason = "the protocol of Python's objects")]
impl Function {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.function.bind(args.py()).call(args, kwargs)
    }

    fn __repr__(&self) -> String {
        format!("<built-in function {}>", self.name)
    }

    fn __getattribute__<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        Err(no_attribute(name))
    }

    /// What is asked after the other has refused, so that this error is the one that is seen.
    fn __getattr__<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        Err(no_attribute(name))
    }

    fn __setattr__(&self, name: &Bound<'_, PyString>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = value;
        Err(no_attribute(name))
    }

    fn __delattr__(&self, name: &Bound<'_, PyString>) -> PyResult<()> {
        Err(no_attribute(name))
    }
}

fn no_attribute(name: &Bound<'_, PyString>) -> PyErr {
    let named = text::told(name);
    let message = format!("'builtin_function_or_method' object has no attribute '{named}'");
    let keywords = PyDict::new(name.py());
    // As the interpreter's own has it.
    let made = keywords
        .set_item("name", name)
        .and_then(|()| name.py().get_type::<PyAttributeError>().call((message,), Some(&keywords)));
    made.map_or_else(|error| error, PyErr::from_value)
}
