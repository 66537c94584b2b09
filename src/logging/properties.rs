//! Whatever is logged, it is one line, in every format.

use proptest::prelude::*;
use tracing::{error, info};

use super::kept::logged;
use super::lines::Style;
use super::*;

/// Nothing in it acts on a terminal, or ends a line for anybody who reads it.
fn is_tame(line: &str) -> bool {
    !line.chars().any(|c| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

/// Ordinary text, and text of nothing but what breaks lines and runs terminals.
fn texts() -> impl Strategy<Value = String> {
    let wild = prop::sample::select(vec![
        '\n', '\r', '\t', '\0', '\u{b}', '\u{c}', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{2028}', '\u{2029}',
        '\u{202e}', '\u{2066}', '"', '\\', '{', '}', 'a', '[', ' ',
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(wild, 0..200).prop_map(|chars| chars.into_iter().collect())]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn user_text_never_begins_or_breaks_a_line(text in texts()) {
        // Raw, as nobody should log it: the formatter is the last to see it.
        let log = || {
            info!("[user code] {text}");
            error!("{}", one_line(&text, 100));
        };
        for style in [Style::Plain, Style::Tabs, Style::Colour] {
            let shown = logged(Some(style), log);
            prop_assert_eq!(shown.matches('\n').count(), 2);
            prop_assert!(shown.ends_with('\n'));
            let first = shown.lines().next().unwrap();
            match style {
                Style::Plain => prop_assert!(first.starts_with("[user code] ") && is_tame(first), "{:?}", first),
                Style::Tabs => {
                    let parts: Vec<_> = first.split('\t').collect();
                    prop_assert_eq!(parts.len(), 3);
                    prop_assert!(parts.iter().all(|part| is_tame(part)) && parts[2].starts_with("[user code] "));
                }
                // Ours are the only escapes: two to begin a colour, two to end it.
                Style::Colour => prop_assert_eq!(first.matches('\u{1b}').count(), 4),
            }
        }
    }

    #[test]
    fn every_line_is_an_object_that_says_what_was_logged(text in texts(), name in texts()) {
        let shown = logged(None, || {
            info!(task_id = name.as_str(), layers = "landlock seccomp", level = "forged", run_ms = 1.5, "[user code] {text}");
            info!(time = text.as_str(), "second");
        });
        let lines: Vec<_> = shown.split_terminator('\n').collect();
        prop_assert_eq!(lines.len(), 2);
        for line in &lines {
            prop_assert!(is_tame(line), "{:?}", line);
        }
        let object: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
        prop_assert_eq!(object["message"].as_str().unwrap(), whole_line(&format!("[user code] {text}")));
        prop_assert_eq!(object["task_id"].as_str().unwrap(), whole_line(&name));
        prop_assert_eq!(&object["level"], "INFO");
        prop_assert_eq!(&object["run_ms"], 1.5);
        prop_assert_eq!(&object["layers"], &serde_json::json!(["landlock", "seccomp"]));
        let object: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
        prop_assert!(object["time"].as_str().unwrap().starts_with("20"));
    }
}

#[test]
fn no_line_is_longer_than_its_bound() {
    let long = "x".repeat(1 << 20);
    for style in [Some(Style::Plain), None] {
        assert!(logged(style, || info!(field = long.as_str(), "{long}")).len() < 3 * MAX_LINE_CHARS);
    }
}

#[test]
fn a_refusal_is_an_object_too() {
    let object: serde_json::Value = serde_json::from_str(&json_refusal("no\nport")).unwrap();
    assert_eq!((&object["level"], &object["message"]), (&"ERROR".into(), &"no\\nport".into()));
}
