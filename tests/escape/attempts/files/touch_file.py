# class: changing files
# technique: set the times of a file that everybody may write to
# layers: seccomp
# single: Landlock does not judge times, and a right to write is enough for the present time
# code: native
# witness: canary

os.utime(host["public"]["canary"])
return escaped("changed")
