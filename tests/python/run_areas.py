"""Runs tests/python/areas.py, each area as a task of its own in a forked child of a hardened interpreter.

    python run_areas.py EXTENSION POLICY [--science] [--plain] [--only TYPE.NAME] [--table]

`--science` takes science.py instead, for an interpreter with numpy and pandas. `--plain` hardens nothing: what fails then is a mistake in the file. `--only` takes that one name of the policy's `removals` away
and nothing else. `--table` does so with each of them in turn, and prints which areas need which: what a new version of CPython
has to be held against. Exits with 1 when an area failed (with `--table`: never).
"""

import json
import os
import re
import sys
import tomllib
from pathlib import Path

# Started with -I, which leaves the script's own folder out.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "crates/zygote/tests_py"))
from children import in_child, load_extension  # noqa: E402

sys.path.pop(0)

SECONDS = 60
HERE = Path(__file__).resolve().parent


def areas(name):
    text = (HERE / name).read_text()
    parts = re.split(r"^# area: (.*)\n", text, flags=re.M)
    return list(zip(parts[1::2], parts[2::2]))


def modules(all_areas):
    named = set()
    for _, code in all_areas:
        for line in re.findall(r"^(?:from|import) .*$", code, flags=re.M):
            if line.startswith("from"):
                named.add(line.split()[1].split(".")[0])
            else:
                named |= {part.split()[0].split(".")[0] for part in line.removeprefix("import ").split(",")}
    return sorted(named)


def run(extension, code):
    head = {"mode": "runOnceForAllItems", "purpose": "Run", "max_prints": 9, "max_print_bytes": 999, "max_result_bytes": 9999, "env": []}
    frames = extension.run_inline(json.dumps(head), (code + "\nreturn 'passed'\n").encode(), None, b"[]")
    kind, payload = frames[-1]
    if kind == 19 and json.loads(payload) == "passed":
        return None
    failure = json.loads(payload)
    return f"line {failure.get('line')}: {failure.get('class')}: {failure.get('message')}"[:300]


def failures(extension_path, hardening, all_areas):
    def prepared():
        extension = load_extension(extension_path)
        named = modules(all_areas)
        stdlib = [name for name in named if name in sys.stdlib_module_names]
        external = [name for name in named if name not in stdlib]
        settings = {"stdlib": stdlib, "external": external, "builtins_deny": [], "hardening": hardening}
        settings["modules"] = ["calendar", "locale", "tokenize", "traceback"]
        settings["unguarded"] = hardening is None
        settings["hardening"] = hardening or {}
        extension.prepare_inline(json.dumps(settings))
        found = {}
        for name, code in all_areas:
            why = in_child(lambda: run(extension, code), SECONDS)
            if why is not None:
                found[name] = why if isinstance(why, str) else why["broken"]
        return found

    return in_child(prepared, SECONDS * 5)


def main(extension_path, policy_path, *options):
    with open(policy_path, "rb") as file:
        section = tomllib.load(file)["interpreter"]
    hardening = {key: [entry["name"] for entry in value] for key, value in section.items() if key != "guards"}
    all_areas = areas("science.py" if "--science" in options else "areas.py")
    if "--table" in options:
        print(f"| name | areas that need it, of {len(all_areas)} |\n|---|---|")
        for name in hardening["removals"]:
            found = failures(extension_path, {"removals": [name]}, all_areas)
            print(f"| `{name}` | {'; '.join(f'{area} ({why})' for area, why in found.items()) or 'none'} |", flush=True)
        return 0
    if "--plain" in options:
        hardening = None
    elif "--only" in options:
        hardening = {"removals": [options[options.index("--only") + 1]]}
    found = failures(extension_path, hardening, all_areas)
    for name, why in found.items():
        print(f"FAILED {name}: {why}")
    print(f"{len(all_areas)} areas, {len(found)} failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
