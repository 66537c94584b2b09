//! Every limit, met for real: what the error says of it, its value and the setting that raises it; and one text for each way in
//! which a task's process can end.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use std::collections::HashSet;
use std::time::Duration;

use engine::{Harness, LONG, Setup};
use palisade_policy::{Given, Origin, Policies, only};

/// Code, how its message begins, and the end of its description.
type Case = (&'static str, &'static str, &'static str);

const LIMITS: &str = "[limits]\nmemory_mib = 128\nresult_mib = 1\nprocesses = 4\nopen_files = 16\n\
    [scratch]\nsize_mib = 1\nfiles = 64\n[builtins]\ndeny = { remove = [\"open\"] }\n";

const MEMORY: &str = "The limit is 128 MiB for each task (policy: limits.memory_mib).";
const STACK: &str = "The stack is 8 MiB (policy: limits.stack_mib).";

const CASES: [Case; 14] = [
    (
        "held = []\nwhile True: held.append(bytearray(100_000))",
        "Task needed more memory than its limit of 128 MiB (policy: limits.memory_mib)",
        MEMORY,
    ),
    ("bytearray(1 << 40)", "Task needed more memory than its limit of 128 MiB", MEMORY),
    ("raise MemoryError('own words')", "own words", MEMORY),
    ("def f(): return f()\nf()", "maximum recursion depth exceeded", STACK),
    ("def f(): return [f()]\nmap(f, [])\nlist(map(lambda _: f(), [1]))", "maximum recursion depth exceeded", STACK),
    (
        "while True: pass",
        "Task execution timed out after 2 seconds",
        "The limit is 2 seconds, set by N8N_RUNNERS_TASK_TIMEOUT",
    ),
    (
        "return 'x' * (2 << 20)",
        "The result is larger than 1048576 bytes",
        "The limit is 1 MiB for the JSON of a result (policy: limits.result_mib).",
    ),
    (
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n for _ in range(64):\n  f.write(bytes(65536))\n  f.flush()",
        "[Errno 28] No space left on device",
        "The limit is 1 MiB and 64 files in the folder that a task may write to (policy: scratch.size_mib, scratch.files).",
    ),
    (
        "import tempfile\nheld = []\nwhile True: held.append(tempfile.TemporaryFile())",
        "[Errno 24] Too many open files",
        "The limit is 16 open files (policy: limits.open_files).",
    ),
    ("import sys\nsys.exit(5)", "Process exited with code 5", ""),
    ("exit('bye')", "Process exited with code bye", ""),
    (
        "import os\nos._exit(7)",
        "Task subprocess exited with code 7",
        "The code, or a package it uses, ended the process itself: os._exit(7).",
    ),
    (
        "import os\nos._exit(0)",
        "Failed to read result from child process",
        "The code ended its process itself (os._exit) before there was a result.",
    ),
    (
        "import threading, time\nstop = threading.Event()\nfor _ in range(8):\n \
         threading.Thread(target=stop.wait, daemon=True).start()\ntime.sleep(60)",
        "",
        "The limit is 4 threads at a time, the first one included (policy: limits.processes).",
    ),
];

async fn runner(policy: &str, stdlib: &str, timeout: Duration) -> Harness {
    let given = Given::default().stdlib(only(stdlib.split(',')), Origin::environment("N8N_RUNNERS_STDLIB_ALLOW"));
    let policies = Policies::from_text(policy, "test.toml", given).unwrap();
    let mut setup = Setup { policies: Some(policies), ..Setup::allowing(stdlib, "") };
    setup.config.timeout = timeout;
    setup.start().await
}

/// What the code's error is; it must begin and end as the case says.
async fn told(harness: &Harness, (code, message, end): Case) -> String {
    let error = harness.error(code).await;
    let text = |key: &str| error.get(key).and_then(|text| text.as_str()).unwrap_or_default().to_owned();
    assert!(text("message").starts_with(message), "{code}: {error:?}");
    assert!(text("description").ends_with(end), "{code}: {error:?}");
    assert!(error.contains_key("description"), "{code}: {error:?}");
    text("message")
}

#[tokio::test]
async fn each_limit_is_told_with_its_value_and_its_setting() {
    let harness = runner(LIMITS, "os,sys,tempfile,threading,time", Duration::from_secs(2)).await;
    let mut messages = HashSet::new();
    for case in CASES {
        messages.insert(told(&harness, case).await);
        assert_eq!(harness.result("return 1").await, 1, "after {}", case.0);
    }
    // The three of memory and the two of recursion share theirs.
    assert!(messages.len() >= CASES.len() - 3, "{messages:?}");
    harness.stop().await;
}

#[tokio::test]
async fn cpu_time_is_told_with_its_value_and_its_setting() {
    let harness = runner("[limits]\ncpu_s = 1\n", "", LONG).await;
    let end = "The limit is 1 seconds of CPU time for each task (policy: limits.cpu_s).";
    told(&harness, ("while True: pass", "Task used more CPU time than its limit of 1 second", end)).await;
    harness.stop().await;
}

#[tokio::test]
async fn a_fault_in_native_code_is_told() {
    let harness = Setup::allowing("*", "*").start().await;
    let (message, start) = ("Task subprocess exited with code -11", "The task's process ended by SIGSEGV: ");
    let error = harness.error("import ctypes\nctypes.string_at(0)").await;
    assert_eq!(error["message"], message);
    let description = error["description"].as_str().unwrap();
    assert!(
        description.starts_with(start) && description.contains("8 MiB of stack (policy: limits.stack_mib)"),
        "{description}"
    );
    harness.stop().await;
}

/// What an operator is told to set is never made of what a user wrote in place of a name.
#[tokio::test]
async fn what_is_no_name_of_a_module_is_no_advice() {
    let harness = Setup::allowing("json", "").start().await;
    for name in ["*", "os,*", r#"a", reason = "x" }] }\n[analyzer]\nenabled = false #"#, "", ".."] {
        let error = harness.error(&format!("__import__({name:?})")).await;
        let description = error["description"].as_str().unwrap();
        assert!(!description.contains("What would allow it"), "{name}: {description}");
    }
    let error = harness.error("__import__('os')").await;
    assert!(error["description"].as_str().unwrap().contains("N8N_RUNNERS_STDLIB_ALLOW with os"), "{error:?}");
    harness.stop().await;
}
