//! Before a forkserver is of use: code with a name at every place that the gate looks at, all of which it must find.

use std::collections::BTreeSet;

use pyo3::prelude::*;
use pyo3::types::PyCode;
use pyo3::types::code::PyCodeInput;

use super::code::Reader;
use super::opcodes::{Opcodes, not_understood};
use super::walk::{Use, walk};

/// Each name stands at one place only. The first lines keep later indices of names apart from shifted ones.
const CODE: &std::ffi::CStr = c"
def first(a1, a2=n1, /, a3: n2 = n3, *a4, a5=n4, **a6) -> n5:
    't1'
    global g1, g2
    v1 = n6.m1
    n7.m2 = v1
    del n8.m3
    g1 = n9
    del g2
    v2 = v3 = a1 + a2
    n10(k1=n11, k2='t2')
    for v4, v5 in n12: n13.m4()
    n14['t3', ('t4', 't5')] in {'t6', 't7'}
    n15['t8':'t9']
    match n16:
        case n17(p1=v6): pass
        case {'t10': v7, **v8}: pass
    with n18 as (v9, *v10): pass
    try: n19
    except n20 as v11: del v11
    [v12 for v12 in n21 if v12]
    f't11{n22:t12}{n23!r}'
    class C1(n24, k3=n25):
        c1 = n26
        c2: n27 = 1
        __slots__ = 't13'
        def f1(self): return super().m5
        async def f2(self): return await self.m6
    def f3[T1: n28](): return v1, v2
    type A1 = n29
    return lambda l1=n30: (l1, v3)
";

/// `t`-less literals of format specs (`t12`) are texts, too; keywords and patterns have kinds of their own.
const NAMES: &[(&str, u32, u32)] = &[("a", 1, 6), ("n", 1, 30), ("v", 1, 12), ("g", 1, 2), ("c", 1, 2), ("l", 1, 1)];
const ATTRIBUTES: (&str, u32, u32) = ("m", 1, 6);
const KEYWORDS: (&str, u32, u32) = ("k", 1, 3);
const PATTERNS: (&str, u32, u32) = ("p", 1, 1);
const TEXTS: (&str, u32, u32) = ("t", 1, 13);

/// # Errors
/// Something that is there was not found: what this knows of bytecode is not what this interpreter has.
pub(super) fn find_everything(py: Python<'_>, reader: &Reader, opcodes: &Opcodes) -> PyResult<()> {
    let code = PyCode::compile(py, CODE, c"<palisade>", PyCodeInput::File)?;
    let mut found = BTreeSet::new();
    walk(reader, opcodes, &code, &mut |what, _| {
        found.insert(match what {
            Use::Name(name) => format!("name {name}"),
            Use::Attribute(name) => format!("attribute {name}"),
            Use::Keyword(name) => format!("keyword {name}"),
            Use::Pattern(name) => format!("pattern {name}"),
            Use::Text(text) => format!("text {text}"),
            _ => String::new(),
        });
    })?;
    let kinds = NAMES.iter().map(|range| ("name", *range));
    let kinds = kinds.chain([("attribute", ATTRIBUTES), ("keyword", KEYWORDS), ("pattern", PATTERNS), ("text", TEXTS)]);
    for (kind, (letter, from, to)) in kinds {
        for number in from..=to {
            let expected = format!("{kind} {letter}{number}");
            if !found.contains(&expected) {
                return Err(not_understood(&format!("of code made to try it, it does not show the {expected}")));
            }
        }
    }
    // What the compiler adds to a class is not the user's.
    for added in ["__module__", "__qualname__", "__name__", "__class__", "__annotations__", "__static_attributes__"] {
        if found.contains(&format!("name {added}")) {
            return Err(not_understood(&format!(
                "what its compiler adds to a class ({added}) is not where it is known to be"
            )));
        }
    }
    Ok(())
}
