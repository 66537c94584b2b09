# class: changing files
# technique: create a module beside the standard library, for the next interpreter to import
# layers: landlock, seccomp, identity, capabilities
# code: native
# control: the interpreter's library belongs to another user, and CAP_DAC_OVERRIDE is always given up
# witness: made

folder = os.path.dirname(host["library"])
try:
    fd = os.open(folder + "/" + host["mark"] + ".py", os.O_WRONLY | os.O_CREAT, 0o600)
except OSError as error:
    try:
        os.listdir(folder)
    except OSError as other:
        return held([refused(error), refused(other)])
    return held([refused(error)])
return escaped("made")
