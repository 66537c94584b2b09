import ctypes, errno, mmap, os, signal, socket, struct, subprocess, sys, time
host = _items[0]["json"]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def raw(number, *values):
    ctypes.set_errno(0)
    return libc.syscall(ctypes.c_long(number), *[ctypes.c_long(v) if isinstance(v, int) else v for v in values])
def call(name, *values):
    answer = raw(host["calls"][name], *values)
    if answer == -1:
        raise OSError(ctypes.get_errno(), name)
    return answer
def buffer(what):
    return ctypes.create_string_buffer(what)
def address(of):
    return ctypes.addressof(of)
def refused(error):
    return errno.errorcode.get(error.errno, str(error.errno))
def others():
    return [spare for spare in host["spares"] if spare["inside"] != os.getpid()]
def escaped(evidence):
    return [{"json": {"escaped": evidence}}]
def held(evidence):
    return [{"json": {"held": evidence}}]
