//! Sections 9.3 and 9.4: shapes of results, and what becomes of Python's values.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::stage::{Stage, settings};

cases! {
    Plain:
        s9_3_results_for_all_items_go_out_as_they_are,
        s9_3_results_for_each_item_become_items,
        s9_3_no_items_give_no_items,
        s9_4_what_came_in_goes_out_as_it_came,
        s9_4_an_error_is_an_ordinary_failure,
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
        s9_3_subclasses_of_dict_are_items_too,
        s9_4_subclasses_of_what_json_has,
        s9_4_subclasses_as_keys;
    alone:
        s12_04_a_policy_has_null_sent_instead;
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

async fn s9_3_subclasses_of_dict_are_items_too(stage: &Stage) {
    let code = "from collections import OrderedDict, defaultdict\n\
                return [OrderedDict(json={'a': 1}, more=2), OrderedDict(b=1, a=2), defaultdict(list, binary=5, x=1)]\
                [_item['json']['n']]";
    let items: Vec<Value> = (0..3).map(|n| json!({"json": {"n": n}})).collect();
    let result = stage.result_with(code, json!({"nodeMode": "runOnceForEachItem", "items": items})).await;
    let expected = r#"[{"json":{"a":1},"pairedItem":{"item":0}},{"json":{"b":1,"a":2},"pairedItem":{"item":1}},{"json":{"x":1},"binary":5,"pairedItem":{"item":2}}]"#;
    assert_eq!(result, expected);
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

/// By their contents, whatever they say of themselves.
async fn s9_4_subclasses_as_keys(stage: &Stage) {
    let code = "from enum import IntEnum, StrEnum\n\
                class I(IntEnum):\n    A = 7\n\
                class W(StrEnum):\n    A = 'word'\n\
                class S(str):\n    def __str__(self): return 'no'\n\
                class F(float):\n    def __repr__(self): return 'no'\n\
                return {I.A: 1, W.A: 2, S('s'): S('t'), F(0.5): F(1.5), 1: 3, '1': 4}";
    assert_eq!(stage.result(code).await, r#"{"7":1,"word":2,"s":"t","0.5":1.5,"1":3,"1":4}"#);
}

/// Read and written by two halves that know nothing of each other but Python's values.
async fn s9_4_what_came_in_goes_out_as_it_came(stage: &Stage) {
    for (came, went) in [
        (r#"[{"json": {"b": 1, "a": [ ] , "c": {}}}]"#, r#"[{"json":{"b":1,"a":[],"c":{}}}]"#),
        (
            "[9007199254740993, 123456789012345678901234567890, -0, -0.0]",
            "[9007199254740993,123456789012345678901234567890,0,-0.0]",
        ),
        ("[1.0, 1e3, 1E400, 0.1, 1e-7, 5e-324]", ""),
        ("[1.0, 1e3, 0.1, 1e-7, 5e-324, 1e22]", "[1.0,1000.0,0.1,1e-07,5e-324,1e+22]"),
        (r#"[{"a": 1, "b": 2, "a": 3}]"#, r#"[{"a":3,"b":2}]"#),
        (
            r#"["\u00e9\u2028\/", "\ud83d\ude00", "\ud83d", "\udc00\ud800"]"#,
            "[\"é\u{2028}/\",\"😀\",\"\\ud83d\",\"\\udc00\\ud800\"]",
        ),
        (r#"[{"\ud800": "\u0000"}]"#, r#"[{"\ud800":"\u0000"}]"#),
    ] {
        let whole = settings("return _items", json!({"items": "@"})).get().replacen("\"@\"", came, 1);
        let outcome = stage.outcome(&RawValue::from_string(whole).unwrap()).await;
        match outcome.verdict {
            Ok(result) => assert_eq!(result.get(), went, "{came}"),
            Err(error) => {
                // Python reads what is beyond its floats as infinity.
                assert_eq!((error["message"].as_str(), went), (Some("item 2 is Infinity, which JSON cannot hold"), ""));
            }
        }
    }
}

async fn s9_4_an_error_is_an_ordinary_failure(stage: &Stage) {
    for (code, message) in [
        ("return {(): 1}", "keys must be str, int, float, bool or None, not tuple"),
        ("a = []\na.append(a)\nreturn a", "Circular reference detected"),
        ("return [1, {'x': float('nan')}]", "item 1: x is NaN, which JSON cannot hold"),
    ] {
        let result = stage.result_with(code, json!({"continueOnFail": true})).await;
        assert_eq!(serde_json::from_str::<Value>(&result).unwrap(), json!([{"json": {"error": message}}]), "{code}");
    }
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
    let each = |code: &str| (format!("return {code}"), json!({"nodeMode": "runOnceForEachItem"}));
    let all = |code: &str| (format!("return {code}"), json!({}));
    for ((code, more), place) in [
        (all("float('nan')"), "the result is NaN"),
        (all("[{'json': {}}, {'json': {'totals': [1, 2, float('inf')]}}]"), "item 1: json.totals[2] is Infinity"),
        (all("{'x': -float('inf')}"), "x is -Infinity"),
        (all("{'é': {'y z': (float('nan'),)}}"), "[\"é\"][\"y z\"][0] is NaN"),
        (each("float('nan')"), "item 0: json is NaN"),
        (each("{'json': {'a': [float('nan')]}}"), "item 0: json.a[0] is NaN"),
    ] {
        let error = stage.run_with(&code, more).await.verdict.unwrap_err();
        assert_eq!(error["message"], format!("{place}, which JSON cannot hold"), "{code}");
        let remedy = error["description"].as_str().unwrap();
        assert!(["math.isfinite", "results.non_finite"].iter().all(|word| remedy.contains(word)), "{remedy}");
    }
    // As a key it is a text, which JSON can hold.
    assert_eq!(stage.result("return {float('nan'): 1, float('inf'): 2}").await, r#"{"NaN":1,"Infinity":2}"#);
    for text in stage.texts() {
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
}

async fn s12_04_a_policy_has_null_sent_instead() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, "[results]\nnon_finite = \"null\"\n").unwrap();
    let stage = Stage::start(&[("PALISADE_POLICY", policy.to_str().unwrap())]).await;
    let code = "return [{'json': {'a': float('nan'), 'b': (float('inf'), -float('inf')), float('nan'): 1.5}}]";
    assert_eq!(stage.result(code).await, r#"[{"json":{"a":null,"b":[null,null],"NaN":1.5}}]"#);
    let each = json!({"nodeMode": "runOnceForEachItem"});
    let result = stage.result_with("return float('nan')", each).await;
    assert_eq!(result, r#"[{"json":null,"pairedItem":{"item":0}}]"#);
    stage.stop().await;
}

async fn s12_05_lone_surrogates_are_escaped_in_results(stage: &Stage) {
    let result = stage.result(r"return ['a\ud800b', {'\udfff': 1}]").await;
    assert_eq!(result, r#"["a\ud800b",{"\udfff":1}]"#);
    // Also inside of what is only a text of something, and beside characters of every plane.
    let result = stage.result(r"return [{'\udc80'}, 'é\ud800你\udfff😀', ('\ud83d', '\ude00')]").await;
    assert_eq!(result, r#"["{'\\udc80'}","é\ud800你\udfff😀",["\ud83d","\ude00"]]"#);
    let each = json!({"nodeMode": "runOnceForEachItem"});
    let result = stage.result_with(r"return {'\ud800': '\udfff'}", each).await;
    assert_eq!(result, r#"[{"json":{"\ud800":"\udfff"},"pairedItem":{"item":0}}]"#);
}

async fn s12_32_a_large_result_arrives_whole(stage: &Stage) {
    let items: Vec<Value> = (0..2000).map(|n| json!({"json": {"n": n, "text": "é".repeat(500)}})).collect();
    let sent = serde_json::to_string(&items).unwrap();
    assert_eq!(stage.result_with("return _items", json!({"items": items})).await, sent);
}
