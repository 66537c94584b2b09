//! What it holds is said in `palisade_fuzzing::targets::format_template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| palisade_fuzzing::targets::format_template::body(input));
