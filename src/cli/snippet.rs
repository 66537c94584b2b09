//! An error with the line of the script it came from, and a caret below it.

use std::fmt::Write as _;

use palisade_analyzer::Lines;
use serde_json::{Map, Value};

use crate::logging::{one_line, printable};

/// A line of a script is shown up to here.
const MAX_WIDTH: usize = 200;

/// What to show for the error of a task: its fields as n8n gets them, and the script it came from.
pub(super) fn describe(error: &Map<String, Value>, file: &str, source: &str) -> String {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| error.get(name).and_then(Value::as_u64);
    let lines = Lines::new(source);
    let (class, description) = number("lineNumber")
        .and_then(|line| without_place(text("description"), line, line_of(&lines, line)))
        .unwrap_or_else(|| (String::new(), text("description")));
    // Lines of the script's own text are indented: none of them can pass for a line of ours.
    let mut shown = format!("error: {class}{}\n", printable(text("message")).replace('\n', "\n  "));
    if let Some(line) = number("lineNumber") {
        shown.push_str(&place(file, line_of(&lines, line), line, number("column")));
    }
    if let Some(item) = number("itemIndex") {
        // Writing to a String cannot fail.
        let _ = writeln!(shown, "  for item {item}");
    }
    for line in printable(description).lines() {
        let _ = writeln!(shown, "{}", format!("  {line}").trim_end());
    }
    shown
}

/// A line of the script, from 1, as Python counts them.
fn line_of<'a>(lines: &Lines<'a>, number: u64) -> &'a str {
    u32::try_from(number).map_or("", |number| lines.text(number))
}

/// A description that begins with class, line and source line, taken apart: the class as the beginning of a message, and what
/// follows the place, which is shown in a better way here.
fn without_place<'d>(description: &'d str, line: u64, source: &str) -> Option<(String, &'d str)> {
    let (head, mut rest) = description.split_once('\n').unwrap_or((description, ""));
    let (class, place) = head.split_once(&format!(", line {line}"))?;
    if !class.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    if place.starts_with(", column ") {
        // The line and the carets below it.
        while let Some(shown) = rest.strip_prefix("    ") {
            rest = shown.split_once('\n').map_or("", |(_, rest)| rest);
        }
    } else if place.strip_prefix(": ")? != source.trim() {
        return None;
    }
    Some((format!("{class}: "), rest.trim_start_matches('\n')))
}

fn place(file: &str, line: &str, number: u64, column: Option<u64>) -> String {
    let file = one_line(file, 500);
    let column_text = column.map_or_else(String::new, |column| format!(":{column}"));
    let mut shown = format!("  --> {file}:{number}{column_text}\n");
    if line.is_empty() {
        return shown;
    }
    let margin = " ".repeat(number.to_string().len());
    let before = match column.and_then(|column| usize::try_from(column).ok()) {
        Some(column) => column.saturating_sub(1),
        None => line.chars().take_while(|c| c.is_whitespace()).count(),
    };
    // Tabs stay, so that the caret is where they put it.
    let padding: String = line.chars().take(before.min(MAX_WIDTH)).map(|c| if c == '\t' { c } else { ' ' }).collect();
    let text = printable(&line.chars().take(MAX_WIDTH).collect::<String>());
    let _ = writeln!(shown, " {margin} |\n {number} | {text}\n {margin} | {padding}^");
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(error: Value, source: &str) -> String {
        let Value::Object(error) = error else { panic!("an object") };
        describe(&error, "a.py", source)
    }

    #[test]
    fn the_line_and_a_caret_are_shown() {
        let source = "def f():\n\treturn 1 / 0\nf()";
        assert_eq!(
            shown(json!({"message": "division by zero", "lineNumber": 2, "description": "a\nb"}), source),
            "error: division by zero\n  --> a.py:2\n   |\n 2 | \treturn 1 / 0\n   | \t^\n  a\n  b\n"
        );
        assert_eq!(
            shown(json!({"message": "m", "lineNumber": 1, "column": 5, "itemIndex": 3}), source),
            "error: m\n  --> a.py:1:5\n   |\n 1 | def f():\n   |     ^\n  for item 3\n"
        );
    }

    #[test]
    fn what_the_place_shows_is_not_said_twice() {
        let source = "def f():\r    return {}['é']\rf()";
        let error = json!({
            "message": "'é'", "lineNumber": 2,
            "description": "KeyError, line 2: return {}['é']\n\nTraceback\n  more",
        });
        assert_eq!(
            shown(error, source),
            "error: KeyError: 'é'\n  --> a.py:2\n   |\n 2 |     return {}['é']\n   |     ^\n  Traceback\n    more\n"
        );
        let error = json!({
            "message": "invalid syntax (<unknown>, line 3)", "lineNumber": 3, "column": 2,
            "description": "SyntaxError, line 3, column 2:\n    f()\n     ^",
        });
        assert_eq!(
            shown(error, source),
            "error: SyntaxError: invalid syntax (<unknown>, line 3)\n  --> a.py:3:2\n   |\n 3 | f()\n   |  ^\n"
        );
        // Words of the user's own stay.
        for own in ["KeyError, line 2: of the form", "the item, line 2: return {}['é']", "line 2", ", line 2"] {
            let text = shown(json!({"message": "m", "lineNumber": 2, "description": own}), source);
            assert!(text.starts_with("error: m\n") && text.ends_with(&format!("\n  {own}\n")), "{text}");
        }
    }

    #[test]
    fn numbers_that_fit_nothing_do_no_harm() {
        for (line, column) in [(0, 0), (9, 1), (u64::MAX, u64::MAX), (1, u64::MAX)] {
            let text = shown(json!({"message": "m", "lineNumber": line, "column": column}), "x");
            assert!(text.len() < 1000, "{text}");
        }
        assert_eq!(shown(json!({"message": "a\u{1b}[2J"}), ""), "error: a\\u{1b}[2J\n");
        assert_eq!(shown(json!({"message": 5}), ""), "error: \n");
        assert_eq!(shown(json!({"message": "a\nlayers: all"}), ""), "error: a\n  layers: all\n");
    }
}
