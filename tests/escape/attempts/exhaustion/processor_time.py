# class: exhaustion
# technique: never end, with every signal blocked
# layers: supervisor
# single: computing is what a task may do, and the limit of processor time comes after that of the task
# code: native
# limits: timeout_s=1
# control: a task's time is always limited
# witness: processes

signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    pass
