//! Section 11.1: the texts of the static analysis, over the wire. What it finds where is tested in `crates/analyzer`.

use serde_json::json;

use crate::stage::Stage;

const USE: &str = ", because it can be used to bypass security restrictions.";
const NAMES: &str = "__loader__ __builtins__ __globals__ __spec__ __name__ __n8n_internal_safe_format__";
const ATTRIBUTES: &str = "__subclasses__ __globals__ __builtins__ __traceback__ tb_frame tb_next f_back f_globals f_locals \
    f_code f_builtins __getattribute__ __qualname__ __module__ gi_frame gi_code gi_yieldfrom cr_frame cr_code ag_frame ag_code \
    obj __thisclass__ __self_class__ __objclass__ __reduce__ __reduce_ex__ __prepare__ __instancecheck__ __subclasscheck__ \
    __match_args__ __base__ __class__ __bases__ __code__ __closure__ __loader__ __cached__ __dict__ __import__ __mro__ \
    __init_subclass__ __getattr__ __setattr__ __delattr__ __self__ __func__ __wrapped__ __annotations__ __spec__";

cases! {
    Plain:
        s11_1_imports,
        s11_1_blocked_names,
        s11_1_blocked_attributes,
        s11_1_names_that_are_defined,
        s11_1_attributes_that_are_mangled_or_taken,
        s11_1_imports_by_function,
        s11_1_texts,
        s11_1_patterns,
        s11_1_violations_come_in_source_order,
        s11_1_a_text_that_is_no_format_is_not_checked,
        s12_28_a_text_that_is_a_blocked_name_stays_refused,
        s12_34_a_refusal_stays_an_error_whatever_the_node_says;
    Open:
        s11_1_nothing_is_checked_where_everything_is_allowed;
    Modules:
        s11_1_lists_are_named_in_order;
}

