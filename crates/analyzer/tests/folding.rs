//! Texts that no literal spells out but that are known before the code runs.

mod common;

use common::{assert_clean, assert_refused, because, report, usual};
use palisade_analyzer::{Bound, Verdict, analyze};

#[test]
fn joined_constants_are_judged_as_one() {
    assert_eq!(
        report("'__cl' + 'ass__'", &usual()),
        [because("Line 1: Access to attribute '__class__' is disallowed")]
    );
    assert_eq!(
        report("'{0.__cl' + 'ass__' + '}'", &usual()),
        [because("Line 1: String pattern accessing '__class__' is disallowed")]
    );
}

#[test]
fn whatever_is_known_is_judged() {
    for source in [
        "'__' + 'class' + '__'",
        "'__' + ('class' + '__')",
        "'_' * 2 + 'class' + '_' * 2",
        "2 * '_' + 'class' + 2 * '_'",
        "'%s%s' % ('__cl', 'ass__')",
        "'__%s__' % 'class'",
        "''.join(['__cl', 'ass__'])",
        "'ass'.join(('__cl', '__'))",
        "b'__class__'.decode()",
        "(b'__cl' + b'ass__').decode('ascii')",
        "f\"{'__cl'}ass__\"",
        "'__' f\"{'cl'}\" 'ass__'",
        "'__ssalc__'[::-1]",
        "'x__class__'[1:]",
        "'__class__x'[:-1]",
        "'__CLASS__'.lower()",
        "' __class__ '.strip()",
        "'__clxss__'.replace('x', 'a')",
        "('__cl' + 'ass__').x",
        "x['__cl' + 'ass__']",
        "f(y + ('o' + 'bj'))",
        "'o' + 'bj' + ''",
    ] {
        assert_refused(source);
    }
}

#[test]
fn what_is_not_known_or_harmless_passes() {
    for source in [
        "'a' + 'b'",
        "x + 'obj_' + y",
        "'ob' + x + 'j'",
        "'%s' % x",
        "'%d' % 3",
        "'%(a)s' % {'a': 1}",
        "'%s%s' % ('a',)",
        "'%'",
        "'a' % ()",
        "''.join(x)",
        "''.join(['a', x])",
        "''.join()",
        "'abc'[::0]",
        "'abc'[5:]",
        "'abc'[x:]",
        "'abc'[99999999999999999999:]",
        "'' * 9223372036854775807",
        "'ab' * 9223372036854775807",
        "'ab' * -1",
        "-(-9223372036854775807 - 1)",
        "b'\\xff'.decode()",
        "'a'.replace('', 'b')",
        "f\"{'a'}b\"",
        "f\"{'o'!r}bj\"",
        "'ob' if x else 'j'",
        "x and 'o' + 'b'",
        "'%sobjx' % (x,)",
        "'%dobj%d' % (x, y)",
        "'{0.real}'.format(1)",
        "'_' * (1 // 0)",
        "'_' * (1 << 200)",
        "'_' * (2 ** -1)",
        "'_' * (1 % 0) + 'class__'",
        "('a', 'b')[5]",
        "chr(-1), chr(10 ** 30), bytes([256]).decode(), chr()",
        "'%99999999999s' % 'a'",
        "'{99999999999999999999999}'.format(1)",
    ] {
        assert_clean(source);
    }
}

/// What is not folded is not judged, so a text that uses up the budget for it is refused.
#[test]
fn folding_without_end_hides_nothing() {
    for filler in ["y = 'a' * 65000\n", "y = ('ab' * 30000)[1:][1:][1:]\n", "y = ('a',) * 1000 * 2\n"] {
        for copies in [0, 1, 2000] {
            let verdict = analyze(&format!("{}x = '__cl' + 'ass__'", filler.repeat(copies)), &usual());
            match verdict {
                Verdict::Refused(violations) => assert_eq!(violations.len(), 1),
                Verdict::Exceeded(exceeded) if copies == 2000 => assert_eq!(exceeded.bound, Bound::Folding),
                other => panic!("{other:?}"),
            }
        }
    }
    let verdict = analyze(&"y = 'a' * 65000\n".repeat(2000), &usual());
    assert!(matches!(verdict, Verdict::Exceeded(_)), "{verdict:?}");
}

#[test]
fn a_plain_constant_is_reported_once() {
    for source in ["'obj'", "f'obj'", "'o' 'bj'", "f'o' 'bj'"] {
        assert_eq!(report(source, &usual()).len(), 1, "{source}");
    }
    // The whole, and not its halves.
    assert_eq!(report("'o' + 'b' + 'j'", &usual()).len(), 1);
}
