# class: reading files
# technique: a file handle made by name: a number for a file that works on every mount of its file system
# layers: seccomp
# single: Landlock judges the opening of files, not their names; without CAP_DAC_READ_SEARCH the handle opens nothing
# code: native
# witness: kernel

handle = buffer(struct.pack("Ii", 128, 0) + bytes(128))
mount_id = ctypes.c_int()
call("name_to_handle_at", -100, host["public"]["secret"].encode(), handle, ctypes.byref(mount_id), 0)
return escaped("a handle")
