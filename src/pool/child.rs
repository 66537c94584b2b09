//! One sealed child as the supervisor holds it: forked, verified, killed, reaped.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::sync::Arc;
use std::time::Duration;

use palisade_channel::frame::{Decoder, Frame, Kind, Violation};
use palisade_channel::message::{Failure, LandlockProbe, Ready};
use palisade_sandbox::cgroup::Group;
use palisade_sandbox::layer::{Outcome, State};
use palisade_sandbox::process;
use palisade_sandbox::socket::{self, Ancillary};
use palisade_sandbox::verify::{Expectation, NotVerified, Seen, verify};
use thiserror::Error;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::forkserver::slots::Slots;
use crate::forkserver::{Asked, Death, Ended, Forkserver, TaskGroups};
use crate::procfs::Stat;

/// How long fork, seal and warm-up may take.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long the word of a killed child's end may take.
const REAPED_WITHIN: Duration = Duration::from_secs(5);

/// Longest message before any task: readiness, or why there is none.
const FIRST_MESSAGE: u64 = 8 * 1024;

/// A sealed child for one task. Dropping it kills it.
#[derive(Debug)]
pub struct Child {
    /// Its socket. Bytes that come here after it got a task are made by an attacker.
    pub socket: UnixStream,
    /// Its pid, as the supervisor sees it; for reading `/proc`, never for killing.
    pub pid: i32,
    /// Its memory when it was sealed.
    pub seen: Seen,
    end: End,
    /// Keeps its forkserver alive while it lives.
    forkserver: Arc<Forkserver>,
}

/// How it is killed, and how its end is heard of. Its cgroup can go when both are done.
#[derive(Debug)]
struct End {
    pidfd: OwnedFd,
    told: Option<oneshot::Receiver<Ended>>,
    group: Option<Group>,
}

/// The end of a child that was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastBreath {
    /// It came without us. How is nothing where the forkserver died first.
    ByItself(Option<Death>),
    /// It did not come, and the child was killed.
    Killed,
}

