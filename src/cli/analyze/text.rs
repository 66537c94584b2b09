//! For people, and for editors that read compilers' output.

use std::fmt::Write as _;

use palisade_analyzer::Lines;

use super::finding::{Finding, Judged, Place};
use crate::logging::one_line;

/// Longest line that is printed of anything the script says, in characters.
const LONGEST: usize = 2000;

/// So much of a source line is shown.
const SHOWN: usize = 120;

/// So much of it in front of the place, when it is longer.
const BEFORE: usize = 60;

pub(super) fn print(judged: &[Judged]) -> String {
    let mut text = String::new();
    for Judged { name, source, findings } in judged {
        let (name, lines) = (one_line(name, 500), Lines::new(source));
        for finding in findings {
            // Writing to a String cannot fail.
            let _ = write!(text, "{name}");
            if let Some(place) = finding.place {
                let _ = write!(text, ":{}", place.line);
                if let Some((column, _)) = place.columns {
                    let _ = write!(text, ":{column}");
                }
            }
            let _ = writeln!(text, ": {}", one_line(&finding.message, LONGEST));
            detail(&mut text, &lines, finding);
        }
    }
    text
}

fn detail(text: &mut String, lines: &Lines<'_>, finding: &Finding) {
    if let Some(place) = finding.place
        && let Some((shown, marks)) = excerpt(lines.text(place.line), place)
    {
        let _ = writeln!(text, "    {shown}\n    {marks}");
    }
    if let Some(reason) = &finding.remedy.reason {
        let _ = writeln!(text, "  reason: {}", one_line(reason, LONGEST));
    }
    if let Some(allow) = &finding.remedy.allow {
        let _ = writeln!(text, "  allowed by: {}", one_line(allow, LONGEST));
    }
}

/// The part of a line that is about a place, and the marks below it.
fn excerpt(line: &str, place: Place) -> Option<(String, String)> {
    let (start, end) = place.columns?;
    let (start, length) = (start as usize - 1, line.chars().count());
    let end = if place.end_line == place.line { end as usize - 1 } else { length }.max(start + 1);
    let from = if length > SHOWN { start.saturating_sub(BEFORE) } else { 0 };
    // Control characters are spelled out, which makes them wider.
    let part = |from: usize, to: usize| {
        let part: String = line.chars().skip(from).take(to.saturating_sub(from)).collect();
        one_line(&part, usize::MAX)
    };
    let (before, marked) = (part(from, start), part(start, end.min(from + SHOWN)));
    let after = part(end, from + SHOWN);
    let marks = format!("{}{}", " ".repeat(before.chars().count()), "^".repeat(marked.chars().count().max(1)));
    Some((format!("{before}{marked}{after}"), marks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, columns: (u32, u32)) -> (String, String) {
        excerpt(line, Place { line: 1, columns: Some(columns), end_line: 1 }).unwrap()
    }

    #[test]
    fn marks_stand_below_what_they_mean() {
        let two = |shown: &str, marks: &str| (shown.to_owned(), marks.to_owned());
        assert_eq!(shown("x = é.obj", (7, 10)), two("x = é.obj", "      ^^^"));
        assert_eq!(shown("\tx", (2, 3)), two("\\tx", "  ^"));
        assert_eq!(shown("x = (", (6, 7)), two("x = (", "     ^"));
        assert_eq!(shown("", (1, 2)), two("", "^"));
        let (line, marks) = shown(&format!("{}y{}", "x".repeat(5000), "z".repeat(5000)), (5001, 5002));
        assert_eq!((line.len(), marks.len(), &line[60..61]), (120, 61, "y"));
        let (line, marks) = shown(&"x".repeat(100_000), (1, 100_001));
        assert_eq!((line.len(), marks.len()), (120, 120));
    }

    #[test]
    fn a_place_of_several_lines_is_marked_to_the_end_of_the_first() {
        let place = Place { line: 1, columns: Some((5, 2)), end_line: 3 };
        assert_eq!(excerpt("x = '''a", place).unwrap().1, "    ^^^^");
    }
}
