# class: false success
# technique: an end with status 0 and without a word
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: no result is an error, whatever is off
# witness: messages
os._exit(0)
