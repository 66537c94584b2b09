# class: network
# technique: listen without bind: the kernel chooses the port
# layers: seccomp
# single: Landlock judges bind, which this goes without; a network namespace has a network of its own, and nobody else in it
# code: native
# witness: kernel

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.listen(1)
return escaped("listening")
