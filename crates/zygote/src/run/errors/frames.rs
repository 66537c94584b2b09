//! The frames of user code in a traceback.

#![allow(unsafe_code, reason = "walks tracebacks by CPython's C structures")]

use std::collections::VecDeque;
use std::ffi::c_int;

use palisade_channel::message::{NodeMode, Span, TraceFrame};
use pyo3::exceptions::PyBaseException;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTraceback};

use super::said::{self, Room};

/// Entries of a traceback that are looked at: user code can make longer chains.
const MAX_WALK: usize = 100_000;

/// How many frames are told: those that the code began with, and those it ended in.
#[derive(Clone, Copy)]
pub(super) struct Most {
    first: usize,
    last: usize,
}

/// Of the exception that left the code.
pub(super) const OF_THE_ERROR: Most = Most { first: 5, last: 20 };
/// Of one that is told besides.
pub(super) const OF_RELATED: Most = Most { first: 3, last: 10 };

unsafe extern "C" {
    /// In CPython's headers since 3.11, not in pyo3's.
    fn PyCode_Addr2Location(
        code: *mut ffi::PyObject,
        instruction: c_int,
        line: *mut c_int,
        column: *mut c_int,
        end_line: *mut c_int,
        end_column: *mut c_int,
    ) -> c_int;
}

/// One frame, or several of a recursion, before it is known whether they are told.
struct Found<'py> {
    name: Bound<'py, PyString>,
    line: u64,
    span: Option<Span>,
    repeated: u64,
}

/// The frames of user code in the exception's traceback, innermost last. A recursion is one of them with a number.
pub(super) fn of(value: &Bound<'_, PyBaseException>, mode: NodeMode, most: Most, room: &mut Room) -> Vec<TraceFrame> {
    let Some(traceback) = traceback(value) else { return Vec::new() };
    let py = value.py();
    let (mut first, mut last, mut left_out) = (Vec::new(), VecDeque::new(), 0);
    let mut next = traceback.as_ptr().cast::<ffi::PyTracebackObject>();
    for _ in 0..MAX_WALK {
        if next.is_null() {
            break;
        }
        // SAFETY: `next` is a traceback, kept alive by the one before it and so by `traceback`; nothing between here and
        // the last use of its fields runs Python code. `PyFrame_GetCode` gives a new reference, never null.
        let (code, instruction) = unsafe {
            let code = ffi::PyFrame_GetCode((*next).tb_frame);
            let instruction = (*next).tb_lasti;
            next = (*next).tb_next;
            (Bound::from_owned_ptr(py, code.cast()), instruction)
        };
        let Some(found) = user_frame(&code, instruction, mode) else { continue };
        if let Some(before) = last.back_mut().or_else(|| first.last_mut())
            && is_repeated(before, &found)
        {
            before.repeated += 1;
        } else if first.len() < most.first {
            first.push(found);
        } else {
            if last.len() == most.last
                && let Some(Found { repeated, .. }) = last.pop_front()
            {
                left_out += 1 + repeated;
            }
            last.push_back(found);
        }
    }
    // Those that matter most get their names while there is room.
    let mut told: Vec<TraceFrame> = last.iter().rev().map(|found| frame(found, room)).collect();
    if let Some(earliest) = told.last_mut() {
        earliest.left_out = left_out;
    }
    told.extend(first.iter().rev().map(|found| frame(found, room)));
    told.reverse();
    told
}

fn frame(Found { name, line, span, repeated }: &Found<'_>, room: &mut Room) -> TraceFrame {
    TraceFrame { line: *line, function: said::name(name, room), span: *span, repeated: *repeated, left_out: 0 }
}

fn is_repeated(before: &Found<'_>, found: &Found<'_>) -> bool {
    before.line == found.line && (before.name.is(&found.name) || texts_are_equal(&before.name, &found.name))
}

fn texts_are_equal(one: &Bound<'_, PyString>, other: &Bound<'_, PyString>) -> bool {
    matches!((one.to_str(), other.to_str()), (Ok(one), Ok(other)) if one == other)
}

fn traceback<'py>(value: &Bound<'py, PyBaseException>) -> Option<Bound<'py, PyTraceback>> {
    // SAFETY: an exception; a new reference to its traceback, or null where it has none.
    let traceback = unsafe { Bound::from_owned_ptr_or_opt(value.py(), ffi::PyException_GetTraceback(value.as_ptr())) }?;
    traceback.cast_into().ok()
}

fn user_frame<'py>(code: &Bound<'py, PyAny>, instruction: c_int, mode: NodeMode) -> Option<Found<'py>> {
    let text = |name: &str| code.getattr(name).ok()?.cast_into::<PyString>().ok();
    if text("co_filename")?.to_str().ok()? != mode.file_name() {
        return None;
    }
    let (mut line, mut column, mut end_line, mut end_column) = (-1, -1, -1, -1);
    // SAFETY: a code object, as `PyFrame_GetCode` gives no other, and four places to write to. An instruction that is none
    // has no place.
    unsafe {
        PyCode_Addr2Location(
            code.as_ptr(),
            instruction,
            &raw mut line,
            &raw mut column,
            &raw mut end_line,
            &raw mut end_column,
        );
    }
    let end = u32::try_from(end_column).ok().filter(|_| end_line == line);
    let span = u32::try_from(column).ok().map(|start| Span { start, end });
    let line = u64::try_from(line).ok().filter(|&line| line > 0)?;
    Some(Found { name: text("co_name")?, line, span, repeated: 0 })
}
