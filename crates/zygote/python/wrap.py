"""Turns the user's text into the code object of a function without parameters.

The text is never indented or edited: it is parsed as it is, and its statements are put into a function in the syntax
tree. So line numbers and strings over several lines stay the user's own. In the same pass every import becomes an
assignment from a call of the guard: the opcode behind `from m import n` looks into `sys.modules` when the attribute is
missing, behind any guard's back, so that no such opcode may be left.

Compiled once in the forkserver and held natively. Nothing here runs while user code runs.
"""

import _ast

# Names no user can write, like the compiler's own `.0`; the guard is found under them in the user's globals.
IMPORT = ".import"
IMPORT_AS = ".import_as"
IMPORT_FROM = ".import_from"

FUNCTION = "<module>"
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def parse(source):
    # Not inheriting flags, so that a `from __future__` of this file could never change the user's.
    return compile(source, "<unknown>", "exec", 0x400, True)  # ast.PyCF_ONLY_AST


def wrap(tree, filename):
    rewrite_imports(tree.body)
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
    place = {
        "lineno": at.lineno,
        "col_offset": at.col_offset,
        "end_lineno": at.end_lineno,
        "end_col_offset": at.end_col_offset,
    }
    store = _ast.Store()
    load = _ast.Load()
    names = [_ast.Name(id=name, ctx=store, **place) for name in targets]
    target = _ast.Tuple(elts=names, ctx=store, **place) if tuple_target else names[0]
    call = _ast.Call(
        func=_ast.Name(id=function, ctx=load, **place),
        args=[_ast.Constant(value=argument, **place) for argument in arguments],
        keywords=[],
        **place,
    )
    return _ast.Assign(targets=[target], value=call, **place)
