//! What the forkserver does once, so that no child has to.

use std::collections::HashSet;

use palisade_channel::message::{NodeMode, NonFinite, Purpose, TaskHead};
use pyo3::prelude::*;
use pyo3::types::code::PyCodeInput;
use pyo3::types::{PyCode, PyCodeMethods, PyDict, PyList};

use super::compile::Compiler;
use super::evaluated::{self, Evaluation};
use super::format::{self, Templates};
use super::function::Function;
use super::json::Codec;
use super::runtime::{self, ImportPolicy, Runtime};
use super::{Allow, Prepared, Settings, builtins, environ, guard, reseed, stream, task};
use crate::gate::Gate;
use crate::harden;
use crate::settle::{Immortal, settle};

/// Goes through what most tasks go through, so that its pages are there when a task comes.
const DUMMY: &[u8] = br#"
def name(value, *more):
    return f"{value:>3}{len(more)}"

total = 0
for item in _items:
    total += item["json"]["a"]
try:
    {}["missing"]
except KeyError as error:
    text = str(error)
print("warm", {"a": [1, None]}, text)
return [{"json": {"total": total, "name": name(total, *_items), "at": 1.5, "text": sorted(text)}}]
"#;

/// How often the constant task is run in the forkserver once nothing changes any more.
const REHEARSALS: usize = 6;

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

    let Preloaded { failed, parts_failed, took } = preload(py, &settings)?;
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
    let allowed = allowed(&settings);
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
        evaluated::shadow(py)?;
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
    warm_up(py);
    let immortal = Immortal::capture(py)?;

    reseed::find(py)?;
    if let Some(lists) = hardening {
        // Whatever is captured above is so before names are taken away.
        harden::harden(py, &lists, &open)?;
        warm_up(py);
    }
    // Often enough for the interpreter to have settled how it does each step, which it notes in the code itself.
    for _ in 0..REHEARSALS {
        warm_up(py);
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

fn preload(py: Python<'_>, settings: &Settings) -> PyResult<Preloaded> {
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
    let preloaded = preload.call1((PyList::new(py, named)?, external, settings.preload_stdlib_extensions))?;
    let (failed, parts_failed, took) = preloaded.extract()?;
    Ok(Preloaded { failed, parts_failed, took })
}

/// Runs a constant task and throws its output away: in the forkserver so that everything lazy is done, and in each child
/// so that the pages a task writes to are its own before the task is there.
pub(crate) fn warm_up(py: Python<'_>) {
    let main = runtime::get(py).ok().and_then(|runtime| runtime.modules.bind(py).get_item("__main__").ok().flatten());
    let head = TaskHead {
        mode: NodeMode::AllItems,
        purpose: Purpose::Run,
        max_prints: 1,
        max_print_bytes: 1 << 10,
        max_result_bytes: 1 << 20,
        non_finite: NonFinite::Error,
        env: Vec::new(),
    };
    // A failure here is a failure of every task as well, which will be reported then.
    task::run_task(py, &head, DUMMY, None, br#"[{"json":{"a":1}}]"#.to_vec(), &mut |_, _| Ok(()));
    if let (Ok(runtime), Some(main)) = (runtime::get(py), main) {
        let _: PyResult<()> = runtime.modules.bind(py).set_item("__main__", main);
    }
}
