//! Starting a forkserver: the jailer, the jail verified from outside, preparation, and the settled seal.

use std::io::{BufRead as _, BufReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, ChildStderr, Command as Program, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitPidFlag;
use nix::unistd::{Pid, getgid, gettid, getuid};
use palisade_channel::control::{Command, Control, Event, Loaded};
use palisade_sandbox::layer::{Layer, Outcome, State};
use palisade_sandbox::plan::{Limits, Scratch};
use palisade_sandbox::verify::{Expectation, NotVerified, Status};
use palisade_sandbox::{limits, process, scratch};

use super::{Recipe, StartError, TaskGroups, strays};
use crate::{extension, jailer, logging};

/// Time for the jailer and for the interpreter to come up, each.
const COME_UP: Duration = Duration::from_secs(30);

/// Time for preloading: large packages read hundreds of files.
const PREPARE: Duration = Duration::from_mins(2);

/// Longest line of a forkserver's standard error that is kept, and how many lines.
const LONGEST_LINE: usize = 2000;
const MOST_LINES: usize = 20;

/// What the forkserver says of a module that started threads of Python's.
const THREADS_STARTED: &str = "threads when it was imported";

/// Names of modules that could not be imported, and why.
type FailedModules = Vec<(String, String)>;

/// Modules of which is kept what they took; there are some three hundred in the standard library.
const MOST_LOADED: usize = 2000;

/// The start-up filter and the no-exec filter.
const JAIL_FILTERS: u32 = 2;

pub(super) struct Started {
    pub(super) control: Control,
    pub(super) pid: i32,
    pub(super) pidfd: OwnedFd,
    pub(super) layers: Vec<Outcome>,
    pub(super) failed_modules: Vec<(String, String)>,
    pub(super) loaded: Vec<Loaded>,
    pub(super) expectation: Expectation,
    pub(super) landlock: bool,
    pub(super) footprint: u64,
}

/// The processes of a start that may still fail: ended and reaped unless they are let go.
struct Unsettled {
    /// Until it has become the forkserver, or made the forkserver and ended.
    jailer: Option<Child>,
    forkserver: Option<(i32, OwnedFd)>,
    settled: bool,
}

impl Unsettled {
    /// The forkserver has spoken, and the kernel has named it.
    fn named(&mut self, pid: i32, pidfd: OwnedFd) {
        if let Some(mut jailer) = self.jailer.take()
            && i32::try_from(jailer.id()) != Ok(pid)
        {
            // It made the first process of a PID namespace, and had nothing left to do.
            let _ = jailer.wait();
        }
        self.forkserver = Some((pid, pidfd));
    }
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if let Some(mut jailer) = self.jailer.take() {
            let _ = jailer.kill();
            let _ = jailer.wait();
        }
        if let Some((pid, pidfd)) = self.forkserver.take() {
            let _ = process::pidfd_kill(pidfd.as_fd());
            let _ = process::reap(pid, 0);
        }
        if !self.settled {
            end_unnamed();
        }
    }
}

/// Ends and reaps what this thread's children are besides those that are known: where there is a PID namespace its first
/// process is made by the jailer, as a child of this thread, and may be stuck or dead before it has said a word. Nobody else
/// would reap it until the runner ends.
fn end_unnamed() {
    let children = strays::children_of_thread(i32::try_from(std::process::id()).unwrap_or(0), gettid().as_raw());
    for pid in children.unwrap_or_default() {
        // It is not reaped by anybody but this thread, so the number is its own; and a host that refuses pidfds is one
        // reason for being here, which must not keep this thread waiting for a process that nothing ends.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        let _ = process::reap(pid, 0);
    }
    // Where the kernel does not list children (CONFIG_PROC_CHILDREN), those that are dead by now.
    while let Ok(Some(_)) = process::reap(-1, (WaitPidFlag::WNOHANG | WaitPidFlag::__WNOTHREAD).bits()) {}
}

