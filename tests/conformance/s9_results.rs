//! Sections 9.3 and 9.4: shapes of results, and what becomes of Python's values.

use serde_json::{Value, json};

use crate::stage::Stage;

cases! {
    Plain:
        s9_3_results_for_all_items_go_out_as_they_are,
        s9_3_results_for_each_item_become_items,
        s9_3_no_items_give_no_items,
        s9_4_values_that_json_has,
        s9_4_values_that_json_has_not_become_their_text,
        s9_4_keys_become_texts,
        s9_4_other_keys_are_an_error,
        s9_4_cycles_and_depths_are_errors,
        s9_4_numbers_of_any_size_are_exact,
        s9_4_text_is_what_it_was,
        s12_04_what_is_no_json_never_leaves,
        s12_05_lone_surrogates_are_escaped_in_results,
        s12_32_a_large_result_arrives_whole;
    Modules:
        s9_4_values_of_the_standard_library,
        s9_4_subclasses_of_what_json_has;
}

async fn error(stage: &Stage, code: &str) -> String {
    stage.error(code).await["message"].as_str().unwrap().to_owned()
}

async fn s9_3_results_for_all_items_go_out_as_they_are(stage: &Stage) {
    for (value, sent) in [
        ("[{'json': {'a': 1}}]", r#"[{"json":{"a":1}}]"#),
        ("{'plain': 1}", r#"{"plain":1}"#),
        ("'text'", "\"text\""),
        ("5", "5"),
        ("None", "null"),
        ("[]", "[]"),
        ("[{'pairedItem': 7, 'x': 1}, 3]", r#"[{"pairedItem":7,"x":1},3]"#),
        ("False", "false"),
    ] {
        assert_eq!(stage.result(&format!("return {value}")).await, sent, "{value}");
    }
}

async fn s9_3_results_for_each_item_become_items(stage: &Stage) {
    let rows = [
        ("None", json!(null)),
        ("{'json': {'x': 1}, 'other': 2, 'pairedItem': {'item': 99}}", json!({"json": {"x": 1}})),
        ("{'binary': {'b': 1}, 'y': 2}", json!({"json": {"y": 2}, "binary": {"b": 1}})),
        ("{'json': 5, 'binary': {'b': 2}}", json!({"json": 5, "binary": {"b": 2}})),
        ("{'plain': 1}", json!({"json": {"plain": 1}})),
        ("5", json!({"json": 5})),
        ("''", json!({"json": ""})),
        ("False", json!({"json": false})),
        ("[1]", json!({"json": [1]})),
        ("{'json': None}", json!({"json": null})),
        ("{}", json!({"json": {}})),
    ];
    let values: Vec<&str> = rows.iter().map(|(value, _)| *value).collect();
    let items: Vec<Value> = (0..rows.len()).map(|n| json!({"json": {"n": n}})).collect();
    let code = format!("return [{}][_item['json']['n']]", values.join(", "));
    let result = stage.result_with(&code, json!({"nodeMode": "runOnceForEachItem", "items": items})).await;
    let expected: Vec<Value> = rows
        .into_iter()
        .enumerate()
        .filter(|(_, (_, item))| !item.is_null())
        .map(|(number, (_, mut item))| {
            // Counted with those that were dropped.
            item["pairedItem"] = json!({"item": number});
            item
        })
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&result).unwrap(), json!(expected));
}

async fn s9_3_no_items_give_no_items(stage: &Stage) {
    let more = json!({"nodeMode": "runOnceForEachItem", "items": []});
    assert_eq!(stage.result_with("return 1", more).await, "[]");
    assert_eq!(stage.result_with("return None", json!({"nodeMode": "runOnceForEachItem"})).await, "[]");
}

async fn s9_4_values_that_json_has(stage: &Stage) {
    for (value, sent) in [
        ("(1, (2,))", "[1,[2]]"),
        ("[1.0, 1e22, 5e-324, -0.0, 0.1, 1e16, 123456789.123]", "[1.0,1e+22,5e-324,-0.0,0.1,1e+16,123456789.123]"),
        ("{'z': 1, 'a': 2}", r#"{"z":1,"a":2}"#),
        ("[True, None, {}]", "[true,null,{}]"),
    ] {
        assert_eq!(stage.result(&format!("return {value}")).await, sent, "{value}");
    }
}

async fn s9_4_values_that_json_has_not_become_their_text(stage: &Stage) {
    for (value, text) in [
        ("{1}", "{1}"),
        ("frozenset([2])", "frozenset({2})"),
        (r"b'ab\xff'", r"b'ab\\xff'"),
        ("bytearray(b'x')", "bytearray(b'x')"),
        ("1+2j", "(1+2j)"),
        ("range(3)", "range(0, 3)"),
        ("len", "<built-in function len>"),
        ("ValueError('v')", "v"),
        ("ValueError", "<class 'ValueError'>"),
        ("...", "Ellipsis"),
    ] {
        assert_eq!(stage.result(&format!("return {value}")).await, format!("\"{text}\""), "{value}");
    }
}

async fn s9_4_values_of_the_standard_library(stage: &Stage) {
    let code = "from datetime import datetime, date, timedelta\nfrom decimal import Decimal\nfrom collections import deque\n\
                from uuid import UUID\nfrom pathlib import PurePosixPath\nfrom enum import Enum\n\
                class C(Enum):\n    A = 1\n\
                return [datetime(2020, 1, 2, 3, 4, 5), date(2020, 1, 2), timedelta(days=1), Decimal('1.10'), deque([1]), \
                UUID(int=5), PurePosixPath('/a/b'), C.A]";
    let expected = r#"["2020-01-02 03:04:05","2020-01-02","1 day, 0:00:00","1.10","deque([1])","00000000-0000-0000-0000-000000000005","/a/b","C.A"]"#;
    assert_eq!(stage.result(code).await, expected);
}

async fn s9_4_subclasses_of_what_json_has(stage: &Stage) {
    let code = "from collections import OrderedDict, Counter, defaultdict, namedtuple\nfrom enum import IntEnum\n\
                class I(IntEnum):\n    A = 7\n\
                d = defaultdict(list)\nd['x'].append(1)\n\
                return [OrderedDict(b=1, a=2), Counter('aab'), d, namedtuple('P', 'x y')(1, 2), I.A, {I.A: 1}]";
    assert_eq!(stage.result(code).await, r#"[{"b":1,"a":2},{"a":2,"b":1},{"x":[1]},[1,2],7,{"7":1}]"#);
}

async fn s9_4_keys_become_texts(stage: &Stage) {
    assert_eq!(stage.result("return {7: 1, 2.5: 2, True: 3, None: 4}").await, r#"{"7":1,"2.5":2,"true":3,"null":4}"#);
}

async fn s9_4_other_keys_are_an_error(stage: &Stage) {
    for (key, class) in [("(1, 2)", "tuple"), ("b'x'", "bytes"), ("frozenset()", "frozenset")] {
        let text = error(stage, &format!("return {{{key}: 1}}")).await;
        assert_eq!(text, format!("keys must be str, int, float, bool or None, not {class}"));
    }
}

async fn s9_4_cycles_and_depths_are_errors(stage: &Stage) {
    assert_eq!(error(stage, "a = []\na.append({'a': a})\nreturn a").await, "Circular reference detected");
    let deep = error(stage, "a = []\nfor _ in range(200000):\n    a = [a]\nreturn a").await;
    assert!(deep.starts_with("maximum recursion depth exceeded"), "{deep}");
}

async fn s9_4_numbers_of_any_size_are_exact(stage: &Stage) {
    for value in ["9007199254740993", "-170141183460469231731687303715884105729", "123456789012345678901234567890"] {
        assert_eq!(stage.result(&format!("return {value}")).await, value);
    }
    assert_eq!(stage.result("return 10 ** 4299").await.len(), 4300);
    let text = error(stage, "return 10 ** 4300").await;
    assert!(text.starts_with("Exceeds the limit (4300 digits) for integer string conversion"), "{text}");
}

async fn s9_4_text_is_what_it_was(stage: &Stage) {
    let result = stage.result("return '\"\\\\\\n\\x00\\x7f/é\\u2028😀'").await;
    let text: String = serde_json::from_str(&result).unwrap();
    assert_eq!(text, "\"\\\n\u{0}\u{7f}/é\u{2028}😀");
}

async fn s12_04_what_is_no_json_never_leaves(stage: &Stage) {
    for value in ["float('nan')", "[float('inf')]", "{'x': -float('inf')}", "{float('nan'): 1}"] {
        for mode in ["runOnceForAllItems", "runOnceForEachItem"] {
            // Null, or an error that says why; and all frames were JSON, or the embedded broker had not understood them.
            let outcome = stage.run_with(&format!("return {value}"), json!({"nodeMode": mode})).await;
            if let Err(error) = outcome.verdict {
                let text = error["message"].as_str().unwrap();
                assert!(["nan", "inf"].iter().any(|word| text.to_lowercase().contains(word)), "{value}: {text}");
            }
        }
    }
    for text in stage.texts() {
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
}

async fn s12_05_lone_surrogates_are_escaped_in_results(stage: &Stage) {
    let result = stage.result(r"return ['a\ud800b', {'\udfff': 1}]").await;
    assert_eq!(result, r#"["a\ud800b",{"\udfff":1}]"#);
}

async fn s12_32_a_large_result_arrives_whole(stage: &Stage) {
    let items: Vec<Value> = (0..2000).map(|n| json!({"json": {"n": n, "text": "é".repeat(500)}})).collect();
    let sent = serde_json::to_string(&items).unwrap();
    assert_eq!(stage.result_with("return _items", json!({"items": items})).await, sent);
}
