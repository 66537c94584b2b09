//! Palisade's extension module: it turns a stock CPython into a forkserver of sealed children.
//!
//! `serve` is all that Python sees of it. The process it runs in is in jail already (see the sandbox crate), holds no
//! secret and sees no user byte; `forkserver` is its loop, `child` what a forked child does from its first instruction
//! to its last, `harden` what is taken out of the interpreter before, `run` how user code runs there, `gate` what judges it once
//! more when it is compiled.
#![allow(unsafe_code, reason = "this crate is where Palisade touches the interpreter")]

mod child;
mod forkserver;
mod gate;
mod harden;
pub(crate) mod run;
mod settle;

use pyo3::prelude::*;

/// Serves until the supervisor is gone. `control` is the number of the inherited control socket, `extension` of the memfd
/// this module came from; `seccomp` tells whether system calls are filtered at all.
#[pyfunction]
fn serve(py: Python<'_>, control: i32, extension: i32, seccomp: bool) {
    forkserver::serve(py, control, extension, seccomp);
}

/// The module.
#[pymodule]
fn _palisade(module: &Bound<'_, PyModule>) -> PyResult<()> {
    #[cfg(feature = "inline")]
    run::inline::add(module)?;
    module.add_function(wrap_pyfunction!(serve, module)?)
}
