//! Tasks get the profile that their workflow and node are matched to, and run with its limits, rules and interpreter.

use palisade::config::{TaskConfig, Variables};
use palisade::plan::plan_all;
use palisade_policy::{Given, Origin, Policies, Policy, only};
use serde_json::{Value, json};

use crate::common::engine::{Harness, Setup, interpreter, settings};

/// Three profiles that differ in memory, prints and modules.
const POLICY: &str = r#"
[limits]
memory_mib = 192
result_mib = 16
prints = 3

[[match]]
workflow_id = "W-big"
node_name = "Tight"
profile = "tight"

[[match]]
workflow_id = "W-big"
profile = "big"

[[match]]
node_id = "n-tight"
profile = "tight"

[profiles.big.limits]
memory_mib = 512
prints = 5

[profiles.tight]
extends = "strict"
[profiles.tight.limits]
memory_mib = 64
prints = 1
[profiles.tight.modules]
stdlib = [{ name = "math", reason = "a test" }]
"#;

fn policies() -> Policies {
    let given = Given::default().stdlib(only(["json", "math"]), Origin::environment("N8N_RUNNERS_STDLIB_ALLOW"));
    Policies::from_text(POLICY, "test.toml", given).unwrap()
}

async fn runner() -> Harness {
    Setup { policies: Some(policies()), ..Setup::allowing("json,math", "") }.start().await
}

/// What comes of code under these labels: the result or the error's message and description, how many prints came, and the
/// profile that the report names.
async fn ran(runner: &mut Harness, code: &str, labels: Value) -> (Result<Value, String>, usize, String) {
    let outcome = runner.task(&settings(code, labels)).await;
    let observed = runner.observed();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let verdict = match outcome.verdict {
        Ok(result) => Ok(serde_json::from_str(result.get()).unwrap()),
        Err(error) => {
            Err(format!("{} {}", text(&error["message"]), error.get("description").map(text).unwrap_or_default()))
        }
    };
    (verdict, observed.prints.len(), observed.report.profile.expect("every task has a profile"))
}

/// Labels, and the profile they mean.
fn choices() -> [(Value, &'static str); 6] {
    [
        (json!({}), "default"),
        (json!({"workflowId": "W-big", "nodeName": "Code"}), "big"),
        (json!({"workflowId": "W-big", "nodeName": "Tight"}), "tight"),
        (json!({"workflowId": "w-big", "nodeName": "Tight"}), "default"),
        (json!({"nodeId": "n-tight"}), "tight"),
        (json!({"workflowName": "W-big"}), "default"),
    ]
}

#[tokio::test]
async fn memory_prints_and_modules_are_those_of_the_chosen_profile() {
    let mut runner = runner().await;
    for (labels, profile) in choices() {
        let (memory, prints) = match profile {
            "big" => (512, 5),
            "tight" => (64, 1),
            _ => (192, 3),
        };
        let (_, printed, ran_with) =
            ran(&mut runner, "for i in range(9):\n    print(i)\nreturn []", labels.clone()).await;
        assert_eq!((printed, ran_with.as_str()), (prints, profile), "{labels}");

        let fits = format!("return [{{'json': {{'n': len(bytes({} << 20))}}}}]", memory / 2);
        let (result, _, _) = ran(&mut runner, &fits, labels.clone()).await;
        assert_eq!(result.unwrap()[0]["json"]["n"], (memory / 2) << 20, "{labels}");
        let too_much = format!("return [{{'json': {{'n': len(bytes({} << 20))}}}}]", memory + 32);
        let error = ran(&mut runner, &too_much, labels.clone()).await.0.unwrap_err();
        assert!(error.contains(&format!("limit of {memory} MiB (policy: limits.memory_mib)")), "{labels}: {error}");

        let (json, _, _) = ran(&mut runner, "import json\nreturn [{'json': {'n': 1}}]", labels.clone()).await;
        match (profile, json) {
            ("tight", Err(text)) => {
                assert!(text.contains("'json' is disallowed. Allowed stdlib modules: math"), "{text}");
            }
            (_, json) => assert_eq!(json.unwrap()[0]["json"]["n"], 1, "{labels}"),
        }
    }
    let names: Vec<_> = runner.engine.profiles().map(|profile| profile.name.clone()).collect();
    assert_eq!(names, ["default", "tight", "big"]);
    runner.stop().await;
}

/// What one profile's forkserver has imported, another's has not: each has one of its own, and spares of its own.
#[tokio::test]
async fn every_profile_has_a_forkserver_and_spares_of_its_own() {
    let setup = Setup { policies: Some(policies()), concurrency: 3, ..Setup::allowing("json,math", "") };
    let runner = setup.start().await;
    let mut pids = Vec::new();
    for (profile, spares) in runner.engine.profiles().zip([3, 2, 2]) {
        profile.pool().filled().await;
        assert_eq!(profile.pool().spares(), spares, "{}", profile.name);
        pids.push(profile.pool().forkserver().expect("a forkserver").pid);
    }
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 3);
    runner.stop().await;
}