pub(super) fn start(recipe: &Recipe) -> Result<Started, StartError> {
    let (control, theirs) = Control::pair().map_err(failed("control socket"))?;
    control.name_senders().map_err(failed("control socket"))?;
    let extension = extension::memfd(recipe.version).map_err(failed("extension"))?;
    let mut jailer = Program::new(&recipe.jailer)
        .arg(jailer::ARGUMENT)
        .env_clear()
        .stdin(theirs.into_socket())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed("jailer"))?;
    let output = Output::collect(jailer.stderr.take());
    let mut unsettled = Unsettled { jailer: Some(jailer), forkserver: None, settled: false };
    let conversation = Conversation { control: &control, output: &output };

    let (mut jail, mut seal) = (recipe.jail.clone(), recipe.seal.clone());
    if let Some(scratch) = &mut seal.scratch {
        scratch.place = scratch::place(&jail)?;
    }
    jail.make_room_for(&seal);
    conversation.send("jail", &Command::Jail(Box::new(jail)), Some(&extension))?;
    let (heard, ancillary) = conversation.hear("jail", COME_UP)?;
    let pid = ancillary.sender_pid.ok_or_else(|| conversation.broken("jail", "the kernel did not name the sender"))?;
    let pidfd = match ancillary.sender_pidfd {
        Some(pidfd) => pidfd,
        // Not reaped by anybody but this thread, so the number cannot be somebody else's.
        None => process::pidfd_open(pid).map_err(lacking(
            "the forkserver cannot be named for good: pidfd_open",
            "it needs Linux 5.3 or newer, and a container's seccomp profile that allows the call",
        ))?,
    };
    process::pidfd_may_kill(pidfd.as_fd()).map_err(lacking(
        "children could not be killed: pidfd_send_signal",
        "it needs Linux 5.1 or newer, and a container's seccomp profile that allows the call",
    ))?;
    // Whatever it says: it is this process's child, and must be reaped.
    unsettled.named(pid, pidfd);
    let Event::Jailed(mut layers) = heard else { return Err(conversation.unexpected("jail", heard)) };

    let (hello, _) = conversation.hear("start", COME_UP)?;
    let Event::Hello { version } = hello else { return Err(conversation.unexpected("start", hello)) };
    if (version.0, version.1) != recipe.version {
        return Err(
            conversation.broken("start", &format!("the interpreter is CPython {version:?}, not as it said before"))
        );
    }
    conversation.send("preparation", &Command::Prepare(recipe.preparation.clone()), None)?;
    let (failed_modules, loaded) = conversation.prepared()?;

    let held = |layer| layers.iter().any(|Outcome { layer: l, state }| *l == layer && state.is_held());
    let (landlock, seccomp, rlimits, no_new_privs) =
        (held(Layer::Landlock), held(Layer::Seccomp), held(Layer::Rlimits), held(Layer::NoNewPrivs));
    let status = Status::of(pid).map_err(unseen)?;
    let own = Status::own()?;
    let filters = if seccomp { Some(own.seccomp_filters()? + JAIL_FILTERS) } else { None };
    verify_jail(&status, filters, &failed_modules)?;

    seal.landlock &= landlock;
    seal.seccomp &= seccomp;
    seal.limits = match seal.limits.filter(|_| rlimits) {
        None => None,
        Some(wanted) => {
            let address_space = wanted.address_space.saturating_add(status.address_space()?);
            // By user id, so only for children that have one of their own.
            let processes = wanted.processes.filter(|_| held(Layer::SlotUids));
            let file_size = seal.scratch.as_ref().map_or(0, Scratch::file_size);
            Some(
                limits::within_own(Limits { address_space, processes, file_size, ..wanted })
                    .map_err(failed("limits"))?,
            )
        }
    };
    let expectation = Expectation {
        parent: pid,
        uid: getuid().as_raw(),
        gid: getgid().as_raw(),
        groups: if recipe.jail.clear_groups { Vec::new() } else { own.groups()? },
        filters: filters.map(|jail| jail + 1),
        no_new_privs,
        bounding: status.bounding()?,
        limits: seal.limits,
    };
    conversation.send("seal", &Command::Arm(seal.clone()), None)?;
    let (armed, _) = conversation.hear("seal", COME_UP)?;
    let Event::Armed = armed else { return Err(conversation.unexpected("seal", armed)) };
    if let Some(TaskGroups { groups, .. }) = &recipe.groups {
        layers.push(Outcome { layer: Layer::Cgroup, state: State::held(groups.folder().to_string_lossy()) });
    }

    let footprint = Status::of(pid)?.footprint()?;
    let (_, pidfd) =
        unsettled.forkserver.take().ok_or_else(|| conversation.broken("seal", "the forkserver was lost"))?;
    unsettled.settled = true;
    let landlock = seal.landlock;
    Ok(Started { control, pid, pidfd, layers, failed_modules, loaded, expectation, landlock, footprint })
}

