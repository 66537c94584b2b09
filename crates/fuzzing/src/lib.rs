//! What fuzzing needs besides a fuzzer: generators, oracles and the bodies of its targets, as ordinary code with tests.
//!
//! * [`targets`]: one module a target, each with a `body` that panics when something that must hold does not;
//! * [`choices`] and [`grammar`]: Python source out of bytes, with words of the policy planted in it;
//! * [`cpython`]: an interpreter at the other end of a pipe, which compiles, parses and never runs what it is given;
//! * [`facts`]: what a syntax tree says, so that trees of different parsers can be compared;
//! * [`rules`] and [`dictionary`]: the policy as a fuzzer needs it.
//!
//! `fuzz/` has the glue for libFuzzer; its README tells how to run, add and triage.
#![forbid(unsafe_code)]

pub mod choices;
pub mod cpython;
pub mod dictionary;
pub mod facts;
pub mod grammar;
pub mod rules;
pub mod targets;
