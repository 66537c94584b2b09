"""Holds the extension's JSON against this interpreter's own, one question a line.

    python json_oracle.py EXTENSION < questions > answers

A question is a JSON array, its answer one line: `ok`, or what differs.

    ["write", EXPRESSION]   the expression's value as JSON; it is made anew for each side, as writing may change it
    ["floats", HEX]         eight bytes for each float
    ["read", HEX]           a text's value: the same types, order of keys, bits of floats; or the same error
"""

import collections
import datetime
import decimal
import enum
import fractions
import importlib.machinery
import importlib.util
import itertools
import json
import pathlib
import re
import struct
import sys
import uuid

DECODE = json.JSONDecoder().decode
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)
LIMIT = 1 << 30


class S(str):
    """A text that says something else wherever it is asked."""

    __slots__ = ()

    def __str__(self):
        return "not this"

    __repr__ = encode = replace = __format__ = __str__

    def __iter__(self):
        return iter("nor this")

    def __len__(self):
        return 1


class I(int):
    def __str__(self):
        return "not this"

    __repr__ = __format__ = __str__

    def __index__(self):
        return 666

    __int__ = __index__


class F(float):
    def __str__(self):
        return "not this"

    __repr__ = __format__ = __str__

    def __float__(self):
        return 6.66


class L(list):
    """Iterates over something else than it holds."""

    def __iter__(self):
        return iter(["from iter", *list.__iter__(self)])


class PlainL(list):
    pass


class BrokenL(list):
    def __iter__(self):
        raise TypeError("no iteration")


class T(tuple):
    def __iter__(self):
        return iter((1, "from iter"))


class PlainT(tuple):
    pass


class D(dict):
    """`items` gives something else than it holds."""

    def items(self):
        return [("from items", 1), *dict.items(self)]

    def __len__(self):
        return 0

    def __iter__(self):
        return iter(())


class PlainD(dict):
    pass


class BadD(dict):
    def __init__(self, items):
        super().__init__(x=1)
        self.other = items

    def items(self):
        if isinstance(self.other, Exception):
            raise self.other
        return self.other


class X:
    """`str()` of it gives this, or raises it."""

    def __init__(self, text):
        self.text = text

    def __str__(self):
        if isinstance(self.text, BaseException):
            raise self.text
        return self.text

    def __repr__(self):
        return "an X"


class Born(str):
    """What `str()` gives is told once more where it came from."""

    def __init__(self, *given):
        self.given = given


class Changes:
    """Changes its container while that is being written, at most a few times."""

    def __init__(self, change, times=3):
        self.change, self.times = change, times

    def __str__(self):
        if self.times:
            self.times -= 1
            self.change()
        return f"changed {self.times}"

    def __repr__(self):
        return "a Changes"


def changing_list(name, *arguments, size=5, at=2):
    made = list(range(size))
    made.insert(at, Changes(lambda: getattr(made, name)(*arguments)))
    return [made, "after"]


def changing_dict(how, size=5, at=2):
    made = {}
    for number in range(size):
        made[f"key {number}"] = Changes(lambda: how(made)) if number == at else [number]
    return [made, "after"]


def grow(made):
    for number in range(50):
        made[f"new {len(made)}"] = number


def rotate(made):
    key = next(iter(made))
    made[key + "x"] = made.pop(key)


def cycle(*ways):
    first = made = []
    for way in ways:
        inner = way()
        if isinstance(made, dict):
            made["k"] = inner
        else:
            made.append(inner)
        made = inner
    if isinstance(made, dict):
        made["k"] = first
    else:
        made.append(first)
    return first


def deep(depth, leaf=1, way=0):
    made = leaf
    for _ in range(depth):
        made = ([made], (made,), {"k": made}, PlainL([made]), collections.OrderedDict(k=made))[way]
    return made


class Word(enum.StrEnum):
    A = "the word"


class Number(enum.IntEnum):
    A = 7


class Bits(enum.IntFlag):
    A = 1
    B = 2


class Plain(enum.Enum):
    A = 1


P = collections.namedtuple("P", "x y")


# Never the same twice.
COUNTER = itertools.count()


def fb(bits):
    return struct.unpack("<d", bits.to_bytes(8, "little"))[0]


NAMES = {name: value for name, value in globals().items() if not name.startswith("_")}
NAMES |= vars(collections) | vars(datetime) | vars(decimal) | vars(uuid) | vars(pathlib) | vars(fractions)


