//! One JSON object, for scripts.

use serde_json::{Value, json};

use super::finding::{Finding, Judged};

pub(super) fn print(judged: &[Judged], profile: &str) -> String {
    let files: Vec<Value> = judged.iter().map(file).collect();
    let object = json!({ "version": env!("CARGO_PKG_VERSION"), "profile": profile, "files": files });
    format!("{object}\n")
}

fn file(judged: &Judged) -> Value {
    let result = match judged.findings.iter().map(|finding| finding.is_refusal).min() {
        None => "clean",
        Some(true) => "refused",
        Some(false) => "unjudged",
    };
    let findings: Vec<Value> = judged.findings.iter().map(finding).collect();
    json!({ "file": judged.name, "result": result, "findings": findings })
}

fn finding(finding: &Finding) -> Value {
    let columns = finding.place.and_then(|place| place.columns);
    json!({
        "rule": finding.rule,
        "message": finding.message,
        "line": finding.place.map(|place| place.line),
        "column": columns.map(|(start, _)| start),
        "end_line": finding.place.map(|place| place.end_line),
        "end_column": columns.map(|(_, end)| end),
        "reason": finding.remedy.reason,
        "allowed_by": finding.remedy.allow,
    })
}
