//! From the user's text to a function that can be called.

use palisade_channel::message::{Gap, NodeMode, SyntaxFailure};
use pyo3::exceptions::{PyRuntimeError, PySyntaxError};
use pyo3::prelude::*;
use pyo3::types::code::PyCodeInput;
use pyo3::types::{PyCode, PyCodeMethods, PyDict, PyString};

use super::from_text::FromText;
use super::{indented, text};
use crate::gate::{Declared, Gate, is_dunder};

/// What [`Compiler::wrap`] needs, captured before user code exists.
pub(super) struct Compiler {
    parse: Py<PyAny>,
    wrap: Py<PyAny>,
    declared: Py<PyAny>,
    parse_text: Py<PyAny>,
    compile_text: Py<PyAny>,
    is_of_fields: Py<PyAny>,
    from_text: FromText,
    /// Names under which user code calls the guards: import plain, as, from; format.
    pub(super) guard_names: [Py<PyString>; 4],
}

/// A syntax tree of user code.
pub(super) struct Tree<'py> {
    tree: Bound<'py, PyAny>,
    /// Whether there may be a call that the format guard has to see.
    formats: bool,
}

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

        Ok(Self {
            parse: named("parse")?.unbind(),
            wrap: named("wrap")?.unbind(),
            declared: named("declared")?.unbind(),
            parse_text: named("parse_text")?.unbind(),
            compile_text: named("compile_text")?.unbind(),
            is_of_fields: named("is_of_fields")?.unbind(),
            from_text: FromText::capture(py)?,
            guard_names: [guard("IMPORT")?, guard("IMPORT_AS")?, guard("IMPORT_FROM")?, guard("FORMAT")?],
        })
    }

    /// The syntax tree of the user's text.
    ///
    /// # Errors
    /// `SyntaxError` and its subclasses; `MemoryError` and `RecursionError` for what is nested too deep.
    pub(super) fn parse<'py>(&self, py: Python<'py>, code: &[u8]) -> PyResult<Tree<'py>> {
        let source = text::from_generalised_utf8(py, code)?;
        Ok(Tree { tree: self.parse.bind(py).call1((source,))?, formats: may_format(code) })
    }

    /// The code of a function without parameters whose body is the user's.
    ///
    /// # Errors
    /// `SyntaxError` for what only the compiler finds, such as a `break` outside a loop; `RecursionError`.
    pub(super) fn wrap<'py>(&self, tree: &Tree<'py>, mode: NodeMode) -> PyResult<Bound<'py, PyCode>> {
        let module = self.wrap.bind(tree.tree.py()).call1((&tree.tree, filename(mode), tree.formats))?;
        self.from_text.function_in(&module)
    }

    /// The very code that [`Compiler::parse`] and [`Compiler::wrap`] lead to, in half the time; nothing where it takes these two,
    /// which also tell what is wrong.
    pub(super) fn at_once<'py>(&self, py: Python<'py>, code: &[u8], mode: NodeMode) -> Option<Bound<'py, PyCode>> {
        if may_format(code) {
            return None;
        }
        let text = indented::in_function(std::str::from_utf8(code).ok()?)?;
        self.from_text.function(py, &text, filename(mode)).ok()
    }

    /// What the code that was made of the user's text names and may not.
    ///
    /// # Errors
    /// It is no code of an interpreter that is understood.
    pub(super) fn judge(&self, gate: &Gate, code: &Bound<'_, PyCode>, text: &[u8]) -> PyResult<Vec<Gap>> {
        gate.refuse(code, &|_| false, &mut || self.declared(&self.parse(code.py(), text)?.tree))
    }

    fn declared(&self, tree: &Bound<'_, PyAny>) -> PyResult<Declared> {
        type Row = (u32, u32, u32, u32, String);
        let rows: Vec<Row> = self.declared.bind(tree.py()).call1((tree,))?.extract()?;
        let rows = rows
            .into_iter()
            .map(|(line, column, end_line, end_column, name)| ((line, column, end_line, end_column), name));
        Ok(rows.collect())
    }

    /// The code of an expression in a text, and what it names and may not.
    ///
    /// # Errors
    /// `SyntaxError` and what else the compiler says of texts.
    pub(super) fn expression<'py>(
        &self,
        gate: &Gate,
        source: &Bound<'py, PyString>,
    ) -> PyResult<(Bound<'py, PyCode>, Vec<Gap>)> {
        let (tree, code) = self.text(source, "eval")?;
        let gaps = gate.refuse(&code, &|_| false, &mut || self.declared(&tree))?;
        Ok((code, gaps))
    }

    /// The code of what `dataclasses` makes of the names of fields; nothing where that is more than names.
    ///
    /// # Errors
    /// As [`Compiler::expression`].
    pub(super) fn fields<'py>(
        &self,
        gate: &Gate,
        source: &Bound<'py, PyString>,
    ) -> PyResult<Option<(Bound<'py, PyCode>, Vec<Gap>)>> {
        /// What the library itself writes there.
        const ITS_OWN: [&str; 4] = ["__class__", "__qualname__", "__setattr__", "__delattr__"];
        let (tree, code) = self.text(source, "exec")?;
        if !self.is_of_fields.bind(code.py()).call1((&tree,))?.extract::<bool>()? {
            return Ok(None);
        }
        // Fields may have names that attributes of other things may not: there is no way from one field on to the next.
        let exempt = |name: &str| !is_dunder(name) || ITS_OWN.contains(&name);
        let gaps = gate.refuse(&code, &exempt, &mut || self.declared(&tree))?;
        Ok(Some((code, gaps)))
    }

    fn text<'py>(
        &self,
        source: &Bound<'py, PyString>,
        mode: &str,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyCode>)> {
        let py = source.py();
        let tree = self.parse_text.bind(py).call1((source, mode))?;
        let code = self.compile_text.bind(py).call1((&tree, mode))?.cast_into()?;
        Ok((tree, code))
    }
}

/// Whether an identifier in `code` may be a method that formats. Other alphabets have letters that become ASCII ones.
fn may_format(code: &[u8]) -> bool {
    match std::str::from_utf8(code) {
        Ok(code) if code.is_ascii() => code.contains("format") || code.contains("get_field"),
        _ => true,
    }
}

/// The file name of user code in tracebacks.
pub(crate) fn filename(mode: NodeMode) -> &'static str {
    mode.file_name()
}

/// The user's place in a `SyntaxError`.
pub(super) fn syntax_failure(py: Python<'_>, error: &PyErr) -> Option<SyntaxFailure> {
    if !error.is_instance_of::<PySyntaxError>(py) {
        return None;
    }
    let value = error.value(py);
    let number = |name: &str| value.getattr(name).ok()?.extract::<u64>().ok().filter(|&number| number > 0);
    let message = value.str().map_or_else(|_| "invalid syntax".to_owned(), |text| text::told(&text));
    let class = error.get_type(py).name().map_or_else(|_| "SyntaxError".to_owned(), |name| text::told(&name));
    let line = number("lineno");
    let end_column = number("end_offset").filter(|_| number("end_lineno") == line);
    Some(SyntaxFailure { class, message, line, column: number("offset"), end_column })
}
