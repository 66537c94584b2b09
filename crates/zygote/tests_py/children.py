"""What the scripts that call the extension share: loading it, and work in a child of its own."""

import importlib.machinery
import importlib.util
import json
import os
import signal
import sys


def load_extension(path):
    loader = importlib.machinery.ExtensionFileLoader("_palisade", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("_palisade", loader))
    loader.exec_module(module)
    return module


def in_child(work, seconds):
    """What `work` returns, as JSON gives it back, computed in a forked child that has so many seconds; else why there is nothing:
    `{"broken": …}`."""
    sys.stdout.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        signal.alarm(seconds)
        try:
            answer = json.dumps(work()).encode()
        except BaseException as error:
            answer = json.dumps({"broken": f"{type(error).__name__}: {error}"}).encode()
        with open(writing, "wb") as pipe:
            pipe.write(answer)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    return json.loads(answer) if answer else {"broken": f"died with status {status}"}
