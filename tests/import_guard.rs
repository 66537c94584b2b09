//! The import guard, and what is checked at one time and used at another: one case for each row of the table.
//!
//! Nothing here is judged by the analyzer or the gate, as if both had been got past: what answers is the guard.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/engine.rs"]
mod engine;

use engine::{Harness, Setup};
use serde_json::{Value, json};

const MODULES: &str = "collections,concurrent,dataclasses,datetime,decimal,functools,json,math,re,sys,time,typing,xml";

async fn started() -> Harness {
    let setup = Setup {
        judge: false,
        replan: Box::new(|planned| {
            planned.recipe.preparation.builtins_deny = ["open", "eval", "exec", "compile"].map(str::to_owned).into();
        }),
        ..Setup::allowing(MODULES, "")
    };
    setup.start().await
}

async fn refused(harness: &Harness, code: &str) -> String {
    let error = harness.error(code).await;
    assert_eq!(error["message"], "Security violation detected", "{code}: {error:?}");
    error["description"].as_str().unwrap_or_default().to_owned()
}

async fn raised(harness: &Harness, code: &str) -> String {
    let error = harness.error(code).await;
    error["message"].as_str().unwrap_or_default().to_owned()
}

/// The opcode behind `from m import n` takes `sys.modules["<m.__name__>.n"]` where the attribute is missing.
#[tokio::test]
async fn from_imports_do_not_fall_back_on_what_is_loaded() {
    let harness = started().await;
    for (code, words) in [
        // A module whose name is another's, or that the user made, leads to that other's submodules.
        (
            "import json\njson.__name__ = 'os'\nfrom json import path\nreturn str(path)",
            "cannot import name 'path' from 'json'",
        ),
        (
            "class M:\n  __name__ = 'os'\ndef fake(*args): return M()\n__builtins__['__import__'] = fake\nfrom json import path",
            "cannot import name 'path' from 'json'",
        ),
        ("from json import nothing", "cannot import name 'nothing' from 'json'"),
        ("import json.nothing as n", "No module named 'json.nothing'"),
    ] {
        let message = raised(&harness, code).await;
        assert!(message.contains(words), "{code}: {message}");
    }
    // What is loaded and belongs to an allowed package is found.
    let code = "import xml.etree.ElementTree as E\nfrom xml.etree import ElementTree as F\nimport xml.etree.ElementTree\n\
                from concurrent import futures\nreturn [E is F, xml.etree.ElementTree is E, futures.__name__]";
    assert_eq!(harness.result(code).await, json!([true, true, "concurrent.futures"]));
    harness.stop().await;
}

/// Checked once and used once, on one exact copy.
#[tokio::test]
async fn names_are_read_once_by_their_contents() {
    let harness = started().await;
    // A name that answers every method with something else.
    let lies = "class Name(str):\n  def __eq__(self, other): return True\n  def __hash__(self): return hash('json')\n\
                \x20 def split(self, *a): return ['json']\n  def partition(self, *a): return ('json', '', '')\n\
                \x20 def startswith(self, *a): return True\n  def __str__(self): return 'json'\n  def __format__(self, s): return 'json'\n";
    for code in [
        "__import__(Name('os'))",
        "__import__('json', None, None, [], 0) and __import__(Name('os'), None, None, ['path'])",
        "__import__('os.path')",
        "__import__('os', {'__name__': 'json', '__package__': 'json'})",
    ] {
        let text = refused(&harness, &format!("{lies}{code}")).await;
        assert!(text.contains("'os") && !text.contains("'json'"), "{code}: {text}");
    }
    // The same for what is asked of the module: an item that is no text is refused, one that lies is what it says.
    let code = "class N:\n  def __eq__(self, other): return True\n  def __hash__(self): return 1\n__import__('json', None, None, [N()])";
    assert!(raised(&harness, code).await.contains("must be str, not N"));
    let code = "class L(list):\n  def __iter__(self): return iter(['codecs'])\n\
                json = __import__('json', None, None, L(['codecs']))\nreturn json.__name__";
    assert_eq!(harness.result(code).await, json!("json"));
    // A relative name leads nowhere.
    let text = refused(&harness, "__import__('path', {'__package__': 'os'}, None, ['x'], 1)").await;
    assert_eq!(text, "Relative imports are disallowed.");
    harness.stop().await;
}

