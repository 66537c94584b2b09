//! One forbidden expression at every position an expression can take, and at every carrier of a name.

mod common;

use common::{assert_clean, report, usual};

/// `@` stands for the expression; where there is a decorator's besides, `\u{1}` does.
const POSITIONS: &[&str] = &[
    "@",
    "x = @",
    "@.a = 1",
    "@[0] = 1",
    "x += @",
    "@.a += 1",
    "x: @",
    "x: @ = 1",
    "x: int = @",
    "(x := @)",
    "del @.a",
    "del @[0]",
    "return @",
    "assert @",
    "assert x, @",
    "raise @",
    "raise x from @",
    "if @: pass",
    "if x: pass\nelif @: pass",
    "if x: pass\nelse: @",
    "while @: pass",
    "while x: @",
    "while x: pass\nelse: @",
    "for x in @: pass",
    "for @.a in y: pass",
    "for @[0] in y: pass",
    "for x in y: @",
    "for x in y: pass\nelse: @",
    "async def f():\n async for x in @: pass",
    "async def f():\n async with @ as x: pass",
    "async def f():\n await @",
    "async def f():\n [x async for x in @]",
    "with @: pass",
    "with @ as x: pass",
    "with x as @.a: pass",
    "with (x as y, @ as z): pass",
    "with x: @",
    "try: @\nfinally: pass",
    "try: pass\nexcept @: pass",
    "try: pass\nexcept (x, @): pass",
    "try: pass\nexcept* @: pass",
    "try: pass\nexcept x: @",
    "try: pass\nexcept* x: @",
    "try: pass\nexcept x: pass\nelse: @",
    "try: pass\nfinally: @",
    "match @:\n case _: pass",
    "match x, @:\n case _: pass",
    "match x:\n case y if @: pass",
    "match x:\n case _: @",
    "match x:\n case @.a: pass",
    "match x:\n case @.a(): pass",
    "match x:\n case {@.a: 1}: pass",
    "match x:\n case A(b=@.a): pass",
    "match x:\n case [A(b=@.a) | 1 as y, *_]: pass",
    "def f(a=@): pass",
    "def f(a=@, /): pass",
    "def f(*, a=@): pass",
    "def f(a: @): pass",
    "def f(a: @, /): pass",
    "def f(*a: @): pass",
    "def f(*a: *@): pass",
    "def f(**a: @): pass",
    "def f(*, a: @): pass",
    "def f() -> @: pass",
    "def f(): @",
    "@@\ndef f(): pass",
    "@x\n@@\nasync def f(): pass",
    "@@\nclass A: pass",
    "def f():\n yield @",
    "def f():\n yield from @",
    "def f():\n x = yield @",
    "class A(@): pass",
    "class A(metaclass=@): pass",
    "class A(*@): pass",
    "class A(**@): pass",
    "class A: @",
    "class A:\n x: @",
    "def f[T: @](): pass",
    "def f[T = @](): pass",
    "def f[*T = @](): pass",
    "def f[**T = @](): pass",
    "class A[T: (int, @)]: pass",
    "class A[T = @]: pass",
    "type A = @",
    "type A[T: @] = int",
    "type A[T = @] = int",
    "lambda: @",
    "lambda x=@: 1",
    "lambda *, x=@: 1",
    "@ if x else y",
    "x if @ else y",
    "x if y else @",
    "x and @",
    "not @",
    "-@",
    "~@",
    "x + @",
    "@ ** x",
    "x @ @",
    "x < @",
    "x < y < @",
    "x in @",
    "x is not @",
    "f(@)",
    "f(*@)",
    "f(**@)",
    "f(a=@)",
    "f(x for x in @)",
    "@()",
    "@.a",
    "x[@]",
    "x[@:]",
    "x[:@]",
    "x[::@]",
    "x[1, @]",
    "x[*@]",
    "x[1:@, 2]",
    "[@]",
    "[*@]",
    "(@,)",
    "{@}",
    "{*@}",
    "{@: 1}",
    "{1: @}",
    "{**@}",
    "[@ for x in y]",
    "[x for x in @]",
    "[x for @.a in y]",
    "[x for x in y if @]",
    "[x for x in y for z in @]",
    "{@ for x in y}",
    "{@: 1 for x in y}",
    "{1: @ for x in y}",
    "(@ for x in y)",
    "f'{@}'",
    "f'{@!r}'",
    "f'{@=}'",
    "f'{@:>10}'",
    "f'{x:{@}}'",
    "f'{x:>{y}.{@}}'",
    "f'{x:{y:{@}}}'",
    "f'{f'{@}'}'",
    "f'''{\n@\n}'''",
    "'a' f'{@}' 'b'",
    "rf'{@}'",
    "print(f'{x}', f'{@}')",
    "t'{@}'",
    "t'{x:{@}}'",
    "x; @",
    "if x: pass; @",
    "return *x, @",
    "for x in *@, y: pass",
    "del (x, @.a)",
    "with (@): pass",
    "with (x as @[0]): pass",
    "async def f():\n async for @.a in x: pass",
    "async def f():\n return [x async for x in y if @]",
    "if x: pass\nelif y: @",
    "try: pass\nexcept (@, x) as e: pass",
    "try: pass\nexcept* (x, @) as e: pass",
    "try: pass\nexcept x, @: pass",
    "match x:\n case 1 | @.a: pass",
    "match x:\n case {'a': 1, **y} if @: pass",
    "match x:\n case A(b=[C(d=@.a)]): pass",
    "match x:\n case -1 if (y := @): pass",
    "class A[T](@): pass",
    "class A[*T = @]: pass",
    "class A[**T = @]: pass",
    "type A[*T = @] = int",
    "type A[**T = @] = int",
    "type A[T: (x, @) = y] = int",
    "def f[T](x: @): pass",
    "def f(x, *, y: int = @, **z): pass",
    "lambda *a, b=@: 1",
    "lambda a, /, b=@, *c, **d: 1",
    "lambda: (yield @)",
    "@f(\u{1})\ndef f(): pass",
    "@@.b\nclass A: pass",
    "@(x := \u{1})\ndef f(): pass",
    "f'{x!r:{@}}'",
    "f'{@:{x}}'",
    "f'{x:{y}{@!s:>{z}}}'",
    "f\"{f\"{f\"{@}\"}\"}\"",
    "f'{[@ for x in y]}'",
    "f'{(lambda: @)()}'",
    "f'{x =!r:{@}}'",
    "'a' 'b' f'{@}'",
    "t'{x}{@!r:{y}}'",
    "t'{t'{@}'}'",
    "x[@:y, z]",
    "x[y, *@]",
    "x = yield @",
    "await f(*x, **@)",
    "global g; @",
];

