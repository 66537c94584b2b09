"""Imports what tasks may import, in the forkserver: a sealed child can open no file.

A module that cannot be imported is reported and never fatal: tasks that do not use it are not concerned.
"""

import codecs
import importlib.machinery
import importlib.util
import pkgutil
import sys

# What `bytes.decode` may be asked for. Each is a module which is imported when it is first named.
ENCODINGS = (
    "ascii latin_1 utf_8 utf_8_sig utf_7 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be idna punycode "
    "unicode_escape raw_unicode_escape cp437 cp850 cp852 cp855 cp858 cp866 cp874 cp1250 cp1251 cp1252 cp1253 cp1254 "
    "cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 "
    "iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 koi8_r koi8_u mac_roman gb2312 gbk gb18030 "
    "big5 cp950 shift_jis cp932 euc_jp iso2022_jp euc_kr cp949 base64_codec hex_codec quopri_codec rot_13 zlib_codec"
).split()

# What CPython's C code imports behind ordinary expressions: strptime, divisions of huge numbers, `T | None`,
# non-ASCII identifiers and "\N{...}", warnings.
BEHIND_C_CODE = "_strptime _pylong typing unicodedata stringprep warnings linecache copyreg".split()

# What allowed modules import when they are first used for something, from packages other than their own.
REACHED_LATE = {
    "asyncio": ["concurrent.futures.thread"],
    "zoneinfo": ["importlib.resources"],
}

# Imported by itself first, `_asyncio` imports the package around it, which then goes without it: of each thing one half is
# the package's own and the other native, and neither knows what the other does.
PACKAGES_FIRST = {"_asyncio": "asyncio"}

# Talk to a display and a terminal, neither of which a task has.
UNWANTED = ("_tkinter", "readline")


def preload(named, stdlib_extensions):
    failed = []
    for name in BEHIND_C_CODE:
        attempt(name, failed)
    for name in ENCODINGS:
        try:
            codecs.lookup(name)
        except Exception:
            pass  # A build without that codec: the task's own lookup says so.
    for name in named:
        if attempt(name, failed) and name in sys.stdlib_module_names:
            submodules(name)
        for late in REACHED_LATE.get(name, ()):
            attempt(late, failed)
    if stdlib_extensions:
        for name in sorted(sys.stdlib_module_names):
            if name not in UNWANTED and is_extension(name):
                attempt(PACKAGES_FIRST.get(name, name), [])
                attempt(name, [])
    if "zoneinfo" in sys.modules:
        read_zones()
    return failed


def read_zones():
    """Every zone is read now: ZoneInfo gives out what it has and is still in use, and this function keeps all of them."""
    import zoneinfo

    zones = {}
    for name in zoneinfo.available_timezones():
        try:
            zones[name] = zoneinfo.ZoneInfo(name)
        except Exception:
            pass  # A file that is no zone; the task's own call says so.

    def available_timezones():
        return set(zones)

    zoneinfo.available_timezones = available_timezones


def is_extension(name):
    try:
        spec = importlib.util.find_spec(name)
    except Exception:  # `__main__` and the like
        return False
    return spec is not None and isinstance(spec.loader, importlib.machinery.ExtensionFileLoader)


def attempt(name, failed):
    try:
        importlib.import_module(name)
    except BaseException as error:  # Some raise SystemExit, or what their C library made of it.
        failed.append((name, f"{type(error).__name__}: {error}"))
        return False
    return True


def submodules(package):
    pending = [package]
    while pending:
        parent = pending.pop()
        for found in pkgutil.iter_modules(getattr(sys.modules[parent], "__path__", ())):
            if found.name.startswith("test") or found.name in ("__main__", "tool"):
                continue
            name = f"{parent}.{found.name}"
            # Many are for another system; who names one gets the import's own error.
            if attempt(name, []) and found.ispkg:
                pending.append(name)
