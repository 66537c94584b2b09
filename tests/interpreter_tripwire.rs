//! The alarm: what no task can do unless it got past the interpreter's hardening ends it, and is told.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod engine;
}

use common::engine::{Harness, Setup, settings};
use palisade::execute::ErrorKind;
use palisade_policy::{Given, Origin, Policies, only};
use serde_json::json;

/// A door is left open on purpose: `replace` of code objects, whose audit event is on the tripwire.
const OPEN_DOOR: &str = "[analyzer]\nenabled = false\n[builtins]\ndeny = []\n\
    [interpreter]\nremovals = { remove = [\"types.CodeType.replace\"] }\n";

const THROUGH_IT: &str = "print('before')\ntry:\n    (lambda: 1).__code__.replace(co_name='x')\nexcept BaseException:\n    pass\nreturn 'past it'";

async fn runner(policy: &str, modules: &[&str]) -> Harness {
    let given = Given::default().stdlib(only(modules.iter().copied()), Origin::environment("N8N_RUNNERS_STDLIB_ALLOW"));
    let policies = Policies::from_text(policy, "test.toml", given).unwrap();
    Setup { policies: Some(policies), ..Setup::allowing(&modules.join(","), "") }.start().await
}

#[tokio::test]
async fn an_event_no_task_can_raise_ends_it_and_the_next_task_runs() {
    let mut runner = runner(OPEN_DOOR, &[]).await;
    let outcome = runner.task(&settings(THROUGH_IT, json!({}))).await;
    let error = outcome.verdict.expect_err("it ends");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("made the interpreter do what no task may: code.__new__"), "{message}");
    let observed = runner.observed();
    assert_eq!((observed.error, observed.report.killed_by), (Some(ErrorKind::Tripwire), Some("tripwire")));
    assert_eq!(observed.prints.len(), 1, "what was said before is kept");
    assert_eq!(runner.result("return 1").await, json!(1));
    runner.stop().await;
}

/// What is done by right is no alarm, and neither is anything where the policy takes the event off its list.
#[tokio::test]
async fn what_the_policy_allows_is_no_alarm() {
    let no_event = format!("{OPEN_DOOR}tripwire = {{ remove = [\"code.__new__\"] }}\n");
    let quiet = runner(&no_event, &[]).await;
    assert_eq!(quiet.result(THROUGH_IT).await, json!("past it"));
    quiet.stop().await;
    let by_right = "import mmap, platform, uuid\nm = mmap.mmap(-1, 10)\nm[0] = 1\nplatform.uname()\n\
        platform.processor()\nuuid.getnode()\nreturn 'past it'";
    let allowed = runner("", &["mmap", "platform", "uuid"]).await;
    let outcome = allowed.task(&settings(by_right, json!({}))).await;
    // The kernel may refuse the memory; that is an exception.
    let text = format!("{:?}", outcome.verdict);
    assert!(!text.contains("what no task may"), "{text}");
    allowed.stop().await;
}
