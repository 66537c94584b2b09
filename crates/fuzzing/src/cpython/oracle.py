# The other end of the pipe: compiles and parses what it is sent, and runs nothing of it.
#
# A request is a kind (one byte), a length (four, little endian) and text in UTF-8; an answer is a length and text.
#
#   R  rules as JSON, once
#   B  source -> what its compiled code holds that the rules refuse, one finding a line; empty where nothing, or no code
#   P  source -> what its syntax tree says, one fact a line; "refused" where it is not Python
#   F  template -> the names str.format would read from it, one a line
#   C  source -> "yes" where it compiles, else why not
import ast
import dis
import json
import sys
import warnings
from _string import formatter_field_name_split, formatter_parser

warnings.simplefilter("ignore")
sys.set_int_max_str_digits(0)

DOCSTRING = 0x4000000
ANNOTATIONS_AS_TEXT = 0x1000000
OPTIMIZED = 1

NAME = set(dis.hasname)
CONST = set(dis.hasconst)
LOCAL = set(dis.haslocal)
FREE = set(dis.hasfree)
opname, opmap = dis.opname, dis.opmap
ATTRIBUTE = {opmap[name] for name in ("LOAD_ATTR", "STORE_ATTR", "DELETE_ATTR", "LOAD_SUPER_ATTR", "LOAD_METHOD") if name in opmap}
# Names stand in the argument above some flags.
SHIFT = {opmap[name]: by for name, by in (("LOAD_ATTR", 1), ("LOAD_GLOBAL", 1), ("LOAD_SUPER_ATTR", 2)) if name in opmap}
PAIRS = {code for name, code in opmap.items() if name.count("_FAST") == 2 and name != "LOAD_FAST_AND_CLEAR"}
# Loads of a cell itself, for a closure; what user code reads of a cell is loaded otherwise.
CELLS = {opmap[name] for name in ("LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_CLOSURE", "MAKE_CELL", "COPY_FREE_VARS") if name in opmap}

rules = None


class Rules:
    def __init__(self, text):
        given = json.loads(text)
        self.names = frozenset(given["names"])
        self.attributes = frozenset(given["attributes"])
        self.texts = frozenset(given["texts"])
        self.methods = frozenset(given["methods"])
        self.modules = frozenset(given["modules"])
        self.all = self.names | self.attributes | self.texts


def is_dunder(word):
    return len(word) > 4 and word.startswith("__") and word.endswith("__")


def fields(template, depth=0):
    """The names a template reads up to the point where it is found to be none."""
    found = []
    try:
        for _, name, spec, _ in formatter_parser(template):
            if name is not None:
                try:
                    for is_attribute, part in formatter_field_name_split(name)[1]:
                        part = str(part)
                        found.append(part)
                        # An index in quotes is a key with quotes; the analyzer takes both for the key. No attribute has
                        # quotes in its name.
                        if not is_attribute and len(part) > 1 and part[0] == part[-1] and part[0] in "'\"":
                            found.append(part[1:-1])
                except ValueError:
                    pass
            if spec and "{" in spec and depth < 2:
                found += fields(spec, depth + 1)
    except ValueError:
        pass
    return found


def texts(constant):
    """All texts in a constant, and in constants in it."""
    if type(constant) is str:
        yield constant
    elif type(constant) in (tuple, frozenset):
        for part in constant:
            yield from texts(part)
    elif type(constant) is slice:
        yield from texts((constant.start, constant.stop, constant.step))


def is_suspect(constant):
    return any(text in rules.texts or ("{" in text and not rules.texts.isdisjoint(fields(text))) for text in texts(constant))


def nested(code):
    todo = [code]
    while todo:
        code = todo.pop()
        yield code
        todo.extend(const for const in code.co_consts if type(const) is type(code))


