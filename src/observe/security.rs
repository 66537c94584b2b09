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
    use super::*;
    use crate::logging::kept;

    const HASH_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn names() -> TaskNames {
        TaskNames { task_id: "t1".to_owned(), node: "N".to_owned(), ..TaskNames::default() }
    }

    /// One line for people, and one object with what finds the code again; the code itself in neither.
    fn is_told(log: impl Fn(), what: &str) -> serde_json::Value {
        let (line, object) = kept::both(log);
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.starts_with("Security event: ") && line.contains(r#"node "N""#) && line.contains(what), "{line}");
        let object: serde_json::Value = serde_json::from_str(&object).expect("one object");
        assert_eq!(object["level"], "WARNING");
        assert_eq!(object["task_id"], "t1");
        assert_eq!(object["code_sha256"], HASH_OF_ABC);
        assert!(object["message"].as_str().is_some_and(|text| text.starts_with("Security event: ")), "{object}");
        object
    }

    #[test]
    fn a_gap_is_told_with_the_hash_of_the_code() {
        let gaps = [("a\nforged line", Some(1)), ("b", None)].map(|(text, line)| Gap { line, text: text.to_owned() });
        is_told(|| analyzer_gap(&names(), "abc", &gaps), "a\\nforged line b");
    }

    #[test]
    fn what_a_task_tripped_over_is_told_with_the_hash_of_the_code() {
        let object = is_told(|| tripped(&names(), "abc", "code.__new__"), "was ended");
        assert_eq!(object["event"], "code.__new__");
    }

    #[test]
    fn what_the_event_says_is_cut() {
        let gap = Gap { line: None, text: "x".repeat(10 * LONGEST) };
        let (line, _) = kept::both(|| analyzer_gap(&names(), "abc", std::slice::from_ref(&gap)));
        assert!(line.chars().count() < LONGEST + 300, "{}", line.len());
    }
}
