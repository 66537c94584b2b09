//! Section 10.1: what is told of a failure.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::stage::{Stage, is_running, pause, settings, until};

cases! {
    Plain:
        s10_1_an_exception_is_its_text_and_description,
        s10_1_an_own_description_counts,
        s10_1_exits_are_failures,
        s10_1_a_keyboard_interrupt_has_no_text,
        s10_1_a_syntax_error_names_the_line_of_the_user,
        s10_1_a_nul_is_named,
        s10_1_refusals_by_the_analysis_are_listed,
        s10_1_a_cancel_has_no_description,
        s10_1_a_description_begins_with_type_line_and_source,
        s10_1_a_description_goes_on_with_frames_notes_and_causes,
        s10_1_fields_say_where_it_was,
        s12_05_lone_surrogates_in_texts_cost_no_process,
        s12_17_a_description_is_a_text;
    Plain:
        s10_1_refusals_while_running_are_told_apart;
    Open:
        s10_1_a_process_that_ends_is_told_by_its_code,
        s10_1_a_process_that_is_killed_is_told_so;
    Modules:
        s10_1_what_goes_to_stderr_ends_the_description,
        s10_1_what_goes_to_stderr_is_lost_without_an_error,
        s10_1_what_goes_to_stdout_is_in_the_log,
        s10_1_what_goes_to_stdout_is_in_the_log_however_the_task_ends,
        s10_1_what_goes_to_stdout_is_bounded,
        s10_1_a_refused_import_while_running;
}

async fn s10_1_an_exception_is_its_text_and_description(stage: &Stage) {
    for (code, message, class) in [
        ("raise ValueError('boom')", "boom", "ValueError"),
        ("return {}['missing']", "'missing'", "KeyError"),
        ("assert False", "", "AssertionError"),
        ("return 1 / 0", "division by zero", "ZeroDivisionError"),
        ("raise BaseException('b')", "b", "BaseException"),
        ("raise ValueError(1, 2)", "(1, 2)", "ValueError"),
        ("return nothing", "name 'nothing' is not defined", "NameError"),
    ] {
        // n8n's own runner describes nothing here: see the list for what is better.
        assert_eq!(stage.told(code).await, (message.to_owned(), format!("{class}, line 1: {code}")), "{code}");
    }
}

async fn s10_1_a_description_begins_with_type_line_and_source(stage: &Stage) {
    let told = stage.told("total = 0\nfor row in [{}]:\n    total += row['price']\nreturn total").await;
    assert_eq!(told, ("'price'".to_owned(), "KeyError, line 3: total += row['price']".to_owned()));
}

async fn s10_1_a_description_goes_on_with_frames_notes_and_causes(stage: &Stage) {
    let code = "def f(x):\n    return int(x)\n\ntry:\n    f('a')\nexcept ValueError as e:\n    n = KeyError('n')\n    \
                n.add_note('a note')\n    raise n from e";
    let error = stage.error(code).await;
    let traceback = "Traceback (most recent call last):\n\
        \x20 File \"<all_items_task_execution>\", line 5, in <module>\n\
        \x20   f('a')\n\
        \x20 File \"<all_items_task_execution>\", line 2, in f\n\
        \x20   return int(x)\n\
        \x20          ^^^^^^\n\
        ValueError: invalid literal for int() with base 10: 'a'\n\
        \n\
        The above exception was the direct cause of the following exception:\n\
        \n\
        Traceback (most recent call last):\n\
        \x20 File \"<all_items_task_execution>\", line 9, in <module>\n\
        \x20   raise n from e\n\
        KeyError: 'n'\n\
        a note";
    assert_eq!(error["description"], format!("KeyError, line 9: raise n from e\n\n{traceback}"));
    assert_eq!(error["stack"], traceback);
}

async fn s10_1_fields_say_where_it_was(stage: &Stage) {
    let error = stage.error("x = 1\nx / 0").await;
    assert_eq!(
        json!(error),
        json!({
            "message": "division by zero",
            "description": "ZeroDivisionError, line 2: x / 0",
            "lineNumber": 2,
            "stack": "Traceback (most recent call last):\n  File \"<all_items_task_execution>\", line 2, in <module>\n    \
                      x / 0\nZeroDivisionError: division by zero",
        })
    );
    let each = json!({"nodeMode": "runOnceForEachItem", "items": [{"json": {"n": 1}}, {"json": {}}]});
    let error = stage.error_with("return _item['json']['n']", each).await;
    assert_eq!((&error["itemIndex"], &error["lineNumber"]), (&json!(1), &json!(1)));
}