def compiled(source):
    """What CPython makes of the source as the body of a module, else of a function, as user code is run; None where it refuses."""
    try:
        return compile(source, "<user>", "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        if not isinstance(error, SyntaxError) or "outside function" not in str(error):
            return None
    try:
        tree = ast.parse(source)
        wrapper = ast.parse("def user(): pass")
        future = [s for s in tree.body if isinstance(s, ast.ImportFrom) and s.module == "__future__"]
        wrapper.body[0].body = [s for s in tree.body if s not in future] or wrapper.body[0].body
        wrapper.body[:0] = future
        return compile(wrapper, "<user>", "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return None


def bypass(source):
    code = compiled(source)
    if code is None:
        return []
    # Most code holds no word of the rules in any table, and is done with here.
    for part in nested(code):
        if not (
            rules.all.isdisjoint(part.co_names)
            and rules.all.isdisjoint(part.co_varnames)
            and rules.all.isdisjoint(part.co_cellvars)
            and rules.all.isdisjoint(part.co_freevars)
            and rules.methods.isdisjoint(part.co_names)
            and not any(is_suspect(constant) for constant in part.co_consts)
        ):
            break
        if opmap["IMPORT_NAME"] in part.co_code[::2]:
            break
    else:
        return []
    found = []
    exempt = None
    for part in nested(code):
        for what, word in judge(part, part is code):
            if what in ("text", "field") and not is_dunder(word):
                # Ordinary words are texts of the compiler's for keywords, parameters, annotations and declarations.
                exempt = declared(source) if exempt is None else exempt
                if word in exempt:
                    continue
            found.append(f"{what} {word!a} in {part.co_name!a}")
    return found


def declared(source):
    """Identifiers that the compiler makes texts of."""
    words = set()
    tree = ast.parse(source)
    text_annotations = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in ast.walk(tree))
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg=str(word)) | ast.arg(arg=word):
                words.add(word)
            case ast.AnnAssign(target=ast.Name(id=word)):
                words.add(word)
            case ast.ClassDef(name=word) | ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word):
                words.add(word)
            case ast.TypeVar(name=word) | ast.ParamSpec(name=word) | ast.TypeVarTuple(name=word):
                words.add(word)
            case ast.TypeAlias(name=ast.Name(id=word)):
                words.add(word)
            case ast.Name(id=word) if text_annotations:
                words.add(word)
    return words


def instructions(code):
    """(opcode, argument) without caches and prefixes."""
    raw, extended, skip, out = code.co_code, 0, 0, []
    entries = getattr(dis, "_inline_cache_entries", {})
    for at in range(0, len(raw), 2):
        if skip:
            skip -= 1
            continue
        op = raw[at]
        arg = raw[at + 1] | extended
        if op == dis.EXTENDED_ARG:
            extended = arg << 8
            continue
        extended = 0
        out.append((op, arg))
        skip = entries.get(opname[op], 0) if isinstance(entries, dict) else entries[op]
    return out


def prologue(code, ops):
    """Positions of what the compiler puts at the start of a class body."""
    start = next((at for at, (op, _) in enumerate(ops) if opname[op] == "RESUME"), 0) + 1
    expected = [
        ("LOAD_NAME", "__name__"), ("STORE_NAME", "__module__"),
        ("LOAD_CONST", None), ("STORE_NAME", "__qualname__"),
    ]
    made = set()
    for offset, (name, word) in enumerate(expected):
        at = start + offset
        if at >= len(ops) or opname[ops[at][0]] != name or (word and code.co_names[ops[at][1]] != word):
            return set()
        made.add(at)
    return made


def judge(code, is_outermost):
    ops = instructions(code)
    is_class = not is_outermost and not code.co_flags & OPTIMIZED
    made = prologue(code, ops) if is_class else set()
    local = code.co_varnames + tuple(cell for cell in code.co_cellvars if cell not in code.co_varnames) + code.co_freevars
    if not is_class and code.co_name in rules.names:
        yield "declared", code.co_name
    if not is_outermost and not is_class:
        count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
        for word in code.co_varnames[:count]:
            if word in rules.names:
                yield "parameter", word
    if code.co_consts and (code.co_flags & DOCSTRING or sys.version_info < (3, 14)) and not is_outermost:
        # A function's docstring has no instruction; before 3.14 no flag tells of it, but its place is its own.
        yield from constant(code.co_consts[0])
    for at, (op, arg) in enumerate(ops):
        if at in made:
            continue
        following = opname[ops[at + 1][0]] if at + 1 < len(ops) else ""
        if op in NAME:
            index = arg >> SHIFT.get(op, 0)
            word = code.co_names[index]
            name = opname[op]
            if op in ATTRIBUTE:
                if word in rules.attributes:
                    yield "attribute", word
                taken = name == "LOAD_ATTR" and not arg & 1 and following != "PUSH_NULL"
                if taken and word in rules.methods:
                    yield "method", word
            elif name == "IMPORT_NAME":
                if word.split(".")[0] not in rules.modules:
                    yield "module", word
                parts = word.split(".")
                if parts[0] in rules.names or not rules.attributes.isdisjoint(parts[1:]):
                    yield "module", word
            elif name == "IMPORT_FROM":
                if word in rules.names or word in rules.attributes:
                    yield "import", word
                elif word.startswith("_") and word != "_" and not is_dunder(word):
                    yield "private", word
            elif word in rules.names:
                # `x: T` at the top or in a class: the dictionary, the name as a text, a store.
                annotation = word == "__annotations__" and name.startswith("LOAD_") and at + 2 < len(ops)
                if annotation and opname[ops[at + 2][0]] == "STORE_SUBSCR":
                    continue
                yield "name", word
        elif op in PAIRS:
            for index in (arg >> 4, arg & 15):
                if local[index] in rules.names:
                    yield "local", local[index]
        elif op in LOCAL or op in FREE:
            if op in CELLS and opname[op] == "COPY_FREE_VARS":
                continue
            word = local[arg]
            if word in rules.names and not is_implicit(code, ops, at, word):
                yield "local", word
        elif op in CONST:
            if following == "STORE_NAME" and is_class and code.co_names[ops[at + 1][1]] == "__static_attributes__":
                continue
            value = code.co_consts[arg]
            yield from constant(value)


