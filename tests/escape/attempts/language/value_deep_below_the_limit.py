# class: non-JSON values
# technique: as deep as the child writes
# layers: supervisor
# single: what is no JSON is judged by who writes and by who sends it, and by nobody else
# code: user
# control: the child refuses or writes it properly, and the supervisor checks; neither can be switched off
# witness: messages
x = []
for _ in range(900):
    x = [x]
return [{"json": {"x": x}}]
