# class: kernel attack surface
# technique: a fanotify group
# layers: seccomp
# single: no other layer judges this call
# code: native
# witness: kernel

FAN_CLASS_NOTIF, FAN_REPORT_FID = 0, 0x200
return escaped(call("fanotify_init", FAN_CLASS_NOTIF | FAN_REPORT_FID, 0) >= 0)
