//! Every refusal, with its line and its remedy.

use super::*;

/// Text, and what each of its problems must hold, in their order.
fn refused(text: &str, expected: &[&[&str]]) {
    let error = load(text).expect_err(text);
    let found: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), expected.len(), "{text}\n{found:#?}");
    for (problem, parts) in found.iter().zip(expected) {
        for part in *parts {
            assert!(problem.contains(part), "{text}\n{problem:?} has no {part:?}");
        }
    }
}

#[test]
fn what_is_unknown_is_named_with_what_is_nearest() {
    refused(
        "[limits]\nmemory_mb = 5\n",
        &[&["test.toml:2: unknown key \"limits.memory_mb\"; did you mean limits.memory_mib?"]],
    );
    refused("[limit]\nprints = 5\n", &[&["test.toml:1: unknown key \"limit\"; did you mean limits?"]]);
    refused("memory_mib = 5\n", &[&["test.toml:1", "did you mean limits.memory_mib? Put it into the table [limits]"]]);
    refused("[layers]\ntier = \"auto\"\n", &[&["test.toml:2", "did you mean syscalls.tier?"]]);
    refused("qqq = 1\n", &[&["unknown key \"qqq\"; known are analyzer, "]]);
    refused("extends = \"strikt\"\n", &[&["test.toml:1: it extends the profile \"strikt\"", "; did you mean strict?"]]);
    refused("[profiles.a]\nmatch = []\n", &[&["a profile cannot hold match; put it at the top"]]);
}

#[test]
fn what_is_of_the_wrong_type_or_out_of_bounds_is_told_what_it_must_be() {
    refused(
        "[limits]\nprints = \"many\"\n",
        &[&["test.toml:2: limits.prints is of type string; it must be a whole number"]],
    );
    refused(
        "[limits]\nmemory_mib = 0\n",
        &[&["test.toml:2: limits.memory_mib is 0; it must be a whole number from 16 to"]],
    );
    refused("[limits]\nprints = -1\n", &[&["limits.prints is -1"]]);
    refused("[limits]\nprints = 1.5\n", &[&["limits.prints is of type float"]]);
    refused(
        "[dns]\n[network]\ndns = 1\n",
        &[&["unknown key \"dns\""], &["network.dns is of type integer; it must be true or false"]],
    );
    refused(
        "[layers]\nseccomp = \"maybe\"\n",
        &[&["layers.seccomp is \"maybe\"; it must be \"required\" or \"best-effort\" or \"off\""]],
    );
    refused("limits = 5\n", &[&["test.toml:1: limits is of type integer; it must be a table"]]);
    refused("extends = 5\n", &[&["extends is of type integer; it must be a text"]]);
    refused("[builtins]\ndeny = 5\n", &[&["builtins.deny is of type integer; it must be a list of { name"]]);
    refused("[limits\nprints = 5\n", &[&["test.toml:1: this is not TOML", "; correct the line"]]);
    refused("[limits]\nprints = 5\nprints = 6\n", &[&["test.toml:3: this is not TOML"]]);
    refused("match = 5\n", &[&["match is of type integer; write [[match]]"]]);
    refused("profiles = 5\n", &[&["profiles is of type integer; it must be a table"]]);
}

#[test]
fn every_problem_is_told_at_once() {
    refused(
        "[limits]\nmemory_mb = 5\nprints = true\n[layers]\nlandlock = \"on\"\n[[match]]\nprofile = \"strict\"\n",
        &[&[":2: "], &[":3: "], &[":5: "], &[":6: "]],
    );
    let error = load("a = 1\nb = 2\n").unwrap_err().to_string();
    assert!(
        error.starts_with("policy: 2 problems, which `palisade policy check` lists; the first: test.toml:1: "),
        "{error}"
    );
    assert!(load("a = 1\n").unwrap_err().to_string().starts_with("policy test.toml:1: unknown key"));
}

