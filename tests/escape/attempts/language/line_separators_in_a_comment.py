# class: parser differentials
# technique: line separators of Unicode, which end no line, in a comment
# layers: supervisor
# single: CPython and the analyzer are handed the same text, so that there is nothing a second layer could see
# code: user
# control: neither parser ends a line there
# witness: secret
# harmless reached = open(_items[0]['json']['secret']).read() reached = 1
try:
    return [{"json": {"reached": reached}}]
except NameError:
    return [{"json": {"reached": None}}]
