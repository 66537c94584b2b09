"""What is asked of n8n with Palisade below it. Each scenario is a function of the stage; its docstring is its row in the
report. What it does not find as it must be, it raises."""

import concurrent.futures
import json
import os
import signal
import time

from processes import (
    N8N_TASK_TIMEOUT, TASK_TIMEOUT, Failed, Palisade, descendants, request, until,
)

SCENARIOS = []


def scenario(function):
    SCENARIOS.append(function)
    return function


def same(found, expected):
    if found != expected:
        raise Failed(f"expected {str(expected)[:600]!r}, found {str(found)[:600]!r}")


def holds(text, *parts):
    for part in parts:
        if part not in text:
            raise Failed(f"expected {part!r} in {text[:600]!r}")


def failing(stage, path, body=None):
    """The error that n8n's user sees of an execution that must fail."""
    before = stage.n8n.last_execution()
    status, answer = stage.n8n.hook(path, body or {})
    same((status, answer.get("message") if isinstance(answer, dict) else answer), (500, "Error in workflow"))
    return stage.n8n.error_after(before)


def text(error):
    return f"{error.get('message')}\n{error.get('description')}"


@scenario
def all_items(stage):
    """mode runOnceForAllItems, an allowed import, 50 webhooks in a row"""
    for _ in range(50):
        status, answer = stage.n8n.hook("all", {"n": 41})
        same((status, answer), (200, [{"total": 41, "k": k, "text": "bénéné"} for k in range(2)]))


@scenario
def each_item(stage):
    """mode runOnceForEachItem, items dropped by None"""
    status, answer = stage.n8n.hook("each", {"n": 9})
    same((status, answer), (200, [{"twice": 2 * n} for n in range(9) if n % 3 != 1]))


@scenario
def error_of_code(stage):
    """an exception: its text and its line reach n8n's user"""
    error = failing(stage, "raise")
    holds(text(error), "no such thing")
    same(error.get("lineNumber"), 2)


@scenario
def error_of_one_item(stage):
    """an exception in item 2 of 4: text, line and item"""
    error = failing(stage, "raise-each")
    holds(text(error), "two")
    same((error.get("lineNumber"), error.get("itemIndex")), (2, 2))


@scenario
def syntax_error(stage):
    """code that does not parse: what and where"""
    error = failing(stage, "syntax")
    holds(text(error), "'[' was never closed", "line 1")


@scenario
def refused_attribute(stage):
    """code the analysis refuses: every violation with its line"""
    error = failing(stage, "refused-attribute")
    holds(text(error), "Security violations detected", "Line 1: Access to attribute '__class__' is disallowed")


@scenario
def refused_import(stage):
    """imports outside the allow lists, standard and external"""
    error = failing(stage, "refused-import")
    holds(
        text(error), "Line 1: Import of standard library module 'os' is disallowed. Allowed stdlib modules: re, time",
        "Line 3: Import of external package 'numpy' is disallowed. Allowed external packages: none",
    )


@scenario
def denied_builtin(stage):
    """a built-in that is denied is a NameError"""
    holds(text(failing(stage, "denied-builtin")), "name 'open' is not defined")


@scenario
def too_much_memory(stage):
    """a task that takes all memory it can get is told its limit, and the next one runs"""
    holds(text(failing(stage, "memory")), "Task needed more memory than its limit of", "limits.memory_mib")
    all_items_once(stage)


def all_items_once(stage):
    same(stage.n8n.hook("all", {"n": 1})[0], 200)


@scenario
def prints(stage):
    """prints in n8n's log, with sep=, and the note after the 100th"""
    same(stage.n8n.hook("print"), (200, [{"ok": True}]))
    log = stage.n8n.process
    log.logs("'said' 42 {\"a\": [1, null]}", 10)
    log.logs("[Output truncated - 21 more print statements]", 10)
    stage.palisade.process.logs("[user code] said|42|{'a': [1, None]}", 10)


@scenario
def prints_before_an_error(stage):
    """what was printed before an exception is not lost"""
    holds(text(failing(stage, "print-raise")), "after the words")
    stage.n8n.process.logs("'last words'", 10)


@scenario
def go_on(stage):
    """continueOnFail: the error is an item of the next node"""
    same(stage.n8n.hook("go-on", {}), (200, [{"seen": {"error": "forgiven"}}]))


@scenario
def go_on_refused(stage):
    """continueOnFail does not make a result of a refusal: n8n gets the error, and goes on with the node's own input"""
    failed = stage.palisade.process.log().count(" failed")
    status, answer = stage.n8n.hook("go-on-refused", {"own": 1})
    same((status, answer[0]["seen"].get("body")), (200, {"own": 1}))
    same(stage.palisade.process.log().count(" failed") - failed, 1)


