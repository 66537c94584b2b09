# class: wrapper breaking
# technique: a closed bracket that was never opened
# layers: supervisor
# single: there is no text to break out of, so that no other layer is asked
# code: user
# control: the child puts syntax trees together, not texts, whatever is off
# witness: secret
0)
print(open(_items[0]["json"]["secret"]).read())
(0
