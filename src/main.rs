//! The `palisade` program; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    palisade::cli::main(std::env::args_os())
}