@scenario
def binary(stage):
    """a file of 3 MB passes two Code nodes as a reference, byte for byte"""
    content = os.urandom(3_000_000)
    head = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\ncontent-type: application/octet-stream\r\n\r\n'
    raw = head.encode() + content + b"\r\n--b--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=b"}
    status, answer = stage.n8n.hook("binary", raw=raw, headers=headers)
    if (status, answer) != (200, content):
        raise Failed(f"{status}: {len(answer)} other bytes: {str(answer)[:200]}")


@scenario
def unicode(stage):
    """lone surrogates, astral and line-breaking characters both ways, an integer of 81 bits"""
    for sent in ["\ud800x", "\U0001f40d\u2028\x00\x1b[31m", "e\u0301é", "\udfff\ud800"]:
        status, answer = stage.n8n.hook("unicode", {"t": sent})
        expected = {"t": sent, "n": len(sent), "é": '\U0001f40d\n\u2028"', "big": str(2**80)}
        same((status, answer), (200, [expected]))


@scenario
def many_items(stage):
    """5 000 items through three nodes, one of them once for each"""
    last = {"json": {"n": 5000, "text": "ITEM 4999"}, "pairedItem": {"item": 4999}}
    status, answer = stage.n8n.hook("many", {})
    same((status, answer[0]["count"], answer[0]["sum"]), (200, 5000, sum(range(1, 5001))))
    same({key: answer[0]["last"][key] for key in last}, last)


@scenario
def large(stage):
    """an item of 20 MB there and back"""
    sent = "0123456789" * 2_000_000
    status, answer = stage.n8n.hook("large", {"t": sent})
    if (status, answer) != (200, [{"n": 20_000_000, "t": sent[::-1]}]):
        raise Failed(f"{status}: {str(answer)[:200]}")


@scenario
def timeout(stage):
    """code that never ends is ended by Palisade after N8N_RUNNERS_TASK_TIMEOUT"""
    begun = time.monotonic()
    error = failing(stage, "spin")
    holds(text(error), f"Task execution timed out after {TASK_TIMEOUT} seconds")
    if not TASK_TIMEOUT <= time.monotonic() - begun < TASK_TIMEOUT + 8:
        raise Failed(f"it took {time.monotonic() - begun:.1f} s")
    all_items_once(stage)


@scenario
def timeout_forgiven(stage):
    """the same under continueOnFail is an item"""
    expected = [{"error": f"Task execution timed out after {TASK_TIMEOUT} seconds"}]
    same(stage.n8n.hook("spin-forgiven", {}), (200, expected))


@scenario
def thirty_at_once(stage):
    """30 calls at once, each with its own answer"""
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        calls = {n: pool.submit(stage.n8n.hook, "all", {"n": n}) for n in range(30)}
    for n, call in calls.items():
        expected = [{"total": n, "k": k, "text": "bénéné"} for k in range(2)]
        same(call.result(), (200, expected))


@scenario
def health_while_at_work(stage):
    """/healthz answers OK within a second while five tasks sleep and five wait"""
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        calls = [pool.submit(stage.n8n.hook, "sleep", {"s": 2}) for _ in range(10)]
        until("tasks", lambda: stage.palisade.process.log().count("Received task ") >= 5, 20)
        for _ in range(5):
            begun = time.monotonic()
            same(request("http://127.0.0.1:18676/healthz", limit=10), (200, b"OK"))
            if time.monotonic() - begun > 1:
                raise Failed(f"it took {time.monotonic() - begun:.1f} s")
        for call in calls:
            same(call.result(), (200, [{"slept": 2}]))


@scenario
def code_tool(stage):
    """an agent calls the Python Code Tool, whose query and answer are its own"""
    status, answer = stage.n8n.hook("tool", {"text": "naïve"})
    same((status, answer), (200, [{"output": 'the tool said: [{"response":"NAÏVE HEARD, IN 5 LETTERS"}]'}]))


@scenario
def code_tool_raises(stage):
    """an exception in the Code Tool is what the agent is told"""
    status, answer = stage.n8n.hook("tool-raises", {"text": "x"})
    holds(json.dumps(answer), "tool broke")
    same(status, 200)


@scenario
def cancelled_by_n8n(stage):
    """n8n's own time limit is shorter: the task is cancelled and stops"""
    stage.restart_palisade(N8N_RUNNERS_TASK_TIMEOUT="600")
    error = failing(stage, "spin")
    holds(text(error), "timed out", str(N8N_TASK_TIMEOUT))
    stage.palisade.process.logs("Cancelled task ", 10)
    all_items_once(stage)
    stage.restart_palisade()


