//! Unix socket pairs: descriptors that travel, and senders the kernel names (unix(7)).

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

/// Linux 6.5; neither libc nor nix has them for every target.
const SO_PASSPIDFD: libc::c_int = 76;
const SCM_PIDFD: libc::c_int = 0x04;

/// Room for control data: credentials, a pidfd and a few descriptors.
const CONTROL_LEN: usize = 256;

/// What a message brought besides its bytes.
#[derive(Debug, Default)]
pub struct Ancillary {
    /// Descriptors that were sent along.
    pub descriptors: Vec<OwnedFd>,
    /// The sender's process id, as the kernel saw it and as this process's PID namespace numbers it.
    pub sender_pid: Option<i32>,
    /// A pidfd of the sender.
    pub sender_pidfd: Option<OwnedFd>,
}

/// A connected pair that keeps message boundaries; its end of file is seen.
///
/// # Errors
/// socketpair(2)'s.
pub fn packet_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

/// A connected pair for a stream of bytes. The first end is told who sends (`SO_PASSCRED`, `SO_PASSPIDFD`).
///
/// # Errors
/// socketpair(2)'s or setsockopt(2)'s.
pub fn stream_pair_that_names_senders() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)?;
    name_senders(&ours)?;
    Ok((ours, theirs))
}

/// From now on every message received here brings its sender's pid, and where the kernel can a pidfd.
///
/// # Errors
/// setsockopt(2)'s; a kernel without `SO_PASSPIDFD` is no error.
pub fn name_senders(socket: &OwnedFd) -> io::Result<()> {
    set_flag(socket, libc::SO_PASSCRED)?;
    match set_flag(socket, SO_PASSPIDFD) {
        Err(e) if e.raw_os_error() == Some(libc::ENOPROTOOPT) => Ok(()),
        other => other,
    }
}

fn set_flag(socket: &OwnedFd, option: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    let len = libc::socklen_t::try_from(size_of::<libc::c_int>()).map_err(io::Error::other)?;
    // SAFETY: the option's value is a live int of the length given.
    let answer = unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, (&raw const on).cast(), len) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Sends one message with descriptors, without waiting.
///
/// # Errors
/// sendmsg(2)'s, `WouldBlock` for a full socket; EPIPE never becomes a signal.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
    let raw: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control = if raw.is_empty() { &[][..] } else { &rights[..] };
    let data = [io::IoSlice::new(bytes)];
    Ok(sendmsg::<()>(socket.as_raw_fd(), &data, control, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT, None)?)
}

/// Waits until something has come or the other end is closed; false where `limit` passed first.
///
/// # Errors
/// poll(2)'s.
pub fn wait_readable(socket: BorrowedFd<'_>, limit: Duration) -> io::Result<bool> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(socket, PollFlags::POLLIN)], left) {
            Err(nix::errno::Errno::EINTR) => {}
            other => return Ok(other? > 0),
        }
    }
}

/// Ends a connection in both directions, for every holder of its descriptors.
pub fn shut_down(socket: BorrowedFd<'_>) {
    let _ = nix::sys::socket::shutdown(socket.as_raw_fd(), nix::sys::socket::Shutdown::Both);
}

/// Receives one message, or what of a stream has come, into `buffer`. 0 bytes is the end of file. Descriptors come
/// close-on-exec; what did not fit is refused, not cut.
///
/// # Errors
/// recvmsg(2)'s, and `InvalidData` for a message that is longer than `buffer` or brought more control data than expected.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Ancillary)> {
    // SAFETY: bytes that have a value keep one, whatever the kernel writes.
    receive_into(socket, unsafe { &mut *(std::ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) })
}

/// As [`receive`], a message of at most `longest` bytes. Of the memory set aside for it, only what has come is written to.
///
/// # Errors
/// As [`receive`].
pub fn receive_message(socket: BorrowedFd<'_>, longest: usize) -> io::Result<(Vec<u8>, Ancillary)> {
    let mut bytes = Vec::with_capacity(longest);
    let room = bytes.spare_capacity_mut();
    let longest = longest.min(room.len());
    let (len, ancillary) = receive_into(socket, &mut room[..longest])?;
    // SAFETY: the kernel has written that many, and it was told of no more than there are.
    unsafe { bytes.set_len(len) };
    Ok((bytes, ancillary))
}

