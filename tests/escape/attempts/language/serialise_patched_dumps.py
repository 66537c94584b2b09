# class: shared serialiser
# technique: json's functions replaced
# layers: supervisor
# single: what is written is judged by the supervisor alone
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
import json
json.dumps = json.JSONEncoder.encode = json.JSONEncoder.default = lambda *a, **k: 'null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}'
json.encoder.JSONEncoder.iterencode = lambda *a, **k: iter(['null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}'])
return [{"json": {"x": [(1,)], "y": {1}}}]