@scenario
def runner_killed(stage):
    """SIGKILL of the runner's pid under a task: n8n fails it at once, nothing is left, a new runner goes on"""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        received = stage.palisade.received()
        call = pool.submit(stage.n8n.hook, "spin", {})
        until("the task", lambda: stage.palisade.received() > received, 20)
        time.sleep(1)
        below = descendants(stage.palisade.process.pid)
        if not below:
            raise Failed("it has no child at work")
        begun = time.monotonic()
        stage.palisade.process.signal(signal.SIGKILL)
        status, answer = call.result()
        same((status, answer.get("message")), (500, "Error in workflow"))
        if time.monotonic() - begun > 5:
            raise Failed(f"n8n took {time.monotonic() - begun:.1f} s to fail the task")
    is_there = lambda: [pid for pid in below if os.path.exists(f"/proc/{pid}/cwd") and pid in descendants(1)]
    until("the end of its processes", lambda: not is_there(), 2, 0.05)
    stage.palisade.process.ends()
    stage.palisade = stage.new_palisade()
    all_items_once(stage)


@scenario
def n8n_stopped_under_a_task(stage):
    """n8n is told to stop while a task runs: the task is answered, the runner stays, and serves n8n when it is back"""
    pid = stage.palisade.process.pid
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        received = stage.palisade.received()
        call = pool.submit(stage.n8n.hook, "sleep", {"s": 4})
        until("the task", lambda: stage.palisade.received() > received, 20)
        stage.n8n.process.signal(signal.SIGTERM)
        same(call.result(), (200, [{"slept": 4}]))
    stage.n8n.process.ends()
    time.sleep(3)
    if not stage.palisade.process.is_alive():
        raise Failed("the runner has ended")
    stage.n8n.start()
    stage.n8n.answers()
    same(stage.palisade.process.pid, pid)
    if not stage.palisade.process.is_alive():
        raise Failed("the runner has ended")


@scenario
def n8n_killed_under_a_task(stage):
    """n8n is killed while a task runs: the task ends, the same runner serves the next n8n"""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        received = stage.palisade.received()
        call = pool.submit(stage.n8n.hook, "spin", {})
        until("the task", lambda: stage.palisade.received() > received, 20)
        stage.n8n.process.signal(signal.SIGKILL)
        same(call.result()[0], 0)
    stage.n8n.process.ends()
    ticks = lambda pid: sum(map(int, open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[11:13]))

    def spinning():
        before = {pid: ticks(pid) for pid in descendants(stage.palisade.process.pid)}
        time.sleep(0.5)
        return [pid for pid, was in before.items() if os.path.exists(f"/proc/{pid}") and ticks(pid) - was > 20]

    until("the end of the task", lambda: not spinning(), 5)
    stage.n8n.start()
    stage.n8n.answers()
    if not stage.palisade.process.is_alive():
        raise Failed("the runner has ended")


@scenario
def grant_token(stage):
    """as n8n's launcher starts it, with a token that works once: when n8n was restarted, it ends with code 1"""
    stage.palisade.process.stop()
    stage.palisade = stage.new_palisade(N8N_RUNNERS_GRANT_TOKEN=stage.n8n.grant_token())
    all_items_once(stage)
    stage.n8n.process.stop()
    stage.n8n.start()
    same(stage.palisade.process.ends(), 1)
    holds(stage.palisade.process.log(), "Authentication failed with status 403")
    stage.palisade = stage.new_palisade()
    stage.n8n.answers()


@scenario
def as_the_launcher_starts_it(stage):
    """the launcher's environment (no HOME): health within 13 s, a task, an idle end with code 0, and again for the next task"""
    stage.palisade.process.stop()
    for _ in range(2):
        stage.palisade = stage.new_palisade(
            inherited=("PATH", "LANG", "TZ", "TERM"),
            # Where pyenv has it nobody finds it without HOME.
            PALISADE_PYTHON=Palisade.python(stage.program),
            N8N_RUNNERS_GRANT_TOKEN=stage.n8n.grant_token(),
            N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT="3",
            N8N_RUNNERS_TASK_TIMEOUT="60",
        )
        until("health", lambda: request("http://127.0.0.1:18676/healthz", limit=5) == (200, b"OK"), 13)
        all_items_once(stage)
        same(stage.palisade.process.ends(30), 0)
        holds(stage.palisade.process.log(), "Reached idle timeout, starting shutdown...")
    stage.palisade = stage.new_palisade()
    stage.n8n.answers()


@scenario
def orderly_end(stage):
    """SIGTERM under a task of 3 s: it is answered, the runner ends with code 0"""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        received = stage.palisade.received()
        call = pool.submit(stage.n8n.hook, "sleep", {"s": 3})
        until("the task", lambda: stage.palisade.received() > received, 20)
        stage.palisade.process.signal(signal.SIGTERM)
        same(call.result(), (200, [{"slept": 3}]))
    same(stage.palisade.process.ends(), 0)
