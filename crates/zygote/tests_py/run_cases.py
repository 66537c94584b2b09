"""Runs the table of tests/user_code/cases.toml through the extension, inside this interpreter's own forked children.

    python run_cases.py EXTENSION CASES POLICY [NAME...]

The children are not sealed: this is about how user code runs, not about what holds it. One process per distinct
settings is prepared as the forkserver is; each case runs in a child forked from it. Exits with 1 when a case failed.
"""

import json
import os
import resource
import signal
import sys
import tomllib

# Started with -I, which leaves the script's own folder out.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from children import in_child, load_extension  # noqa: E402

sys.path.pop(0)

SECONDS = 30
KINDS = {17: "print", 18: "tally", 19: "done", 20: "failed", 23: "written"}
SETTINGS = ("stdlib", "external", "builtins_deny", "modules", "preload_stdlib_extensions", "transitive_imports", "names")


def text(written):
    """A text, or a list of texts with how often each is repeated."""
    return written if isinstance(written, str) else "".join(part * times for part, times in written)


def run(extension, case):
    head = {
        "mode": {"all": "runOnceForAllItems", "each": "runOnceForEachItem"}[case.get("mode", "all")],
        "purpose": case.get("purpose", "Run"),
        "max_prints": case.get("max_prints", 100),
        "max_print_bytes": case.get("max_print_bytes", 65536),
        "max_result_bytes": case.get("max_result_bytes", 1 << 26),
        "non_finite": {"error": "Error", "null": "Null"}[case.get("non_finite", "error")],
        "env": case.get("env", []),
    }
    if "memory_mib" in case:
        limit_memory(case["memory_mib"])
    query = case.get("query")
    frames = extension.run_inline(
        json.dumps(head),
        text(case["code"]).encode(),
        None if query is None else query.encode(),
        text(case.get("items", '[{"json":{"a":1},"pairedItem":{"item":0}}]')).encode(),
    )
    return [[KINDS[kind], payload.decode()] for kind, payload in frames]


