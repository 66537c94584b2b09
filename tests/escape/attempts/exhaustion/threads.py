# class: exhaustion
# technique: three hundred threads, in the tier that has them
# layers: rlimits, supervisor
# code: native
# tier: threads
# control: the watch over threads is always on
# witness: kernel

import threading
try:
    for _ in range(300):
        threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
except (MemoryError, RuntimeError) as error:
    return held("no more threads")
time.sleep(0.2)
return escaped("300 threads")