#[test]
fn entries_have_a_name_and_a_reason() {
    let list = |entries: &str| format!("[builtins]\ndeny = {entries}\n");
    refused(
        &list("[{ name = \"eval\" }]"),
        &[&["test.toml:2: the entry \"eval\" of builtins.deny has no reason; an entry is"]],
    );
    refused(&list("[{ name = \"eval\", reason = \" \" }]"), &[&["has no reason"]]);
    refused(&list("[{ reason = \"x\" }]"), &[&["has no name"]]);
    refused(&list("[\"eval\"]"), &[&["an entry of builtins.deny is of type string; an entry is {"]]);
    refused(&list("[{ name = \"eval\", reason = \"x\", why = 1 }]"), &[&["unknown key \"why\" in an entry"]]);
    refused(
        &list("[{ name = \"a\", reason = \"x\" }, { name = \"a\", reason = \"y\" }]"),
        &[&["builtins.deny lists \"a\" twice; leave one"]],
    );
    refused(
        &list("{ remove = [\"evil\"] }"),
        &[&["does not have \"evil\", so it cannot be removed; did you mean eval?"]],
    );
    refused(&list("{ remove = [5] }"), &[&["builtins.deny removes something of type integer; list the names"]]);
    refused(&list("{ set = [] }"), &[&["unknown key \"set\" in builtins.deny"]]);
    refused(
        &list("{ remove = [\"eval\"], add = [{ name = \"eval\", reason = \"x\" }] }"),
        &[&["builtins.deny adds and removes \"eval\"; leave one"]],
    );
}

#[test]
fn matches_and_profiles_name_each_other() {
    refused(
        "[[match]]\nprofile = \"strict\"\n",
        &[&["test.toml:1: a match that every task fits; add one of workflow_id"]],
    );
    refused("[[match]]\nnode_id = \"n\"\n", &[&["a match has no profile; add profile"]]);
    refused(
        "[[match]]\nnode_id = \"n\"\nprofile = \"strikt\"\n",
        &[&["test.toml:3: a match names the profile \"strikt\"", "did you mean strict?"]],
    );
    refused(
        "[[match]]\nnode = \"n\"\nprofile = \"strict\"\n",
        &[&["unknown key \"node\" in a match; did you mean node_"]],
    );
    refused("[[match]]\nnode_id = 5\nprofile = \"strict\"\n", &[&["node_id is of type integer; it must be a text"]]);
    refused(
        "[profiles.strict]\n",
        &[&["test.toml:1: \"strict\" is the name of a built-in profile; give it another name"]],
    );
    refused(
        "[profiles.default]\n",
        &[&["there are two default profiles: the top of the file is the default one; move"]],
    );
    refused("[profiles.\"A b\"]\n", &[&["\"A b\" cannot be the name of a profile; use up to 64 of a to z"]]);
    refused("[profiles.a]\n[profiles.a]\n", &[&["this is not TOML"]]);
    refused(
        "[profiles.a]\nextends = \"b\"\n[profiles.b]\nextends = \"a\"\n",
        &[&["test.toml:2", "circle: b extends a extends b"], &["test.toml:4", "circle: a extends b extends a"]],
    );
    refused("[profiles.a]\nextends = \"a\"\n", &[&["circle: a extends a; let one of them extend a built-in profile"]]);
    refused("extends = \"a\"\n[profiles.a]\n", &[&["circle"], &["circle"]]);
}

#[test]
fn the_network_needs_what_bounds_it() {
    let ports = "[network]\nconnect_tcp = [{ port = 443, reason = \"x\" }]\n";
    let layers =
        |landlock: &str, net: &str| format!("{ports}[layers]\nlandlock = \"{landlock}\"\nnet_namespace = \"{net}\"\n");
    assert!(load(&layers("required", "off")).is_ok());
    for net in ["required", "best-effort"] {
        refused(
            &layers("required", net),
            &[&[
                "test.toml:2: network.connect_tcp with a network namespace of its own (test.toml:5)",
                "set layers.net_namespace = \"off\"",
            ]],
        );
    }
    for landlock in ["off", "best-effort"] {
        refused(
            &layers(landlock, "off"),
            &[&["without Landlock being required (test.toml:4)", "set layers.landlock = \"required\""]],
        );
    }
    refused("[network]\ndns = true\n", &[&["test.toml:2: network.dns without network.connect_tcp"]]);
    let port = |port: &str| format!("[network]\nconnect_tcp = [{{ port = {port}, reason = \"x\" }}]\n");
    refused(&port("0"), &[&["holds the port 0; ports are 1 to 65535"]]);
    refused(&port("65536"), &[&["holds the port 65536"]]);
    refused(&port("\"443\""), &[&["has no port; an entry is { port"]]);
}

