# class: network
# technique: ask for the host's network interfaces by netlink
# layers: seccomp
# single: Landlock does not judge netlink, and a network namespace has interfaces of its own
# code: native
# witness: kernel

RTM_GETLINK, NLM_F_REQUEST_DUMP = 18, 0x301
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.send(struct.pack("IHHIIB15x", 32, RTM_GETLINK, NLM_F_REQUEST_DUMP, 1, 0, 0))
return escaped("interfaces" if s.recv(65536) else "nothing")
