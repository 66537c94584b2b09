"""Everything that user code can reach without calling anything but what gives an object back: breadth first, until the queue is
empty. Whatever forbidden is found is printed with its path, and the exit status is 1.

    python crawl.py EXTENSION POLICY MODULES [EXTERNAL] [--without KEY]...

MODULES and EXTERNAL are allow lists. `--without removals` leaves a part of the policy's section `interpreter` out: then the
crawl must find something, or it could find nothing at all.
"""

import collections
import json
import os
import sys
import tomllib
import types
import weakref

# Started with -I, which leaves the script's own folder out.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../crates/zygote/tests_py"))
from children import load_extension  # noqa: E402

sys.path.pop(0)

# Found with wide lists, and why that is no way out: what the kernel allows these modules is the kernel's business.
EXPECTED = {
    "posix._path_splitroot_ex": "texts alone",
    "posix._path_normpath": "texts alone",
    "posix.lstat": "pathlib asks it of files itself",
    "posix.scandir": "pathlib asks it of folders itself",
    "posix.waitpid": "subprocess waits by it; there is no child to wait for",
    "posix.waitstatus_to_exitcode": "numbers alone",
    "posix.WIFSTOPPED": "numbers alone",
    "posix.WSTOPSIG": "numbers alone",
}
# The native halves of modules, which are allowed with them.
HALVES = {"_thread": "threading", "posix": "os", "_io": "io", "_socket": "socket"}

LIMIT = 3_000_000
# Of one type, so that properties which make a new object each time come to an end.
MOST_OF_A_TYPE = 20_000

ATOMS = (str, int, float, bytes, bool, complex, type(None), type(NotImplemented), type(Ellipsis), bytearray)
CONTAINERS = (list, tuple, set, frozenset, collections.deque)
# Made anew whenever they are asked for: their attributes are those of their kind, so each name is followed once.
FLEETING = (
    types.MethodWrapperType,
    types.BuiltinFunctionType,
    types.MappingProxyType,
    *CONTAINERS,
    dict,
    type({}.keys()),
    type({}.values()),
    type({}.items()),
)

namespace_of = type.__dict__["__dict__"].__get__
mro_of = type.__dict__["__mro__"].__get__
class_of = type
get = getattr


def names_of(obj):
    names = {}
    kinds = list(mro_of(class_of(obj)))
    if isinstance(obj, type):
        kinds += mro_of(obj)
    for kind in kinds:
        names.update(dict.fromkeys(namespace_of(kind)))
    try:
        own = get(obj, "__dict__")
        if type(own) is dict:
            names.update((name, None) for name in own if type(name) is str)
    except Exception:
        pass
    return names


def parts(obj):
    kind = class_of(obj)
    if kind is dict or kind is types.MappingProxyType:
        for key, value in list(obj.items()):
            yield "key", key
            yield f"[{key!r:.40}]", value
    elif isinstance(obj, CONTAINERS):
        try:
            for value in list(obj):
                yield "[…]", value
        except Exception:
            pass
    if isinstance(obj, weakref.ref):
        yield "()", weakref.ref.__call__(obj)
    for name, arguments in (("__reduce_ex__", (2,)), ("__getstate__", ()), ("__subclasses__", ())):
        if kind in FLEETING:
            break
        try:
            yield f".{name}()", get(obj, name)(*arguments)
        except BaseException:
            pass


def forbidden(allowed):
    """Objects by address, and why."""
    found = {}

    def add(obj, why):
        found[id(obj)] = (obj, why)

    for name, module in list(sys.modules.items()):
        if isinstance(module, types.ModuleType):
            add(module, f"module {name}")
            add(module.__dict__, f"dictionary of module {name}")
            for attribute in ("__loader__", "__spec__"):
                if module.__dict__.get(attribute) is not None:
                    add(module.__dict__[attribute], f"{attribute} of {name}")
    for name in ("modules", "meta_path", "path_hooks", "path_importer_cache"):
        add(get(sys, name), f"sys.{name}")
    import builtins

    for name in "open eval exec compile __import__ getattr setattr delattr vars dir globals locals input breakpoint".split():
        add(get(builtins, name), f"built-in {name}")
    import io

    add(io.open_code, "io.open_code")
    for name in ("posix", "_posixsubprocess", "_socket", "_imp", "gc", "_ctypes", "marshal", "_thread", "_io", "_pickle"):
        module = sys.modules.get(name)
        if module is None or name in allowed or HALVES.get(name) in allowed:
            continue
        for attribute, value in vars(module).items():
            if type(value) is types.BuiltinFunctionType and f"{name}.{attribute}" not in EXPECTED:
                add(value, f"{name}.{attribute}")
    for name in ("subprocess", "importlib._bootstrap", "importlib._bootstrap_external"):
        module = sys.modules.get(name)
        for attribute, value in vars(module).items() if module and name not in allowed else ():
            if getattr(value, "__module__", None) in (name, "_frozen_importlib", "_frozen_importlib_external"):
                add(value, f"{name}.{attribute}")
    return found


