# class: running programs
# technique: load a shared library that was written to a memfd
# layers: seccomp, rlimits
# code: native
# witness: kernel

x86 = host["calls"]["getpid"] == 39
# One segment with code and dynamic section: string table, symbol table, hash table with no entries, and the function to run
# when it is loaded: it does nothing but return.
dynamic, tables, code = 64 + 2 * 56, 64 + 2 * 56 + 8 * 16, 64 + 2 * 56 + 8 * 16 + 64
size = code + 16
library = b"\x7fELF\x02\x01\x01" + bytes(9)
library += struct.pack("HHIQQQIHHHHHH", 3, 62 if x86 else 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
library += struct.pack("IIQQQQQQ", 1, 7, 0, 0, 0, size, size, 4096)
library += struct.pack("IIQQQQQQ", 2, 6, dynamic, dynamic, dynamic, 8 * 16, 8 * 16, 8)
DT_STRTAB, DT_SYMTAB, DT_HASH, DT_STRSZ, DT_SYMENT, DT_INIT = 5, 6, 4, 10, 11, 12
for tag, value in [(DT_HASH, tables), (DT_STRTAB, tables + 16), (DT_SYMTAB, tables + 24), (DT_STRSZ, 1), (DT_SYMENT, 24), (DT_INIT, code), (0, 0), (0, 0)]:
    library += struct.pack("QQ", tag, value)
library += struct.pack("IIII", 1, 1, 0, 0) + bytes(48)
library += bytes.fromhex("c3" if x86 else "c0035fd6").ljust(16, b"\0")
fd = os.memfd_create("library")
os.write(fd, library)
try:
    loaded = ctypes.CDLL(f"/proc/self/fd/{fd}")
except OSError as error:
    return held(str(error).rpartition(": ")[2])
return escaped("loaded")
