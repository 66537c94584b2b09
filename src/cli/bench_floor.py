# The bare floor of `palisade bench`: forks of a warm interpreter that do what a task does, unsealed, with nobody in between.
# Arguments: how often, the code of a function body, the items. Prints one duration in nanoseconds a line.
import gc
import json
import os
import sys
from time import perf_counter_ns

times, body, items = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def work():
    source = "def task(_items):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    scope = {}
    exec(compile(source, "<task>", "exec"), scope)
    return json.dumps(scope["task"](json.loads(items))).encode()


expected = work()
gc.freeze()
for _ in range(times):
    start = perf_counter_ns()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, work())
        os._exit(0)
    os.close(writing)
    result = b""
    while chunk := os.read(reading, 65536):
        result += chunk
    took = perf_counter_ns() - start
    os.close(reading)
    os.waitpid(pid, 0)
    if result != expected:
        sys.exit(f"a child answered {result!r}")
    print(took)
