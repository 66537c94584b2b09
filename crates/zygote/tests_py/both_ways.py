"""Code that is compiled from text that was moved, held against that of the syntax tree: they are to be the same in everything.

    python both_ways.py EXTENSION SEED TEXTS < CASES

CASES is a JSON list of texts, answered by one JSON object. Besides them, statements of the standard library are compared, and
TEXTS texts of random pieces, which SEED determines. `differ` are texts with what differs, `at_once` says of each case whether it
was compiled at once, and the rest are counts.
"""

import ast
import dis
import json
import os
import random
import sys
import tokenize
import warnings

# Started with -I, which leaves the script's own folder out.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from children import load_extension  # noqa: E402

sys.path.pop(0)

FIELDS = [name for name in dir(compile("", "", "exec")) if name.startswith("co_") and name not in ("co_consts", "co_lnotab")]

PIECES = (
    "f'", 'f"', "rf'", 'Rf"', "t'", "'", '"', "r'", 'b"', "{", "}", "{", "}", "{{", "}}", "\n", "\n", "\\", "\\'", '\\"', "\\N{DASH}", "\\{",
    ":", "=", "!r", "#", "x", "y", " ", " ", "if ", "else ", "1", "1f", "(", ")", "[", "]", ",", "\n ", "\n  ", "return ", "lambda: ", "+",
    "f", "if 1:\n", "for x in y:\n", "pass", ";", "\n#", ">10", "''", '""', "'\"'", "\"'\"", "x=", "=}", ":}", "{x}", "{x!r:>{y}}", "def g(): ", "def f(): ", "def fetch(): pass\n",
    "print(", "yield ", "await ", "async ", "\t", ".a", "['k']", '["k"]', "{'k': 1}", "d", "nonlocal x", "global x", "global fetch\n", "break", "é",
)


# What depends on a NOP more. The compiler keeps one where a line would have no instruction, and the line of a first statement
# has one in the tree: that of the function around it, which the moved text has in a line of its own.
BY_NOPS = ("co_code", "_co_code_adaptive", "co_linetable", "co_exceptiontable", "co_positions", "co_lines", "co_branches")


def steps(code):
    """Its instructions with their places, without where jumps lead to, and without NOPs."""
    jumps = set(dis.hasjrel) | set(dis.hasjabs)
    found = [step for step in dis.get_instructions(code) if step.opname != "NOP"]
    no_text = [step.opcode in jumps or hasattr(step.argval, "co_code") for step in found]
    return [(step.opname, none or step.argrepr, step.positions) for step, none in zip(found, no_text)]


def difference(one, other):
    """Where two code objects are not the same; nothing where they are."""
    with_nop = one.co_qualname == "<module>" and len(one.co_code) + 2 == len(other.co_code)
    if with_nop and steps(one) != steps(other):
        return f"instructions of {one.co_qualname}"
    for name in FIELDS:
        if with_nop and name in BY_NOPS:
            continue
        values = [list(value()) if callable(value := getattr(code, name)) else value for code in (one, other)]
        if values[0] != values[1] or list(map(type, values)) != [type(values[1])] * 2:
            return f"{name} of {one.co_qualname}: {values[0]!r}, {values[1]!r}"
    if len(one.co_consts) != len(other.co_consts):
        return f"constants of {one.co_qualname}"
    for constant, of_other in zip(one.co_consts, other.co_consts):
        if isinstance(constant, type(one)) and isinstance(of_other, type(one)):
            if inner := difference(constant, of_other):
                return inner
        elif repr(constant) != repr(of_other) or type(constant) is not type(of_other):
            return f"a constant of {one.co_qualname}: {constant!r}, {of_other!r}"
    return None


def library():
    folder = os.path.dirname(os.__file__)
    for name in sorted(os.listdir(folder)):
        # Debian has a link there that leads out of it.
        if name.endswith(".py") and os.path.exists(os.path.join(folder, name)):
            with tokenize.open(os.path.join(folder, name)) as file:
                source = file.read()
            lines = source.splitlines(keepends=True)
            for node in ast.parse(source).body:
                inner = node.body if isinstance(node, ast.ClassDef) else [node]
                for statement in inner:
                    text = "".join(lines[statement.lineno - 1 : statement.end_lineno])
                    yield text
                    # A method as the first statement of an indented text; and without what is over several lines.
                    yield "".join(line.removeprefix("    ") for line in text.splitlines(keepends=True)).replace('"""', '"')


def pieces(source):
    while True:
        yield "".join(source.choice(PIECES) for _ in range(source.randrange(1, 24)))


def main(extension_path, seed, count):
    warnings.simplefilter("ignore")
    cases = json.load(sys.stdin)
    answer = sys.stdout
    made = pieces(random.Random(int(seed)))
    texts = [*cases, *library(), *(next(made) for _ in range(int(count)))]
    extension = load_extension(extension_path)
    extension.prepare_inline("{}")
    differ, at_once, done = [], [], 0
    for number, text in enumerate(texts):
        # Every other one begins in the second line.
        by_tree, moved = extension.compiled_both_ways(text if number < len(cases) or number % 2 else f"\n{text}")
        done += moved is not None
        if number < len(cases):
            at_once.append(moved is not None)
        if moved is None:
            continue
        found = "it is an error" if by_tree is None else difference(by_tree, moved)
        if found is not None:
            differ.append((text, found))
    json.dump({"differ": differ[:20], "at_once": at_once, "texts": len(texts), "compiled_at_once": done}, answer)
    answer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
