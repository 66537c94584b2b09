# class: wrapper breaking
# technique: a closed bracket that was never opened
# layers: supervisor
# single: there is no text to break out of, so that no other layer is asked
# code: user
# control: the child moves whole lines, and puts syntax trees together where a line is not plainly whole, whatever is off
# witness: secret
0)
print(open(_items[0]["json"]["secret"]).read())
(0
