# class: wrapper breaking
# technique: a text left open, to swallow what is pasted behind
# layers: supervisor
# single: there is no text to break out of, so that no other layer is asked
# code: user
# control: the child puts syntax trees together, not texts, whatever is off
# witness: secret
print(open(_items[0]["json"]["secret"]).read())
x = """
