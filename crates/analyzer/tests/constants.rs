//! What `CPython` makes one constant, ours judges as one: tables and made-up expressions, compiled by a `CPython`.
//!
//! Needs a `CPython` 3.13 or 3.14; without one the test says so and passes.
#![allow(clippy::unwrap_used, reason = "small numbers")]

mod common;
#[path = "common/cpython.rs"]
mod cpython;

use std::fmt::Write as _;

use common::{report, usual};
use cpython::CPython;

/// Expressions that `CPython` compiles to a text that is refused, or evaluates to one. `x` is not known.
const TABLE: &[&str] = &[
    "'__cl'+'ass__'",
    "'_'*2+'class'+'_'*2",
    "2*'_'+'class'+2*'_'",
    "'_'*True+'_class__'",
    "'_'*(1+1)+'_class__'[1:]",
    "'_'*(5//2)+'class__'",
    "'_'*(-5//-2)+'class__'",
    "'_'*(5%3)+'class__'",
    "'_'*(-1%3)+'class__'",
    "'_'*(1<<1)+'class__'",
    "'_'*(4>>1)+'class__'",
    "'_'*(2**1)+'class__'",
    "'_'*2**1+'class__'",
    "'_'*(3&2)+'class__'",
    "'_'*(2|2)+'class__'",
    "'_'*(1^3)+'class__'",
    "'_'*(~-3)+'class__'",
    "'_'*(+2)+'class__'",
    "'_'*(--2)+'class__'",
    "'_'*(not 0)+'_class__'",
    "'_'*(not '')+'_class__'",
    "'_'*(not 0.0)+'_class__'",
    "'_'*(10**20-10**20+2)+'class__'",
    "'__class__'*1",
    "'ab'[-1]*0+'__class__'",
    "'o'+'ob'[-1]+'j'",
    "('__cl','x')[0]+'ass__'",
    "(('__cl',)+('x',))[0]+'ass__'",
    "(('x','__cl')*2)[-1]+'ass__'",
    "('a','__cl'+'ass__')[1]",
    "(1.5,None,...,b'',('o','__cl'))[4][1]+'ass__'",
    "'_'*b'\\x02'[0]+'class__'",
    "x in ('a','__cl'+'ass__')",
    "x in {'a','__cl'+'ass__'}",
    "x['__cl'+'ass__':'a'+'b']",
    "x[('a','o'+'bj'):2]",
    "'%sobj%s' % (x,x)",
    "'%s__cl' 'ass__' % (x,)",
    "'%5.3robj%-3a' % (x,x)",
    "f'{x}o' f'bj{x}'",
    "f'{x!r:{x}obj}'",
    "lambda: 'o'+'bj'",
    "(lambda a='o'+'bj': a)",
    "[('o'+'bj',), 2]",
    "{'o'+'bj': 1}",
    "x == 'o'+'bj' == x",
    "(y := 'o'+'bj', 'x')[1]",
    "'\\157bj'",
    "'\\x6f' 'bj'",
    "'{0.__cl' 'ass__}'",
    "'{0.__cl' + 'ass__}'",
    "'{0[__cl'+'ass__]}'",
    // No constants to CPython, and known all the same.
    "'__cl'+('ass__' if True else '')",
    "('__cl' or 'x')+'ass__'",
    "'__cl'+(1 and 'ass__')",
    "('' or 0 or '__cl')+'ass__'",
    "'%s%s' % ('__cl','ass__')",
    "'%s' % '__class__'",
    "'__%c%s' % (99,'lass__')",
    "'__%1sass__' % ('cl',)",
    "'%.9s' % ('__class__x',)",
    "'%-2sclass__' % '__'",
    "'__%%'[:2] + 'class__'",
    "f\"{'__cl'}ass__\"",
    "f\"{'__cl'!s}ass__\"",
    "''.join(['__cl','ass__'])",
    "''.join(('__cl','ass__'))",
    "b'__class__'.decode()",
    "(b'__cl'+b'ass__').decode('ascii')",
    "b'__class__'[:].decode(encoding='utf-8')",
    "bytes([95, 95]).decode() + 'class__'",
    "chr(95)*2+'class'+chr(95)*2",
    "'{0}{0}class{1}{0}'.format('_', '_')",
    "'{}{}'.format('__cl', 'ass__')",
    "'__ssalc__'[::-1]",
    "'x__class__'[1:]",
    "'__CLASS__'.lower()",
    "'__clxss__'.replace('x','a')",
    "'--__class__--'.strip('-')",
    "'x__class__'.removeprefix('x')",
    "str('__cl')+'ass__'",
];

