//! The `print` of user code: one frame for each call, in the form n8n's `logNodeOutput` takes it.

use palisade_channel::message::Print;
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::json::{Style, WriteError};
use super::{output, runtime, text};
use crate::harden::facades;

/// Prints values to the workflow's log.
#[pyfunction]
#[pyo3(name = "print", signature = (*args, sep=None, end=None, file=None, flush=None))]
pub(super) fn print(
    py: Python<'_>,
    args: &Bound<'_, PyTuple>,
    sep: Option<&Bound<'_, PyAny>>,
    end: Option<&Bound<'_, PyAny>>,
    file: Option<&Bound<'_, PyAny>>,
    flush: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let runtime = runtime::get(py)?;
    if let Some(file) = elsewhere(py, runtime, file) {
        let keywords = PyDict::new(py);
        for (name, value) in [("sep", sep), ("end", end), ("file", Some(&file)), ("flush", flush)] {
            if let Some(value) = value {
                keywords.set_item(name, value)?;
            }
        }
        return runtime.real_print.bind(py).call(args, Some(&keywords)).map(drop);
    }
    let sep = keyword("sep", sep)?.unwrap_or_else(|| " ".to_owned());
    let end = keyword("end", end)?.unwrap_or_else(|| "\n".to_owned());
    let Some(limit) = output::admit_print() else { return Ok(()) };
    let print = compose(runtime, args, &sep, end.trim_end_matches('\n'), limit)?;
    output::send_print(&print);
    Ok(())
}

/// The object whose `write` is to be called; `None` where the print goes to the workflow's log.
fn elsewhere<'py>(
    py: Python<'py>,
    runtime: &runtime::Runtime,
    file: Option<&Bound<'py, PyAny>>,
) -> Option<Bound<'py, PyAny>> {
    // As CPython does, so that contextlib.redirect_stdout works.
    let stdout = || runtime.sys.bind(py).get_item("stdout").ok().flatten();
    // Who assigns to `sys.stdout` assigns to what stands for `sys`.
    let assigned = || facades::shown(py, "sys")?.get_item("stdout").ok().flatten();
    let assigned = || assigned().filter(|file| !file.is(&runtime.streams.output));
    let file = file.cloned().or_else(assigned).or_else(stdout).filter(|file| !file.is_none())?;
    (!file.is(&runtime.streams.output)).then_some(file)
}

fn keyword(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    if let Ok(text) = value.cast::<PyString>() {
        return text::lossy(text).map(Some);
    }
    let class = value.get_type().name()?;
    Err(PyTypeError::new_err(format!("{name} must be None or a string, not {class}")))
}

fn compose(
    runtime: &runtime::Runtime,
    args: &Bound<'_, PyTuple>,
    sep: &str,
    end: &str,
    limit: usize,
) -> PyResult<Print> {
    let mut params = Vec::new();
    let mut line = String::new();
    let mut room = limit;
    for (index, value) in args.iter().enumerate() {
        if room == 0 {
            params.push(format!("… [{} more arguments]", args.len() - index));
            break;
        }
        let shown = show(runtime, &value, room)?;
        if index > 0 {
            line.push_str(sep);
        }
        line.push_str(&shown.text);
        // At least one for each, so that a million empty texts end as well.
        room = if line.len() > limit { 0 } else { room.saturating_sub(shown.param.len().max(1)) };
        params.push(shown.param);
    }
    line.push_str(end);
    text::bound(&mut line, limit);
    Ok(Print { params, text: line })
}

struct Shown {
    param: String,
    text: String,
}

fn show(runtime: &runtime::Runtime, value: &Bound<'_, PyAny>, room: usize) -> PyResult<Shown> {
    if let Ok(contents) = value.cast::<PyString>() {
        let text = text::lossy(contents)?;
        let mut param = text.clone();
        text::bound(&mut param, room);
        return Ok(Shown { param: format!("'{param}'"), text });
    }
    let text = text::lossy(&value.str()?)?;
    let scalar = value.is_none()
        || value.is_instance_of::<PyBool>()
        || value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyFloat>();
    if scalar {
        let mut param = text.clone();
        text::bound(&mut param, room);
        return Ok(Shown { param, text });
    }
    let container =
        value.is_instance_of::<PyDict>() || value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>();
    let mut writer = runtime.codec.writer(Style::Spaced, room);
    let written = if container { writer.value(value) } else { writer.value(PyString::new(value.py(), &text).as_any()) };
    let param = match written {
        Ok(()) => whole_characters(writer.into_bytes()),
        Err(WriteError::TooLong) => format!("{}… [cut]", whole_characters(writer.into_bytes())),
        Err(WriteError::Python(error)) => unserialisable(value, error)?,
    };
    Ok(Shown { param, text })
}

fn whole_characters(mut json: Vec<u8>) -> String {
    if let Err(error) = std::str::from_utf8(&json) {
        json.truncate(error.valid_up_to());
    }
    String::from_utf8(json).unwrap_or_default()
}

/// What is shown instead of a container that is no JSON: a print is no reason to fail.
fn unserialisable(value: &Bound<'_, PyAny>, error: PyErr) -> PyResult<String> {
    let py = value.py();
    if !error.is_instance_of::<PyException>(py) {
        return Err(error); // SystemExit and KeyboardInterrupt, from a `__str__`
    }
    let class = value.get_type().name()?;
    let mut cause =
        error.value(py).str().map_or_else(|_| "an error without a text".to_owned(), |text| text::told(&text));
    if cause == "Circular reference detected" {
        return Ok(format!("[Circular {class}]"));
    }
    text::bound(&mut cause, 1000);
    Ok(format!("[Unserializable {class}: {cause}]"))
}
