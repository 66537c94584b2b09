//! SARIF 2.1.0, which code scanning takes.

use std::fmt::Write as _;

use palisade_analyzer::Lines;
use serde_json::{Map, Value, json};

use super::finding::{Finding, Judged};

/// Longest text that is quoted of the source, in characters.
const SNIPPET: usize = 200;

pub(super) fn print(judged: &[Judged]) -> String {
    let mut rules: Vec<&str> = judged.iter().flat_map(|file| &file.findings).map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let results: Vec<Value> = judged
        .iter()
        .flat_map(|file| {
            let lines = Lines::new(&file.source);
            let of_file = |finding| result(file, &lines, finding, &rules);
            file.findings.iter().map(of_file).collect::<Vec<_>>()
        })
        .collect();
    let descriptors: Vec<Value> = rules.iter().map(|rule| descriptor(rule)).collect();
    let is_read = |finding: &Finding| finding.rule != "unreadable";
    let successful = judged.iter().flat_map(|file| &file.findings).all(is_read);
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "palisade",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            } },
            "invocations": [{ "executionSuccessful": successful }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log}\n")
}

fn descriptor(rule: &str) -> Value {
    let words = rule.replace('_', " ");
    json!({
        "id": rule,
        "shortDescription": { "text": format!("Palisade does not run it: {words}") },
        "defaultConfiguration": { "level": "error" },
    })
}

fn result(file: &Judged, lines: &Lines<'_>, finding: &Finding, rules: &[&str]) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(&file.name) } });
    if let Some(place) = finding.place {
        let mut region = Map::new();
        region.insert("startLine".into(), place.line.into());
        if let Some((start, end)) = place.columns {
            region.insert("startColumn".into(), start.into());
            region.insert("endLine".into(), place.end_line.into());
            region.insert("endColumn".into(), end.into());
        }
        let snippet: String = lines.text(place.line).chars().take(SNIPPET).collect();
        region.insert("snippet".into(), json!({ "text": snippet }));
        location["region"] = Value::Object(region);
    }
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.iter().position(|rule| *rule == finding.rule),
        "level": "error",
        "message": { "text": finding.message },
        "locations": [{ "physicalLocation": location }],
        "properties": { "reason": finding.remedy.reason, "allowedBy": finding.remedy.allow },
    })
}

/// A path as a reference: what is neither unreserved nor a separator is percent-encoded, and a colon in front, too, which
/// would otherwise end a scheme.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            // Writing to a String cannot fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("a/b c.py"), "a/b%20c.py");
        assert_eq!(uri("c:é%.py"), "c%3A%C3%A9%25.py");
    }
}