/// Prints for each expression the refused texts among the constants it compiles to, and whether it evaluates to one.
const JUDGE: &str = "
import sys
first, *expressions = sys.stdin.read().split('\\n')
blocked = set(first.split())

def hits(value):
    if isinstance(value, (tuple, frozenset)):
        return any(map(hits, value))
    if hasattr(value, 'co_consts'):
        return hits(value.co_consts)
    # Not a text that is only part of a larger one, but for templates.
    return isinstance(value, str) and (value in blocked or '{0.__class__}' in value or '{0[__class__]}' in value)

for expression in expressions:
    code = compile(expression, 'x', 'eval')
    try:
        value = eval(code, {})
    except Exception:
        value = None
    print('constant' if hits(code) else 'value' if hits(value) else 'nothing')
";

fn judged_by(python: &CPython, expressions: &[String]) -> Vec<String> {
    let rules = usual();
    let words: Vec<&str> = rules.blocked_names.iter().chain(&rules.blocked_attributes).map(String::as_str).collect();
    let answers = python.run(JUDGE, format!("{}\n{}", words.join(" "), expressions.join("\n")));
    let answers: Vec<String> = answers.lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), expressions.len());
    answers
}

#[test]
fn what_cpython_makes_one_constant_is_refused() {
    let Some(python) = CPython::find_or_say() else { return };
    let expressions: Vec<String> = TABLE.iter().map(|expression| (*expression).to_owned()).collect();
    for (expression, theirs) in expressions.iter().zip(judged_by(&python, &expressions)) {
        assert_ne!(theirs, "nothing", "CPython sees nothing in {expression}");
        assert!(!report(expression, &usual()).is_empty(), "accepted, though CPython has a {theirs}: {expression}");
    }
}

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// An expression for `text` in a roundabout way, which has no literal of all of it.
fn spelled(text: &str, depth: u32, numbers: &mut Numbers) -> String {
    if text.len() < 2 {
        return format!("'{text}'");
    }
    let (front, back) = text.split_at(1 + numbers.below(text.len() - 1));
    if depth == 0 {
        return format!("('{front}'+'{back}')");
    }
    let mut part = |text: &str| spelled(text, depth - 1, numbers);
    let (front, back, whole) = (part(front), part(back), part(text));
    let spelled = match numbers.below(10) {
        0 | 1 => format!("{front}+{back}"),
        2 => format!("({front},{back})[0]+({front},{back})[-1]"),
        3 => format!("(({front},)+({back},))[{}]*1+{back}", integer(0, numbers)),
        4 => format!("{whole}*{}", integer(1, numbers)),
        5 => format!("{front}*{}+{whole}", integer(0, numbers)),
        6 => format!("(({whole},{front})*{})[{}]", integer(2, numbers), integer(2, numbers)),
        7 => format!("{}*{whole}", integer(1, numbers)),
        8 => format!("('x'+{whole})[{}:]", integer(1, numbers)),
        _ => format!("'%s%s' % ({front},{back})"),
    };
    format!("({spelled})")
}

/// An expression for a small number.
fn integer(number: i64, numbers: &mut Numbers) -> String {
    let rest = i64::try_from(numbers.below(50)).unwrap();
    match numbers.below(10) {
        0 => format!("({}-{rest})", number + rest),
        1 => format!("(-{rest}+{})", number + rest),
        2 => format!("({}//7)", number * 7 + rest % 7),
        3 => format!("({}%8)", number + 8 * rest),
        4 => format!("({}>>3)", number * 8 + rest % 8),
        5 => format!("(~({}))", -number - 1),
        6 => format!("({}^{rest})", number ^ rest),
        7 => format!("({number}|{number}&{rest})"),
        8 => format!("({number}**1*True)"),
        _ => number.to_string(),
    }
}

#[test]
fn roundabout_ways_to_one_constant_are_refused() {
    let Some(python) = CPython::find_or_say() else { return };
    let mut numbers = Numbers(1);
    let expressions: Vec<String> =
        (0..3000).map(|number| spelled(["__class__", "obj", "__globals__"][number % 3], 3, &mut numbers)).collect();
    let (mut constants, mut values, mut accepted) = (0, 0, String::new());
    for (expression, theirs) in expressions.iter().zip(judged_by(&python, &expressions)) {
        match theirs.as_str() {
            "constant" => constants += 1,
            "value" => values += 1,
            _ => continue,
        }
        if report(expression, &usual()).is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(accepted, "{theirs}: {expression}");
        }
    }
    println!("{constants} constants, {values} values, of {}", expressions.len());
    assert!(constants > 1000 && values > 300, "too little of a test");
    assert_eq!(accepted, "");
}
