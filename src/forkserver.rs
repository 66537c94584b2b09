//! The supervisor's side of one forkserver: start it, ask it for children, hear of their ends, see it die.
//!
//! A forkserver is born of a thread that does nothing else and lives as long as it does: the kernel's parent-death signal
//! fires when the *thread* that forked ends. The thread also reads the control socket, so the event loop never waits for
//! a forkserver.

pub(crate) mod slots;
mod start;
mod strays;

use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use palisade_channel::control::{Command, Control, Event, How, Loaded, Preparation};
use palisade_sandbox::cgroup::Groups;
use palisade_sandbox::layer::{Layer, Outcome, Refusal};
use palisade_sandbox::plan::{self, JailPlan, SealPlan};
use palisade_sandbox::process;
use palisade_sandbox::verify::{Expectation, NotVerified, Status};
use thiserror::Error;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use self::slots::Slot;
use self::strays::{Known, Strays};

/// The pid of a container's first process, which inherits every orphan.
const INIT: u32 = 1;

/// All that a forkserver is started with.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// This executable, which is the jailer too; `/proc/self/exe` unless tests say otherwise.
    pub jailer: std::path::PathBuf,
    /// The interpreter's version, which chooses the extension.
    pub version: (u8, u8),
    /// Its jail.
    pub jail: JailPlan,
    /// What it imports.
    pub preparation: Preparation,
    /// The seal of its children; `address_space` is the task's memory limit alone here, and `landlock`, `seccomp` say what
    /// is wanted: both are settled when the forkserver tells what it has.
    pub seal: SealPlan,
    /// Where its children get a cgroup each.
    pub groups: Option<TaskGroups>,
}

/// Where children get a cgroup each.
#[derive(Debug, Clone)]
pub struct TaskGroups {
    /// The runner's own, of all profiles.
    pub groups: Arc<Groups>,
    /// What a child may hold beyond what it has when it is sealed, in bytes.
    pub memory: u64,
}

/// Why there is no forkserver.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A required layer is missing.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is not sealed as planned.
    #[error("the forkserver is not in the jail it was put into: {0}")]
    NotVerified(#[from] NotVerified),
    /// It did not come up.
    #[error("the forkserver did not start: {stage}: {cause}{output}")]
    Failed {
        /// What was going on.
        stage: &'static str,
        /// What happened.
        cause: String,
        /// What it wrote to its standard error, if anything, in brackets.
        output: String,
    },
}

/// A live forkserver. Dropping the last handle ends it.
#[derive(Debug)]
pub struct Forkserver {
    shared: Arc<Shared>,
    /// Its pid, as the supervisor sees it.
    pub pid: i32,
    /// What became of each layer.
    pub layers: Vec<Outcome>,
    /// Modules that could not be imported, and why.
    pub failed_modules: Vec<(String, String)>,
    /// What each module took that was named and imported ahead.
    pub loaded: Vec<Loaded>,
    /// What a child of it must look like; the ids are filled in for each child.
    pub expectation: Expectation,
    /// Whether its children attest Landlock.
    pub landlock: bool,
    /// Whether its children get a scratch folder each.
    scratch: bool,
    /// Where its children get a cgroup each.
    pub groups: Option<TaskGroups>,
    /// Since when it can fork.
    pub since: Instant,
    footprint: u64,
    next_ticket: AtomicU64,
}

#[derive(Debug)]
struct Shared {
    control: Control,
    children: Mutex<HashMap<u64, Alive>>,
    /// Slots whose scratch folders could not be emptied.
    spoiled: Mutex<HashSet<u32>>,
    gone: CancellationToken,
    /// Told of every end, where tasks can leave processes behind.
    strays: Option<mpsc::Sender<()>>,
}

/// A child that has not ended: who wants to hear of its end, and the slot nobody else may get until then.
#[derive(Debug)]
struct Alive {
    tell: oneshot::Sender<Ended>,
    slot: Option<Slot>,
    asked: Instant,
    /// Known when it has spoken.
    pid: Option<i32>,
}

/// A child that was asked for: its number in this conversation, and who tells of its end.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) ticket: u64,
    pub(crate) told: oneshot::Receiver<Ended>,
}

/// How a child ended, and what it had used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    /// By itself or by a signal.
    pub how: How,
    /// CPU time.
    pub cpu: Duration,
}

