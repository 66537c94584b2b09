//! What tasks do in the benchmark.

use std::fmt::Write as _;

use serde_json::json;
use serde_json::value::RawValue;

/// One kind of task.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub(super) name: String,
    /// The body of the Code node.
    pub(super) code: &'static str,
    /// Once for each item.
    pub(super) each: bool,
    /// JSON of all items.
    pub(super) items: String,
    /// Modules of the standard library it imports.
    pub(super) modules: &'static [&'static str],
    /// Prints that n8n is sent.
    pub(super) prints: usize,
    /// Tasks for each hundred of a tiny one's.
    pub(super) percent: usize,
    /// Each finds a spare in stock, as a task of a node that is run now and then. Else it comes as soon as the one before is
    /// done, faster than spares are made.
    pub(super) spaced: bool,
}

/// Names of rows that aims are about.
pub(super) const IN_STOCK: &str = "tiny, a spare in stock";
pub(super) const BACK_TO_BACK: &str = "tiny, back to back";

const TINY: &str = "n = _items[0]['json']['n']\nreturn [{'json': {'sum': sum(range(n + 1))}}]";
const ONE_ITEM: &str = r#"[{"json":{"n":20},"pairedItem":{"item":0}}]"#;
const ALL: &str = "return [{'json': {'id': item['json']['id'], 'total': item['json']['price'] * item['json']['count']}} for item in _items]";
const EACH: &str = "row = _item['json']\nreturn {'json': {'id': row['id'], 'total': row['price'] * row['count']}}";
const CPU: &str =
    "total = 0\nfor number in range(700_000):\n    total += number * number % 7\nreturn [{'json': {'total': total}}]";
const IMPORTS: &str = "import json, re\nfrom collections import Counter\nfrom datetime import datetime\nwords = Counter(re.findall(r'\\w+', 'one two two three three three'))\nwhen = datetime(2025, 3, 4, 5, 6).strftime('%Y-%m-%d')\nreturn [{'json': json.loads(json.dumps({'words': words, 'when': when}))}]";
const PRINTS: &str =
    "for number in range(200):\n    print('line', number, {'n': number})\nreturn [{'json': {'printed': 200}}]";
const ECHO: &str = "return _items";
const SLOW: &str = "import time\ntime.sleep(0.1)\nreturn [{'json': {'slept': True}}]";

impl Workload {
    pub(super) fn tiny() -> Self {
        Self {
            name: "tiny".into(),
            code: TINY,
            each: false,
            items: ONE_ITEM.into(),
            modules: &[],
            prints: 0,
            percent: 100,
            spaced: false,
        }
    }

    /// The same, of which each finds a spare in stock.
    pub(super) fn tiny_in_stock() -> Self {
        Self { name: IN_STOCK.into(), spaced: true, ..Self::tiny() }
    }

    /// Waits a tenth of a second.
    pub(super) fn slow() -> Self {
        Self { modules: &["time"], ..Self::named("slow", SLOW, ONE_ITEM.into(), 100) }
    }

    fn named(name: &str, code: &'static str, items: String, percent: usize) -> Self {
        Self { name: name.into(), code, items, percent, ..Self::tiny() }
    }

    /// Those of `docs/performance.md`.
    pub(super) fn all() -> Vec<Self> {
        vec![
            Self::tiny_in_stock(),
            Self { name: BACK_TO_BACK.into(), ..Self::tiny() },
            Self::named("all items, 1 000", ALL, rows(1000), 30),
            Self { each: true, ..Self::named("each item, 1 000", EACH, rows(1000), 30) },
            Self::named("50 ms of CPU", CPU, ONE_ITEM.into(), 10),
            Self {
                modules: &["collections", "datetime", "json", "re"],
                ..Self::named("four imports", IMPORTS, ONE_ITEM.into(), 100)
            },
            Self { prints: 101, ..Self::named("200 prints", PRINTS, ONE_ITEM.into(), 50) },
            Self::echo(1, 20),
            Self::echo(20, 3),
        ]
    }

    /// Gives back items of so many MiB altogether.
    pub(super) fn echo(mib: usize, percent: usize) -> Self {
        Self::named(&format!("echo {mib} MiB"), ECHO, texts(mib << 20), percent)
    }

