//! Prints the dictionary for libFuzzer.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(palisade_fuzzing::dictionary::text().as_bytes())
}
