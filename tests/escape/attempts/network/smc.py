# class: network
# technique: a connection by SMC, which falls back to TCP
# layers: seccomp
# single: only a filter judges which sockets there may be; where there is SMC, a network namespace stops it, too
# code: native
# control: few kernels have SMC built in
# witness: listener

AF_SMC = 43
s = socket.socket(AF_SMC, socket.SOCK_STREAM, 0)
s.connect(("127.0.0.1", host["tcp"]))
return escaped(s.send(host["mark"].encode()))
