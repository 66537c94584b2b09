//! Calls of code that has the language and the interpreter in its hand, and what the sandbox must say to each. What hostile
//! code tries, and that it reaches nothing, is in tests/escape.

/// The start of every attempt: `host` is what the test tells of the host, `call` a raw system call.
pub(crate) const PRELUDE: &str = r#"
import ctypes, mmap, os, signal, socket, subprocess, time
host = _items[0]["json"]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def raw(number, *values):
    ctypes.set_errno(0)
    return libc.syscall(ctypes.c_long(number), *[ctypes.c_long(v) if isinstance(v, int) else v for v in values])
def call(name, *values):
    answer = raw(host["calls"][name], *values)
    if answer == -1:
        raise OSError(ctypes.get_errno(), name)
    return answer
"#;

/// How an attempt must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// With EPERM or EACCES.
    Refused,
    /// With ENOSYS.
    NotImplemented,
    /// With the end of the task, whose error names this call.
    Trapped(&'static str),
    /// With success: a control, without which the others could prove nothing.
    Works,
    /// A control where files may be read, refused elsewhere.
    WorksWithFiles,
    /// A control where there may be an event loop, refused elsewhere.
    WorksWithLoop,
}

/// An attempt: how it must end, and the body of a function which returns or raises `OSError`.
pub(crate) type Attempt = (Expected, &'static str);

use Expected::{NotImplemented, Refused, Trapped, Works, WorksWithFiles, WorksWithLoop};

/// All of them. None needs more than the modules of the prelude.
pub(crate) fn all() -> impl Iterator<Item = Attempt> {
    [CONTROLS, SOCKETS, ODD, NAMED, EVERYBODY].concat().into_iter()
}

const CONTROLS: &[Attempt] = &[
    (Works, "return call('getpid')"),
    (Works, "return mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)[0]"),
    (Works, "return time.sleep(0.001)"),
    (WorksWithFiles, "return os.open(host['library'], os.O_RDONLY)"),
    (WorksWithFiles, "return os.listdir(os.path.dirname(host['library']))"),
];

/// What an event loop needs of sockets, and what lies next to it.
const SOCKETS: &[Attempt] = &[
    (WorksWithLoop, "return socket.socketpair()"),
    (Refused, "return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)"),
    (Refused, "return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)"),
    (Refused, "return socket.socketpair(socket.AF_INET, socket.SOCK_STREAM)"),
    (Refused, "return call('socketpair', 1, 1 | 0x4, 0, bytes(8))"),
    (Refused, "return call('socketpair', 1, 1, 1, bytes(8))"),
    (Refused, "a, b = socket.socketpair()\nreturn a.send(b'x', socket.MSG_OOB)"),
    (Refused, "a, b = socket.socketpair()\nreturn b.recv(1, socket.MSG_OOB)"),
    (Refused, "a, b = socket.socketpair()\nreturn a.sendmsg([b'x'])"),
    (Refused, "a, b = socket.socketpair()\nreturn socket.send_fds(a, [b'x'], [0])"),
    (Refused, "a, b = socket.socketpair()\nreturn b.recvmsg(1, 100)"),
    (Refused, "return call('sendto', 3, b'x', 1, 0, bytes(16), 16)"),
    (Refused, "return call('sendto', 3, b'x', 1, 1, 0, 0)"),
    (Refused, "return call('recvfrom', 3, bytes(1), 1, 2, 0, 0)"),
];

/// Calls that only a filter refuses to everybody.
const ODD: &[Attempt] = &[
    (Refused, "return call('semget', 0, 1, 0o1666)"),
    (Refused, "return call('msgget', 0, 0o1666)"),
    (Refused, "return call('shmat', 0, 0, 0)"),
    (Refused, "return call('mq_open', b'palisade', 0o102, 0o600, 0)"),
    (Refused, "return call('membarrier', 0, 0, 0)"),
    (Refused, "return call('mbind', 0, 4096, 0, 0, 0, 0)"),
    (Refused, "return call('set_mempolicy', 0, 0, 0)"),
    (Refused, "return call('set_mempolicy_home_node', 0, 0, 0, 0)"),
    (Refused, "return call('remap_file_pages', 0, 4096, 0, 0, 0)"),
    (Refused, "return call('futex_waitv', 0, 0, 0, 0, 0)"),
    (Refused, "return call('vmsplice', 3, 0, 0, 0)"),
    (Refused, "return call('sched_setscheduler', 0, 0, bytes(4))"),
    (Refused, "return call('sched_setattr', 0, bytes(56), 0)"),
    (Refused, "return call('ioprio_set', 1, 0, 4 << 13)"),
    (Refused, "return call('setpgid', 0, 0)"),
    (Refused, "return call('setsid')"),
    (Refused, "return call('ioctl', 3, 0x5412, b'x')"),
    (Refused, "return call('ioctl', 3, 0x541c, b'x')"),
    (Refused, "return call('ioctl', 3, 0x540e, 1)"),
    (Refused, "return call('ioctl', 3, 0x5452, bytes(4))"),
    (Refused, "return call('ioctl', 3, 0x8912, bytes(16))"),
    (Refused, "return call('ioctl', 3, 0x40086602, bytes(8))"),
    (Refused, "return call('fcntl', 3, 8, host['inside'][0])"),
    (Refused, "return call('fcntl', 3, 10, 9)"),
    (Refused, "return call('timer_create', 0, 0, bytes(8))"),
];

/// Calls whose refusal tells more than that they were refused.
const NAMED: &[Attempt] = &[
    (Trapped("name_to_handle_at"), "return call('name_to_handle_at', -100, b'/etc/passwd', bytes(200), bytes(8), 0)"),
    (Trapped("open_by_handle_at"), "return call('open_by_handle_at', 3, bytes(200), 0)"),
    (NotImplemented, "return call('clone3', bytes(88), 88)"),
    (Trapped("execve"), "return os.execv('/bin/true', ['true'])"),
    (Trapped("execve"), "return call('execve', b'/proc/self/exe', 0, 0)"),
    (Trapped("execveat"), "return call('execveat', 3, b'', 0, 0, 0x1000)"),
    (Trapped("pidfd_getfd"), "return call('pidfd_getfd', 3, 0, 0)"),
    (Trapped("ptrace"), "return call('ptrace', 16, host['siblings'][0], 0, 0)"),
    (Trapped("process_vm_readv"), "return call('process_vm_readv', host['inside'][0], 0, 0, 0, 0, 0)"),
    (Trapped("process_vm_writev"), "return call('process_vm_writev', host['inside'][0], 0, 0, 0, 0, 0)"),
    (Trapped("kcmp"), "return call('kcmp', host['inside'][0], host['inside'][1], 0, 0, 0)"),
    (Trapped("io_uring_setup"), "return call('io_uring_setup', 1, bytes(120))"),
    (Trapped("bpf"), "return call('bpf', 0, bytes(128), 128)"),
    (Trapped("perf_event_open"), "return call('perf_event_open', bytes(128), 0, -1, -1, 0)"),
    (Trapped("userfaultfd"), "return call('userfaultfd', 1)"),
    (Trapped("keyctl"), "return call('keyctl', 0, -3, 0, 0, 0)"),
    (Trapped("request_key"), "return call('request_key', b'user', b'x', 0, -3)"),
    (Trapped("add_key"), "return call('add_key', b'user', b'x', b'x', 1, -3)"),
    (Trapped("unshare"), "return call('unshare', 0x10000000)"),
    (Trapped("setns"), "return call('setns', 3, 0)"),
    (Trapped("mount"), "return call('mount', 0, b'/tmp', b'tmpfs', 0, 0)"),
    (Trapped("umount2"), "return call('umount2', b'/proc', 2)"),
    (Trapped("chroot"), "return os.chroot('/')"),
    (Trapped("pivot_root"), "return call('pivot_root', b'/', b'/')"),
    (Trapped("fsopen"), "return call('fsopen', b'tmpfs', 0)"),
    (Trapped("open_tree"), "return call('open_tree', -100, b'/', 0)"),
    (Trapped("init_module"), "return call('init_module', 0, 0, b'')"),
    (Trapped("reboot"), "return call('reboot', 0, 0, 0, 0)"),
    (Trapped("sethostname"), "return call('sethostname', b'x', 1)"),
];

/// What nobody could be asked to try with a layer off.
const EVERYBODY: &[Attempt] = &[
    (Refused, "return os.kill(1, signal.SIGKILL)"),
    (Refused, "return os.kill(-1, signal.SIGKILL)"),
    (Refused, "return os.killpg(0, signal.SIGKILL)"),
    (Refused, "return call('mlockall', 1)"),
];
