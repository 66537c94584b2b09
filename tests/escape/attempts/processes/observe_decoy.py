# class: other processes
# technique: count what another process does
# layers: landlock, seccomp, namespaces
# code: native
# witness: kernel

PERF_TYPE_SOFTWARE, TASK_CLOCK = 1, 1
DISABLED_EXCLUDE_KERNEL_AND_HV = 1 | 1 << 5 | 1 << 6
attributes = struct.pack("IIQQQQQ", PERF_TYPE_SOFTWARE, 128, TASK_CLOCK, 0, 0, 0, DISABLED_EXCLUDE_KERNEL_AND_HV).ljust(128, b"\0")
return escaped(call("perf_event_open", attributes, host["decoy"]["inside"], -1, -1, 0) >= 0)
