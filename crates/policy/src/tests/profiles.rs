//! How profiles are put together and chosen.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// A folder of the test's own, gone with it.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("palisade-policy-{}-{count}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        Self(folder)
    }

    fn load(&self) -> Result<Policies, PolicyError> {
        Policies::load(Some(&self.0), nothing())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_says_only_what_differs_and_every_value_knows_where_it_was_set() {
    let policy = policy("extends = \"strict\"\n[limits]\n\nprints = 7\n");
    assert_eq!((policy.limits.prints, policy.limits.memory_mib, policy.limits.stack_mib), (7, 256, 8));
    let origin = |path: &str| policy.values.get(path).unwrap().origin.to_string();
    assert_eq!(origin("limits.prints"), "test.toml:4");
    assert!(origin("limits.memory_mib").starts_with("built-in strict.toml:"), "{}", origin("limits.memory_mib"));
    assert!(origin("limits.stack_mib").starts_with("built-in default.toml:"));
}

#[test]
fn a_complete_file_of_old_keeps_working() {
    let old = policy(
        &DEFAULT
            .replace("memory_mib = 1024 ", "memory_mib = 64\n")
            .replace("prints = 100 ", "prints = 5\n")
            .replace("result_mib = 256", "result_mib = 32"),
    );
    assert_eq!((old.limits.memory_mib, old.limits.prints), (64, 5));
}

#[test]
fn lists_are_replaced_or_edited_and_entries_know_where_they_came_from() {
    let edited = policy(
        "[builtins]\ndeny = { remove = [\"eval\"], add = [{ name = \"map\", reason = \"test\" }] }\n\
         [analyzer]\nformat_methods = [{ name = \"x\", reason = \"test\" }]\n",
    );
    assert!(!edited.builtins_deny.contains(&"eval".to_owned()) && edited.builtins_deny.contains(&"map".to_owned()));
    assert_eq!(edited.rules().format_methods, words("x"));
    let origin = |name: &str| {
        let items = edited.values.items("builtins.deny");
        items.iter().find(|item| item.name == name).map(|item| item.origin.to_string()).unwrap()
    };
    assert_eq!(origin("map"), "test.toml:2");
    assert!(origin("exec").starts_with("built-in default.toml:"));
}

#[test]
fn variables_fill_what_files_say_nothing_of_and_contradictions_are_refused() {
    let own = "[modules]\nstdlib = [{ name = \"json\", reason = \"test\" }]\n";
    let from = |text: &str, list: &str| Policies::from_text(text, "test.toml", stdlib(list));
    assert!(from("", "re").unwrap().default_profile().stdlib.permits("re"));
    assert!(from(own, "").unwrap().default_profile().stdlib.permits("json"), "an empty variable says nothing");
    assert!(from(own, "json").is_ok(), "both say the same");
    let text = problems_of(from(own, "re"));
    assert!(
        text.starts_with("test.toml:2: modules.stdlib is set here, and to something else by environment N8N_"),
        "{text}"
    );
    // On top of the variable.
    let added = "[modules]\nstdlib = { add = [{ name = \"json\", reason = \"test\" }] }\n";
    let both = from(added, "re").unwrap();
    assert!(both.default_profile().stdlib.permits("re") && both.default_profile().stdlib.permits("json"));
    assert_eq!(from(added, "*").unwrap().default_profile().stdlib, Allow::All, "all is more than any name");
    // A complete copy of the default has its lists without meaning them.
    let deny = nothing().builtins_deny(Some(Vec::new()), Origin::environment("N8N_RUNNERS_BUILTINS_DENY"));
    let copy = Policies::from_text(DEFAULT, "copy.toml", deny).unwrap();
    assert!(copy.default_profile().builtins_deny.is_empty());
    // A profile that differs from the default one may.
    let two = format!("[profiles.other]{}\n[[match]]\n", own.replace("[modules]", "\n[profiles.other.modules]"))
        .replace("[[match]]\n", "");
    let two = format!("match = [{{ workflow_id = \"w\", profile = \"other\" }}]\n{two}");
    let two = from(&two, "re").unwrap();
    assert_eq!(two.profile("other").unwrap().stdlib, only(["json"]));
    assert_eq!(two.default_profile().stdlib, only(["re"]));
    // An option of the command line is about whatever profile is used.
    let option = nothing().stdlib(only(["re"]), Origin::option("--allow-stdlib"));
    assert!(Policies::from_text(own, "test.toml", option).is_err());
}

#[test]
fn profiles_inherit_the_variables_with_the_default_profile() {
    let text = "[limits]\nprints = 7\n[profiles.big]\n[profiles.big.limits]\nmemory_mib = 2048\n";
    let policies = Policies::from_text(text, "test.toml", stdlib("re")).unwrap();
    let big = policies.profile("big").unwrap();
    assert_eq!((big.limits.memory_mib, big.limits.prints), (2048, 7), "the default one is this file's");
    assert!(big.stdlib.permits("re"));
    assert_eq!(policies.in_use().count(), 1, "nobody chooses it");
    let only = policies.only("big").unwrap();
    assert_eq!((only.default_profile().name.as_str(), only.in_use().count()), ("big", 1));
}

#[test]
fn the_first_match_wins_and_all_its_names_must_be_equal() {
    let policies = load(
        "[[match]]\nworkflow_id = \"w1\"\nnode_name = \"Code\"\nprofile = \"big\"\n\
         [[match]]\nworkflow_id = \"w1\"\nprofile = \"strict\"\n\
         [[match]]\nnode_id = \"n9\"\nprofile = \"default\"\n\
         [profiles.big.limits]\nmemory_mib = 2048\n",
    )
    .unwrap();
    let names: Vec<_> = policies.in_use().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["default", "big", "strict"]);
    let choose = |workflow_id, node_name, node_id| {
        let labels = Labels { workflow_id, node_name, node_id, workflow_name: None };
        policies.choose(&labels).map(|one| (one.profile.clone(), one.origin.to_string()))
    };
    let chosen = |profile: &str, line: usize| Some((profile.to_owned(), format!("test.toml:{line}")));
    assert_eq!(choose(Some("w1"), Some("Code"), None), chosen("big", 1));
    assert_eq!(choose(Some("w1"), Some("code"), None), chosen("strict", 5));
    assert_eq!(choose(Some("w2"), Some("Code"), Some("n9")), chosen("default", 8));
    assert_eq!(choose(Some("w2"), Some("Code"), None), None);
    assert_eq!(choose(None, Some("Code"), None), None, "what is not known is equal to nothing");
    assert!(
        policies.warnings().iter().any(|warning| warning.starts_with("test.toml:8: who edits")),
        "by a node's id alone"
    );
}

