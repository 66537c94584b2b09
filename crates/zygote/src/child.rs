//! One child, from fork to end: seal, say so, take one task, answer, end.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use palisade_channel::frame::{self, Decoder, Frame, Kind};
use palisade_channel::message::{Failure, LandlockProbe, Ready, TaskHead, Tripped};
use palisade_sandbox::plan::Slot;
use palisade_sandbox::seal::{Seal, TASK_SOCKET, task_socket};
use pyo3::ffi;
use pyo3::prelude::*;

use crate::run;

/// Longest read from the socket at once: of a task that is small, and where that was not all. Whatever is asked for here is
/// cleared first, and each page of it is one more that the child has for itself.
const FIRST_CHUNK: usize = 8 * 1024;
const CHUNK: usize = 256 * 1024;

/// Forks a child that is sealed, and `warm` if so, before it says it is ready. Returns in the parent only.
pub(crate) fn fork(py: Python<'_>, seal: &Seal, socket: &OwnedFd, slot: Slot, warm: bool) -> io::Result<i32> {
    // SAFETY: this is what os.fork() does around fork(2); the GIL is held, and the process has one thread.
    let pid = unsafe {
        ffi::PyOS_BeforeFork();
        let pid = libc::fork();
        if pid == 0 {
            ffi::PyOS_AfterFork_Child();
        } else {
            ffi::PyOS_AfterFork_Parent();
        }
        pid
    };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live(py, seal, socket, slot, warm)));
            // SAFETY: _exit(2) takes no pointers. Finalising would cost milliseconds and run user code's destructors.
            unsafe { libc::_exit(code.unwrap_or(EXIT_PANIC)) }
        }
        pid => Ok(pid),
    }
}

/// How long a child that has answered waits to be killed. Less than the supervisor gives one that has closed its socket to end by
/// itself.
const KILLED_WITHIN: Duration = Duration::from_millis(50);

const EXIT_DONE: i32 = 0;
const EXIT_NOT_SEALED: i32 = 71;
const EXIT_CHANNEL: i32 = 72;
const EXIT_PANIC: i32 = 73;
const EXIT_TRIPPED: i32 = 74;

/// A child's whole life; returns its exit code.
fn live(py: Python<'_>, seal: &Seal, socket: &OwnedFd, slot: Slot, warm: bool) -> i32 {
    let answers = match seal.apply(socket.as_fd(), slot, report_trap) {
        Ok(answers) => answers,
        Err(error) => {
            // Before the seal has moved the socket, the forkserver's control socket may have its later number: the
            // number it came with first, and the later one only when that is closed.
            refuse(&error.to_string(), &[socket.as_raw_fd(), TASK_SOCKET]);
            return EXIT_NOT_SEALED;
        }
    };
    // SAFETY: the seal has moved the socket there, and this is the only owner; the forkserver's objects that thought they
    // owned these numbers are never dropped here, because the process ends by _exit(2).
    let mut channel = ManuallyDrop::new(File::from(unsafe { task_socket() }));
    if let Err(error) = run::reseed(py) {
        refuse(&format!("a random generator could not be reseeded: {error}"), &[TASK_SOCKET]);
        return EXIT_NOT_SEALED;
    }
    if warm {
        run::warm_up(py);
    }
    let landlock = answers.map(|a| LandlockProbe { root: a.root, exe: a.exe, canary: a.canary });
    let ready = serde_json::to_vec(&Ready { landlock }).unwrap_or_default();
    if send(&mut channel, Kind::Ready, &ready).is_err() {
        return EXIT_CHANNEL;
    }
    let Ok(mut task) = receive(&mut channel) else { return EXIT_CHANNEL };
    task.head.env.extend(seal.environment(slot));
    let mut out = |kind, payload: &[u8]| send(&mut channel, kind, payload);
    run::run_task(py, &task.head, &task.code, task.query.as_deref(), task.items, run::Whose::Users, &mut out);
    wait_for_the_end();
    EXIT_DONE
}

