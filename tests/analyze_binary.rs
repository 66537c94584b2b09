//! `palisade analyze`: the built program, its exit codes and its outputs.
#![allow(clippy::unwrap_used, reason = "a test that cannot start its program is none")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A module that is not allowed, and an attribute; the second line has a character of two bytes before it.
const HOSTILE: &str = "import os\nx = 'é', ().__class__\nreturn x\n";

struct Scripts(TempDir);

impl Scripts {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn palisade() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.arg("analyze").env_clear().stdin(Stdio::null());
    command
}

#[track_caller]
fn run(code: i32, command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(code), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[track_caller]
fn json(code: i32, command: &mut Command, format: &str) -> Value {
    serde_json::from_str(&run(code, command.args(["--format", format]))).unwrap()
}

#[test]
fn the_exit_code_says_clean_refused_or_unjudged() {
    let scripts = Scripts::new();
    let clean = scripts.file("clean.py", "return [{'json': {}}]");
    let hostile = scripts.file("hostile.py", HOSTILE);
    assert_eq!(run(0, palisade().arg(&clean)), "");
    run(1, palisade().arg(&hostile));
    run(1, palisade().args([&hostile, &clean]));
    for (name, text) in [
        ("syntax.py", &b"if x\n"[..]),
        ("nul.py", b"x\0"),
        ("deep.py", &vec![b'('; 100_000]),
        ("large.py", &vec![b'#'; 2 << 20]),
        ("latin.py", b"'\xe9'"),
    ] {
        let unjudged = scripts.file(name, text);
        let said = run(2, palisade().arg(&unjudged));
        assert!(said.starts_with(unjudged.to_str().unwrap()), "{name}: {said}");
        // The worse code wins, and the others are still told of.
        assert!(run(2, palisade().args([&unjudged, &hostile])).contains("'__class__'"), "{name}");
    }
    run(2, palisade().arg("no/such/script.py"));
    run(2, palisade().arg(scripts.0.path()));
    run(2, &mut palisade());
    run(2, palisade().arg(&clean).arg("--unknown"));
    run(2, palisade().arg(&clean).args(["--format", "xml"]));
    run(2, palisade().arg(&clean).args(["--policy", "no/such/policy.toml"]));
    run(2, palisade().arg(&clean).args(["--profile", "none such"]));
    run(0, palisade().arg("--help"));
}

#[test]
fn the_text_shows_the_place_the_reason_and_the_setting() {
    let scripts = Scripts::new();
    let file = scripts.file("hostile.py", HOSTILE);
    let said = run(1, palisade().arg(&file));
    let lines: Vec<&str> = said.lines().collect();
    let name = file.display();
    assert!(
        lines[0].starts_with(&format!("{name}:1:8: Import of standard library module 'os' is disallowed.")),
        "{said}"
    );
    assert_eq!(lines[1..3], ["    import os", "           ^^"], "{said}");
    assert!(lines[3].starts_with("  reason: it is not on the list modules.stdlib"), "{said}");
    assert!(lines[4].contains("N8N_RUNNERS_STDLIB_ALLOW with os"), "{said}");
    assert!(lines[5].starts_with(&format!("{name}:2:13: Access to attribute '__class__' is disallowed")), "{said}");
    assert_eq!(lines[6..8], ["    x = 'é', ().__class__", "                ^^^^^^^^^"], "{said}");
    assert!(lines[8].starts_with("  reason: from a value to its class (built-in default.toml:"), "{said}");
    assert_eq!(lines[9], "  allowed by: [analyzer] blocked_attributes = { remove = [\"__class__\"] }", "{said}");
}

#[test]
fn a_syntax_error_has_its_line_column_and_caret() {
    let scripts = Scripts::new();
    let said = run(2, palisade().arg(scripts.file("bad.py", "x = 1\ny = (2]\n")));
    assert!(said.contains("bad.py:2:7: closing parenthesis ']' does not match opening parenthesis '('"), "{said}");
    assert!(said.ends_with("    y = (2]\n          ^\n"), "{said}");
}

#[test]
fn stdin_is_a_script() {
    let mut child = palisade().arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(HOSTILE.as_bytes()).unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8(stdout).unwrap().starts_with("<stdin>:1:8: "));
    assert_eq!(run(0, palisade().arg("-")), "", "no code is clean code");
}

