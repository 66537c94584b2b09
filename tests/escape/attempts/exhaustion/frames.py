# class: exhaustion
# technique: recursion without a limit, which the interpreter has on its heap
# layers: rlimits, supervisor
# code: native
# limits: memory_mib=64
# control: the watch over memory is always on
# witness: memory

sys.setrecursionlimit(1 << 30)
def deeper(text):
    return deeper(text + "x" * 1000)
try:
    deeper("")
except (MemoryError, RecursionError) as error:
    return held("MemoryError" if isinstance(error, MemoryError) else "RecursionError")
