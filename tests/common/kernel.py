"""Runs a command on a kernel that is not at hand: a seccomp filter answers some of its system calls.

    kernel.py SPECIFICATION COMMAND...

The specification is a JSON object, all keys of it optional:

    refuse        [{"call": number, "errno": number, "when": [[argument, mask, value], ...]}, ...]
    landlock      Landlock's ABI, 1 or more; answered as a kernel of that age does
    hide_fields   names of fields that /proc/PID/status does not have
    user          [uid, gid] to run the command as

What needs more than an errno is answered by this process, which the kernel asks (SECCOMP_RET_USER_NOTIF). It exits as the
command does, and with UNABLE where this host cannot be made into that one.
"""

import ctypes
import fcntl
import json
import os
import re
import select
import signal
import socket
import struct
import sys

UNABLE = 77

LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
SECCOMP, OPENAT = {"x86_64": (317, 257), "aarch64": (277, 56)}[os.uname().machine]

# linux/seccomp.h
SET_MODE_FILTER = 1
NEW_LISTENER, WAIT_KILLABLE = 8, 32
ALLOW, ERRNO, USER_NOTIF = 0x7FFF0000, 0x00050000, 0x7FC00000
NOTIF_RECV, NOTIF_SEND, NOTIF_ADDFD = 0xC0502100, 0xC0182101, 0x40182103
CONTINUE, ADDFD_SEND = 1, 2

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
CLONE_NEWUSER = 0x10000000

# linux/landlock.h: how many rights of each kind an ABI knows, and how long its struct landlock_ruleset_attr is.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16}
NET_RIGHTS = {4: 2, 5: 2, 6: 2, 7: 2}
SCOPES = {6: 2, 7: 2}
ATTRIBUTE = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16, 6: 24, 7: 24}
RULE_NET_PORT = 2

libc = ctypes.CDLL(None, use_errno=True)


def unable(why):
    print(f"UNABLE: {why}", file=sys.stderr)
    sys.exit(UNABLE)


def called(answer, what):
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return answer


def instruction(code, if_true, if_false, value):
    return struct.pack("=HBBI", code, if_true, if_false, value)


def load(offset):
    return instruction(0x20, 0, 0, offset)


def rule(call, conditions, action):
    """Answers with `action` where the number and the low halves of all arguments are as said; else goes on behind it."""
    tests = []
    for argument, mask, value in conditions:
        tests += [load(16 + 8 * argument), instruction(0x54, 0, 0, mask), (value,)]
    rest = [*tests, instruction(0x06, 0, 0, action)]
    out = [load(0), instruction(0x15, 0, len(rest), call)]
    for index, step in enumerate(rest):
        is_test = isinstance(step, tuple)
        out.append(instruction(0x15, 0, len(rest) - index - 1, step[0]) if is_test else step)
    return out


