# What people do with Python, area by area: each is one task, with classes and all modules below allowed, in a hardened
# interpreter. An area ends at the next line that begins with "# area:". What fails in a plain interpreter as well is a mistake here.

# area: closures
def counter():
    n = 0
    def add(by=1):
        nonlocal n
        n += by
        return n
    return add
c = counter()
assert (c(), c(2), c()) == (1, 3, 4)
assert c.__name__ == "add" and c.__defaults__ == (1,) and c.__qualname__.endswith("counter.<locals>.add")

# area: generators
def numbers():
    got = yield 1
    yield got
    try:
        yield 3
    finally:
        pass
g = numbers()
assert next(g) == 1 and g.send(5) == 5 and next(g) == 3
g.close()
def outer():
    result = yield from inner()
    yield result
def inner():
    yield "a"
    return "b"
assert list(outer()) == ["a", "b"]

# area: classes
class Shape:
    kinds = 0
    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        Shape.kinds += 1
    def area(self): raise NotImplementedError
    def __lt__(self, other): return self.area() < other.area()
class Square(Shape):
    def __init__(self, a): self.a = a
    def area(self): return self.a ** 2
    @property
    def side(self): return self.a
    @side.setter
    def side(self, a): self.a = a
    @classmethod
    def unit(cls): return cls(1)
    @staticmethod
    def name(): return "square"
s = Square.unit()
s.side = 3
assert (s.area(), Shape.kinds, Square.name(), sorted([Square(2), Square(1)])[0].a) == (9, 1, "square", 1)
assert Square.__mro__[1] is Shape and isinstance(s, Shape) and type(s) is Square and vars(s) == {"a": 3}
class Slotted:
    __slots__ = ("x",)
t = Slotted(); t.x = 1
try:
    t.y = 2
    raise AssertionError("slots")
except AttributeError as error:
    assert error.name == "y" and "y" in str(error)

# area: metaclasses
class Registry(type):
    known = {}
    def __new__(meta, name, bases, namespace):
        cls = super().__new__(meta, name, bases, namespace)
        meta.known[name] = cls
        return cls
    def __call__(cls, *a): return super().__call__(*a)
class A(metaclass=Registry): pass
assert Registry.known == {"A": A} and type("B", (A,), {"z": 1}).z == 1

# area: descriptors
class Positive:
    def __set_name__(self, owner, name): self.name = "_" + name
    def __get__(self, obj, owner=None): return self if obj is None else getattr(obj, self.name)
    def __set__(self, obj, value):
        if value < 0: raise ValueError(value)
        setattr(obj, self.name, value)
class P:
    x = Positive()
p = P(); p.x = 4
assert p.x == 4
try: p.x = -1
except ValueError as e: assert e.args == (-1,)

# area: exceptions
class Mine(Exception):
    def __init__(self, code): super().__init__(f"code {code}"); self.code = code
try:
    try: {}["k"]
    except KeyError as e: raise Mine(7) from e
except Mine as e:
    assert e.code == 7 and type(e.__cause__) is KeyError and str(e) == "code 7" and e.__traceback__.tb_lineno > 0
    e.add_note("n"); assert e.__notes__ == ["n"]
try:
    raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
except* ValueError as g:
    assert g.exceptions[0].args == (1,)
except* TypeError as g:
    pass
try: undefined_name
except NameError as e: assert e.name == "undefined_name"

# area: pattern matching
def what(x):
    match x:
        case {"type": "a", **rest}: return rest
        case [first, *_] if first > 0: return first
        case str() | bytes(): return "text"
        case _: return None
assert [what({"type": "a", "n": 1}), what([3, 4]), what("x"), what(None)] == [{"n": 1}, 3, "text", None]

# area: comprehensions and unpacking
a, *b, c = range(5)
assert (b, {k: v for k, v in zip("ab", [1, 2])}, [*b, *"x"], {**{"q": 1}}) == ([1, 2, 3], {"a": 1, "b": 2}, [1, 2, 3, "x"], {"q": 1})
assert [y := 3, y * 2][1] == 6 and sum(x for x in range(4) if x % 2) == 4

# area: type parameters
class Box[T]:
    def __init__(self, item: T): self.item = item
def first[U](items: list[U]) -> U: return items[0]
type Pair[V] = tuple[V, V]
assert Box(1).item == first([1]) and Pair.__type_params__[0].__name__ == "V" and Box[int].__args__ == (int,)

# area: coroutines
import asyncio
async def work(n): return n * 2
c = work(2)
try: c.send(None)
except StopIteration as stop: assert stop.value == 4
async def stream():
    for i in range(3): yield i
async def collect(): return [x async for x in stream()]
try: collect().send(None)
except StopIteration as stop: assert stop.value == [0, 1, 2]

# area: asyncio
import asyncio
async def one(n):
    await asyncio.sleep(0)
    return n
async def main():
    done = await asyncio.gather(*(one(i) for i in range(5)))
    queue = asyncio.Queue(); await queue.put(1)
    async with asyncio.timeout(5): done.append(await queue.get())
    task = asyncio.create_task(one(9)); repr(task)
    try: await asyncio.wait_for(asyncio.sleep(5), 0.001)
    except TimeoutError: done.append("late")
    return done + [await task]
assert asyncio.run(main()) == [0, 1, 2, 3, 4, 1, "late", 9]

# area: threading
import threading
from concurrent.futures import ThreadPoolExecutor
lock, found = threading.Lock(), []
def add(i):
    with lock: found.append(i)
