//! Policies as an operator meets them: `palisade policy`, profiles chosen by workflow and node, and what does not start.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod check;
    pub(crate) mod engine;
    pub(crate) mod sandbox;
}

#[path = "policies/abilities.rs"]
mod abilities;
#[path = "policies/choice.rs"]
mod choice;
#[path = "policies/command.rs"]
mod command;
#[path = "policies/documents.rs"]
mod documents;
#[path = "policies/limits.rs"]
mod limits;
#[path = "policies/start.rs"]
mod start;
