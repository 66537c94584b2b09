# class: task to task
# technique: memory shared with what it starts
# layers: seccomp
# single: limits bound how much, and no other layer judges that it is shared
# code: native
# witness: kernel

with mmap.mmap(-1, 4096, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS) as page:
    page[0] = 1
return escaped("a page")
