# Run by `python -I -S -c`, for "paths" behind site.py; one JSON object on the last line of stdout. Must parse and run on every Python 3 that may
# be found, other implementations too: those are to be refused by what they say, not by a syntax error. Python 2 does
# not know -I and is refused by that.
import json
import os
import sys
import sysconfig

variables = sysconfig.get_config_var

answer = {
    "implementation": sys.implementation.name,
    "version": list(sys.version_info[:3]),
    "level": sys.version_info[3],
    "executable": sys.executable,
    "abiflags": getattr(sys, "abiflags", ""),
    "pointer_bits": 64 if sys.maxsize > 2 ** 32 else 32,
    "gil_disabled": bool(variables("Py_GIL_DISABLED")),
    "debug": bool(variables("Py_DEBUG")) or hasattr(sys, "gettotalrefcount"),
    "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
}

if sys.argv[1:] == ["paths"]:
    schemes = sysconfig.get_paths()
    answer["stdlib"] = [schemes["stdlib"], schemes["platstdlib"], variables("DESTSHARED")]
    answer["site_packages"] = [schemes["purelib"], schemes["platlib"]]
    answer["code_in_pth"] = globals().get("_code_in_pth", [])
    answer["search_path"] = [entry for entry in sys.path if entry]
    if variables("Py_ENABLE_SHARED"):
        answer["library"] = [variables("LIBDIR"), variables("INSTSONAME")]
    try:
        import zoneinfo

        answer["zone_path"] = list(zoneinfo.TZPATH)
    except Exception:
        answer["zone_path"] = (variables("TZPATH") or "").split(os.pathsep)
    # In some distributions sitecustomize.py lies outside of every library folder, behind a link.
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    answer["module_files"] = sorted({os.path.realpath(file) for file in files if file})
    # The libraries that stand behind the standard library's extension modules, wherever this build has them.
    for name in (
        "_bz2 _ctypes _curses _dbm _decimal _elementtree _gdbm _hashlib _lzma _sqlite3 _ssl _uuid _zstd "
        "math pyexpat readline unicodedata zlib"
    ).split():
        try:
            __import__(name)
        except Exception:
            pass
    answer["mapped"] = []
    try:
        with open("/proc/self/maps", "rb") as maps:
            fields = [line.split(None, 5) for line in maps]
        answer["mapped"] = sorted(
            {os.fsdecode(f[5].rstrip(b"\n")) for f in fields if len(f) == 6 and b"x" in f[1] and f[5][:1] == b"/"}
        )
    except EnvironmentError:
        pass

# On a line of its own, whatever site-packages have printed.
sys.stdout.write("\n" + json.dumps(answer) + "\n")
