"""Drives a real n8n with Palisade as its Python runner through every scenario, and reports. Started by `run`."""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

import model
import workflow
from processes import Failed, N8n, Palisade
from scenarios import SCENARIOS

HEALTH = {"N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED": "true", "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT": "18676"}


class Stage:
    """An n8n and the Palisade that serves it now."""

    def __init__(self, installed, program, folder):
        self.program, self.folder = program, folder
        self.n8n, self.palisade = N8n(installed, folder), None

    def set(self):
        self.n8n.load(workflow.workflow(), workflow.credential())
        self.n8n.start()
        self.palisade = self.new_palisade()
        self.n8n.answers()

    def new_palisade(self, **variables):
        return Palisade(self.program, self.folder, **{**HEALTH, **variables})

    def restart_palisade(self, **variables):
        self.palisade.process.stop()
        self.palisade = self.new_palisade(**variables)

    def mend(self):
        """After a scenario that failed: what the next one needs, which may have been lost."""
        if not self.n8n.process.is_alive():
            self.n8n.start()
        self.palisade.process.stop()
        self.palisade = self.new_palisade()
        self.n8n.answers()

    def strike(self):
        for process in (self.palisade, self.n8n):
            if process is not None and process.process is not None:
                process.process.stop()


def one_line(text):
    return str(text).encode("unicode_escape").decode()[:700]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--n8n", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--palisade", required=True)
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    unknown = set(options.only) - {scenario.__name__ for scenario in SCENARIOS}
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(s.__name__ for s in SCENARIOS)}")
    chosen = [scenario for scenario in SCENARIOS if not options.only or scenario.__name__ in options.only]
    folder = Path(tempfile.mkdtemp(prefix="palisade-n8n-"))
    stage = Stage(options.n8n, options.palisade, folder)
    rows, failures = [], []
    try:
        model.start()
        print(f"n8n {options.version} takes its time to start", flush=True)
        stage.set()
        for scenario in chosen:
            begun = time.monotonic()
            try:
                scenario(stage)
                outcome = "pass"
            except Exception as error:  # a scenario that breaks is one that fails
                outcome = "FAIL"
                cause = error if isinstance(error, Failed) else traceback.format_exc()
                failures.append((scenario.__name__, one_line(cause)))
            took = (time.monotonic() - begun) * 1000
            print(f"{outcome} {scenario.__name__} {took:.0f} ms", flush=True)
            rows.append((scenario.__name__, " ".join(scenario.__doc__.split()), f"{took:.0f}", outcome))
            if outcome == "FAIL":
                print(f"     {failures[-1][1]}", flush=True)
                stage.mend()
        warnings = [line for line in stage.n8n.process.log().splitlines() if "drop" in line.lower() and "runner" in line.lower()]
        for line in warnings:
            print(f"n8n says: {one_line(line)}")
    finally:
        stage.strike()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n| scenario | asked of n8n {options.version} | ms | |\n|---|---|---:|---|")
    for row in rows:
        print("| {} | {} | {} | {} |".format(*row))
    for name, cause in failures:
        print(f"\n{name}: {cause}")
    passed = sum(row[3] == "pass" for row in rows)
    print(f"\n{passed} of {len(chosen)} scenarios passed")
    return 0 if passed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
