# class: outliving the task
# technique: close the task's socket, so that nobody waits for an answer, and go on
# layers: supervisor
# single: closing is what a task may do
# code: native
# control: a child that closed its socket and does not end is killed
# witness: processes

os.close(3)
time.sleep(20)
