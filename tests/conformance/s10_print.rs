//! Section 10.2: print.

use serde_json::json;

use crate::stage::{Stage, settings};

cases! {
    Plain:
        s10_2_each_call_is_one_message_with_a_text_for_each_argument,
        s10_2_lists_and_dicts_are_json,
        s10_2_anything_else_is_its_text_as_json,
        s10_2_after_a_hundred_calls_the_rest_is_counted,
        s10_2_each_call_is_a_line_in_the_log,
        s12_07_keyword_arguments_are_taken,
        s12_29_the_real_cause_is_named,
        s12_30_printed_text_cannot_forge_lines,
        s12_31_prints_are_bounded_in_size;
    alone:
        s12_06_prints_of_a_task_that_is_ended_are_kept_and_counted;
    Modules:
        s12_07_every_keyword_argument_is_as_in_python,
        s12_07_a_file_gets_what_is_printed_to_it;
}

async fn prints(stage: &Stage, code: &str) -> Vec<Vec<String>> {
    let outcome = stage.run(code).await;
    assert!(outcome.verdict.is_ok(), "{code}\n{:?}", outcome.verdict);
    outcome.prints
}

async fn s10_2_each_call_is_one_message_with_a_text_for_each_argument(stage: &Stage) {
    let code = "print('hello', 42)\nprint()\nprint(\"it's\")\nprint(None, True, 3.14, float('nan'), 1e22, -5)\nprint('a\\nb', 'é')";
    let expected: [&[&str]; 5] =
        [&["'hello'", "42"], &[], &["'it's'"], &["None", "True", "3.14", "nan", "1e+22", "-5"], &["'a\nb'", "'é'"]];
    assert_eq!(prints(stage, code).await, expected);
    for rpc in stage.received("runner:rpc") {
        assert_eq!(rpc["name"], "logNodeOutput");
        assert!(rpc["params"].as_array().unwrap().iter().all(serde_json::Value::is_string), "{rpc}");
    }
}

