# class: non-JSON values
# technique: numbers that JSON has not
# layers: supervisor
# single: what is no JSON is judged by who writes and by who sends it, and by nobody else
# code: user
# control: the child refuses or writes it properly, and the supervisor checks; neither can be switched off
# witness: messages
return [{"json": {"x": float("nan"), "y": float("inf"), "z": -float("inf")}}]