threads = [threading.Thread(target=add, args=(i,)) for i in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
assert sorted(found) == [0, 1, 2, 3]
with ThreadPoolExecutor(2) as pool: assert list(pool.map(lambda x: x + 1, [1, 2])) == [2, 3]

# area: dataclasses
from dataclasses import dataclass, field, asdict, astuple, replace, fields, make_dataclass, KW_ONLY
@dataclass(order=True)
class Item:
    name: str
    price: float = 0.0
    tags: list = field(default_factory=list, compare=False)
    def total(self, n: int) -> float: return self.price * n
i = Item("a", 2.5)
assert asdict(i) == {"name": "a", "price": 2.5, "tags": []} and astuple(i)[0] == "a" and i.total(2) == 5
assert replace(i, name="b").name == "b" and [f.name for f in fields(Item)] == ["name", "price", "tags"] and Item("a") < Item("b")
assert repr(i).endswith("Item(name='a', price=2.5, tags=[])")

# area: dataclasses, frozen and slotted
from dataclasses import dataclass, FrozenInstanceError, make_dataclass, InitVar, KW_ONLY
@dataclass(frozen=True, slots=True, kw_only=True)
class F:
    x: int = 1
try: F().x = 2
except FrozenInstanceError: pass
assert hash(F(x=1)) == hash(F(x=1)) and make_dataclass("M", ["a", ("b", int, 3)])(1).b == 3
@dataclass
class G:
    a: int
    seed: InitVar[int] = 0
    def __post_init__(self, seed): self.a += seed
assert G(1, 2).a == 3

# area: dataclasses with text annotations
from dataclasses import dataclass, fields
global ClassVar
from typing import ClassVar
@dataclass
class T:
    x: "int"
    kind: "ClassVar[int]" = 3
    y: "list[int] | None" = None
assert [f.name for f in fields(T)] == ["x", "y"] and T(1) == T(1) and T.kind == 3

# area: enum
from enum import Enum, IntEnum, Flag, StrEnum, auto, unique
@unique
class Color(Enum):
    RED = auto()
    BLUE = auto()
    @property
    def pretty(self): return self.name.title()
class Perm(Flag):
    R = 1; W = 2
class S(StrEnum):
    A = auto()
assert Color["RED"] is Color(1) and Color.BLUE.pretty == "Blue" and list(Color) == [Color.RED, Color.BLUE]
assert (Perm.R | Perm.W).value == 3 and Perm.R in Perm(3) and S.A == "a" and IntEnum("N", "x y").y == 2
assert dict(Color.__members__)["RED"] is Color.RED

# area: typing
import typing
from typing import NamedTuple, TypedDict, Protocol, runtime_checkable, Generic, TypeVar, Optional, Union, Literal, Any, Callable, cast, get_args, get_origin, get_type_hints, overload, Annotated
class Point(NamedTuple):
    x: int
    y: int = 0
class Movie(TypedDict, total=False):
    name: str
@runtime_checkable
class Closes(Protocol):
    def close(self): ...
T = TypeVar("T")
class Stack(Generic[T]):
    def __init__(self): self.items: list[T] = []
class Door:
    def close(self): pass
assert Point(1).y == 0 and Point(1)._asdict() == {"x": 1, "y": 0} and Movie(name="m") == {"name": "m"}
assert isinstance(Door(), Closes) and not isinstance(3, Closes)
assert get_origin(Optional[int]) is Union and get_args(Literal[1, "a"]) == (1, "a") and get_type_hints(Point) == {"x": int, "y": int}
assert Stack[int]().items == [] and cast(int, "x") == "x" and str(Callable[[int], str]) == "typing.Callable[[int], str]"
def f(a: int, b: "Optional[int]" = None) -> list[str]: ...
assert get_type_hints(f, globalns={"Optional": Optional})["return"] == list[str]

# area: namedtuple
from collections import namedtuple
P = namedtuple("P", "x y", defaults=[5])
p = P(1)
assert p == (1, 5) and p._replace(x=9).x == 9 and P._fields == ("x", "y") and P._make([3, 4]).y == 4 and repr(p) == "P(x=1, y=5)"

# area: functools
from functools import reduce, partial, lru_cache, cache, wraps, total_ordering, cmp_to_key, cached_property, singledispatch, partialmethod
@lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
assert fib(50) == 12586269025 and fib.cache_info().hits > 40 and partial(pow, 2)(5) == 32 and partial(pow, 2).args == (2,)
def twice(f):
    @wraps(f)
    def g(*a): return f(*a) * 2
    return g
@twice
def three(): "doc"; return 3
assert three() == 6 and three.__name__ == "three" and three.__doc__ == "doc" and reduce(lambda a, b: a * b, [1, 2, 3]) == 6
@total_ordering
class V:
    def __init__(self, n): self.n = n
    def __eq__(self, o): return self.n == o.n
    def __lt__(self, o): return self.n < o.n
assert V(2) >= V(1) and sorted([3, 1], key=cmp_to_key(lambda a, b: a - b)) == [1, 3]
class C:
    @cached_property
    def x(self): return []
    def add(self, a, b): return a + b
    inc = partialmethod(add, 1)
c = C(); assert c.x is c.x and c.inc(2) == 3

# area: singledispatch
from functools import singledispatch, singledispatchmethod
from collections.abc import Mapping, Sequence, Sized, Iterable, Container
import numbers
@singledispatch
def show(x): return "any"
@show.register(int)
def _(x): return "int"
@show.register(Mapping)
def _(x): return "mapping"
@show.register(Sized)
def _(x): return "sized"
@show.register(numbers.Real)
def _(x): return "real"
assert [show(1), show({}), show([1]), show(1.5), show(None)] == ["int", "mapping", "sized", "real", "any"]
class M:
    @singledispatchmethod
    def f(self, x): return "any"
    @f.register(str)
    def _(self, x): return "str"
assert M().f("") == "str" and M().f(1) == "any"

# area: contextlib
from contextlib import contextmanager, suppress, ExitStack, closing, nullcontext, redirect_stdout, AbstractContextManager, ContextDecorator
import io
log = []
@contextmanager
def tag(n):
    log.append(f"<{n}>")
    try: yield n
    except ValueError: log.append("caught")
    finally: log.append(f"</{n}>")
with tag("a") as a, suppress(KeyError):
    {}[1]
with tag("b"): raise ValueError
with ExitStack() as stack:
    stack.enter_context(tag("c")); stack.callback(log.append, "called")
assert log == ["<a>", "</a>", "<b>", "caught", "</b>", "<c>", "called", "</c>"]
out = io.StringIO()
with redirect_stdout(out): print("hi")
assert out.getvalue() == "hi\n"
@contextmanager
def fails(): yield; 
try:
    with fails(): raise KeyError("x")
except KeyError as e: assert e.args == ("x",)

# area: abc
from abc import ABC, abstractmethod, ABCMeta
class Base(ABC):
    @abstractmethod
    def run(self): ...
    @classmethod
    def __subclasshook__(cls, other):
        return True if "quack" in vars(other) else NotImplemented
class Good(Base):
    def run(self): return 1
try: Base(); raise AssertionError
except TypeError as e: assert "abstract" in str(e)
class Duck:
    quack = 1
class Other: pass
Base.register(Other)
assert Good().run() == 1 and issubclass(Duck, Base) and isinstance(Other(), Base) and not issubclass(int, Base)
class Below(Base): pass
class Late: pass
assert not isinstance(Late(), Base)
Below.register(Late)
assert isinstance(Late(), Base) and issubclass(Late, Base) and not issubclass(str, Base)

# area: collections.abc
from collections.abc import Mapping, MutableMapping, Sequence, Iterable, Hashable, Callable, Set
import collections, numbers, decimal, fractions
class D(MutableMapping):
    def __init__(self): self.d = {}
    def __getitem__(self, k): return self.d[k]
    def __setitem__(self, k, v): self.d[k] = v
    def __delitem__(self, k): del self.d[k]
    def __iter__(self): return iter(self.d)
    def __len__(self): return len(self.d)
d = D(); d.update(a=1); d.setdefault("b", 2)
assert dict(d) == {"a": 1, "b": 2} and isinstance({}, Mapping) and isinstance([], Sequence) and not isinstance({1}, Sequence)
assert isinstance(collections.OrderedDict(), Mapping) and isinstance(collections.ChainMap(), Mapping) and not isinstance([], Hashable)
assert isinstance(1, numbers.Number) and isinstance(1, numbers.Complex) and isinstance(fractions.Fraction(1), numbers.Real)
assert isinstance(decimal.Decimal(1), numbers.Number) and not isinstance("1", numbers.Number) and isinstance(True, numbers.Integral)
assert issubclass(int, numbers.Number) and not issubclass(str, numbers.Number) and isinstance({}.keys(), Set)

# area: collections
from collections import Counter, defaultdict, deque, OrderedDict, ChainMap, UserDict, UserList
c = Counter("abracadabra")
assert c.most_common(1) == [("a", 5)] and (c - Counter("aaaa"))["a"] == 1
d = defaultdict(list); d["x"].append(1)
q = deque([1, 2, 3], maxlen=2); q.rotate(1)
o = OrderedDict(a=1, b=2); o.move_to_end("a")
assert list(o) == ["b", "a"] and ChainMap({"a": 1}, {"b": 2})["b"] == 2 and q == deque([3, 2])
class U(UserDict):
    def __missing__(self, k): return k
assert U()["z"] == "z" and UserList([1]) + [2] == [1, 2]

# area: copy
import copy, datetime
class N:
    def __init__(self): self.l = [1, [2]]; self.me = self
n = N(); m = copy.deepcopy(n)
assert m.l == n.l and m.l[1] is not n.l[1] and m.me is m and copy.copy(n).l is n.l
assert copy.deepcopy({"a": (1, [2]), "d": datetime.date(2024, 1, 1), "s": {1}}) == {"a": (1, [2]), "d": datetime.date(2024, 1, 1), "s": {1}}
assert copy.deepcopy(ValueError("x")).args == ("x",) and copy.replace(datetime.date(2024, 1, 1), day=2).day == 2

# area: json
import json, decimal, datetime
class E(json.JSONEncoder):
    def default(self, o): return o.isoformat() if isinstance(o, datetime.date) else super().default(o)
assert json.dumps({"d": datetime.date(2024, 1, 2)}, cls=E, indent=1) == '{\n "d": "2024-01-02"\n}'
assert json.loads('{"a": 1.10}', parse_float=decimal.Decimal)["a"] == decimal.Decimal("1.10")
assert json.loads('[{"x": 1}]', object_hook=lambda d: d["x"]) == [1] and json.dumps("ü", ensure_ascii=False) == '"ü"'
try: json.loads("{"); raise AssertionError
except json.JSONDecodeError as e: assert e.lineno == 1
try: json.dumps({1, 2}); raise AssertionError
except TypeError: pass

# area: re
import re
m = re.match(r"(?P<y>\d{4})-(?P<m>\d\d)", "2024-05-01")
assert m.groupdict() == {"y": "2024", "m": "05"} and re.sub(r"(\w+) (\w+)", r"\2 \1", "a b") == "b a"
assert re.findall(r"\b\w", "ab cd", re.I) == ["a", "c"] and re.split(r"[,;]\s*", "a, b;c") == ["a", "b", "c"]
assert re.sub(r"\d", lambda m: str(int(m[0]) + 1), "a1b2") == "a2b3" and re.compile("x", re.VERBOSE).flags & re.VERBOSE
assert [m.span() for m in re.finditer("a", "aba")] == [(0, 1), (2, 3)] and re.escape("a.b") == r"a\.b" and re.fullmatch("a+", "aa")
try: re.compile("("); raise AssertionError
except re.error as e: assert e.pos == 0

# area: datetime
from datetime import datetime, date, time, timedelta, timezone
d = datetime(2024, 2, 29, 12, 30, tzinfo=timezone.utc)
assert d.isoformat() == "2024-02-29T12:30:00+00:00" and (d + timedelta(days=1)).month == 3 and d.strftime("%d.%m.%Y %A") == "29.02.2024 Thursday"
assert datetime.strptime("2024-05-01 10:00", "%Y-%m-%d %H:%M").hour == 10 and datetime.fromisoformat("2024-01-01T00:00:00Z").tzinfo
assert date(2024, 12, 30).isocalendar()[1] == 1 and (date(2024, 3, 1) - date(2024, 2, 1)).days == 29 and d.timestamp() == 1709209800
assert d.astimezone(timezone(timedelta(hours=2))).hour == 14 and time(1, 2).replace(hour=5) == time(5, 2) and f"{d:%H:%M}" == "12:30"

# area: zoneinfo
from zoneinfo import ZoneInfo, available_timezones
from datetime import datetime, timedelta
try:
    z = ZoneInfo("UTC")
except Exception as e:
    z = None  # No zone data in reach.
if z: assert datetime(2024, 1, 1, tzinfo=z).utcoffset() == timedelta(0)

# area: time and calendar
import time, calendar
assert time.strftime("%Y", time.gmtime(0)) == "1970" and time.strptime("1.2.2024", "%d.%m.%Y").tm_mon == 2 and time.monotonic() > 0
assert calendar.monthrange(2024, 2)[1] == 29 and calendar.isleap(2024) and calendar.month_name[1] == "January" and calendar.MONDAY == 0
assert calendar.TextCalendar().formatmonth(2024, 1).startswith("    January 2024") and calendar.timegm((1970, 1, 1, 0, 0, 0)) == 0

# area: decimal and fractions
from decimal import Decimal, getcontext, localcontext, ROUND_HALF_UP, InvalidOperation
from fractions import Fraction
assert Decimal("1.005").quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal("1.01") and Decimal("0.1") + Decimal("0.2") == Decimal("0.3")
with localcontext() as c: c.prec = 3; assert str(Decimal(1) / 3) == "0.333"
assert Fraction(1, 3) + Fraction(1, 6) == Fraction(1, 2) and Fraction("0.25").denominator == 4 and f"{Decimal('1234.5'):,.2f}" == "1,234.50"
try: Decimal("x"); raise AssertionError
except InvalidOperation: pass

# area: math and statistics
import math, statistics, cmath
assert math.isclose(math.sqrt(2) ** 2, 2) and math.gcd(12, 18) == 6 and math.comb(5, 2) == 10 and math.prod([1, 2, 3]) == 6 and cmath.sqrt(-1) == 1j
assert statistics.mean([1, 2, 3]) == 2 and statistics.median([1, 9, 3]) == 3 and round(statistics.stdev([1, 2, 3]), 3) == 1 and statistics.mode("aab") == "a"
assert statistics.quantiles([1, 2, 3, 4], n=2) == [2.5] and statistics.NormalDist(0, 1).cdf(0) == 0.5 and statistics.fmean([1, 2], [1, 3]) == 1.75
assert statistics.linear_regression([1, 2], [2, 4]).slope == 2 and statistics.correlation([1, 2, 3], [1, 2, 3]) == 1
try: statistics.mean([]); raise AssertionError
except statistics.StatisticsError: pass

# area: csv
import csv, io
rows = list(csv.DictReader(io.StringIO('a;b\n1;"x;y"\n'), delimiter=";"))
assert rows == [{"a": "1", "b": "x;y"}]
out = io.StringIO(); w = csv.DictWriter(out, ["a", "b"]); w.writeheader(); w.writerow({"a": 1, "b": "q,r"})
assert out.getvalue() == 'a,b\r\n1,"q,r"\r\n' and csv.Sniffer().sniff("a;b\n1;2\n").delimiter == ";" and list(csv.reader(["1,2"])) == [["1", "2"]]

# area: hashlib, hmac, secrets
import hashlib, hmac, secrets, zlib, binascii
assert hashlib.sha256(b"abc").hexdigest().startswith("ba7816bf") and hashlib.new("md5", b"").hexdigest() == "d41d8cd98f00b204e9800998ecf8427e"
assert hmac.new(b"k", b"m", "sha256").hexdigest()[:8] == hmac.digest(b"k", b"m", "sha256").hex()[:8] and hmac.compare_digest("a", "a")
assert len(secrets.token_hex(8)) == 16 and zlib.crc32(b"a") == 3904355907 and binascii.hexlify(b"\x01") == b"01" and hashlib.blake2b(b"", digest_size=4).digest_size == 4
assert len(hashlib.pbkdf2_hmac("sha256", b"p", b"s", 1)) == 32

# area: random
import random
r = random.Random(42)
assert r.randint(1, 6) == random.Random(42).randint(1, 6) and 0 <= random.random() < 1 and random.choice([3]) == 3
l = list(range(9)); random.Random(1).shuffle(l); assert sorted(l) == list(range(9)) and len(random.sample(range(9), 3)) == 3
state = random.getstate(); x = random.random(); random.setstate(state); assert random.random() == x and random.choices("ab", weights=[1, 0]) == ["a"]

# area: itertools
from itertools import groupby, chain, product, permutations, combinations, islice, accumulate, zip_longest, count, cycle, pairwise, batched, tee, starmap, takewhile
assert [(k, len(list(g))) for k, g in groupby("aabc")] == [("a", 2), ("b", 1), ("c", 1)] and list(chain.from_iterable([[1], [2]])) == [1, 2]
assert len(list(product("ab", repeat=2))) == 4 and list(combinations("abc", 2))[0] == ("a", "b") and list(islice(count(5), 2)) == [5, 6]
assert list(accumulate([1, 2, 3])) == [1, 3, 6] and list(pairwise("abc")) == [("a", "b"), ("b", "c")] and list(batched("abc", 2)) == [("a", "b"), ("c",)]
a, b = tee([1, 2]); assert list(a) == list(b) and list(zip_longest([1], [], fillvalue=0)) == [(1, 0)] and list(takewhile(bool, [1, 0, 1])) == [1]

# area: heapq and bisect
import heapq, bisect
h = [5, 1, 4]; heapq.heapify(h); heapq.heappush(h, 0)
assert heapq.heappop(h) == 0 and heapq.nsmallest(2, [3, 1, 2]) == [1, 2] and heapq.nlargest(1, [1, 9], key=lambda x: -x) == [1]
assert list(heapq.merge([1, 4], [2, 3])) == [1, 2, 3, 4] and list(heapq.merge([4, 1], [3], reverse=True, key=int)) == [4, 3, 1] and bisect.bisect([1, 3], 2) == 1
l = [1, 3]; bisect.insort(l, 2); assert l == [1, 2, 3]

# area: base64
import base64
assert base64.b64encode(b"hi") == b"aGk=" and base64.b64decode("aGk=") == b"hi" and base64.urlsafe_b64encode(b"\xff\xff") == b"__8="
assert base64.b32encode(b"a") == b"ME======" and base64.b85decode(base64.b85encode(b"x")) == b"x" and base64.b16decode("0A") == b"\n"

# area: urllib.parse
from urllib.parse import urlparse, urlencode, quote, unquote, parse_qs, urljoin, urlsplit, urlunparse, parse_qsl
import urllib.parse
u = urlparse("https://u:p@h.example:8080/a/b?x=1&x=2&y=%20#f")
assert (u.hostname, u.port, u.path, parse_qs(u.query)["x"]) == ("h.example", 8080, "/a/b", ["1", "2"])
assert urlencode({"a": "b c", "d": [1, 2]}, doseq=True) == "a=b+c&d=1&d=2" and quote("a/b ü", safe="") == "a%2Fb%20%C3%BC" and unquote("%41") == "A"
assert urljoin("http://a/b/c", "../d") == "http://a/d" and urlunparse(("http", "h", "/", "", "", "")) == "http://h/" and urllib.parse.parse_qsl("a=1") == [("a", "1")]

# area: uuid
import uuid
assert uuid.UUID("{12345678-1234-5678-9234-567812345678}").version == 5 and uuid.uuid4().version == 4 and len(str(uuid.uuid4())) == 36
assert uuid.uuid5(uuid.NAMESPACE_DNS, "python.org").hex == "886313e13b8a53729b900c9aee199e5d" and uuid.uuid3(uuid.NAMESPACE_URL, "x").version == 3
assert uuid.UUID(int=1) < uuid.UUID(int=2) and uuid.uuid1().version == 1

# area: difflib
import difflib
assert difflib.get_close_matches("appel", ["ape", "apple", "peach"])[0] == "apple" and difflib.SequenceMatcher(None, "abcd", "bcde").ratio() == 0.75
d = list(difflib.unified_diff(["a\n", "b\n"], ["a\n", "c\n"], "x", "y")); assert d[0] == "--- x\n" and "-b\n" in d and "+c\n" in d
assert list(difflib.ndiff(["a"], ["b"]))[0] == "- a" and "<table" in difflib.HtmlDiff().make_table(["a"], ["b"])

# area: textwrap
import textwrap
assert textwrap.dedent("  a\n  b") == "a\nb" and textwrap.fill("aaa bbb ccc", 7) == "aaa bbb\nccc" and textwrap.shorten("hello big world", 11) == "hello [...]"
assert textwrap.indent("a\nb", "> ") == "> a\n> b" and textwrap.wrap("a b", 1) == ["a", "b"]

# area: html
import html, html.parser
assert html.escape("<a href='x'>") == "&lt;a href=&#x27;x&#x27;&gt;" and html.unescape("&eacute;&#65;") == "éA"
class Links(html.parser.HTMLParser):
    found = []
    def handle_starttag(self, tag, attrs): self.found.append((tag, dict(attrs)))
Links().feed("<p><a href='q'>x</a>"); assert Links.found == [("p", {}), ("a", {"href": "q"})]

# area: string
import string
assert string.ascii_lowercase[:3] == "abc" and string.capwords("a bc") == "A Bc" and string.digits == "0123456789"
assert string.Template("$a and ${b}").substitute(a=1, b=2) == "1 and 2" and string.Template("$x").safe_substitute() == "$x"
class F(string.Formatter):
    def get_value(self, key, args, kwargs): return kwargs.get(key, "?")
assert F().vformat("{a}-{b}", (), {"a": 1}) == "1-?"

# area: strings
assert "{:>6.2f}|{!r}|{a}".format(3.14159, "x", a=1) == "  3.14|'x'|1" and "%s %05d" % ("a", 7) == "a 00007" and f"{1234567:,}" == "1,234,567"
assert "a-b_c".translate(str.maketrans("-_", "  ")) == "a b c" and "ß".casefold() == "ss" and "x".encode("utf-16-le") == b"x\0" and b"\xe4".decode("latin-1") == "ä"
assert "{0[a]} {0[b][0]}".format({"a": 1, "b": [2]}) == "1 2" and "{:{w}}".format("a", w=3) == "a  " and "{n:%Y}".format(n=__import__("datetime").date(2024, 1, 1)) == "2024"
assert "a,b".partition(",") == ("a", ",", "b") and " x ".strip().center(3, "*") == "*x*" and "aXbX".rsplit("X", 1) == ["aXb", ""] and "\N{BULLET}" == "•"

# area: numbers
assert divmod(-7, 2) == (-4, 1) and round(2.675, 2) == 2.67 and (255).to_bytes(2, "big") == b"\0\xff" and int("ff", 16) == 255 and 10 ** 40 // 3 ** 20 > 0
assert str(2 ** 5000)[:4] == "1412" and int("1" + "0" * 4000) % 7 == 4
assert (0.1).as_integer_ratio()[1] == 36028797018963968 and float("inf") > 1 and complex(1, 2).conjugate() == 1 - 2j and bin(5) == "0b101" and (5).bit_length() == 3

# area: lists, dicts and sets
d = {"b": 1, "a": 2}
assert sorted(d.items(), key=lambda kv: kv[1]) == [("b", 1), ("a", 2)] and d | {"c": 3} == {"b": 1, "a": 2, "c": 3} and d.pop("b") == 1
l = [3, 1, 2]; l.sort(reverse=True); l[1:1] = [9]; del l[0]; assert l == [9, 2, 1] and l[::-1] == [1, 2, 9]
assert {1, 2} & {2} == {2} and {1} ^ {2} == {1, 2} and frozenset([1]) <= {1, 2} and dict.fromkeys("ab", 0) == {"a": 0, "b": 0} and d.setdefault("z", []) == []
assert list(map(str, filter(None, [0, 1]))) == ["1"] and max([1, 3], key=lambda x: -x) == 1 and all([]) and any([0, 1]) and list(enumerate("a", 1)) == [(1, "a")]

# area: types
import types
assert isinstance(len, types.BuiltinFunctionType) and isinstance([].append, types.BuiltinMethodType)
ns = types.SimpleNamespace(a=1); ns.b = 2; assert vars(ns) == {"a": 1, "b": 2} and types.MappingProxyType({"a": 1})["a"] == 1
assert types.new_class("N", (), {}, lambda ns: ns.update(x=1)).x == 1 and isinstance(1 .__add__, types.MethodWrapperType) and types.GenericAlias(list, int) == list[int]
assert types.MappingProxyType({"a": 1}) == {"a": 1} and types.MappingProxyType({"a": 1}) | {"b": 2} == {"a": 1, "b": 2} and {"b": 2} | types.MappingProxyType({"a": 1}) == {"a": 1, "b": 2}

# area: inspect
import inspect
def f(a, b: int = 2, *args, c, **kw) -> str: "Doc."
s = inspect.signature(f)
assert str(s) == "(a, b: int = 2, *args, c, **kw) -> str" and list(s.parameters) == ["a", "b", "args", "c", "kw"] and inspect.getdoc(f) == "Doc."
assert s.bind(1, c=2).arguments == {"a": 1, "c": 2} and inspect.isfunction(f) and inspect.isclass(int)
assert inspect.getfullargspec(f).kwonlyargs == ["c"] and inspect.isgeneratorfunction(f) is False and inspect.cleandoc("  a\n    b") == "a\nb" and "obj, /" in str(inspect.signature(len))

# area: operator
import operator
assert operator.itemgetter(1, 0)("ab") == ("b", "a") and operator.attrgetter("real")(3) == 3 and operator.methodcaller("upper")("a") == "A" and operator.add(1, 2) == 3
from collections import namedtuple
P = namedtuple("P", "x"); assert sorted([P(2), P(1)], key=operator.attrgetter("x"))[0].x == 1 and operator.truth([]) is False and operator.index(True) == 1

# area: logging
import logging, io
out = io.StringIO(); log = logging.getLogger("t"); h = logging.StreamHandler(out); h.setFormatter(logging.Formatter("%(levelname)s:%(message)s")); log.addHandler(h); log.setLevel("INFO"); log.propagate = False
log.info("a %s", 1); log.debug("no"); log.warning("w", extra={"k": 1})
try: 1 / 0
except ZeroDivisionError: log.exception("bad")
text = out.getvalue(); assert text.startswith("INFO:a 1\nWARNING:w\nERROR:bad\nTraceback (most recent call last):\n  File ") and text.endswith("ZeroDivisionError: division by zero\n"), text

# area: traceback
import traceback
def deep(): raise ValueError("v")
try: deep()
except ValueError as e:
    text = traceback.format_exc(); lines = traceback.format_exception(e); stack = traceback.extract_tb(e.__traceback__)
    assert text == "".join(lines) and text.endswith("ValueError: v\n") and stack[-1].name == "deep" and "in deep" in text
    assert "".join(traceback.TracebackException.from_exception(e).format_exception_only()) == "ValueError: v\n" and traceback.format_tb(e.__traceback__, limit=1)

# area: warnings
import warnings
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always"); warnings.warn("old", DeprecationWarning)
    assert len(w) == 1 and issubclass(w[0].category, DeprecationWarning) and "old" in str(w[0].message)
@warnings.deprecated("use g")
def f(): return 1
with warnings.catch_warnings(): warnings.simplefilter("ignore"); assert f() == 1

# area: io and struct
import io, struct, array
b = io.BytesIO(b"abc"); assert b.read(1) == b"a" and b.getvalue() == b"abc" and io.StringIO("a\nb").readlines() == ["a\n", "b"]
assert struct.unpack("<HI", struct.pack("<HI", 1, 2)) == (1, 2) and struct.calcsize(">Q") == 8 and array.array("d", [1.5]).tolist() == [1.5]
t = io.TextIOWrapper(io.BytesIO("ü\n".encode()), encoding="utf-8"); assert t.readline() == "ü\n"

# area: compression
import gzip, zlib, bz2, lzma, zipfile, tarfile, io
for module in (zlib, gzip, bz2, lzma): assert module.decompress(module.compress(b"x" * 99)) == b"x" * 99
out = io.BytesIO()
with zipfile.ZipFile(out, "w") as z: z.writestr("a.txt", "hi")
assert zipfile.ZipFile(io.BytesIO(out.getvalue())).read("a.txt") == b"hi"

# area: xml
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape
from xml.dom import minidom
root = ET.fromstring("<r><i n='1'>a</i><i n='2'/></r>")
assert [i.get("n") for i in root.iter("i")] == ["1", "2"] and root.find("i").text == "a" and ET.tostring(root).startswith(b"<r>") and escape("<") == "&lt;"
assert minidom.parseString("<a b='c'/>").documentElement.getAttribute("b") == "c"

# area: email
from email.message import EmailMessage
from email.mime.text import MIMEText
from email import message_from_string, policy
import email.utils
m = EmailMessage(); m["Subject"] = "Grüße"; m["To"] = "a@b.c"; m.set_content("hi"); assert "Subject: =?utf-8?" in m.as_string() and MIMEText("x").get_payload() == "x"
assert message_from_string("From: x\n\nbody").get_payload() == "body" and email.utils.parseaddr("A <a@b.c>") == ("A", "a@b.c")

# area: configuration formats
import configparser, tomllib, plistlib, shlex, argparse
c = configparser.ConfigParser(); c.read_string("[a]\nb = %(c)s\nc = 1\n"); assert c["a"].getint("b") == 1 and tomllib.loads("a = [1]\n") == {"a": [1]}
assert plistlib.loads(plistlib.dumps({"a": 1})) == {"a": 1} and shlex.split("a 'b c'") == ["a", "b c"]
p = argparse.ArgumentParser(prog="x"); p.add_argument("--n", type=int); assert p.parse_args(["--n", "3"]).n == 3

# area: paths and addresses
import pathlib, ipaddress, fnmatch, mimetypes
p = pathlib.PurePosixPath("/a/b.tar.gz"); assert p.suffixes == [".tar", ".gz"] and p.stem == "b.tar" and str(p.parent / "c") == "/a/c" and p.match("*.gz") and p.relative_to("/a").name == "b.tar.gz"
assert pathlib.PureWindowsPath("c:\\x").drive == "c:" and pathlib.Path("a").joinpath("b").as_posix() == "a/b" and str(pathlib.PurePosixPath("a/../b")) == "a/../b"
assert ipaddress.ip_address("10.0.0.1") in ipaddress.ip_network("10.0.0.0/8") and fnmatch.fnmatch("a.py", "*.py") and mimetypes.guess_type("a.png")[0] == "image/png"

# area: weakref
import weakref
class K:
    def go(self): return 1
k = K(); m = weakref.WeakMethod(k.go); assert m()() == 1
k = k; r = weakref.ref(k); d = weakref.WeakValueDictionary(a=k); dead = []; weakref.finalize(k, dead.append, 1)
assert r() is k and d["a"] is k; del k; assert r() is None and "a" not in d and dead == [1]

# area: ast
import ast
assert ast.literal_eval("{'a': [1, (2, None)]}") == {"a": [1, (2, None)]} and ast.unparse(ast.parse("a+1")) == "a + 1" and isinstance(ast.parse("x").body[0].value, ast.Name)

# area: unicode and text tools
import unicodedata, pprint, reprlib, codecs, locale, stringprep, quopri
assert unicodedata.normalize("NFKD", "é")[0] == "e" and unicodedata.name("a") == "LATIN SMALL LETTER A" and pprint.pformat({"a": [1]}) == "{'a': [1]}" and reprlib.repr("x" * 99).count("x") < 40
assert codecs.encode("abc", "rot13") == "nop" and codecs.getincrementaldecoder("utf-8")().decode(b"\xc3") == "" and codecs.lookup("utf8").name == "utf-8"
r = codecs.getreader("utf-8")(__import__("io").BytesIO("ä\n".encode())); assert r.readline() == "ä\n" and r.seekable()

# area: sqlite3
import sqlite3
db = sqlite3.connect(":memory:"); db.row_factory = sqlite3.Row
db.execute("create table t (a int, b text)"); db.executemany("insert into t values (?, ?)", [(1, "x"), (2, "y")])
assert db.execute("select sum(a) s from t").fetchone()["s"] == 3 and [tuple(r) for r in db.execute("select b from t order by a desc")] == [("y",), ("x",)]

# area: graphs and queues
import graphlib, queue, sched, contextvars, enum
assert list(graphlib.TopologicalSorter({"b": ["a"]}).static_order()) == ["a", "b"]
q = queue.PriorityQueue(); q.put(2); q.put(1); assert q.get() == 1
v = contextvars.ContextVar("v", default=0); t = v.set(5); assert v.get() == 5; v.reset(t); assert contextvars.copy_context().run(v.get) == 0

# area: sys
import sys, platform, errno
assert sys.version_info >= (3, 13) and sys.maxsize > 2 ** 31 and sys.getsizeof([]) > 0 and sys.byteorder == "little" and platform.python_version().startswith("3.")
try: sys.exit(3)
except SystemExit as e: assert e.code == 3
assert sys.getrecursionlimit() > 100 and errno.ENOENT == 2 and sys.intern("x") == "x" and sys.exc_info() == (None, None, None)

# area: recursion and memory
def down(n): return 0 if n == 0 else 1 + down(n - 1)
assert down(500) == 500
try: down(10 ** 6); raise AssertionError
except RecursionError as e: assert "recursion" in str(e)

# area: iterators of one's own
class Countdown:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0: raise StopIteration
        self.n -= 1
        return self.n
class Rows:
    def __init__(self, rows): self.rows = rows
    def __len__(self): return len(self.rows)
    def __getitem__(self, i): return self.rows[i]
    def __contains__(self, x): return x in self.rows
    def __reversed__(self): return iter(self.rows[::-1])
rows = Rows([3, 1, 2])
assert (list(Countdown(3)), sorted(rows), 2 in rows, list(reversed(rows)), rows[1:]) == ([2, 1, 0], [1, 2, 3], True, [2, 1, 3], [1, 2])
assert next(iter([]), "none") == "none" and list(iter(iter([1, 2, 0, 3]).__next__, 0)) == [1, 2]

# area: operators of one's own
class Money:
    def __init__(self, cents): self.cents = cents
    def __add__(self, other): return Money(self.cents + other.cents) if isinstance(other, Money) else NotImplemented
    def __radd__(self, other): return self if other == 0 else NotImplemented
    def __mul__(self, n): return Money(self.cents * n)
    __rmul__ = __mul__
    def __eq__(self, other): return isinstance(other, Money) and self.cents == other.cents
    def __hash__(self): return hash(self.cents)
    def __bool__(self): return self.cents != 0
    def __repr__(self): return f"Money({self.cents})"
    def __format__(self, spec): return f"{self.cents / 100:{spec or '.2f'}}"
assert sum([Money(100), Money(50)]) == Money(150) and 2 * Money(5) == Money(10) and not Money(0)
assert f"{Money(1250)}|{Money(1250):.1f}" == "12.50|12.5" and len({Money(1), Money(1)}) == 1
try:
    Money(1) + 1
    assert False
except TypeError as e:
    assert "unsupported operand" in str(e)

# area: decorators with arguments
import functools
def retry(times, on=ValueError):
    def decorate(f):
        @functools.wraps(f)
        def inner(*args, **kw):
            for attempt in range(times):
                try: return f(*args, attempt=attempt, **kw)
                except on: pass
            raise RuntimeError("gave up")
        inner.times = times
        return inner
    return decorate
@retry(3)
def flaky(x, attempt):
    "Doc."
    if attempt < 2: raise ValueError
    return x, attempt
assert flaky("a") == ("a", 2) and flaky.__name__ == "flaky" and flaky.__doc__ == "Doc." and flaky.times == 3

# area: cached properties and partial methods
from functools import cached_property, partialmethod, cmp_to_key, reduce
class Report:
    made = 0
    @cached_property
    def total(self):
        Report.made += 1
        return 42
    def set(self, name, value): setattr(self, name, value)
    clear = partialmethod(set, value=None)
r = Report()
assert (r.total, r.total, Report.made) == (42, 42, 1)
r.clear("title")
assert r.title is None and r.__dict__ == {"total": 42, "title": None}
assert sorted(["b", "A", "c"], key=cmp_to_key(lambda a, b: (a.lower() > b.lower()) - (a.lower() < b.lower()))) == ["A", "b", "c"]
assert reduce(lambda a, b: a * b, [1, 2, 3, 4], 1) == 24

# area: protocols and typed dictionaries
from typing import Protocol, TypedDict, NewType, Literal, runtime_checkable, get_origin, get_args, cast, NotRequired
@runtime_checkable
class Named(Protocol):
    name: str
class Thing:
    name = "t"
class Row(TypedDict):
    id: int
    note: NotRequired[str]
UserId = NewType("UserId", int)
assert isinstance(Thing(), Named) and not isinstance(3, Named)
assert Row(id=1) == {"id": 1} and Row.__required_keys__ == {"id"} and UserId(5) == 5
assert get_origin(dict[str, int]) is dict and get_args(Literal["a", "b"]) == ("a", "b") and cast(int, "x") == "x"

# area: format specifications
width, value = 8, 3.14159
assert f"{value:>{width}.2f}" == "    3.14" and f"{1234567:,}" == "1,234,567" and f"{255:#06x}" == "0x00ff" and f"{0.25:.0%}" == "25%"
assert f"{'a':*^5}" == "**a**" and f"{True!r:>6}" == "  True" and f"{value=:.1f}" == "value=3.1" and f"{{}}" == "{}"
assert "{:05d}|{:+}".format(42, 7) == "00042|+7" and "{a[k]}".format(a={"k": 1}) == "1" and "%-5s|%03d|%%" % ("x", 7) == "x    |007|%"
assert format(1e10, "g") == "1e+10" and format("é", ">3") == "  é" and f"{1_000:_}" == "1_000"

# area: bytes
data = bytes(range(5)) + b"\xff"
assert data.hex() == "0001020304ff" and bytes.fromhex("ff00") == b"\xff\x00" and data[::-1][0] == 255
assert int.from_bytes(b"\x01\x00", "big") == 256 and (1000).to_bytes(2, "little") == b"\xe8\x03"
buffer = bytearray(b"abc"); buffer += b"d"; buffer[0] = 65
assert bytes(buffer) == b"Abcd" and b"a,b".split(b",") == [b"a", b"b"] and "ü".encode("utf-8").decode("latin-1") == "Ã¼"
assert b"%d %s" % (1, b"x") == b"1 x" and "a\ud800".encode("utf-8", "surrogatepass") == b"a\xed\xa0\x80"

# area: sorting
people = [("Bo", 30), ("al", 25), ("Cy", 30)]
assert sorted(people, key=lambda p: (-p[1], p[0].lower())) == [("Bo", 30), ("Cy", 30), ("al", 25)]
assert sorted("bBa", key=str.casefold) == ["a", "b", "B"] and max(people, key=lambda p: p[1])[0] == "Bo" and min([], default=0) == 0
stable = sorted([(1, "b"), (0, "x"), (1, "a")], key=lambda p: p[0], reverse=True)
assert stable == [(1, "b"), (1, "a"), (0, "x")]
mixed = [3, None, 1]
assert sorted(mixed, key=lambda x: (x is None, x or 0)) == [1, 3, None]

# area: dates in arithmetic
from datetime import date, datetime, timedelta, timezone
assert (date(2024, 3, 1) - date(2024, 2, 1)).days == 29 and date(2024, 12, 30).isocalendar()[:2] == (2025, 1)
start = datetime(2025, 3, 30, 1, tzinfo=timezone.utc)
assert (start + timedelta(hours=25)).isoformat() == "2025-03-31T02:00:00+00:00" and start.timestamp() == 1743296400.0
assert datetime.fromisoformat("2025-01-02T03:04:05Z").tzinfo is not None and datetime.fromtimestamp(0, timezone.utc).year == 1970
assert timedelta(days=1, seconds=90) / timedelta(minutes=1) == 1441.5 and str(timedelta(hours=-1)) == "-1 day, 23:00:00"
assert datetime.strptime("02.01.2025 13:05", "%d.%m.%Y %H:%M").strftime("%Y/%j %I:%M %p") == "2025/002 01:05 PM"

# area: json with types of one's own
import json
from datetime import date
class Encoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, date): return {"date": value.isoformat()}
        return super().default(value)
