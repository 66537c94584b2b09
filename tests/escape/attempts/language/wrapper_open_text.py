# class: wrapper breaking
# technique: a text left open, to swallow what is pasted behind
# layers: supervisor
# single: there is no text to break out of, so that no other layer is asked
# code: user
# control: the child moves whole lines, and puts syntax trees together where a line is not plainly whole, whatever is off
# witness: secret
print(open(_items[0]["json"]["secret"]).read())
x = """
