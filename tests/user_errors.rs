//! What a Code-node author is told of an error: `user_errors/*.py` through the whole runner, each with a snapshot of all that
//! n8n gets; lines of odd texts; and exceptions that are made to lie, to last or to grow.
//!
//! A snapshot that is to change is written anew with `INSTA_UPDATE=always`, and read before it is committed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/inline.rs"]
mod inline;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use engine::{Harness, Setup, abridged, settings};
use serde_json::{Map, Value, json};

/// The beginning of a script that Python's own traceback differs from, with the reason behind it.
const NO_ORACLE: &str = "# No oracle: ";

fn setup() -> Setup {
    let mut setup = Setup::allowing("json,logging,sys", "");
    setup.config.builtins_deny = Some(Vec::new());
    setup
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/user_errors");
    let mut found: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    found.sort();
    found
}

async fn error_of(runner: &Harness, code: &str, more: Value) -> Map<String, Value> {
    let outcome = runner.task(&settings(code, more)).await;
    outcome.verdict.err().unwrap_or_else(|| panic!("it did not fail: {}", abridged(code)))
}

/// All fields as they are read: short ones first.
fn page(error: &Map<String, Value>) -> String {
    let mut page = String::new();
    for name in ["message", "lineNumber", "column", "itemIndex"] {
        if let Some(value) = error.get(name) {
            writeln!(page, "{name}: {value}").unwrap();
        }
    }
    for name in ["description", "stack"] {
        match error.get(name) {
            Some(text) => writeln!(page, "---- {name}\n{}", text.as_str().unwrap()).unwrap(),
            None => writeln!(page, "---- no {name}").unwrap(),
        }
    }
    let known = ["message", "lineNumber", "column", "itemIndex", "description", "stack"];
    assert!(error.keys().all(|key| known.contains(&key.as_str())), "{error:?}");
    page
}

#[tokio::test]
async fn errors_are_told_as_their_snapshots_say() {
    let runner = setup().start().await;
    let mut told = BTreeMap::new();
    for script in scripts() {
        let code = std::fs::read_to_string(&script).unwrap();
        let error = error_of(&runner, &code, json!({})).await;
        let name = script.file_stem().unwrap().to_str().unwrap().to_owned();
        insta::with_settings!({
            snapshot_path => "user_errors", prepend_module_to_snapshot => false, omit_expression => true,
        }, { insta::assert_snapshot!(name, page(&error)) });
        if !code.starts_with(NO_ORACLE) {
            told.insert(script, error["stack"].as_str().unwrap().to_owned());
        }
    }
    runner.stop().await;
    assert!(told.len() > 10);
    as_python_tells(&told);
}

/// Python's own tracebacks are the judge of ours.
fn as_python_tells(told: &BTreeMap<PathBuf, String>) {
    let output = Command::new(inline::python())
        .arg("-I")
        .arg(Path::new(inline::ROOT).join("tests/python/tracebacks.py"))
        .args(told.keys())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected: BTreeMap<PathBuf, String> = serde_json::from_slice(&output.stdout).unwrap();
    for (script, stack) in told {
        let is_drawn = |line: &str| line.contains('^') && line.chars().all(|c| " |^".contains(c));
        let without: Vec<_> = stack.lines().filter(|line| !is_drawn(line)).collect();
        let expected = expected[script].replace("<module>.<locals>.", "");
        // Python leaves out no frames of this many, we do.
        match without.iter().position(|line| line.ends_with("frames are left out]")) {
            Some(cut) => {
                let (first, last) = (without[..cut].join("\n"), without[cut + 1..].join("\n"));
                assert!(expected.starts_with(&first) && expected.ends_with(&last), "{}\n{stack}", script.display());
            }
            None => assert_eq!(without.join("\n"), expected, "{}", script.display()),
        }
    }
}

