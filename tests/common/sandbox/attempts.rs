//! What hostile code tries that has the language and the interpreter in its hand, and how each of it must fail.

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
    /// The same, or as if what it is about did not exist.
    Hidden,
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

use Expected::{Hidden, NotImplemented, Refused, Trapped, Works, WorksWithFiles, WorksWithLoop};

/// All of them. None needs more than the modules of the prelude.
pub(crate) fn all() -> impl Iterator<Item = Attempt> {
    [CONTROLS, READ, WRITE, NETWORK, PROCESSES, MEMORY, OTHERS, PRIVILEGES].concat().into_iter()
}

const CONTROLS: &[Attempt] = &[
    (Works, "return call('getpid')"),
    (Works, "return mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ)[0]"),
    (Works, "return time.sleep(0.001)"),
    (WorksWithFiles, "return os.open(host['library'], os.O_RDONLY)"),
    (WorksWithFiles, "return os.listdir(os.path.dirname(host['library']))"),
];

const READ: &[Attempt] = &[
    (Refused, "return os.open('/etc/passwd', os.O_RDONLY)"),
    (Refused, "return os.open(host['canary'], os.O_RDONLY)"),
    (Refused, "return os.open(host['canary'], os.O_PATH)"),
    (Refused, "return os.listdir(host['folder'])"),
    (Refused, "return os.listdir('/')"),
    (Refused, "return os.listdir('/proc')"),
    (Refused, "return os.listdir('.')"),
    (Refused, "return os.open('/proc/self/environ', os.O_RDONLY)"),
    (Refused, "return os.open('/proc/self/mem', os.O_RDONLY)"),
    (Refused, "return os.open('/proc/self/maps', os.O_RDONLY)"),
    (Refused, "return os.open('/proc/self/exe', os.O_RDONLY)"),
    (Refused, "return os.open('/proc/self/cwd/etc/passwd', os.O_RDONLY)"),
    (Refused, "return os.open('/proc/self/root/etc/passwd', os.O_RDONLY)"),
    (Refused, "return os.open('/proc/thread-self/root/etc/passwd', os.O_RDONLY)"),
    (Refused, "return os.open('/dev/null', os.O_RDONLY)"),
    (Refused, "return os.open('/dev/urandom', os.O_RDONLY)"),
    (Hidden, "return os.open('/proc/1/environ', os.O_RDONLY)"),
    (Hidden, "return os.open(f\"/proc/{host['supervisor']}/environ\", os.O_RDONLY)"),
    (Hidden, "return os.open(f\"/proc/{host['supervisor']}/mem\", os.O_RDONLY)"),
    (Hidden, "return os.open(f\"/proc/{host['supervisor']}/cmdline\", os.O_RDONLY)"),
    (Hidden, "return os.open(f\"/proc/{host['supervisor']}/maps\", os.O_RDONLY)"),
    (Hidden, "return os.open(f\"/proc/{host['supervisor']}/root/etc/passwd\", os.O_RDONLY)"),
    (Hidden, "return os.listdir(f\"/proc/{host['supervisor']}/fd\")"),
    (Hidden, "return os.listdir(f\"/proc/{host['supervisor']}/task\")"),
    (Hidden, "return os.readlink(f\"/proc/{host['supervisor']}/exe\")"),
    (Hidden, "return os.open(f\"/proc/{host['forkserver']}/environ\", os.O_RDONLY)"),
    (Hidden, "return os.open(f\"/proc/{host['forkserver']}/mem\", os.O_RDONLY)"),
    (Hidden, "return os.readlink(f\"/proc/{host['forkserver']}/exe\")"),
    (Hidden, "return os.open(f\"/proc/{host['siblings'][0]}/mem\", os.O_RDONLY)"),
    (Hidden, "return os.open(f\"/proc/{host['inside'][0]}/mem\", os.O_RDWR)"),
    (Refused, "return call('openat2', -100, b'/etc/passwd', bytes(24), 24)"),
    (Trapped("name_to_handle_at"), "return call('name_to_handle_at', -100, b'/etc/passwd', bytes(200), bytes(8), 0)"),
    (Trapped("open_by_handle_at"), "return call('open_by_handle_at', 3, bytes(200), 0)"),
];

