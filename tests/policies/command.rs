//! `palisade policy` and `--profile`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::common::check::{json, palisade, text, written};
use crate::common::sandbox::{User, place};

fn policy(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let variables: Vec<(&str, &Path)> = variables.iter().map(|(name, value)| (*name, Path::new(*value))).collect();
    palisade(User::Ordinary, &[&["policy"], arguments].concat(), &variables)
}

/// What a command that must succeed prints.
fn said(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = policy(arguments, variables);
    assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
    text(&output.stdout).to_owned()
}

/// The lines of a command that must refuse the policy.
fn refused(arguments: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
    let output = policy(arguments, variables);
    assert_eq!(output.status.code(), Some(1), "{arguments:?} {output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    text(&output.stderr).lines().map(ToOwned::to_owned).collect()
}

/// A file of the test's own, gone with it.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: &str) -> Self {
        Self(written(&format!("policy-{}-{name}.toml", std::process::id()), content, 0o644))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path of the test's own")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

const TWO: &str = "[limits]\nprints = 7\n[[match]]\nworkflow_id = \"w1\"\nnode_name = \"Heavy\"\nprofile = \"big\"\n\
    [profiles.big.limits]\nmemory_mib = 2048\n";

#[test]
fn show_tells_the_place_of_every_value_in_three_forms() {
    let file = File::new("show", TWO);
    let variables = [("PALISADE_POLICY", file.path()), ("N8N_RUNNERS_STDLIB_ALLOW", "re,threading")];
    let shown = said(&["show"], &variables);
    assert!(
        shown.starts_with("profile default; abilities: threads\nprofiles in use: default, big; matches: 1\n"),
        "{shown}"
    );
    let line = |start: &str| {
        shown.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}")).to_owned()
    };
    assert!(line("limits.prints = 7").ends_with(&format!("({}:2)", file.path())));
    assert!(line("limits.stack_mib = 8").contains("(built-in default.toml:"));
    assert!(line("  threading: ").ends_with("(environment N8N_RUNNERS_STDLIB_ALLOW)"));
    assert!(line("match ").contains("workflow_id = \"w1\", node_name = \"Heavy\" -> big"));

    let shown: Value =
        serde_json::from_str(&said(&["show", "--profile", "big", "--format", "json"], &variables)).unwrap();
    assert_eq!(shown["profile"], "big");
    assert_eq!(shown["values"]["limits.memory_mib"]["value"], 2048);
    assert_eq!(shown["values"]["limits.memory_mib"]["origin"], format!("{}:8", file.path()));
    assert_eq!(shown["abilities"]["threads"], true);
    assert_eq!(shown["matches"][0]["profile"], "big");
    assert_eq!(shown["values"].as_object().unwrap().len(), palisade_policy::keys().len());
}

/// What is shown as TOML is a policy file, and means the same.
#[test]
fn what_is_shown_as_toml_can_be_used() {
    for profile in ["default", "strict", "data-science", "network"] {
        let shown = said(&["show", "--profile", profile, "--format", "toml"], &[]);
        let file = File::new(&format!("again-{profile}"), &shown);
        let again: Value =
            serde_json::from_str(&said(&["show", "--format", "json"], &[("PALISADE_POLICY", file.path())])).unwrap();
        let first: Value =
            serde_json::from_str(&said(&["show", "--profile", profile, "--format", "json"], &[])).unwrap();
        assert_eq!(again["abilities"], first["abilities"]);
        for key in palisade_policy::keys() {
            let plain = |shown: &Value| match &shown["values"][key.path]["value"] {
                Value::Array(items) => items.iter().map(|item| item["name"].clone()).collect(),
                value => value.clone(),
            };
            assert_eq!(plain(&again), plain(&first), "{profile} {}", key.path);
        }
    }
}

