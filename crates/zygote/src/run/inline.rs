//! A task in this very process, unsealed: for tests of how user code runs. Only with the feature `inline`.

use std::collections::BTreeSet;

use palisade_channel::control::{Hardening, Names};
use palisade_channel::frame::Kind;
use palisade_channel::message::{NodeMode, TaskHead};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCode, PyDict};
use serde::Deserialize;

use super::json::{Codec, Style, WriteError};
use super::{Allow, Settings, Whose, prepare, run_task, runtime, warm_up};
use crate::gate;
use crate::harden::facades;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Lists {
    stdlib: Vec<String>,
    external: Vec<String>,
    builtins_deny: Vec<String>,
    unguarded: bool,
    names: Names,
    hardening: Hardening,
    modules: Vec<String>,
    preload_stdlib_extensions: bool,
    transitive_imports: bool,
}

fn allow(names: Vec<String>) -> Allow {
    if names == ["*"] { Allow::All } else { Allow::Only(BTreeSet::from_iter(names)) }
}

fn invalid(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// Adds the functions to the extension's module.
///
/// # Errors
/// No memory.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(prepare_inline, module)?)?;
    module.add_function(wrap_pyfunction!(gate_findings, module)?)?;
    module.add_function(wrap_pyfunction!(compiled_both_ways, module)?)?;
    module.add_function(wrap_pyfunction!(hand_out, module)?)?;
    module.add_function(wrap_pyfunction!(read_json, module)?)?;
    module.add_function(wrap_pyfunction!(write_json, module)?)?;
    module.add_function(wrap_pyfunction!(run_inline, module)?)
}

/// What the gate finds in code, as JSON: that of a text of a task, where it is given one, else that of a code object.
#[pyfunction]
fn gate_findings(code: &Bound<'_, PyAny>) -> PyResult<String> {
    let runtime = runtime::get(code.py())?;
    let gaps = match code.cast::<PyCode>() {
        Ok(code) => runtime.gate.refuse(code, &|_| false, &mut gate::no_declarations)?,
        Err(_) => {
            let text = code.extract::<String>()?;
            let tree = runtime.compiler.parse(code.py(), text.as_bytes())?;
            let code = runtime.compiler.wrap(&tree, NodeMode::AllItems)?;
            runtime.compiler.judge(&runtime.gate, &code, text.as_bytes())?
        }
    };
    serde_json::to_string(&gaps).map_err(invalid)
}

/// The code of a text, by its syntax tree, and at once: whatever there is.
#[pyfunction]
fn compiled_both_ways<'py>(py: Python<'py>, text: &str) -> PyResult<[Option<Bound<'py, PyCode>>; 2]> {
    let compiler = &runtime::get(py)?.compiler;
    let tree = compiler.parse(py, text.as_bytes());
    let by_tree = tree.and_then(|tree| compiler.wrap(&tree, NodeMode::AllItems)).ok();
    Ok([by_tree, compiler.at_once(py, text.as_bytes(), NodeMode::AllItems)])
}

/// What user code has before it runs, and the modules of these names as it gets them.
#[pyfunction]
fn hand_out<'py>(py: Python<'py>, names: Vec<String>) -> PyResult<Bound<'py, PyDict>> {
    let runtime = runtime::get(py)?;
    let namespace = PyDict::new(py);
    namespace.set_item("__builtins__", &runtime.builtins)?;
    for (name, function) in &runtime.guards {
        namespace.set_item(name, function)?;
    }
    for name in names {
        namespace.set_item(&name, facades::handed_out(py, &name)?)?;
    }
    Ok(namespace)
}

/// Prepares this interpreter; gives the modules that failed.
#[pyfunction]
fn prepare_inline(py: Python<'_>, settings: &str) -> PyResult<Vec<(String, String)>> {
    let lists: Lists = serde_json::from_str(settings).map_err(invalid)?;
    let settings = Settings {
        stdlib: allow(lists.stdlib),
        external: allow(lists.external),
        builtins_deny: lists.builtins_deny,
        guards: !lists.unguarded,
        names: lists.names,
        hardening: lists.hardening,
        modules: lists.modules,
        preload_stdlib_extensions: lists.preload_stdlib_extensions,
        transitive_imports: lists.transitive_imports,
    };
    Ok(prepare(py, settings)?.failed_modules)
}

/// The value of a JSON text, as the items of a task are read.
#[pyfunction]
fn read_json<'py>(py: Python<'py>, json: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    Codec::capture(py)?.read(py, json)
}

/// The JSON of a value: as results are sent, with NaN as null or as it is; or as containers are printed.
#[pyfunction]
fn write_json<'py>(value: &Bound<'py, PyAny>, style: &str, limit: usize) -> PyResult<Bound<'py, PyBytes>> {
    let py = value.py();
    let style = match style {
        "compact" => Style::Compact,
        "nulls" => Style::CompactNulls,
        "lenient" => Style::Lenient,
        "spaced" => Style::Spaced,
        _ => return Err(invalid("no such style")),
    };
    let mut writer = Codec::capture(py)?.writer(style, limit);
    match writer.value(value) {
        Ok(()) => Ok(PyBytes::new(py, &writer.into_bytes())),
        Err(WriteError::Python(error)) => Err(error),
        Err(WriteError::TooLong) => Err(invalid("longer than the limit")),
    }
}

/// Runs one task in an interpreter that was prepared, after the warm-up every child has; gives its frames.
#[pyfunction]
#[pyo3(signature = (head, code, query, items))]
fn run_inline<'py>(
    py: Python<'py>,
    head: &str,
    code: &[u8],
    query: Option<&[u8]>,
    items: &[u8],
) -> PyResult<Vec<(u8, Bound<'py, PyBytes>)>> {
    let head: TaskHead = serde_json::from_str(head).map_err(invalid)?;
    warm_up(py);
    let mut frames: Vec<(Kind, Vec<u8>)> = Vec::new();
    run_task(py, &head, code, query, items.to_vec(), Whose::Ours, &mut |kind, payload| {
        frames.push((kind, payload.to_vec()));
        Ok(())
    });
    Ok(frames.into_iter().map(|(kind, payload)| (kind as u8, PyBytes::new(py, &payload))).collect())
}
