"""Turns the user's text into the code object of a function without parameters.

The text is not edited here: it is parsed as it is, and its statements are put into a function in the syntax tree. (What can be
moved to the right as it stands, and has nothing to rewrite, never comes here: see `run/indented.rs`.) So line numbers and strings over several lines stay the user's own. In the same pass every import becomes an
assignment from a call of the guard: the opcode behind `from m import n` looks into `sys.modules` when the attribute is
missing, behind any guard's back, so that no such opcode may be left. And calls of the methods that read attributes by what a
template says go through the format guard.

Compiled once in the forkserver and held natively. While user code runs, nothing of this runs but for texts that a library
is about to evaluate; it calls nothing of the user's.
"""

import _ast

# Names no user can write, like the compiler's own `.0`; the guard is found under them in the user's globals.
IMPORT = ".import"
IMPORT_AS = ".import_as"
IMPORT_FROM = ".import_from"
FORMAT = ".format"

# `x.method(...)` becomes `FORMAT(x, "method", ...)`.
FORMAT_METHODS = frozenset(("format", "format_map", "vformat", "get_field"))

FUNCTION = "<module>"
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def parse(source):
    # Not inheriting flags, so that a `from __future__` of this file could never change the user's.
    return compile(source, "<unknown>", "exec", 0x400, True)  # ast.PyCF_ONLY_AST


def wrap(tree, filename, formats):
    rewrite_imports(tree.body)
    if formats:
        guard_formats(tree)
    body = tree.body or [_ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)]
    no_arguments = _ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    function = _ast.FunctionDef(
        name=FUNCTION,
        args=no_arguments,
        body=body,
        decorator_list=[],
        type_params=[],
        lineno=1,
        col_offset=0,
        end_lineno=1,
        end_col_offset=0,
    )
    return compile(_ast.Module(body=[function], type_ignores=[]), filename, "exec", 0, True)


def rewrite_imports(body):
    # A list of blocks still to do instead of recursion: the depth is the user's.
    pending = [body]
    while pending:
        block = pending.pop()
        changed = []
        for node in block:
            kind = type(node)
            if kind is _ast.Import:
                changed += [plain(alias) for alias in node.names]
            elif kind is _ast.ImportFrom and stays_an_error(node):
                changed.append(node)
            elif kind is _ast.ImportFrom:
                changed.append(from_module(node))
            else:
                changed.append(node)
                for name in BLOCKS:
                    inner = getattr(node, name, None)
                    if type(inner) is list:
                        pending.append(inner)
        block[:] = changed


def parse_text(source, mode):
    return compile(source, "<string>", mode, 0x400, True)


def compile_text(tree, mode):
    return compile(tree, "<string>", mode, 0, True)


# What the text is made of that `dataclasses` makes of field names, as long as those are names.
FIELD_NODES = frozenset(
    (
        _ast.Module, _ast.FunctionDef, _ast.arguments, _ast.arg, _ast.Return, _ast.Assign, _ast.Expr, _ast.If, _ast.Raise,
        _ast.Pass, _ast.Call, _ast.Name, _ast.Attribute, _ast.Compare, _ast.Tuple, _ast.Set, _ast.BoolOp, _ast.IfExp,
        _ast.JoinedStr, _ast.FormattedValue, _ast.Constant, _ast.Load, _ast.Store, _ast.And, _ast.Or, _ast.Eq, _ast.Lt,
        _ast.LtE, _ast.Gt, _ast.GtE, _ast.Is, _ast.In,
    )
)
FIELD_FUNCTIONS = frozenset(("type", "hash", "super", "FrozenInstanceError"))
FIELD_METHODS = frozenset(("__setattr__", "__delattr__", "__post_init__"))


