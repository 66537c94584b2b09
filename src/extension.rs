//! The embedded extension modules, one for each supported minor version of CPython.

use std::io;
use std::os::fd::OwnedFd;

use palisade_sandbox::process::sealed_memfd;

include!(concat!(env!("OUT_DIR"), "/extensions.rs"));

/// Versions of CPython there is an extension for, oldest first.
pub fn supported() -> Vec<(u8, u8)> {
    EMBEDDED.iter().map(|(version, _)| *version).collect()
}

/// The extension for `version` in a sealed memfd, to be loaded through its descriptor.
///
/// # Errors
/// memfd_create(2)'s; `NotFound` for a version without a build.
pub fn memfd(version: (u8, u8)) -> io::Result<OwnedFd> {
    let (_, bytes) = EMBEDDED
        .iter()
        .find(|(of, _)| *of == version)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no extension for CPython {version:?}")))?;
    sealed_memfd(c"palisade-extension", bytes)
}
