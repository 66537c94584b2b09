# class: changing files
# technique: an extended attribute on a file that everybody may write to
# layers: seccomp
# single: Landlock does not judge extended attributes
# code: native
# witness: canary

os.setxattr(host["public"]["canary"], "user.mark", b"x")
return escaped("changed")