/// A child of one profile must not share its user id with one of another: they could signal each other.
#[test]
fn user_ids_of_two_profiles_do_not_overlap() {
    let policies = policies();
    let in_use: Vec<&Policy> = policies.in_use().collect();
    let config = TaskConfig::from_variables(&Variables::default(), &|path| std::fs::read(path)).unwrap();
    let planned = plan_all(&in_use, interpreter(), &config, 5).unwrap();
    let mut ranges: Vec<_> = planned.iter().filter_map(|planned| planned.recipe.jail.slot_uids).collect();
    if ranges.is_empty() {
        return crate::common::sandbox::skip("this test was not started with what user ids for children need");
    }
    assert_eq!(ranges.len(), 3);
    ranges.sort_by_key(|range| range.first);
    assert!(ranges.windows(2).all(|pair| pair[0].first + pair[0].count <= pair[1].first), "{ranges:?}");
    let limits: Vec<_> =
        planned.iter().map(|planned| planned.recipe.seal.limits.unwrap().address_space >> 20).collect();
    assert_eq!(limits, [192, 64, 512]);
}

/// The guards hold user code back from what lies in the interpreter; without them it has what Python gives everybody.
#[tokio::test]
async fn without_guards_user_code_has_the_real_builtins_and_imports() {
    const CODE: &str = "import sys\nimport os.path as p\nfrom builtins import open as o\n\
        names = {'eval': eval('1 + 1'), 'type': type(1).__name__, 'import': __import__('os').name,\n\
        'exec': exec('from sys import maxsize\\nx = maxsize'), 'module': sys.modules['os'] is not None}\n\
        print('heard')\nreturn [{'json': names}]";
    for guards in [true, false] {
        let mut setup = Setup { judge: false, ..Setup::allowing("", "") };
        setup.change = Box::new(move |policy| policy.interpreter.guards = guards);
        let mut runner = setup.start().await;
        let (result, prints, _) = ran(&mut runner, CODE, json!({})).await;
        match result {
            Err(text) if guards => {
                assert!(text.contains("Import of standard library module 'sys' is disallowed"), "{text}");
            }
            result => {
                let expected = json!({"eval": 2, "type": "int", "import": "posix", "exec": null, "module": true});
                assert!(!guards, "the guards hold");
                assert_eq!((result.unwrap()[0]["json"].clone(), prints), (expected, 1));
            }
        }
        runner.stop().await;
    }
}

/// The switch is about names and imports; size, nesting and syntax are judged all the same.
#[tokio::test]
async fn an_analyzer_that_is_off_still_bounds_the_text() {
    let mut setup = Setup::allowing("", "");
    let policy = "[analyzer]\nenabled = false\n[limits]\ncode_bytes = 1000\n";
    setup.policies = Some(Policies::from_text(policy, "test.toml", Given::default()).unwrap());
    let mut runner = setup.start().await;
    let (result, ..) = ran(&mut runner, "return [{'json': {'n': (1).__class__.__name__}}]", json!({})).await;
    assert_eq!(result.unwrap()[0]["json"]["n"], "int");
    let (result, ..) = ran(&mut runner, &format!("# {}\nreturn []", "x".repeat(1000)), json!({})).await;
    assert!(result.is_err());
    let (result, ..) = ran(&mut runner, "import os\nreturn []", json!({})).await;
    assert!(result.unwrap_err().contains("'os' is disallowed"), "the import guard is there");
    runner.stop().await;
}
