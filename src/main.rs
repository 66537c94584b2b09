//! Palisade command line.
fn main() {}
