//! Sealing of processes: what is planned, how it is put on, how it is verified from outside, and what the host can.
//!
//! * [`layer`] is the vocabulary: layers, how much each is wanted, what became of it.
//! * [`plan`] is made by the supervisor and travels to the processes that carry it out.
//! * [`jail`] is the forkserver's, put on by the jailer; [`seal`] is a child's, put on by the extension.
//! * [`verify`] reads a child's state from outside, before it gets a user byte.
//!
//! Filters, limits, Landlock, namespaces and credentials each have a file; all of them are Linux's. Other systems get
//! the same interface with sealing that does nothing and says so, chosen here and nowhere else.
#![allow(unsafe_code, reason = "this crate is where Palisade touches the kernel")]

mod expectation;
pub mod layer;
pub mod plan;
mod socket_of_task;

#[cfg(all(target_os = "linux", not(feature = "unsealed")))]
mod linux;
#[cfg(all(target_os = "linux", not(feature = "unsealed")))]
pub use linux::*;

#[cfg(any(not(target_os = "linux"), feature = "unsealed"))]
mod unsealed;
#[cfg(any(not(target_os = "linux"), feature = "unsealed"))]
pub use unsealed::*;
