//! What user code gets instead of an allowed module: an exact module object whose dictionary holds the module's public names
//! and nothing else.
//!
//! A module's own dictionary leads to whatever it imported, and so in a step or two to `os`, `sys` and the loaders. A facade has
//! no private name, no module that is not allowed itself, and nothing that is on a deny list by identity, wherever it is
//! found and whatever it is called there. Facades are made in the forkserver; where modules can be imported later, they are
//! made when one is.
//!
//! Nothing trusted reads a facade: user code may change it as it likes, and libraries do not see it.

use std::collections::HashSet;

use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyModule, PyString, PyTuple};

use super::names;

static FACADES: PyOnceLock<Facades> = PyOnceLock::new();

/// Names with an underscore before them that say nothing about where a module is.
const KEPT: [&str; 4] = ["__name__", "__doc__", "__version__", "__all__"];

/// Functions whose documented names begin with an underscore: module, name.
const DOCUMENTED: [(&str, &str); 1] = [("os", "_exit")];

struct Facades {
    /// `sys.modules`.
    modules: Py<PyDict>,
    /// Facades by the names of their modules.
    made: Py<PyDict>,
    /// By address what no facade shows. The objects live on in `_alive`, so their addresses are theirs.
    denied: HashSet<usize>,
    _alive: Vec<Py<PyAny>>,
    /// Modules of which no facade can be made, with all below them.
    without: Vec<String>,
    /// Top-level names that are allowed: `*` for all.
    allowed: Vec<String>,
}

/// What facades are made from.
pub(super) struct Plan<'a> {
    /// Dotted names of what no facade shows.
    pub(super) deny: &'a [String],
    /// Built-ins that user code has not: no module gives them back.
    pub(super) builtins_deny: &'a [String],
    /// Modules of which no facade can be made.
    pub(super) without: &'a [String],
    /// Top-level names that user code may import; `*` for all.
    pub(super) allowed: Vec<String>,
}

/// Makes facades of all allowed modules that are loaded, with their sub-modules.
///
/// # Errors
/// The deny list names an attribute of the standard library that there is not, or no memory.
pub(super) fn make(py: Python<'_>, plan: &Plan<'_>) -> PyResult<()> {
    let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
    let mut alive = Vec::new();
    for name in plan.deny {
        if let Some(object) = names::loaded_object(py, name)? {
            alive.push(object.unbind());
        }
    }
    let builtins = py.import("builtins")?.dict();
    for name in plan.builtins_deny {
        alive.extend(builtins.get_item(name)?.map(Bound::unbind));
    }
    let facades = Facades {
        modules: modules.clone().unbind(),
        made: PyDict::new(py).unbind(),
        denied: alive.iter().map(|object| object.as_ptr() as usize).collect(),
        _alive: alive,
        without: plan.without.to_vec(),
        allowed: plan.allowed.clone(),
    };
    FACADES.set(py, facades).map_err(|_| PyRuntimeError::new_err("facades were made already"))?;
    for name in wanted(&modules, plan)? {
        handed_out(py, &name)?;
    }
    Ok(())
}

/// Has allowed modules make those of their names that they make only when they are first asked for them: that may import
/// others, which is not to be had later.
///
/// # Errors
/// No memory. A name that cannot be made is none.
pub(super) fn resolve(py: Python<'_>, plan: &Plan<'_>) -> PyResult<()> {
    let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
    for name in wanted(&modules, plan)? {
        if let Some(module) = modules.get_item(name)? {
            for late in late_names(&module) {
                let _: PyResult<Bound<'_, PyAny>> = module.getattr(late.as_str());
            }
        }
    }
    Ok(())
}

/// Loaded modules that user code may import.
fn wanted(modules: &Bound<'_, PyDict>, plan: &Plan<'_>) -> PyResult<Vec<String>> {
    let mut names: Vec<String> = modules.keys().extract()?;
    names.retain(|name| is_allowed(name, &plan.allowed, plan.without));
    Ok(names)
}

