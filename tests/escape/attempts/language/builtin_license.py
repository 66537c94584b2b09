# class: denied builtins come back
# technique: license, which opens the files it names
# layers: interpreter, landlock, seccomp, identity
# code: user
# witness: secret
host = _items[0]["json"]
setattr(license, "_Printer" + "__filenames", [host["secret"]])
setattr(license, "_Printer" + "__lines", None)
return [{"json": {"reached": str(license)}}]