def install(spec):
    """Puts the filter on; the descriptor to be asked through comes back, where there is anything to ask."""
    program, asked = [], []
    for refused in spec.get("refuse", []):
        program += rule(refused["call"], refused.get("when", []), ERRNO | refused["errno"])
    if spec.get("landlock"):
        asked += [LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF]
    if spec.get("hide_fields"):
        asked.append(OPENAT)
    for call in asked:
        program += rule(call, [], USER_NOTIF)
    program.append(instruction(0x06, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(program))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    filter = Program(len(program), ctypes.addressof(code))
    if not may_administer():
        called(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    flags = NEW_LISTENER | WAIT_KILLABLE if asked else 0
    answer = libc.syscall(ctypes.c_long(SECCOMP), SET_MODE_FILTER, flags, ctypes.byref(filter))
    called(answer, "seccomp")
    return answer if asked else None


def may_administer():
    """Whether this process may put on filters as it is. Else it must promise to gain no privileges, and so must the command."""
    with open("/proc/self/status", encoding="ascii") as status:
        effective = next(line for line in status if line.startswith("CapEff:"))
    return int(effective.split()[1], 16) >> 21 & 1 == 1


def gain_sight():
    """What a runner calls with lies in memory that is closed to others of its user. In a user namespace of its own this
    process may look into it; the command, which keeps its id, gains nothing."""
    if os.geteuid() == 0:
        return
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        unable(f"this user may not make a user namespace: {os.strerror(ctypes.get_errno())}")
    for file, text in [("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")]:
        with open(f"/proc/self/{file}", "w", encoding="ascii") as target:
            target.write(text)


def become_command(spec, command, sender):
    listener = install(spec)
    if listener is not None:
        socket.send_fds(sender, [b"x"], [listener])
    sender.close()
    if "user" in spec:
        uid, gid = spec["user"]
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    called(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "parent-death signal")
    os.execv(command[0], command)


class Span(ctypes.Structure):
    """struct iovec"""

    _fields_ = [("at", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def memory(pid, address, length):
    """At most that much of a process's memory. Not by /proc/PID/mem, which belongs to root where the process is closed."""
    buffer = ctypes.create_string_buffer(length)
    here, there = Span(ctypes.addressof(buffer), length), Span(address, length)
    libc.process_vm_readv.restype = ctypes.c_ssize_t
    got = libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return buffer.raw[: called(got, "process_vm_readv")]


class Answer(Exception):
    """An answer other than the host's own."""

    def __init__(self, value=0, errno=0):
        super().__init__()
        self.value, self.errno = value, errno


EINVAL, E2BIG = 22, 7


def create_ruleset(abi, pid, attribute, size, flags):
    if flags:
        if flags == 1 and attribute == 0 and size == 0:
            raise Answer(value=abi)
        raise Answer(errno=EINVAL)
    if size < 8:
        raise Answer(errno=EINVAL)
    given = memory(pid, attribute, size).ljust(24, b"\0")
    if any(given[ATTRIBUTE[abi]:]):
        raise Answer(errno=E2BIG)
    handled = struct.unpack("=QQQ", given[:24])
    for rights, known in zip(handled, (FILE_RIGHTS, NET_RIGHTS, SCOPES)):
        if rights >> known.get(abi, 0):
            raise Answer(errno=EINVAL)


def landlock(abi, call, pid, arguments):
    """What a kernel of this ABI knows is done by the host: it judges by the rights that are handled, and no others."""
    if call == LANDLOCK_CREATE_RULESET:
        create_ruleset(abi, pid, *arguments[:2], arguments[2] & 0xFFFFFFFF)
    elif call == LANDLOCK_ADD_RULE and arguments[1] & 0xFFFFFFFF == RULE_NET_PORT and abi < 4:
        raise Answer(errno=EINVAL)
    elif call == LANDLOCK_RESTRICT_SELF and abi < 7 and arguments[1] & 0xFFFFFFFF:
        raise Answer(errno=EINVAL)


def text_at(pid, address):
    """The start of a text, of which the last page may end right behind it."""
    to_end_of_page = 4096 - address % 4096
    text = memory(pid, address, min(64, to_end_of_page))
    if to_end_of_page < 64 and b"\0" not in text:
        text += memory(pid, address + to_end_of_page, 64 - to_end_of_page)
    return text


def status_without(fields, pid, address):
    """A descriptor of the status file without these fields, where it is that which is to be opened."""
    path = text_at(pid, address).split(b"\0", 1)[0].decode("utf-8", "replace")
    found = re.fullmatch(r"/proc/(self|\d+)/status", path)
    if not found:
        return None
    number = pid if found[1] == "self" else found[1]
    try:
        with open(f"/proc/{number}/status", encoding="utf-8", errors="surrogateescape") as file:
            lines = [line for line in file if line.split(":")[0] not in fields]
    except OSError:
        return None
    copy = os.memfd_create("status")
    os.write(copy, "".join(lines).encode("utf-8", "surrogateescape"))
    os.lseek(copy, 0, os.SEEK_SET)
    return copy


def answer(spec, listener):
    question = bytearray(80)
    try:
        fcntl.ioctl(listener, NOTIF_RECV, question)
    except OSError:
        # Whoever asked has ended.
        return
    number, pid, _, call, _, _, *arguments = struct.unpack("=QIIiIQ6Q", question)
    value, errno, flags = 0, 0, CONTINUE
    try:
        if call == OPENAT:
            copy = status_without(spec["hide_fields"], pid, arguments[1])
            if copy is not None:
                fcntl.ioctl(listener, NOTIF_ADDFD, struct.pack("=QIIII", number, ADDFD_SEND, copy, 0, os.O_CLOEXEC))
                os.close(copy)
                return
        else:
            landlock(spec["landlock"], call, pid, arguments)
    except Answer as given:
        value, errno, flags = given.value, -given.errno, 0
    except OSError as error:
        print(f"kernel.py: call {call} of process {pid}: {error}", file=sys.stderr)
        errno, flags = -5, 0
    try:
        fcntl.ioctl(listener, NOTIF_SEND, struct.pack("=QqiI", number, value, errno, flags))
    except OSError:
        # It ended while it waited.
        pass


def main():
    spec, command = json.loads(sys.argv[1]), sys.argv[2:]
    if spec.get("landlock") or spec.get("hide_fields"):
        gain_sight()
    receiver, sender = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            become_command(spec, command, sender)
        except OSError as error:
            print(f"kernel.py: {error}", file=sys.stderr)
        os._exit(UNABLE + 1)
    sender.close()
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    _, descriptors, _, _ = socket.recv_fds(receiver, 1, 1)
    for listener in descriptors:
        poll.register(listener, select.POLLIN)
    while True:
        ready = dict(poll.poll())
        for listener in descriptors:
            if ready.get(listener, 0) & select.POLLIN:
                answer(spec, listener)
            elif listener in ready:
                poll.unregister(listener)
                descriptors = []
        if ended in ready:
            _, status = os.waitpid(child, 0)
            code = os.waitstatus_to_exitcode(status)
            sys.exit(code if code >= 0 else 128 - code)


main()
