//! Where functions and classes of the library keep a module or a denied built-in in sight: in defaults of parameters, as
//! `__defaults__` must stay, and as attributes of classes (`pathlib.PurePath.parser`).

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction, PyModule, PyString, PyTuple};

use super::{facades, foreign, removals};

/// Replaces, in every function and class that is loaded, what facades would not show: a module by its facade; in functions also
/// the real `getattr` by one for public names, and anything else by None.
///
/// # Errors
/// No memory.
pub(super) fn sweep(py: Python<'_>) -> PyResult<()> {
    let careful = wrap_pyfunction!(careful_getattr, py)?.into_any();
    let real = py.import("builtins")?.getattr("getattr")?;
    let safe = |value: &Bound<'_, PyAny>| -> PyResult<Option<Py<PyAny>>> {
        if let Ok(module) = value.cast::<PyModule>() {
            let facade = facades::of_any(module)?;
            return Ok(Some(facade.map_or_else(|| py.None(), |facade| facade.into_any().unbind())));
        }
        if value.is(&real) {
            return Ok(Some(careful.clone().unbind()));
        }
        Ok(facades::is_denied(value).then(|| py.None()))
    };
    for object in py.import("gc")?.call_method0("get_objects")?.try_iter()? {
        let Ok(function) = object?.cast_into::<PyFunction>() else { continue };
        if let Ok(defaults) = function.getattr("__defaults__")?.cast_into::<PyTuple>() {
            let replaced = defaults.iter().map(|value| safe(&value)).collect::<PyResult<Vec<_>>>()?;
            if replaced.iter().any(Option::is_some) {
                let values = defaults.iter().zip(replaced);
                let values: Vec<_> = values.map(|(value, safe)| safe.unwrap_or_else(|| value.unbind())).collect();
                function.setattr("__defaults__", PyTuple::new(py, values)?)?;
            }
        }
        if let Ok(defaults) = function.getattr("__kwdefaults__")?.cast_into::<PyDict>() {
            for (name, value) in defaults.iter() {
                if let Some(safe) = safe(&value)? {
                    defaults.set_item(name, safe)?;
                }
            }
        }
    }
    for class in foreign::all(py)? {
        let dictionary = removals::dictionary(&class)?;
        let modules = dictionary.iter().filter_map(|(name, value)| Some((name, value.cast_into::<PyModule>().ok()?)));
        for (name, module) in modules.collect::<Vec<_>>() {
            if let Some(facade) = facades::of_any(&module)? {
                dictionary.set_item(name, facade)?;
                removals::modified(&class);
            }
        }
    }
    Ok(())
}

/// `getattr(object, name)` for public names, as the stream wrappers of `codecs` use it.
#[pyfunction]
#[pyo3(name = "getattr")]
fn careful_getattr<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    let name = PyString::new(object.py(), name.to_str()?);
    if name.to_str()?.starts_with('_') {
        return Err(PyAttributeError::new_err(format!("no public attribute '{name}'")));
    }
    object.getattr(name)
}