#[test]
fn a_folder_has_a_profile_in_each_file() {
    let folder = Folder::new(&[
        ("default.toml", "match = [{ workflow_id = \"w\", profile = \"big\" }]\n[limits]\nprints = 3\n"),
        ("big.toml", "[limits]\nmemory_mib = 2048\n"),
        ("bigger.toml", "extends = \"big\"\n[limits]\nresult_mib = 300\n"),
        (".hidden.toml", "nonsense"),
        ("README.md", "nonsense"),
    ]);
    let policies = folder.load().unwrap();
    let bigger = policies.profile("bigger").unwrap();
    assert_eq!((bigger.limits.memory_mib, bigger.limits.result_mib, bigger.limits.prints), (2048, 300, 3));
    assert_eq!(policies.in_use().count(), 2);
    let place = bigger.values.get("limits.memory_mib").unwrap().origin.to_string();
    assert!(place.ends_with("big.toml:2"), "{place}");

    let without_default = Folder::new(&[("big.toml", "[limits]\nmemory_mib = 2048\n")]);
    let policies = without_default.load().unwrap();
    assert_eq!(policies.default_profile().limits.memory_mib, 1024, "the built-in one");
    assert_eq!(policies.profile("big").unwrap().limits.memory_mib, 2048);
}

#[test]
fn folders_and_files_that_cannot_be_policies_are_refused() {
    let refused = |files: &[(&str, &str)]| problems_of(Folder::new(files).load());
    assert!(refused(&[]).contains("holds no .toml file; put profiles there"));
    assert!(refused(&[("Big Profile.toml", "")]).contains("cannot be the name of a profile; name files by"));
    assert!(refused(&[("strict.toml", "")]).contains("is the name of a built-in profile; give it another name"));
    let outside = refused(&[("a.toml", "match = [{ node_id = \"n\", profile = \"a\" }]\n")]);
    assert!(outside.contains("a.toml:1: a match outside of default.toml; write it to default.toml"), "{outside}");
    let nested = refused(&[("a.toml", "[profiles.b]\n")]);
    assert!(nested.contains("inside of a file of a folder; write it to b.toml"), "{nested}");
    let load = |path: &Path| problems_of(Policies::load(Some(path), nothing()));
    let missing = load(Path::new("/nonexistent/policy.toml"));
    assert!(
        missing.contains("/nonexistent/policy.toml cannot be read") && missing.contains("data-science"),
        "{missing}"
    );
    let folder = Folder::new(&[("long.toml", &"#".repeat(2 << 20))]);
    assert!(load(&folder.0.join("long.toml")).contains("longer than"));
    fs::write(folder.0.join("bytes.toml"), [0xff, 0xfe]).unwrap();
    assert!(load(&folder.0.join("bytes.toml")).contains("utf-8"));
}
