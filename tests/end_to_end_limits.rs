//! Sizes, numbers and texts at the edges, through the whole runner.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use std::time::{Duration, Instant};

use engine::{Harness, Setup, abridged, settings};
use palisade_policy::LayerMode;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

/// Generous: the bound is a second for an optimised analyzer on a free machine.
const ANALYSIS: Duration = Duration::from_secs(20);

async fn runner() -> Harness {
    Setup::allowing("json", "").start().await
}

/// Settings whose items are this very text.
fn with_items(code: &str, items: &str, mode: &str) -> Box<RawValue> {
    let code = json!(code);
    RawValue::from_string(format!(r#"{{"code":{code},"nodeMode":"{mode}","items":{items}}}"#)).unwrap()
}

#[tokio::test]
async fn code_made_to_exhaust_the_analyzer_is_answered_and_the_runner_lives_on() {
    let mut runner = runner().await;
    let brackets = format!("return {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let signs = format!("return {}1", "-".repeat(1_000_000));
    let large = "x = 1\n".repeat(8_000_000 / 6 + 1);
    for (code, text) in [
        (brackets, "too many nested brackets: 201 where at most 200 are accepted (line 1)"),
        (signs, "too many brackets and operators: 1000000 where at most 131072 are accepted (line 1)"),
        (
            large,
            "the code is too large in bytes: 8000004 where at most 1048576 are accepted (line 1) (policy: limits.code_bytes)",
        ),
    ] {
        let started = Instant::now();
        let error = runner.error(&code).await;
        assert_eq!(error["message"], text);
        assert!(started.elapsed() < ANALYSIS, "{:?} for {}", started.elapsed(), abridged(&code));
        assert!(runner.observed().report.child_pid.is_none(), "a child was used");
        assert_eq!(runner.result("return 1").await, json!(1));
        runner.observed();
    }
    runner.stop().await;
}

#[tokio::test]
async fn prints_are_bounded_in_number_and_size() {
    let runner = runner().await;
    // Ten MB in one print: the default policy cuts a print at 64 KiB.
    let outcome = runner.task(&settings("print('x' * 10_000_000)\nreturn 1", json!({}))).await;
    assert_eq!(outcome.verdict.unwrap().get(), "1");
    assert_eq!(outcome.prints.len(), 1);
    let param = &outcome.prints[0][0];
    assert!(param.starts_with("'xxx") && param.ends_with("… [9934464 more bytes]'"), "{}", abridged(param));
    assert!(param.len() < 70_000);
    // Ten MB in the largest number of prints, and more of them.
    let outcome = runner.task(&settings("for _ in range(200):\n    print('x' * 100_000)\nreturn 2", json!({}))).await;
    assert_eq!(outcome.verdict.unwrap().get(), "2");
    assert_eq!(outcome.prints.len(), 101);
    assert_eq!(outcome.prints[100], ["[Output truncated - 100 more print statements]"]);
    let outcome =
        runner.task(&settings("for n in range(200):\n    print(n)\nraise ValueError('end')", json!({}))).await;
    assert_eq!(outcome.verdict.unwrap_err()["message"], "end");
    assert_eq!(outcome.prints.len(), 101);
    assert_eq!(outcome.prints[99], ["99"]);
    runner.stop().await;
}

#[tokio::test]
async fn large_items_and_results_pass_both_ways() {
    let runner = runner().await;
    for size in [20 * MIB, 100 * MIB] {
        let outcome = runner.task(&settings(&format!("return 'x' * {size}"), json!({}))).await;
        assert_eq!(outcome.verdict.unwrap().get().len(), size + 2, "down {size}");
        let items = format!(r#"["{}"]"#, "é".repeat(size / 2));
        let outcome = runner.task(&with_items("return [len(_items[0])]", &items, "runOnceForAllItems")).await;
        assert_eq!(outcome.verdict.unwrap().get(), format!("[{}]", size / 2), "up {size}");
        let outcome = runner.task(&with_items("return _items", &items, "runOnceForAllItems")).await;
        assert!(outcome.verdict.unwrap().get() == items, "there and back {size}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn a_result_over_the_limit_is_an_error_of_the_task() {
    let mut setup = Setup::allowing("", "");
    setup.change = Box::new(|policy| policy.limits.result_mib = 1);
    let runner = setup.start().await;
    let error = runner.error("return 'x' * (1 << 20)").await;
    assert_eq!(error["message"], "The result is larger than 1048576 bytes (1 MiB, set by limits.result_mib)");
    assert_eq!(runner.result("return len('x' * (1 << 20))").await, json!(MIB));
    runner.stop().await;
}

#[tokio::test]
async fn texts_and_numbers_come_back_as_they_went() {
    let runner = runner().await;
    let items =
        r#"[{"json":{"ünï":"你好 😀 \u2028","lone":"a\ud800b","\udfff":1,"nul":"\u0000"},"pairedItem":{"item":0}}]"#;
    let outcome = runner.task(&with_items("return _items", items, "runOnceForAllItems")).await;
    let back = outcome.verdict.unwrap();
    // A lone surrogate cannot be UTF-8 and stays an escape; the rest may be written either way.
    assert!(back.get().contains(r"a\ud800b") && back.get().contains(r#""\udfff":1"#), "{back}");
    assert!(back.get().contains("你好 😀") && back.get().contains(r"\u0000"), "{back}");

    let numbers = "[9007199254740993,-123456789012345678901234567890,1e-7,-0.0,1.7976931348623157e+308]";
    let outcome = runner.task(&with_items("return _items", numbers, "runOnceForAllItems")).await;
    assert_eq!(outcome.verdict.unwrap().get(), numbers.replace("1e-7", "1e-07"));
    let digits = "7".repeat(4300);
    let outcome = runner.task(&with_items("return _items", &format!("[{digits}]"), "runOnceForAllItems")).await;
    assert_eq!(outcome.verdict.unwrap().get(), format!("[{digits}]"));
    let outcome = runner.task(&with_items("return _items", &format!("[7{digits}]"), "runOnceForAllItems")).await;
    let error = outcome.verdict.unwrap_err();
    assert!(error["message"].as_str().unwrap().starts_with("Exceeds the limit (4300 digits)"), "{error:?}");
    runner.stop().await;
}

#[tokio::test]
async fn a_thousand_items_one_by_one() {
    let runner = runner().await;
    let items: Vec<Value> = (0..1000).map(|n| json!({"json": {"n": n}, "pairedItem": {"item": n}})).collect();
    let code = "if _item['json']['n'] % 2:\n    return None\nreturn {'half': _item['json']['n'] // 2}";
    let outcome = runner.task(&settings(code, json!({"nodeMode": "runOnceForEachItem", "items": items}))).await;
    let result: Value = serde_json::from_str(outcome.verdict.unwrap().get()).unwrap();
    let expected: Vec<Value> = (0..500).map(|n| json!({"json": {"half": n}, "pairedItem": {"item": 2 * n}})).collect();
    assert_eq!(result, Value::Array(expected));

    let code = "return 1 / (777 - _item['json']['n'])";
    let items: Vec<Value> = (0..1000).map(|n| json!({"json": {"n": n}})).collect();
    let outcome = runner.task(&settings(code, json!({"nodeMode": "runOnceForEachItem", "items": items}))).await;
    let error = outcome.verdict.unwrap_err();
    assert_eq!((&error["message"], &error["itemIndex"]), (&json!("division by zero"), &json!(777)));
    runner.stop().await;
}

#[tokio::test]
async fn code_in_odd_clothes() {
    let runner = runner().await;
    for (code, expected) in [
        ("", json!(null)),
        ("   \n\t\n", json!(null)),
        ("# nothing", json!(null)),
        ("if True:\r\n\tx = 'a\\tb'\r\n\treturn x\r\n", json!("a\tb")),
        ("return 1;", json!(1)),
        ("return (\n  1,\n)", json!([1])),
        ("x = '''\n  a\n b'''\nreturn x", json!("\n  a\n b")),
        ("return 'ﬁ'", json!("ﬁ")),
    ] {
        assert_eq!(runner.result(code).await, expected, "{code:?}");
    }
    for (code, message) in [
        // A form feed is a blank, not the end of a line.
        ("x = 1\x0creturn x", "invalid syntax (<unknown>, line 1)"),
        // Python's own runner takes code as text, where a mark of the byte order is no blank.
        ("\u{feff}return 1", "invalid non-printable character U+FEFF (<unknown>, line 1)"),
    ] {
        assert_eq!(runner.error(code).await["message"], message, "{code:?}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn unusual_settings_are_answered() {
    let runner = runner().await;
    let query = runner.task(&settings("return _query", json!({"query": {"deep": [1, {"x": "ü"}]}}))).await;
    assert_eq!(query.verdict.unwrap().get(), r#"{"deep":[1,{"x":"ü"}]}"#);
    let query = runner.task(&settings("return _query * 2", json!({"query": "ab", "items": []}))).await;
    assert_eq!(query.verdict.unwrap().get(), r#""abab""#);
    // n8n's own runner would only log these, and the task would hang (section 12, row 10).
    for (more, message) in [
        (json!({"nodeMode": "runOnceForNothing"}), "nodeMode"),
        (json!({"code": 5}), "code"),
        (json!({"items": {"not": "a list"}, "nodeMode": "runOnceForEachItem"}), "items"),
    ] {
        let outcome = runner.task(&settings("return 1", more)).await;
        let error = outcome.verdict.unwrap_err();
        assert!(error["message"].as_str().unwrap().contains(message), "{error:?}");
    }
    // A result deeper than it may be is the task's failure; n8n's own runner fails in the same words, though later.
    let error = runner.error("a = []\nfor _ in range(6000): a = [a]\nreturn a").await;
    assert!(error["message"].as_str().unwrap().starts_with("maximum recursion depth exceeded"), "{error:?}");
    let outcome = runner.task(&settings("a = []\nfor _ in range(4990): a = [a]\nreturn a", json!({}))).await;
    assert_eq!(outcome.verdict.unwrap().get(), format!("{}{}", "[".repeat(4991), "]".repeat(4991)));
    // Items that are no JSON never come: the frame is none, either. Nesting without an end comes.
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let outcome = runner.task(&with_items("return 1", &deep, "runOnceForAllItems")).await;
    assert!(outcome.verdict.unwrap_err()["message"].as_str().unwrap().contains("recursion"));
    assert_eq!(runner.result("return 1").await, json!(1));
    runner.stop().await;
}

/// Threads cost the kernel memory that no limit counts, and pids that the whole host shares.
#[tokio::test]
async fn threads_are_bounded_with_and_without_user_ids_of_their_own() {
    let code = "import threading, time\nthreading.stack_size(65536)\n\
        for _ in range(300):\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n\
        time.sleep(60)";
    for slot_uids in [LayerMode::BestEffort, LayerMode::Off] {
        let mut setup = Setup::allowing("threading,time", "");
        setup.change = Box::new(move |policy| policy.layers.slot_uids = slot_uids);
        let harness = setup.start().await;
        let message = harness.error(code).await["message"].as_str().unwrap().to_owned();
        // RLIMIT_NPROC counts by user id, so it bounds those that have one; the supervisor's watch bounds the others.
        let known =
            ["can't start new thread", "Task was ended because it ran more than 64 threads (policy: limits.processes)"];
        assert!(known.contains(&message.as_str()), "{slot_uids:?}: {message}");
        assert!(slot_uids == LayerMode::BestEffort || message == known[1], "{message}");
        assert_eq!(harness.result("return 1").await, 1);
        harness.stop().await;
    }
}
