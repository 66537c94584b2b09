# class: exhaustion
# technique: hundreds of files with nothing in them
# layers: landlock, seccomp
# code: native
# witness: canary

for number in range(300):
    os.close(os.open(f"{host['public']['empty']}/{number}", os.O_WRONLY | os.O_CREAT, 0o600))
return escaped("300 files")