#[tokio::test]
async fn lines_are_the_users_own() {
    let runner = setup().start().await;
    let long = format!("{}1 / 0", "\n".repeat(5000));
    for (code, line, source) in [
        ("# one\r\n\r\nx = 1\r\n1 / 0\r\n", 4, "1 / 0"),
        ("x = 1\r1 / 0\r", 2, "1 / 0"),
        ("x = '''a\nb\r\nc\rd'''\n1 / 0", 5, "1 / 0"),
        ("x = 1\n\x0c\n\x0c1 / 0", 3, "1 / 0"),
        ("x = '\u{2028}\u{85}\u{b}'\n1 / 0", 2, "1 / 0"),
        ("x = 1 + \\\n  2\nif x:\n\t1 / 0", 4, "1 / 0"),
        ("def f(\n  a,\n  b=1 / 0,\n): pass", 3, "b=1 / 0,"),
        ("x = [\n  1,\n  1 / 0,\n]", 3, "1 / 0,"),
        ("print(f'''\n{1 / 0}\n''')", 2, "{1 / 0}"),
        ("exec('\\n\\n\\n1 / 0')", 1, "exec('\\n\\n\\n1 / 0')"),
        ("with open('/'):\n  pass\n", 1, "with open('/'):"),
        ("for x in [1, 0]:\n  1 / x", 2, "1 / x"),
        (long.as_str(), 5001, "1 / 0"),
    ] {
        let error = error_of(&runner, code, json!({})).await;
        assert_eq!(error["lineNumber"], line, "{code:?}: {error:?}");
        let description = error["description"].as_str().unwrap();
        let first = description.lines().next().unwrap();
        assert!(first.ends_with(&format!(", line {line}: {source}")), "{code:?}: {description}");
        assert!(!description.contains("<string>"), "{description}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn an_item_is_named_by_its_index() {
    let runner = setup().start().await;
    let more = json!({"nodeMode": "runOnceForEachItem", "items": [{"json": {"n": 1}}, {"json": {"n": 0}}]});
    let error = error_of(&runner, "n = _item['json']['n']\nreturn {'x': 1 / n}", more.clone()).await;
    assert_eq!((&error["itemIndex"], &error["lineNumber"]), (&json!(1), &json!(2)));
    assert_eq!(error["description"], "ZeroDivisionError, line 2: return {'x': 1 / n}");
    let stack = error["stack"].as_str().unwrap();
    assert!(stack.contains("File \"<per_item_task_execution>\", line 2, in <module>\n"), "{stack}");
    let error = error_of(&runner, "if _item['json']['n'] == 0: exit('enough')", more).await;
    assert_eq!((&error["itemIndex"], &error["message"]), (&json!(1), &json!("Process exited with code enough")));
    runner.stop().await;
}

#[tokio::test]
async fn nothing_to_run_is_no_error() {
    let runner = setup().start().await;
    for code in ["", "\n\n", "# only this", "   \n\t\n# and that\r\n", "'a text'", "pass"] {
        for (mode, expected) in [("runOnceForAllItems", json!(null)), ("runOnceForEachItem", json!([]))] {
            let outcome = runner.task(&settings(code, json!({"nodeMode": mode}))).await;
            let result: Value = serde_json::from_str(outcome.verdict.unwrap().get()).unwrap();
            assert_eq!((result, outcome.prints.len()), (expected, 0), "{code:?}");
        }
    }
    runner.stop().await;
}

/// Exceptions that are the user's own, to the last method. Each is told within bounds, with the text that it has, and the
/// runner is as before.
#[tokio::test]
async fn exceptions_may_lie_and_nothing_comes_of_it() {
    const MOST: usize = 300 << 10;
    let mut setup = setup();
    setup.judge = false;
    setup.config.timeout = Duration::from_secs(5);
    let runner = setup.start().await;
    for (name, code, message, has) in HOSTILE {
        let error = error_of(&runner, code, json!({})).await;
        let text = json!(error).to_string();
        let bytes: usize = error.values().filter_map(Value::as_str).map(str::len).sum();
        assert!(bytes < MOST, "{name}: {bytes} bytes");
        let told = error["message"].as_str().unwrap();
        assert!(told.starts_with(message), "{name}: {}", abridged(&text));
        assert!(text.contains(has), "{name}: {}", abridged(&text));
        for ours in ["palisade", "wrap.py", "site-packages", "/lib/", "<string>", "frozen", ".import"] {
            assert!(!text.contains(ours), "{name}: {ours} in {}", abridged(&text));
        }
        assert_eq!(runner.result("return 1").await, 1, "{name}");
    }
    runner.stop().await;
}

/// Name, code, how the message begins, and what the error has somewhere.
const HOSTILE: &[(&str, &str, &str, &str)] = &[
    (
        "a text that raises",
        "class E(Exception):\n  def __str__(self): raise SystemExit(4)\nraise E",
        "<exception str() failed>",
        "E, line 3",
    ),
    (
        "a text that is none",
        "class E(Exception):\n  def __str__(self): return 5\nraise E",
        "<exception str() failed>",
        "E, line 3",
    ),
    (
        "a text without end",
        "class E(Exception):\n  def __str__(self):\n    while True: pass\nraise E",
        "Task execution timed out",
        "5 seconds",
    ),
    (
        "a text that prints",
        "class E(Exception):\n  def __str__(self):\n    for n in range(1000): print('x' * 1000)\n    return 'm'\nraise E",
        "m",
        "E, line 5",
    ),
    ("a text of many megabytes", "raise ValueError('x' * 50_000_000)", "xxxx", "more bytes]"),
    ("surrogates of many megabytes", "raise ValueError('\\ud800' * 5_000_000)", "\u{fffd}", "ValueError, line 1"),
    (
        "a description that raises",
        "class E(Exception):\n  @property\n  def description(self): raise SystemExit(5)\nraise E('m')",
        "m",
        "E, line 4",
    ),
    (
        "a description that is a lying text",
        "class S(str):\n  def __str__(self): return 'lie'\n  def __len__(self): return 10**18\ne = ValueError('m')\ne.description = S('truth')\nraise e",
        "m",
        "truth",
    ),
    (
        "a description of many megabytes",
        "e = ValueError('m')\ne.description = 'x' * 50_000_000\nraise e",
        "m",
        "more bytes]",
    ),
    ("notes that are none", "e = ValueError('m')\ne.__notes__ = 5\nraise e", "m", "ValueError, line 3"),
    (
        "notes that raise",
        "class E(Exception):\n  @property\n  def __notes__(self): raise KeyboardInterrupt\nraise E('m')",
        "m",
        "E, line 4",
    ),
    (
        "notes of anything",
        "class N:\n  def __str__(self): raise MemoryError\ne = ValueError('m')\ne.__notes__ = [5, N(), None, '\\ud800']\nraise e",
        "m",
        "\\n5\\n<exception str() failed>\\nNone\\n\u{fffd}",
    ),
    (
        "notes that grow while they are read",
        "notes = []\nclass N:\n  def __str__(self):\n    notes.append(self)\n    return 'note ' * 1000\nnotes.append(N())\ne = ValueError('m')\ne.__notes__ = notes\nraise e",
        "m",
        "more notes]",
    ),
    (
        "notes that shrink while they are read",
        "notes = []\nclass N:\n  def __str__(self):\n    notes.clear()\n    return 'gone'\nnotes += [N(), N()]\ne = ValueError('m')\ne.__notes__ = notes\nraise e",
        "m",
        "gone",
    ),
    (
        "many long notes",
        "e = ValueError('m')\nfor n in range(100000): e.add_note('note ' * 100)\nraise e",
        "m",
        "more notes]",
    ),
    ("itself as its cause", "e = ValueError('m')\ne.__cause__ = e\nraise e", "m", "ValueError, line 3"),
    (
        "a circle of contexts",
        "a, b = ValueError('a'), ValueError('b')\na.__context__, b.__context__ = b, a\na.__suppress_context__ = False\nraise a",
        "a",
        "During handling",
    ),
    (
        "a chain of many thousands",
        "last = None\nfor n in range(20000):\n  e = ValueError(n)\n  e.__context__ = last\n  last = e\nraise e",
        "19999",
        "More exceptions",
    ),
    (
        "a group of many thousands",
        "raise ExceptionGroup('g' * 10000, [ValueError('x' * 5000) for n in range(100000)])",
        "ggg",
        "More exceptions",
    ),
    (
        "groups within groups",
        "g = ValueError(1)\nfor n in range(5000): g = ExceptionGroup('g', [g])\nraise g",
        "g (1 sub-exception)",
        "More exceptions",
    ),
    (
        "a group that lies about its members",
        "class G(ExceptionGroup):\n  exceptions = property(lambda self: 1 / 0)\nraise G('g', [ValueError('told')])",
        "g",
        "ValueError: told",
    ),
    (
        "a group whose members change it while they speak",
        "class E(Exception):\n  def __str__(self):\n    self.__cause__ = E('more')\n    return 'spoken'\nraise ExceptionGroup('g', [E(), E()])",
        "g (2",
        "spoken",
    ),
    (
        "a class with a name of many lines",
        "E = type('E\\n  File \"x\", line 1\\n' * 1000, (Exception,), {})\nraise E('m')",
        "m",
        "more bytes]",
    ),
    ("a function with a long name", "def f(): 1 / 0\nf.__name__ = 'x' * 100000\nf()", "division by zero", "in f"),
    (
        "a metaclass that speaks",
        "class M(type):\n  def __getattribute__(self, name): raise KeyError(name)\nclass E(Exception, metaclass=M): pass\nraise E('m')",
        "m",
        "E, line 4",
    ),
    (
        "attributes that speak",
        "class E(Exception):\n  def __getattribute__(self, name): raise SystemExit(name)\nraise E('m')",
        "m",
        "E, line 3",
    ),
    (
        "a traceback that is another's",
        "def f(): 1 / 0\ntry: f()\nexcept Exception as e: t = e.__traceback__\nraise ValueError('m').with_traceback(t)",
        "m",
        "in f",
    ),
    (
        "a recursion without end in a text",
        "class E(Exception):\n  def __str__(self): return str(self)\nraise E",
        "<exception str() failed>",
        "E, line 3",
    ),
    (
        "an exit that lies",
        "class E(SystemExit):\n  code = property(lambda self: 'x' * 10_000_000)\nraise E(1)",
        "Process exited with code xxx",
        "more bytes]",
    ),
    (
        "everything at its largest",
        "import sys\nsys.stderr.write('\\x01' * 10**6)\ndef f(n):\n  if n: g(n - 1)\n  else:\n    e = ValueError('\\x01' * 10**6)\n    e.__notes__ = ['\\x01' * 10**6] * 100\n    raise e\ndef g(n): f(n)\ntry: f(300)\nexcept ValueError as e: raise ExceptionGroup('\\x01' * 10**6, [e] + [KeyError('\\x01' * 10**5) for n in range(99)])",
        "\u{1}",
        "Standard error",
    ),
];
