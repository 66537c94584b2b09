//! Section 13: lines of the log.

use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::Stdio;
use std::time::Duration;

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::stage::{Stage, bare, settings, soon};

cases! {
    program:
        s13_a_terminal_gets_time_and_level,
        s13_without_colours_there_are_tabs;
    alone:
        s13_a_line_is_just_the_message,
        s13_text_of_users_begins_and_breaks_no_line,
        s13_json_is_one_object_a_line,
        s13_sentry_needs_a_build_that_has_it;
}

async fn s13_a_line_is_just_the_message() {
    let mut stage = Stage::start(&[("NO_COLOR", "1")]).await;
    assert!(stage.run("print('x')\nreturn 1").await.verdict.is_ok());
    stage.error("return 1 / 0").await;
    stage.runner.signal(Signal::SIGTERM);
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    for line in stage.runner.log().lines() {
        assert!(!line.contains('\u{1b}') && !line.contains('\t'), "{line}");
        let is_decorated =
            line.starts_with(|c: char| c.is_ascii_digit()) || line.contains("INFO") || line.contains("Traceback");
        assert!(!is_decorated, "{line}");
    }
    // No line of a library, and nothing on stderr, which is in the same file.
    let known = [
        "Starting runner...",
        "Connected to broker",
        "Registered with broker",
        "Accepted task ",
        "Received task ",
        "[user code] x",
        "Completed task ",
        "Task ",
        "Received SIGTERM signal",
        "Disconnected from broker",
        "Runner stopped",
        // What layers of this host are missing.
        "cgroup: ",
        "slot_uids: ",
        "user_namespace: ",
        "pid_namespace: ",
        "net_namespace: ",
        "ipc_namespace: ",
        "mount_namespace: ",
    ];
    for line in stage.runner.log().lines() {
        assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
    }
}

/// Text of users wherever it gets into a line, made to begin one.
async fn s13_text_of_users_begins_and_breaks_no_line() {
    let evil = "N\nRunner stopped\r\n\u{1b}[2JTask\u{2028}x\u{85}y";
    let stage = Stage::start(&[]).await;
    let names = json!({"nodeName": evil, "nodeId": evil, "workflowName": evil, "workflowId": evil});
    let code = "print('p\\nRunner stopped\\r\\x1b[2J\\u2028')\nreturn 1";
    assert!(stage.run_with(code, names.clone()).await.verdict.is_ok());
    stage.run_with("raise ValueError('e\\nRunner stopped')", names.clone()).await;
    stage.run_with("x = [", names.clone()).await;
    stage.run_with("import os\nRunner_stopped", names.clone()).await;
    stage.run_with("raise SystemExit('\\nRunner stopped')", names.clone()).await;
    // Ids of tasks come from n8n, and are no user's; still.
    let offer = stage.broker.open_offers().remove(0);
    stage.take_up(&offer, evil);
    stage.broker.cancel(evil, evil);
    stage.broker.cancel(evil, evil);
    stage.broker.send(&json!({"type": evil}));
    stage.broker.send(&json!({"type": "broker:tasksettings", "taskId": evil, "settings": {}}));
    let task = stage.accept().await;
    task.send_settings(&settings("return 1", json!({"nodeMode": evil})));
    assert!(stage.finish(task).await.verdict.is_err());
    stage.handled().await;
    let log = {
        let Stage { mut runner, broker, .. } = stage;
        runner.signal(Signal::SIGTERM);
        soon(runner.ends()).await;
        drop(broker);
        runner.log()
    };
    assert_eq!(log.lines().filter(|line| line.starts_with("Runner stopped")).count(), 1, "{log}");
    assert!(log.contains(r"p\nRunner stopped\r\u{1b}[2J\u{2028}"), "{log}");
    assert!(log.matches(r"N\nRunner stopped").count() >= 5, "{log}");
    let acts = |c: char| c != '\n' && (c.is_control() || c == '\u{2028}');
    assert!(!log.contains(acts), "{log:?}");
}

