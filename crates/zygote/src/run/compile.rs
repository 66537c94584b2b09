//! From the user's text to a function that can be called.

use std::collections::HashSet;

use palisade_channel::message::{NodeMode, SyntaxFailure};
use pyo3::exceptions::{PyRuntimeError, PySyntaxError};
use pyo3::prelude::*;
use pyo3::types::code::PyCodeInput;
use pyo3::types::{PyBytes, PyCode, PyCodeMethods, PyDict, PyString, PyTuple};

use super::text;

/// Number of `INTRINSIC_IMPORT_STAR` among the one-argument intrinsics, since they exist.
const IMPORT_STAR: u8 = 2;

/// What [`Compiler::wrap`] needs, captured before user code exists.
pub(super) struct Compiler {
    parse: Py<PyAny>,
    wrap: Py<PyAny>,
    code_bytes: Py<PyAny>,
    code_consts: Py<PyAny>,
    import_opcodes: HashSet<u8>,
    intrinsic_opcode: u8,
    /// Names under which user code calls the guard: plain, as, from.
    pub(super) guard_names: [Py<PyString>; 3],
}

/// A syntax tree of user code.
pub(super) struct Tree<'py>(Bound<'py, PyAny>);

impl Compiler {
    /// # Errors
    /// The interpreter is not one this extension knows.
    pub(super) fn capture(py: Python<'_>) -> PyResult<Self> {
        let wrapping = PyDict::new(py);
        let source = pyo3::ffi::c_str!(include_str!("../../python/wrap.py"));
        PyCode::compile(py, source, c"<palisade>", PyCodeInput::File)?.run(Some(&wrapping), None)?;
        let named = |name: &str| {
            wrapping.get_item(name)?.ok_or_else(|| PyRuntimeError::new_err(format!("wrap.py lacks {name}")))
        };
        let guard = |name: &str| Ok::<_, PyErr>(named(name)?.cast_into::<PyString>()?.unbind());

        // By the descriptors themselves: hardening may take their names away from the type later.
        let code_type = py.get_type::<PyCode>();
        let descriptors = code_type.getattr("__dict__")?;
        let reader = |name: &str| Ok::<_, PyErr>(descriptors.get_item(name)?.getattr("__get__")?.unbind());

        let numbers = py.import("opcode")?.getattr("opmap")?;
        let number = |name: &str| numbers.get_item(name)?.extract::<u8>();
        Ok(Self {
            parse: named("parse")?.unbind(),
            wrap: named("wrap")?.unbind(),
            code_bytes: reader("co_code")?,
            code_consts: reader("co_consts")?,
            import_opcodes: HashSet::from([number("IMPORT_NAME")?, number("IMPORT_FROM")?]),
            intrinsic_opcode: number("CALL_INTRINSIC_1")?,
            guard_names: [guard("IMPORT")?, guard("IMPORT_AS")?, guard("IMPORT_FROM")?],
        })
    }

    /// The syntax tree of the user's text.
    ///
    /// # Errors
    /// `SyntaxError` and its subclasses; `MemoryError` and `RecursionError` for what is nested too deep.
    pub(super) fn parse<'py>(&self, py: Python<'py>, code: &[u8]) -> PyResult<Tree<'py>> {
        let source = text::from_generalised_utf8(py, code)?;
        Ok(Tree(self.parse.bind(py).call1((source,))?))
    }

    /// The code of a function without parameters whose body is the user's.
    ///
    /// # Errors
    /// `SyntaxError` for what only the compiler finds, such as a `break` outside a loop; `RecursionError`.
    pub(super) fn wrap<'py>(&self, tree: &Tree<'py>, mode: NodeMode) -> PyResult<Bound<'py, PyCode>> {
        let module = self.wrap.bind(tree.0.py()).call1((&tree.0, filename(mode)))?;
        // The module is one `def`, so its code is that function's alone, and it need not be run to make the function.
        let function = self
            .constants(&module)?
            .iter()
            .find_map(|constant| constant.cast_into_exact::<PyCode>().ok())
            .ok_or_else(|| PyRuntimeError::new_err("the function around user code was compiled away"))?;
        self.refuse_imports(&function)?;
        Ok(function)
    }

    fn constants<'py>(&self, code: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        Ok(self.code_consts.bind(code.py()).call1((code,))?.cast_into()?)
    }

    /// The rewriting of imports leaves none, and what runs is held against that once more.
    ///
    /// # Errors
    /// There is one.
    pub(super) fn refuse_imports(&self, function: &Bound<'_, PyCode>) -> PyResult<()> {
        let mut pending = vec![function.as_any().clone()];
        while let Some(code) = pending.pop() {
            let bytes = self.code_bytes.bind(code.py()).call1((&code,))?.cast_into::<PyBytes>()?;
            // Units of opcode and argument; what the interpreter caches between them reads as zeros.
            for unit in bytes.as_bytes().chunks_exact(2) {
                let star = unit[0] == self.intrinsic_opcode && unit[1] == IMPORT_STAR;
                if star || self.import_opcodes.contains(&unit[0]) {
                    return Err(PyRuntimeError::new_err("an import statement that was not put under the guard"));
                }
            }
            pending.extend(self.constants(&code)?.iter().filter(Bound::is_exact_instance_of::<PyCode>));
        }
        Ok(())
    }
}

/// The file name of user code in tracebacks.
pub(super) fn filename(mode: NodeMode) -> &'static str {
    match mode {
        NodeMode::AllItems => "<all_items_task_execution>",
        NodeMode::EachItem => "<per_item_task_execution>",
    }
}

/// The user's place in a `SyntaxError`.
pub(super) fn syntax_failure(py: Python<'_>, error: &PyErr) -> Option<SyntaxFailure> {
    if !error.is_instance_of::<PySyntaxError>(py) {
        return None;
    }
    let value = error.value(py);
    let number = |name: &str| value.getattr(name).ok()?.extract::<u64>().ok().filter(|&number| number > 0);
    let message = value.str().map_or_else(|_| "invalid syntax".to_owned(), |text| text::lossy(&text));
    Some(SyntaxFailure { message, line: number("lineno"), column: number("offset") })
}
