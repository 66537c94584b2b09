//! One task in its sealed child.

#![allow(unsafe_code, reason = "calls into CPython's API")]

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use palisade_channel::frame::Kind;
use palisade_channel::message::{Failure, NodeMode, NonFinite, Purpose, Raised, SyntaxFailure, Tally, TaskHead};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyDict, PyList, PyModule};

use super::json::{Place, ResultError, Style, WriteError, Writer};
use super::output::{Out, Scope};
use super::runtime::{self, Runtime};
use super::{compile, environ, errors, evaluated, stack};
use crate::harden::tripwire;

/// Whose code it is that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The runner's own.
    Ours,
    /// A user's: nothing of the interpreter is relied on any more from when it begins.
    Users,
}

/// Runs one task and writes its frames: each print at once, then what was left out, then exactly one answer. When `out` fails,
/// nothing more is written: nobody listens.
pub(crate) fn run_task(
    py: Python<'_>,
    head: &TaskHead,
    code: &[u8],
    query: Option<&[u8]>,
    items: Vec<u8>,
    whose: Whose,
    out: &mut Out<'_>,
) {
    let scope = Scope::new(head, out);
    let task = Task { head, code, query, items: Cell::new(items), whose };
    let answer = catch_unwind(AssertUnwindSafe(|| {
        stack::on_empty(py, whose, || task.answer(py)).unwrap_or_else(|error| Err(Box::new(internal(error))))
    }))
    .unwrap_or_else(|_| Err(Box::new(internal("the runner's part in the child panicked"))));
    let totals = scope.close();
    let send = || -> io::Result<()> {
        if let Some(error) = totals.broken {
            return Err(error);
        }
        if let Some(rest) = totals.unfinished_line {
            out(Kind::Written, &serde_json::to_vec(&rest)?)?;
        }
        let tally = Tally { omitted_prints: totals.omitted, omitted_lines: totals.omitted_lines, so_far: false };
        if totals.told || (tally.omitted_prints, tally.omitted_lines) != (0, 0) {
            out(Kind::Tally, &serde_json::to_vec(&tally)?)?;
        }
        match answer {
            Ok(result) => out(Kind::Done, &result),
            Err(failure) => out(Kind::Failed, &serde_json::to_vec(&*failure)?),
        }
    };
    let _: io::Result<()> = send();
}

struct Task<'a> {
    head: &'a TaskHead,
    code: &'a [u8],
    query: Option<&'a [u8]>,
    /// Until they are read: their text is not to take memory from user code.
    items: Cell<Vec<u8>>,
    whose: Whose,
}