const WRITE: &[Attempt] = &[
    (Refused, "return os.open('/' + host['mark'], os.O_WRONLY | os.O_CREAT, 0o666)"),
    (Refused, "return os.open(host['mark'], os.O_WRONLY | os.O_CREAT, 0o666)"),
    (Refused, "return os.open('/tmp/' + host['mark'], os.O_WRONLY | os.O_CREAT, 0o666)"),
    (Refused, "return os.open('/var/tmp/' + host['mark'], os.O_RDWR | os.O_CREAT, 0o666)"),
    (Refused, "return os.open('/dev/shm/' + host['mark'], os.O_RDWR | os.O_CREAT, 0o666)"),
    (Refused, "return os.open('/run/' + host['mark'], os.O_WRONLY | os.O_CREAT, 0o666)"),
    (Refused, "return os.open(host['folder'] + '/' + host['mark'], os.O_WRONLY | os.O_CREAT, 0o666)"),
    (Refused, "return os.open(host['folder'], os.O_RDWR | os.O_TMPFILE, 0o666)"),
    (Refused, "return os.open(os.path.dirname(host['library']) + '/' + host['mark'], os.O_WRONLY | os.O_CREAT, 0o666)"),
    (Refused, "return os.open(host['library'], os.O_WRONLY)"),
    (Refused, "return os.open(host['canary'], os.O_WRONLY)"),
    (Refused, "return os.open(host['canary'], os.O_RDWR | os.O_TRUNC)"),
    (Refused, "return os.open(host['canary'], os.O_WRONLY | os.O_APPEND)"),
    (Refused, "return os.open(host['canary'], os.O_RDONLY | os.O_TRUNC)"),
    (Refused, "return os.truncate(host['canary'], 0)"),
    (Refused, "return os.ftruncate(3, 0)"),
    (Refused, "return os.unlink(host['canary'])"),
    (Refused, "return os.rename(host['canary'], host['canary'] + host['mark'])"),
    (Refused, "return os.link(host['canary'], host['canary'] + host['mark'])"),
    (Refused, "return os.symlink('/etc/passwd', host['folder'] + '/' + host['mark'])"),
    (Refused, "return os.mkdir(host['folder'] + '/' + host['mark'])"),
    (Refused, "return os.mkfifo(host['folder'] + '/' + host['mark'])"),
    (Refused, "return os.mknod(host['folder'] + '/' + host['mark'])"),
    (Refused, "return os.chmod(host['canary'], 0o777)"),
    (Refused, "return os.chown(host['canary'], 1, 1)"),
    (Refused, "return os.utime(host['canary'], (1, 1))"),
    (Refused, "return os.setxattr(host['canary'], 'user.mark', b'x')"),
    (Refused, "return call('fchmodat', -100, host['canary'].encode(), 0o777)"),
    (Refused, "return os.chdir('/tmp')"),
];

const NETWORK: &[Attempt] = &[
    (Refused, "s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\ns.connect(('127.0.0.1', host['tcp']))"),
    (Refused, "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1', host['udp']))"),
    (Refused, "return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"),
    (Refused, "return socket.socket(socket.AF_INET6, socket.SOCK_STREAM)"),
    (Refused, "return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)"),
    (Refused, "s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)\ns.connect(host['unix'])"),
    (Refused, "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\ns.connect('\\0palisade')"),
    (Refused, "return socket.socket(16, socket.SOCK_RAW)"),
    (Refused, "return socket.socket(17, socket.SOCK_RAW)"),
    (Refused, "return socket.socket(38, socket.SOCK_SEQPACKET)"),
    (Refused, "return socket.socket(40, socket.SOCK_STREAM)"),
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
    (Refused, "return call('socket', 2, 1, 0)"),
    (Refused, "return call('bind', 3, bytes(16), 16)"),
    (Refused, "return call('listen', 3, 1)"),
    (Refused, "return call('accept4', 3, 0, 0, 0)"),
    (Refused, "return call('connect', 3, bytes(16), 16)"),
    (Refused, "return call('sendto', 3, b'x', 1, 0, bytes(16), 16)"),
    (Refused, "return call('sendto', 3, b'x', 1, 1, 0, 0)"),
    (Refused, "return call('recvfrom', 3, bytes(1), 1, 2, 0, 0)"),
    (Refused, "return call('sendmsg', 3, bytes(56), 0)"),
    (Refused, "return call('recvmsg', 3, bytes(56), 0)"),
    (Refused, "return os.pipe()"),
];

const PROCESSES: &[Attempt] = &[
    (Refused, "return os.fork()"),
    (Refused, "return call('clone', 17, 0, 0, 0, 0)"),
    (Refused, "return call('clone', 0x10000000 | 17, 0, 0, 0, 0)"),
    (Refused, "return call('clone', 0x3d0f00 | 0x20000000, 0, 0, 0, 0)"),
    (NotImplemented, "return call('clone3', bytes(88), 88)"),
    (Refused, "return os.posix_spawn('/bin/true', ['true'], {})"),
    (Refused, "return subprocess.run(['/bin/true'])"),
    (Refused, "status = os.system('/bin/true')\nif status != 0:\n    raise OSError(1, 'no process')\nreturn status"),
    (Trapped("execve"), "return os.execv('/bin/true', ['true'])"),
    (Trapped("execve"), "return call('execve', b'/proc/self/exe', 0, 0)"),
    (Trapped("execveat"), "return call('execveat', 3, b'', 0, 0, 0x1000)"),
    (Refused, "return os.kill(os.getpid(), 0)"),
];

