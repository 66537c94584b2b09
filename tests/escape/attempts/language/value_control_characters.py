# class: non-JSON values
# technique: every control character, and what ends lines elsewhere
# layers: supervisor
# single: what is no JSON is judged by who writes and by who sends it, and by nobody else
# code: user
# control: the child refuses or writes it properly, and the supervisor checks; neither can be switched off
# witness: messages
return [{"json": {"x": "".join(chr(code) for code in range(0xA0)) + chr(0x2028) + chr(0x2029) + chr(0xFEFF)}}]