async fn s10_1_an_own_description_counts(stage: &Stage) {
    let told =
        stage.told("e = ValueError('m')\ne.add_note('n')\ne.description = ' more '\nraise e from KeyError()").await;
    assert_eq!(told, ("m".to_owned(), " more ".to_owned()), "exact and alone");
}

async fn s10_1_what_goes_to_stderr_ends_the_description(stage: &Stage) {
    let told =
        stage.told("import sys\nprint('seen', file=sys.stderr)\nsys.stderr.write('too')\nraise ValueError('m')").await;
    let description = "ValueError, line 4: raise ValueError('m')\n\nStandard error:\nseen\ntoo";
    assert_eq!(told, ("m".to_owned(), description.to_owned()));
    let (message, description) = stage
        .told("import warnings, logging\nwarnings.warn('careful')\nlogging.warning('logged')\nraise ValueError('m')")
        .await;
    assert!(message == "m" && description.contains("UserWarning: careful"), "{description}");
    assert!(description.contains("logged"), "{description}");
    // Each once, with the user's line and no path of the runner's.
    let code = "import warnings, logging\n\ndef f():\n    warnings.warn('careful', DeprecationWarning, stacklevel=1)\n    \
                warnings.warn('mind')\nf()\nlogging.getLogger('mine').error('broken')\nraise ValueError('m')";
    let (_, description) = stage.told(code).await;
    assert_eq!(description.matches(":5: UserWarning: mind").count(), 1, "{description}");
    assert_eq!(description.matches("broken").count(), 1, "{description}");
    assert!(!description.contains('/') && !description.contains("palisade"), "{description}");
    let own = "import sys\nsys.stderr.write('not this')\ne = ValueError('m')\ne.description = 'mine'\nraise e";
    assert_eq!(stage.told(own).await.1, "mine");
}

async fn s10_1_what_goes_to_stderr_is_lost_without_an_error(stage: &Stage) {
    let outcome = stage.run("import logging\nlogging.error('lost words')\nreturn 1").await;
    assert_eq!(outcome.verdict.unwrap().get(), "1");
    assert!(outcome.prints.is_empty());
    assert!(!stage.log().contains("lost words"));
}

/// The lines of user code, once the task whose code this is has its last line.
async fn logged(stage: &Stage, code: &str) -> Vec<String> {
    let task = stage.accept().await;
    let id = task.id.clone();
    task.send_settings(&settings(code, json!({})));
    stage.finish(task).await;
    let is_last = |line: &str| {
        ["Completed task ", "Cancelled task ", "Task "].iter().any(|start| line.starts_with(&format!("{start}{id}")))
            && !line.contains("more lines")
    };
    until("the last line of a task", || stage.log().lines().any(is_last)).await;
    let log = stage.log();
    let of_task = log.lines().skip_while(|line| *line != format!("Received task {id}")).skip(1);
    of_task.take_while(|line| !is_last(line)).map(str::to_owned).collect()
}

async fn s10_1_what_goes_to_stdout_is_in_the_log(stage: &Stage) {
    let code = "import logging, sys\nsys.stdout.write('one')\nprint('printed')\nsys.stdout.write(' line\\n\\nRunner stopped\\n')\n\
                h = logging.StreamHandler(sys.stdout)\nl = logging.Logger('l')\nl.addHandler(h)\nl.warning('logged')\n\
                sys.stdout.write('\\r\\x1b[2Jlast\\u2028')\nreturn 1";
    let lines = [
        "[user code] one line",
        "[user code] printed",
        "[user code] ",
        "[user code] Runner stopped",
        "[user code] logged",
        r"[user code] \r\u{1b}[2Jlast\u{2028}",
    ];
    assert_eq!(logged(stage, code).await, lines);
    // It is for the log, not for the editor of the workflow.
    assert_eq!(stage.received("runner:rpc").len(), 1);
}

async fn s10_1_what_goes_to_stdout_is_in_the_log_however_the_task_ends(stage: &Stage) {
    assert_eq!(
        logged(stage, "import sys\nsys.stdout.write('a\\nfailed')\n1 / 0").await,
        ["[user code] a", "[user code] failed"]
    );
    assert_eq!(logged(stage, "import os, sys\nsys.stdout.write('exited')\nos._exit(3)").await, ["[user code] exited"]);
    let task = stage.accept().await;
    let code = "import sys\nsys.stdout.write('whole\\nkilled')\nwhile True: pass";
    task.send_settings(&settings(code, json!({})));
    stage.logs(&format!("Received task {}", task.id)).await;
    pause(500).await;
    stage.broker.cancel(&task.id, "");
    assert!(stage.finish(task).await.verdict.is_err());
    stage.logs("[user code] whole").await;
    stage.logs("[user code] killed").await;
}