/// The forkserver itself, from outside: its children can only be as tight as it is.
fn verify_jail(status: &Status, filters: Option<u32>, failed_modules: &[(String, String)]) -> Result<(), StartError> {
    let wrong = |cause: String| StartError::Failed { stage: "verification", cause, output: String::new() };
    let threads = status.threads()?;
    if threads != 1 {
        let known = failed_modules.iter().filter(|(_, why)| why.contains(THREADS_STARTED));
        let known: Vec<_> = known.map(|(name, _)| name.as_str()).collect();
        let who = if known.is_empty() {
            "a package started them when it was imported, and `palisade check --imports` tells which".to_owned()
        } else {
            format!("started by the import of {}", known.join(", "))
        };
        return Err(wrong(format!(
            "{threads} threads are running in it, so a fork would not be whole: {who}; take it off \
             N8N_RUNNERS_EXTERNAL_ALLOW and preload.always"
        )));
    }
    if let Some(planned) = filters
        && status.seccomp_filters()? != planned
    {
        return Err(wrong(format!("it has {} seccomp filters, planned were {planned}", status.seccomp_filters()?)));
    }
    Ok(())
}

fn failed(stage: &'static str) -> impl Fn(std::io::Error) -> StartError {
    move |error| StartError::Failed { stage, cause: error.to_string(), output: String::new() }
}

/// For a call that the runner cannot do without.
fn lacking(what: &'static str, remedy: &'static str) -> impl Fn(std::io::Error) -> StartError {
    move |error| StartError::Failed {
        stage: "host",
        cause: format!("{what}: {error}; {remedy}"),
        output: String::new(),
    }
}

/// Why a process that lives cannot be seen.
fn unseen(error: NotVerified) -> StartError {
    match (&error, hides_processes(&std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default())) {
        (NotVerified::Unreadable { .. }, Some(option)) => StartError::Failed {
            stage: "verification",
            cause: format!(
                "{error}: /proc hides processes ({option}) from the runner; mount /proc without hidepid, or with gid= a \
                 group of the runner's"
            ),
            output: String::new(),
        },
        _ => error.into(),
    }
}

/// The option by which the uppermost `/proc` hides processes, from the text of `mountinfo` (proc(5), `hidepid`).
fn hides_processes(mountinfo: &str) -> Option<&str> {
    let uppermost = mountinfo.lines().rfind(|line| line.split(' ').nth(4) == Some("/proc"))?;
    let (_, mounted) = uppermost.split_once(" - ")?;
    let options = mounted.split(' ').nth(2)?.split(',');
    let option = options.into_iter().find(|option| option.starts_with("hidepid="))?;
    (!["hidepid=0", "hidepid=off"].contains(&option)).then_some(option)
}

/// Questions and answers, with the process's own output where an answer is missing.
struct Conversation<'a> {
    control: &'a Control,
    output: &'a Output,
}

