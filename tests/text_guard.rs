//! Code and templates in texts: read where they are used, natively, on an exact copy.
//!
//! Nothing here is judged by the analyzer, as if it had been got past: what answers is the child.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use engine::{Harness, Setup};
use palisade::execute::ErrorKind;
use serde_json::json;

const MODULES: &str = "collections,copy,dataclasses,functools,inspect,json,operator,string,typing";

/// Names in dunders, as code makes them that no analysis can read.
const UNDER: &str = "u = chr(95) * 2\n";

async fn started(gate: bool) -> Harness {
    let setup = Setup {
        judge: false,
        replan: Box::new(move |planned| {
            planned.recipe.preparation.names.gate = gate;
            // Classes shall work; what opens and evaluates shall not be there.
            planned.recipe.preparation.builtins_deny =
                ["open", "eval", "exec", "compile", "type", "hash", "super"].map(str::to_owned).into();
        }),
        ..Setup::allowing(MODULES, "")
    };
    setup.start().await
}

/// Runs code that must fail with this kind; gives message and description.
async fn refused(harness: &mut Harness, code: &str, kind: ErrorKind) -> (String, String) {
    let error = harness.error(&format!("{UNDER}{code}")).await;
    let observed = harness.observed();
    let text = |key: &str| error.get(key).and_then(|text| text.as_str()).unwrap_or_default().to_owned();
    let (message, description) = (text("message"), text("description"));
    assert_eq!(observed.error, Some(kind), "{code}: {message}: {description}");
    (message, description)
}

const PATTERN: &str =
    "String pattern accessing '__class__' is disallowed, because it can be used to bypass security restrictions.";