fn receive_into(socket: BorrowedFd<'_>, buffer: &mut [MaybeUninit<u8>]) -> io::Result<(usize, Ancillary)> {
    #[repr(align(8))]
    struct Control(MaybeUninit<[u8; CONTROL_LEN]>);
    let mut control = Control(MaybeUninit::zeroed());
    let mut data = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: an all-zero msghdr is a valid value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut data;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut control.0).cast();
    message.msg_controllen = CONTROL_LEN as _;
    // SAFETY: `message` describes live buffers of the lengths it states.
    let got = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
    let got = usize::try_from(got).map_err(|_| io::Error::last_os_error())?;
    let mut ancillary = Ancillary::default();
    // SAFETY: the kernel has filled `msg_control` up to `msg_controllen`; the CMSG macros walk that and stay inside.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(&raw const message);
        while !header.is_null() {
            take(&*header, libc::CMSG_DATA(header), &mut ancillary);
            header = libc::CMSG_NXTHDR(&raw const message, header);
        }
    }
    if message.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message was longer than this side reads"));
    }
    Ok((got, ancillary))
}

#[allow(clippy::cast_ptr_alignment, reason = "every read is unaligned")]
/// # Safety
/// `data` must point at the payload that `header` describes, as the kernel wrote it.
unsafe fn take(header: &libc::cmsghdr, data: *const u8, ancillary: &mut Ancillary) {
    #[allow(clippy::unnecessary_cast, reason = "the field's type differs between C libraries")]
    let payload = (header.cmsg_len as usize).saturating_sub(data as usize - std::ptr::from_ref(header) as usize);
    if header.cmsg_level != libc::SOL_SOCKET {
        return;
    }
    // SAFETY: the caller's promise; every read is unaligned and inside `payload`, every descriptor is new and ours.
    unsafe {
        match header.cmsg_type {
            libc::SCM_RIGHTS => {
                for i in 0..payload / size_of::<RawFd>() {
                    let fd = data.cast::<RawFd>().add(i).read_unaligned();
                    ancillary.descriptors.push(OwnedFd::from_raw_fd(fd));
                }
            }
            libc::SCM_CREDENTIALS if payload >= size_of::<libc::ucred>() => {
                ancillary.sender_pid = Some(data.cast::<libc::ucred>().read_unaligned().pid);
            }
            SCM_PIDFD if payload >= size_of::<RawFd>() => {
                let fd = data.cast::<RawFd>().read_unaligned();
                // A negative value says that the sender has been reaped.
                ancillary.sender_pidfd = (fd >= 0).then(|| OwnedFd::from_raw_fd(fd));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn the_kernel_names_the_sender() {
        let (ours, theirs) = stream_pair_that_names_senders().unwrap();
        send(theirs.as_fd(), b"hello", &[]).unwrap();
        let mut buffer = [0; 16];
        let (len, ancillary) = receive(ours.as_fd(), &mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"hello");
        assert_eq!(ancillary.sender_pid, i32::try_from(std::process::id()).ok());
        if let Some(pidfd) = ancillary.sender_pidfd {
            assert!(crate::process::pidfd_is_alive(pidfd.as_fd()).unwrap());
        }
    }

    #[test]
    fn descriptors_travel_and_long_messages_are_refused() {
        let (ours, theirs) = packet_pair().unwrap();
        send(ours.as_fd(), b"take", &[ours.as_fd(), theirs.as_fd()]).unwrap();
        let (_, ancillary) = receive(theirs.as_fd(), &mut [0; 16]).unwrap();
        assert_eq!(ancillary.descriptors.len(), 2);
        send(ours.as_fd(), &[0; 100], &[]).unwrap();
        assert_eq!(receive(theirs.as_fd(), &mut [0; 16]).unwrap_err().kind(), io::ErrorKind::InvalidData);
        send(ours.as_fd(), &[7; 100], &[]).unwrap();
        assert_eq!(receive_message(theirs.as_fd(), 100).unwrap().0, [7; 100]);
        send(ours.as_fd(), &[7; 101], &[]).unwrap();
        assert_eq!(receive_message(theirs.as_fd(), 100).unwrap_err().kind(), io::ErrorKind::InvalidData);
        drop((ours, ancillary));
        assert_eq!(receive(theirs.as_fd(), &mut [0; 16]).unwrap().0, 0, "end of file");
        assert!(receive_message(theirs.as_fd(), 16).unwrap().0.is_empty(), "end of file");
    }
}
