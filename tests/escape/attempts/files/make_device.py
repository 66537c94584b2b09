# class: changing files
# technique: make a device file that leads to the memory device
# layers: landlock, seccomp, capabilities
# code: native
# control: mknod of a device needs CAP_MKNOD, which is always given up
# witness: made

path = host["public"]["folder"] + "/" + host["mark"]
try:
    os.mknod(path, 0o20666, os.makedev(1, 3))
except OSError as error:
    answers = [refused(error)]
else:
    return escaped("made")
try:
    # 0o70000 is no kind of file: EINVAL, unless somebody refuses it first.
    call("mknodat", -100, path.encode(), 0o70666, 0)
except OSError as error:
    answers.append(refused(error))
return held(answers)