#[tokio::test]
async fn templates_are_read_where_they_are_used() {
    let mut harness = started(false).await;
    for code in [
        r#"return ("{0." + u + "class" + u + "}").format(1)"#,
        r#"return ("{0." + u + "class" + u + "!r:>10}").format(1)"#,
        r#"return ("{0:{1." + u + "class" + u + "}}").format(1, 2)"#,
        r#"return ("{x[" + u + "class" + u + "]}").format_map({"x": {}})"#,
        r#"return str.format("{0." + u + "class" + u + "}", 1)"#,
        r#"return ("{0." + u + "class" + u + "} {").format(1)"#,
        r#"t = "{0." + u + "class" + u + "}"; return t.format(*[1], **{})"#,
        "import string\nreturn string.Formatter().format('{0.' + u + 'class' + u + '}', 1)",
        // A formatter that makes another template of the one it was given.
        "import string\nf = string.Formatter()\nf.parse = lambda s: [('', '0.' + u + 'class' + u, '', None)]\nreturn f.format('x', 1)",
        "import string\nclass F(string.Formatter):\n  def parse(self, s): return [('', '0.' + u + 'class' + u, '', None)]\nreturn F().format('x', 1)",
        // No class that only its metaclass says to be another one.
        "import string\nclass M(string.Formatter.__class__):\n  def __eq__(self, other): raise ValueError\n  __hash__ = None\nclass F(string.Formatter, metaclass=M): pass\nreturn F().format('{0.' + u + 'class' + u + '}', 1)",
        // Where there is no memory to read a template, nobody uses it.
        "t = chr(233) + '{1}' * 4000000 + '{0.' + u + 'class' + u + '}'\nx = []\ntry:\n  while True: x.append(bytes(1 << 20))\nexcept MemoryError: pass\nfor i in range(18): x.pop()\ntry: t.format(1, '')\nexcept MemoryError: pass\nx = None\nreturn t.format(1, '')",
        "import string\nreturn string.Formatter().format(format_string='{0.' + u + 'class' + u + '}')",
        "import string\nreturn string.Formatter().vformat('{0.' + u + 'class' + u + '}', [1], {})",
        "import string\nreturn string.Formatter.format(string.Formatter(), '{0.' + u + 'class' + u + '}', 1)",
        "import string\nreturn string.Formatter().get_field('0.' + u + 'class' + u, [1], {})",
        "import string\nreturn string.Formatter().get_field(field_name='0[' + u + 'class' + u + ']', args=[1], kwargs={})",
        "import collections\nreturn collections.UserString('{0.' + u + 'class' + u + '}').format(1)",
        "import collections\nreturn collections.UserString.format(collections.UserString('{0.' + u + 'class' + u + '}'), 1)",
        // A text that lies about itself is read by its contents.
        "class T(str):\n  def __str__(self): return 'x'\n  def __iter__(self): return iter('x')\n  def find(self, *a): return -1\nreturn T('{0.' + u + 'class' + u + '}').format(1)",
        "class T(str): pass\nreturn T.format('{0.' + u + 'class' + u + '}', 1)",
        "return ('{0.' + u + 'class' + u + '}').ｆormat(1)",
    ] {
        let (message, description) = refused(&mut harness, code, ErrorKind::Text).await;
        assert_eq!((message.as_str(), description.as_str()), ("Security violations detected", PATTERN), "{code}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn formatting_is_pythons_own() {
    let harness = started(true).await;
    let code = r#"
import string, collections
class A:
    x = {"k": 5}
    def format(self, *args, **kwargs): return [list(args), kwargs]
    def __format__(self, spec): return f"<{spec}>"
out = []
def caught(run):
    try: return run()
    except Exception as error: return str(error)
out.append("{0.x[k]:>3}|{a!r}|{0:s}".format(A(), a="b"))
out.append(A().format(1, *[2], receiver=3, method=4, **{"c": 5}))
out.append("{x} {y}".format_map({"x": 1, "y": 2}))
out.append(string.Formatter().format("{a} {0}", 1, a=2))
out.append(list(string.Formatter().get_field("0.x[k]", [A()], {})))
out.append(str(collections.UserString("{}!").format(1)))
out.append(str.format("{:>4}", 1))
out.append(caught(lambda: "{".format()))
out.append(caught(lambda: "{} {1}".format(1, 2)))
out.append(caught(lambda: "{missing}".format()))
out.append(caught(lambda: None.format(1)))
out.append("{0}".format("{0." + "x}"))
class B(str):
    def format(self, *args): return "own"
out.append(B("{0}").format(1))
return out
"#;
    let expected = json!([
        "  5|'b'|<s>",
        [[1, 2], { "receiver": 3, "method": 4, "c": 5 }],
        "1 2",
        "2 1",
        [5, 0],
        "1!",
        "   1",
        "Single '{' encountered in format string",
        "cannot switch from automatic field numbering to manual field specification",
        "'missing'",
        "'NoneType' object has no attribute 'format'",
        "{0.x}",
        "own",
    ]);
    assert_eq!(harness.result(code).await, expected);
    harness.stop().await;
}

/// Each of these reaches `open`, `__import__` or what a module has for itself, where the library evaluates.
#[tokio::test]
async fn texts_have_no_more_than_user_code() {
    let mut harness = started(false).await;
    for (code, words) in [
        ("import typing\ndef f(x: \"open('x')\"): pass\nreturn str(typing.get_type_hints(f))", "'open' is not defined"),
        (
            "import typing\ndef f(x: typing.List[\"open('x')\"]): pass\nreturn str(typing.get_type_hints(f))",
            "'open' is not",
        ),
        (
            "import typing\ndef f(x: 'open(1)'): pass\nreturn str(typing.get_type_hints(f, {'box': 1}, {'path': 2}))",
            "'open' is not",
        ),
        (
            "import inspect\ndef f(x: \"open('x')\"): pass\nreturn str(inspect.signature(f, eval_str=True))",
            "'open' is not",
        ),
        (
            "import inspect\ndef f(x: \"open('x')\"): pass\nreturn str(inspect.get_annotations(f, eval_str=True))",
            "'open' is not",
        ),
        (
            "import functools\n@functools.singledispatch\ndef d(x): pass\ndef f(x: \"open('x')\") -> None: pass\nd.register(f)",
            "'open' is not",
        ),
        // The namespace of a module that a class says it is of.
        (
            "import typing\nclass A:\n  x: 'sys'\nA.__module__ = 'typing'\nreturn str(typing.get_type_hints(A))",
            "'sys' is not",
        ),
        (
            "import typing\nclass A:\n  x: 'modules'\nA.__module__ = 'sys'\nreturn str(typing.get_type_hints(A))",
            "'modules' is not",
        ),
        (
            "import typing\nclass A[T]:\n  x: 'modules'\nA.__module__ = 'sys'\nreturn str(typing.get_type_hints(A))",
            "'modules' is not",
        ),
        (
            "import inspect\nclass A:\n  x: 'linecache'\nA.__module__ = 'inspect'\nreturn str(inspect.get_annotations(A, eval_str=True))",
            "'linecache' is not",
        ),
        (
            "import typing\nreturn str(typing.ForwardRef('modules', module='sys')._evaluate({}, {}, (), recursive_guard=frozenset()))",
            "'modules' is not",
        ),
    ] {
        let (message, _) = refused(&mut harness, code, ErrorKind::Raised).await;
        assert!(message.contains(words), "{code}: {message}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn texts_are_held_against_the_policy() {
    let mut harness = started(true).await;
    for code in [
        "import typing\ndef f(x: 'int.' + u + 'class' + u): pass\nreturn str(typing.get_type_hints(f))",
        "import typing\nreturn str(typing.get_type_hints(typing.NamedTuple('N', [('x', u + 'spec' + u)])))",
        "import inspect\ndef f(x: '[int.' + u + 'mro' + u + ' for x in (1,)]'): pass\nreturn str(inspect.signature(f, eval_str=True))",
        "import inspect\ndef f(x: 'lambda: ' + u + 'import' + u + '(\"os\").' + u + 'class' + u): pass\nreturn str(inspect.get_annotations(f, eval_str=True))",
    ] {
        let (message, description) = refused(&mut harness, code, ErrorKind::Text).await;
        assert_eq!(message, "Security violations detected", "{code}");
        assert!(description.contains("is disallowed"), "{code}: {description}");
    }
    harness.stop().await;
}

/// A name that is no name is code, wherever the library took it from.
#[tokio::test]
async fn names_of_fields_are_names() {
    let mut harness = started(false).await;
    let with_key = |key: &str| {
        format!(
            "import dataclasses, json\nkey = {key}\nclass Made: x = 0\nMade.__annotations__ = {{key: int}}\n\
             Plain = dataclasses.dataclass(init=False, repr=False, match_args=False)(Made)\nreturn str(Plain() == Plain())"
        )
    };
    for key in [
        r#""x or print(1) or self.x""#,
        r#""x or box.append(1) or self.x""#,
        r#""x or [y for y in ()] or self.x""#,
        r#""x or (lambda: 1) or self.x""#,
        r#""x.y.z or self.x""#,
        r#""x[0] or self.x""#,
        r#""x or [].append(1) or self.x""#,
    ] {
        let code = with_key(key);
        let (_, description) = refused(&mut harness, &code, ErrorKind::Text).await;
        assert!(description.contains("name of a field"), "{key}: {description}");
    }
    // From a base class with fields made by hand.
    let code = "import dataclasses, copy\n@dataclasses.dataclass\nclass Base:\n  x: int = 0\n\
                field = copy.copy(Base.__dataclass_fields__['x'])\nfield.name = 'x or print(1) or self.x'\n\
                Base.__dataclass_fields__ = {'x': field}\n\
                @dataclasses.dataclass(init=False, repr=False, match_args=False)\nclass A(Base): pass\nreturn str(A() == A())";
    refused(&mut harness, code, ErrorKind::Text).await;
    harness.stop().await;
}

#[tokio::test]
async fn what_people_do_with_hints_and_dataclasses_works() {
    let harness = started(true).await;
    let code = r#"
import dataclasses, typing, inspect, functools
from dataclasses import dataclass, field, InitVar
from typing import ClassVar, Optional
out = []
@dataclass
class Plain:
    x: int
    y: "list[int]" = field(default_factory=list)
    n: ClassVar[int] = 3
    obj: str = "o"
    def total(self): return self.x + sum(self.y)
out.append([repr(Plain(1)), Plain(1) == Plain(1), Plain(1, [2]).total(), dataclasses.asdict(Plain(4))])
@dataclass(frozen=True, order=True, slots=True, kw_only=True)
class Frozen:
    b: int = 1
    a: str = "x"
try:
    Frozen().b = 2
except dataclasses.FrozenInstanceError as error:
    out.append(str(error))
out.append([Frozen(b=1) < Frozen(b=2), len({Frozen(), Frozen()}), dataclasses.replace(Frozen(), b=5).b])
@dataclass(unsafe_hash=True)
class Base:
    a: int
    scale: InitVar[int] = 2
    c: int = field(init=False, repr=False)
    self: int = 1
    def __post_init__(self, scale): self.c = self.a * scale
@dataclass
class Derived(Base):
    d: Optional["Derived"] = None
out.append([repr(Derived(3, 4)), Derived(3, 4).c, [f.name for f in dataclasses.fields(Derived)]])
out.append(repr(dataclasses.make_dataclass("M", [("q", int), ("r", int, 5)])(1)))
@dataclass
class Node:
    next: "Node" = None
node = Node(); node.next = node
out.append(repr(node))
out.append(str(inspect.signature(Plain)))
global Alias
Alias = int
def f(x: "Alias", y: "typing.Optional[str]" = None) -> "list[Alias]": pass
hints = typing.get_type_hints(f, {"typing": typing, "Alias": int})
out.append([str(hints["x"]), str(hints["return"])])
out.append(str(typing.get_type_hints(Plain)["y"]))
out.append(str(inspect.signature(lambda x: 1, eval_str=True)))
class G[T]:
    x: "T"
out.append(str(typing.get_type_hints(G)["x"]))
def local(x: "Mine"): pass
class Mine: pass
out.append(str(typing.get_type_hints(local, localns={"Mine": Mine})["x"]).rpartition(".")[2])
@functools.singledispatch
def d(x): return "any"
@d.register
def _(x: int) -> str: return "int"
@d.register
def _(x: "list") -> str: return "list"
out.append([d(1), d([]), d("")])
class Typed(typing.TypedDict):
    a: "int"
out.append(str(typing.get_type_hints(Typed)["a"]))
return out
"#;
    let result = harness.result(code).await;
    let expected = json!([
        ["<module>.<locals>.Plain(x=1, y=[], obj='o')", true, 3, { "x": 4, "y": [], "obj": "o" }],
        "cannot assign to field 'b'",
        [true, 1, 5],
        ["<module>.<locals>.Derived(a=3, self=1, d=None)", 12, ["a", "c", "self", "d"]],
        "M(q=1, r=5)",
        "<module>.<locals>.Node(next=...)",
        "(x: int, y: 'list[int]' = <factory>, obj: str = 'o') -> None",
        ["<class 'int'>", "list[int]"],
        "list[int]",
        "(x)",
        "T",
        "Mine'>",
        ["int", "list", "any"],
        "<class 'int'>",
    ]);
    assert_eq!(result, expected);
    harness.stop().await;
}

/// What was read is what is used: the `data` of a `UserString` may be another one the second time.
#[tokio::test]
async fn a_template_is_read_once() {
    let harness = started(false).await;
    let code = r#"import collections
class U(collections.UserString):
    reads = 0
    @property
    def data(self):
        self.reads += 1
        return "x" if self.reads == 1 else "{0." + u + "class" + u + "}"
    @data.setter
    def data(self, value): pass
return U("").format(1)"#;
    assert_eq!(harness.result(&format!("{UNDER}{code}")).await, json!("x"));
    harness.stop().await;
}
