//! JSON texts that are to be read, sound and damaged.

use proptest::prelude::*;
use proptest::{collection, sample};

use crate::values::pattern;

/// Texts that are about something no strategy comes upon.
pub(crate) const ODD: &[&str] = &[
    "",
    " ",
    "[",
    "]",
    "{",
    "}",
    "[1",
    "[1,",
    "[1,]",
    "[,]",
    "{\"a\" 1}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{1:2}",
    "{\"a\":1 \"b\":2}",
    "[1 2]",
    "01",
    "-01",
    "00",
    "1.",
    ".5",
    "-.5",
    "1.e5",
    "1e",
    "1e+",
    "-",
    "+1",
    "--1",
    "1e5.5",
    "0x10",
    "1_000",
    "١",
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "[-Infinity]",
    "Infinit",
    "tru",
    "nulll",
    "truefalse",
    "True",
    "1 2",
    "[]]",
    "[} ",
    "\u{feff}1",
    "\u{a0}1",
    "\u{c}1",
    "\"",
    "\"a",
    "\"\\",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12\\\"",
    "\"\\u 123\"",
    "\"\\u+123\"",
    "\"\\U0001F600\"",
    "\"\t\"",
    "\"\u{0}\"",
    "\"\u{7f}\u{80}\u{2028}\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d \\ude00\"",
    "\"\\ud83d\\u0041\"",
    "\"\\ude00\\ud83d\"",
    "\"\\ud83d\\ud83d\\ude00\"",
    "\"\\ud83d",
    "\"\\ud83d\"",
    "\"\\ud83d\\\"",
    "\"\\ud83d\\ude0\"",
    "\"\\ud83d\\u\"",
    "\"\\ud83d\\n\"",
    "\"\\uDBFF\\uDFFF\"",
    "\"\\u0000\"",
    "-0",
    "-0.0",
    "-0e5",
    "0e99999999999999999999",
    "1e400",
    "-1e400",
    "1e99999999999999999999",
    "1e-99999999999999999999",
    "1e-400",
    "5e-324",
    "2e-324",
    "0.1e1",
    "1E5",
    "1E+05",
    "1e-0",
    "9007199254740993",
    "9007199254740993.0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "999999999999999999",
    "1000000000000000000",
    "179769313486231580793728971405301e276",
    "{\"a\":1,\"b\":2,\"a\":3}",
    "{\"a\":{\"a\":[{\"a\":1}]},\"\":0,\"\":{}}",
    "{\"\\u0061\":1,\"a\":2}",
    "{\"\\ud800\":1}",
    "{\"é\":1,\"é\":2}",
    " [ ] ",
    "\t{ }\n",
    "[\r\n1\r\n,\r\n2\r\n]",
    "{ \"a\" : 1 , \"b\" : 2 }",
    "[[],{},\"\",0,null,true,false]",
    "[{},{}]",
    "{\"a\":{}}",
    "{\"a\":[]}",
    "[[[[]]],[[]]]",
];

/// Texts at the bounds.
pub(crate) fn long() -> Vec<String> {
    let nested = |open: &str, close: &str, depth| open.repeat(depth) + "1" + &close.repeat(depth);
    vec![
        nested("[", "]", 9980),
        nested("{\"a\":", "}", 9980),
        nested("[", "]", 20_000),
        nested("{\"a\":", "}", 20_000),
        "[".repeat(200_000),
        "1".repeat(4300),
        "1".repeat(4301),
        format!("-{}", "9".repeat(4300)),
        format!("0.{}1", "0".repeat(30_000)),
        format!("{}.5", "1".repeat(5000)),
        // Keys that meet in one place of the cache, and more of them than it has places.
        format!("{{{}}}", (0..5000).map(|n| format!("\"key number {n}\":{n}")).collect::<Vec<_>>().join(",")),
        format!("[{}]", (0..300).map(|n| format!("{{\"{}\":{n}}}", "k".repeat(n % 80))).collect::<Vec<_>>().join(",")),
        format!("[{}]", (0..300).map(|n| format!("{{\"same{}end\":{n}}}", n % 7)).collect::<Vec<_>>().join(",")),
    ]
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => pattern("[a-z0-9 ]{1,9}"),
        1 => sample::select(&["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "é", "\u{2028}", "😀", "\u{7f}"][..])
            .prop_map(str::to_owned),
        1 => any::<u16>().prop_map(|unit| format!("\\u{unit:04x}")),
        1 => (0xD800..0xE000_u16, 0xD800..0xE000_u16).prop_map(|(one, other)| format!("\\u{one:04X}\\u{other:04x}")),
        1 => any::<char>().prop_filter("needs no escape", |c| *c >= ' ' && *c != '"' && *c != '\\').prop_map(String::from),
    ];
    collection::vec(piece, 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i16>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        pattern("-?(0|[1-9][0-9]{0,40})"),
        pattern("-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?"),
        any::<f64>().prop_filter("JSON has it", |number| number.is_finite()).prop_map(|number| format!("{number:e}")),
    ]
}

fn blank() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => pattern("[ \t\n\r]{1,3}")]
}

/// A sound text.
pub(crate) fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        2 => sample::select(&["null", "true", "false", "\"\"", "[]", "{}", "[ ]", "{\n}"][..]).prop_map(str::to_owned),
        3 => number(),
        4 => string(),
    ];
    scalar.prop_recursive(6, 60, 6, |inner| {
        let value = (blank(), inner, blank()).prop_map(|(before, value, after)| before + &value + &after).boxed();
        let name = prop_oneof![3 => sample::select(&["\"id\"", "\"name\"", "\"json\"", "\"\""][..]).prop_map(str::to_owned), 1 => string()];
        let pair = (blank(), name, blank(), value.clone())
            .prop_map(|(before, name, after, value)| format!("{before}{name}{after}:{value}"));
        prop_oneof![
            collection::vec(value, 0..6).prop_map(|values| format!("[{}]", values.join(","))),
            collection::vec(pair, 0..6).prop_map(|pairs| format!("{{{}}}", pairs.join(","))),
        ]
    })
}

/// A text with some bytes taken out, put in or changed; it may be sound still, and need not be UTF-8.
pub(crate) fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => sample::select(&b"[]{},:\"\\ \n-+.eE0123456789untrfalsed/"[..]), 1 => any::<u8>()];
    let change = (any::<sample::Index>(), 0..3_u8, byte);
    (json(), collection::vec(change, 1..4)).prop_map(|(text, changes)| {
        let mut bytes = text.into_bytes();
        for (place, kind, byte) in changes {
            let at = place.index(bytes.len() + 1);
            match kind {
                0 if at < bytes.len() => drop(bytes.remove(at)),
                1 if at < bytes.len() => bytes[at] = byte,
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    })
}
