# class: parser differentials
# technique: a coding cookie under which a comment becomes code
# layers: supervisor
# single: CPython and the analyzer are handed the same text, so that there is nothing a second layer could see
# code: user
# control: the child hands CPython text, never bytes, so that a cookie means nothing
# witness: secret
# -*- coding: utf-7 -*-
# harmless +AAo-reached = open(_items[0]["json"]["secret"]).read()
try:
    return [{"json": {"reached": reached}}]
except NameError:
    return [{"json": {"reached": None}}]
