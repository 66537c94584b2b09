//! Sections 9.1 and 9.2: names that code finds, and how it runs.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::stage::Stage;

cases! {
    Plain:
        s9_1_names_of_code_for_all_items,
        s9_1_names_of_code_for_each_item,
        s9_1_nothing_is_imported_ahead,
        s9_1_each_item_has_fresh_globals,
        s9_1_items_are_passed_as_they_are,
        s9_2_code_is_the_body_of_a_function,
        s9_2_what_cannot_work_in_a_function,
        s9_2_the_files_have_names,
        s9_2_tabs_and_crlf_work,
        s9_2_recursion_has_a_limit,
        s12_15_strings_over_several_lines_are_untouched,
        s12_16_empty_code_has_no_output;
    Modules:
        s9_1_imported_modules_are_shared_between_items;
}

/// For each item, of which these are the `json`.
fn each(items: &[Value]) -> Value {
    let items: Vec<Value> = items.iter().map(|item| json!({"json": item})).collect();
    json!({"nodeMode": "runOnceForEachItem", "items": items})
}

async fn message(stage: &Stage, code: &str, more: Value) -> String {
    stage.error_with(code, more).await["message"].as_str().unwrap().to_owned()
}

async fn s9_1_names_of_code_for_all_items(stage: &Stage) {
    assert_eq!(stage.result("return _items").await, r#"[{"json":{"a":1},"pairedItem":{"item":0}}]"#);
    assert_eq!(stage.result("return [_query]").await, "[null]");
    assert_eq!(stage.result_with("return _query + '!'", json!({"query": "input", "items": []})).await, "\"input!\"");
    assert_eq!(stage.result_with("return _query['q']", json!({"query": {"q": [1]}})).await, "[1]");
    assert_eq!(message(stage, "return _item", json!({})).await, "name '_item' is not defined");
}

async fn s9_1_names_of_code_for_each_item(stage: &Stage) {
    let more = || each(&[json!({"n": 1})]);
    assert_eq!(
        stage.result_with("return _item['json']", more()).await,
        r#"[{"json":{"n":1},"pairedItem":{"item":0}}]"#
    );
    for name in ["_items", "_query"] {
        let text = message(stage, &format!("return {name}"), more()).await;
        assert_eq!(text, format!("name '{name}' is not defined"));
    }
}

async fn s9_1_nothing_is_imported_ahead(stage: &Stage) {
    for name in ["json", "re", "sys", "builtins", "importlib", "traceback"] {
        assert_eq!(message(stage, &format!("return {name}"), json!({})).await, format!("name '{name}' is not defined"));
    }
}

async fn s9_1_each_item_has_fresh_globals(stage: &Stage) {
    let code = "global x\ntry:\n    x = x + 1\nexcept NameError:\n    x = 0\nreturn {'x': x}";
    let result = stage.result_with(code, each(&[json!(1), json!(2)])).await;
    assert_eq!(result, r#"[{"json":{"x":0},"pairedItem":{"item":0}},{"json":{"x":0},"pairedItem":{"item":1}}]"#);
}

async fn s9_1_imported_modules_are_shared_between_items(stage: &Stage) {
    let code = "import uuid\nreturn str(id(uuid))";
    let result = stage.result_with(code, each(&[json!(1), json!(2)])).await;
    let items: Value = serde_json::from_str(&result).unwrap();
    assert_eq!(items[0]["json"], items[1]["json"]);
}

async fn s9_1_items_are_passed_as_they_are(stage: &Stage) {
    const ITEM: &str = r#"{"json":{"b":[1,{"c":null}]},"binary":{"file":{"id":"filesystem-v2:1","mimeType":"a/b"}},"pairedItem":{"item":3},"x":1}"#;
    let result = async |mode: &str, code: &str| {
        let settings = format!(r#"{{"nodeMode":"{mode}","code":{},"items":[{ITEM}]}}"#, json!(code));
        let outcome = stage.outcome(&RawValue::from_string(settings).unwrap()).await;
        outcome.verdict.unwrap().get().to_owned()
    };
    assert_eq!(result("runOnceForAllItems", "return _items").await, format!("[{ITEM}]"));
    // They may be changed.
    let code = "_items[0]['json']['b'].append(2)\n_items.append(5)\nreturn [_items[0]['json'], _items[1]]";
    assert_eq!(result("runOnceForAllItems", code).await, r#"[{"b":[1,{"c":null},2]},5]"#);
    let code = "return {'json': sorted(_item), 'binary': _item['binary']}";
    let seen: Value = serde_json::from_str(&result("runOnceForEachItem", code).await).unwrap();
    assert_eq!(seen[0]["json"], json!(["binary", "json", "pairedItem", "x"]));
    assert_eq!(seen[0]["binary"]["file"]["id"], "filesystem-v2:1");
}

async fn s9_2_code_is_the_body_of_a_function(stage: &Stage) {
    assert_eq!(stage.result("x = 1").await, "null");
    assert_eq!(stage.result("if _items:\n    return 1\nreturn 2").await, "1");
    // Assignments are local, and functions see them as closures do.
    assert_eq!(stage.result("n = 0\ndef f():\n    nonlocal n\n    n += 1\n    return n\nf()\nreturn f()").await, "2");
    assert_eq!(stage.result("global x\nx = 5\ndef read():\n    return x\nreturn read()").await, "5");
    let generator = stage.result("yield 1").await;
    assert!(generator.starts_with("\"<generator object "), "{generator}");
}

async fn s9_2_what_cannot_work_in_a_function(stage: &Stage) {
    for (code, part) in [("await x", "'await' outside async function"), ("break", "'break' outside loop")] {
        let text = message(stage, code, json!({})).await;
        assert!(text.contains(part), "{code}: {text}");
    }
}

async fn s9_2_the_files_have_names(stage: &Stage) {
    let all = message(stage, "x = 1\nbreak", json!({})).await;
    assert_eq!(all, "'break' outside loop (<all_items_task_execution>, line 2)", "the line is the user's own");
    let one = message(stage, "x = 1\nbreak", each(&[json!(1)])).await;
    assert_eq!(one, "'break' outside loop (<per_item_task_execution>, line 2)");
}

async fn s9_2_tabs_and_crlf_work(stage: &Stage) {
    assert_eq!(stage.result("if True:\r\n\tx = 1\r\n\treturn x\r\n").await, "1");
}

async fn s9_2_recursion_has_a_limit(stage: &Stage) {
    let text = message(stage, "def f(n):\n    return f(n + 1)\nreturn f(0)", json!({})).await;
    assert!(text.starts_with("maximum recursion depth exceeded"), "{text}");
    assert_eq!(stage.result("def f(n):\n    return n if n == 900 else f(n + 1)\nreturn f(0)").await, "900");
}

async fn s12_15_strings_over_several_lines_are_untouched(stage: &Stage) {
    assert_eq!(stage.result("return '''one\ntwo\n    three'''").await, r#""one\ntwo\n    three""#);
}

async fn s12_16_empty_code_has_no_output(stage: &Stage) {
    for code in ["", "\n  \n", "# only this", "\n# a\n\n# b"] {
        assert_eq!(stage.result(code).await, "null", "{code:?}");
        assert_eq!(stage.result_with(code, each(&[json!(1)])).await, "[]", "{code:?}");
    }
}
