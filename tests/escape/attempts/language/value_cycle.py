# class: non-JSON values
# technique: a list in itself
# layers: supervisor
# single: what is no JSON is judged by who writes and by who sends it, and by nobody else
# code: user
# control: the child refuses or writes it properly, and the supervisor checks; neither can be switched off
# witness: messages
x = []
x.append({"x": x})
return x
