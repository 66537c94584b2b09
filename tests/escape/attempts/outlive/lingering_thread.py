# class: outliving the task
# technique: a thread that goes on when the task has answered
# layers: supervisor
# single: in this tier a task may have threads, and they are part of the process that is killed
# code: native
# tier: threads
# control: the process is killed when its task has answered
# witness: processes

import threading
threading.Thread(target=time.sleep, args=(20,), daemon=False).start()
return held("a thread")