#[test]
fn lists_policies_and_profiles_decide() {
    let scripts = Scripts::new();
    let file = scripts.file("hostile.py", HOSTILE);
    assert_eq!(json(1, palisade().arg(&file), "json")["files"][0]["findings"].as_array().unwrap().len(), 2);
    let found = json(1, palisade().arg(&file).args(["--allow-stdlib", "os"]), "json");
    assert_eq!(found["files"][0]["findings"].as_array().unwrap().len(), 1);
    run(0, palisade().arg(&file).args(["--allow-stdlib", "*", "--allow-external", "*"]));
    let policy = "[modules]\nstdlib = [{ name = \"os\", reason = \"files\" }]\n\
                  [analyzer]\nblocked_attributes = { remove = [\"__class__\"] }\ndunders_are_names = false\n\
                  [profiles.mine]\n[profiles.mine.analyzer]\nblocked_names = { add = [{ name = \"x\", reason = \"our own\" }] }\n";
    let policy = scripts.file("policy.toml", policy);
    assert_eq!(run(0, palisade().arg(&file).arg("--policy").arg(&policy)), "");
    run(0, palisade().arg(&file).env("PALISADE_POLICY", &policy));
    let mine = json(1, palisade().arg(&file).arg("--policy").arg(&policy).args(["--profile", "mine"]), "json");
    assert_eq!(mine["profile"], "mine");
    let reason = mine["files"][0]["findings"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("our own (") && reason.contains("policy.toml:8"), "{reason}");
}

#[test]
fn json_has_all_there_is() {
    let scripts = Scripts::new();
    let files = [
        scripts.file("a.py", "pass"),
        scripts.file("b.py", HOSTILE),
        scripts.file("c.py", "x = (\n"),
        scripts.0.path().join("d.py"),
    ];
    let found = json(2, palisade().args(&files), "json");
    let result = |index: usize| found["files"][index]["result"].as_str().unwrap().to_owned();
    assert_eq!([0, 1, 2, 3].map(result), ["clean", "refused", "unjudged", "unjudged"]);
    assert_eq!(found["files"][1]["file"], files[1].to_str().unwrap());
    let attribute = &found["files"][1]["findings"][1];
    assert_eq!(attribute["rule"], "attribute");
    assert_eq!(
        ["line", "column", "end_line", "end_column"].map(|key| attribute[key].as_u64()),
        [2, 13, 2, 22].map(Some)
    );
    assert_eq!(attribute["allowed_by"], "[analyzer] blocked_attributes = { remove = [\"__class__\"] }");
    assert_eq!(found["files"][2]["findings"][0]["rule"], "syntax_error");
    assert_eq!(found["files"][3]["findings"][0]["line"], Value::Null);
}

#[test]
fn sarif_has_the_shape_of_2_1_0() {
    let scripts = Scripts::new();
    let files = [scripts.file("a b.py", HOSTILE), scripts.file("c.py", "x = ("), scripts.file("clean.py", "")];
    let log = json(2, palisade().args(&files), "sarif");
    assert_eq!((log["version"].as_str(), log["runs"].as_array().unwrap().len()), (Some("2.1.0"), 1));
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "palisade");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "{result}");
        assert!(!rules[index]["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert_eq!(result["level"], "error");
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.ends_with("/a%20b.py") || uri.ends_with("/c.py"), "{uri}");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert!(place["region"]["endColumn"].as_u64() >= place["region"]["startColumn"].as_u64());
    }
    let region = &results[1]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["snippet"]["text"], "x = 'é', ().__class__");
    assert_eq!(
        ["startLine", "startColumn", "endLine", "endColumn"].map(|key| region[key].as_u64().unwrap()),
        [2, 13, 2, 22]
    );

    let missing = json(2, palisade().arg(Path::new("no/such.py")), "sarif");
    assert_eq!(missing["runs"][0]["invocations"][0]["executionSuccessful"], false);
    let clean = json(0, palisade().arg(&files[2]), "sarif");
    assert_eq!(clean["runs"][0]["results"], Value::Array(Vec::new()));
}

#[test]
fn github_gets_one_command_a_finding_whatever_the_script_holds() {
    let scripts = Scripts::new();
    let file = scripts.file("hostile.py", HOSTILE);
    let said = run(1, palisade().arg(&file).args(["--format", "github"]));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines.iter().all(|line| line.starts_with("::error file=")), "{said}");
    assert!(lines[1].contains(",line=2,endLine=2,col=13,endColumn=22,title=attribute::Access to attribute"), "{said}");
    assert!(lines[1].contains("%0AAllowed by: [analyzer]"), "{said}");
    // A name of a file, and of a script, that would like to be a command.
    let file = scripts.file("x\n::error ::y.py", "'{0.__class__}' \\\n '\\n::error ::z'");
    let said = run(1, palisade().arg(&file).args(["--format", "github"]));
    assert_eq!((said.lines().count(), said.matches("\n::").count()), (1, 0), "{said}");
}

#[test]
fn control_characters_of_a_script_do_not_reach_a_terminal() {
    let scripts = Scripts::new();
    let file = scripts.file("escape.py", "x = '\x1b[2J', y.__class__, '\u{202e}'\n");
    let said = run(1, palisade().arg(&file));
    assert!(!said.contains('\x1b') && !said.contains('\u{202e}'), "{said:?}");
    let lines: Vec<&str> = said.lines().collect();
    let (at, marked) = (lines[1].find("__class__").unwrap(), lines[2].find('^').unwrap());
    assert_eq!(at, marked, "{said}");
}