def load(path):
    loader = importlib.machinery.ExtensionFileLoader("_palisade", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("_palisade", loader))
    loader.exec_module(module)
    return module


def outcome(work):
    try:
        return work()
    except BaseException as error:
        return (type(error).__name__, str(error))


def escaped(text):
    """Lone surrogates as they leave the runner: no UTF-8 has them."""
    if isinstance(text, str):
        return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text).encode()
    return text


def write(ours, expression):
    made = lambda: eval(expression, dict(NAMES))  # noqa: E731
    for style, separators in (("lenient", (",", ":")), ("spaced", None)):
        theirs = outcome(lambda: json.dumps(made(), default=str, ensure_ascii=False, separators=separators))
        if (theirs := escaped(theirs)) != (own := outcome(lambda: ours.write_json(made(), style, LIMIT))):
            return f"{style}: {own!r} instead of {theirs!r}"
        if style == "spaced":
            continue
        strict, nulls = (outcome(lambda: ours.write_json(made(), style, LIMIT)) for style in ("compact", "nulls"))
        if isinstance(theirs, tuple):
            # Writing stops at the first of two mistakes, wherever the other one is.
            if strict != theirs and strict[0] != "ValueError" or nulls != theirs:
                return f"strict {strict!r}, nulls {nulls!r} instead of {theirs!r}"
            continue
        text = theirs.decode()
        expected = TOKEN.sub(lambda found: found[0] if found[0][0] == '"' else "null", text)
        if nulls != expected.encode():
            return f"nulls: {nulls!r} instead of {expected!r}"
        if expected == text:
            if strict != theirs:
                return f"strict: {strict!r} instead of {theirs!r}"
        elif not isinstance(strict, tuple) or not re.search(r" is (NaN|-?Infinity), which JSON cannot hold$", strict[1]):
            return f"strict: {strict!r} of {theirs!r}"
    return "ok"


def floats(ours, packed):
    values = [value for (value,) in struct.iter_unpack("<d", packed)]
    values = [value for value in values if value - value == 0]
    theirs = json.dumps(values, separators=(",", ":")).encode()
    if (own := ours.write_json(values, "compact", LIMIT)) != theirs:
        pairs = zip(own.split(b","), theirs.split(b","))
        return next(f"{one} instead of {other}" for one, other in pairs if one != other)
    return difference(ours.read_json(own), values) or "ok"


def difference(own, theirs, path="$"):
    """What is not the same about two values of JSON's types; both are walked without recursion."""
    work = [(own, theirs, path)]
    while work:
        own, theirs, path = work.pop()
        if type(own) is not type(theirs):
            return f"{path}: {type(own)} instead of {type(theirs)}"
        if type(own) is dict:
            if list(own) != list(theirs):
                return f"{path}: keys {list(own)!r} instead of {list(theirs)!r}"
            work.extend((own[key], theirs[key], f"{path}.{key}") for key in own)
        elif type(own) is list:
            if len(own) != len(theirs):
                return f"{path}: {len(own)} elements instead of {len(theirs)}"
            work.extend((one, other, f"{path}[]") for one, other in zip(own, theirs))
        elif type(own) is float:
            if struct.pack("<d", own) != struct.pack("<d", theirs):
                return f"{path}: {own!r} instead of {theirs!r}"
        elif own != theirs:
            return f"{path}: {own!r} instead of {theirs!r}"
    return None


def read(ours, data):
    theirs = outcome(lambda: [DECODE(data.decode("utf-8", "surrogatepass"))])
    own = outcome(lambda: [ours.read_json(data)])
    if isinstance(theirs, tuple) or isinstance(own, tuple):
        return "ok" if own == theirs else f"{own!r} instead of {theirs!r}"
    if wrong := difference(own, theirs):
        return wrong
    # And back again, for what has no NaN.
    strict = outcome(lambda: json.dumps(own, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    if isinstance(strict, str) and (back := ours.write_json(own[0], "compact", LIMIT)) != escaped(strict)[1:-1]:
        return f"back: {back!r} instead of {strict!r}"
    return "ok"


def main(path):
    ours = load(path)
    for line in sys.stdin:
        kind, question = json.loads(line)
        if kind == "write":
            answer = write(ours, question)
        else:
            answer = {"floats": floats, "read": read}[kind](ours, bytes.fromhex(question))
        sys.stdout.buffer.write(ascii(answer)[1:-1].encode()[:20_000] + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
