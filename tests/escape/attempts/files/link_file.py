# class: changing files
# technique: give a file a second name
# layers: landlock, seccomp, identity
# code: native
# witness: made

os.link(host["canary"], host["folder"] + "/" + host["mark"])
return escaped("linked")