#[test]
fn files_of_the_host_are_named_whole_and_are_none_of_the_kernels() {
    let read = |path: &str| format!("[files]\nread = [{{ path = {path:?}, reason = \"x\" }}]\n");
    for (path, part) in [
        ("/", "that is every file there is; put what"),
        ("//./", "that is every file there is"),
        ("/proc", "neither devices nor the kernel's files"),
        ("/proc/self/environ", "neither devices"),
        ("/sys/kernel", "neither devices"),
        ("/dev/null", "neither devices"),
        ("data", "it is relative; write the path from / on"),
        ("/usr/../proc", "it goes up by ..; write the path without"),
        ("/nonexistent/data", "it cannot be opened: "),
    ] {
        refused(&read(path), &[&["test.toml:2: files.read of", part]]);
    }
    let link = std::env::temp_dir().join(format!("palisade-policy-link-{}", std::process::id()));
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink("/proc/self", &link).unwrap();
    refused(&read(&link.to_string_lossy()), &[&["it leads to /proc/"]]);
    std::fs::remove_file(&link).unwrap();
    assert!(policy(&read("/usr")).abilities.files, "reading needs the ability");
}

#[test]
fn a_secret_of_the_runner_is_shown_to_no_task() {
    let folder = std::env::temp_dir().join(format!("palisade-policy-secret-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let token = folder.join("token");
    std::fs::write(&token, "x").unwrap();
    let link = folder.with_extension("link");
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let given = || nothing().secret(&token, Origin::environment("N8N_RUNNERS_GRANT_TOKEN_FILE"));
    for path in [&folder, &token, &link] {
        let text = format!("[files]\nread = [{{ path = {path:?}, reason = \"x\" }}]\n");
        let found = problems_of(Policies::from_text(&text, "test.toml", given()));
        assert!(found.starts_with("test.toml:2: files.read of"), "{found}");
        assert!(found.contains("which environment N8N_RUNNERS_GRANT_TOKEN_FILE names; put the secret"), "{found}");
    }
    assert!(
        Policies::from_text("[files]\nread = [{ path = \"/usr\", reason = \"x\" }]\n", "test.toml", given()).is_ok()
    );
    std::fs::remove_file(&link).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn limits_do_not_contradict_each_other() {
    let limits = |text: &str| format!("[limits]\nmemory_mib = 64\nresult_mib = 16\n{text}\n");
    assert!(load(&limits("")).is_ok());
    assert!(load("[limits]\nmemory_mib = 64\n").is_ok(), "a default says nothing against it");
    assert!(load(&DEFAULT.replace("memory_mib = 1024 ", "memory_mib = 64 ")).is_ok(), "nor does a copy of it");
    refused(
        "[limits]\nmemory_mib = 64\nresult_mib = 65\n",
        &[&["test.toml:3: limits.result_mib is more than a task's memory: limits.memory_mib = 64 (test.toml:2)"]],
    );
    refused(
        &limits("stack_mib = 65"),
        &[&["test.toml:4: limits.stack_mib is more", "; make it smaller, or limits.memory_mib larger"]],
    );
    // More than that is never read of one print, so it would be cut in silence.
    assert!(load(&limits("print_bytes = 1048576")).is_ok());
    refused(
        &limits("print_bytes = 1048577"),
        &[&["test.toml:4: limits.print_bytes is 1048577; it must be a whole number from 0 to 1048576"]],
    );
    refused(&limits("code_bytes = 67108865"), &[&["limits.code_bytes is more"]]);
    refused(
        &limits("processes = 1\n[syscalls]\ntier = \"threads\""),
        &[&["limits.processes = 1 leaves no thread to start"]],
    );
    refused(
        "[scratch]\nsize_mib = 1\n[layers]\nmount_namespace = \"off\"\n",
        &[&["test.toml:2: a scratch folder without a mount namespace (test.toml:4)"]],
    );
}

#[test]
fn tiers_are_as_wide_as_what_they_hold() {
    let read = "[files]\nread = [{ path = \"/usr\", reason = \"x\" }]\n[syscalls]\ntier = \"threads\"\n";
    refused(
        read,
        &[&[
            "test.toml:2: syscalls.tier is narrower than files.read of /usr needs: files; set syscalls.tier = \"auto\"",
        ]],
    );
    refused("[scratch]\nsize_mib = 1\n[syscalls]\ntier = \"strict\"\n", &[&["scratch.size_mib needs: scratch"]]);
    let narrow = Policies::from_text("[syscalls]\ntier = \"strict\"\n", "test.toml", stdlib("threading,json")).unwrap();
    assert_eq!(narrow.default_profile().abilities, Abilities::default());
    let warnings = narrow.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].contains("test.toml:2: syscalls.tier is narrower than module threading"),
        "{warnings:?}"
    );
    let abilities = |text: &str, list: &str| {
        let policies = Policies::from_text(text, "test.toml", stdlib(list)).unwrap();
        let warnings = policies.warnings();
        assert!(warnings.iter().all(|warning| warning.contains("language layer is void")), "{warnings:?}");
        policies.default_profile().abilities.names()
    };
    assert_eq!(abilities("", "json,queue"), [""; 0]);
    assert_eq!(abilities("", "threading"), ["threads"]);
    assert_eq!(abilities("", "concurrent"), ["threads"]);
    assert_eq!(abilities("", "asyncio"), ["threads", "event_loop"]);
    assert_eq!(abilities("", "*"), ["threads", "event_loop", "files"]);
    assert_eq!(abilities("[syscalls]\ntier = \"files\"\n", ""), ["threads", "files"]);
    assert_eq!(abilities("[scratch]\nsize_mib = 1\n", ""), ["scratch"]);
}

#[test]
fn layers_that_hold_each_other_up_are_not_taken_apart() {
    refused(
        "[layers]\nno_new_privs = \"off\"\n",
        &[
            &["test.toml:2: layers.no_new_privs is off, which layers.landlock = \"required\" (built-in default.toml:"],
            &["which layers.seccomp = \"required\""],
        ],
    );
    refused(
        "[layers]\nlandlock = \"off\"\nseccomp = \"off\"\n",
        &[&["test.toml:3: Landlock and seccomp are both off", "\"neither-landlock-nor-seccomp\""]],
    );
    assert!(load("[layers]\nlandlock = \"off\"\n").is_ok() && load("[layers]\nseccomp = \"off\"\n").is_ok());
    let files = |landlock: &str, more: &str| {
        let text = format!("[layers]\nlandlock = \"{landlock}\"\n{more}");
        Policies::from_text(&text, "test.toml", stdlib("*"))
    };
    for landlock in ["off", "best-effort"] {
        let text = problems_of(files(landlock, ""));
        assert!(text.starts_with("test.toml:2: tasks open files, and Landlock is not required"), "{text}");
        assert!(text.contains("\"files-without-landlock\""), "{text}");
    }
    let accept = "[risks]\naccept = [{ name = \"files-without-landlock\", reason = \"a test\" }]\n";
    let accepted = files("off", accept).unwrap();
    assert!(accepted.warnings()[0].contains("(accepted at test.toml:4: a test)"), "{:?}", accepted.warnings());
    let unknown = accept.replace("files-without-landlock", "files-without-landlok");
    refused(&unknown, &[&["no risk that can be accepted; did you mean files-without-landlock?"]]);
}

#[test]
fn module_lists_name_what_is_compared() {
    let list = |path: &str, name: &str| format!("[modules]\n{path} = [{{ name = \"{name}\", reason = \"x\" }}]\n");
    refused(&list("stdlib", "os.path"), &[&["test.toml:2: modules.stdlib names \"os.path\"", "; write \"os\""]]);
    refused(
        &list("stdlib", "numpy"),
        &[&["which is not in the standard library, so it allows nothing; put it into modules.external"]],
    );
    refused(&list("external", "json"), &[&["which is in the standard library", "put it into modules.stdlib"]]);
    refused(
        "[modules]\nstdlib = [{ name = \"*\", reason = \"x\" }, { name = \"os\", reason = \"x\" }]\n",
        &[&["modules.stdlib has \"*\" among other names; \"*\" must stand alone"]],
    );
    let taken = Policies::from_text("[modules]\nstdlib = { remove = [\"os\"] }\n", "test.toml", stdlib("*"));
    assert!(problems_of(taken).contains("allows \"*\", which \"os\" cannot be taken out of; name the modules"));
    let refuse = format!("{}refuse = [{{ name = \"json\", reason = \"a test\" }}]\n", list("stdlib", "json"));
    refused(
        &refuse,
        &[&["test.toml:2: modules.stdlib allows \"json\", but test.toml:3 refuses \"json\": a test; name only"]],
    );
}

#[test]
fn switched_off_checks_are_warned_of() {
    let policies = load("[analyzer]\nenabled = false\n[interpreter]\nguards = false\n").unwrap();
    assert_eq!(policies.warnings().len(), 2, "{:?}", policies.warnings());
    assert!(policies.default_profile().rules().allows_everything());
    assert!(!policies.default_profile().interpreter.guards);
}

/// A file is the operator's, but a broken one must not take the program with it.
#[test]
fn no_text_is_too_strange() {
    for text in [
        "\0",
        "\u{feff}",
        "[",
        "[[",
        "a.b.c.d = 1",
        "[[match]]\n[[match.x]]",
        "limits.prints.x = 1",
        "\"\" = 1",
        "[profiles]\n\"\" = {}",
    ] {
        let _ = load(text);
    }
    let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(load(&deep).is_err());
    let long = format!("[limits]\n{} = 1\n", "x".repeat(500_000));
    assert!(load(&long).is_err());
}
