//! Sections 11.2 to 11.5: guards at run time, built-ins and the environment. What they hold against is in `tests/escape`.

use serde_json::json;

use crate::stage::Stage;

/// Built-ins that code does not have by default.
const DENIED: &str = "eval exec compile open input breakpoint getattr object type vars setattr delattr hasattr dir memoryview \
    __build_class__ globals locals license help credits copyright";

cases! {
    Plain:
        s11_2_ordinary_formatting_is_untouched,
        s11_4_denied_built_ins_are_no_names,
        s11_4_a_class_statement_fails,
        s11_4_what_stays;
    Modules:
        s11_3_allowed_modules_and_their_submodules,
        s11_3_imports_by_function_are_checked,
        s11_3_relative_names_are_resolved_first,
        s11_3_an_allowed_package_that_is_missing,
        s11_4_an_own_list_replaces_the_default,
        s11_4_functions_present_themselves_as_built_in,
        s11_4_the_built_ins_are_read_only,
        s11_5_the_environment_is_empty;
    Open:
        s12_18_no_variable_of_the_runner_can_be_read;
    Plain:
        s11_2_templates_made_at_run_time_are_checked;
    Modules:
        s11_2_formatters_are_checked,
        s11_3_modules_that_are_loaded_are_few;
    Modules:
        s11_4_attributes_of_these_functions_are_refused,
        s11_4_these_functions_are_used_as_any_other;
    Open:
        s11_2_formats_are_checked_where_everything_is_allowed;
    alone:
        s11_3_transitive_imports_can_be_allowed,
        s11_4_print_and_import_cannot_be_denied;
}

/// The attribute's name, made so that the analysis does not see it.
const HIDDEN: &str = "u = chr(95) * 2\nhidden = u + 'class' + u\n";

async fn format_refused(stage: &Stage, code: &str) {
    let (message, description) = stage.told(code).await;
    assert_eq!(message, "Security violations detected", "{code}\n{description}");
    assert!(description.contains("'__class__' is disallowed, because it can"), "{code}\n{description}");
    assert!(!description.starts_with("Line "), "{description}");
}

async fn s11_2_templates_made_at_run_time_are_checked(stage: &Stage) {
    for call in [
        "('{0.' + hidden + '}').format(1)",
        "('{0[' + hidden + ']}').format({})",
        "('{x.' + hidden + '}').format_map({'x': 1})",
        "str.format('{0.' + hidden + '}', 1)",
        "('{0:{1.' + hidden + '}}').format(1, 2)",
    ] {
        format_refused(stage, &format!("{HIDDEN}return {call}")).await;
    }
}

async fn s11_2_formatters_are_checked(stage: &Stage) {
    for call in [
        "string.Formatter().format('{0.' + hidden + '}', 1)",
        "string.Formatter().vformat('{0.' + hidden + '}', (1,), {})",
        "string.Formatter.format(string.Formatter(), '{0.' + hidden + '}', 1)",
        "string.Formatter().get_field('0.' + hidden, (1,), {})",
        "collections.UserString('{0.' + hidden + '}').format(1)",
    ] {
        format_refused(stage, &format!("import string, collections\n{HIDDEN}return {call}")).await;
    }
    let plain = "import string\nreturn string.Formatter().format('{0}-{x}', 1, x=2)";
    assert_eq!(stage.result(plain).await, "\"1-2\"");
}

