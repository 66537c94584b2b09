//! What the supervisor and a task's child say to each other, and what the supervisor and the forkserver say.
//!
//! Two channels, both inherited socket pairs without a name anybody else could connect to:
//!
//! * [`frame`]: length-prefixed frames on the *stream* socket of one child. Downwards the task, upwards its readiness,
//!   its prints and its one answer. Bytes that come up are made by an attacker: a [`frame::Decoder`] never allocates
//!   what a header announces, only what has arrived, and refuses what is longer than its limit for that kind.
//! * [`control`]: JSON messages on the *packet* socket of the forkserver, which has no user code in it but is the
//!   parent of processes that have.
//!
//! [`message`] holds the typed payloads of frames; [`written`] cuts text into some of them; [`rehearsal`] is for tests and
//! fuzz targets.

pub mod control;
mod exception;
pub mod frame;
pub mod message;
pub mod rehearsal;
pub mod written;
