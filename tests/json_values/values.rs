//! Expressions of Python whose values are to be written. `json_oracle.py` knows the names in them.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::string::string_regex;
use proptest::{collection, sample};

/// Values that are as they are.
const UNKNOWN: &[&str] = &[
    "X('text')",
    "X(S('text'))",
    "X(Born('text'))",
    "X('\\ud800')",
    "X(5)",
    "X(None)",
    "X(ValueError('no text'))",
    "X(KeyError('k'))",
    "{1}",
    "set()",
    "frozenset({2})",
    "b'ab\\xff\"'",
    "bytearray(b'x')",
    "1+2j",
    "complex(0, fb(0x7ff8000000000000))",
    "range(3)",
    "len",
    "X",
    "...",
    "NotImplemented",
    "object",
    "ValueError('v')",
    "datetime(2020, 1, 2, 3, 4, 5)",
    "date(2020, 1, 2)",
    "timedelta(days=1)",
    "Decimal('1.10')",
    "Decimal('NaN')",
    "Fraction(1, 3)",
    "UUID(int=5)",
    "PurePosixPath('/a')",
    "deque([1, 'x'])",
    "Plain.A",
    "Word.A",
    "Number.A",
    "Bits.A | Bits.B",
    "memoryview(b'x').nbytes",
    "{}.keys()",
    "iter",
    "ChainMap({'a': 1})",
    "UserDict({'a': 1})",
    "UserString('text')",
];

/// Keys that no JSON has.
const WRONG_KEYS: &[&str] = &[
    "(1, 2)",
    "b'x'",
    "frozenset()",
    "Plain.A",
    "Decimal(1)",
    "X('key')",
    "date(2020, 1, 2)",
    "len",
    "X",
    "...",
    "P(1, 2)",
];

/// Values that are about something no strategy comes upon.
pub(crate) const ODD: &[&str] = &[
    // Subclasses that iterate over something else, or not at all.
    "L()",
    "L([])",
    "L([1, L([2])])",
    "T()",
    "T((1, 2))",
    "PlainT((1, PlainL([2])))",
    "BrokenL([1])",
    "BrokenL()",
    "D()",
    "D(a=1)",
    "D({1: 2})",
    "BadD([1])",
    "BadD([(1, 2, 3)])",
    "BadD([('a', 1)])",
    "BadD([P('a', 1)])",
    "BadD([])",
    "BadD(5)",
    "BadD(KeyError('items'))",
    // Containers that change while they are written.
    "changing_list('clear')",
    "changing_list('append', 5)",
    "changing_list('pop')",
    "changing_list('insert', 0, 3)",
    "changing_list('extend', [1] * 100)",
    "changing_list('reverse')",
    "changing_dict(grow)",
    "changing_dict(rotate)",
    "changing_dict(dict.clear)",
    "changing_dict(dict.popitem)",
    "changing_dict(lambda made: made.update(new=made))",
    "changing_dict(lambda made: made.__setitem__('key 2', 1))",
    // Cycles.
    "cycle()",
    "cycle(dict)",
    "cycle(list, dict)",
    "cycle(PlainL)",
    "cycle(PlainD, PlainL)",
    "cycle(dict, OrderedDict, PlainD, list)",
    "[x := [1], x, {'x': x}]",
    "(lambda a: a.append((a,)) or a)([])",
    // Depths.
    "deep(9980)",
    "deep(9980, way=1)",
    "deep(9980, way=2)",
    "deep(9000, X('end'))",
    "deep(70, L([1]))",
    "deep(500, way=3)",
    "deep(500, way=4)",
    "deep(20000)",
    "deep(20000, way=2)",
    "deep(300, fb(0x7ff8000000000000), 4)",
    "deep(300, X(KeyError('x')), 3)",
    // Numbers of any size.
    "10**4299",
    "-10**4299",
    "10**4300",
    "-10**4300",
    "{10**4300: 1}",
    "I(10**4300)",
    "[2**63, -2**63, 2**63 - 1, -2**63 - 1, 2**64]",
    "[10**18, 10**19, -10**19, 10**100]",
    "{2**64: 1, -2**70: 2}",
    // What JSON has not.
    "[fb(0x7ff0000000000000), {'a': [-fb(0x7ff0000000000000)]}]",
    "{fb(0x7ff8000000000000): 1, fb(0x7ff0000000000000): 2}",
    "{'NaN': 'NaN', 'Infinity': ['-Infinity', fb(0x7ff8000000000000)]}",
    "F(fb(0x7ff8000000000000))",
    "{F(fb(0xfff0000000000000)): 1}",
    // Keys that are written alike.
    "{1: 'a', '1': 'b', 1.5: 'c', '1.5': 'd', None: 'e', 'null': 'f', True: 'g', 'true': 'h'}",
    "{Word.A: 1, Number.A: 2, I(7): 3, S('s'): 4}",
    // Long texts.
    "'x' * 100000 + '\\n' + 'é' * 50000 + '😀' * 9000 + '\\udfff'",
    "['\\u00ff' * n for n in range(40)]",
    "['a' * n + '\\x1f\"' for n in range(40)]",
];

/// Any float but the kinds of NaN that are no other number to Python.
pub(crate) fn float_bits() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        // With few digits.
        (any::<i32>(), -30..30_i32)
            .prop_map(|(digits, power)| { format!("{digits}e{power}").parse::<f64>().unwrap_or_default().to_bits() }),
        // Whole, and next to whole.
        (any::<i64>(), 0..60_u32, -2..3_i64).prop_map(|(number, shift, off)| {
            #[allow(clippy::cast_precision_loss, reason = "any float will do")]
            let float = (number >> shift) as f64;
            float.to_bits().wrapping_add_signed(off)
        }),
        sample::select(edges_of_floats()),
    ]
}