#[test]
fn a_forbidden_attribute_is_seen_everywhere() {
    for position in POSITIONS {
        let hostile = place(position, "q.__class__");
        let found = report(&hostile, &usual());
        assert!(found.iter().any(|line| line.contains("'__class__'")), "accepted:\n{hostile}");
        assert_clean(&place(position, "q.clazz"));
    }
}

#[test]
fn a_forbidden_name_is_seen_everywhere() {
    for position in POSITIONS {
        let hostile = place(position, "__spec__");
        assert!(!report(&hostile, &usual()).is_empty(), "accepted:\n{hostile}");
    }
}

#[test]
fn a_forbidden_text_is_seen_everywhere() {
    for position in POSITIONS {
        // Quotes of another kind than the f-strings around them, which older readers need.
        let hostile = place(position, "(\"obj\")");
        // Patterns take dotted names and no parentheses.
        if (hostile.contains("case ") && hostile.contains("(\"obj\").a"))
            || hostile.contains("case {(")
            || hostile.contains("=(\"obj\").a")
        {
            continue;
        }
        assert!(!report(&hostile, &usual()).is_empty(), "accepted:\n{hostile}");
    }
}

/// `@` stands for a name where it is bound or named, and is no expression.
const BINDINGS: &[&str] = &[
    "@ = 1",
    "@ += 1",
    "@: int",
    "@, x = y",
    "[x, *@] = y",
    "(@ := 1)",
    "[x for @ in y]",
    "for @ in x: pass",
    "with x as @: pass",
    "with (x as (y, @)): pass",
    "import json as @",
    "import @",
    "import json.@",
    "import json.@.x as y",
    "from json import @",
    "from json import @ as x",
    "from json import x as @",
    "from json.@ import x",
    "from @ import x",
    "from . import @",
    "try: pass\nexcept x as @: pass",
    "try: pass\nexcept* x as @: pass",
    "def @(): pass",
    "async def @(): pass",
    "class @: pass",
    "def f(@, /): pass",
    "def f(@): pass",
    "def f(*@): pass",
    "def f(*, @): pass",
    "def f(**@): pass",
    "lambda @: 1",
    "lambda *, @=1: 1",
    "def f[@](): pass",
    "class A[@: int]: pass",
    "class A[*@]: pass",
    "type A[**@] = int",
    "type @ = int",
    "def f():\n global @",
    "def f():\n def g():\n  nonlocal @",
    "f(@=1)",
    "class A(@=1): pass",
    "del @",
    "match x:\n case @: pass",
    "match x:\n case 1 as @: pass",
    "match x:\n case [*@]: pass",
    "match x:\n case {**@}: pass",
    "match x:\n case {'a': @}: pass",
    "match x:\n case A(@=1): pass",
    "match x:\n case A(b=@): pass",
    "match x:\n case @.a: pass",
    "match x:\n case @(): pass",
];