def revive(found): return date.fromisoformat(found["date"]) if set(found) == {"date"} else found
text = json.dumps({"d": date(2025, 1, 2), "n": [1.5, None]}, cls=Encoder, sort_keys=True)
assert text == '{"d": {"date": "2025-01-02"}, "n": [1.5, null]}' and json.loads(text, object_hook=revive)["d"] == date(2025, 1, 2)
assert json.loads("1.10", parse_float=str) == "1.10" and json.loads('{"a":1,"a":2}', object_pairs_hook=list) == [("a", 1), ("a", 2)]
try:
    json.loads('{"a": }')
    assert False
except json.JSONDecodeError as e:
    assert (e.lineno, e.colno) == (1, 7)

# area: regular expressions with functions
import re
money = re.compile(r"(?P<sign>-)?(?P<whole>\d+)(?:[.,](?P<part>\d{2}))?(?=\s*EUR)", re.I)
found = [m.groupdict() for m in money.finditer("5 EUR, -7,50 eur, 9 USD")]
assert found == [{"sign": None, "whole": "5", "part": None}, {"sign": "-", "whole": "7", "part": "50"}]
assert re.sub(r"\b(\w)(\w*)", lambda m: m[1].upper() + m[2], "two words") == "Two Words"
assert re.split(r"\s*[;,]\s*", "a , b;c") == ["a", "b", "c"] and re.sub(r"(a)(b)?", r"<\1>", "ab a") == "<a> <a>"
assert re.fullmatch(r"(?:a|b)+", "abba") and re.escape("a.b") == r"a\.b" and not re.search(r"(?<!x)y", "xy")
try:
    re.compile("(")
    assert False
