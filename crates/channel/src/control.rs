//! What the supervisor says to the jailer and the forkserver, and what they answer: one JSON message a packet, descriptors
//! along with it.
//!
//! The forkserver runs no user code, but it is the parent of processes that do: what comes up is parsed strictly and
//! bounded by the packet.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use palisade_sandbox::layer::{Outcome, Refusal};
use palisade_sandbox::plan::{JailPlan, SealPlan, Slot};
use palisade_sandbox::socket::{self, Ancillary};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longest message in bytes, either way. A jail plan lists folders, a preparation lists modules; both are far below.
pub const MAX_MESSAGE: usize = 128 * 1024;

/// Downwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// To the jailer, with the extension's descriptor: go to jail and become the interpreter.
    Jail(Box<JailPlan>),
    /// Import and prepare what tasks may use.
    Prepare(Preparation),
    /// Build what seals children.
    Arm(SealPlan),
    /// With a child's socket: fork, seal, and let it say that it is ready.
    Fork {
        /// Names the child in later messages.
        ticket: u64,
        /// What it has for itself.
        slot: Slot,
        /// Whether it runs a constant task before it is ready, so that the pages a task writes to are its own by then: a
        /// millisecond of work, half of which its task is spared. Not for a child that somebody waits for.
        warm: bool,
    },
}

/// A list of allowed modules, by top-level name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modules {
    /// All of them: `*`.
    All,
    /// These.
    Only(Vec<String>),
}

/// How texts in code are judged; the policy's `analyzer.strings`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Texts {
    /// Blocked names and attributes, as whole texts and inside format fields.
    #[default]
    All,
    /// As [`Texts::All`], but ordinary words pass as whole texts.
    Dunders,
    /// Not at all.
    Off,
}

/// The names that user code may not use: what the analyzer judged by, for the child's own checks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Names {
    /// Names that may be neither read, bound nor deleted.
    pub blocked_names: Vec<String>,
    /// Attributes that may be neither read, written nor deleted.
    pub blocked_attributes: Vec<String>,
    /// Whether blocked attributes that begin and end with two underscores are blocked as names, too.
    pub dunders_are_names: bool,
    /// Whether private names may not be imported from modules.
    pub private_module_names: bool,
    /// How texts are judged.
    pub texts: Texts,
    /// Whether compiled code is held against all this before it runs: the net below the analyzer, and off with it.
    pub gate: bool,
}

/// What a forkserver does once, before its first child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// Standard-library modules that user code may import.
    pub stdlib: Modules,
    /// Packages that user code may import.
    pub external: Modules,
    /// Built-ins that user code has not.
    pub builtins_deny: Vec<String>,
    /// Whether user code gets the import guard and the built-ins without those above; else it has the real ones.
    pub guards: bool,
    /// Names that user code may not use.
    pub names: Names,
    /// What is taken out of the interpreter, where there are guards.
    pub hardening: Hardening,
    /// Modules to import now.
    pub preload: Vec<String>,
    /// Whether every extension module of the standard library is imported now, because late imports cannot map one.
    pub preload_stdlib_extensions: bool,
    /// Whether packages may import whatever they need (`N8N_RUNNERS_ALLOW_TRANSITIVE_IMPORTS`).
    pub transitive_imports: bool,
}

/// What is taken out of the interpreter, as the policy's section `interpreter` names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hardening {
    /// Attributes, as `module.type.attribute`.
    pub removals: Vec<String>,
    /// Those of them that stay where tasks may import what was not loaded ahead.
    pub kept_for_late_imports: Vec<String>,
    /// Attributes that can be read and not written.
    pub read_only: Vec<String>,
    /// Types that cannot be called to make an object, as `module.type`.
    pub closed_constructors: Vec<String>,
    /// What is replaced, by the names the extension knows.
    pub replaced: Vec<String>,
    /// Attributes taken away from all other types.
    pub foreign: Vec<String>,
    /// What no facade of a module shows, by dotted names.
    pub facade_deny: Vec<String>,
    /// Modules that are handed out as they are, with all below them: no facade can be made of them.
    pub without_facade: Vec<String>,
    /// Audit events that end a task's process; one that ends with a dot or an underscore stands for all that begin with it.
    pub tripwire: Vec<String>,
}

/// Upwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The jailer is in jail and becomes the interpreter now.
    Jailed(Vec<Outcome>),
    /// A required layer is missing.
    Refused(Refusal),
    /// Something that is no layer went wrong; the process ends.
    Broken(String),
    /// The extension is loaded and can never exec again.
    Hello {
        /// `sys.version_info[:3]`.
        version: (u8, u8, u8),
    },
    /// What some of the named modules took to import; before [`Event::Prepared`], as often as needed.
    Loaded(Vec<Loaded>),
    /// All that could be imported is.
    Prepared {
        /// Modules that could not be imported, and why.
        failed: Vec<(String, String)>,
    },
    /// Children can be forked.
    Armed,
    /// There is no child for this ticket.
    ForkFailed {
        /// The ticket.
        ticket: u64,
        /// Why.
        error: String,
    },
    /// A child has ended and was reaped: its number means nothing any more. Nothing of it is left, unless it says so.
    Ended {
        /// Its ticket.
        ticket: u64,
        /// How.
        how: How,
        /// CPU time it has used, in milliseconds.
        cpu_ms: u64,
        /// Whether its slot can be given to another child: its scratch folder, where it had one, is empty.
        clean: bool,
    },
}

/// What a module took that was imported ahead, with all that was imported for it and by nobody before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// Microseconds.
    pub micros: u64,
    /// By how many bytes the most that the forkserver has held at a time has grown.
    pub bytes: u64,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
}

/// One end of the control socket.
#[derive(Debug)]
pub struct Control(OwnedFd);

impl Control {
    /// Two connected ends.
    ///
    /// # Errors
    /// socketpair(2)'s.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socket::packet_pair()?;
        Ok((Self(a), Self(b)))
    }

    /// An end that was inherited.
    pub fn from_socket(socket: OwnedFd) -> Self {
        Self(socket)
    }

    /// The socket itself.
    pub fn into_socket(self) -> OwnedFd {
        self.0
    }

    /// Sends one message without waiting: a peer that has not read hundreds of them is as good as gone.
    ///
    /// # Errors
    /// `InvalidInput` for a message over [`MAX_MESSAGE`]; else sendmsg(2)'s, `WouldBlock` for a full socket.
    pub fn send(&self, message: &impl Serialize, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let bytes = serde_json::to_vec(message)?;
        if bytes.len() > MAX_MESSAGE {
            let text = format!("a control message of {} bytes is over {MAX_MESSAGE}", bytes.len());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        socket::send(self.0.as_fd(), &bytes, descriptors).map(drop)
    }

    /// From now on messages received here bring their sender's pid and, where the kernel can, its pidfd.
    ///
    /// # Errors
    /// setsockopt(2)'s.
    pub fn name_senders(&self) -> io::Result<()> {
        socket::name_senders(&self.0)
    }

    /// Ends the conversation for both ends, whoever else may hold descriptors of it.
    pub fn hang_up(&self) {
        socket::shut_down(self.0.as_fd());
    }

    /// Waits for one message, at most `limit`; nothing at the end of file.
    ///
    /// # Errors
    /// `TimedOut`; else as [`Control::receive`].
    pub fn receive_within<T: DeserializeOwned>(&self, limit: Duration) -> io::Result<Option<(T, Ancillary)>> {
        if socket::wait_readable(self.0.as_fd(), limit)? { self.receive() } else { Err(io::ErrorKind::TimedOut.into()) }
    }

    /// Waits for one message; nothing at the end of file.
    ///
    /// # Errors
    /// recvmsg(2)'s; `InvalidData` for what is no such message.
    pub fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Ancillary)>> {
        let (bytes, ancillary) = socket::receive_message(self.0.as_fd(), MAX_MESSAGE)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let message = serde_json::from_slice(&bytes)?;
        Ok(Some((message, ancillary)))
    }
}

impl AsFd for Control {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_descriptors_arrive_and_the_end_is_seen() {
        let (ours, theirs) = Control::pair().unwrap();
        ours.send(
            &Command::Fork { ticket: 7, slot: Slot { uid: Some(5), scratch: None }, warm: true },
            &[ours.as_fd()],
        )
        .unwrap();
        let (command, ancillary): (Command, _) = theirs.receive().unwrap().unwrap();
        assert_eq!(command, Command::Fork { ticket: 7, slot: Slot { uid: Some(5), scratch: None }, warm: true });
        assert_eq!(ancillary.descriptors.len(), 1);
        drop((ours, ancillary));
        assert!(theirs.receive::<Command>().unwrap().is_none());
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        let (ours, theirs) = Control::pair().unwrap();
        ours.send(&"hello", &[]).unwrap();
        assert_eq!(theirs.receive::<Event>().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_peer_that_does_not_read_does_not_block() {
        let (ours, _theirs) = Control::pair().unwrap();
        let full = (0..100_000)
            .find_map(|ticket| ours.send(&Command::Fork { ticket, slot: Slot::default(), warm: false }, &[]).err());
        assert_eq!(full.unwrap().kind(), io::ErrorKind::WouldBlock);
    }
}