/// What the forkserver tells of a child that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was reaped.
    Reaped(Death),
    /// It was never made.
    NotForked(String),
}

impl Forkserver {
    /// Starts one and prepares it until it can fork. Returns as soon as that is settled.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(recipe: Recipe) -> Result<Arc<Self>, StartError> {
        let (tell, told) = oneshot::channel();
        let failed = |cause: String| StartError::Failed { stage: "thread", cause, output: String::new() };
        thread::Builder::new()
            .name("forkserver".into())
            .spawn(move || live(&recipe, tell))
            .map_err(|e| failed(e.to_string()))?;
        told.await.unwrap_or_else(|_| Err(failed("it ended without a word".into())))
    }

    /// Asks for a child that will speak on `socket`, when it is `warm` if so. The receiver hears when it has ended; it fails where the forkserver
    /// died first, and then the child is dead too.
    ///
    /// # Errors
    /// The socket's error: the forkserver is gone or stopped.
    pub(crate) fn fork(&self, socket: &OwnedFd, slot: Option<Slot>, warm: bool) -> io::Result<Asked> {
        let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        let has = plan::Slot {
            uid: slot.as_ref().and_then(|slot| self.uid(slot)),
            scratch: slot.as_ref().filter(|_| self.scratch).map(Slot::number),
        };
        let alive = Alive { tell, slot, asked: Instant::now(), pid: None };
        self.shared.children().insert(ticket, alive);
        let sent = self.shared.control.send(&Command::Fork { ticket, slot: has, warm }, &[socket.as_fd()]);
        if sent.is_err() {
            self.shared.children().remove(&ticket);
        }
        sent.map(|()| Asked { ticket, told })
    }

    /// Tells which process a child is, as the kernel has named it.
    pub(crate) fn named(&self, ticket: u64, pid: i32) {
        if let Some(alive) = self.shared.children().get_mut(&ticket) {
            alive.pid = Some(pid);
        }
    }

    /// Whether a layer is in force.
    pub fn holds(&self, layer: Layer) -> bool {
        self.layers.iter().any(|outcome| outcome.layer == layer && outcome.state.is_held())
    }

    /// The user id a child in this slot has, where its children have ids of their own.
    pub(crate) fn uid(&self, slot: &Slot) -> Option<u32> {
        slot.uid().filter(|_| self.holds(Layer::SlotUids))
    }

    /// Whether its children have anything of which each needs its own.
    pub(crate) fn needs_slots(&self) -> bool {
        self.scratch || self.holds(Layer::SlotUids)
    }

    /// How many slots cannot be used with it any more.
    pub(crate) fn spoiled(&self) -> usize {
        self.shared.spoiled().len()
    }

    /// Whether a slot can be used with it.
    pub(crate) fn can_use(&self, slot: u32) -> bool {
        !self.shared.spoiled().contains(&slot)
    }

    /// How many children were asked for.
    pub fn forks(&self) -> u64 {
        self.next_ticket.load(Ordering::Relaxed)
    }

    /// By how many bytes its memory has grown since it could fork. Children begin with all it has.
    pub fn growth(&self) -> u64 {
        // One that cannot be read is dying, which is heard of elsewhere.
        let now = Status::of(self.pid).and_then(|status| status.footprint());
        now.map_or(0, |now| now.saturating_sub(self.footprint))
    }

    /// Ends it and its children, even if it is stuck.
    pub fn end(&self) {
        self.shared.control.hang_up();
    }

    /// Fires when it has died.
    pub fn gone(&self) -> &CancellationToken {
        &self.shared.gone
    }
}

