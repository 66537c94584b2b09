//! Section 1: what comes of the values, with a broker.

use std::fs;

use palisade::embedded::{EmbeddedBroker, Recorded};
use serde_json::json;
use tempfile::TempDir;

use crate::runner::Runner;
use crate::stage::{Stage, TOKEN, options, pause, soon};

cases! {
    alone:
        s1_every_value_may_come_from_a_file,
        s1_only_host_and_port_of_the_broker_count,
        s1_no_concurrency_means_no_offers,
        s1_flags_are_true_only_for_true,
        s1_variables_that_are_let_through,
        s1_levels_of_the_log;
    Plain:
        s1_five_tasks_at_once_by_default,
        s1_nothing_may_be_imported_by_default;
}

async fn s1_every_value_may_come_from_a_file() {
    let broker = EmbeddedBroker::start(options()).await.unwrap();
    let folder = TempDir::new().unwrap();
    let uri = broker.uri();
    let values = [
        ("N8N_RUNNERS_GRANT_TOKEN", TOKEN),
        ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str()),
        ("N8N_RUNNERS_ID", "from-a-file"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "2"),
        ("N8N_RUNNERS_MAX_PAYLOAD", "100_000"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "1"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "2"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "7"),
        ("N8N_RUNNERS_STDLIB_ALLOW", "json"),
        ("N8N_RUNNERS_EXTERNAL_ALLOW", "no_such_package"),
        ("N8N_RUNNERS_BUILTINS_DENY", "len"),
        ("N8N_BLOCK_RUNNER_ENV_ACCESS", "true"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "True"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_HOST", "127.0.0.1"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0"),
    ];
    let mut variables = Vec::new();
    for (name, value) in values {
        let file = folder.path().join(name);
        fs::write(&file, format!(" \n{value}\r\n\t")).unwrap();
        variables.push((format!("{name}_FILE"), file.to_str().unwrap().to_owned()));
    }
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut runner = Runner::start(&variables);
    let connected = Recorded::Connected("from-a-file".to_owned());
    let is_it = |entry: &palisade::embedded::Entry| entry.what == connected;
    soon(broker.wait_for(|all| all.iter().any(is_it).then_some(()))).await;
    assert_eq!(runner.get("/").await, (200, "OK".to_owned()));

    let run = async |code: &str| soon(broker.run_task(&crate::stage::settings(code, json!({})))).await.unwrap().verdict;
    let error = run("import re, numpy").await.unwrap_err();
    let refusals = "Line 1: Import of standard library module 're' is disallowed. Allowed stdlib modules: json\n\
         Line 1: Import of external package 'numpy' is disallowed. Allowed external packages: no_such_package";
    assert_eq!(error["description"].as_str().unwrap().split_once("\n\n").unwrap().0, refusals);
    assert_eq!(run("return len").await.unwrap_err()["message"], "name 'len' is not defined");
    assert!(run("return eval").await.is_ok(), "an own list replaces the default");
    assert_eq!(run("while True: pass").await.unwrap_err()["message"], "Task execution timed out after 1 second");
    // Two slots, so a third task is not accepted, and both are offered again.
    let (one, two) = (soon(broker.begin_task()).await.unwrap(), soon(broker.begin_task()).await.unwrap());
    pause(400).await;
    assert!(broker.open_offers().is_empty());
    broker.cancel(&one.id, "");
    broker.cancel(&two.id, "");
    // It ends by itself.
    assert_eq!(runner.ends().await.code(), Some(0), "{}", runner.log());
    assert!(runner.log().contains("Reached idle timeout"), "{}", runner.log());
}

async fn s1_only_host_and_port_of_the_broker_count() {
    for form in ["http://{}/some/path?x=1#y", "ws://{}"] {
        let broker = EmbeddedBroker::start(options()).await.unwrap();
        let uri = form.replace("{}", &broker.address().to_string());
        let runner = Runner::start(&[("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", &uri)]);
        runner.logs("Registered with broker").await;
    }
}

async fn s1_no_concurrency_means_no_offers() {
    for value in ["0", "-2"] {
        let stage = Stage::start(&[("N8N_RUNNERS_MAX_CONCURRENCY", value)]).await;
        stage.logs("Registered with broker").await;
        pause(400).await;
        stage.handled().await;
        assert!(stage.received("runner:taskoffer").is_empty());
        stage.stop().await;
    }
}

async fn s1_flags_are_true_only_for_true() {
    // The token is not in it, whatever is let through.
    const CODE: &str =
        "import os\nreturn [len(os.environ) > 0, 'N8N_RUNNERS_GRANT_TOKEN' in os.environ, os.environ.get('X')]";
    for (value, seen) in [(" TRUE ", "[false,false,null]"), ("1", "[true,false,\"y\"]"), ("", "[true,false,\"y\"]")] {
        let variables = [
            ("N8N_BLOCK_RUNNER_ENV_ACCESS", value),
            ("N8N_RUNNERS_STDLIB_ALLOW", "os"),
            ("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "1"),
            ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "0"),
            ("X", "y"),
        ];
        let stage = Stage::start(&variables).await;
        assert_eq!(stage.result(CODE).await, seen, "{value}");
        assert!(!stage.log().contains("Health check server"), "{}", stage.log());
        stage.stop().await;
    }
}

async fn s1_variables_that_are_let_through() {
    const CODE: &str =
        "import os\nreturn [sorted(k for k in os.environ if k in ('X', 'Y', 'PATH')), os.environ.get('X')]";
    for (list, seen) in [(" X ,, Y", r#"[["X","Y"],"1"]"#), ("*", r#"[["PATH","X","Y"],"1"]"#), ("", "[[],null]")] {
        let variables = [("N8N_RUNNER_ENV_ALLOW", list), ("N8N_RUNNERS_STDLIB_ALLOW", "os"), ("X", "1"), ("Y", "2")];
        let stage = Stage::start(&variables).await;
        assert_eq!(stage.result(CODE).await, seen, "{list}");
        stage.stop().await;
    }
}

async fn s1_levels_of_the_log() {
    // Levels that a line of each is shown at.
    for (level, shown) in [
        ("debug", [true, true, true]),
        ("Info", [false, true, true]),
        ("no such level", [false, true, true]),
        ("WARNING", [false, false, true]),
        ("error", [false, false, true]),
        ("CRITICAL", [false, false, false]),
    ] {
        let stage = Stage::start(&[("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", level)]).await;
        stage.error("return 1 / 0").await;
        let log = {
            let Stage { mut runner, broker, .. } = stage;
            runner.signal(nix::sys::signal::Signal::SIGTERM);
            soon(runner.ends()).await;
            drop(broker);
            runner.log()
        };
        let is_shown = [": in force", "Starting runner...", " failed"].map(|part| log.contains(part));
        assert_eq!(is_shown, shown, "{level}:\n{log}");
    }
}

async fn s1_five_tasks_at_once_by_default(stage: &Stage) {
    let mut tasks = Vec::new();
    for _ in 0..5 {
        tasks.push(stage.accept().await);
    }
    stage.handled().await;
    assert!(stage.broker.open_offers().is_empty());
    for task in tasks {
        stage.broker.cancel(&task.id, "");
    }
    stage.offers(5).await;
}

async fn s1_nothing_may_be_imported_by_default(stage: &Stage) {
    let error = stage.error("import json, numpy").await;
    let (stdlib, external) = ("Allowed stdlib modules: none", "Allowed external packages: none");
    let description = error["description"].as_str().unwrap();
    assert!(description.contains(stdlib) && description.contains(external), "{description}");
}
