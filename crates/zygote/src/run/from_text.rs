//! The code object of a function whose text was [moved](super::indented), as if it had not been.

use pyo3::exceptions::{PyRecursionError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCode, PyDict, PyString, PyTuple};

use super::places;

/// What the function around user code is called in the text, and in the end: as in n8n's own runner, user code is a module to
/// whoever looks at it.
const NAME_IN_TEXT: &str = "f";
const NAME: &str = "<module>";

/// The line of the text that the user did not write.
const HEADER: i64 = 1;

/// Functions within functions that are followed; what is nested deeper is left to the syntax tree.
const DEEPEST: usize = 50;

/// Captured before user code exists, and the descriptors themselves: hardening may take their names away from the type later.
pub(super) struct FromText {
    compile: Py<PyAny>,
    replace: Py<PyAny>,
    constants: Py<PyAny>,
    qualified_name: Py<PyAny>,
    first_line: Py<PyAny>,
    places: Py<PyAny>,
}

impl FromText {
    /// # Errors
    /// The interpreter is not one this extension knows.
    pub(super) fn capture(py: Python<'_>) -> PyResult<Self> {
        let descriptors = py.get_type::<PyCode>().getattr("__dict__")?;
        let reader = |name: &str| Ok::<_, PyErr>(descriptors.get_item(name)?.getattr("__get__")?.unbind());
        Ok(Self {
            compile: py.import("builtins")?.getattr("compile")?.unbind(),
            replace: descriptors.get_item("replace")?.unbind(),
            constants: reader("co_consts")?,
            qualified_name: reader("co_qualname")?,
            first_line: reader("co_firstlineno")?,
            places: reader("co_linetable")?,
        })
    }

    /// The code of the function that `text` consists of.
    ///
    /// # Errors
    /// The compiler's, of a text that is not the user's: not for users to see.
    pub(super) fn function<'py>(&self, py: Python<'py>, text: &str, filename: &str) -> PyResult<Bound<'py, PyCode>> {
        // Not inheriting flags, as there is a frame of nobody's here.
        let module = self.compile.bind(py).call1((text, filename, "exec", 0, true))?;
        let function = self.function_in(&module)?;
        Ok(self.put_back(function.as_any(), DEEPEST)?.cast_into()?)
    }

    /// The module is one `def`, so its code is that function's alone, and it need not be run to make the function.
    ///
    /// # Errors
    /// There is no function in it.
    pub(super) fn function_in<'py>(&self, module: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyCode>> {
        self.constants_of(module)?
            .iter()
            .find_map(|constant| constant.cast_into_exact::<PyCode>().ok())
            .ok_or_else(|| PyRuntimeError::new_err("the function around user code was compiled away"))
    }

    fn constants_of<'py>(&self, code: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        Ok(self.constants.bind(code.py()).call1((code,))?.cast_into()?)
    }

    /// Everything one line further up and one column further left, and under the other name.
    fn put_back<'py>(&self, code: &Bound<'py, PyAny>, deeper: usize) -> PyResult<Bound<'py, PyAny>> {
        let py = code.py();
        let outermost = deeper == DEEPEST;
        let deeper = deeper.checked_sub(1).ok_or_else(|| PyRecursionError::new_err("functions within functions"))?;
        let changes = PyDict::new(py);

        let name = self.qualified_name.bind(py).call1((code,))?.cast_into::<PyString>()?;
        let inner = name.to_str()?.strip_prefix(NAME_IN_TEXT).ok_or_else(|| unexpected("a name"))?;
        changes.set_item("co_qualname", format!("{NAME}{inner}"))?;
        if outermost {
            changes.set_item("co_name", NAME)?;
        }

        let first: i64 = self.first_line.bind(py).call1((code,))?.extract()?;
        let now = if outermost { first } else { first - 1 };
        changes.set_item("co_firstlineno", now)?;
        let table = self.places.bind(py).call1((code,))?.cast_into::<PyBytes>()?;
        let moved = places::moved(table.as_bytes(), first, now, outermost.then_some(HEADER));
        changes.set_item("co_linetable", PyBytes::new(py, &moved.ok_or_else(|| unexpected("a table of places"))?))?;

        let constants = self.constants_of(code)?;
        if constants.iter().any(|constant| constant.is_exact_instance_of::<PyCode>()) {
            let put_back = |constant: Bound<'py, PyAny>| match constant.cast_exact::<PyCode>() {
                Ok(code) => self.put_back(code.as_any(), deeper),
                Err(_) => Ok(constant),
            };
            let constants = constants.iter().map(put_back).collect::<PyResult<Vec<_>>>()?;
            changes.set_item("co_consts", PyTuple::new(py, constants)?)?;
        }
        self.replace.bind(py).call((code,), Some(&changes))
    }
}

fn unexpected(what: &str) -> PyErr {
    PyRuntimeError::new_err(format!("{what} that CPython's compiler does not make"))
}
