# class: malformed frames
# technique: exceptions that belong to themselves, to none and to each other, with places that are none
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: the supervisor's judgement of what a child says cannot be switched off
# witness: messages
def frame(kind, payload):
    return bytes([kind]) + struct.pack("<Q", len(payload)) + payload
def say(what):
    while what:
        what = what[os.write(3, what):]
most = "18446744073709551615"
place = '{"line":' + most + ',"function":"f","span":{"start":4294967295,"end":0},"repeated":' + most + ',"left_out":' + most + '}'
def related(link, to):
    return '{"link":"' + link + '","to":' + str(to) + ',"class":"X","message":"m","notes":["n"],"frames":[' + place + ']}'
chain = [related("cause", 1), related("context", 5), related("member", most), related("member", 0)] + [related("member", n) for n in range(4, 1000)]
say(frame(20, ('{"kind":"raised","class":"X","message":"a","line":1,"span":{"start":4294967295,"end":null},"frames":[' + ",".join([place] * 1000) + '],"notes":[],"related":[' + ",".join(chain) + '],"more_related":true}').encode()))
os._exit(0)