def is_implicit(code, ops, at, word):
    """`__class__` as `super()` needs it: made a cell, handed to a closure, or loaded between `super` and the access."""
    if word != "__class__":
        return False
    op = ops[at][0]
    if op in CELLS and (word in code.co_cellvars or word in code.co_freevars):
        return True
    later = [opname[op] for op, _ in ops[at + 1 : at + 4]]
    return at > 0 and opname[ops[at - 1][0]].startswith("LOAD_") and any("SUPER_ATTR" in name for name in later)


def constant(value):
    for text in texts(value):
        if text in rules.texts:
            yield "text", text
        elif "{" in text:
            for word in fields(text):
                if word in rules.texts:
                    yield "field", word


def plain(text):
    """Lone surrogates as our parser reads them, and line ends as they are compared."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)


def parsed(source):
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return ["refused"]
    out = []
    for node in ast.walk(tree):
        kind = type(node).__name__
        match node:
            case ast.Name():
                out.append(f"name {node.id}")
            case ast.Attribute():
                out.append(f"attribute {node.attr}")
            case ast.keyword():
                out.append(f"keyword {node.arg or '**'}")
            case ast.arg():
                out.append(f"parameter {node.arg}")
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                out.append(f"{kind} {node.name}")
            case ast.alias():
                out.append(f"alias {node.name} {node.asname or ''}")
            case ast.ImportFrom():
                out.append(f"from {'.' * node.level}{node.module or ''}")
            case ast.Global() | ast.Nonlocal():
                out.append(f"{kind} {' '.join(node.names)}")
            case ast.ExceptHandler():
                out.append(f"handler {node.name or ''}")
            case ast.TypeVar() | ast.ParamSpec() | ast.TypeVarTuple():
                out.append(f"{kind} {node.name}")
            case ast.MatchAs() | ast.MatchStar():
                out.append(f"{kind} {node.name or ''}")
            case ast.MatchMapping():
                out.append(f"{kind} {node.rest or ''}")
            case ast.MatchClass():
                out.append(f"{kind} {len(node.patterns)} {' '.join(node.kwd_attrs)}")
            case ast.BinOp() | ast.UnaryOp() | ast.BoolOp():
                out.append(f"{kind} {type(node.op).__name__}")
            case ast.Compare():
                out.append(f"{kind} {' '.join(type(op).__name__ for op in node.ops)}")
            case ast.FormattedValue():
                out.append(f"field {node.conversion if node.conversion != -1 else ''}")
            case ast.Call():
                out.append(f"Call {len(node.args)} {len(node.keywords)}")
            case ast.Constant():
                value = node.value
                if isinstance(value, str):
                    out.append(f"text {json.dumps(plain(value), ensure_ascii=False)}")
                elif isinstance(value, bytes):
                    out.append(f"bytes {value.hex()}")
                elif type(value) is int:
                    out.append(f"int {value}" if value < 1 << 63 else "int large")
                else:
                    out.append(type(value).__name__)
            case ast.comprehension():
                out.append(f"for {len(node.ifs)}")
            case ast.expr() | ast.stmt() | ast.pattern():
                out.append(kind)
    out.sort()
    return out


def compiles(source):
    try:
        compile(source, "<user>", "exec", dont_inherit=True)
        return ["yes"]
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def main():
    global rules
    read, write = sys.stdin.buffer, sys.stdout.buffer
    while head := read.read(5):
        text = read.read(int.from_bytes(head[1:], "little")).decode()
        kind = head[:1]
        if kind == b"R":
            rules = Rules(text)
            answer = []
        elif kind == b"B":
            answer = bypass(text)
        elif kind == b"P":
            answer = parsed(text)
        elif kind == b"F":
            # A line is a name: one with a line end in it is no word of the rules, nor may its end look like one.
            answer = [name.replace("\n", "\\n") for name in fields(text)]
        elif kind == b"C":
            answer = compiles(text)
        else:
            return
        out = "\n".join(answer).encode("utf-8", "replace")
        write.write(len(out).to_bytes(4, "little") + out)
        write.flush()


main()
