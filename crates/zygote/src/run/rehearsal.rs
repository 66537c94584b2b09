//! Constant tasks: in the forkserver, so that whatever the interpreter does for the first time is done there; in a spare child, so
//! that the pages a task writes to are its own before the task is there.

use palisade_channel::message::{NodeMode, NonFinite, Purpose, TaskHead};
use pyo3::prelude::*;

use super::runtime;
use super::task::{self, Whose};

/// How often [`rehearse`] is to be called once nothing changes any more.
pub(super) const REHEARSALS: usize = 6;

/// What most tasks do, and some that few do.
const TASK: &[u8] = br#"
def name(value, *more):
    return f"{value:>3}{len(more)}"

total = 0
for item in _items:
    total += item["json"]["a"]
try:
    {}["missing"]
except KeyError as error:
    text = str(error)
print("warm", {"a": [1, None]}, text)
return [{"json": {"total": total, "name": name(total, *_items), "at": 1.5, "text": sorted(text)}}]
"#;

/// What a spare child does ahead. A longer text warms up more, but for each task that is spared ten microseconds by it the
/// children before had worked three hundred.
const WARM_UP: &[u8] = br#"
total = 0
for item in _items:
    total += item["json"]["a"]
return [{"json": {"total": total}}]
"#;

/// Each kind of node a syntax tree has: what the compiler looks up in their types it remembers, and notes in pages that each
/// child would have to copy.
const GRAMMAR: &[u8] = br#"
import a.b as c, d
from e import f as g
@decorator
def function[T: int, *Ts, **P](a, /, b: int = 1, *c, d=2, **e) -> str:
    global x
    "text"
    yield a
    b = yield from c
    return
async def later():
    nonlocal_ = 1
    def inner():
        nonlocal nonlocal_
    await a
    async for b in c: pass
    async with d as e, f: pass
    return [g async for g in h]
class Class[T](Base, key=value):
    a: int = 1
    b: str
type Alias[T] = list[T]
for a, *b in c:
    if a and b or not c: continue
    elif a < b <= c != d is not e not in f in g == h > i >= j is k: break
    else: pass
else: d = e
while True:
    del a, b.c, d[e]
    break
with a as b, c: pass
try:
    raise A from B
except (C, D) as e: raise
except E: pass
else: pass
finally: pass
try: pass
except* F as g: pass
match a:
    case 1 | -2 | 3j | None | True: pass
    case "text" if b: pass
    case {"key": c, **d}: pass
    case [e, *f]: pass
    case A.b(g, h=i) as j: pass
    case _: pass
assert a, b
a = b = c, = [d]
a, b = b, a
a += 1; a -= 1; a *= 2; a @= b; a /= 2; a //= 2; a %= 2; a **= 2; a <<= 1; a >>= 1; a |= 1; a ^= 1; a &= 1
a = b + c - d * e @ f / g // h % i ** j << k >> l | m ^ n & o
a = -b, +c, ~d, not e
a = (lambda b, *c, d=1, **e: b)(f, *g, h=i, **j)
a = b if c else d
a = {b: c, **d}, {e, *f}, [g, *h], (i, *j)
a = [b for c in d if e], {b for c in d}, {b: c for d in e}, (b for c in d for e in f)
a = f"{b!r:>{c}} {d=} {e}" "text", b"bytes"[0], 1, 1.5, 2j, None, True, ...
a = b[c], b[c:d], b[c:d:e], b[c, d:e], b.c.d, (e := f)
a = "text".join(sorted(b["key"].get("json", {}).items(), key=lambda pair: pair[1], reverse=True))
for item in _items: total = n = i = x = result + len(item["json"]["id"]) + len(item["name"]["value"]["data"])
items.append({"json": _item, "pairedItem": total, "error": None})
return a
"#;

/// Goes through what tasks go through, in the forkserver.
///
/// # Errors
/// The interpreter cannot compile what it is made for.
pub(super) fn rehearse(py: Python<'_>) -> PyResult<()> {
    let runtime = runtime::get(py)?;
    let tree = runtime.compiler.parse(py, GRAMMAR)?;
    let function = runtime.compiler.wrap(&tree, NodeMode::AllItems)?;
    runtime.compiler.judge(&runtime.gate, &function, GRAMMAR)?;
    // Its names are interned as long as it lives, and common ones are among them: an intern that is made anew is written into a
    // table of many pages.
    std::mem::forget(function);
    run(py, TASK);
    run(py, WARM_UP);
    Ok(())
}

/// Goes through the least that every task does, in a child.
pub(crate) fn warm_up(py: Python<'_>) {
    run(py, WARM_UP);
}

/// Runs a task and throws its output away.
fn run(py: Python<'_>, code: &[u8]) {
    let main = runtime::get(py).ok().and_then(|runtime| runtime.modules.bind(py).get_item("__main__").ok().flatten());
    let head = TaskHead {
        mode: NodeMode::AllItems,
        purpose: Purpose::Run,
        max_prints: 1,
        max_print_bytes: 1 << 10,
        max_result_bytes: 1 << 20,
        non_finite: NonFinite::Error,
        env: Vec::new(),
    };
    let items = br#"[{"json":{"a":1}}]"#.to_vec();
    // A failure here is a failure of every task as well, which will be reported then.
    task::run_task(py, &head, code, None, items, Whose::Ours, &mut |_, _| Ok(()));
    if let (Ok(runtime), Some(main)) = (runtime::get(py), main) {
        let _: PyResult<()> = runtime.modules.bind(py).set_item("__main__", main);
    }
}