except re.error as e:
    assert e.pos == 0

# area: dictionaries of other kinds
from collections import ChainMap, OrderedDict, UserDict, UserList, UserString
settings = ChainMap({"a": 1}, {"a": 0, "b": 2})
assert (settings["a"], settings["b"], settings.new_child({"b": 3})["b"]) == (1, 2, 3)
order = OrderedDict(a=1, b=2); order.move_to_end("a")
assert list(order) == ["b", "a"] and order.popitem(last=False) == ("b", 2)
class Lower(UserDict):
    def __setitem__(self, key, value): super().__setitem__(key.lower(), value)
lower = Lower(A=1); lower["B"] = 2
assert dict(lower) == {"a": 1, "b": 2} and UserList([2, 1]) + [0] == [2, 1, 0] and UserString("ab").upper() == "AB"
assert {**{"a": 1}, "b": 2} | {"a": 3} == {"a": 3, "b": 2}

# area: grouping
from itertools import accumulate, batched, chain, groupby, islice, pairwise, product, zip_longest
rows = [{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "a", "v": 3}]
assert {k: [r["v"] for r in g] for k, g in groupby(sorted(rows, key=lambda r: r["k"]), key=lambda r: r["k"])} == {"a": [1, 3], "b": [2]}
assert list(batched("abcde", 2)) == [("a", "b"), ("c", "d"), ("e",)] and list(pairwise([1, 2, 3])) == [(1, 2), (2, 3)]
assert list(accumulate([1, 2, 3], initial=0)) == [0, 1, 3, 6] and list(islice(chain([1], [2, 3]), 1, None)) == [2, 3]
assert list(zip_longest("ab", "c", fillvalue="-")) == [("a", "c"), ("b", "-")] and len(list(product("ab", repeat=2))) == 4

