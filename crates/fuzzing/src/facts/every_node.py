"doc"
import json, re as r, numpy.linalg
from json import loads as l, dumps
from .. import x
from .a.b import c
@d(1)
def f(a, /, b: int = 1, *c, d="e", **g) -> None:
    global h, i
    return a
async def k():
    async for x in y: await z
    else: pass
    async with a as b, c: pass
    return [x async for x in y if a if b]
class A(B, metaclass=C, **d):
    x: int
    y: int = 2
    def m(self):
        q = 1
        def n():
            nonlocal q
            q += 1
        yield q
        yield from n
for a in b: break
else: pass
while a: continue
if a: pass
elif b: pass
elif c: pass
else: pass
with a as b, (c): pass
with (a as b, c as d): pass
try: raise a from b
except A as e: pass
except: pass
else: pass
finally: pass
try: pass
except* A: pass
assert a, b
del a, b[1], c.d
match a:
    case 1 | "b" | None | True: pass
    case [x, *y, _] | (x, y): pass
    case {"a": b, **rest}: pass
    case A(1, b, c=d, e=f) if g: pass
    case -1.5 + 2j: pass
    case a.b as c: pass
    case *_, b: pass
type T[A: int, *B, **C] = list[A]
def g[A = int](): pass
a = b = c, *d = 1, 0x10, 1_000, 99999999999999999999999, 1.5, 2j, "t\n\u00e9\x41", b"b\xff", ..., None, True
a = b + c - d * e @ f / g % h ** i << j >> k | l ^ m & n // o
a = not b and c or d and e or f
a = ~b, +c, -d
a = b < c <= d > e >= f == g != h is i is not j in k not in l
a = [b], {c}, {d: e, **f}, (), {}, [*a, b]
a = b[c], b[c:d:e], b[c, ::d], b[:]
a = [x for x in y], {x for x in y if z}, {x: y for x in z}, (x for x in y for z in w)
a = lambda b, *c, d=1: b if c else d
a = (b := c)
a = f(b, *c, d=e, **g)
a = f"a{b}c" "d" f"{e!r:>{f}}{g=}{h = !s}{{}}" r'\n' f'{i:}' f"{j!a}" f""
a = "a" "b" 'c', b"d" b"e"
ſ = ｃlass.__ｉnit__