async fn s10_1_what_goes_to_stdout_is_bounded(stage: &Stage) {
    // A character a call, and never a line feed.
    let lines = logged(stage, "import sys\nfor n in range(300000): sys.stdout.write('x'), sys.stdout.flush()").await;
    assert_eq!((lines.len(), lines[0].len()), (1, "[user code] ".len() + 2000 + "…".len()));
    // One line of many megabytes, and many lines.
    let lines = logged(stage, "import sys\nsys.stdout.write('y' * 30_000_000)\nsys.stdout.write('\\nz')").await;
    assert_eq!((lines.len(), lines[1].as_str()), (2, "[user code] z"));
    assert!(lines[0].len() < 10_000, "{}", lines[0].len());
    let lines = logged(stage, "import sys\nfor n in range(100000): sys.stdout.write(f'{n}\\n')").await;
    assert_eq!((lines.len(), lines[99].as_str()), (101, "[user code] 99"));
    let note = "99900 more lines were written to sys.stdout (policy: limits.prints)";
    assert!(lines[100].starts_with("Task ") && lines[100].ends_with(note), "{}", lines[100]);
}

async fn s10_1_exits_are_failures(stage: &Stage) {
    for (code, shown) in [
        ("raise SystemExit", "None"),
        ("raise SystemExit('bye')", "bye"),
        ("exit()", "None"),
        ("exit(0)", "0"),
        ("quit(3)", "3"),
    ] {
        let description = format!("SystemExit, line 1: {code}");
        assert_eq!(stage.told(code).await, (format!("Process exited with code {shown}"), description), "{code}");
    }
}

async fn s10_1_a_keyboard_interrupt_has_no_text(stage: &Stage) {
    assert_eq!(stage.told("raise KeyboardInterrupt('x')").await.0, "");
}

async fn s10_1_a_syntax_error_names_the_line_of_the_user(stage: &Stage) {
    for (code, message, description) in [
        ("[1,", "'[' was never closed (<unknown>, line 1)", "SyntaxError, line 1, column 1:\n    [1,\n    ^"),
        ("x = 1\nif x\n  y", "expected ':' (<unknown>, line 2)", "SyntaxError, line 2, column 5:\n    if x\n        ^"),
        ("x = 1\n  y = 2", "unexpected indent (<unknown>, line 2)", "IndentationError, line 2"),
        ("x =", "invalid syntax (<unknown>, line 1)", "SyntaxError, line 1, column 4:\n    x =\n       ^"),
        (
            "print 'x'",
            "Missing parentheses in call to 'print'. Did you mean print(...)? (<unknown>, line 1)",
            "SyntaxError, line 1, column 1:\n    print 'x'\n    ^^^^^^^^^",
        ),
    ] {
        let error = stage.error(code).await;
        assert_eq!(error["message"], message);
        // n8n's own runner has no such key: see the list for what is better.
        let told = error["description"].as_str().unwrap_or_default();
        assert!(told.starts_with(description), "{error:?}");
        assert!(error.contains_key("lineNumber") && error.contains_key("column"), "{error:?}");
    }
}

async fn s10_1_a_nul_is_named(stage: &Stage) {
    let error = stage.error("x = 1\0").await;
    assert_eq!(error["message"], "source code string cannot contain null bytes");
    assert!(!error.contains_key("description"), "{error:?}");
}

async fn s10_1_refusals_by_the_analysis_are_listed(stage: &Stage) {
    let (message, description) = stage.told("x = 1\nx.__class__\nx.__dict__\nimport os").await;
    assert_eq!(message, "Security violations detected");
    assert_eq!(
        description,
        "Line 2: Access to attribute '__class__' is disallowed, because it can be used to bypass security restrictions.\n\
         Line 3: Access to attribute '__dict__' is disallowed, because it can be used to bypass security restrictions.\n\
         Line 4: Import of standard library module 'os' is disallowed. Allowed stdlib modules: none\n\n\
         What would allow it, for who runs this runner:\n\
         - __class__: [analyzer] blocked_attributes = { remove = [\"__class__\"] }\n\
         - __dict__: [analyzer] blocked_attributes = { remove = [\"__dict__\"] }\n\
         - os: N8N_RUNNERS_STDLIB_ALLOW with os, or [modules] stdlib = { add = [{ name = \"os\", reason = \"…\" }] }"
    );
    // Each setting once, and of a package whether it is there at all.
    let (_, description) =
        stage.told("import no_such_package\nimport no_such_package.x\nfrom no_such_package import y").await;
    let setting =
        "- no_such_package (it is not installed in the Python that runs tasks): N8N_RUNNERS_EXTERNAL_ALLOW with";
    assert_eq!(description.matches(setting).count(), 1, "{description}");
    assert!(
        description.starts_with("Line 1: Import of external package 'no_such_package' is disallowed. "),
        "{description}"
    );
}

