# class: reading files
# technique: a file handle made by name, opened by handle
# layers: landlock, seccomp, capabilities
# code: native
# control: open_by_handle_at needs CAP_DAC_READ_SEARCH, which is always given up
# witness: secret

handle = buffer(struct.pack("Ii", 128, 0) + bytes(128))
mount_id = ctypes.c_int()
call("name_to_handle_at", -100, host["public"]["secret"].encode(), handle, ctypes.byref(mount_id), 0)
try:
    mount = os.open(host["public"]["folder"], os.O_RDONLY | os.O_DIRECTORY)
    fd = call("open_by_handle_at", mount, handle, os.O_RDONLY)
except OSError as error:
    return held([error.args[1] if isinstance(error.args[1], str) and error.args[1] in host["calls"] else "open", refused(error)])
return escaped(os.read(fd, 4096).decode())
