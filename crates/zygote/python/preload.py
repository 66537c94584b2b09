"""Imports what tasks may import, in the forkserver: a sealed child can open no file.

A module that cannot be imported is reported and never fatal: tasks that do not use it are not concerned.
"""

import _thread
import codecs
import importlib.machinery
import importlib.util
import pkgutil
import sys
import time

# What `bytes.decode` may be asked for. Each is a module which is imported when it is first named.
ENCODINGS = (
    "ascii latin_1 utf_8 utf_8_sig utf_7 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be idna punycode "
    "unicode_escape raw_unicode_escape cp437 cp850 cp852 cp855 cp858 cp866 cp874 cp1250 cp1251 cp1252 cp1253 cp1254 "
    "cp1255 cp1256 cp1257 cp1258 iso8859_2 iso8859_3 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_9 "
    "iso8859_10 iso8859_11 iso8859_13 iso8859_14 iso8859_15 iso8859_16 koi8_r koi8_u mac_roman gb2312 gbk gb18030 "
    "big5 cp950 shift_jis cp932 euc_jp iso2022_jp euc_kr cp949"
).split()

# What only `codecs.encode` may be asked for.
TRANSFORMS = "base64_codec hex_codec quopri_codec rot_13 zlib_codec".split()

# What CPython's C code imports behind ordinary expressions: divisions of huge numbers, `T | None`, non-ASCII identifiers and
# "\N{...}", warnings. And behind what only modules have: strptime.
BEHIND_C_CODE = "_pylong typing unicodedata stringprep warnings linecache copyreg".split()
BEHIND_MODULES = "_strptime".split()

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


# Parts of packages that no task imports: their tests, and what only installers and test runners load.
NOT_FOR_TASKS = ("tests", "test", "_tests", "conftest", "__main__", "setup", "_pyinstaller", "__pyinstaller", "usedoctest")

# Seconds that the parts of one package may take, all together; what is left then is not imported ahead.
PARTS_WITHIN = 20


def preload(named, external, stdlib_extensions, may_import, memory):
    """What failed, as pairs of name and reason; the same of parts that only some tasks want; and what each named module took:
    name, seconds, bytes. Where tasks `may_import` nothing, much of the library is out of their reach, and a forkserver that does
    without it has less to copy at each fork. `memory` tells the bytes that this process has held at most."""
    failed, parts_failed, took = [], [], []
    for name in [*BEHIND_C_CODE, *(BEHIND_MODULES if may_import else ())]:
        attempt(name, failed)
    for name in [*ENCODINGS, *(TRANSFORMS if may_import else ())]:
        try:
            codecs.lookup(name)
        except Exception:
            pass  # A build without that codec: the task's own lookup says so.
    for name in named:
        began, before, threads = time.perf_counter(), memory(), _thread._count()
        if attempt(name, failed):
            if name in sys.stdlib_module_names:
                submodules(name)
            elif name in external:
                parts(name, failed, parts_failed)
        for late in REACHED_LATE.get(name, ()):
            attempt(late, failed)
        if _thread._count() > threads:
            failed.append((name, f"it started {_thread._count() - threads} threads when it was imported"))
        took.append((name, time.perf_counter() - began, memory() - before))
    if stdlib_extensions:
        for name in sorted(sys.stdlib_module_names):
            if name not in UNWANTED and is_extension(name):
                attempt(PACKAGES_FIRST.get(name, name), [])
                attempt(name, [])
    if "zoneinfo" in sys.modules:
        read_zones()
    read_ahead(external)
    return failed, parts_failed, took


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


# What packages read from files when they are used for the first time, and keep.
KEPT = []


def read_ahead(external):
    if "pandas" in sys.modules:
        keep(twin_zones)
    for package, read in (("dateutil", dateutil_zones), ("pytz", pytz_zones)):
        if package in external and package in sys.modules:
            keep(read)


def keep(read):
    try:
        KEPT.extend(read())
    except Exception:
        pass  # Another version than those this was written for; the task's own call says what it lacks.


def twin_zones():
    """pandas takes the zones of zoneinfo's Python code, not those of its C code."""
    from zoneinfo import _zoneinfo, available_timezones

    return [_zoneinfo.ZoneInfo(name) for name in available_timezones()]


def dateutil_zones():
    """gettz gives out what it has and is still in use."""
    from zoneinfo import available_timezones

    import dateutil.tz

    return [dateutil.tz.gettz(name) for name in available_timezones()]


def pytz_zones():
    import pytz

    return [pytz.timezone(name) for name in pytz.all_timezones]


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


def parts(package, failed, parts_failed):
    """All modules of a package. Some are only imported when something is used for the first time, and some by tasks alone."""
    last = time.perf_counter() + PARTS_WITHIN
    pending, left_out = [package], 0
    while pending:
        parent = pending.pop(0)
        for found in pkgutil.iter_modules(getattr(sys.modules.get(parent), "__path__", ())):
            name = f"{parent}.{found.name}"
            if found.name in NOT_FOR_TASKS or found.name.startswith("test_"):
                continue
            if name not in sys.modules and time.perf_counter() > last:
                left_out += 1
            # Many want a package that is not installed; who imports one is told so.
            elif attempt(name, parts_failed) and found.ispkg:
                pending.append(name)
    if left_out:
        failed.append((f"{package}.*", f"{left_out} parts were left out, as the others took {PARTS_WITHIN} seconds"))