const MEMORY: &[Attempt] = &[
    (Refused, "return mmap.mmap(-1, 4096, flags=0x22, prot=mmap.PROT_READ | mmap.PROT_EXEC)"),
    (Refused, "return mmap.mmap(-1, 4096, flags=0x22, prot=7)"),
    (Refused, "return mmap.mmap(-1, 4096, flags=0x122, prot=3)"),
    (Refused, "return mmap.mmap(-1, 4096, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS, prot=3)"),
    (Refused, "return call('mmap', 0, 4096, 3, 0x03 | 0x20, -1, 0)"),
    (Refused, "at = call('mmap', 0, 4096, 3, 0x22, -1, 0)\nreturn call('mprotect', at, 4096, 5)"),
    (Refused, "at = call('mmap', 0, 4096, 3, 0x22, -1, 0)\nreturn call('mprotect', at, 4096, 4 | 1 << 32)"),
    (Refused, "at = call('mmap', 0, 4096, 3, 0x22, -1, 0)\nreturn call('pkey_mprotect', at, 4096, 5, -1)"),
    (Refused, "return call('memfd_create', b'x', 0)"),
    (Refused, "return call('memfd_secret', 0)"),
    (Refused, "return call('shmget', 0, 4096, 0o1666)"),
    (Refused, "return call('mlockall', 1)"),
    (
        Refused,
        "try:\n    return ctypes.CFUNCTYPE(None)(print)\nexcept MemoryError:\n    raise OSError(1, 'no callback')",
    ),
];

const OTHERS: &[Attempt] = &[
    (Refused, "return os.kill(host['siblings'][0], signal.SIGKILL)"),
    (Refused, "return os.kill(host['siblings'][1], signal.SIGKILL)"),
    (Refused, "return os.kill(host['inside'][0], signal.SIGKILL)"),
    (Refused, "return os.kill(host['inside'][1], signal.SIGKILL)"),
    (Refused, "return os.kill(host['forkserver'], signal.SIGKILL)"),
    (Refused, "return os.kill(host['supervisor'], signal.SIGKILL)"),
    (Refused, "return os.kill(1, signal.SIGKILL)"),
    (Refused, "return os.kill(-1, signal.SIGKILL)"),
    (Refused, "return os.killpg(0, signal.SIGKILL)"),
    (Refused, "return call('tgkill', host['siblings'][0], host['siblings'][0], 9)"),
    (Refused, "return call('tkill', host['inside'][0], 9)"),
    (Refused, "return call('rt_sigqueueinfo', host['inside'][0], 9, bytes(128))"),
    (Refused, "return os.pidfd_open(host['siblings'][0])"),
    (Refused, "return os.pidfd_open(host['inside'][0])"),
    (Refused, "return call('pidfd_send_signal', 3, 9, 0, 0)"),
    (Trapped("pidfd_getfd"), "return call('pidfd_getfd', 3, 0, 0)"),
    (Trapped("ptrace"), "return call('ptrace', 16, host['siblings'][0], 0, 0)"),
    (Trapped("process_vm_readv"), "return call('process_vm_readv', host['inside'][0], 0, 0, 0, 0, 0)"),
    (Trapped("process_vm_writev"), "return call('process_vm_writev', host['inside'][0], 0, 0, 0, 0, 0)"),
    (Trapped("kcmp"), "return call('kcmp', host['inside'][0], host['inside'][1], 0, 0, 0)"),
    (Refused, "return os.setpriority(os.PRIO_PROCESS, host['inside'][0], 10)"),
    (Refused, "return os.sched_setaffinity(host['inside'][0], {0})"),
    (Refused, "return call('prlimit64', host['inside'][0], 0, bytes(16), 0)"),
    (Refused, "return call('migrate_pages', host['inside'][0], 0, 0, 0)"),
];

const PRIVILEGES: &[Attempt] = &[
    (Refused, "return call('prlimit64', 0, 9, b'\\xff' * 16, 0)"),
    (Refused, "return call('prlimit64', 0, 0, b'\\xff' * 16, 0)"),
    (Refused, "return call('setrlimit', 9, b'\\xff' * 16)"),
    (Refused, "return os.setuid(0)"),
    (Refused, "return os.setresgid(0, 0, 0)"),
    (Refused, "return os.setgroups([0])"),
    (Refused, "return call('capset', bytes(8), bytes(24))"),
    (Refused, "return call('prctl', 4, 1, 0, 0, 0)"),
    (Refused, "return call('prctl', 1, 0, 0, 0, 0)"),
    (Refused, "return call('seccomp', 1, 0, bytes(16))"),
    (Refused, "return call('landlock_create_ruleset', 0, 0, 1)"),
    (Refused, "return call('personality', 0x40000)"),
    (Refused, "return os.nice(-1)"),
    (Trapped("io_uring_setup"), "return call('io_uring_setup', 1, bytes(120))"),
    (Trapped("bpf"), "return call('bpf', 0, bytes(128), 128)"),
    (Trapped("perf_event_open"), "return call('perf_event_open', bytes(128), 0, -1, -1, 0)"),
    (Trapped("userfaultfd"), "return call('userfaultfd', 1)"),
    (Trapped("keyctl"), "return call('keyctl', 0, -3, 0, 0, 0)"),
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