async fn s11_2_ordinary_formatting_is_untouched(stage: &Stage) {
    let code = "n = 3.14159\nreturn ['{0:.2f} {x!r} {1[k]}'.format(n, {'k': 1}, x='y'), f'{n:>8.1f}', '%s-%d' % ('a', 5), '{{}}'.format()]";
    assert_eq!(stage.result(code).await, r#"["3.14 'y' 1","     3.1","a-5","{}"]"#);
}

async fn s11_2_formats_are_checked_where_everything_is_allowed(stage: &Stage) {
    format_refused(stage, "return '{0.__class__}'.format(1)").await;
}

async fn s11_3_allowed_modules_and_their_submodules(stage: &Stage) {
    let code = "import os.path\nimport collections.abc\nfrom json import dumps as d\nfrom json.decoder import JSONDecodeError\n\
                return [d([1]), os.path.join('a', 'b'), JSONDecodeError is not None, collections.abc.Mapping is not None]";
    assert_eq!(stage.result(code).await, r#"["[1]","a/b",true,true]"#);
}

async fn s11_3_imports_by_function_are_checked(stage: &Stage) {
    for code in [
        "import importlib\nreturn importlib.import_module(chr(115) + 'ocket')",
        "f = __import__\nreturn f(chr(115) + 'ocket')",
    ] {
        let (message, description) = stage.told(code).await;
        assert_eq!(message, "Security violation detected", "{code}: {description}");
        assert!(description.starts_with("Import of standard library module 'socket' is disallowed."), "{description}");
    }
    assert_eq!(stage.result("import importlib\nreturn importlib.import_module('json').dumps([1])").await, "\"[1]\"");
    assert_eq!(stage.result("return __import__('json').dumps([1])").await, "\"[1]\"");
}

async fn s11_3_relative_names_are_resolved_first(stage: &Stage) {
    for anchor in ["'json'", "package='json'"] {
        let code = format!(
            "import importlib\nreturn importlib.import_module('.decoder', {anchor}).JSONDecodeError is not None"
        );
        assert_eq!(stage.result(&code).await, "true", "{anchor}");
    }
    let code = "import importlib\nreturn importlib.import_module('.client', 'http')";
    let (message, description) = stage.told(code).await;
    assert_eq!(message, "Security violation detected", "{description}");
    assert!(description.contains("'http.client'"), "{description}");
    assert!(stage.run("import importlib\nreturn importlib.import_module('.decoder')").await.verdict.is_err());
}

async fn s11_3_an_allowed_package_that_is_missing(stage: &Stage) {
    for code in ["import no_such_package", "import importlib\nimportlib.import_module('no_such_package.part')"] {
        let (message, description) = stage.told(code).await;
        assert_eq!(message, "No module named 'no_such_package'");
        let advice = "'no_such_package' is allowed, but not installed in the Python that runs tasks. Install it there and restart \
                      the runner.";
        assert!(description.ends_with(advice), "{description}");
    }
    // Not for what was allowed and is there.
    let (message, description) = stage.told("import json.nothing").await;
    assert_eq!(message, "No module named 'json.nothing'");
    assert!(
        description.ends_with("'json' is allowed, but this version of Python has no 'json.nothing'."),
        "{description}"
    );
}

async fn s11_3_modules_that_are_loaded_are_few(stage: &Stage) {
    let allowed = [
        "re",
        "json",
        "collections",
        "contextlib",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "importlib",
        "io",
        "logging",
        "math",
        "os",
        "pathlib",
        "string",
        "sys",
        "threading",
        "time",
        "uuid",
        "warnings",
        "builtins",
        "__main__",
        "traceback",
        "linecache",
    ];
    // Where `sys` does not show them, that is as good.
    let outcome = stage.run("import sys\nreturn sorted(sys.modules)").await;
    let names: Vec<String> =
        outcome.verdict.map_or_else(|_| Vec::new(), |names| serde_json::from_str(names.get()).unwrap());
    for name in names {
        let top = name.split('.').next().unwrap();
        assert!(allowed.contains(&top), "{name} is loaded");
    }
}

async fn s11_3_transitive_imports_can_be_allowed() {
    // The package imports by `importlib` what it is asked for, and that is not allowed.
    const BY_PACKAGE: &str = "import importlib.resources\nreturn importlib.resources.files('json').name";
    const BY_USER: &str = "import importlib\nreturn importlib.import_module('json')";
    for (value, works) in [("false", false), ("true", true)] {
        let variables = [("N8N_RUNNERS_STDLIB_ALLOW", "importlib"), ("N8N_RUNNERS_ALLOW_TRANSITIVE_IMPORTS", value)];
        let stage = Stage::start(&variables).await;
        for (code, passes) in [(BY_PACKAGE, works), (BY_USER, false)] {
            match stage.run(code).await.verdict {
                Ok(result) => assert!(passes && result.get() == "\"json\"", "{value}: {result}"),
                Err(error) => {
                    assert!(!passes, "{value}: {error:?}");
                    assert_eq!(error["message"], "Security violation detected");
                }
            }
        }
        stage.stop().await;
    }
}

async fn s11_4_denied_built_ins_are_no_names(stage: &Stage) {
    let names: Vec<&str> = DENIED.split_whitespace().collect();
    assert_eq!(names.len(), 22);
    for name in names {
        let (message, _) = stage.told(&format!("return {name}")).await;
        assert_eq!(message, format!("name '{name}' is not defined"));
    }
}

async fn s11_4_a_class_statement_fails(stage: &Stage) {
    assert_eq!(stage.told("class A: pass").await.0, "__build_class__ not found");
}

async fn s11_4_what_stays(stage: &Stage) {
    let code = "return [len([1]), sorted([2, 1]), str(isinstance(1, int)), exit is not None, quit is not None, sum(map(abs, [-1]))]";
    assert_eq!(stage.result(code).await, r#"[1,[1,2],"True",true,true,1]"#);
}

async fn s11_4_an_own_list_replaces_the_default(stage: &Stage) {
    // Nothing is denied here.
    let code = "class A:\n    x = 1\nreturn [getattr(A, 'x'), hasattr(A, 'y'), type(1) is int, eval('1 + 1')]";
    assert_eq!(stage.result(code).await, "[1,false,true,2]");
}

async fn s11_4_print_and_import_cannot_be_denied() {
    let stage =
        Stage::start(&[("N8N_RUNNERS_BUILTINS_DENY", "print, __import__,len"), ("N8N_RUNNERS_STDLIB_ALLOW", "json")])
            .await;
    let outcome = stage.run("import json\nprint(json.dumps([1]))").await;
    assert_eq!((outcome.prints, outcome.verdict.is_ok()), (vec![vec!["'[1]'".to_owned()]], true));
    assert_eq!(stage.told("return len([])").await.0, "name 'len' is not defined");
    assert_eq!(stage.result("return eval('1')").await, "1");
    stage.stop().await;
}

async fn s11_4_functions_present_themselves_as_built_in(stage: &Stage) {
    let code = "import importlib\nreturn [repr(print), repr(__import__), repr(importlib.import_module)]";
    let import = r#""<built-in function __import__>""#;
    assert_eq!(stage.result(code).await, format!(r#"["<built-in function print>",{import},{import}]"#));
    for name in ["no_such", "mark"] {
        let text = format!("'builtin_function_or_method' object has no attribute '{name}'");
        for code in [format!("return print.{name}"), format!("__import__.{name} = 1"), format!("del print.{name}")] {
            let (message, _) = stage.told(&code).await;
            assert_eq!(message, text, "{code}");
        }
    }
}

/// Names that the analysis refuses in the text are made at run time.
async fn s11_4_attributes_of_these_functions_are_refused(stage: &Stage) {
    let refused = |name: &str| format!("'builtin_function_or_method' object has no attribute '{name}'");
    for name in ["__call__", "__init__", "__new__", "__doc__", "__dir__", "__subclasshook__", "__repr__"] {
        assert_eq!(stage.told(&format!("return print.{name}")).await.0, refused(name));
    }
    let names =
        "'call init new doc dir subclasshook repr class self module dict mro getattribute text_signature no_such'";
    let code = format!(
        "import importlib\nu = chr(95) * 2\ntold = set()\nfor f in (print, __import__, importlib.import_module):\n \
           for name in {names}.split():\n  name = u + name + u\n  \
             for access in (lambda: getattr(f, name), lambda: setattr(f, name, 1), lambda: delattr(f, name)):\n   \
               try:\n    access()\n   except AttributeError as e:\n    told.add(str(e).replace(name, '?'))\n   \
               else:\n    told.add('passed: ' + name)\nreturn sorted(told)"
    );
    assert_eq!(stage.result(&code).await, json!([refused("?")]).to_string());
    // What the type has leads nowhere.
    for (code, part) in [
        ("return type(print)()", "builtin_function_or_method"),
        ("class P(type(print)): pass", "is not an acceptable base type"),
        ("type(print).x = 1", "cannot set 'x' attribute of immutable type"),
        ("return dir(print)[0]", "list index out of range"),
    ] {
        let (message, _) = stage.told(code).await;
        assert!(message.contains(part), "{code}: {message}");
    }
    assert_eq!(stage.result("return hasattr(print, 'x')").await, "false");
}

/// What ordinary code does with a function.
async fn s11_4_these_functions_are_used_as_any_other(stage: &Stage) {
    let code = "import functools, threading\n\
                list(map(print, [1, 2]))\nfunctools.partial(print, 'p', sep='-')('q')\nsorted([3], key=print)\n\
                t = threading.Thread(target=print, args=('t',))\nt.start()\nt.join()\n\
                @functools.wraps(print)\ndef own(*args): print('own', *args)\nown(4)\n\
                class A:\n    log = print\nA().log('m')\n\
                functools.lru_cache(print)(5)\n\
                say = {'say': print}['say']\nsay(callable(print), print == say, print in {print}, bool(print), hash(print) == hash(say))\n\
                say(f'{print}', str(print), [print], isinstance(print, int), callable(__import__))\n\
                __import__('json').dumps([])\n\
                return [type(print).__name__, print == __import__]";
    let outcome = stage.run(code).await;
    assert_eq!(outcome.verdict.unwrap().get(), r#"["builtin_function_or_method",false]"#);
    let shown = "<built-in function print>";
    let list = format!(r#"["{shown}"]"#);
    let expected: [&[&str]; 10] = [
        &["1"],
        &["2"],
        &["'p'", "'q'"],
        &["3"],
        &["'t'"],
        &["'own'", "4"],
        &["'m'"],
        &["5"],
        &["True", "True", "True", "True", "True"],
        &[&format!("'{shown}'"), &format!("'{shown}'"), &list, "False", "True"],
    ];
    assert_eq!(outcome.prints, expected);
}

async fn s11_4_the_built_ins_are_read_only(stage: &Stage) {
    let code = "import sys\nb = sys.modules['builtins']\nb.len = 1\nreturn len([1, 2])";
    let outcome = stage.run(code).await;
    // Refused, or without effect on code: what is called is still what it was.
    assert!(outcome.verdict.as_ref().map_or(true, |result| result.get() == "2"), "{outcome:?}");
}

async fn s11_5_the_environment_is_empty(stage: &Stage) {
    let code = "import os\nreturn [len(os.environ), os.environ.get('PATH')]";
    assert_eq!(stage.result(code).await, "[0,null]");
    let each = stage.result_with(code, json!({"nodeMode": "runOnceForEachItem"})).await;
    assert_eq!(each, r#"[{"json":[0,null],"pairedItem":{"item":0}}]"#);
}

async fn s12_18_no_variable_of_the_runner_can_be_read(stage: &Stage) {
    let code = "import os\nfound = []\nfor pid in ['self', str(os.getppid()), '1']:\n    try:\n        with open(f'/proc/{pid}/environ', 'rb') as f:\n            found.append(f.read())\n    except Exception as e:\n        found.append(b'')\nreturn [b'TOKEN' in text for text in found] + [dict(os.environ)]";
    let outcome = stage.run(code).await;
    match outcome.verdict {
        Ok(result) => assert_eq!(result.get(), "[false,false,false,{}]"),
        // `open` is not even there.
        Err(error) => assert_eq!(error["message"], "name 'open' is not defined"),
    }
}
