//! What is taken out of the interpreter in the forkserver, so that no child has it: introspection that ordinary code does
//! without, and that leads from any object to everything that is loaded.
//!
//! The lists are the policy's. Names go out of the dictionaries of the types themselves ([`removals`], [`foreign`]), slots
//! behind names with them ([`slots`]); what the interpreter itself uses is
//! [`replaced`], and what libraries use comes from [`shims`]. All of it happens once, after
//! everything was imported and before the forkserver freezes its objects, and is inherited by every fork.
//!
//! This is hardening and not the boundary: native code of an allowed module can undo it.

mod foreign;
mod names;
mod removals;
mod replaced;
mod shims;
mod slots;
mod subclasses;

use palisade_channel::control::Hardening;
use pyo3::prelude::*;

/// Takes out what the lists name. `late` tells that modules may be imported later, by tasks.
///
/// # Errors
/// A list names what this interpreter cannot have, such as a type that there is not: a typing mistake that would leave a door
/// open.
pub(crate) fn harden(py: Python<'_>, lists: &Hardening, late: bool) -> PyResult<()> {
    let kept = if late { lists.kept_for_late_imports.as_slice() } else { &[] };
    shims::install(py, late)?;
    // While classes can still be asked for their subclasses.
    foreign::remove(py, &lists.foreign)?;
    for name in &lists.replaced {
        replaced::replace(py, name)?;
    }
    slots::make_read_only(py, &lists.read_only)?;
    slots::close_constructors(py, &lists.closed_constructors)?;
    removals::remove(py, lists.removals.iter().filter(|name| !kept.contains(name)).map(String::as_str))
}