/// The supervisor kills a child that has answered. Ending by itself would take the process apart first, on a core that the
/// supervisor perhaps waits for: a tenth of a millisecond before it reads the answer. The socket is closed already, as user code
/// may have written to it what the supervisor takes for the beginning of a longer frame than this one's answer.
fn wait_for_the_end() {
    // SAFETY: close(2) takes no pointers; nothing is read or written there any more, and a closed descriptor is an error only.
    unsafe { libc::close(TASK_SOCKET) };
    std::thread::sleep(KILLED_WITHIN);
}

/// Says why this child is of no use, on the first of these descriptors that takes it.
fn refuse(why: &str, descriptors: &[RawFd]) {
    let failure = Failure::Internal { text: why.to_owned() };
    let bytes = frame::encode(Kind::Failed, &serde_json::to_vec(&failure).unwrap_or_default());
    for fd in descriptors {
        // SAFETY: writes live bytes; a closed descriptor is an error, not undefined.
        if unsafe { libc::write(*fd, bytes.as_ptr().cast(), bytes.len()) } > 0 {
            return;
        }
    }
}

fn send(channel: &mut File, kind: Kind, payload: &[u8]) -> io::Result<()> {
    if payload.len() < CHUNK {
        return channel.write_all(&frame::encode(kind, payload));
    }
    channel.write_all(&frame::header(kind, payload.len()))?;
    channel.write_all(payload)
}

struct Task {
    head: TaskHead,
    code: Vec<u8>,
    query: Option<Vec<u8>>,
    items: Vec<u8>,
}

/// Reads the frames of one task. They come from the supervisor, which is trusted.
fn receive(channel: &mut File) -> io::Result<Task> {
    let mut decoder = Decoder::new(|_| u64::MAX);
    let mut chunk = vec![0; FIRST_CHUNK];
    let (mut head, mut code, mut query) = (None, None, None);
    loop {
        let len = channel.read(&mut chunk)?;
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = &chunk[..len];
        while let Some(Frame { kind, payload }) = decoder.next(&mut rest).map_err(io::Error::other)? {
            match kind {
                Kind::Task => head = Some(serde_json::from_slice(&payload)?),
                Kind::Code => code = Some(payload),
                Kind::Query => query = Some(payload),
                Kind::Items => {
                    let (Some(head), Some(code)) = (head, code) else { return Err(io::ErrorKind::InvalidData.into()) };
                    return Ok(Task { head, code, query, items: payload });
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        if len == chunk.len() && len < CHUNK {
            chunk = vec![0; CHUNK];
        }
    }
}

/// Tells the supervisor which event of the interpreter's ended this process, and ends it: one write, in the middle of whatever
/// user code was doing.
pub(crate) fn end_at_tripwire(event: &[u8]) -> ! {
    let event = String::from_utf8_lossy(event).into_owned();
    let payload = serde_json::to_vec(&Tripped { event }).unwrap_or_default();
    let bytes = frame::encode(Kind::Tripped, &payload);
    // SAFETY: write(2) reads a live buffer; _exit(2) takes no pointers.
    unsafe {
        libc::write(TASK_SOCKET, bytes.as_ptr().cast(), bytes.len());
        libc::_exit(EXIT_TRIPPED)
    }
}

/// Tells the supervisor which call was trapped, from inside the signal handler: no allocation, one write.
fn report_trap(syscall: i64) {
    const START: &[u8] = b"{\"syscall\":";
    let mut payload = [0_u8; 48];
    payload[..START.len()].copy_from_slice(START);
    let mut at = START.len();
    let (mut digits, mut count, mut rest) = ([0_u8; 20], 0, syscall.unsigned_abs());
    loop {
        digits[count] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        (count, rest) = (count + 1, rest / 10);
        if rest == 0 {
            break;
        }
    }
    for digit in digits[..count].iter().rev() {
        payload[at] = *digit;
        at += 1;
    }
    payload[at] = b'}';
    let payload = &payload[..=at];
    let mut bytes = [0_u8; frame::HEADER_LEN + 48];
    bytes[..frame::HEADER_LEN].copy_from_slice(&frame::header(Kind::Trapped, payload.len()));
    bytes[frame::HEADER_LEN..frame::HEADER_LEN + payload.len()].copy_from_slice(payload);
    // SAFETY: write(2) is async-signal-safe, and the buffer is live.
    unsafe { libc::write(TASK_SOCKET, bytes.as_ptr().cast(), frame::HEADER_LEN + payload.len()) };
}
