//! Hosts that are not at hand: the kernel's answers are made by `kernel.py`, around any command.

#![allow(dead_code, reason = "each test crate uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use nix::errno::Errno;
use nix::libc;
use nix::unistd::getuid;
use serde_json::{Value, json};

use super::check::ended;
use super::sandbox::{User, executable, interpreter, skip};

const KERNEL: &str = include_str!("kernel.py");

/// What it exits with where this host cannot be made into the other.
const UNABLE: i32 = 77;

pub(crate) const UNSHARE: i64 = libc::SYS_unshare;
pub(crate) const LANDLOCK_CREATE_RULESET: i64 = libc::SYS_landlock_create_ruleset;

/// A host that differs from this one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Host {
    refuse: Vec<Value>,
    landlock: Option<i32>,
    hide_fields: Vec<&'static str>,
}

impl Host {
    /// This host as it is.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With a kernel that has this ABI of Landlock.
    pub(crate) fn landlock(self, abi: i32) -> Self {
        Self { landlock: Some(abi), ..self }
    }

    /// That answers a system call with an errno.
    pub(crate) fn refusing(self, call: i64, errno: Errno) -> Self {
        self.refusing_when(call, errno, &[])
    }

    /// That does so where each of these arguments, masked, has this value: `(argument, mask, value)`.
    pub(crate) fn refusing_when(mut self, call: i64, errno: Errno, when: &[(u32, u32, u32)]) -> Self {
        self.refuse.push(json!({"call": call, "errno": errno as i32, "when": when}));
        self
    }

    /// Where nobody may make namespaces, as stock container profiles have it.
    pub(crate) fn without_namespaces(self) -> Self {
        self.refusing(UNSHARE, Errno::EPERM)
    }

    /// Whose `/proc/<pid>/status` lacks a field.
    pub(crate) fn hiding(mut self, field: &'static str) -> Self {
        self.hide_fields.push(field);
        self
    }

    /// Runs the executable there, as `user`, with these arguments and this environment, no other. Nothing, and said so, where
    /// this host cannot be made into that one.
    pub(crate) fn palisade(&self, user: User, arguments: &[&str], variables: &[(&str, &Path)]) -> Option<Output> {
        self.run(user, executable(), arguments, variables)
    }

    /// The same for any program.
    pub(crate) fn run(
        &self,
        user: User,
        program: &Path,
        arguments: &[&str],
        variables: &[(&str, &Path)],
    ) -> Option<Output> {
        let mut specification = json!({"refuse": self.refuse, "hide_fields": self.hide_fields});
        if let Some(abi) = self.landlock {
            specification["landlock"] = abi.into();
        }
        if getuid().is_root() && user == User::Ordinary {
            specification["user"] = json!([user.uid(), user.uid()]);
        }
        let mut command = Command::new(interpreter::path());
        command.args([OsStr::new("-I"), OsStr::new("-c"), OsStr::new(KERNEL)]);
        command.arg(specification.to_string()).arg(program).args(arguments);
        let output = ended(command, variables);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("kernel.py: "), "{self:?}: {said}");
        if output.status.code() == Some(UNABLE) {
            skip(&format!("{self:?}: {said}"));
            return None;
        }
        Some(output)
    }
}
