//! Palisade runs n8n's Python tasks in sealed processes.
//!
//! The modules in the order a task meets them:
//!
//! * [`config`] reads the environment; [`broker`] is the WebSocket, [`frame`] its JSON;
//! * [`runner`] is the loop and [`session`] what it knows; [`offers`] is the book of offers;
//! * [`execute`] is the seam: a task goes in, one answer comes out. Behind it is the [`engine`];
//! * `task` is one task from settings to answer: analysis, a child from the [`pool`], the answer made by `verdict`, with `advice` on
//!   limits and settings (`remedy`, `installed`); [`budget`]
//!   bounds what all answers take together;
//! * [`pool`] keeps children that are sealed and verified, from a [`forkserver`], which the [`jailer`] became;
//! * [`promises`] tells what stands against which attack, from what became of each layer;
//! * [`plan`] makes what they are started with from policy and [`interpreter`]; [`extension`] is what they load.
//!
//! [`observe`] is what can be seen of all that: health, metrics, events, error reports. [`logging`] is the log.
//!
//! [`embedded`] is a small broker for `palisade run`, for tests and for benchmarks; [`rehearsal`] is a conversation with a child
//! that is only bytes, for fuzzing.
#![forbid(unsafe_code)]

mod advice;
pub mod broker;
pub mod budget;
pub mod cli;
pub mod config;
pub mod embedded;
pub mod engine;
pub mod execute;
pub mod extension;
pub mod forkserver;
pub mod frame;
mod installed;
pub mod interpreter;
pub mod jailer;
pub mod logging;
pub mod observe;
pub mod offers;
pub mod plan;
pub mod pool;
mod procfs;
pub mod promises;
mod remedy;
pub mod runner;
pub mod session;
mod task;
mod verdict;

pub use task::rehearsal;
