//! `sys.stdin`, `sys.stdout` and `sys.stderr` of tasks: text streams without a file beneath.
//!
//! Text written to `sys.stderr` (by `warnings` and `logging`, for instance) is collected for the description of a later
//! error. Text written to `sys.stdout` goes to the runner's log; `print` does not come this way.

use pyo3::PyTypeInfo;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use super::{output, runtime, text};

/// Which of the three.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Input,
    Output,
    Errors,
}

/// A text stream without a file. User code cannot make one.
#[pyclass(frozen, module = "io")]
pub(super) struct TextStream {
    role: Role,
}

impl TextStream {
    pub(super) fn new(role: Role) -> Self {
        Self { role }
    }
}

fn unsupported(py: Python<'_>, what: &'static str) -> PyErr {
    match runtime::get(py) {
        Ok(runtime) => match runtime.unsupported.bind(py).cast::<PyType>() {
            Ok(class) => PyErr::from_type(class.clone(), what),
            Err(error) => error.into(),
        },
        Err(error) => error,
    }
}

#[pymethods]
#[allow(clippy::unused_self, reason = "the interface of Python's text streams")]
impl TextStream {
    fn write(&self, py: Python<'_>, text: &Bound<'_, PyAny>) -> PyResult<usize> {
        let Ok(text) = text.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!("write() argument must be str, not {}", text.get_type().name()?)));
        };
        match self.role {
            Role::Input => return Err(unsupported(py, "not writable")),
            Role::Output => output::write_stdout(&text::lossy(text)?),
            Role::Errors => output::collect_stderr(&text::lossy(text)?),
        }
        text.as_any().len()
    }

    fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<()> {
        for line in lines.try_iter()? {
            self.write(py, &line?)?;
        }
        Ok(())
    }

    #[pyo3(signature = (size=None, /))]
    fn read(&self, py: Python<'_>, size: Option<&Bound<'_, PyAny>>) -> PyResult<&'static str> {
        let _ = size;
        if self.role == Role::Input { Ok("") } else { Err(unsupported(py, "not readable")) }
    }

    #[pyo3(signature = (size=None, /))]
    fn readline(&self, py: Python<'_>, size: Option<&Bound<'_, PyAny>>) -> PyResult<&'static str> {
        self.read(py, size)
    }

    #[pyo3(signature = (hint=None, /))]
    fn readlines(&self, py: Python<'_>, hint: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
        self.read(py, hint).map(|_| Vec::new())
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        self.read(py, None).map(|_| None)
    }

    fn flush(&self) {
        if self.role == Role::Output {
            output::flush_stdout();
        }
    }

    fn close(&self) {}

    fn isatty(&self) -> bool {
        false
    }

    fn readable(&self) -> bool {
        self.role == Role::Input
    }

    fn writable(&self) -> bool {
        self.role != Role::Input
    }

    fn seekable(&self) -> bool {
        false
    }

    fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
        Err(unsupported(py, "fileno"))
    }

    #[getter]
    fn closed(&self) -> bool {
        false
    }

    #[getter]
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    #[getter]
    fn errors(&self) -> &'static str {
        "backslashreplace"
    }

    #[getter]
    fn newlines(&self) -> Option<&'static str> {
        None
    }

    #[getter]
    fn name(&self) -> &'static str {
        match self.role {
            Role::Input => "<stdin>",
            Role::Output => "<stdout>",
            Role::Errors => "<stderr>",
        }
    }

    #[getter]
    fn mode(&self) -> &'static str {
        if self.role == Role::Input { "r" } else { "w" }
    }
}

/// The three, put in the place of the interpreter's own.
///
/// # Errors
/// No memory.
pub(super) fn replace(py: Python<'_>) -> PyResult<runtime::Streams> {
    let _ = TextStream::type_object(py);
    let streams = runtime::Streams {
        input: Py::new(py, TextStream::new(Role::Input))?,
        output: Py::new(py, TextStream::new(Role::Output))?,
        errors: Py::new(py, TextStream::new(Role::Errors))?,
    };
    let sys = py.import("sys")?;
    for (name, stream) in [("stdin", &streams.input), ("stdout", &streams.output), ("stderr", &streams.errors)] {
        sys.setattr(name, stream)?;
        sys.setattr(format!("__{name}__"), stream)?;
    }
    Ok(streams)
}
