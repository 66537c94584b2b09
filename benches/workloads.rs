//! Measures every workload of `docs/performance.md` and writes that page: `cargo bench --bench workloads`.

use std::path::Path;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let status = Command::new(env!("CARGO_BIN_EXE_palisade")).args(["bench", "--suite", "--write"]).arg(docs).status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("palisade could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}
