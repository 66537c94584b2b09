# class: reading files
# technique: be told of everything that happens in a folder, by inotify
# layers: seccomp
# single: Landlock does not judge watches, and everybody may read the folder
# code: native
# witness: kernel

fd = call("inotify_init1", 0)
call("inotify_add_watch", fd, host["public"]["folder"].encode(), 0xfff)
return escaped("a watch")