/// A class body may have a namespace that runs code between two names of one import.
#[tokio::test]
async fn a_namespace_that_answers_for_the_guard_gets_nothing_of_it() {
    let harness = started().await;
    let code = "seen = []\nclass Space(dict):\n  def __getitem__(self, name):\n    seen.append(name)\n    raise KeyError(name)\n\
                class Meta(type):\n  @classmethod\n  def __prepare__(meta, name, bases): return Space()\n\
                class A(metaclass=Meta):\n  from json import loads, dumps\nreturn [A.loads('[1]'), A.dumps(2), '.import_from' in seen]";
    assert_eq!(harness.result(code).await, json!([[1], "2", true]));
    harness.stop().await;
}

/// Nothing trusted looks into the user's built-ins, so replacing them gives the user no more than functions of his own.
#[tokio::test]
async fn built_ins_that_are_replaced_are_the_users_own() {
    let harness = started().await;
    let code = "global __builtins__\n__builtins__ = {'__import__': lambda *a: 'mine', 'len': len}\ndef f():\n  import os\n  return os\nreturn f()";
    assert!(refused(&harness, code).await.contains("'os'"));
    let code = "del __builtins__['__import__']\nimport json\nfrom json import loads\nreturn loads('3')";
    assert_eq!(harness.result(code).await, json!(3));
    let code = "def f(): return open\nglobals().pop('__builtins__')\ntry: f()\nexcept NameError as e: return str(e)";
    assert_eq!(harness.result(code).await, json!("name 'open' is not defined"));
    let code = "return [str(__builtins__)[0], '__loader__' in __builtins__, hasattr(__import__, '__self__')]";
    assert_eq!(harness.result(code).await, json!(["{", false, false]));
    harness.stop().await;
}