def crawl(roots, hidden):
    seen = {}
    names_followed = set()
    per_kind = collections.Counter()
    came_from = {}
    queue = collections.deque()
    hits = []

    def visit(obj, parent, step):
        if isinstance(obj, ATOMS) and class_of(obj) in ATOMS:
            return
        key = id(obj)
        if key in seen:
            return
        seen[key] = obj  # Alive, so that no other gets its address.
        came_from[key] = (parent, step)
        if key in hidden:
            hits.append((hidden[key][1], path(key)))
            return
        queue.append(obj)

    def path(key):
        steps = []
        while key in came_from:
            key, step = came_from[key]
            steps.append(step)
        return "".join(reversed(steps))

    for name, obj in roots.items():
        visit(obj, None, name)
    while queue and len(seen) < LIMIT:
        obj = queue.popleft()
        kind = class_of(obj)
        key = id(obj)
        for step, value in parts(obj):
            visit(value, key, step)
        per_kind[kind] += 1
        if per_kind[kind] > MOST_OF_A_TYPE and kind not in (type, types.FunctionType):
            continue
        for name in names_of(obj):
            if kind in FLEETING and kind is not types.BuiltinFunctionType:
                if (kind, name) in names_followed:
                    continue
                names_followed.add((kind, name))
            if kind is types.MethodType and name not in ("__func__", "__self__"):
                continue
            try:
                value = get(obj, name)
            except BaseException:
                continue
            if class_of(value) is types.MethodWrapperType:
                if (kind, name) in names_followed:
                    continue
                names_followed.add((kind, name))
            elif class_of(value) is types.BuiltinFunctionType and not isinstance(obj, (type, types.ModuleType)):
                if (kind, name) in names_followed:
                    continue
                names_followed.add((kind, name))
            visit(value, key, f".{name}")
    return hits, len(seen), not queue


def user_roots():
    def function(a=1):
        def closure():
            return a

        return closure

    class Class:
        def method(self):
            pass

    async def coroutine():
        pass

    async def asynchronous():
        yield

    made = coroutine()
    made.close()
    errors = []
    for attempt in (lambda: 1 / 0, lambda: {}["x"], lambda: function.missing, lambda: int("x"), lambda: missing):  # noqa: F821
        try:
            attempt()
        except Exception as error:
            errors.append(error)
    # Their globals are the crawler's own, which user code's are not; that is what hardening hides.
    return {
        "function": function,
        "closure": function(),
        "Class": Class,
        "instance": Class(),
        "generator": (x for x in ()),
        "coroutine": made,
        "asynchronous": asynchronous(),
        "errors": errors,
    }


def say(text):
    # The extension has put streams without a file into the place of the interpreter's own.
    os.write(1, f"{text}\n".encode(errors="backslashreplace"))


def main(extension_path, policy_path, stdlib, external="", *options):
    with open(policy_path, "rb") as file:
        section = tomllib.load(file)["interpreter"]
    without = [options[at + 1] for at, option in enumerate(options) if option == "--without"]
    hardening = {
        key: [] if key in without else [entry["name"] for entry in value]
        for key, value in section.items()
        if key != "guards"
    }
    with open(policy_path, "rb") as file:
        deny = [entry["name"] for entry in tomllib.load(file)["builtins"]["deny"]]
    extension = load_extension(extension_path)
    stdlib = [name for name in stdlib.split(",") if name]
    external = [name for name in external.split(",") if name]
    settings = {"stdlib": stdlib, "external": external, "builtins_deny": deny, "hardening": hardening}
    settings["modules"] = ["calendar", "locale", "tokenize", "traceback"]
    failed = extension.prepare_inline(json.dumps(settings))
    for name, why in failed:
        say(f"not imported: {name}: {why}")
    namespace = extension.hand_out(stdlib + external)
    hidden = forbidden(set(stdlib) | set(external))
    # Its own modules and functions are in nobody's way.
    for mine in (sys.modules["__main__"], sys.modules["__main__"].__dict__):
        hidden[id(mine)] = (mine, "the main module's namespace")
    hits, objects, complete = crawl({**namespace, **user_roots()}, hidden)
    say(f"{objects} objects, {'complete' if complete else 'cut'}, {len(hits)} forbidden ones")
    for what, path in hits[:200]:
        say(f"HIT {what}: {path}")
    return 1 if hits else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
