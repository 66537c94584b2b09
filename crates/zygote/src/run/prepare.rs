//! What the forkserver does once, so that no child has to.

use std::collections::HashSet;

use nix::sys::resource::{UsageWho, getrusage};
use pyo3::prelude::*;
use pyo3::types::code::PyCodeInput;
use pyo3::types::{PyCode, PyCodeMethods, PyDict, PyList};

use super::compile::Compiler;
use super::evaluated::{self, Evaluation};
use super::format::{self, Templates};
use super::function::Function;
use super::json::Codec;
use super::rehearsal::{REHEARSALS, rehearse};
use super::runtime::{self, ImportPolicy, Runtime};
use super::{Allow, Prepared, Settings, builtins, environ, guard, reseed, stream};
use crate::gate::Gate;
use crate::harden;
use crate::settle::{Immortal, settle};

/// Imports what tasks may import, and captures what running a task needs. Called once, in the forkserver, while it has
/// one thread; ends with everything collected, frozen, and the collector off.
///
/// # Errors
/// The interpreter is not one this extension can work with. A module that cannot be imported is no error.
pub(crate) fn prepare(py: Python<'_>, settings: Settings) -> PyResult<Prepared> {
    // First, so that no module keeps a reference to a stream with a file beneath.
    let unsupported = py.import("io")?.getattr("UnsupportedOperation")?.unbind();
    let streams = stream::replace(py)?;
    let importlib = py.import("importlib")?;
    let real_import_module = importlib.getattr("import_module")?.unbind();

    let allowed = allowed(&settings);
    let may_import = !allowed.is_empty();
    let Preloaded { failed, parts_failed, took } = preload(py, &settings, may_import)?;
    let unavailable = failed.iter().chain(&parts_failed).cloned().collect();
    // The compiler's remarks on user code have nobody to read them, and would end up in descriptions of errors.
    py.import("warnings")?
        .call_method1("simplefilter", ("ignore", py.import("builtins")?.getattr("SyntaxWarning")?))?;

    let sys = py.import("sys")?.dict();
    let modules = py.import("sys")?.getattr("modules")?.cast_into::<PyDict>()?;
    if modules.contains(guard::OURSELVES)? {
        modules.del_item(guard::OURSELVES)?;
    }
    let stdlib_names: HashSet<String> = py.import("sys")?.getattr("stdlib_module_names")?.extract()?;
    let real_builtins = py.import("builtins")?.dict();
    let builtins = if settings.guards {
        builtins::allowed(&real_builtins, &settings.builtins_deny)?.unbind()
    } else {
        builtins::all(&real_builtins)?.unbind()
    };
    let gate = Gate::capture(py, &settings.names)?;
    let hardening = settings.guards.then(|| settings.hardening.clone());
    let late = allowed.iter().any(|name| name == "*");
    let open = harden::Open {
        void: late || allowed.iter().any(|name| settings.hardening.without_facade.contains(name)),
        modules: allowed,
        builtins_deny: settings.builtins_deny.clone(),
        late,
    };
    let policy = ImportPolicy::new(settings, stdlib_names);
    let compiler = Compiler::capture(py)?;
    let functions = [
        wrap_pyfunction!(guard::import_plain, py)?,
        wrap_pyfunction!(guard::import_as, py)?,
        wrap_pyfunction!(guard::import_from, py)?,
        wrap_pyfunction!(format::format, py)?,
    ];
    let guards = compiler.guard_names.iter().zip(functions);
    let guards = guards.map(|(name, function)| (name.clone_ref(py), function.into_any().unbind())).collect();
    if policy.guards && policy.refusal("importlib").is_none() {
        // As user code sees them, n8n's own runner has one name for all.
        let import_module = Function::new("__import__", wrap_pyfunction!(guard::import_module, py)?)?;
        importlib.setattr("import_module", import_module)?;
        importlib.setattr("__import__", Function::new("__import__", wrap_pyfunction!(guard::import, py)?)?)?;
    }
    if policy.guards {
        evaluated::shadow(py, may_import)?;
    }
    let runtime = Runtime {
        policy,
        compiler,
        gate,
        templates: Templates::capture(py)?,
        evaluation: Evaluation::capture(&real_builtins, builtins.bind(py))?,
        codec: Codec::capture(py)?,
        builtins,
        real_print: py.import("builtins")?.getattr("print")?.unbind(),
        real_builtins: real_builtins.unbind(),
        guards,
        streams,
        real_import_module,
        sys: sys.unbind(),
        environments: environ::dictionaries(&modules)?,
        modules: modules.unbind(),
        unavailable,
        unsupported,
    };
    runtime::install(py, runtime)?;
    rehearse(py)?;
    let immortal = Immortal::capture(py)?;

    reseed::find(py)?;
    if let Some(lists) = hardening {
        // Whatever is captured above is so before names are taken away.
        harden::harden(py, &lists, &open)?;
    }
    // Often enough for the interpreter to have settled how it does each step, which it notes in the code itself.
    for _ in 0..REHEARSALS {
        rehearse(py)?;
    }
    settle(py, immortal.as_ref())?;
    Ok(Prepared { failed_modules: failed, took })
}

/// Top-level names of what user code may import; `*` where that is everything of one kind.
fn allowed(settings: &Settings) -> Vec<String> {
    let mut names = Vec::new();
    for list in [&settings.stdlib, &settings.external] {
        match list {
            Allow::All => names.push("*".to_owned()),
            Allow::Only(list) => names.extend(list.iter().cloned()),
        }
    }
    names
}

/// What became of the modules that tasks may import.
struct Preloaded {
    /// Name and reason of each that could not be imported.
    failed: Vec<(String, String)>,
    /// The same of parts of packages, which only some tasks want.
    parts_failed: Vec<(String, String)>,
    /// What each took: seconds, bytes.
    took: Vec<(String, f64, u64)>,
}

fn preload(py: Python<'_>, settings: &Settings, may_import: bool) -> PyResult<Preloaded> {
    let mut named = Vec::new();
    for list in [&settings.stdlib, &settings.external] {
        if let Allow::Only(names) = list {
            // Dotted entries match nothing, so there is nothing to import for them.
            named.extend(names.iter().map(String::as_str).filter(|name| !name.contains('.')));
        }
    }
    named.extend(settings.modules.iter().map(String::as_str));
    let scope = PyDict::new(py);
    let source = pyo3::ffi::c_str!(include_str!("../../python/preload.py"));
    PyCode::compile(py, source, c"<palisade>", PyCodeInput::File)?.run(Some(&scope), None)?;
    let preload = scope.as_any().get_item("preload")?;
    let external = match &settings.external {
        Allow::All => PyList::empty(py),
        Allow::Only(listed) => PyList::new(py, listed)?,
    };
    let memory = wrap_pyfunction!(memory, py)?;
    let named = PyList::new(py, named)?;
    let preloaded = preload.call1((named, external, settings.preload_stdlib_extensions, may_import, memory))?;
    let (failed, parts_failed, took) = preloaded.extract()?;
    Ok(Preloaded { failed, parts_failed, took })
}

/// Bytes of memory this process has held at most; without a `/proc` nothing tells what it holds now.
#[pyfunction]
fn memory() -> i64 {
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss() * 1024)
}