/// Why a child is not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unfit {
    /// Every slot, a user id or a scratch folder, is taken by a child that has not ended, or its folder could not be emptied.
    #[error("every user id or scratch folder for children is taken or unfit")]
    NoSlot,
    /// It was not forked.
    #[error("fork: {0}")]
    Fork(String),
    /// It said why it is not sealed, or ended without a word.
    #[error("{0}")]
    NotSealed(String),
    /// It said nothing: its forkserver is stuck.
    #[error("it said nothing in {} s", READY_WITHIN.as_secs())]
    Silent,
    /// What it said is no message of ours.
    #[error("its first message: {0}")]
    Channel(#[from] Violation),
    /// Its seal is not as planned.
    #[error("its seal does not hold: {0}")]
    NotVerified(#[from] NotVerified),
    /// Landlock did not refuse what it must refuse.
    #[error("its seal does not hold: Landlock {0}")]
    Landlock(String),
    /// It could not be put into a cgroup of its own.
    #[error("it could not be put into a cgroup of its own: {0}")]
    Cgroup(io::Error),
    /// A system call of the supervisor failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Child {
    /// Forks, waits until it says that it is sealed, and verifies that from outside. One that is `warm` has run a constant task
    /// before.
    pub(super) async fn fork(
        forkserver: &Arc<Forkserver>,
        slots: Option<&Arc<Slots>>,
        warm: bool,
    ) -> Result<Self, Unfit> {
        let slot = match slots {
            Some(slots) => Some(slots.take(|number| forkserver.can_use(number)).ok_or(Unfit::NoSlot)?),
            None => None,
        };
        let (ours, theirs) = socket::stream_pair_that_names_senders()?;
        let ours = StdStream::from(ours);
        ours.set_nonblocking(true)?;
        let stream = UnixStream::from_std(ours)?;
        let uid = slot.as_ref().and_then(|slot| forkserver.uid(slot));
        let Asked { ticket, told } = forkserver.fork(&theirs, slot, warm)?;
        drop(theirs);

        let (ready, ancillary) = match timeout(READY_WITHIN, first_message(&stream)).await {
            Ok(Ok(heard)) => heard,
            Ok(Err(Unfit::NotSealed(silence))) => return Err(explain(silence, told).await),
            Ok(Err(error)) => return Err(error),
            // Its number is not known; it dies with its socket, which it reads next.
            Err(_) => return Err(Unfit::Silent),
        };
        let pid = ancillary.sender_pid.ok_or_else(|| Unfit::NotSealed("the kernel did not name it".into()))?;
        forkserver.named(ticket, pid);
        let pidfd = match ancillary.sender_pidfd {
            Some(pidfd) => pidfd,
            None => process::pidfd_open(pid)?,
        };
        // From here on an early return kills it.
        let mut end = End { pidfd, told: Some(told), group: None };
        if forkserver.landlock {
            attested(ready.landlock)?;
        }
        let own = Expectation {
            uid: uid.unwrap_or(forkserver.expectation.uid),
            gid: uid.unwrap_or(forkserver.expectation.gid),
            ..forkserver.expectation.clone()
        };
        let seen = verify(pid, &own)?;
        if let Some(TaskGroups { groups, memory }) = forkserver.groups.clone() {
            let limit = seen.footprint.saturating_add(memory);
            let held = spawn_blocking(move || groups.hold(pid, limit)).await.map_err(io::Error::other)?;
            end.group = Some(held.map_err(Unfit::Cgroup)?);
        }
        // Last: both are still true, so all of the above was about this process. Without SCM_PIDFD (before Linux 6.5) the
        // number could have been given away before the pidfd was made, but then its socket is closed by now: the
        // forkserver reaps only after it has closed its own copy.
        if !process::pidfd_is_alive(end.pidfd.as_fd())? || process::has_hung_up(stream.as_fd())? {
            return Err(Unfit::NotSealed("it ended right after it was ready".into()));
        }
        Ok(Self { socket: stream, pid, seen, end, forkserver: Arc::clone(forkserver) })
    }

    /// Whether it has not ended.
    fn is_alive(&self) -> bool {
        process::pidfd_is_alive(self.end.pidfd.as_fd()).unwrap_or(false) && !self.forkserver.gone().is_cancelled()
    }

    /// Whether it could take a task: it has not ended, and is not stopped or traced by anybody. A few microseconds.
    pub fn is_ready(&self) -> bool {
        // In this order: what lives after it was read was not another process of the same number.
        let can_run = !palisade_sandbox::SEALS || Stat::of(self.pid).is_ok_and(Stat::can_run);
        can_run && self.is_alive()
    }

    /// Whether its process has ended, reaped or not. Where that cannot be told it has not.
    pub fn has_ended(&self) -> bool {
        process::pidfd_is_alive(self.end.pidfd.as_fd()).is_ok_and(|alive| !alive)
    }

    /// Layers that held for it.
    pub fn layers(&self) -> Vec<String> {
        let held = self.forkserver.layers.iter().filter(|outcome| outcome.state.is_held());
        held.map(|outcome| outcome.layer.name().to_owned()).collect()
    }

    /// Layers that did not hold for it: switched off, or not to be had here. `settled` were settled before the forkserver was
    /// started.
    pub fn without(&self, settled: &[Outcome]) -> Vec<String> {
        let before = |layer| settled.iter().any(|outcome| outcome.layer == layer);
        let others = self.forkserver.layers.iter().filter(|outcome| !before(outcome.layer));
        let absent = settled.iter().chain(others).filter(|o| matches!(o.state, State::Missing { .. } | State::Off));
        absent.map(|outcome| outcome.layer.name().to_owned()).collect()
    }

    /// Kills it, whatever it is doing, and waits until it was reaped. How it ended is nothing where the forkserver died
    /// first.
    pub async fn finish(mut self) -> Option<Death> {
        self.end.kill();
        self.end.ended().await
    }

    /// Waits for an end that comes by itself, as of a child that closed its socket, and kills it after `limit`.
    pub async fn end_within(mut self, limit: Duration) -> LastBreath {
        if let Some(told) = self.end.told.as_mut()
            && let Ok(told) = timeout(limit, told).await
        {
            self.end.told = None;
            return LastBreath::ByItself(death(&told));
        }
        self.finish().await;
        LastBreath::Killed
    }

    /// The CPU time it may use, in seconds, where that is limited.
    pub fn cpu_limit(&self) -> Option<u64> {
        self.forkserver.expectation.limits.map(|limits| limits.cpu_seconds)
    }
}

impl End {
    fn kill(&self) {
        if let Err(error) = process::pidfd_kill(self.pidfd.as_fd()) {
            tracing::error!("A child could not be killed: {error}");
        }
    }

    async fn ended(&mut self) -> Option<Death> {
        let told = self.told.take()?;
        if let Ok(told) = timeout(REAPED_WITHIN, told).await {
            return death(&told);
        }
        tracing::error!("A killed child was not reaped within {} s", REAPED_WITHIN.as_secs());
        None
    }
}

fn death(told: &Result<Ended, oneshot::error::RecvError>) -> Option<Death> {
    match told {
        Ok(Ended::Reaped(death)) => Some(*death),
        Ok(Ended::NotForked(_)) | Err(_) => None,
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let group = self.group.take();
        let Some(told) = self.told.take() else { return remove(group) };
        self.kill();
        // The cgroup can go when nobody is in it.
        if let (Some(group), Ok(runtime)) = (group, Handle::try_current()) {
            runtime.spawn(async move {
                let _ = told.await;
                remove(Some(group));
            });
        }
    }
}

/// Off the event loop: the kernel may take its time for it.
fn remove(group: Option<Group>) {
    if let (Some(group), Ok(runtime)) = (group, Handle::try_current()) {
        runtime.spawn_blocking(move || drop(group));
    }
}

/// The forkserver knows why a child that said nothing is not there.
async fn explain(silence: String, told: oneshot::Receiver<Ended>) -> Unfit {
    match timeout(REAPED_WITHIN, told).await {
        Ok(Ok(Ended::NotForked(why))) => Unfit::Fork(why),
        Ok(Ok(Ended::Reaped(Death { how, .. }))) => Unfit::NotSealed(format!("{silence} ({how:?})")),
        _ => Unfit::NotSealed(silence),
    }
}

async fn first_message(stream: &UnixStream) -> Result<(Ready, Ancillary), Unfit> {
    let mut decoder = Decoder::new(|_| FIRST_MESSAGE);
    let mut buffer = [0; 4096];
    loop {
        stream.readable().await?;
        let received = stream.try_io(Interest::READABLE, || socket::receive(stream.as_fd(), &mut buffer));
        let (len, ancillary) = match received {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            other => other?,
        };
        if len == 0 {
            return Err(Unfit::NotSealed("it ended before it was ready".into()));
        }
        let mut rest = &buffer[..len];
        let Some(Frame { kind, payload }) = decoder.next(&mut rest)? else { continue };
        return match kind {
            Kind::Ready if rest.is_empty() => {
                let ready = serde_json::from_slice(&payload).map_err(io::Error::from)?;
                Ok((ready, ancillary))
            }
            Kind::Failed => Err(match serde_json::from_slice(&payload) {
                Ok(Failure::Internal { text }) => Unfit::NotSealed(text),
                _ => Unfit::NotSealed("it failed without a reason".into()),
            }),
            other => Err(Unfit::NotSealed(format!("it said {other:?} before it was ready"))),
        };
    }
}

/// Landlock cannot be seen from outside, so the trusted extension tried it: every forbidden open must have got EACCES.
fn attested(answers: Option<LandlockProbe>) -> Result<(), Unfit> {
    let Some(LandlockProbe { root, exe, canary }) = answers else {
        return Err(Unfit::Landlock("was not tried".into()));
    };
    for (what, errno) in [("/", root), ("the interpreter", exe), ("the canary", canary)] {
        if errno != nix::errno::Errno::EACCES as i32 {
            return Err(Unfit::Landlock(format!("answered errno {errno} for opening {what}, not EACCES")));
        }
    }
    Ok(())
}
