//! What it holds is said in `palisade_fuzzing::targets::strings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| palisade_fuzzing::targets::strings::body(input));
