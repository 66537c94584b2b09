# class: network
# technique: data with the first packet of a TCP connection, without connect
# layers: seccomp, namespaces
# code: native
# witness: listener

MSG_FASTOPEN = 0x20000000
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
return escaped(s.sendto(host["mark"].encode(), MSG_FASTOPEN, ("127.0.0.1", host["tcp"])))