impl Task<'_> {
    fn answer(&self, py: Python<'_>) -> Result<Vec<u8>, Box<Failure>> {
        let runtime = runtime::get(py).map_err(internal)?;
        let function = self.compile(py, runtime)?;
        let gaps = runtime.compiler.judge(&runtime.gate, &function, self.code).map_err(internal)?;
        if !gaps.is_empty() {
            return Err(Box::new(Failure::AnalyzerGap { gaps }));
        }
        if self.whose == Whose::Users {
            // Compiling may raise events that are the runner's own; from here on none is.
            tripwire::arm();
        }

        environ::replace(py, &runtime.environments, &self.head.env).map_err(internal)?;
        let json = self.items.take();
        let items = runtime.codec.read(py, &json).map_err(|error| self.raised(py, &error, None))?;
        let read = json.len();
        drop(json);
        runtime.codec.let_collect(py, read).map_err(internal)?;
        let limit = usize::try_from(self.head.max_result_bytes).unwrap_or(usize::MAX);
        let style = match self.head.non_finite {
            NonFinite::Error => Style::Compact,
            NonFinite::Null => Style::CompactNulls,
        };
        let mut result = runtime.codec.writer(style, limit);
        match self.head.mode {
            NodeMode::AllItems => {
                self.all_items(runtime, &function, &items, &mut result)
                    .map_err(|error| self.failed(py, error, None))?;
            }
            NodeMode::EachItem => {
                let items = items.cast_into::<PyList>().map_err(internal)?;
                self.each_item(runtime, &function, &items, &mut result)?;
            }
        }
        Ok(result.into_bytes())
    }

    fn compile<'py>(&self, py: Python<'py>, runtime: &Runtime) -> Result<Bound<'py, PyCode>, Box<Failure>> {
        let compiler = &runtime.compiler;
        let only_syntax = self.head.purpose == Purpose::CheckSyntax;
        if !only_syntax && let Some(function) = compiler.at_once(py, self.code, self.head.mode) {
            return Ok(function);
        }
        let tree = compiler.parse(py, self.code).map_err(|error| self.unparsable(py, &error))?;
        if only_syntax {
            let message = "this code is valid Python, but the analyzer could not read it".to_owned();
            let class = "SyntaxError".to_owned();
            let failure = SyntaxFailure { class, message, line: None, column: None, end_column: None };
            return Err(Box::new(Failure::Syntax(failure)));
        }
        Ok(compiler.wrap(&tree, self.head.mode).map_err(|error| self.raised(py, &error, None))?)
    }

    fn all_items<'py>(
        &self,
        runtime: &Runtime,
        function: &Bound<'py, PyCode>,
        items: &Bound<'py, PyAny>,
        result: &mut Writer,
    ) -> Result<(), ResultError> {
        let py = function.py();
        let query = match self.query {
            Some(query) => runtime.codec.read(py, query)?,
            None => py.None().into_bound(py),
        };
        let returned = call(runtime, function, &[("_items", items), ("_query", &query)])?;
        result.result(&returned, Place::Whole)
    }

    fn each_item(
        &self,
        runtime: &Runtime,
        function: &Bound<'_, PyCode>,
        items: &Bound<'_, PyList>,
        result: &mut Writer,
    ) -> Result<(), Box<Failure>> {
        let py = function.py();
        let mut separator: &[u8] = b"[";
        for (index, item) in (0_u64..).zip(items.iter()) {
            let failed = |error| self.failed(py, error, Some(index));
            let returned = call(runtime, function, &[("_item", &item)]).map_err(|error| failed(error.into()))?;
            if !returned.is_none() {
                result.raw(separator).map_err(|error| failed(error.into()))?;
                output_item(result, &returned, index).map_err(failed)?;
                separator = b",";
            }
        }
        let end: &[u8] = if separator == b"[" { b"[]" } else { b"]" };
        result.raw(end).map_err(|error| self.failed(py, error.into(), None))?;
        Ok(())
    }

    fn failed(&self, py: Python<'_>, error: ResultError, item: Option<u64>) -> Failure {
        match error {
            ResultError::NotFinite(number) => number.failure(),
            ResultError::Write(WriteError::Python(error)) => self.raised(py, &error, item),
            ResultError::Write(WriteError::TooLong) => {
                let bytes = self.head.max_result_bytes;
                let mib = bytes >> 20;
                let message = format!("The result is larger than {bytes} bytes ({mib} MiB, set by limits.result_mib)");
                Failure::Raised(Raised { class: "ResultTooLarge".to_owned(), message, item, ..Raised::default() })
            }
        }
    }

    fn raised(&self, py: Python<'_>, error: &PyErr, item: Option<u64>) -> Failure {
        errors::failure(py, error, self.head.mode, item)
    }

    fn unparsable(&self, py: Python<'_>, error: &PyErr) -> Failure {
        match compile::syntax_failure(py, error) {
            Some(failure) => Failure::Syntax(failure),
            None => self.raised(py, error, None),
        }
    }
}

/// A failure of ours, not the user's.
fn internal(why: impl std::fmt::Display) -> Failure {
    Failure::Internal { text: why.to_string() }
}

/// Calls user code in globals of its own, which are those of a fresh `__main__`.
fn call<'py>(
    runtime: &Runtime,
    code: &Bound<'py, PyCode>,
    variables: &[(&str, &Bound<'py, PyAny>)],
) -> PyResult<Bound<'py, PyAny>> {
    let py = code.py();
    let main = PyModule::new(py, "__main__")?;
    let globals: Bound<'py, PyDict> = main.dict();
    globals.set_item("__builtins__", &runtime.builtins)?;
    for (name, function) in &runtime.guards {
        globals.set_item(name, function)?;
    }
    for (name, value) in variables {
        globals.set_item(name, value)?;
    }
    evaluated::in_globals(&globals);
    // Dataclasses and type hints look their module up there, and the forkserver's own must not be found.
    runtime.modules.bind(py).set_item("__main__", &main)?;
    // SAFETY: a code object and a dict; the result is a new reference or null with an error set.
    let function = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyFunction_New(code.as_ptr(), globals.as_ptr()))? };
    function.call0()
}

/// One output item of `runOnceForEachItem`.
fn output_item(result: &mut Writer, returned: &Bound<'_, PyAny>, index: u64) -> Result<(), ResultError> {
    result.raw(br#"{"json":"#)?;
    let returned_dict = returned.cast::<PyDict>().ok();
    let field = |name| returned_dict.map_or(Ok(None), |dict| dict.get_item(name));
    let binary = field("binary")?;
    let json = Place::Field(index, "json");
    match (field("json")?, &binary, returned_dict) {
        (Some(value), _, _) => result.result(&value, json)?,
        (None, Some(_), Some(dict)) => {
            let rest = dict.copy()?;
            rest.del_item("binary")?;
            result.result(rest.as_any(), json)?;
        }
        _ => result.result(returned, json)?,
    }
    if let Some(binary) = binary {
        result.raw(br#","binary":"#)?;
        result.result(&binary, Place::Field(index, "binary"))?;
    }
    Ok(result.raw(format!(r#","pairedItem":{{"item":{index}}}}}"#).as_bytes())?)
}