/// What user code gets for a module that it may import and that is loaded: its facade, or the module itself where no facade can
/// be made of it or the policy switches them off. Nothing where no module of this name is loaded.
///
/// # Errors
/// `ImportError` for a part of an allowed package of which no facade can be made; no memory.
pub(crate) fn handed_out<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(facades) = FACADES.get(py) else {
        // Not by importing `sys`: that would ask the `__import__` of the code that calls, which asks here.
        // SAFETY: attached to the interpreter; a borrowed reference to a dictionary that lives as long as it does.
        let modules = unsafe { Bound::from_borrowed_ptr(py, ffi::PyImport_GetModuleDict()) };
        return modules.cast_into::<PyDict>()?.get_item(name);
    };
    let Some(module) = facades.modules.bind(py).get_item(name)? else { return Ok(None) };
    if is_below(name, &facades.without) {
        let top_level = name.split('.').next().unwrap_or(name);
        if facades.without.iter().any(|without| without == top_level) {
            return Ok(Some(module));
        }
        return Err(PyImportError::new_err(format!(
            "module '{name}' is not handed out to user code, as no safe part of it can be (policy: interpreter.without_facade)"
        )));
    }
    if let Some(made) = facades.made.bind(py).get_item(name)? {
        return Ok(Some(made));
    }
    let Ok(module) = module.cast_into::<PyModule>() else {
        // Some modules put something else into their place: an object, whose attributes are its own affair.
        return Err(PyImportError::new_err(format!("module '{name}' is no module object, so it is not handed out")));
    };
    build(py, facades, name, &module).map(|facade| Some(facade.into_any()))
}

/// Shows a sub-module in the facades of its parents, as importing it does.
///
/// # Errors
/// No memory.
pub(crate) fn attach(py: Python<'_>, name: &str) -> PyResult<()> {
    let Some(facades) = FACADES.get(py) else { return Ok(()) };
    for (end, _) in name.match_indices('.').chain([(name.len(), "")]).skip(1) {
        let Some((parent, child)) = name[..end].rsplit_once('.') else { continue };
        let Some(parent) = facades.made.bind(py).get_item(parent)? else { continue };
        let dictionary = parent.cast_into::<PyModule>()?.dict();
        if !dictionary.contains(child)?
            && let Some(value) = handed_out(py, &name[..end])?
        {
            dictionary.set_item(child, value)?;
        }
    }
    Ok(())
}

/// The dictionary of a facade, as far as one is made.
pub(crate) fn shown<'py>(py: Python<'py>, name: &str) -> Option<Bound<'py, PyDict>> {
    let made = FACADES.get(py)?.made.bind(py).get_item(name).ok().flatten()?;
    made.cast_into::<PyModule>().ok().map(|module| module.dict())
}

/// Whether no facade shows this object.
pub(super) fn is_denied(object: &Bound<'_, PyAny>) -> bool {
    FACADES.get(object.py()).is_some_and(|facades| facades.denied.contains(&(object.as_ptr() as usize)))
}

/// A facade of a module that user code may not import, for those functions of the library that keep the module where user
/// code sees it.
///
/// # Errors
/// No memory.
pub(super) fn of_any<'py>(module: &Bound<'py, PyModule>) -> PyResult<Option<Bound<'py, PyModule>>> {
    let py = module.py();
    let (Some(facades), Ok(name)) = (FACADES.get(py), module.name()) else { return Ok(None) };
    let name = name.to_str()?.to_owned();
    if is_below(&name, &facades.without) {
        return Ok(None);
    }
    match facades.made.bind(py).get_item(&name)? {
        Some(made) => Ok(made.cast_into::<PyModule>().ok()),
        None => build(py, facades, &name, module).map(Some),
    }
}

fn is_allowed(name: &str, allowed: &[String], without: &[String]) -> bool {
    let top_level = name.split('.').next().unwrap_or(name);
    !is_below(name, without) && allowed.iter().any(|allowed| allowed == "*" || allowed == top_level)
}