def limit_memory(mib):
    with open("/proc/self/statm") as file:
        in_use = int(file.read().split()[0]) * resource.getpagesize()
    limit = in_use + (mib << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def differences(case, frames):
    if isinstance(frames, dict):
        yield frames["broken"]
        return
    if len(frames) > case.get("most_frames", len(frames)):
        yield f"{len(frames)} frames"
    pieces = [json.loads(payload) for kind, payload in frames if kind == "written"]
    frames = [frame for frame in frames if frame[0] != "written"]
    # Those of a task that may be killed before it can tell.
    so_far = [json.loads(payload) for kind, payload in frames[:-2] if kind == "tally"]
    frames = [frame for frame in frames[:-2] if frame[0] != "tally"] + frames[-2:]
    # The last one is there where anything was left out.
    tally = {"omitted_prints": 0, "omitted_lines": 0, "so_far": False}
    if len(frames) > 1 and frames[-2][0] == "tally":
        tally = json.loads(frames.pop(-2)[1])
        if not (tally["omitted_prints"] or tally["omitted_lines"] or so_far):
            yield "a tally of nothing"
    elif so_far:
        yield "no last tally"
    kinds = [kind for kind, _ in frames]
    if kinds[:-1] != ["print"] * (len(kinds) - 1) or kinds[-1] not in ("done", "failed"):
        yield f"frames in a wrong order: {kinds}"
        return
    prints = [json.loads(payload) for kind, payload in frames if kind == "print"]
    kind, payload = frames[-1]
    answer = json.loads(payload)
    if "prints" in case and [found["params"] for found in prints] != case["prints"]:
        yield f"prints {[found['params'] for found in prints]}"
    if "texts" in case and [found["text"] for found in prints] != case["texts"]:
        yield f"printed texts {[found['text'] for found in prints]}"
    written = "".join(piece["text"] + "\n" * piece["ends_line"] for piece in pieces)
    if written and not written.endswith("\n"):
        yield "a line written without its end"
    written = written.split("\n")[:-1]
    if "written" in case and written != case["written"]:
        yield f"written {written}"
    if "written_bytes" in case and [len(line) for line in written] != case["written_bytes"]:
        yield f"written lines of {[len(line) for line in written]} bytes"
    omitted = tally["omitted_prints"] + sum(before["omitted_prints"] for before in so_far)
    if omitted != case.get("omitted", 0) or tally["so_far"] or not all(before["so_far"] for before in so_far):
        yield f"{omitted} prints omitted"
    if tally["omitted_lines"] != case.get("omitted_lines", 0):
        yield f"{tally['omitted_lines']} lines omitted"
    if "failure" not in case:
        if kind == "failed":
            yield f"failed: {answer}"
        elif "exact" in case and payload != case["exact"]:
            yield f"result text {payload[:2000]}"
        elif "result" in case and answer != json.loads(case["result"]):
            yield f"result {payload[:2000]}"
        elif "result_has" in case and case["result_has"] not in payload:
            yield f"result {payload[:2000]}"
        elif not {"exact", "result", "result_has"} & case.keys():
            yield "the case expects nothing"
        return
    if kind == "done":
        yield f"did not fail: {payload[:2000]}"
        return
    for key, expected in case["failure"].items():
        if key.startswith("description"):
            continue  # Made by the supervisor; tests/end_to_end_cases.rs has it.
        if key.endswith("_has"):
            if expected not in str(answer.get(key.removesuffix("_has"))):
                yield f"failure {answer}"
        elif key == "functions":
            if [frame["function"] for frame in answer["frames"]] != expected:
                yield f"failure {answer}"
        elif answer.get(key) != expected:
            yield f"failure {answer}"


def imports_are_noticed(extension):
    """The check behind the rewriting of imports must be able to refuse."""
    extension.prepare_inline("{}")
    wrong = []
    for source, refused in [
        ("import a", True),
        ("from a import b", True),
        ("from a import *", True),
        ("def f():\n  class A:\n    g = lambda: [x for x in y]\n    def h():\n      import a.b as c", True),
        ("def f():\n  x = [a.b for a in c]\n  return __import__('a')", False),
    ]:
        if (extension.gate_findings(compile(source, "", "exec")) != "[]") != refused:
            wrong.append(source)
    return wrong


def hardening(policy_path):
    """What the shipped policy takes out of the interpreter."""
    with open(policy_path, "rb") as file:
        section = tomllib.load(file)["interpreter"]
    return {key: [entry["name"] for entry in value] for key, value in section.items() if key != "guards"}


def main(extension_path, table_path, policy_path, *only):
    with open(table_path, "rb") as file:
        table = tomllib.load(file)
    groups = {}
    names = set()
    for case in table["case"]:
        if case["name"] in names:
            sys.exit(f"two cases are called {case['name']!r}")
        names.add(case["name"])
        if only and case["name"] not in only:
            continue
        settings = {key: case.get(key, table["default"].get(key)) for key in SETTINGS}
        settings["hardening"] = hardening(policy_path)
        settings = json.dumps({key: value for key, value in settings.items() if value is not None})
        groups.setdefault(settings, []).append(case)

    def prepared(settings, cases):
        signal.alarm(0)  # Each case has its own.
        extension = load_extension(extension_path)
        failed_modules = extension.prepare_inline(settings)
        return [[case["name"], list(differences(case, in_child(lambda: run(extension, case), SECONDS)))] for case in cases] + [
            ["(preparation)", [f"module {name}: {why}" for name, why in failed_modules if name not in settings]]
        ]

    failed = 0
    for source in in_child(lambda: imports_are_noticed(load_extension(extension_path)), SECONDS):
        failed += 1
        print(f"FAILED the check for imports on {source!r}")
    for settings, cases in groups.items():
        outcome = in_child(lambda: prepared(settings, cases), SECONDS)
        if isinstance(outcome, dict):
            outcome = [[f"(preparation with {settings})", [outcome["broken"]]]]
        for name, wrong in outcome:
            failed += bool(wrong)
            for line in wrong:
                print(f"FAILED {name}: {line}")
    print(f"{len(names)} cases in the table, {sum(map(len, groups.values()))} run, {failed} failed")
    return 1 if failed or not groups else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
