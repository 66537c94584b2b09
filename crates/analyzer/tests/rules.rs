//! For every rule a refused example with its exact text, and an accepted neighbour.

mod common;

use common::{assert_clean, because, report, rules, usual};
use palisade_analyzer::{Rule, StringRule, Verdict, analyze};

#[track_caller]
fn refused(source: &str, texts: &[&str]) {
    assert_eq!(report(source, &usual()), texts, "{source}");
}

fn name(line: u32, name: &str) -> String {
    because(&format!("Line {line}: Access to name '{name}' is disallowed"))
}

fn attribute(line: u32, name: &str) -> String {
    because(&format!("Line {line}: Access to attribute '{name}' is disallowed"))
}

fn pattern(line: u32, name: &str) -> String {
    because(&format!("Line {line}: String pattern accessing '{name}' is disallowed"))
}

const MANGLED: &str =
    "Line 1: Access to name-mangled attributes (pattern: _ClassName__attr) is disallowed for security reasons.";
const DYNAMIC: &str = "Line 1: Dynamic __import__() calls are not allowed for security reasons.";
const STDLIB_OS: &str =
    "Line 1: Import of standard library module 'os' is disallowed. Allowed stdlib modules: json, re";

#[test]
fn imports_follow_the_allow_lists() {
    refused("import os", &[STDLIB_OS]);
    refused("from os import path", &[STDLIB_OS]);
    refused(
        "import os.path as p",
        &["Line 1: Import of standard library module 'os.path' is disallowed. Allowed stdlib modules: json, re"],
    );
    refused(
        "\nimport requests.adapters",
        &["Line 2: Import of external package 'requests.adapters' is disallowed. Allowed external packages: numpy"],
    );
    for source in ["import json", "import json.decoder as d", "from re import sub", "import numpy.linalg as l"] {
        assert_clean(source);
    }
}

#[test]
fn empty_lists_say_none_and_wildcards_pass_their_kind() {
    assert_eq!(
        report("import os, requests", &rules("", "")),
        [
            "Line 1: Import of standard library module 'os' is disallowed. Allowed stdlib modules: none",
            "Line 1: Import of external package 'requests' is disallowed. Allowed external packages: none",
        ]
    );
    assert_eq!(report("import os", &rules("*", "")), [""; 0]);
    assert_eq!(report("import requests", &rules("", "*")), [""; 0]);
    assert_eq!(report("import requests", &rules("*", "")).len(), 1);
}

#[test]
fn everything_allowed_skips_the_rules_but_not_the_syntax() {
    let all = rules("*", "*");
    assert!(all.allows_everything());
    assert_eq!(analyze("import os\nx.__class__", &all), Verdict::Clean);
    assert!(matches!(analyze("x = (", &all), Verdict::Unparsable(_)));
    assert_eq!(analyze("x\0", &all), Verdict::NulByte);
}

#[test]
fn a_top_level_module_is_reported_once() {
    refused("import os\nimport os.path\nfrom os import x\n__import__('os')", &[STDLIB_OS]);
    assert_eq!(report("import os, sys, os", &usual()).len(), 2);
}

#[test]
fn relative_imports() {
    let text = "Line 1: Relative imports are disallowed.";
    refused("from . import x", &[text]);
    refused("from .json import x", &[text]);
    refused("from ... import x", &[text]);
    refused("__import__('.x')", &[text]);
    assert_clean("from json import x");
}

#[test]
fn imports_by_call() {
    refused("__import__('os')", &[STDLIB_OS]);
    refused("__import__('os', fromlist=['path'])", &[STDLIB_OS]);
    refused("builtins.__import__('os')", &[STDLIB_OS, &attribute(1, "__import__")]);
    refused("__builtins__.__import__('os')", &[STDLIB_OS, &attribute(1, "__import__"), &name(1, "__builtins__")]);
    for source in
        ["__import__(x)", "__import__('o' + 's')", "__import__()", "__import__(*x)", "__import__(name='json')"]
    {
        let found = report(source, &usual());
        assert_eq!(found.first().map(String::as_str), Some(DYNAMIC), "{source}");
    }
    assert_clean("__import__('json')");
    assert_clean("__import__('json.decoder')");
}

