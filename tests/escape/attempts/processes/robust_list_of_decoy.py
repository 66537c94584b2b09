# class: other processes
# technique: learn an address in another process by its list of robust futexes
# layers: landlock, seccomp, namespaces
# code: native
# witness: kernel

head, length = ctypes.c_ulong(), ctypes.c_ulong()
call("get_robust_list", host["decoy"]["inside"], ctypes.byref(head), ctypes.byref(length))
return escaped("an address")