#[test]
fn check_lists_everything_that_is_wrong() {
    let wrong =
        File::new("wrong", "[limits]\nmemory_mb = 5\nprints = -1\n[[match]]\nnode_id = \"n\"\nprofile = \"none\"\n");
    for lines in [refused(&["check", wrong.path()], &[]), refused(&["check"], &[("PALISADE_POLICY", wrong.path())])] {
        assert_eq!(lines.len(), 3, "{lines:?}");
        for (line, (number, part)) in
            lines.iter().zip([(2, "did you mean"), (3, "it must be"), (6, "known are default")])
        {
            let start = format!("palisade: policy {}:{number}: ", wrong.path());
            assert!(line.starts_with(&start) && line.contains(part), "{line}");
        }
    }
    let right = File::new("right", TWO);
    let text = said(&["check", right.path()], &[]);
    assert!(text.contains("nothing is wrong\nprofiles in use: default, big; matches: 1"), "{text}");
    for name in ["default", "strict", "data-science", "network"] {
        said(&["check", name], &[]);
    }
    let strict = refused(&["check", "strict"], &[("N8N_RUNNERS_STDLIB_ALLOW", "pickle")]);
    assert!(
        strict[0].contains("environment N8N_RUNNERS_STDLIB_ALLOW") && strict[0].contains("refuses \"pickle\""),
        "{strict:?}"
    );
    let missing = refused(&["check", "data-sciense"], &[]);
    assert!(missing[0].contains("built-in profiles default, strict, data-science, network"), "{missing:?}");
    let weak = File::new("weak", "[[match]]\nnode_name = \"Code\"\nprofile = \"strict\"\n");
    assert!(said(&["check", weak.path()], &[]).contains("\nwarning: "));
    let folder = place().join(format!("policy-{}-folder", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("small.toml"), "[limits]\nmemory_mib = 300\n").unwrap();
    assert!(said(&["check", folder.to_str().unwrap()], &[]).contains("nothing is wrong"));
    fs::write(folder.join("small.toml"), "[limits]\nmemory_mib = 30\nresult_mib = 31\n").unwrap();
    assert!(refused(&["check", folder.to_str().unwrap()], &[])[0].contains("small.toml:3"));
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_token_is_in_no_file_that_tasks_may_read() {
    let token = place().join(format!("policy-{}-token", std::process::id()));
    fs::write(&token, "secret").unwrap();
    let file = File::new("token", &format!("[files]\nread = [{{ path = {:?}, reason = \"x\" }}]\n", place()));
    let variables = [("PALISADE_POLICY", file.path()), ("N8N_RUNNERS_GRANT_TOKEN_FILE", token.to_str().unwrap())];
    let lines = refused(&["check"], &variables);
    assert!(lines[0].contains("shows tasks the secret in"), "{lines:?}");
    said(&["check"], &variables[..1]);
    fs::remove_file(&token).unwrap();
}

#[test]
fn explain_tells_why() {
    let file = File::new("explain", TWO);
    let variables = [("PALISADE_POLICY", file.path()), ("N8N_RUNNERS_STDLIB_ALLOW", "asyncio")];
    let explained = |what: &[&str]| said(&[&["explain"], what].concat(), &variables);
    let key = explained(&["limits.memory_mib"]);
    assert!(key.contains("in profile default: 1024, set at built-in default.toml:"), "{key}");
    assert!(key.contains(&format!("in profile big: 2048, set at {}:8", file.path())), "{key}");
    assert!(key.contains("it can be a whole number from 16 to"), "{key}");
    assert!(explained(&["__globals__"]).contains("is in analyzer.blocked_attributes"));
    let module = explained(&["module", "asyncio"]);
    assert!(
        module.contains("environment N8N_RUNNERS_STDLIB_ALLOW") && module.contains("threads, event_loop"),
        "{module}"
    );
    assert!(explained(&["module", "numpy", "--profile", "data-science"]).contains("built-in data-science.toml:"));
    assert!(explained(&["module", "os"]).contains("not allowed"));
    let task = explained(&["task", "--workflow-id", "w1", "--node-name", "Heavy"]);
    assert!(task.contains(&format!("so the task gets the profile big, by the match at {}:3", file.path())), "{task}");
    let task = explained(&["task", "--workflow-id", "w1"]);
    assert!(
        task.contains("does not fit") && task.contains("no match fits, so the task gets the profile default"),
        "{task}"
    );
    for what in [&["limits.memory_mb"][..], &["module"], &["modul", "json"]] {
        let output = policy(&[&["explain"], what].concat(), &variables);
        assert_eq!(output.status.code(), Some(64), "{what:?} {output:?}");
    }
}

#[test]
fn commands_take_a_profile() {
    let script = File::new("script", "import json\nreturn []");
    let environment = [crate::common::check::python(), ("N8N_RUNNERS_STDLIB_ALLOW", Path::new("json"))];
    let run = |arguments: &[&str]| palisade(User::Ordinary, arguments, &environment);
    let ran = run(&["run", "--json", "--profile", "strict", script.path()]);
    assert_eq!((ran.status.code(), &json(&ran)["report"]["profile"]), (Some(0), &"strict".into()), "{ran:?}");
    let ran = run(&["run", script.path()]);
    assert!(text(&ran.stderr).contains("; profile default; "), "{ran:?}");
    assert_eq!(run(&["analyze", "--profile", "strict", script.path()]).status.code(), Some(0));
    let unknown = run(&["run", "--profile", "stric", script.path()]);
    assert!(text(&unknown.stderr).contains("there is no profile \"stric\"; did you mean strict?"), "{unknown:?}");
}
