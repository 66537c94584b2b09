# class: non-JSON values
# technique: halves of surrogate pairs in texts and keys
# layers: supervisor
# single: what is no JSON is judged by who writes and by who sends it, and by nobody else
# code: user
# control: the child refuses or writes it properly, and the supervisor checks; neither can be switched off
# witness: messages
return [{"json": {chr(0xD800): chr(0xDFFF) + "x" + chr(0xDC00) + chr(0xD800)}}]
