//! The runner against a real WebSocket server that speaks n8n's side of the protocol, with an executor made for tests.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "../common/authority.rs"]
mod authority;
mod connection;
mod ending;
mod faults;
mod frames;
mod grants;
mod offers;
mod relay;
mod starting;
mod support;
mod tasks;
mod tls;