/// Powers of two and of ten, each with its neighbours; the ends of what floats can be.
pub(crate) fn edges_of_floats() -> Vec<u64> {
    let twos = (0..0x7FF_u64).map(|exponent| exponent << 52);
    let tens = (-324..=308).map(|power| format!("1e{power}").parse::<f64>().unwrap_or_default().to_bits());
    let near = twos.chain(tens).flat_map(|bits| (-2..=2).map(move |off| bits.wrapping_add_signed(off)));
    near.flat_map(|bits| [bits, bits ^ (1 << 63)]).collect()
}

/// Texts of this pattern, which is parsed once: a pattern that is a strategy itself is parsed for each text.
pub(crate) fn pattern(pattern: &str) -> BoxedStrategy<String> {
    string_regex(pattern).expect("a pattern").boxed()
}

fn float() -> impl Strategy<Value = String> {
    float_bits().prop_map(|bits| format!("fb({bits:#x})"))
}

fn int() -> impl Strategy<Value = String> {
    prop_oneof![
        (-10..10_i64).prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<i128>().prop_map(|number| number.to_string()),
        (0..14000_u32, -3..4, any::<bool>())
            .prop_map(|(power, off, minus)| format!("{}(2**{power} + {off})", if minus { "-" } else { "" })),
    ]
}

/// A character, or half of one.
fn unit() -> impl Strategy<Value = u32> {
    prop_oneof![
        8 => 0x20..0x7F_u32,
        2 => 0..0x20_u32,
        1 => sample::select(&[0x22_u32, 0x5C, 0x2F, 0x7F, 0x80, 0xFF, 0x100, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF][..]),
        1 => 0x80..0x100_u32,
        1 => 0x100..0x1_0000_u32,
        1 => 0xD800..0xE000_u32,
        1 => 0x1_0000..0x11_0000_u32,
    ]
}

/// A text, as a literal; of one width often enough, which decides how Python keeps it.
fn text() -> impl Strategy<Value = String> {
    let of = |units: BoxedStrategy<u32>| {
        collection::vec(units, 0..30).prop_map(|units| {
            let mut literal = String::from("'");
            for unit in units {
                let _ = write!(literal, "\\U{unit:08x}");
            }
            literal + "'"
        })
    };
    prop_oneof![
        3 => pattern("[ -!#-&(-\\[\\]-~]{0,24}").prop_map(|plain| format!("'{plain}'")),
        2 => of((0..0x80_u32).boxed()),
        1 => of((0..0x100_u32).boxed()),
        1 => of((0..0x1_0000_u32).boxed()),
        2 => of(unit().boxed()),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => sample::select(&["None", "True", "False"][..]).prop_map(str::to_owned),
        3 => int(),
        3 => float(),
        4 => text(),
        1 => int().prop_map(|int| format!("I({int})")),
        1 => float().prop_map(|float| format!("F({float})")),
        1 => text().prop_map(|text| format!("S({text})")),
        3 => sample::select(UNKNOWN).prop_map(str::to_owned),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => text(),
        2 => int(),
        2 => float(),
        1 => sample::select(&["None", "True", "False", "0", "1", "0.0", "'1'", "Word.A", "Number.A"][..]).prop_map(str::to_owned),
        1 => int().prop_map(|int| format!("I({int})")),
        1 => float().prop_map(|float| format!("F({float})")),
        1 => text().prop_map(|text| format!("S({text})")),
    ]
}

/// Any value.
pub(crate) fn expression() -> impl Strategy<Value = String> {
    scalar().prop_recursive(6, 60, 6, |inner| {
        let list = collection::vec(inner.clone(), 0..6).prop_map(|values| values.join(", "));
        let wrong = sample::select(WRONG_KEYS).prop_map(str::to_owned);
        let key = prop_oneof![40 => key(), 1 => wrong];
        let pairs = collection::vec((key, inner), 0..6);
        prop_oneof![
            4 => list.clone().prop_map(|list| format!("[{list}]")),
            2 => list.clone().prop_map(|list| if list.is_empty() { "()".to_owned() } else { format!("({list},)") }),
            2 => (sample::select(&["L", "PlainL", "T", "PlainT", "deque"][..]), list.clone())
                .prop_map(|(class, list)| format!("{class}([{list}])")),
            1 => (list.clone(), list).prop_map(|(x, y)| format!("P([{x}], [{y}])")),
            5 => pairs.clone().prop_map(|pairs| {
                let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", pairs.join(", "))
            }),
            2 => (sample::select(&["D", "PlainD", "OrderedDict", "Counter", "UserDict", "BadD"][..]), pairs.clone())
                .prop_map(|(class, pairs)| format!("{class}({})", of_pairs(&pairs, class == "BadD"))),
            1 => pairs.prop_map(|pairs| format!("defaultdict(list, {})", of_pairs(&pairs, false))),
        ]
    })
}

/// A dict of these, or a list of them.
fn of_pairs(pairs: &[(String, String)], is_list: bool) -> String {
    let list: Vec<_> = pairs.iter().map(|(key, value)| format!("({key}, {value})")).collect();
    if is_list { format!("[{}]", list.join(", ")) } else { format!("dict([{}])", list.join(", ")) }
}
