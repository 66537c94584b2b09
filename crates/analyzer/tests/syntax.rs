//! Texts that are not Python: what is said, and where.

mod common;

use common::{assert_clean, usual};
use palisade_analyzer::{ParseError, Verdict, analyze};

#[track_caller]
fn error(source: &str) -> ParseError {
    match analyze(source, &usual()) {
        Verdict::Unparsable(error) => error,
        other => panic!("{source:?}: {other:?}"),
    }
}

#[test]
fn says_what_cpython_says() {
    for (source, text) in [
        ("x = [1,\n", "'[' was never closed (<unknown>, line 1)"),
        ("x = 1\nf(a, {\n", "'{' was never closed (<unknown>, line 2)"),
        ("x = )", "unmatched ')' (<unknown>, line 1)"),
        ("a\n)", "unmatched ')' (<unknown>, line 2)"),
        ("x = (]", "closing parenthesis ']' does not match opening parenthesis '(' (<unknown>, line 1)"),
        ("x = (\n]", "closing parenthesis ']' does not match opening parenthesis '(' on line 1 (<unknown>, line 2)"),
        ("\"abc", "unterminated string literal (detected at line 1) (<unknown>, line 1)"),
        ("x\nrb'abc\n", "unterminated string literal (detected at line 2) (<unknown>, line 2)"),
        ("\"\"\"abc\n\n", "unterminated triple-quoted string literal (detected at line 2) (<unknown>, line 1)"),
        ("f'abc", "unterminated f-string literal (detected at line 1) (<unknown>, line 1)"),
        ("f'}'", "f-string: single '}' is not allowed (<unknown>, line 1)"),
        ("  x", "unexpected indent (<unknown>, line 1)"),
        ("if 1:\n  x\n y", "unindent does not match any outer indentation level (<unknown>, line 3)"),
        ("if 1:\nx", "expected an indented block after 'if' statement on line 1 (<unknown>, line 2)"),
        ("x y", "invalid syntax (<unknown>, line 1)"),
        ("\n\nx = $", "invalid syntax (<unknown>, line 3)"),
        ("\\x", "unexpected character after line continuation character (<unknown>, line 1)"),
        (
            "x = 0777",
            "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers \
             (<unknown>, line 1)",
        ),
        ("\u{feff}x = 1", "invalid non-printable character U+FEFF (<unknown>, line 1)"),
        ("x = 1\u{1a}", "invalid non-printable character U+001A (<unknown>, line 1)"),
        ("x\u{a0}= 1", "invalid non-printable character U+00A0 (<unknown>, line 1)"),
        ("x = “a”", "invalid character '“' (U+201C) (<unknown>, line 1)"),
    ] {
        assert_eq!(error(source).to_string(), text, "{source:?}");
    }
}

#[test]
fn columns_are_those_of_the_users_line() {
    let error = error("x = 1\né = )");
    assert_eq!((error.line, error.column), (2, 5));
}

#[test]
fn a_long_quotation_is_cut() {
    let source = format!("f(a=1, {0}=1, {0}=2)", "x".repeat(100_000));
    let error = error(&source);
    assert!(error.message.len() + error.detail.len() < 2000, "{}", error.detail.len());
}

#[test]
fn nul_is_a_verdict_of_its_own() {
    for source in ["\0", "x = 1 # \0", "'\0'", "x = (\0"] {
        assert_eq!(analyze(source, &usual()), Verdict::NulByte, "{source:?}");
    }
}

#[test]
fn everything_python_has_is_read() {
    for source in [
        "",
        "\n\n",
        "# only a comment",
        "return 1",
        "x = 1;",
        "if x:\n\ty = 1\n",
        "x = 1\r\ny = 2\r\n",
        "x = 1\ry = 2",
        "\x0cx = 1",
        "# \u{1} control characters in comments",
        "x = '\u{1}\u{85}\u{2028}'",
        "print(f\"{d[\"a\"]}\")",
        "f'{x!r:>{w}}' f'{x=}'",
        "def f[T = int](a, /, b, *, c): ...",
        "type A[*T] = tuple[*T]",
        "match x:\n case {'a': [1, *_], **r} if r: pass\n case A(b=1) | None: pass",
        "try:\n x\nexcept* (A, B) as e:\n pass",
        "with (a as b, c as d): pass",
        "match = 1; case = 2; type = 3; _ = match",
        "async def f():\n async with a as b:\n  await c\n return [d async for e in f]",
        "lambda: (yield)",
        "x = yield",
        "await x",
        "print(*a, **b, sep='')",
        "x: int = 1_000 + 0xff + 0o7 + 0b1 + 1e5 + 1j + .5",
        "größe = 1",
        "def f():\n '''doc'''\n nonlocal_ = 1\n global g",
        "x = [i for i in y if i if not i]",
        "@(a := b)\ndef f(): pass",
        "x[1:2, ::3, ...]",
        "a if b else c if d else e",
        "not -~+x ** -y",
        "1or x",
    ] {
        assert_clean(source);
    }
}
