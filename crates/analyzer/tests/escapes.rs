//! Published escapes, of n8n's runner and of its kin, as whole chains. Each must be refused by the analyzer alone.

mod common;

use common::{assert_refused, report, rules};
use palisade_analyzer::{Verdict, analyze};

const ESCAPES: &[(&str, &str)] = &[
    ("object graph", "return ().__class__.__base__.__subclasses__()"),
    ("function globals", "def f(): pass\nreturn f.__globals__['__builtins__']"),
    (
        "CVE-2026-0863: a format field walks attributes, the AttributeError keeps the object",
        "try:\n    '{0.gi_frame.x}'.format(i for i in [])\nexcept AttributeError as e:\n    frame = e.obj\n    return frame.f_back",
    ),
    ("CVE-2026-27494: slot wrappers know their class", "return str.__init__.__objclass__"),
    (
        "CVE-2026-49444: positional pattern with a crafted class",
        "class P:\n    __match_args__ = ('__class__',)\nmatch x:\n    case P(cls):\n        return cls",
    ),
    ("CVE-2026-49444: the name of the built-ins redefined", "def f():\n    global __builtins__\n    __builtins__ = {}"),
    ("CVE-2026-49444: reduce", "class A:\n    def __reduce__(self):\n        return (f, ())"),
    ("CVE-2026-49444: prepare", "class M:\n    def __prepare__(name, bases):\n        return D()"),
    ("RestrictedPython CVE-2023-37271: generator frames", "g = (g.gi_frame.f_back.f_back for x in [1])\nreturn [*g]"),
    ("RestrictedPython CVE-2023-41039: format", "return '{0.__globals__}'.format(f)"),
    ("RestrictedPython CVE-2023-41039: format_map", "return '{a[__globals__]}'.format_map({'a': f})"),
    ("RestrictedPython CVE-2023-41039: unbound", "return [*map(str.format, t, a)]"),
    (
        "RestrictedPython CVE-2024-47532: AttributeError.obj",
        "try:\n    x.y\nexcept AttributeError as e:\n    return e.obj",
    ),
    ("RestrictedPython CVE-2025-22153: except star", "try:\n    pass\nexcept* E as g:\n    g.__class__\n"),
    ("format spec nested", "return '{0:{1.__class__}}'.format(x, y)"),
    ("string.Formatter", "import json\nf = F().get_field\nreturn f('0.__class__', (x,), {})"),
    ("full-width letters", "return x.__ｃｌａｓｓ__"),
    ("traceback", "try:\n    1/0\nexcept Exception as e:\n    return e.__traceback__.tb_frame.f_back.f_globals"),
    ("decorator", "@(lambda f: f.__globals__)\ndef g(): pass"),
    ("private alias of a module", "import json\nreturn json._os.system('id')"),
    ("import from", "from json import __builtins__ as b"),
    ("dynamic import", "return __import__('o' + 's').system('id')"),
    ("class keyword", "class A(metaclass=x.__class__): pass"),
    ("default", "def f(a=().__class__): pass"),
    ("type parameter", "def f[T: ().__class__](): pass"),
    ("walrus in a comprehension", "[y := x.__class__ for x in [()]]"),
    ("lambda parameter", "return (lambda __builtins__: 1)({})"),
    ("name built by repetition", "return '_' * 2 + 'class' + '_' * 2"),
    (
        "CVE-2025-68668: the way from a literal to a command",
        "return [c for c in ().__class__.__mro__[1].__subclasses__() if c.__name__ == 'Popen'][0]('id')",
    ),
    (
        "CVE-2026-0863: the object of an error by pattern",
        "try:\n    x.y\nexcept AttributeError as e:\n    match e:\n        case AttributeError(obj=o):\n            return o",
    ),
    ("CVE-2026-27494: by import from", "from json import __objclass__"),
    ("CVE-2026-27494: by format", "return '{0.__init__.__objclass__}'.format(str)"),
    ("CVE-2026-49444: positional pattern of a built-in class", "match x:\n    case str(y):\n        return y"),
    ("CVE-2026-49444: match arguments by annotation", "class P:\n    __match_args__: tuple = ('__class__',)"),
    ("CVE-2026-49444: reduce by assignment", "class A: pass\nA.__reduce_ex__ = lambda s, p: (f, ())"),
    ("CVE-2026-49444: prepare by keyword", "class A(metaclass=M, __prepare__=f): pass"),
    ("attributes between dots", "import json\nreturn f('__init__.__globals__')(quit)"),
    ("attributes between dots, joined", "return f('__init__' '.__glo' + 'bals__')(quit)"),
    ("private alias behind a submodule", "import json.decoder\nreturn json.decoder._os"),
    ("private alias before its import", "def f():\n    return json._os\nimport json\nreturn f()"),
    ("name built by a template", "return f('{0}{0}glo{1}{0}{0}'.format('_', 'bals'))"),
    ("name built from bytes", "return f(bytes([95, 95, 103, 108, 111, 98, 97, 108, 115, 95, 95]).decode())"),
    ("name kept by a walrus in a constant", "x = ((n := '__cl' + 'ass__'), 'harmless')[1]\nreturn f(n)"),
];

#[test]
fn published_escapes_are_refused() {
    for (name, source) in ESCAPES {
        let found = report(source, &common::usual());
        assert!(!found.is_empty(), "{name}: accepted\n{source}");
    }
}

#[test]
fn comments_and_blank_lines_change_nothing_but_the_line() {
    for (name, source) in ESCAPES {
        let with = format!("# a comment\n\n{}\n\n# another", source.replace('\n', "  # c\n"));
        let texts = |source: &str| -> Vec<String> {
            match analyze(source, &common::usual()) {
                Verdict::Refused(violations) => violations.into_iter().map(|v| v.text).collect(),
                other => panic!("{name}: {other:?}"),
            }
        };
        assert_eq!(texts(source), texts(&with), "{name}");
    }
}

#[test]
fn line_ends_and_encodings_hide_nothing() {
    for source in [
        "# -*- coding: utf-7 -*-\nx.__class__",
        "# harmless\rx.__class__",
        "# harmless\r\nx.__class__",
        "\x0cx.__class__",
        "x.\\\n__class__",
        "x\\\n.__class__",
        "(x.  # comment\n__class__)",
        "if x:\n\x0c    y.__class__",
        "'''\n''';x.__class__",
    ] {
        assert_refused(source);
    }
    // A lone line separator of Unicode ends no line, so this is still a comment, in CPython too.
    assert_eq!(report("# c\u{2028}x.__class__", &rules("", "")), [""; 0]);
}
