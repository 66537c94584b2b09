//! What starts, and what does not.

use std::path::Path;

use crate::common::check::{is_well_formed, json, palisade, python, row, text, written};
use crate::common::sandbox::User;

/// Results that a policy promises and that there is no memory for would fail one by one.
#[test]
fn results_that_could_never_be_sent_refuse_the_start() {
    let policy = written(&format!("policy-{}-answers.toml", std::process::id()), "[limits]\nresult_mib = 300\n", 0o644);
    let code = written(&format!("policy-{}-answers.py", std::process::id()), "return []", 0o644);
    let variables = |mib: &'static str| {
        [python(), ("PALISADE_POLICY", policy.as_path()), ("PALISADE_ANSWER_MEMORY_MIB", Path::new(mib))]
    };
    let [served, ran] = ["serve", "run"].map(|command| {
        let mut all = variables("299").to_vec();
        all.push(("N8N_RUNNERS_GRANT_TOKEN", Path::new("token")));
        all.push(("N8N_RUNNERS_TASK_BROKER_URI", Path::new("http://127.0.0.1:9")));
        let arguments = if command == "run" { vec![command, code.to_str().unwrap()] } else { vec![command] };
        palisade(User::Ordinary, &arguments, &all)
    });
    for (refused, said) in [(&served, &served.stdout), (&ran, &ran.stderr)] {
        let said = text(said);
        assert!(!refused.status.success(), "{refused:?}");
        let line = said.lines().find(|line| line.contains("limits.result_mib")).expect(said);
        let place =
            format!("profile default: limits.result_mib = 300 ({}:2) is more than the 299 MiB", policy.display());
        assert!(line.contains(&place) && line.contains("set PALISADE_ANSWER_MEMORY_MIB to 300 or more"), "{line}");
    }
    let fits = palisade(User::Ordinary, &["run", code.to_str().unwrap()], &variables("300"));
    assert_eq!(fits.status.code(), Some(0), "{fits:?}");
    let _ = (std::fs::remove_file(policy), std::fs::remove_file(code));
}

/// All profiles or none: tasks must not find out one by one that theirs is missing.
#[test]
fn a_profile_that_cannot_be_sealed_refuses_the_whole_start_and_is_named() {
    // An ordinary user can give nobody a user id.
    let policy = written(
        &format!("policy-{}-start.toml", std::process::id()),
        "[[match]]\nworkflow_id = \"w\"\nprofile = \"own-ids\"\n[profiles.own-ids.layers]\nslot_uids = \"required\"\n",
        0o644,
    );
    let variables = [
        python(),
        ("PALISADE_POLICY", policy.as_path()),
        ("N8N_RUNNERS_GRANT_TOKEN", Path::new("token")),
        // Nobody listens there, and nobody is asked.
        ("N8N_RUNNERS_TASK_BROKER_URI", Path::new("http://127.0.0.1:9")),
    ];
    let served = palisade(User::Ordinary, &["serve"], &variables);
    assert_eq!(served.status.code(), Some(1), "{served:?}");
    let said = text(&served.stdout);
    assert!(said.contains("profile own-ids: sandbox layer slot_uids is required, but the runner lacks"), "{said}");

    let checked = palisade(User::Ordinary, &["check", "--json"], &variables);
    let report = json(&checked);
    is_well_formed(&report);
    assert_eq!((checked.status.code(), &report["profile"]), (Some(1), &"default".into()), "{report:#}");
    assert_eq!(row(&report, "sealed_child")["result"], "pass", "the default one can be sealed: {report:#}");
    let own = row(&report, "profile");
    assert_eq!(own["result"], "fail");
    assert!(own["found"].as_str().unwrap().starts_with("own-ids: none: the layer slot_uids is required"), "{own}");

    // One that nobody matches may be as it likes.
    let default = palisade(User::Ordinary, &["check", "--json", "--profile", "default"], &variables);
    assert_eq!(default.status.code(), Some(0), "{default:?}");
    let _ = std::fs::remove_file(policy);
}

#[test]
fn check_has_a_row_for_every_profile_in_use() {
    for user in User::all() {
        let policy = written(
            &format!("policy-{}-rows-{}.toml", std::process::id(), user.uid()),
            "[[match]]\nworkflow_id = \"w\"\nprofile = \"strict\"\n",
            0o644,
        );
        let variables = [python(), ("PALISADE_POLICY", policy.as_path())];
        let checked = palisade(user, &["check", "--json"], &variables);
        let report = json(&checked);
        is_well_formed(&report);
        assert_eq!(checked.status.code(), Some(0), "{report:#}");
        let other = row(&report, "profile");
        assert_eq!((&other["result"], &other["found"]), (&"pass".into(), &"strict: verified from outside".into()));
        let strict = palisade(user, &["check", "--json", "--profile", "strict"], &variables);
        let report = json(&strict);
        assert_eq!((strict.status.code(), &report["profile"]), (Some(0), &"strict".into()));
        assert!(row(&report, "rlimits")["found"].as_str().unwrap().contains(" 16 open files"), "{report:#}");
        let _ = std::fs::remove_file(policy);
    }
}

/// Its ports and its resolver are what this kernel has rules for; one without them is told so (tests/check_hosts.rs).
#[test]
fn the_network_profile_runs() {
    let script = written(&format!("policy-{}-network.py", std::process::id()), "return []", 0o644);
    for user in User::all() {
        let ran = palisade(user, &["run", "--profile", "network", script.to_str().unwrap()], &[python()]);
        assert_eq!(ran.status.code(), Some(0), "{user:?}: {ran:?}");
        assert!(text(&ran.stderr).contains("profile network"), "{ran:?}");
    }
    let _ = std::fs::remove_file(script);
}
