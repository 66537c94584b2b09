# class: running programs
# technique: execute a program that was written to a memfd
# layers: seccomp, rlimits
# code: native
# witness: kernel

x86 = host["calls"]["getpid"] == 39
# exit(42)
code = bytes.fromhex("bf2a000000b83c0000000f05" if x86 else "400580d2a80b80d2010000d4")
base, start = 0x400000, 64 + 56
program = b"\x7fELF\x02\x01\x01" + bytes(9)
program += struct.pack("HHIQQQIHHHHHH", 2, 62 if x86 else 183, 1, base + start, 64, 0, 0, 64, 56, 1, 0, 0, 0)
program += struct.pack("IIQQQQQQ", 1, 5, 0, base, base, start + len(code), start + len(code), 4096)
program += code
fd = os.memfd_create("program")
os.write(fd, program)
child = os.fork()
if child == 0:
    try:
        os.execv(f"/proc/self/fd/{fd}", ["program"])
    finally:
        os._exit(1)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
return escaped(status) if status == 42 else held(status)
