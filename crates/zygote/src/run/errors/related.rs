//! The exceptions that one came of, and those that a group holds.

#![allow(unsafe_code, reason = "reads exceptions by CPython's C API: their attributes are the user's to redefine")]

use std::collections::VecDeque;

use palisade_channel::message::{Link, NodeMode, Related};
use pyo3::exceptions::{PyBaseException, PyBaseExceptionGroup};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::frames;
use super::said::{self, Room};

/// Exceptions that are told besides the one that left the code.
const MAX_RELATED: usize = 16;
/// Bytes of the message of one.
const MAX_MESSAGE: usize = 4 << 10;

/// What is related to `value`, nearest first, and whether there is more. Each exception is told once, so that a circle ends.
pub(super) fn of(value: &Bound<'_, PyBaseException>, mode: NodeMode, room: &mut Room) -> (Vec<Related>, bool) {
    let mut seen = vec![value.clone()];
    let mut links = Vec::new();
    let mut pending = VecDeque::from([0]);
    let mut is_cut = false;
    while let Some(to) = pending.pop_front() {
        let exception = seen[to].clone();
        let members = members(&exception);
        let members = members.iter().flatten();
        let members = members.filter_map(|member| Some((Link::Member, member.cast_into::<PyBaseException>().ok()?)));
        for (link, other) in origin(&exception).into_iter().chain(members) {
            if seen.iter().any(|known| known.is(&other)) {
                continue;
            }
            if links.len() == MAX_RELATED {
                is_cut = true;
                break;
            }
            pending.push_back(seen.len());
            links.push((link, to));
            seen.push(other);
        }
    }
    // Only now, as it runs the user's methods: they can change no link any more.
    let told = links.into_iter().zip(&seen[1..]).map(|((link, to), exception)| Related {
        link,
        to: to as u64,
        class: said::class(exception, room),
        message: said::fitting(exception.as_any(), MAX_MESSAGE, room),
        frames: frames::of(exception, mode, frames::OF_RELATED, room),
        notes: said::notes(exception, room),
    });
    (told.collect(), is_cut)
}

/// What it came of, as a traceback of Python has it: the cause, else the context unless that is suppressed.
fn origin<'py>(exception: &Bound<'py, PyBaseException>) -> Option<(Link, Bound<'py, PyBaseException>)> {
    let py = exception.py();
    let pointer = exception.as_ptr();
    // SAFETY: an exception; a new reference to its cause, or null where it has none.
    let cause = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyException_GetCause(pointer)) };
    if let Some(cause) = cause {
        return Some((Link::Cause, cause.cast_into().ok()?));
    }
    // SAFETY: every exception begins with this structure. One byte is read of the flag, which is a C char.
    let is_suppressed =
        unsafe { (&raw const (*pointer.cast::<ffi::PyBaseExceptionObject>()).suppress_context).cast::<u8>().read() }
            != 0;
    if is_suppressed {
        return None;
    }
    // SAFETY: an exception; a new reference to its context, or null where it has none.
    let context = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyException_GetContext(pointer)) };
    Some((Link::Context, context?.cast_into().ok()?))
}

/// The members of a group, whatever its class makes of their name.
fn members<'py>(exception: &Bound<'py, PyBaseException>) -> Option<Bound<'py, PyTuple>> {
    let py = exception.py();
    let group = exception.cast::<PyBaseExceptionGroup>().ok()?;
    let descriptor = py.get_type::<PyBaseExceptionGroup>().getattr("exceptions").ok()?;
    // SAFETY: a type object; the slot of a descriptor's type is a `descrgetfunc`, or null.
    let get = unsafe { ffi::PyType_GetSlot(descriptor.get_type().as_type_ptr(), ffi::Py_tp_descr_get) };
    if get.is_null() {
        return None;
    }
    // SAFETY: what that slot holds is such a function.
    let get: ffi::descrgetfunc = unsafe { std::mem::transmute(get) };
    // SAFETY: called as the interpreter does; a new reference, or null with an error set, which is taken here.
    let members = unsafe {
        Bound::from_owned_ptr_or_err(py, get(descriptor.as_ptr(), group.as_ptr(), group.get_type().as_ptr()))
    };
    members.ok()?.cast_into().ok()
}