/// What the analysis says of code, line by line; behind an empty line follow the settings that would allow it.
async fn refusals(stage: &Stage, code: &str) -> Vec<String> {
    let (message, description) = stage.told(code).await;
    assert_eq!(message, "Security violations detected", "{code}");
    description.lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// One violation, in the first line.
async fn refused(stage: &Stage, code: &str, text: &str) {
    assert_eq!(refusals(stage, code).await, [format!("Line 1: {text}")], "{code}");
}

async fn s11_1_imports(stage: &Stage) {
    for (code, module) in [
        ("import os", "os"),
        ("import os.path", "os.path"),
        ("from os.path import join", "os.path"),
        ("import json as j", "json"),
    ] {
        let text = format!("Import of standard library module '{module}' is disallowed. Allowed stdlib modules: none");
        refused(stage, code, &text).await;
    }
    for (code, module) in [("import numpy", "numpy"), ("from pandas.io import x", "pandas.io")] {
        let text = format!("Import of external package '{module}' is disallowed. Allowed external packages: none");
        refused(stage, code, &text).await;
    }
    refused(stage, "from . import x", "Relative imports are disallowed.").await;
    refused(stage, "from ..a import x", "Relative imports are disallowed.").await;
    // A top-level module is told of once.
    assert_eq!(refusals(stage, "import os\nimport os.path\nfrom os import x").await.len(), 1);
}

async fn s11_1_lists_are_named_in_order(stage: &Stage) {
    let found = refusals(stage, "import socket, numpy").await;
    assert_eq!(
        found,
        [
            "Line 1: Import of standard library module 'socket' is disallowed. Allowed stdlib modules: collections, contextlib, \
             datetime, decimal, enum, functools, importlib, io, json, logging, math, os, pathlib, re, string, sys, threading, \
             time, uuid, warnings",
            "Line 1: Import of external package 'numpy' is disallowed. Allowed external packages: no_such_package",
        ]
    );
}

async fn s11_1_blocked_names(stage: &Stage) {
    for name in NAMES.split_whitespace() {
        let text = format!("Access to name '{name}' is disallowed{USE}");
        for code in [format!("return {name}"), format!("{name} = 1"), format!("del {name}")] {
            refused(stage, &code, &text).await;
        }
    }
    let text = format!("Access to name '__builtins__' is disallowed{USE}");
    let found = refusals(stage, "try:\n    pass\nexcept ValueError as __builtins__:\n    pass").await;
    assert_eq!(found, [format!("Line 3: {text}")]);
    for code in ["import os as __builtins__", "from os import __builtins__", "from os import x as __builtins__"] {
        assert!(refusals(stage, code).await.contains(&format!("Line 1: {text}")), "{code}");
    }
}

async fn s11_1_blocked_attributes(stage: &Stage) {
    let all: Vec<&str> = ATTRIBUTES.split_whitespace().collect();
    assert_eq!(all.len(), 50);
    for name in &all {
        refused(stage, &format!("return x.{name}"), &format!("Access to attribute '{name}' is disallowed{USE}")).await;
    }
    for code in ["x.__class__ = 1", "del x.__class__"] {
        refused(stage, code, &format!("Access to attribute '__class__' is disallowed{USE}")).await;
    }
}

async fn s11_1_names_that_are_defined(stage: &Stage) {
    for (code, what) in [
        ("global __spec__", "Global declaration of '__spec__'"),
        ("def __spec__(): pass", "Function named '__spec__'"),
        ("async def __spec__(): pass", "Function named '__spec__'"),
        ("class __spec__: pass", "Class named '__spec__'"),
        ("def f(__spec__): pass", "Parameter named '__spec__'"),
        ("return lambda __spec__: 1", "Parameter named '__spec__'"),
    ] {
        refused(stage, code, &format!("{what} is disallowed{USE}")).await;
    }
}

async fn s11_1_attributes_that_are_mangled_or_taken(stage: &Stage) {
    let mangled = "Access to name-mangled attributes (pattern: _ClassName__attr) is disallowed for security reasons.";
    for name in ["_Foo__bar", "_a__b"] {
        refused(stage, &format!("return x.{name}"), mangled).await;
    }
    for name in ["format", "format_map", "vformat", "get_field"] {
        let text =
            format!("Extracting '{name}' as a bound method is disallowed; call it directly on its receiver instead.");
        refused(stage, &format!("return x.{name}"), &text).await;
    }
    assert_eq!(stage.result("return '{}-{:>3}'.format(1, 2)").await, "\"1-  2\"");
}

async fn s11_1_imports_by_function(stage: &Stage) {
    let import = "Import of standard library module 'os' is disallowed. Allowed stdlib modules: none";
    refused(stage, "__import__('os')", import).await;
    // Its other name is an attribute that is blocked anyway.
    for code in ["builtins.__import__('os')", "__builtins__.__import__('os')"] {
        assert!(refusals(stage, code).await.contains(&format!("Line 1: {import}")), "{code}");
    }
    refused(stage, "__import__('.x')", "Relative imports are disallowed.").await;
    let dynamic = "Dynamic __import__() calls are not allowed for security reasons.";
    for code in ["__import__(x)", "__import__('o' + 's')", "__import__()"] {
        refused(stage, code, dynamic).await;
    }
}

async fn s11_1_texts(stage: &Stage) {
    let name = |n: &str| format!("Access to name '{n}' is disallowed{USE}");
    let attribute = |n: &str| format!("Access to attribute '{n}' is disallowed{USE}");
    let pattern = |n: &str| format!("String pattern accessing '{n}' is disallowed{USE}");
    for (code, text) in [
        ("return '__spec__'", name("__spec__")),
        ("return '__class__'", attribute("__class__")),
        ("return f'__class__'", attribute("__class__")),
        ("'__class__'", attribute("__class__")),
        ("return '{0.__class__}'", pattern("__class__")),
        ("return '{[__class__]}'", pattern("__class__")),
        ("return 'a {0:{1.__dict__}} b'", pattern("__dict__")),
    ] {
        refused(stage, code, &text).await;
    }
    let joined = refusals(stage, "return '__cla' + 'ss__'").await;
    assert_eq!(joined, [format!("Line 1: {}", attribute("__class__"))]);
    let both = refusals(stage, "return '{0.__class__} {0.__dict__}'").await;
    assert_eq!(both, [format!("Line 1: {}", pattern("__class__")), format!("Line 1: {}", pattern("__dict__"))]);
    let key = refusals(stage, "return builtins['__import__']").await;
    assert_eq!(key, [format!("Line 1: {}", attribute("__import__")), format!("Line 1: {}", attribute("__import__"))]);
}

async fn s11_1_patterns(stage: &Stage) {
    let positional = refusals(stage, "match 1:\n    case int(x): pass").await;
    assert_eq!(positional, ["Line 2: Positional match patterns are disallowed for security reasons."]);
    let keyword = refusals(stage, "match 1:\n    case E(obj=x): pass").await;
    assert_eq!(keyword, [format!("Line 2: Match pattern extracting attribute 'obj' is disallowed{USE}")]);
}

async fn s11_1_violations_come_in_source_order(stage: &Stage) {
    let found = refusals(stage, "x.__class__.__mro__\nimport os\nx.__class__\nx.__class__").await;
    let attribute = |n: &str| format!("Access to attribute '{n}' is disallowed{USE}");
    assert_eq!(
        found,
        [
            format!("Line 1: {}", attribute("__mro__")),
            format!("Line 1: {}", attribute("__class__")),
            "Line 2: Import of standard library module 'os' is disallowed. Allowed stdlib modules: none".to_owned(),
            format!("Line 3: {}", attribute("__class__")),
            format!("Line 4: {}", attribute("__class__")),
        ],
        "an outer node before its children, and duplicates kept"
    );
}

async fn s11_1_a_text_that_is_no_format_is_not_checked(stage: &Stage) {
    assert_eq!(stage.result("return ['{', '}', '} {0.x'] ").await, r#"["{","}","} {0.x"]"#);
}

async fn s11_1_nothing_is_checked_where_everything_is_allowed(stage: &Stage) {
    assert_eq!(
        stage.result("import os\nreturn [().__class__.__name__, '__class__'] ").await,
        r#"["tuple","__class__"]"#
    );
    assert_eq!(stage.result("import json\nreturn json.dumps([1])").await, "\"[1]\"");
}

async fn s12_28_a_text_that_is_a_blocked_name_stays_refused(stage: &Stage) {
    let text = format!("Access to attribute 'obj' is disallowed{USE}");
    for code in ["return _items[0]['json']['obj']", "return {'obj': 1}"] {
        refused(stage, code, &text).await;
    }
}

async fn s12_34_a_refusal_stays_an_error_whatever_the_node_says(stage: &Stage) {
    for code in ["import os", "x = ["] {
        let outcome = stage.run_with(code, json!({"continueOnFail": true})).await;
        assert!(outcome.verdict.is_err(), "{code}");
    }
}
