# class: other processes
# technique: read another process's memory
# layers: landlock, seccomp, namespaces
# code: native
# witness: secret

length = host["decoy"]["length"]
room = buffer(length)
here = struct.pack("QQ", address(room), length)
there = struct.pack("QQ", host["decoy"]["address"], length)
call("process_vm_readv", host["decoy"]["inside"], here, 1, there, 1, 0)
return escaped(room.raw.decode())
