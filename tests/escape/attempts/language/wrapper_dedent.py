# class: wrapper breaking
# technique: indentation that ends a function which text was pasted into
# layers: supervisor
# single: there is no text to break out of, so that no other layer is asked
# code: user
# control: the child moves whole lines, and puts syntax trees together where a line is not plainly whole, whatever is off
# witness: secret
    pass
reached = open(_items[0]["json"]["secret"]).read()
def rest():
    pass
