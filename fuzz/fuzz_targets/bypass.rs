//! What it holds is said in `palisade_fuzzing::targets::bypass`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| palisade_fuzzing::targets::bypass::body(input));