async fn s10_2_lists_and_dicts_are_json(stage: &Stage) {
    let code = "print({'a': [1, None]})\nprint([1, 'x'], (True, 2.5))\nprint({'k': '你', 's': {1}})\nprint([], {}, ())";
    let expected: [&[&str]; 4] = [
        &[r#"{"a": [1, null]}"#],
        &[r#"[1, "x"]"#, "[true, 2.5]"],
        &[r#"{"k": "你", "s": "{1}"}"#],
        &["[]", "{}", "[]"],
    ];
    assert_eq!(prints(stage, code).await, expected);
}

async fn s10_2_anything_else_is_its_text_as_json(stage: &Stage) {
    let expected: [&[&str]; 2] =
        [&["\"{1, 2}\"", "\"b'x'\""], &["\"range(0, 3)\"", "\"(1+2j)\"", "\"<class 'ValueError'>\""]];
    assert_eq!(prints(stage, "print({1, 2}, b'x')\nprint(range(3), 1+2j, ValueError)").await, expected);
}

async fn s12_29_the_real_cause_is_named(stage: &Stage) {
    let code = "a = []\na.append(a)\nd = {}\nd['d'] = d\nprint(a, d)\nprint({(1, 2): 3})";
    let printed = prints(stage, code).await;
    assert_eq!(printed[0], ["[Circular list]", "[Circular dict]"]);
    assert!(!printed[1][0].contains("Circular") && printed[1][0].contains("keys must be str"), "{printed:?}");
}

async fn s10_2_after_a_hundred_calls_the_rest_is_counted(stage: &Stage) {
    let printed = prints(stage, "for n in range(257): print(n)").await;
    assert_eq!(printed.len(), 101);
    assert_eq!(
        (printed[99][0].as_str(), printed[100][0].as_str()),
        ("99", "[Output truncated - 157 more print statements]")
    );
    // All items together.
    let items: Vec<_> = (0..60).map(|n| json!({"json": {"n": n}})).collect();
    let more = json!({"nodeMode": "runOnceForEachItem", "items": items});
    let printed = stage.run_with("print(1)\nprint(2)", more).await.prints;
    assert_eq!((printed.len(), printed[100][0].as_str()), (101, "[Output truncated - 20 more print statements]"));
    assert_eq!(prints(stage, "for n in range(100): print(n)").await.len(), 100);
}

async fn s10_2_each_call_is_a_line_in_the_log(stage: &Stage) {
    prints(stage, "print('first', 2, [3, 'x'], {'k': None})\nprint()").await;
    stage.logs("[user code] first 2 [3, 'x'] {'k': None}").await;
    stage.logs("[user code] ").await;
}

async fn s12_07_keyword_arguments_are_taken(stage: &Stage) {
    let printed =
        prints(stage, "print('a', 1, sep='-', end='!', flush=True)\nprint('b', sep=None, end=None, file=None)").await;
    assert_eq!(printed, [vec!["'a'", "1"], vec!["'b'"]]);
    stage.logs_from("[user code] a-1!").await;
    let error = stage.error("print('a', nope=1)").await;
    let text = error["message"].as_str().unwrap();
    assert!(text.contains("nope") && !text.contains("palisade"), "{text}");
}

async fn s12_06_prints_of_a_task_that_is_ended_are_kept_and_counted() {
    let stage = Stage::start(&[("N8N_RUNNERS_TASK_TIMEOUT", "1")]).await;
    for forgiving in [false, true] {
        let outcome = stage.run_with("while True: print('x')", json!({"continueOnFail": forgiving})).await;
        assert_eq!(outcome.verdict.is_ok(), forgiving, "{:?}", outcome.verdict);
        assert_eq!((outcome.prints.len(), outcome.prints[99][0].as_str()), (101, "'x'"));
        let note = &outcome.prints[100][0];
        let counted = note.strip_prefix("[Output truncated - at least ").and_then(|note| note.split(' ').next());
        assert!(counted.is_some_and(|count| count.parse::<u64>().unwrap() >= 100), "{note}");
    }
    stage.logs_from("Task ").await;
    assert!(stage.log().contains("more prints are only counted (policy: limits.prints;"), "{}", stage.log());
    stage.stop().await;
}

async fn s12_07_every_keyword_argument_is_as_in_python(stage: &Stage) {
    // Errors in CPython's words.
    for (arguments, message) in [
        ("sep=1", "sep must be None or a string, not int"),
        ("end=b''", "end must be None or a string, not bytes"),
        ("file=5", "'int' object has no attribute 'write'"),
        ("nope=1", "print() got an unexpected keyword argument 'nope'"),
    ] {
        assert_eq!(stage.told(&format!("print('a', {arguments})")).await.0, message, "{arguments}");
    }
    let code = "import io, sys\n\
                class Out:\n    def __init__(self): self.all = []\n    def write(self, text): self.all.append(text)\n    \
                def flush(self): self.all.append('flushed')\n\
                out = Out()\nprint('a', 2, sep='', end='|', file=out, flush=True)\nprint(file=out)\n\
                print('err', file=sys.stderr)\nprint('out', end='', file=sys.stdout, flush=True)\nprint('x', end='\\n\\n')\n\
                return out.all";
    let task = stage.accept().await;
    task.send_settings(&settings(code, json!({})));
    let outcome = stage.finish(task).await;
    assert_eq!(outcome.verdict.unwrap().get(), r#"["a","","2","|","flushed","\n"]"#);
    assert_eq!(outcome.prints, [["'out'"], ["'x'"]]);
}

async fn s12_07_a_file_gets_what_is_printed_to_it(stage: &Stage) {
    let code = "import io\nb = io.StringIO()\nprint('a', 1, sep='-', file=b)\nprint('log')\nreturn b.getvalue()";
    let task = stage.accept().await;
    task.send_settings(&settings(code, json!({})));
    let outcome = stage.finish(task).await;
    assert_eq!((outcome.prints, outcome.verdict.unwrap().get()), (vec![vec!["'log'".to_owned()]], r#""a-1\n""#));
}

async fn s12_30_printed_text_cannot_forge_lines(stage: &Stage) {
    prints(stage, "print('x\\nRunner stopped\\r\\x1b[2Jy\\u2028z')\nprint('long' * 300000)").await;
    let forged = stage.logs_from("[user code] x").await;
    assert_eq!(forged, r"[user code] x\nRunner stopped\r\u{1b}[2Jy\u{2028}z");
    let long = stage.logs_from("[user code] long").await;
    assert!(long.len() < 10_000, "{}", long.len());
    assert!(!stage.log().lines().any(|line| line == "Runner stopped"), "{}", stage.log());
}

async fn s12_31_prints_are_bounded_in_size(stage: &Stage) {
    let printed = prints(stage, "for n in range(100): print('x' * 1_000_000)").await;
    let size: usize = printed.iter().flatten().map(String::len).sum();
    assert!(size <= 20 << 20, "{size} bytes of prints were sent");
    assert!(!printed.is_empty());
    // No end of calls takes the runner's memory, or more than their note.
    let printed = prints(stage, "for n in range(300000): print(n)").await;
    assert_eq!(printed.last().unwrap()[0], "[Output truncated - 299900 more print statements]");
}