#[test]
fn blocked_names() {
    for source in ["x = __loader__", "__loader__ = 1", "del __loader__", "def f():\n nonlocal_ = 1\n__loader__"] {
        assert_eq!(report(source, &usual()).len(), 1, "{source}");
    }
    refused("__spec__", &[&name(1, "__spec__")]);
    refused("import json as __spec__", &[&name(1, "__spec__")]);
    refused("from json import __spec__", &[&name(1, "__spec__")]);
    refused("from json import x as __spec__", &[&name(1, "__spec__")]);
    refused("try:\n pass\nexcept E as __spec__:\n pass", &[&name(3, "__spec__")]);
    refused("if __name__ == '__main__':\n pass", &[&name(1, "__name__")]);
    assert_clean("import json as spec");
    assert_clean("obj = 1\nprint(obj, __doc__, __file__)");
}

#[test]
fn blocked_dunder_attributes_are_names_too_unless_switched_off() {
    let source = "class A:\n __match_args__ = ('a',)";
    refused(source, &[&name(2, "__match_args__")]);
    let mut rules = usual();
    rules.dunders_are_names = false;
    assert_eq!(report(source, &rules), [""; 0]);
    assert_clean("class A:\n def __init__(self):\n  self.x = 1\n def __repr__(self):\n  return 'A'");
}

#[test]
fn blocked_attributes() {
    refused("x.__class__", &[&attribute(1, "__class__")]);
    refused("x.__class__ = y", &[&attribute(1, "__class__")]);
    refused("del x.__class__", &[&attribute(1, "__class__")]);
    refused("e.obj", &[&attribute(1, "obj")]);
    refused("().__class__.__mro__", &[&attribute(1, "__mro__"), &attribute(1, "__class__")]);
    refused("(x\n.\n__class__)", &[&attribute(1, "__class__")]);
    assert_clean("x.__doc__, x.cls, x.__init__, x.object, x.objs, f(obj=1)");
}

#[test]
fn identifiers_are_compared_as_python_compiles_them() {
    refused("x.__ｃlass__", &[&attribute(1, "__class__")]);
    refused("x.ｏｂｊ", &[&attribute(1, "obj")]);
    refused("__ｓpec__", &[&name(1, "__spec__")]);
    refused("import ｏｓ", &[STDLIB_OS]);
    refused("from json import __ｓpec__", &[&name(1, "__spec__")]);
    assert_clean("x.größe, x.ｃlass_");
}

#[test]
fn mangled_attributes() {
    refused("x._Foo__bar", &[MANGLED]);
    refused("x._a__b = 1", &[MANGLED]);
    refused("from json import _a__b", &[MANGLED]);
    assert_clean("x._foo, x.__foo, x.a__b, x.__init__, x.__call__()");
}

#[test]
fn private_names_of_modules() {
    let text = because("Line 2: Access to private name '_x' of module 'json' is disallowed");
    refused("import json\njson._x", &[&text]);
    refused("import json as j\nj._x", &[&text.replace("'json'", "'j'")]);
    refused("\nfrom json import _x", &[&text]);
    refused("json._x\nimport json", &[&text.replace("Line 2", "Line 1")]);
    refused("def f():\n json._x\nif f:\n import json", &[&text]);
    refused("import json.decoder\njson.decoder._x", &[&text.replace("'json'", "'json.decoder'")]);
    refused("from json import decoder as d\nd._x", &[&text.replace("'json'", "'d'")]);
    assert_clean("import json\njson.x, json.__doc__, json.__version__, y._x, json.f()._x\nfrom json import _");
    assert_clean("from numpy import Point, Colour\nPoint._make(x), Point._fields, Colour._value2member_map_");
    let mut rules = usual();
    rules.private_module_names = false;
    assert_eq!(report("import json\njson._x", &rules), [""; 0]);
}

#[test]
fn format_methods_are_called_not_taken() {
    for method in ["format", "format_map", "vformat", "get_field"] {
        refused(
            &format!("f = x.{method}"),
            &[&format!(
                "Line 1: Extracting '{method}' as a bound method is disallowed; call it directly on its receiver instead."
            )],
        );
        assert_clean(&format!("x.{method}(1)"));
        assert_clean(&format!("(x.{method})(1)"));
    }
    assert_eq!(report("map(str.format, x)", &usual()).len(), 1);
    assert_eq!(report("x.format.y()", &usual()).len(), 1);
    assert_clean("format(x, '02')");
}

#[test]
fn subscripts_of_builtins() {
    let twice = [attribute(1, "__import__"), attribute(1, "__import__")];
    refused("builtins['__import__']", &[&twice[0], &twice[1]]);
    refused("x.builtins['__import__']", &[&twice[0], &twice[1]]);
    refused("__builtins__['__import__']", &[&twice[0], &name(1, "__builtins__"), &twice[1]]);
    refused("x['__import__']", &[&twice[0]]);
    assert_clean("builtins['len'], builtins[x]");
}