async fn s13_json_is_one_object_a_line() {
    let mut stage = Stage::start(&[("PALISADE_LOG", "json"), ("N8N_RUNNERS_STDLIB_ALLOW", "sys")]).await;
    let names = json!({"nodeName": "N\n{\"message\":\"forged\"}", "workflowId": "w7"});
    assert!(stage.run_with("print('a\\nb')\nreturn 1", names).await.verdict.is_ok());
    stage.error("import sys\nsys.stdout.write('{\"message\":\"forged\"}\\nb\\r')\nreturn 1 / 0").await;
    stage.runner.signal(Signal::SIGTERM);
    assert_eq!(stage.runner.ends().await.code(), Some(0));
    let lines: Vec<Value> = stage
        .runner
        .log()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    for line in &lines {
        assert!(line["time"].is_string() && line["level"].is_string() && line["message"].is_string(), "{line}");
        assert_ne!(line["message"], "forged");
    }
    let said: Vec<&str> =
        lines.iter().filter_map(|line| line["message"].as_str()?.strip_prefix("[user code] ")).collect();
    assert_eq!(said, [r"a\nb", r#"{"message":"forged"}"#, r"b\r"]);
    let events: Vec<&Value> = lines.iter().filter(|line| line["target"] == "palisade::task_event").collect();
    assert_eq!(events.iter().map(|event| event["outcome"].as_str().unwrap()).collect::<Vec<_>>(), ["done", "raised"]);
    for name in ["analyze_ms", "wait_ms", "run_ms", "reply_ms", "total_ms"] {
        assert!(events[0][name].is_number(), "{}", events[0]);
    }
    assert!(events[0]["layers"].as_array().unwrap().contains(&json!("seccomp")), "{}", events[0]);
}

async fn s13_sentry_needs_a_build_that_has_it() {
    let stage = Stage::start(&[("N8N_SENTRY_DSN", "no such thing")]).await;
    let part = if cfg!(feature = "sentry") { "Failed to initialize Sentry: " } else { "N8N_SENTRY_DSN is set, but " };
    stage.logs_from(part).await;
    assert!(stage.run("return 1").await.verdict.is_ok(), "it starts in every case");
    stage.stop().await;
}

/// What a runner without a broker writes on a terminal, until it has begun to look for one.
fn on_a_terminal(variables: &[(&str, &str)]) -> String {
    let terminal = openpty(None, None).unwrap();
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let mut all = vec![("N8N_RUNNERS_GRANT_TOKEN", "t"), ("N8N_RUNNERS_TASK_BROKER_URI", nobody.as_str())];
    all.extend(variables);
    let mut command = bare(&all);
    let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
    command.stdin(Stdio::null()).stdout(end(&terminal.slave)).stderr(end(&terminal.slave));
    let mut runner = command.spawn().unwrap();
    drop(command);
    drop(terminal.slave);
    let mut master = std::fs::File::from(terminal.master);
    let mut shown = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&shown).contains("retrying") {
        assert!(is_readable(&master), "{}", String::from_utf8_lossy(&shown));
        let read = master.read(&mut piece).unwrap();
        shown.extend(&piece[..read]);
    }
    kill(Pid::from_raw(i32::try_from(runner.id()).unwrap()), Signal::SIGTERM).unwrap();
    // Whoever writes to a terminal that nobody reads waits for ever.
    while master.read(&mut piece).is_ok_and(|read| read > 0) {}
    assert_eq!(runner.wait().unwrap().code(), Some(0));
    String::from_utf8(shown).unwrap()
}

fn is_readable(file: &std::fs::File) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(file.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::try_from(Duration::from_mins(1)).unwrap()).unwrap() > 0
}

/// `YYYY-MM-DD HH:MM:SS.mmm` at the beginning, and the rest.
fn timed(line: &str) -> &str {
    let shape: String = line.chars().take(23).map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    assert_eq!(shape, "9999-99-99 99:99:99.999", "{line}");
    &line[23..]
}

fn line<'a>(shown: &'a str, part: &str) -> &'a str {
    shown.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part} in {shown}")).trim_end()
}

const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";

fn s13_a_terminal_gets_time_and_level() {
    let shown = on_a_terminal(&[]);
    let info = timed(line(&shown, "Starting runner..."));
    assert!(info.starts_with("  ") && info.contains("INFO") && info.contains(GREEN), "{info:?}");
    let warning = timed(line(&shown, "retrying"));
    assert!(warning.contains("WARN") && warning.contains(YELLOW), "{warning:?}");
}

fn s13_without_colours_there_are_tabs() {
    let shown = on_a_terminal(&[("NO_COLOR", "")]);
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let info = timed(line(&shown, "Starting runner..."));
    let parts: Vec<&str> = info.split('\t').collect();
    assert_eq!((parts[0], parts[1].trim(), parts[2]), ("", "INFO", "Starting runner..."), "{info:?}");
}