#[test]
fn a_forbidden_name_can_be_bound_nowhere() {
    for position in BINDINGS {
        let found = report(&position.replace('@', "__spec__"), &usual());
        assert!(found.iter().any(|line| line.contains("'__spec__'")), "accepted: {position}: {found:?}");
        // As CPython compiles it.
        let found = report(&position.replace('@', "__\u{ff53}pec__"), &usual());
        assert!(found.iter().any(|line| line.contains("'__spec__'")), "accepted: {position}: {found:?}");
    }
}

#[test]
fn future_annotations_are_judged_as_what_they_are_and_as_texts() {
    let report = |source: &str| {
        report(&format!("from __future__ import annotations\n{source}"), &common::rules("__future__", ""))
    };
    assert_eq!(report("x: q.__class__").len(), 1);
    assert_eq!(report("x: 'obj'").len(), 1);
    assert_eq!(report("x: __spec__").len(), 1);
    // CPython keeps the text 'obj' here, and below a function's and a parameter's name.
    for source in ["x: obj", "x: obj = 1", "def f(x: obj): pass", "def f(*, x: obj): pass", "def f() -> tb_frame: pass"]
    {
        assert_eq!(report(source).len(), 1, "{source}");
    }
    for source in ["x: int", "x: obj_", "def f(x: 'int') -> str: obj"] {
        assert_eq!(report(source), [""; 0], "{source}");
    }
    assert_clean("x: obj = 1");
}

/// Puts `expression` at the `@` of `position` that stands for it: not the operator, not the decorator's mark.
fn place(position: &str, expression: &str) -> String {
    let marked = match position {
        "x @ @" => "x @ \u{1}".to_owned(),
        _ if position.contains('\u{1}') => position.to_owned(),
        _ if position.contains("@@") => position.replace("@@", "@\u{1}"),
        _ => position.replace('@', "\u{1}"),
    };
    let marked = marked.replace("\u{1}x\n@", "@x\n@");
    marked.replace('\u{1}', expression)
}

/// CPython 3.13 takes the indentation of a docstring away when it compiles, and a word is left.
#[test]
fn a_docstring_is_judged_as_it_is_compiled() {
    for body in ["'  __class__'", "'\t__class__'", "'  ' '__class__'", "\"\"\"   __globals__\"\"\""] {
        for place in ["@", "def f(): @", "async def f():\n    @", "class C:\n    @\n    x = 1"] {
            let code = place.replace('@', body);
            assert_eq!(report(&code, &usual()).len(), 1, "{code}");
        }
    }
    assert_clean("def f(): '  about the __class__'");
}