    /// Gives back so many bytes.
    pub(super) fn echo_bytes(bytes: usize, percent: usize) -> Self {
        Self::named(&format!("{} KiB", bytes >> 10), ECHO, texts(bytes), percent)
    }

    /// So many small items.
    pub(super) fn items(count: usize, percent: usize) -> Self {
        Self::named(&format!("{count} items"), ALL, rows(count), percent)
    }

    /// The task as n8n words it. The number makes its text another one than that of any task before, so that no verdict is
    /// a remembered one.
    pub(super) fn settings(&self, number: usize) -> Result<Box<RawValue>, String> {
        self.settings_of(&format!("# {number}\n{}", self.code))
    }

    /// The same with another text.
    pub(super) fn settings_of(&self, code: &str) -> Result<Box<RawValue>, String> {
        let text = |error: serde_json::Error| error.to_string();
        let mode = if self.each { "runOnceForEachItem" } else { "runOnceForAllItems" };
        let head = json!({"code": code, "nodeMode": mode, "nodeName": "bench"}).to_string();
        let head = head.strip_suffix('}').unwrap_or(&head);
        RawValue::from_string(format!(r#"{head},"items":{}}}"#, self.items)).map_err(text)
    }

    /// What the floor has to know, in one line.
    pub(super) fn spec(&self, times: usize) -> String {
        json!({"times": times, "code": self.code, "each": self.each, "modules": self.modules}).to_string()
    }

    /// Whether a result can be this workload's: an empty or cut one would be fast, and mean nothing.
    pub(super) fn is_result(&self, result: &RawValue) -> bool {
        match self.code {
            TINY => result.get() == r#"[{"json":{"sum":210}}]"#,
            ECHO => same(result.get(), &self.items),
            // A thousand rows have more than a digit and a name each.
            ALL | EACH => result.get().len() > self.items.len() / 3,
            _ => result.get().len() > 15,
        }
    }
}

/// Equal up to blanks, which no text of ours has inside.
fn same(left: &str, right: &str) -> bool {
    let bare = |text: &str| text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count();
    left.len() == right.len() || bare(left) == bare(right)
}

fn rows(count: usize) -> String {
    let mut items = String::from("[");
    for id in 0..count {
        let separator = if id == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            items,
            r#"{separator}{{"json":{{"id":{id},"name":"row {id}","price":{}.5,"count":{}}},"pairedItem":{{"item":{id}}}}}"#,
            id % 90,
            id % 7
        );
    }
    items + "]"
}

/// Items of 64 KiB of text each.
fn texts(bytes: usize) -> String {
    const PIECE: usize = 64 << 10;
    let mut items = String::with_capacity(bytes + bytes / 1000 + 64);
    items.push('[');
    let mut left = bytes;
    while left > 0 {
        let length = left.min(PIECE);
        left -= length;
        if items.len() > 1 {
            items.push(',');
        }
        items.push_str(r#"{"json":{"text":""#);
        items.extend(std::iter::repeat_n("lorem_ip", length / 8));
        items.push_str(r#""}}"#);
    }
    items.push(']');
    items
}

/// A script of so many lines that does little.
pub(super) fn long_code(lines: usize, number: usize) -> String {
    let mut code = format!("# {number}\ntotal = 0\n");
    for line in 0..lines {
        let _ = writeln!(code, "if total < {line}: total += {line}");
    }
    code + "return [{'json': {'sum': 210}}]"
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn raw(value: &Value) -> Box<RawValue> {
        serde_json::value::to_raw_value(value).unwrap()
    }

    #[test]
    fn every_workload_is_valid_json_and_knows_its_result() {
        for workload in Workload::all() {
            let settings = workload.settings(1).unwrap();
            let settings: Value = serde_json::from_str(settings.get()).unwrap();
            assert!(settings["items"].is_array() && settings["code"].is_string(), "{}", workload.name);
            assert!(!workload.is_result(&raw(&json!([]))), "{}", workload.name);
        }
        assert!(Workload::tiny().is_result(&raw(&json!([{"json": {"sum": 210}}]))));
        let echo = Workload::echo_bytes(70_000, 1);
        assert!(echo.is_result(&RawValue::from_string(echo.items.clone()).unwrap()));
        assert!(echo.items.len() > 70_000 && echo.items.len() < 71_000);
    }
}
