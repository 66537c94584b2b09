//! Events that an operator is to look into: something got past a layer, and another one stopped it.

use std::fmt::Write as _;

use palisade_channel::message::Gap;
use ring::digest::{SHA256, digest};

use super::event::TaskNames;
use crate::logging::one_line;

/// Longest account of what was found, in characters.
const LONGEST: usize = 2000;

/// The analyzer let code pass that the bytecode gate refused. The code itself is not logged: it may hold what is nobody's
/// business; its hash tells which it was.
pub(crate) fn analyzer_gap(names: &TaskNames, code: &str, gaps: &[Gap]) {
    let found: Vec<_> = gaps.iter().map(|gap| gap.text.as_str()).collect();
    tracing::warn!(
        task_id = names.task_id,
        code_sha256 = sha256(code),
        "Security event: the analyzer let code pass that was refused when it was compiled{names}; report it with the code: {}",
        one_line(&found.join(" "), LONGEST)
    );
}

/// User code got past the interpreter's hardening, and was noticed. `event` is what the child says, so it is a hint and one
/// line.
pub(crate) fn tripped(names: &TaskNames, code: &str, event: &str) {
    tracing::warn!(
        task_id = names.task_id,
        code_sha256 = sha256(code),
        event,
        "Security event: a task made the interpreter do what no task may, and was ended{names}; report it with the code"
    );
}

fn sha256(code: &str) -> String {
    digest(&SHA256, code.as_bytes()).as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hash_is_what_other_tools_say() {
        assert_eq!(super::sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