fn is_below(name: &str, list: &[String]) -> bool {
    list.iter().any(|of| name.strip_prefix(of.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

fn build<'py>(
    py: Python<'py>,
    facades: &Facades,
    name: &str,
    module: &Bound<'py, PyModule>,
) -> PyResult<Bound<'py, PyModule>> {
    let facade = PyModule::new(py, name)?;
    let shown = facade.dict();
    shown.clear();
    // Before what is in it: packages and their parts name each other.
    facades.made.bind(py).set_item(name, &facade)?;
    let dictionary = module.dict();
    let listed = listed(&dictionary);
    for (key, value) in dictionary.iter() {
        let Ok(key) = key.cast_into::<PyString>() else { continue };
        let Ok(text) = key.to_str() else { continue };
        let is_listed = listed.as_ref().is_none_or(|listed| listed.contains(text));
        if let Some(value) = part(facades, name, text, value, is_listed)? {
            shown.set_item(key, value)?;
        }
    }
    for late in late_names(module) {
        if let Ok(value) = module.getattr(late.as_str())
            && !shown.contains(&late)?
            && let Some(value) = part(facades, name, &late, value, true)?
        {
            shown.set_item(late, value)?;
        }
    }
    Ok(facade)
}

/// What a facade shows of one name of its module, if anything.
fn part<'py>(
    facades: &Facades,
    module: &str,
    name: &str,
    value: Bound<'py, PyAny>,
    is_listed: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = value.py();
    if name.starts_with('_') && !DOCUMENTED.contains(&(module, name)) {
        // A package can have a sub-module of such a name.
        let is_text = is_constant(&value) || value.is_none() || value.is_instance_of::<PyList>();
        return Ok((KEPT.contains(&name) && is_text).then_some(value));
    }
    if facades.denied.contains(&(value.as_ptr() as usize)) {
        return Ok(None);
    }
    if value.is_instance_of::<PyModule>() {
        // Its own sub-module, whatever name that has (`os.path`), or another module that is allowed.
        let own = format!("{module}.{name}");
        let modules = facades.modules.bind(py);
        let is_at = |name: &str| modules.get_item(name).ok().flatten().is_some_and(|at| at.is(&value));
        let called = value.getattr("__name__").and_then(|name| name.extract::<String>()).unwrap_or_default();
        for name in [own, called] {
            if is_at(&name) && is_allowed(&name, &facades.allowed, &facades.without) {
                return handed_out(py, &name);
            }
        }
        return Ok(None);
    }
    let of_package = || {
        let of = value.getattr("__module__").and_then(|of| of.extract::<String>()).unwrap_or_default();
        of.split('.').next() == module.split('.').next()
    };
    Ok((is_listed || is_constant(&value) || of_package()).then_some(value))
}

/// Numbers and texts lead nowhere.
fn is_constant(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyBytes>()
        || value.is_exact_instance_of::<PyBool>()
}

/// `__all__` of a module that has one.
fn listed(dictionary: &Bound<'_, PyDict>) -> Option<HashSet<String>> {
    let all = dictionary.get_item("__all__").ok().flatten()?;
    if !all.is_instance_of::<PyList>() && !all.is_instance_of::<PyTuple>() {
        return None;
    }
    Some(all.try_iter().ok()?.filter_map(|name| name.ok()?.extract::<String>().ok()).collect())
}

/// Public names that a module makes when it is asked for them (PEP 562).
fn late_names(module: &Bound<'_, PyAny>) -> Vec<String> {
    let Ok(dictionary) = module.cast::<PyModule>().map(PyModuleMethods::dict) else { return Vec::new() };
    if !dictionary.contains("__getattr__").unwrap_or(false) {
        return Vec::new();
    }
    let mut names = listed(&dictionary).unwrap_or_default();
    if dictionary.contains("__dir__").unwrap_or(false)
        && let Ok(dir) = module.dir()
    {
        names.extend(dir.iter().filter_map(|name| name.extract::<String>().ok()));
    }
    let mut late: Vec<_> =
        names.into_iter().filter(|name| !name.starts_with('_') && !dictionary.contains(name).unwrap_or(true)).collect();
    late.sort_unstable();
    late
}
