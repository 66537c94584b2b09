//! What it holds is said in `palisade_fuzzing::targets::offers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| palisade_fuzzing::targets::offers::body(input));
