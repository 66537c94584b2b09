//! One forbidden expression at every position an expression can take, and at every carrier of a name.

mod common;

use common::{assert_clean, report, usual};

/// `@` stands for the expression.
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
        if hostile.contains("case (\"obj\").a") || hostile.contains("case {(") || hostile.contains("=(\"obj\").a") {
            continue;
        }
        assert!(!report(&hostile, &usual()).is_empty(), "accepted:\n{hostile}");
    }
}

#[test]
fn future_annotations_change_nothing() {
    let found = report("from __future__ import annotations\nx: q.__class__", &common::rules("__future__", ""));
    assert_eq!(found.len(), 1);
}

/// Puts `expression` at the `@` of `position` that stands for it: not the operator, not the decorator's mark.
fn place(position: &str, expression: &str) -> String {
    let marked = match position {
        "x @ @" => "x @ \u{1}".to_owned(),
        _ if position.contains("@@") => position.replace("@@", "@\u{1}"),
        _ => position.replace('@', "\u{1}"),
    };
    let marked = marked.replace("\u{1}x\n@", "@x\n@");
    marked.replace('\u{1}', expression)
}
