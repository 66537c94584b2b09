# class: reading files
# technique: use any inherited descriptor but the task's socket: read it, or open relative to it
# layers: seccomp, supervisor
# code: native
# control: the child closes all descriptors but its own socket, whatever layers it has
# witness: secret

found = set()
for fd in [0, 1, 2, *range(4, 256)]:
    for attempt in (lambda: os.pread(fd, 4096, 0), lambda: os.open("." + host["secret"], os.O_RDONLY, dir_fd=fd)):
        try:
            got = attempt()
        except OSError as error:
            found.add(refused(error))
        else:
            return escaped(repr(got))
return held(sorted(found))