def is_of_fields(tree):
    for node in nodes(tree):
        kind = type(node)
        if kind not in FIELD_NODES:
            return False
        if kind is _ast.Call:
            called = node.func
            if type(called) is _ast.Name:
                known = called.id in FIELD_FUNCTIONS or called.id.startswith("__dataclass")
            else:
                known = type(called) is _ast.Attribute and called.attr in FIELD_METHODS
            if not known:
                return False
        elif kind is _ast.Attribute and not is_of_a_field(node):
            return False
    return True


def is_of_a_field(attribute):
    of = attribute.value
    if type(of) is _ast.Name:
        return True
    if attribute.attr == "__qualname__":
        return type(of) is _ast.Attribute and of.attr == "__class__"
    return attribute.attr in FIELD_METHODS and type(of) is _ast.Call and type(of.func) is _ast.Name and of.func.id == "super"


def guard_formats(tree):
    for node in nodes(tree):
        if type(node) is _ast.Call:
            method = node.func
            if type(method) is _ast.Attribute and method.attr in FORMAT_METHODS:
                name = _ast.Constant(value=method.attr, **place(method))
                node.func = _ast.Name(id=FORMAT, ctx=_ast.Load(), **place(method))
                node.args = [method.value, name, *node.args]


def declared(tree):
    """Where the compiler turns names into constants: the place of the constant, and the name."""
    found = []
    for node in nodes(tree):
        kind = type(node)
        if kind is _ast.Call:
            names = [keyword.arg for keyword in node.keywords if keyword.arg is not None]
        elif kind is _ast.FunctionDef or kind is _ast.AsyncFunctionDef or kind is _ast.Lambda:
            parameters = node.args
            every = [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]
            every += [parameter for parameter in (parameters.vararg, parameters.kwarg) if parameter is not None]
            names = [parameter.arg for parameter in every]
        elif kind is _ast.ClassDef:
            names = [node.name]
            names += [keyword.arg for keyword in node.keywords if keyword.arg is not None]
        elif kind is _ast.AnnAssign and type(node.target) is _ast.Name:
            names = [node.target.id]
        elif kind is _ast.TypeAlias:
            names = [node.name.id]
        elif kind is _ast.TypeVar or kind is _ast.ParamSpec or kind is _ast.TypeVarTuple:
            names = [node.name]
        else:
            continue
        found += [(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset, name) for name in names]
    return found


def nodes(tree):
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        for value in node.__dict__.values():
            if type(value) is list:
                pending += [inner for inner in value if isinstance(inner, _ast.AST)]
            elif isinstance(value, _ast.AST):
                pending.append(value)


def place(node):
    return {
        "lineno": node.lineno,
        "col_offset": node.col_offset,
        "end_lineno": node.end_lineno,
        "end_col_offset": node.end_col_offset,
    }


def stays_an_error(node):
    # Both are a SyntaxError inside a function, and the compiler says so better than we could.
    return node.module == "__future__" and not node.level or any(alias.name == "*" for alias in node.names)


def plain(alias):
    if alias.asname is None:
        return assign(alias, [alias.name.partition(".")[0]], IMPORT, [alias.name], tuple_target=False)
    return assign(alias, [alias.asname], IMPORT_AS, [alias.name], tuple_target=False)


def from_module(node):
    targets = [alias.asname or alias.name for alias in node.names]
    names = tuple(alias.name for alias in node.names)
    return assign(node, targets, IMPORT_FROM, [node.module or "", names, node.level], tuple_target=True)


def assign(at, targets, function, arguments, tuple_target):
    here = place(at)
    store = _ast.Store()
    load = _ast.Load()
    names = [_ast.Name(id=name, ctx=store, **here) for name in targets]
    target = _ast.Tuple(elts=names, ctx=store, **here) if tuple_target else names[0]
    call = _ast.Call(
        func=_ast.Name(id=function, ctx=load, **here),
        args=[_ast.Constant(value=argument, **here) for argument in arguments],
        keywords=[],
        **here,
    )
    return _ast.Assign(targets=[target], value=call, **here)
