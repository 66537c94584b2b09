//! The bytecode gate: what it finds in compiled code, held against what the analyzer finds in the text.
//!
//! Nothing that the analyzer refuses may be left in the instructions unseen, and nothing may be found that nobody wrote: a
//! false finding refuses honest code. Both are asked at every position of `bytecode_gate/positions.toml` and of CPython's own
//! library: some files at each run, all of them with `PALISADE_GATE_LIBRARY=all`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;
#[path = "common/inline.rs"]
mod inline;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use engine::Setup;
use inline::{ROOT, extension, python};
use palisade::execute::ErrorKind;
use palisade_analyzer::{Allow, Rules, Verdict, analyze};
use palisade_policy::Policy;
use serde::Deserialize;
use serde_json::{Value, json};

/// Files of the library that are read at each run: each so-many-th of them.
const EACH: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Positions {
    position: Vec<Position>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Position {
    code: String,
    no_effect: Option<String>,
    not_a_text: Option<String>,
    needs: Option<u32>,
}

/// What the gate says of one text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Found {
    Gaps(Vec<Gap>),
    Nothing(#[expect(dead_code, reason = "shown where a test fails")] String),
}

#[derive(Debug, Deserialize)]
struct Gap {
    line: Option<u64>,
    text: String,
}

/// The rules as shipped, with everything allowed that is no name.
fn rules() -> Rules {
    let all = || palisade_policy::Allow::All;
    let none = palisade_policy::Allow::Only(BTreeSet::new());
    let mut rules = Policy::load(all(), none, None).unwrap().rules();
    rules.limits.violations = 1 << 20;
    rules.limits.report_bytes = 1 << 30;
    rules.limits.code_bytes = 1 << 30;
    assert!(matches!(rules.stdlib, Allow::All));
    rules
}

/// What the gate finds in each text, or file, of a list.
fn gate(rules: &Rules, texts: &[Value]) -> Vec<Found> {
    let names = json!({
        "blocked_names": rules.blocked_names,
        "blocked_attributes": rules.blocked_attributes,
        "dunders_are_names": rules.dunders_are_names,
        "private_module_names": rules.private_module_names,
        "texts": "all",
        "gate": true,
    });
    let mut child = Command::new(python())
        .arg("-I")
        .arg(Path::new(ROOT).join("crates/zygote/tests_py/gate_cases.py"))
        .arg(extension())
        .arg(names.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(serde_json::to_string(texts).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the interpreter failed");
    let found: Vec<Found> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), texts.len());
    found
}

/// Puts `expression` at the `@` of `position` that stands for it: not the operator, not the decorator's mark.
fn place(position: &str, expression: &str) -> String {
    let marked = match position {
        "x @ @" => "x @ \u{1}".to_owned(),
        _ if position.contains("@@") => position.replace("@@", "@\u{1}"),
        _ => position.replace('@', "\u{1}"),
    };
    marked.replace("\u{1}x\n@", "@x\n@").replace('\u{1}', expression)
}

#[test]
fn nothing_is_missed_at_any_position() {
    let table: Positions = toml::from_str(include_str!("bytecode_gate/positions.toml")).unwrap();
    assert!(table.position.len() >= 118);
    let expressions = ["q.__class__", "__spec__", "(\"obj\")", "q.clazz"];
    let texts: Vec<Value> = table
        .position
        .iter()
        .flat_map(|position| expressions.map(|expression| Value::from(place(&position.code, expression))))
        .collect();
    let found = gate(&rules(), &texts);
    let keeps_conditions = inline::minor() != "13";
    let mut wrong = Vec::new();
    for (position, found) in table.position.iter().zip(found.chunks(expressions.len())) {
        for (expression, found) in expressions.iter().zip(found) {
            let is_text = expression.contains('"');
            let is_refused = !expression.contains("clazz");
            let excused = match (is_text, &position.no_effect, &position.not_a_text) {
                (_, Some(why), _) | (true, _, Some(why)) => Some(why),
                _ => None,
            };
            let expected = is_refused && excused.is_none();
            match found {
                Found::Gaps(gaps) if gaps.is_empty() != expected => {}
                // From 3.14 on the compiler leaves the constant there that it has drawn its conclusion from.
                Found::Gaps(_) if keeps_conditions && excused.is_some_and(|why| why.contains("constant is true")) => {}
                // This interpreter cannot have it.
                Found::Nothing(_) if excused.is_some() || position.needs.is_some() => {}
                other => wrong.push(format!("{:?} with {expression}: {other:?}", position.code)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names that stand for themselves, with what must be said of them.
const CARRIERS: &[(&str, &str)] = &[
    ("def f(__spec__): pass", "Access to name '__spec__'"),
    ("def f(*__spec__): pass", "Access to name '__spec__'"),
    ("def f(*, __spec__): pass", "Access to name '__spec__'"),
    ("def f(**__spec__): pass", "Access to name '__spec__'"),
    ("def f(__spec__, /): pass", "Access to name '__spec__'"),
    ("lambda __spec__: 1", "Access to name '__spec__'"),
    ("def __spec__(): pass", "Access to name '__spec__'"),
    ("class __spec__: pass", "Access to name '__spec__'"),
    ("class A:\n def __reduce__(self): pass", "Access to name '__reduce__'"),
    ("class A:\n __reduce__ = 1", "Access to name '__reduce__'"),
    ("class A:\n __module__ = __name__", "Access to name '__module__'"),
    ("class A:\n x = 1\n __qualname__ = 'x'", "Access to name '__qualname__'"),
    ("class A:\n def f(self): return __class__", "Access to name '__class__'"),
    ("class A:\n def f(self):\n  super().x\n  return [__class__ for x in y]", "Access to name '__class__'"),
    ("class A:\n def f(self): return super(__class__, self).x", "Access to name '__class__'"),
    ("class A:\n __annotations__", "Access to name '__annotations__'"),
    ("global __spec__\n__spec__ = 1", "Access to name '__spec__'"),
    ("def f():\n __spec__ = 1\n def g():\n  nonlocal __spec__\n  __spec__ = 2", "Access to name '__spec__'"),
    ("try: pass\nexcept E as __spec__: pass", "Access to name '__spec__'"),
    ("try: pass\nexcept* E as __spec__: pass", "Access to name '__spec__'"),
    ("with x as __spec__: pass", "Access to name '__spec__'"),
    ("for __spec__ in x: pass", "Access to name '__spec__'"),
    ("[1 for __spec__ in x]", "Access to name '__spec__'"),
    ("import __spec__", "Access to name '__spec__'"),
    ("import a.__class__", "Access to name '__class__'"),
    ("import a as __spec__", "Access to name '__spec__'"),
    ("from a import __spec__", "Access to name '__spec__'"),
    ("from a import obj", "Access to attribute 'obj'"),
    ("from a import b as __spec__", "Access to name '__spec__'"),
    ("from a import b, c, _d", "Access to private name '_d'"),
    ("from a.__class__ import b", "Access to name '__class__'"),
    ("class A:\n from a import _d", "Access to private name '_d'"),
    ("def f[__spec__](): pass", "Access to name '__spec__'"),
    ("type __spec__ = int", "Access to name '__spec__'"),
    ("match x:\n case __spec__: pass", "Access to name '__spec__'"),
    ("match x:\n case [*__spec__]: pass", "Access to name '__spec__'"),
    ("match x:\n case {**__spec__}: pass", "Access to name '__spec__'"),
    ("match x:\n case A() as __spec__: pass", "Access to name '__spec__'"),
    ("match x:\n case A(obj=1): pass", "Match pattern extracting attribute 'obj'"),
    ("match x:\n case A(1): pass", "Positional match patterns"),
    ("match x:\n case {'obj': 1}: pass", "Access to attribute 'obj'"),
    ("f(__class__=1)", "Keyword argument named '__class__'"),
    ("class A(B, __class__=1): pass", "Keyword argument named '__class__'"),
    ("x.obj", "Access to attribute 'obj'"),
    ("x.obj = 1", "Access to attribute 'obj'"),
    ("del x.obj", "Access to attribute 'obj'"),
    ("x._Foo__bar", "name-mangled attributes"),
    ("class A:\n def f(self): return self._Foo__bar", "name-mangled attributes"),
    ("class A:\n def f(self): return super().__reduce__", "Access to attribute '__reduce__'"),
    ("x.__ｃlass__", "Access to attribute '__class__'"),
    ("x.𝘰𝘣𝘫", "Access to attribute 'obj'"),
    ("y = 'ob' + 'j'", "Access to attribute 'obj'"),
    ("y = 'ob' 'j'", "Access to attribute 'obj'"),
    ("y = ('__class__',)", "Access to attribute '__class__'"),
    ("y = x in {'__class__', 'b'}", "Access to attribute '__class__'"),
    ("y = x == ('a', ('b', 'obj'))", "Access to attribute 'obj'"),
    ("y = {'obj': 1, 'b': 2}", "Access to attribute 'obj'"),
    ("f(**kw, obj='obj')", "Access to attribute 'obj'"),
    ("def f(obj: int, b='obj'): pass", "Access to attribute 'obj'"),
    ("def f(obj: 'x', b: 'obj'): pass", "Access to attribute 'obj'"),
    ("def f(b='obj', c=1) -> 'x': pass", "Access to attribute 'obj'"),
    ("def f(*, b='obj'): pass", "Access to attribute 'obj'"),
    ("def f(*, obj={'obj': 1, 'b': 2}): pass", "Access to attribute 'obj'"),
    ("def f(obj: 'obj'): pass", "Access to attribute 'obj'"),
    ("class A:\n obj: 'obj'", "Access to attribute 'obj'"),
    ("y = '{0.__class__}'", "String pattern accessing '__class__'"),
    ("y = '{0:{1.obj}}'", "String pattern accessing 'obj'"),
    ("def f():\n '__class__'", "Access to attribute '__class__'"),
    ("def f():\n '{0.obj}'\n return 1", "String pattern accessing 'obj'"),
    ("class A:\n '__class__'", "Access to attribute '__class__'"),
    ("async def f():\n '__class__'\n yield 1", "Access to attribute '__class__'"),
    ("'{0.obj}'", "String pattern accessing 'obj'"),
];

/// Honest code with names in it that only the compiler writes, or that are refused elsewhere.
const HONEST: &[&str] = &[
    "class A: pass",
    "class A:\n 'doc'\n x: int = 1\n y: str\n def f(self): self.a = super().f()",
    "class A[T](B, metaclass=M):\n 'doc'\n x: T\n def f(self, q: T = 3) -> T: return super().f(q)",
    "class A:\n class B:\n  x: int\n  def f(self): return super().f()",
    "class A:\n def f(self):\n  def g(): return self.x\n  return [super().x, g]",
    "class A:\n if x:\n  pass\n else:\n  y = 1\n def f(self): self.obj_ = 1",
    "class A:\n def f(self): return self.__x + self.__y()\n __z = 1",
    "class _A:\n def f(self): self.__x = 1\n class B:\n  def g(self): return self.__x",
    "class __A:\n __slots__ = ('__x',)\n def f(self): return self.__x",
    "def f(obj, *, b): return obj",
    "def f(obj: int, /, *a: str, b: float = 3, **c: int) -> str: pass",
    "def f(obj: 'x', /, b: 'y') -> 'z': pass",
    "def g(c):\n def f(obj: 'x') -> 'z': return c, g",
    "def f(*, obj=1): pass",
    "def f(*, obj=1, b=x) -> 'y': pass",
    "lambda *, obj=1: obj",
    "@deco\n@other(1)\ndef f(\n  obj: int,\n  x=2,\n) -> str:\n  pass",
    "async def f(obj: int): pass",
    "lambda obj: obj",
    "f(obj=1)",
    "f(obj=1, **kw)",
    "f(**kw, obj=1, b=2)",
    "f(*a, obj=(1 if x else 2), **kw)",
    "f(obj=1, b=2, c=3, d=4, e=5, f=6, g=7, h=8, i=9, j=1, k=2, l=3, m=4, n=5, o=6, p=7, q=8, r=9)",
    "class obj: pass",
    "class A:\n class obj: pass",
    "class A(B, obj=1): pass",
    "class A(B, obj=1, **kw): pass",
    "class A:\n obj: int = 1",
    "class obj[T]: pass",
    "class A[obj]: pass",
    "def f[obj: int](x): pass",
    "def f[obj](obj: int): pass",
    "def f[*obj, **tb_next](): pass",
    "type obj = int",
    "type A[obj] = obj",
    "import obj",
    "import obj.a as b",
    "import json, re as r\nfrom json import loads, dumps as d",
    "for obj in x: pass",
    "with x as obj: pass",
    "[obj for obj in x]",
    "match x:\n case {'a': obj, **rest}: pass\n case A(b=obj): pass\n case [obj, *_]: pass",
    "global obj\nobj = 1",
    "__import__('json')",
    "f'{obj!r:>{x}}'",
    "try: pass\nexcept E as obj: pass",
    "x = 'a.obj' 'b'",
    "def f():\n 'a docstring about __class__ and obj'",
    "x = '{obj} {0}'.format(1, obj=2)",
    "def f():\n yield from x\nasync def g():\n async with a as b:\n  async for c in b: await c",
    "x = a if b else c\nassert x, 'y'\nwhile x: break\nelse: pass",
    "x[1:2] = y\ndel x[0]\nx @= y\nx, *y = z",
];

#[test]
fn names_are_found_wherever_they_stand_for_themselves() {
    let texts: Vec<Value> = CARRIERS.iter().map(|(code, _)| Value::from(*code)).collect();
    for ((code, expected), found) in CARRIERS.iter().zip(gate(&rules(), &texts)) {
        let Found::Gaps(gaps) = &found else { panic!("{code:?}: {found:?}") };
        assert!(gaps.iter().any(|gap| gap.text.contains(expected)), "{code:?}: {found:?}");
    }
}

#[test]
fn what_nobody_wrote_is_not_found() {
    let rules = rules();
    let texts: Vec<Value> = HONEST.iter().map(|code| Value::from(*code)).collect();
    let found = gate(&rules, &texts);
    let mut wrong = Vec::new();
    for (code, found) in HONEST.iter().zip(found) {
        // Modules that are not allowed are the import guard's.
        let refused = names_of(&analyze(code, &rules));
        assert!(refused.is_empty(), "the analyzer refuses {code:?}: {refused:?}");
        if !matches!(&found, Found::Gaps(gaps) if gaps.is_empty()) {
            wrong.push(format!("{code:?}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each is a doubt that the compiler's positions settle; to settle them one by one takes minutes.
#[test]
fn many_names_that_could_be_texts_take_no_time() {
    let began = std::time::Instant::now();
    let found = gate(&rules(), &["f(**k, obj=1)\n".repeat(20_000).into()]);
    assert!(matches!(&found[0], Found::Gaps(gaps) if gaps.is_empty()), "{found:?}");
    assert!(began.elapsed() < std::time::Duration::from_mins(1));
}

#[test]
fn lines_are_the_users() {
    let found = gate(&rules(), &["\n\nx = 1\nif x:\n  y.__class__\n".into()]);
    let Found::Gaps(gaps) = &found[0] else { panic!("{found:?}") };
    assert_eq!(gaps[0].line, Some(5), "{found:?}");
}

/// What a refusal is about: the name between quotes, or the whole of its text.
fn about(text: &str) -> String {
    text.split('\'').nth(1).unwrap_or(text).to_owned()
}

fn names_of(verdict: &Verdict) -> BTreeSet<String> {
    match verdict {
        Verdict::Refused(violations) => violations
            .iter()
            .filter(|violation| !violation.rule.as_str().ends_with("_import"))
            .map(|violation| about(&violation.text))
            .collect(),
        _ => BTreeSet::new(),
    }
}

/// All files below a folder, in an order that is the same everywhere.
fn python_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = folder.read_dir().unwrap().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // Packages that somebody installed are not CPython's; these others are not Python of this version.
            if !["site-packages", "lib2to3", "__pycache__"].iter().any(|name| path.ends_with(name)) {
                python_files(&path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
}

#[test]
fn the_library_of_cpython_is_judged_as_by_the_analyzer() {
    let output = Command::new(python()).args(["-I", "-c", "import os; print(os.path.dirname(os.__file__))"]).output();
    let library = PathBuf::from(String::from_utf8(output.unwrap().stdout).unwrap().trim());
    let mut files = Vec::new();
    python_files(&library, &mut files);
    if std::env::var_os("PALISADE_GATE_LIBRARY").is_none_or(|which| which != "all") {
        files = files.into_iter().step_by(EACH).collect();
    }
    let mut rules = rules();
    // Whether a module's private name or a method that is not called is meant, no single instruction tells.
    rules.private_module_names = false;
    rules.format_methods.clear();
    let texts: Vec<Value> = files.iter().map(|file| json!([file])).collect();
    let (mut judged, mut unread, mut seen, mut unseen, mut wrong) = (0, 0, 0, 0, Vec::new());
    for (file, found) in files.iter().zip(gate(&rules, &texts)) {
        let (Ok(source), Found::Gaps(gaps)) = (std::fs::read_to_string(file), found) else {
            unread += 1;
            continue;
        };
        let verdict = analyze(&source, &rules);
        if !matches!(verdict, Verdict::Clean | Verdict::Refused(_)) {
            unread += 1;
            continue;
        }
        judged += 1;
        let by_analyzer = names_of(&verdict);
        let by_gate: BTreeSet<_> = gaps.iter().map(|gap| about(&gap.text)).collect();
        for gap in gaps {
            if !by_analyzer.contains(&about(&gap.text)) {
                wrong.push(format!("{}:{}: {}", file.display(), gap.line.unwrap_or_default(), gap.text));
            }
        }
        seen += by_analyzer.intersection(&by_gate).count();
        for name in by_analyzer.difference(&by_gate) {
            unseen += 1;
            if std::env::var_os("PALISADE_GATE_UNSEEN").is_some() {
                println!("only the analyzer: {} {name}", file.display());
            }
        }
    }
    println!("{judged} files judged, {unread} not read, {seen} names seen by both, {unseen} by the analyzer alone");
    assert!(wrong.is_empty(), "found, though nobody wrote it:\n{}", wrong.join("\n"));
    assert!(judged > unread * 5, "most files must be judged");
    // Dead branches, annotations of local variables, texts that stand alone: a small part.
    assert!(unseen * 100 <= seen, "the gate misses what the analyzer refuses");
}

/// Code that got past the analyzer, because this one judges nothing.
#[tokio::test]
async fn a_gap_is_refused_and_looks_like_a_refusal() {
    let setup = Setup {
        judge: false,
        replan: Box::new(|planned| planned.recipe.preparation.names.gate = true),
        ..Setup::allowing("json", "")
    };
    let mut harness = setup.start().await;
    let error = harness.error("x = 1\nreturn x.__class__").await;
    assert_eq!(error["message"], "Security violations detected");
    let description = "Line 2: Access to attribute '__class__' is disallowed, because it can be used to bypass security restrictions.";
    assert_eq!(error["description"], description);
    let observed = harness.observed();
    assert_eq!(observed.error, Some(ErrorKind::AnalyzerGap));
    assert_eq!(observed.report.refused_by, ["analyzer_gap"]);
    assert_eq!(harness.result("import json\nreturn json.loads('[1]')").await, json!([1]));
    harness.stop().await;
}

/// Where the analyzer is off, so is its net: what else holds is then seen alone.
#[tokio::test]
async fn the_gate_is_off_with_the_analyzer() {
    for setup in [
        Setup { change: Box::new(|policy| policy.analyzer.enabled = false), ..Setup::allowing("json", "") },
        Setup::allowing("*", "*"),
    ] {
        let harness = setup.start().await;
        assert_eq!(harness.result("x = 1\nreturn str(x.__class__)").await, json!("<class 'int'>"));
        harness.stop().await;
    }
}
