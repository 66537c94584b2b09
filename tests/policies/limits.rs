//! Limits and files that a policy names are those a task meets.

use std::fs;

use palisade::execute::ErrorKind;
use palisade_policy::{Given, Policies, only};
use serde_json::json;

use crate::common::engine::{Harness, LONG, Setup, settings};
use crate::common::sandbox::place;

async fn runner(policy: &str, stdlib: &str) -> Harness {
    let given = Given::default()
        .stdlib(only(stdlib.split(',')), palisade_policy::Origin::environment("N8N_RUNNERS_STDLIB_ALLOW"));
    let policies = Policies::from_text(policy, "test.toml", given).unwrap();
    Setup { policies: Some(policies), ..Setup::allowing(stdlib, "") }.start().await
}

/// Where children have user ids of their own the kernel refuses the thread; elsewhere the task is ended.
#[tokio::test]
async fn no_more_threads_than_the_policy_says() {
    const CODE: &str = "import threading, time\nstop = threading.Event()\nstarted = 0\n\
        try:\n    for _ in range(8):\n        threading.Thread(target=stop.wait, daemon=True).start()\n        started += 1\n\
        except RuntimeError:\n    pass\n\
        time.sleep(1)\nstop.set()\nreturn [{'json': {'started': started}}]";
    for (processes, least) in [(4, None), (32, Some(8))] {
        let runner = runner(&format!("[limits]\nprocesses = {processes}\n"), "threading,time").await;
        match (runner.task(&settings(CODE, json!({}))).await.verdict, least) {
            (Ok(result), Some(least)) => assert_eq!(result.get(), format!(r#"[{{"json":{{"started":{least}}}}}]"#)),
            // The first thread counts, and so do those of another runner's children of the same id.
            (Ok(result), None) => {
                let started: serde_json::Value = serde_json::from_str(result.get()).unwrap();
                assert!(started[0]["json"]["started"].as_u64().is_some_and(|count| count <= 3), "{started}");
            }
            (Err(error), None) => assert_eq!(
                error["message"],
                "Task was ended because it ran more than 4 threads (policy: limits.processes)"
            ),
            (Err(error), Some(_)) => panic!("{error:?}"),
        }
        runner.stop().await;
    }
}

#[tokio::test]
async fn cpu_time_is_the_policys_where_it_has_one() {
    let mut runner = runner("[limits]\ncpu_s = 1\n", "").await;
    let started = std::time::Instant::now();
    let error = runner.error("while True:\n    pass").await;
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("Task used more CPU time than its limit of 1 second"), "{message}");
    assert_eq!(runner.observed().error, Some(ErrorKind::Timeout));
    assert!(started.elapsed() < LONG, "the time limit of tasks did not have to help");
    runner.stop().await;
}

/// A listed folder can be read, and nothing beside it; nor can it be written to.
#[tokio::test]
async fn a_task_reads_the_files_that_are_listed_and_no_others() {
    let folder = place().join(format!("policy-{}-data", std::process::id()));
    let beside = folder.with_extension("secret");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("rates.csv"), "EUR,1\n").unwrap();
    fs::write(&beside, "secret").unwrap();
    let policy = format!(
        "[files]\nread = [{{ path = {folder:?}, reason = \"rates\" }}]\n[builtins]\ndeny = {{ remove = [\"open\"] }}\n"
    );
    let runner = runner(&policy, "").await;
    let attempt = |path: &std::path::Path, mode: &str| {
        format!("try:\n    return open({path:?}, {mode:?}).read()\nexcept OSError as error:\n    return error.errno")
    };
    let (eacces, eperm) = (nix::errno::Errno::EACCES as i32, nix::errno::Errno::EPERM as i32);
    assert_eq!(runner.result(&attempt(&folder.join("rates.csv"), "r")).await, json!("EUR,1\n"));
    assert_eq!(runner.result(&attempt(&beside, "r")).await, json!(eacces));
    assert_eq!(runner.result(&attempt(std::path::Path::new("/etc/passwd"), "r")).await, json!(eacces));
    for path in [folder.join("rates.csv"), folder.join("new")] {
        let refused = runner.result(&attempt(&path, "w")).await;
        assert!(refused == json!(eacces) || refused == json!(eperm), "{refused}");
    }
    assert_eq!(fs::read_to_string(folder.join("rates.csv")).unwrap(), "EUR,1\n");
    assert!(!folder.join("new").exists());
    runner.stop().await;
    let _ = fs::remove_file(beside);
    let _ = fs::remove_dir_all(folder);
}