/// Printing and the result are done by functions that user code has no hand on.
#[tokio::test]
async fn print_and_the_result_cannot_be_taken_over() {
    let harness = started().await;
    let code = "import json, sys\njson.dumps = json.encoder = None\njson.JSONEncoder.default = json.JSONEncoder.iterencode = None\n\
                sys.stdout = None\nglobals()['.import'] = globals()['.format'] = None\n__builtins__['print'] = None\n\
                __builtins__['str'] = lambda x: 'mine'\nreturn [{'a': (1, 2.5)}, 10 ** 20, 'é']";
    assert_eq!(
        harness.result(code).await,
        serde_json::from_str::<Value>(r#"[{"a":[1,2.5]},100000000000000000000,"é"]"#).unwrap()
    );
    let code = "class T:\n  def __str__(self): return 'text'\n  description = property(lambda self: 1 / 0)\nprint(T(), {'a': T()})\nreturn T()";
    assert_eq!(harness.result(code).await, json!("text"));
    harness.stop().await;
}

/// No frame of the runner lies below the user's, nor in what he catches.
#[tokio::test]
async fn no_frame_of_the_runner_is_in_reach() {
    let harness = started().await;
    let walk = "def callers(frame):\n  found = []\n  while frame is not None:\n    found.append(frame.f_code.co_filename)\n    frame = frame.f_back\n  return found\n";
    for code in [
        // Below the task itself.
        "def g(): yield running.gi_frame.f_back\nrunning = g()\nreturn callers(next(running))",
        "import sys\nreturn callers(sys._getframe())",
        // Below a method that the runner calls for the result and for a print.
        "import sys\nclass T:\n  def __str__(self): return ' '.join(callers(sys._getframe()))\nreturn [str(T())]",
        "import sys\nseen = []\nclass T:\n  def __str__(self):\n    seen.extend(callers(sys._getframe()))\n    return ''\nprint(T())\nreturn seen",
        // In an exception that went through the guard.
        "try:\n  import os\nexcept ImportError as e:\n  tb, found = e.__traceback__, []\n  while tb:\n    found += callers(tb.tb_frame)\n    tb = tb.tb_next\n  return found",
    ] {
        // What hardening took away cannot be asked for, either.
        let outcome = harness.task(&engine::settings(&format!("{walk}{code}"), json!({}))).await;
        let Ok(result) = outcome.verdict else { continue };
        let found: Vec<String> = serde_json::from_str(result.get()).unwrap();
        assert!(!found.is_empty(), "{code}");
        for file in found.iter().flat_map(|file| file.split(' ')) {
            assert_eq!(file, "<all_items_task_execution>", "{code}: {found:?}");
        }
    }
    // And of the result's own text, whose method is called by the runner.
    let code = format!(
        "{walk}import sys\nclass T:\n  def __str__(self): return ' '.join(callers(sys._getframe()))\nreturn T()"
    );
    if let Ok(result) = harness.task(&engine::settings(&code, json!({}))).await.verdict {
        assert_eq!(result.get(), r#""<all_items_task_execution>""#);
    }
    harness.stop().await;
}

/// C code imports through the built-ins of whoever called it, and gets what it needs though he may not have it.
#[tokio::test]
async fn c_code_gets_what_it_imports() {
    let setup = Setup {
        judge: false,
        replan: Box::new(|planned| planned.recipe.preparation.builtins_deny = vec!["open".to_owned()]),
        ..Setup::allowing("datetime,array", "")
    };
    let harness = setup.start().await;
    let code = r#"
from datetime import datetime, date, timezone
out = [str(datetime.strptime("2020-01-02 03:04 +0100", "%Y-%m-%d %H:%M %z")), date(2020, 1, 2).strftime("%A"), f"{date(2020, 1, 2):%d.%m.}"]
class A[T]:
    x: T
def f[T: int](x: T) -> T: return x
type B = list[A]
out.append([A.__name__, f(1), str(int | None), (A[int] | None).__class__.__name__, str(next(iter(f.__type_params__)) | None)])
big = 7 ** 12000
out.append([(big * big) // big == big, big % 1000, hash(big) != 0, str(date.today().year > 2000)])
import array
out.append(array.array("b", [1]).__reduce_ex__(4)[1][0].__name__)
out.append("\N{BULLET}")
return out
"#;
    let result = harness.result(code).await;
    assert_eq!(result[0], "2020-01-02 03:04:00+01:00");
    assert_eq!((&result[1], &result[2]), (&json!("Thursday"), &json!("02.01.")));
    assert_eq!(result[3][0], "A");
    assert_eq!(result[4][0], true);
    // What stands for these modules is nothing, and the modules themselves are refused.
    let code = "d = {}\nreturn str(__import__('time', d, d, []))";
    assert_eq!(harness.result(code).await, json!("None"));
    for name in ["time", "_strptime", "typing", "_pylong", "collections"] {
        assert!(refused(&harness, &format!("import {name}")).await.contains(name));
        assert!(refused(&harness, &format!("__import__('{name}')")).await.contains(name));
    }
    harness.stop().await;
}

/// A child's `__main__` is the user's module and not the forkserver's.
#[tokio::test]
async fn main_is_the_users_module() {
    let harness = started().await;
    // Where an annotation is a text, dataclasses looks in the module of the class for what it means.
    let code = "global ClassVar\nfrom typing import ClassVar\nfrom dataclasses import dataclass, fields\n@dataclass\nclass A:\n  \
                a: int\n  b: 'ClassVar[int]' = 1\nreturn [A.__module__, [field.name for field in fields(A)]]";
    assert_eq!(harness.result(code).await, json!(["__main__", ["a"]]));
    harness.stop().await;
}
