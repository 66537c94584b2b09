# class: other processes
# technique: write another process's memory
# layers: landlock, seccomp, namespaces
# code: native
# witness: decoy

text = buffer(b"changed")
here = struct.pack("QQ", address(text), 7)
there = struct.pack("QQ", host["decoy"]["address"], 7)
call("process_vm_writev", host["decoy"]["inside"], here, 1, there, 1, 0)
return escaped("written")
