//! What is taken out of the interpreter in the forkserver, so that no child has it: introspection that ordinary code does
//! without, and that leads from any object to everything that is loaded.
//!
//! The lists are the policy's. Names go out of the dictionaries of the types themselves ([`removals`], [`foreign`]), slots
//! behind names with them ([`slots`]); what the interpreter itself uses is
//! [`replaced`], and what libraries use comes from [`shims`]. Modules are handed out as [`facades`]; removals without facades
//! hold nothing, and facades without removals neither. All of it happens once, after
//! everything was imported and before the forkserver freezes its objects, and is inherited by every fork.
//!
//! This is hardening and not the boundary: native code of an allowed module can undo it.

mod defaults;
pub(crate) mod facades;
mod foreign;
mod names;
mod removals;
mod replaced;
mod shims;
mod slots;
mod subclasses;
pub(crate) mod tripwire;

use palisade_channel::control::Hardening;
use pyo3::prelude::*;

/// What user code may use, as far as it matters here.
pub(crate) struct Open {
    /// Top-level names of the modules it may import; `*` for all.
    pub(crate) modules: Vec<String>,
    /// Built-ins it has not.
    pub(crate) builtins_deny: Vec<String>,
    /// Whether modules may be imported later, by tasks.
    pub(crate) late: bool,
    /// Whether it may import a module of which no facade can be made: whatever Python can do, it may.
    pub(crate) void: bool,
}

/// Takes out what the lists name.
///
/// # Errors
/// A list names what this interpreter cannot have, such as a type that there is not: a typing mistake that would leave a door
/// open.
pub(crate) fn harden(py: Python<'_>, lists: &Hardening, open: &Open) -> PyResult<()> {
    let late = open.late;
    let kept = if late { lists.kept_for_late_imports.as_slice() } else { &[] };
    let plan = facades::Plan {
        deny: &lists.facade_deny,
        builtins_deny: &open.builtins_deny,
        without: &lists.without_facade,
        allowed: open.modules.clone(),
    };
    if late {
        // With every module in reach facades hold nothing, and who allows them all expects them whole.
        shims::install(py, late)?;
    } else {
        facades::resolve(py, &plan)?;
        shims::install(py, late)?;
        facades::make(py, &plan)?;
        defaults::sweep(py)?;
    }
    // While classes can still be asked for their subclasses.
    foreign::remove(py, &lists.foreign)?;
    for name in &lists.replaced {
        replaced::replace(py, name)?;
    }
    slots::make_read_only(py, &lists.read_only)?;
    slots::close_constructors(py, &lists.closed_constructors)?;
    if !open.void {
        tripwire::stretch(py, &lists.tripwire, &open.modules)?;
    }
    removals::remove(py, lists.removals.iter().filter(|name| !kept.contains(name)).map(String::as_str))
}