# area: chained exceptions and groups
class Broken(Exception):
    def __init__(self, item): super().__init__(f"item {item}"); self.item = item
def convert(x):
    try: return int(x)
    except ValueError as e: raise Broken(x) from e
try:
    convert("x")
    assert False
except Broken as e:
    assert (str(e), e.item, type(e.__cause__)) == ("item x", "x", ValueError)
    e.add_note("seen")
    assert e.__notes__ == ["seen"] and e.__suppress_context__
try:
    raise ExceptionGroup("several", [ValueError(1), KeyError("k"), ExceptionGroup("inner", [OSError(2)])])
except* ValueError as found:
    assert [x.args for x in found.exceptions] == [(1,)]
except* (KeyError, OSError) as found:
    assert len(found.exceptions) == 2
try:
    try: raise ValueError
    finally: done = True
except ValueError:
    assert done

# area: asynchronous iterators and context managers
import asyncio
from contextlib import asynccontextmanager, aclosing
events = []
@asynccontextmanager
async def opened(name):
    events.append("open " + name)
    try: yield name.upper()
    finally: events.append("close " + name)
async def numbers(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield i
async def main():
    async with opened("db") as db, aclosing(numbers(4)) as found:
        return [db, [i async for i in found if i % 2]]
assert asyncio.run(main()) == ["DB", [1, 3]] and events == ["open db", "close db"]

# area: queues between threads
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
jobs, results = queue.Queue(), queue.Queue()
def work():
    while (job := jobs.get()) is not None: results.put(job * job)
worker = threading.Thread(target=work); worker.start()
for n in range(4): jobs.put(n)
jobs.put(None); worker.join()
assert sorted(results.queue) == [0, 1, 4, 9]
with ThreadPoolExecutor(2) as pool:
    assert list(pool.map(len, ["a", "bb"])) == [1, 2] and pool.submit(max, 1, 5).result() == 5
event = threading.Event(); event.set()
assert event.wait(1) and not threading.Lock().locked()

# area: printing structures
import pprint
import reprlib
assert pprint.pformat({"b": [1, 2], "a": None}, width=20) == "{'a': None,\n 'b': [1, 2]}"
assert reprlib.repr(list(range(100))) == "[0, 1, 2, 3, 4, 5, ...]"
class Node:
    def __init__(self): self.own = self
    @reprlib.recursive_repr()
    def __repr__(self): return f"Node({self.own!r})"
assert repr(Node()) == "Node(...)" and repr(x := [1]) == "[1]" and pprint.saferepr({1: {}}) == "{1: {}}"

# area: names and patterns of files
import fnmatch
import posixpath
import shlex
assert fnmatch.filter(["a.txt", "b.csv", "c.TXT"], "*.txt") == ["a.txt"] and fnmatch.fnmatchcase("ab", "a?")
assert posixpath.splitext("/x/y.tar.gz") == ("/x/y.tar", ".gz") and posixpath.normpath("a//b/../c") == "a/c"
assert shlex.split("a 'b c' \"d\"") == ["a", "b c", "d"] and shlex.quote("a b") == "'a b'" and shlex.join(["a", "b c"]) == "a 'b c'"

# area: flags and automatic values
from enum import Enum, Flag, IntFlag, StrEnum, auto, unique
class Right(Flag):
    READ = auto()
    WRITE = auto()
    BOTH = READ | WRITE
class Colour(StrEnum):
    RED = auto()
assert Right.READ | Right.WRITE is Right.BOTH and Right.READ in Right.BOTH and not Right.READ & Right.WRITE
assert Colour("red") is Colour.RED and f"{Colour.RED}" == "red" and [r.name for r in Right.BOTH] == ["READ", "WRITE"]
@unique
class Level(Enum):
    LOW = 1
    HIGH = 2
    @classmethod
    def _missing_(cls, value): return cls.LOW
assert Level(9) is Level.LOW and Level["HIGH"].value == 2 and len(Level) == 2

# area: exact money
from decimal import Decimal, ROUND_HALF_EVEN, ROUND_HALF_UP, getcontext, localcontext, InvalidOperation
from fractions import Fraction
assert Decimal("2.675").quantize(Decimal("0.01"), ROUND_HALF_UP) == Decimal("2.68") and round(Decimal("0.5")) == 0
with localcontext() as context:
    context.prec = 5
    assert str(Decimal(1) / 3) == "0.33333"
assert getcontext().prec == 28 and Decimal("1E+3").to_eng_string() == "1E+3" and Decimal("-0").is_signed()
assert Fraction("0.125") == Fraction(1, 8) and Fraction(3.14159).limit_denominator(100) == Fraction(311, 99)
try:
    Decimal("x")
    assert False
except InvalidOperation:
    pass

# area: distributions
import statistics
from statistics import NormalDist, correlation, fmean, linear_regression, mode, quantiles, stdev
assert fmean([1, 2, 4], weights=[1, 1, 2]) == 2.75 and mode("aab") == "a" and quantiles([1, 2, 3, 4], n=2) == [2.5]
height = NormalDist(170, 10)
assert round(height.cdf(180), 4) == 0.8413 and (height + NormalDist(0, 0)).mean == 170 and round(stdev([2, 4, 4, 4, 5, 5, 7, 9]), 3) == 2.138
slope, intercept = linear_regression([1, 2, 3], [3, 5, 7])
assert (round(slope, 9), round(intercept, 9)) == (2, 1) and round(correlation([1, 2, 3], [3, 2, 1]), 9) == -1

# area: scopes
global total
total = 0
def add(n):
    global total
    total += n
    return total
assert (add(2), add(3), total) == (2, 5, 5)
functions = [lambda x, n=n: x + n for n in range(3)]
assert [f(10) for f in functions] == [10, 11, 12]
assert (lambda *a, k=1, **kw: (a, k, kw))(1, 2, k=3, z=4) == ((1, 2), 3, {"z": 4})
if (n := len("abc")) > 2: assert n == 3
for i in range(3):
    if i == 5: break
else:
    i = "none"
assert i == "none" and [x for x in range(3)] == [0, 1, 2]
del n
assert "n" not in globals() and globals()["total"] == 5

# area: numbers and their texts
import numbers
assert int("ff", 16) == 255 and int("1_000") == 1000 and float("1e3") == 1000.0 and round(2.5) == 2 and round(1234.5, -2) == 1200
assert divmod(-7, 3) == (-3, 2) and -7 // 2 == -4 and pow(3, -1, 7) == 5 and (10).bit_length() == 4 and bin(5) == "0b101"
assert (0.1 + 0.2 != 0.3, 0.5.as_integer_ratio(), (1.5).hex(), float("inf") > 10**400) == (True, (1, 2), "0x1.8000000000000p+0", True)
assert isinstance(1, numbers.Integral) and isinstance(1.0, numbers.Real) and complex(1, 2).conjugate() == 1 - 2j
assert sum([0.1] * 10) == 1.0 and int(1e22) == 10**22 and str(2**200)[:5] == "16069" and abs(-3 + 4j) == 5