async fn s10_1_refusals_while_running_are_told_apart(stage: &Stage) {
    // Formats: plural, and the text without a line.
    let (message, description) =
        stage.told("u = '_'\nt = '{0.' + u * 2 + 'class' + u * 2 + '}'\nreturn t.format(1)").await;
    assert_eq!(message, "Security violations detected");
    assert!(
        description.contains("'__class__' is disallowed, because it can be used to bypass security restrictions."),
        "{description}"
    );
    assert!(!description.starts_with("Line"), "{description}");
}

async fn s10_1_a_refused_import_while_running(stage: &Stage) {
    // Imports: singular, and the text without a line.
    let (message, description) = stage.told("import importlib\nreturn importlib.import_module('sock' + 'et')").await;
    assert_eq!(message, "Security violation detected");
    assert!(
        description.starts_with(
            "Import of standard library module 'socket' is disallowed. Allowed stdlib modules: collections, "
        ),
        "{description}"
    );
    let (lines, advice) = description.split_once("\n\n").unwrap();
    assert!(
        !lines.contains('\n') && advice.contains("\n- socket: N8N_RUNNERS_STDLIB_ALLOW with socket, or "),
        "{description}"
    );
}

async fn s10_1_a_cancel_has_no_description(stage: &Stage) {
    let task = stage.endless(json!({})).await;
    stage.broker.cancel(&task.id, "");
    let error = stage.finish(task).await.verdict.unwrap_err();
    assert_eq!(json!(error), json!({"message": "Task was cancelled"}));
}

async fn s10_1_a_process_that_ends_is_told_by_its_code(stage: &Stage) {
    for (code, message, why) in [
        ("import os\nos._exit(7)", "Task subprocess exited with code 7", "os._exit(7)"),
        ("import os\nos._exit(0)", "Failed to read result from child process", "os._exit(0)"),
        ("import ctypes\nctypes.string_at(0)", "Task subprocess exited with code -11", "SIGSEGV"),
        // No signal can be sent from inside, so an abort ends as a fault does.
        ("import os\nos.abort()", "Task subprocess exited with code -11", "gave up"),
    ] {
        let (told, description) = stage.told(code).await;
        assert!(told == message && description.contains(why), "{code}: {told}: {description}");
    }
}

/// By somebody else, as the kernel does where there is no memory left.
async fn s10_1_a_process_that_is_killed_is_told_so(stage: &Stage) {
    let task = stage.endless(json!({})).await;
    let mut killed = false;
    while !killed {
        for pid in stage.runner.descendants().into_iter().filter(|pid| is_running(*pid)) {
            killed |= kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok();
        }
    }
    let error = stage.finish(task).await.verdict.unwrap_err();
    assert_eq!(error["message"], "Process was forcefully killed (SIGKILL)");
    assert!(error.contains_key("description"), "{error:?}");
}

async fn s12_05_lone_surrogates_in_texts_cost_no_process(stage: &Stage) {
    let (message, _) = stage.told(r"raise ValueError('a\ud800b')").await;
    assert!(message.starts_with('a') && message.ends_with('b') && message.chars().count() <= 8, "{message}");
    let outcome = stage.run(r"print('a\ud800b', ['\ud800'])").await;
    assert!(outcome.verdict.is_ok());
    assert!(outcome.prints[0][0].starts_with("'a") && outcome.prints[0][0].ends_with("b'"), "{:?}", outcome.prints);
}

async fn s12_17_a_description_is_a_text(stage: &Stage) {
    for value in ["5", "None", "{'no': 'text'}", "[]"] {
        let told = stage.told(&format!("e = ValueError('m')\ne.description = {value}\nraise e")).await;
        assert_eq!(told, ("m".to_owned(), "ValueError, line 3: raise e".to_owned()), "{value}");
    }
}
