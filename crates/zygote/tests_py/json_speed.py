"""How fast items are read and results written, beside this interpreter's own json, in CPU time of one process.

    cargo build --release -p palisade-zygote --features palisade-zygote/inline
    python -I crates/zygote/tests_py/json_speed.py LIBRARY [MIB...]

Compare ratios: machines differ, and pace with what else they do.
"""

import gc
import json
import os
import random
import sys
import time

# Started with -I, which leaves the script's own folder out.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from children import load_extension  # noqa: E402

sys.path.pop(0)


def item(number, some):
    return {
        "json": {
            "id": number,
            "name": f"Customer {some.randrange(10**6)}",
            "email": f"user{number}@example.com",
            "active": some.random() < 0.5,
            "balance": round(some.random() * 10**4, 2),
            "score": some.random(),
            "tags": ["a", "news", "vip"][: some.randrange(4)],
            "address": {"street": f"{number} Main St", "city": some.choice(["Berlin", "Zürich", "São Paulo"])},
            "createdAt": "2024-05-06T07:08:09.123Z",
            "notes": None,
            "text": 'Lorem ipsum dolor sit amet, "consectetur" adipiscing elit.\n' * some.randrange(3),
        },
        "pairedItem": {"item": number},
    }


def seconds(work, times):
    """The least of some runs."""
    least = float("inf")
    for _ in range(times):
        begun = time.process_time()
        made = work()
        least = min(least, time.process_time() - begun)
        del made
    return least


def main(path, *sizes):
    ours = load_extension(path)
    some = random.Random(5)
    decode = json.JSONDecoder().decode
    for mib in map(int, sizes or (1, 20)):
        items, size = [], 0
        while size < mib << 20:
            items.append(item(len(items), some))
            size += len(json.dumps(items[-1], ensure_ascii=False).encode())
        sent = json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()
        if ours.read_json(sent) != items or ours.write_json(items, "compact", 1 << 40) != sent:
            return "the two do not agree"
        times = 9 if mib < 5 else 4
        reading = {"ours": lambda: ours.read_json(sent), "json.loads": lambda: json.loads(sent)}
        writing = {
            "ours": lambda: ours.write_json(items, "compact", 1 << 40),
            "json.dumps": lambda: json.dumps(items, default=str, ensure_ascii=False, separators=(",", ":")).encode(),
        }
        spent = {name: seconds(work, times) for name, work in reading.items()}
        gc.disable()
        spent["json, collector off"] = seconds(lambda: decode(sent.decode()), times)
        gc.enable()
        for what, spent in (("read", spent), ("write", {name: seconds(work, times) for name, work in writing.items()})):
            rates = (f"{name} {len(sent) / 1e6 / took:.0f} MB/s ({took / spent['ours']:.2f})" for name, took in spent.items())
            print(f"{mib} MiB, {what}: {', '.join(rates)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