#[test]
fn string_constants() {
    refused("'__class__'", &[&attribute(1, "__class__")]);
    refused("'__spec__'", &[&name(1, "__spec__")]);
    refused("item['json']['obj']", &[&attribute(1, "obj")]);
    refused("{'obj': 1}", &[&attribute(1, "obj")]);
    refused("'''__class__'''", &[&attribute(1, "__class__")]);
    refused("'__cl' 'ass__'", &[&attribute(1, "__class__")]);
    refused("f'__class__'", &[&attribute(1, "__class__")]);
    refused("f'{x}obj{y}'", &[&attribute(1, "obj")]);
    refused("'__cl' f'ass__{x}'", &[&attribute(1, "__class__")]);
    refused("f'{x:obj}'", &[&attribute(1, "obj")]);
    refused("'\\x5f_class__'", &[&attribute(1, "__class__")]);
    refused("'\\N{LOW LINE}_class__'", &[&attribute(1, "__class__")]);
    refused("def f():\n 'obj'", &[&attribute(2, "obj")]);
    assert_clean("'object', 'class', ' obj', r'\\x5f_class__', b'__class__', f'{x}objx{y}'");
}

/// What `operator.attrgetter`, `Formatter.get_field` and late evaluation take.
#[test]
fn dunders_between_dots() {
    refused("'__init__.__globals__'", &[&name(1, "__globals__")]);
    refused("'0.__class__.__mro__'", &[&attribute(1, "__class__"), &attribute(1, "__mro__")]);
    refused("'x.__subclasses__.y'", &[&attribute(1, "__subclasses__")]);
    refused("'__init__' + '.__glob' + 'als__'", &[&name(1, "__globals__")]);
    refused("def f(x: 'y.__class__'): pass", &[&attribute(1, "__class__")]);
    assert_clean(
        "'t.obj', 't.f_code', 'a.__init__', 'About x.__class__, and more', '{0.__class__', 'a.__x__.b', '...'",
    );
    let mut rules = usual();
    rules.strings = StringRule::Off;
    assert_eq!(report("'__init__.__globals__'", &rules), [""; 0]);
}

#[test]
fn format_fields_in_strings() {
    refused("'{0.__class__}'", &[&pattern(1, "__class__")]);
    refused("'{0[__class__]}'", &[&pattern(1, "__class__")]);
    refused("\"{0['__class__']}\"", &[&pattern(1, "__class__")]);
    refused("'{a.__class__.__mro__}'", &[&pattern(1, "__class__"), &pattern(1, "__mro__")]);
    refused("'{0:{1.__class__}}'", &[&pattern(1, "__class__")]);
    refused("'{0.__spec__}'", &[&pattern(1, "__spec__")]);
    refused("'See {0.__class__}'.x", &[&pattern(1, "__class__")]);
    assert_clean("'{obj}', '{', '}', '{{0.__class__}}', '{0.name}', '{0.__class__', '0.name'");
}

#[test]
fn strings_have_an_opt_out() {
    let mut rules = usual();
    rules.strings = StringRule::Dunders;
    assert_eq!(report("{'obj': 1}", &rules), [""; 0]);
    assert_eq!(report("'__class__'", &rules).len(), 1);
    assert_eq!(report("'{0.obj}'", &rules).len(), 1);
    rules.strings = StringRule::Off;
    assert_eq!(report("'__class__', '{0.obj}', 'o' + 'bj'", &rules), [""; 0]);
}

#[test]
fn declarations() {
    let text = |head: &str| because(&format!("Line 1: {head} '__spec__' is disallowed"));
    refused("global __spec__", &[&text("Global declaration of")]);
    refused("def __spec__(): pass", &[&text("Function named")]);
    refused("async def __spec__(): pass", &[&text("Function named")]);
    refused("class __spec__: pass", &[&text("Class named")]);
    refused("lambda __spec__: 1", &[&text("Parameter named")]);
    for parameters in ["__spec__", "__spec__, /", "*__spec__", "*, __spec__", "**__spec__", "a, __spec__=1"] {
        refused(&format!("def f({parameters}): pass"), &[&text("Parameter named")]);
        refused(&format!("lambda {parameters}: 1"), &[&text("Parameter named")]);
    }
    refused("@d\ndef __spec__(): pass", &[&text("Function named").replace("Line 1", "Line 2")]);
    assert_clean("def f(obj, spec): pass\nglobal g\nclass C: pass");
}

