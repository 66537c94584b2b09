# class: exhaustion
# technique: never end, and do nothing
# layers: supervisor
# single: sleeping is what a task may do
# code: native
# limits: timeout_s=1
# control: a task's time is always limited
# witness: processes

time.sleep(3600)
