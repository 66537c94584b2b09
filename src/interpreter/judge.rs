//! Which interpreters are refused, and the words for it.

use std::fmt;
use std::path::PathBuf;

use super::access::{FirstObstacle, Shown};
use super::bounded::Failure;
use super::probe::Identity;

/// Why a candidate is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nothing of that name.
    Missing,
    /// A folder was named, not a program in it.
    Folder,
    /// Not a file, or without an execute bit.
    NotExecutable,
    /// A folder on the way, or the file itself, is closed to this process.
    Closed(FirstObstacle),
    /// The program's header makes no sense.
    NotAProgram(String),
    /// It did not answer the probe.
    Probe(Failure),
    /// `PyPy` and others: the extension needs `CPython`'s own layout.
    Implementation(String),
    /// Another version than the extension was built for; the second part lists those.
    Version((u8, u8, u8), Vec<(u8, u8)>),
    /// Layouts may still change until the release candidates.
    PreRelease((u8, u8, u8), String),
    /// Built without the global interpreter lock: another layout.
    FreeThreaded,
    /// A debug build: another layout.
    Debug,
    /// Built with flags that change the layout in ways unknown to us.
    AbiFlags(String),
    /// 32 bits.
    PointerSize(u8),
    /// A script that starts an interpreter without saying which.
    Script,
    /// It does not say where its standard library is, or it is not there.
    NoStandardLibrary,
    /// The search had taken too long before its turn came.
    OutOfTime,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Folder => f.write_str("is a folder; name the program in it, such as bin/python3"),
            Self::NotExecutable => f.write_str("is not an executable file"),
            Self::Closed(obstacle) => write!(f, "cannot be used: {obstacle}"),
            Self::NotAProgram(what) => write!(f, "is not a program this system can start: {what}"),
            Self::Probe(failure) => failure.fmt(f),
            Self::Implementation(name) => write!(f, "is {name:?}, not CPython"),
            Self::Version(version, supported) => {
                write!(f, "is {}; supported: {}", dotted(*version), Minors(supported))
            }
            Self::PreRelease(version, level) => write!(f, "is {} {level:?}, not a release", dotted(*version)),
            Self::FreeThreaded => f.write_str("is a free-threaded build, which has another binary interface"),
            Self::Debug => f.write_str("is a debug build, which has another binary interface"),
            Self::AbiFlags(flags) => write!(f, "was built with unknown ABI flags {flags:?}"),
            Self::PointerSize(bits) => write!(f, "is a {bits}-bit build"),
            Self::Script => f.write_str("is a script, not an interpreter, and does not say which one it starts"),
            Self::NoStandardLibrary => f.write_str("does not have its standard library where it says"),
            Self::OutOfTime => f.write_str("was not looked at: the search had taken too long"),
        }
    }
}

/// Minor versions in words: `3.14, 3.13`.
pub(crate) struct Minors<'a>(pub(crate) &'a [(u8, u8)]);

impl fmt::Display for Minors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (major, minor)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{major}.{minor}")?;
        }
        Ok(())
    }
}

/// `3.13.0`.
pub(crate) fn dotted((major, minor, patch): (u8, u8, u8)) -> String {
    format!("{major}.{minor}.{patch}")
}

/// Holds what a candidate says about itself against what the extension was built for.
pub(crate) fn judge(identity: &Identity, supported: &[(u8, u8)]) -> Result<(), Reason> {
    let version = identity.version;
    if identity.implementation != "cpython" {
        return Err(Reason::Implementation(identity.implementation.clone()));
    }
    if !supported.contains(&(version.0, version.1)) {
        return Err(Reason::Version(version, supported.to_vec()));
    }
    if !matches!(identity.level.as_str(), "final" | "candidate") {
        return Err(Reason::PreRelease(version, identity.level.clone()));
    }
    if identity.gil_disabled || identity.abiflags.contains('t') {
        return Err(Reason::FreeThreaded);
    }
    if identity.debug || identity.abiflags.contains('d') {
        return Err(Reason::Debug);
    }
    if !identity.abiflags.is_empty() {
        return Err(Reason::AbiFlags(identity.abiflags.clone()));
    }
    if identity.pointer_bits != 64 {
        return Err(Reason::PointerSize(identity.pointer_bits));
    }
    Ok(())
}

/// A candidate that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The candidate, or the folder that hides candidates.
    pub path: PathBuf,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Shown(&self.path), self.reason)
    }
}
