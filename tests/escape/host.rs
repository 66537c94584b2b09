//! What this host has of what the layers need.

use nix::unistd::getuid;

use crate::attempt::Attempt;

/// Kernel and Landlock ABI.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host {
    kernel: (u32, u32),
    abi: i32,
    /// Whether an ordinary user can make namespaces.
    pub(crate) user_namespaces: bool,
}

impl Host {
    /// This one.
    pub(crate) fn here() -> Self {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let mut numbers = release.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok());
        let kernel = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let abi = palisade_sandbox::landlock::abi().unwrap_or(0);
        Self { kernel, abi, user_namespaces: user_namespaces() }
    }

    /// Whether the layers of this attempt hold here.
    pub(crate) fn suits(self, attempt: &Attempt) -> bool {
        attempt.kernel.is_none_or(|(major, minor, abi)| self.kernel >= (major, minor) && self.abi >= abi)
    }

    /// What is missing here for measuring every layer.
    pub(crate) fn lacks(self) -> Vec<&'static str> {
        let mut lacks = Vec::new();
        if self.abi < 6 {
            lacks.push("Landlock ABI 6");
        }
        if !self.user_namespaces {
            lacks.push("user namespaces for an ordinary user");
        }
        if !getuid().is_root() {
            lacks.push("root, for user ids of tasks");
        }
        lacks
    }
}

fn user_namespaces() -> bool {
    use crate::sandbox::User;
    use std::os::unix::process::CommandExt as _;
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--net", "--pid", "--ipc", "--mount", "--fork", "true"]);
    command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    if getuid().is_root() {
        command.uid(User::Ordinary.uid()).gid(User::Ordinary.uid());
    }
    command.status().is_ok_and(|status| status.success())
}