impl Drop for Forkserver {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn children(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Alive>> {
        // A panic while this was held cannot leave the map half changed.
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spoiled(&self) -> std::sync::MutexGuard<'_, HashSet<u32>> {
        self.spoiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread of one forkserver, from its birth to its death.
fn live(recipe: &Recipe, tell: oneshot::Sender<Result<Arc<Forkserver>, StartError>>) {
    let started = match start::start(recipe) {
        Ok(started) => started,
        Err(error) => {
            let _ = tell.send(Err(error));
            return;
        }
    };
    let start::Started { control, pid, pidfd, layers, failed_modules, loaded, expectation, landlock, footprint } =
        started;
    // Where fork is refused nobody can be left behind.
    let (strays, ends) = if expectation.filters.is_some() { (None, None) } else { both(mpsc::channel()) };
    let shared = Arc::new(Shared {
        control,
        children: Mutex::default(),
        spoiled: Mutex::default(),
        gone: CancellationToken::new(),
        strays,
    });
    if let Some(ends) = ends {
        let (known, strays) = (Arc::downgrade(&shared), Strays::of(pid));
        let started = thread::Builder::new().name("strays".into()).spawn(move || sweep(strays, &known, &ends));
        if let Err(error) = started {
            let failed = StartError::Failed { stage: "thread", cause: error.to_string(), output: String::new() };
            let _ = process::pidfd_kill(pidfd.as_fd());
            let _ = process::reap(pid, 0);
            let _ = tell.send(Err(failed));
            return;
        }
    }
    let forkserver = Forkserver {
        shared: Arc::clone(&shared),
        pid,
        layers,
        failed_modules,
        loaded,
        expectation,
        landlock,
        scratch: recipe.seal.scratch.is_some(),
        groups: recipe.groups.clone(),
        since: Instant::now(),
        footprint,
        next_ticket: AtomicU64::new(0),
    };
    // Where nobody waits any more, the handle is dropped here, and that ends the forkserver.
    let _ = tell.send(Ok(Arc::new(forkserver)));
    let last_words = listen(&shared);
    // It closes its end by dying, or it broke the protocol and must die; its children die with it.
    let _ = process::pidfd_kill(pidfd.as_fd());
    let how = process::reap(pid, 0);
    if std::process::id() == INIT {
        process::reap_orphans();
    }
    shared.gone.cancel();
    shared.children().clear();
    match last_words {
        None => tracing::debug!(pid, ?how, "forkserver ended"),
        Some(words) => tracing::error!(pid, ?how, "The forkserver failed: {words}"),
    }
}

fn both<A, B>((a, b): (A, B)) -> (Option<A>, Option<B>) {
    (Some(a), Some(b))
}

/// Looks for what tasks leave behind, after each end of one, until the forkserver is gone.
fn sweep(mut strays: Strays, shared: &Weak<Shared>, ends: &mpsc::Receiver<()>) {
    let known = || shared.upgrade().map(|shared| shared.known()).unwrap_or_default();
    while ends.recv().is_ok() {
        while shared.upgrade().is_some_and(|shared| !shared.gone.is_cancelled()) && strays.look(known) {
            thread::sleep(strays::PAUSE);
        }
    }
}

/// Passes on what it hears until the end of the conversation. The answer is what went wrong, if anything.
fn listen(shared: &Shared) -> Option<String> {
    loop {
        match shared.control.receive::<Event>() {
            Ok(Some((Event::Ended { ticket, how, cpu_ms, clean }, _))) => {
                if !clean {
                    shared.spoil(ticket);
                }
                let cpu = Duration::from_millis(cpu_ms);
                shared.tell(ticket, Ended::Reaped(Death { how, cpu }));
            }
            Ok(Some((Event::ForkFailed { ticket, error }, _))) => shared.tell(ticket, Ended::NotForked(error)),
            Ok(Some((Event::Broken(text), _))) => return Some(text),
            Ok(Some((unexpected, _))) => return Some(format!("it said {unexpected:?} out of turn")),
            Ok(None) => return None,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // It ended before it read all that was sent, as it does when it is told to.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
            Err(error) => return Some(error.to_string()),
        }
    }
}

impl Shared {
    /// The slot of this child is never used again with this forkserver.
    fn spoil(&self, ticket: u64) {
        let slot = self.children().get(&ticket).and_then(|alive| alive.slot.as_ref().map(Slot::number));
        if let Some(slot) = slot {
            tracing::error!("A scratch folder could not be emptied after its task, and is not used again");
            self.spoiled().insert(slot);
        }
    }

    fn tell(&self, ticket: u64, ended: Ended) {
        let alive = self.children().remove(&ticket);
        if let Some(Alive { tell, .. }) = alive {
            let _ = tell.send(ended);
        }
        if let Some(strays) = &self.strays {
            let _ = strays.send(());
        }
    }

    fn known(&self) -> Known {
        let children = self.children();
        let pending = children.values().filter(|child| child.pid.is_none()).map(|child| child.asked);
        Known { pids: children.values().filter_map(|child| child.pid).collect(), pending: pending.collect() }
    }
}
