//! What other systems than Linux get: the same interface, and no sealing. Every layer says so.
//!
//! The runner starts on it only with an explicit setting. It is compiled and tested on Linux through the feature
//! `unsealed`; the plumbing of processes and sockets is Linux's own there, and a port to another system has to bring its
//! own `process` and `socket`.

pub mod cgroup;
pub mod identity;
pub mod jail;
pub mod limits;
pub mod probe;
pub mod scratch;
pub mod seal;
pub mod seccomp;
pub mod verify;

#[path = "../linux/process.rs"]
pub mod process;
#[path = "../linux/socket.rs"]
pub mod socket;

/// Whether this build can seal at all.
pub const SEALS: bool = false;

use crate::layer::{Layer, Refusal};

fn unavailable(layer: Layer) -> Refusal {
    Refusal::new(layer, "this build of Palisade cannot seal processes", "run the ordinary build on Linux 6.1 or newer")
}
