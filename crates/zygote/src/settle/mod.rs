//! The forkserver's memory as its children are to find it.
//!
//! A child shares its forkserver's pages until it writes to one, and each first write costs a fault and a copy: four hundred and
//! fifty of them were most of what a child cost. Most were no writes of its own: counts of references to objects that live for ever
//! ([`immortal`]), and allocations from whatever holes importing had left, one in each of hundreds of pages ([`holes`]).

#![allow(unsafe_code, reason = "calls into CPython's and the C library's allocators, and writes reference counts")]

mod holes;
mod immortal;

use pyo3::prelude::*;

pub(crate) use holes::fill;
pub(crate) use immortal::Immortal;

/// To be called when nothing will be imported or captured any more: collects, freezes, turns the collector off, and leaves the
/// memory as described above, but for the holes, which are [filled](fill) last of all.
///
/// # Errors
/// The interpreter's: it has no memory.
pub(crate) fn settle(py: Python<'_>, immortal: Option<&Immortal>) -> PyResult<()> {
    let gc = py.import("gc")?;
    gc.call_method0("collect")?;
    if let Some(immortal) = immortal {
        immortal.make_all(py, &gc)?;
    }
    gc.call_method0("freeze")?;
    // It empties the interpreter's lists of spare objects, too, which lie all over; there is nothing else left for it.
    gc.call_method0("collect")?;
    gc.call_method0("disable")?;
    Ok(())
}
