# class: changing files
# technique: exchange two files by renameat2
# layers: landlock, seccomp, identity
# code: native
# witness: canary

RENAME_EXCHANGE = 2
call("renameat2", -100, host["canary"].encode(), -100, host["secret"].encode(), RENAME_EXCHANGE)
return escaped("exchanged")
