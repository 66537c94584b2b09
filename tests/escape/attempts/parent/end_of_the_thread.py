# class: false success
# technique: the first thread ends by the system call for threads
# layers: supervisor
# single: what a lost child says is judged by the supervisor alone
# code: native
# control: no result is an error, whatever is off
# witness: messages
call("exit", 0)
