# class: non-JSON values
# technique: keys of every kind, some the same once written
# layers: supervisor
# single: what is no JSON is judged by who writes and by who sends it, and by nobody else
# code: user
# control: the child refuses or writes it properly, and the supervisor checks; neither can be switched off
# witness: messages
return [{"json": {1: 1, "1": 2, 1.0: 3, None: 4, "null": 5, True: 6, "true": 7}}]