impl Conversation<'_> {
    fn send(&self, stage: &'static str, command: &Command, descriptor: Option<&OwnedFd>) -> Result<(), StartError> {
        let descriptors: Vec<_> = descriptor.map(AsFd::as_fd).into_iter().collect();
        self.control.send(command, &descriptors).map_err(|e| self.broken(stage, &e.to_string()))
    }

    fn hear(
        &self,
        stage: &'static str,
        within: Duration,
    ) -> Result<(Event, palisade_sandbox::socket::Ancillary), StartError> {
        match self.control.receive_within::<Event>(within) {
            Ok(Some(heard)) => Ok(heard),
            Ok(None) => Err(self.broken(stage, "the process ended")),
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                Err(self.broken(stage, &format!("no answer within {} seconds", within.as_secs())))
            }
            Err(error) => Err(self.broken(stage, &error.to_string())),
        }
    }

    /// What could not be imported, and what the rest took. Modules without number are no reason to wait for ever.
    fn prepared(&self) -> Result<(FailedModules, Vec<Loaded>), StartError> {
        let mut loaded = Vec::new();
        loop {
            match self.hear("preparation", PREPARE)?.0 {
                Event::Loaded(some) if loaded.len() + some.len() <= MOST_LOADED => loaded.extend(some),
                Event::Prepared { failed } => return Ok((failed, loaded)),
                other => return Err(self.unexpected("preparation", other)),
            }
        }
    }

    fn unexpected(&self, stage: &'static str, event: Event) -> StartError {
        match event {
            Event::Refused(refusal) => StartError::Refused(refusal),
            Event::Broken(text) => self.broken(stage, &text),
            other => self.broken(stage, &format!("it said {other:?} out of turn")),
        }
    }

    fn broken(&self, stage: &'static str, cause: &str) -> StartError {
        StartError::Failed { stage, cause: cause.to_owned(), output: self.output.last_words() }
    }
}

/// The last lines a forkserver wrote to its standard error. Each is logged, escaped.
#[derive(Clone)]
struct Output(Arc<Mutex<Vec<String>>>);

impl Output {
    fn collect(stderr: Option<ChildStderr>) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        if let Some(stderr) = stderr {
            let lines = Arc::clone(&lines);
            let _ = thread::Builder::new().name("forkserver-stderr".into()).spawn(move || read_lines(stderr, &lines));
        }
        Self(lines)
    }

    fn last_words(&self) -> String {
        // The pipe's end comes a moment after the process's.
        thread::sleep(Duration::from_millis(50));
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() { String::new() } else { format!(" [{}]", lines.join(" | ")) }
    }
}

fn read_lines(stderr: impl Read, lines: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        match reader.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = logging::one_line(String::from_utf8_lossy(&line).trim_end(), LONGEST_LINE);
        if text.is_empty() {
            continue;
        }
        tracing::debug!("forkserver: {text}");
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MOST_LINES {
            lines.remove(0);
        }
        lines.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proc_that_hides_processes_is_known_by_its_option() {
        let line = |options: &str| format!("24 1 0:22 / /proc rw,nosuid shared:5 - proc proc {options}\n");
        let root = "20 1 8:1 / / rw - ext4 /dev/x rw,hidepid=2\n";
        assert_eq!(hides_processes(&(root.to_owned() + &line("rw"))), None);
        assert_eq!(hides_processes(&line("rw,hidepid=0")), None);
        assert_eq!(hides_processes(&line("rw,gid=5,hidepid=invisible")), Some("hidepid=invisible"));
        assert_eq!(hides_processes(&(line("rw,hidepid=2") + &line("rw"))), None, "the last one is on top");
        assert_eq!(hides_processes(""), None);
    }

    /// Packages write there when they are imported, and crashes do.
    #[test]
    fn what_a_forkserver_writes_is_escaped_and_bounded() {
        let lines = Mutex::new(Vec::new());
        let flood = format!("{}\n", "x".repeat(10 * LONGEST_LINE)).repeat(50);
        read_lines(flood.as_bytes(), &lines);
        assert_eq!(lines.lock().unwrap().len(), MOST_LINES);
        assert!(lines.lock().unwrap().iter().all(|line| line.len() <= LONGEST_LINE + 8));
        read_lines(&b"\x1b[31mred\rTask 1 failed\xff\n\n"[..], &lines);
        let last = lines.lock().unwrap().last().cloned().unwrap();
        assert!(last.contains("red") && !last.contains(['\x1b', '\r', '\n']), "{last:?}");
    }
}