#[test]
fn nonlocal_and_type_parameters_bind_names() {
    refused("def f():\n nonlocal __spec__", &[&name(2, "__spec__")]);
    refused("def f[__spec__](): pass", &[&name(1, "__spec__")]);
    refused("class A[*__spec__]: pass", &[&name(1, "__spec__")]);
    refused("type A[**__spec__] = int", &[&name(1, "__spec__")]);
    refused("type __spec__ = int", &[&name(1, "__spec__")]);
}

#[test]
fn keyword_arguments() {
    refused("f(__reduce__=x)", &[&because("Line 1: Keyword argument named '__reduce__' is disallowed")]);
    refused("class A(__spec__=x): pass", &[&because("Line 1: Keyword argument named '__spec__' is disallowed")]);
    assert_clean("f(obj=1, format='csv', __x__=1)");
}

#[test]
fn match_patterns() {
    let case = |pattern: &str| format!("match x:\n case {pattern}:\n  pass");
    refused(&case("int(y)"), &["Line 2: Positional match patterns are disallowed for security reasons."]);
    refused(&case("E(obj=y)"), &[&because("Line 2: Match pattern extracting attribute 'obj' is disallowed")]);
    refused(
        &case("E(__class__=E(obj=z))"),
        &[
            &because("Line 2: Match pattern extracting attribute '__class__' is disallowed"),
            &because("Line 2: Match pattern extracting attribute 'obj' is disallowed"),
        ],
    );
    refused(
        &case("str(format=f)"),
        &["Line 2: Extracting 'format' as a bound method is disallowed; call it directly on its receiver instead."],
    );
    refused(&case("{**__spec__}"), &[&name(2, "__spec__")]);
    refused(&case("[*__spec__]"), &[&name(2, "__spec__")]);
    refused(&case("1 as __spec__"), &[&name(2, "__spec__")]);
    refused(&case("a.__class__"), &[&attribute(2, "__class__")]);
    refused(&case("{'obj': 1}"), &[&attribute(2, "obj")]);
    refused(
        &case("a | E(obj=1) | 'obj'"),
        &[&because("Line 2: Match pattern extracting attribute 'obj' is disallowed"), &attribute(2, "obj")],
    );
    for pattern in ["int()", "E(value=y)", "[1, *rest]", "{'a': 1, **rest}", "None", "a.b", "1 | 2", "_", "'x'"] {
        assert_clean(&case(pattern));
    }
}

#[test]
fn the_order_is_that_of_python_s_tree() {
    // Body before decorators and annotations, keys before values, parameters before defaults.
    let source =
        "@a.tb_frame\ndef f(p=b.tb_next) -> c.f_back:\n d.f_code\n{e.gi_frame: g.gi_code, h.cr_frame: i.cr_code}";
    let order: Vec<String> =
        report(source, &usual()).iter().map(|line| line.split('\'').nth(1).unwrap_or_default().to_owned()).collect();
    assert_eq!(order, ["tb_next", "f_code", "tb_frame", "f_back", "gi_frame", "cr_frame", "gi_code", "cr_code"]);
}

#[test]
fn duplicates_are_kept() {
    refused("x.obj\nx.obj", &[&attribute(1, "obj"), &attribute(2, "obj")]);
}

#[test]
fn the_report_is_bounded() {
    let source = "x.obj\n".repeat(5000);
    let Verdict::Refused(violations) = analyze(&source, &usual()) else { panic!() };
    let last = violations.last().unwrap();
    assert_eq!(last.rule, Rule::ReportCut);
    assert_eq!(last.text, format!("{} more violations are not listed.", 5000 - (violations.len() - 1)));
    assert!(violations.len() <= 1001);

    // Long names are cut, and so is the sum.
    let imports: Vec<String> = (0..900).map(|n| format!("import m{n}{}", "x".repeat(900))).collect();
    let source = imports.join("\n");
    let verdict = analyze(&source, &usual());
    assert!(verdict.description().len() < 100_000, "{}", verdict.description().len());
}

#[test]
fn the_description_has_one_line_a_violation() {
    let verdict = analyze("x.obj\n\n__spec__", &usual());
    assert_eq!(verdict.description(), format!("{}\n{}", attribute(1, "obj"), name(3, "__spec__")));
    assert_eq!(analyze("x", &usual()).description(), "");
}
