# class: outliving the task
# technique: the first thread ends, and another one goes on
# layers: supervisor
# single: in this tier a task may have threads, and each may end
# code: native
# tier: threads
# limits: timeout_s=1
# control: a task's time is always limited
# witness: processes

import threading
threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
raw(host["calls"]["exit"], 0)
