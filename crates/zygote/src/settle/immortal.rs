//! Objects whose references are not counted any more (PEP 683): as the forkserver's live until its children end, there is
//! nothing to count, and a count is a write into a page that was shared.
//!
//! What user code sees of it: `sys.getrefcount` of such an object, which is of no meaning for `None` and small numbers either.

use std::ffi::{c_int, c_void};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyList};

/// `_Py_IMMORTAL_REFCNT` of CPython 3.13 where pointers have 64 bits: counting stops at exactly this value. The count is all
/// there is in the field.
const COUNT: usize = u32::MAX as usize;

/// The version this is true of. In 3.14 flags share the field with the count.
const VERSION: (u8, u8) = (3, 13);

const _: () = assert!(std::mem::size_of::<ffi::Py_ssize_t>() == std::mem::size_of::<usize>());

/// What code objects refer to. They are no containers to the collector.
const FIELDS: [&str; 7] =
    ["co_consts", "co_names", "co_filename", "co_name", "co_qualname", "co_linetable", "co_exceptiontable"];

/// Makes objects immortal, as long as descriptors of code objects could be captured.
pub(crate) struct Immortal {
    fields: Vec<Py<PyAny>>,
}

impl Immortal {
    /// To be called before hardening takes names away from the type of code objects. Nothing for an interpreter of which the
    /// field is not known.
    ///
    /// # Errors
    /// Code objects have not these fields.
    pub(crate) fn capture(py: Python<'_>) -> PyResult<Option<Self>> {
        let version = py.version_info();
        if (version.major, version.minor) != VERSION || cfg!(not(target_pointer_width = "64")) || counts_otherwise(py) {
            return Ok(None);
        }
        let descriptors = py.get_type::<PyCode>().getattr("__dict__")?;
        let mut fields = Vec::with_capacity(FIELDS.len());
        for name in FIELDS {
            fields.push(descriptors.get_item(name)?.getattr("__get__")?.unbind());
        }
        Ok(Some(Self { fields }))
    }

    /// Makes everything immortal that the collector knows, and what that refers to.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn make_all(&self, py: Python<'_>, gc: &Bound<'_, PyModule>) -> PyResult<()> {
        let known = gc.call_method0("get_objects")?.cast_into::<PyList>()?;
        let mut pending: Vec<*mut ffi::PyObject> = Vec::with_capacity(known.len() * 2);
        for object in &known {
            // This list is about to go, and its count of itself is not looked at again.
            if !object.is(&known) {
                make(object.as_ptr());
                // One that was immortal already has references to follow all the same.
                self.follow(py, object.as_ptr(), &mut pending)?;
            }
        }
        while let Some(object) = pending.pop() {
            self.follow(py, object, &mut pending)?;
        }
        Ok(())
    }

    /// Reaches what one object refers to.
    fn follow(
        &self,
        py: Python<'_>,
        object: *mut ffi::PyObject,
        pending: &mut Vec<*mut ffi::PyObject>,
    ) -> PyResult<()> {
        // SAFETY: a live object: the interpreter is attached and does not run meanwhile, and what was reached is immortal.
        let kind = unsafe { ffi::Py_TYPE(object) };
        // SAFETY: as above; the slot is called as the collector calls it, for an object that says that it takes part.
        unsafe {
            if ffi::PyObject_IS_GC(object) != 0
                && let Some(traverse) = (*kind).tp_traverse
            {
                traverse(object, visit, std::ptr::from_mut(pending).cast());
            }
        }
        // SAFETY: a live object.
        if unsafe { ffi::PyCode_Check(object) } != 0 {
            // SAFETY: as above; a reference of an immortal object costs nothing to take.
            let code = unsafe { Bound::from_borrowed_ptr(py, object) };
            for field in &self.fields {
                reach(field.bind(py).call1((&code,))?.as_ptr(), pending);
            }
        }
        Ok(())
    }
}

/// A build without the global lock counts in other fields; one that traces references does so in front of them.
fn counts_otherwise(py: Python<'_>) -> bool {
    let of_sys = |name| py.import("sys").and_then(|sys| sys.getattr(name)).is_ok();
    let flags = py.import("sys").and_then(|sys| sys.getattr("abiflags")).and_then(|flags| flags.extract::<String>());
    of_sys("getobjects") || of_sys("gettotalrefcount") || !flags.is_ok_and(|flags| flags.is_empty())
}

extern "C" fn visit(object: *mut ffi::PyObject, pending: *mut c_void) -> c_int {
    // SAFETY: what `follow` passed, which is not used otherwise while the slot runs.
    reach(object, unsafe { &mut *pending.cast() });
    0
}

/// Makes one object immortal, and remembers to follow its references, unless it is already.
fn reach(object: *mut ffi::PyObject, pending: &mut Vec<*mut ffi::PyObject>) {
    if make(object) {
        pending.push(object);
    }
}

/// False where it is immortal already.
fn make(object: *mut ffi::PyObject) -> bool {
    let count = object.cast::<usize>();
    // SAFETY: a live object of a version that begins with the count, in a process of one thread that holds the interpreter.
    // The sign of the lower half tells (`_Py_IsImmortal`).
    unsafe {
        if *count & (1 << 31) != 0 {
            return false;
        }
        *count = COUNT;
    }
    true
}
