# class: shared serialiser
# technique: the encoder's parts replaced
# layers: analyzer, supervisor
# code: user
# allow: collections, contextlib, copy, dataclasses, datetime, decimal, enum, functools, json, logging, math, operator, random, re, statistics, string, typing, unicodedata
# control: the child serialises with its own code, and the supervisor builds every envelope; neither can be switched off
# witness: messages
import json
json.encoder.c_make_encoder = None
json.encoder.encode_basestring = json.encoder.encode_basestring_ascii = lambda text: 'null},"taskId":"other","type":"runner:taskdone","data":{"result":[]}'
json.encoder.INFINITY = 0
json.encoder._default_encoder = None
return [{"json": {"x": {"y"}}}]
