//! One attempt in one configuration: run, looked at from all sides, and put back as it was.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use nix::mqueue::{MQ_OFlag, mq_open, mq_unlink};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use palisade::embedded::TaskOutcome;
use palisade::offers::random_id;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::{interval, sleep, timeout};

use crate::attempt::Attempt;
use crate::decoy::Decoy;
use crate::messages::{self, Tasks};
use crate::posture::{complaint, memory_of, memory_of_tree, posture};
use crate::sandbox::process::{Process, Strangers};
use crate::sandbox::runner::settings;
use crate::sandbox::{eventually, interpreter};
use crate::stage::{PATIENCE, Stage};
use crate::world::{Inhabitants, World};

const PRELUDE: &str = include_str!("prelude.py");

/// Beyond a task's limit: what is mapped before it starts, a fresh spare's pages, what is counted twice.
const SLACK: u64 = 96 << 20;

/// How long something of a task may live after its answer.
const LINGER: Duration = Duration::from_secs(1);

/// What was seen of an attempt.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Witnesses that fired, each with what it saw.
    pub(crate) fired: Vec<(String, String)>,
    /// What the attempt said it had reached.
    pub(crate) reported: Option<String>,
    /// Its answer: what it returned, or the text of its error.
    pub(crate) answer: String,
    /// Why the runner of the stage is not good for another attempt.
    #[serde(default)]
    pub(crate) spoilt: bool,
}

impl Outcome {
    fn note(&mut self, witness: &str, what: impl Into<String>) {
        // A witness that has seen much need not tell all of it.
        if self.fired.iter().filter(|(known, _)| known == witness).count() < 5 {
            self.fired.push((witness.to_owned(), shortened(&what.into())));
        }
    }

    /// Whether this is an escape: seen from outside, or, where nothing can be seen, told by the attempt.
    pub(crate) fn escaped(&self, attempt: &Attempt) -> bool {
        !self.fired.is_empty() || (attempt.witness == "kernel" && self.reported.is_some())
    }
}

/// Makes the attempt.
///
/// # Errors
/// The stage is not fit for one.
pub(crate) async fn run(attempt: &Attempt, stage: &mut Stage, world: &mut World) -> Result<Outcome, String> {
    let inhabitants = stage.settle().await?;
    stage.forget().await;
    world.listeners.heard();
    world.decoy.complaints();
    let (mark, key) = (format!("palisade-mark-{}", random_id()), rand::random_range(0x0100_0000..i32::MAX));
    let items = json!([{"json": world.host(&inhabitants, &mark, key)}]);
    let code = if attempt.is_native() { format!("{PRELUDE}{}", attempt.source) } else { attempt.source.clone() };
    let sibling = stage.sibling.as_ref();
    let mut watched = vec![
        ("the supervisor", inhabitants.supervisor, posture(inhabitants.supervisor)),
        ("the forkserver", inhabitants.forkserver, posture(inhabitants.forkserver)),
        ("the decoy", world.decoy.process, posture(world.decoy.process)),
    ];
    watched.extend(sibling.map(|sibling| ("the sibling", sibling.process, sibling.posture.clone())));
    let below = [inhabitants.forkserver].into_iter().chain(inhabitants.sibling).chain(inhabitants.spares.clone());
    let before = memory_of(inhabitants.supervisor, below);

    let mut outcome = Outcome::default();
    let peak = Arc::new(Mutex::new(before));
    let sampler = tokio::spawn(sample(inhabitants.supervisor, Arc::clone(&world.strangers), Arc::clone(&peak)));
    let answered = answer(stage, &code, &items, &mut outcome).await;
    sampler.abort();
    // The same in every run, so that answers can be compared.
    outcome.answer = outcome.answer.replace(&mark, "<mark>").replace(&*world.base.to_string_lossy(), "<world>");
    outcome.answer = shortened(&outcome.answer);

    let after = processes(&inhabitants, world, &mut outcome).await;
    let after = memory_of(inhabitants.supervisor, after);
    let (supervisor, tree) = *peak.lock().unwrap();
    let supervisors = 4 * stage.bounds.result as u64 + (48 << 20);
    if supervisor.max(after.0) > before.0 + supervisors {
        outcome.note("memory", format!("the supervisor grew by {} MiB", (supervisor.max(after.0) - before.0) >> 20));
    }
    if tree.max(after.1) > before.1 + stage.memory + SLACK {
        outcome.note("memory", format!("the tasks grew by {} MiB", (tree.max(after.1) - before.1) >> 20));
    }
    // What was done to others may take a moment to show, which the ordinary task gives it; but that may take the spare.
    if outcome.reported.is_some() && attempt.witness == "decoy" {
        sleep(Duration::from_millis(50)).await;
    }
    let spare = inhabitants.spares.iter().filter(|spare| spare.is_alive()).count();
    if spare + 1 < inhabitants.spares.len() {
        outcome.note("decoy", "a spare was ended");
    }
    let (ordinary, went) = if inhabitants.supervisor.is_alive() {
        stage.ordinary().await
    } else {
        (None, Err("the runner was ended".into()))
    };
    if let Err(why) = went {
        outcome.note("decoy", format!("an ordinary task after it failed: {why}"));
        outcome.spoilt = true;
    }
    let made = look(attempt, world, &watched, (&mark, key), &mut outcome).await;
    let (frames, log) = stage.news().await;
    let id = answered.unwrap_or_default();
    let tasks = Tasks {
        attempt: (&id, &mark),
        ordinary: ordinary.as_deref(),
        sibling: stage.sibling.as_ref().map(|sibling| sibling.id.as_str()),
    };
    for what in messages::complaints(&frames, &tasks, stage.bounds) {
        outcome.note("messages", what);
    }
    for what in messages::complaints_about_log(&log, &mark) {
        outcome.note("messages", what);
    }
    let secrets = [
        ("the secret file", &world.private.secret),
        ("the public secret file", &world.public.secret),
        ("the decoy's secret", &world.decoy.secret),
        ("the sibling's items", &stage.secret),
        ("the grant token", &stage.runner.token),
    ];
    for (name, secret) in secrets {
        if frames.iter().any(|frame| frame.contains(secret.as_str())) || log.contains(secret.as_str()) {
            outcome.note("secret", format!("{name} is in a message"));
        }
    }
    restore(world, &outcome, &made, key);
    Ok(outcome)
}

/// Looks at everything that is not said but done. What an attempt says it has done is looked for a little longer.
async fn look(
    attempt: &Attempt,
    world: &mut World,
    watched: &[(&str, Process, Vec<String>)],
    (mark, key): (&str, i32),
    outcome: &mut Outcome,
) -> Vec<Made> {
    let claimed = outcome.reported.is_some();
    let mut pauses = if claimed { 50 } else { 1 };
    loop {
        let mut seen = Vec::new();
        for (name, process, before) in watched {
            seen.extend(complaint(name, *process, before).map(|what| ("decoy", what)));
        }
        seen.extend(world.decoy.complaints().into_iter().map(|what| ("decoy", format!("the decoy: {what}"))));
        seen.extend(world.listeners.heard().into_iter().map(|what| ("listener", what)));
        let changes = world.private.changes().into_iter().chain(world.public.changes());
        seen.extend(changes.map(|what| ("canary", what)));
        let made = made(world, mark, key);
        seen.extend(made.iter().map(|what| ("made", what.to_string())));
        pauses -= 1;
        if pauses == 0 || !seen.is_empty() || !["decoy", "listener", "canary", "made"].contains(&&*attempt.witness) {
            outcome.spoilt |= seen.iter().any(|(name, what)| *name == "decoy" && !what.starts_with("the decoy"));
            for (witness, what) in seen {
                outcome.note(witness, what);
            }
            return made;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Hands the attempt to the runner and waits for its answer. Its id, where there is one.
async fn answer(stage: &Stage, code: &str, items: &Value, outcome: &mut Outcome) -> Option<String> {
    let task = match timeout(PATIENCE, stage.runner.broker.begin_task()).await {
        Ok(Ok(task)) => task,
        failed => {
            outcome.note("messages", format!("the runner took no task: {:?}", failed.err()));
            outcome.spoilt = true;
            return None;
        }
    };
    let id = task.id.clone();
    task.send_settings(&settings(code, items));
    let verdict = match timeout(PATIENCE, task.outcome()).await {
        Ok(Ok(TaskOutcome { verdict, .. })) => verdict,
        Ok(Err(error)) => {
            outcome.answer = error.to_string();
            return Some(id);
        }
        Err(_) => {
            stage.runner.broker.cancel(&id, "it took too long");
            outcome.note("messages", format!("no answer in {} s", PATIENCE.as_secs()));
            outcome.spoilt = true;
            return Some(id);
        }
    };
    outcome.answer = match verdict {
        Err(error) => error.get("message").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Ok(result) => match serde_json::from_str::<Value>(result.get()) {
            Err(_) => "a result that is too deep to be looked at".into(),
            Ok(result) => {
                let json = &result[0]["json"];
                let reported = ["escaped", "reached"].iter().map(|key| &json[key]).find(|value| !value.is_null());
                outcome.reported = reported.map(|value| shortened(&value.to_string()));
                json.get("held").unwrap_or(&result).to_string()
            }
        },
    };
    Some(id)
}

fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}

/// The largest amounts that are seen: of the supervisor, and of all below it.
async fn sample(supervisor: Process, strangers: Arc<Strangers>, peak: Arc<Mutex<(u64, u64)>>) {
    let mut ticks = interval(Duration::from_millis(15));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let (own, below) = memory_of_tree(supervisor, &strangers);
        let mut peak = peak.lock().unwrap();
        *peak = (peak.0.max(own), peak.1.max(below));
    }
}

/// Waits until the runner has only the processes it should have. Those below it.
async fn processes(inhabitants: &Inhabitants, world: &World, outcome: &mut Outcome) -> Vec<Process> {
    let own = Process::of(i32::try_from(std::process::id()).expect("a number")).expect("this process lives");
    let known = [inhabitants.supervisor, world.decoy.process];
    let mut family = Vec::new();
    let mut strays = 0;
    let settled = eventually(LINGER, || {
        family = own.family(&world.strangers);
        strays = too_many(&family, inhabitants);
        strays == 0
    });
    if !settled.await {
        outcome.note("processes", format!("{strays} too many are there"));
        // They end with their runner.
        outcome.spoilt = true;
    }
    // This process is a subreaper, so what leaves its runner becomes its child.
    let orphans: Vec<_> = family.iter().filter(|(p, parent)| *parent == own.pid && !known.contains(p)).collect();
    if !orphans.is_empty() && inhabitants.supervisor.is_alive() {
        outcome.note("processes", format!("{} have left the runner", orphans.len()));
    }
    for (orphan, _) in orphans {
        orphan.signal(Signal::SIGKILL);
        outcome.spoilt = true;
        let _ = waitpid(Pid::from_raw(orphan.pid), None);
    }
    family.into_iter().map(|(process, _)| process).filter(|process| !known.contains(process)).collect()
}

/// How many processes are below the runner beyond one forkserver with its spares and the sibling. Which of them should not
/// be there cannot be told from outside, where what is left of an attempt looks like a spare.
fn too_many(family: &[(Process, i32)], inhabitants: &Inhabitants) -> usize {
    let Inhabitants { supervisor, sibling, spares, .. } = inhabitants;
    let of = |parent: i32| family.iter().filter(move |(_, p)| *p == parent).map(|(process, _)| *process);
    let forkservers: Vec<_> = of(supervisor.pid).collect();
    let tasks: Vec<_> = forkservers.iter().flat_map(|forkserver| of(forkserver.pid)).collect();
    let mut deeper: Vec<_> = tasks.iter().flat_map(|task| of(task.pid)).collect();
    let mut next = 0;
    while let Some(process) = deeper.get(next) {
        let below: Vec<_> = of(process.pid).collect();
        deeper.extend(below);
        next += 1;
    }
    let idle = tasks.iter().filter(|task| Some(**task) != *sibling).count();
    deeper.len() + forkservers.len().saturating_sub(1) + idle.saturating_sub(spares.len())
}

/// Something that an attempt has made.
#[derive(Debug, Clone)]
enum Made {
    File(PathBuf),
    Ipc(String),
    Socket(String),
    Queue(String),
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.file_name().unwrap_or_default().to_string_lossy()),
            Self::Ipc(what) | Self::Socket(what) => f.write_str(what),
            Self::Queue(_) => f.write_str("a message queue"),
        }
    }
}

fn made(world: &World, mark: &str, key: i32) -> Vec<Made> {
    let mut made = Vec::new();
    for folder in world.watched() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains(mark) {
                made.push(Made::File(entry.path()));
            }
        }
    }
    for kind in ["shm", "sem", "msg"] {
        let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        if table.lines().any(|line| line.split_whitespace().next() == Some(key.to_string().as_str())) {
            made.push(Made::Ipc(kind.to_owned()));
        }
    }
    if fs::read_to_string("/proc/net/unix").is_ok_and(|table| table.contains(mark)) {
        made.push(Made::Socket("a socket with the mark".into()));
    }
    if mq_open(format!("/{mark}").as_str(), MQ_OFlag::O_RDONLY, Mode::empty(), None).is_ok() {
        made.push(Made::Queue(format!("/{mark}")));
    }
    made
}

/// Puts back what was changed, and removes what was made.
fn restore(world: &mut World, outcome: &Outcome, made: &[Made], key: i32) {
    let fired = |witness: &str| outcome.fired.iter().any(|(name, _)| name == witness);
    if fired("canary") {
        world.private.make();
        world.public.make();
    }
    if fired("decoy") {
        world.decoy = Decoy::start(world.uid);
    }
    for what in made {
        match what {
            Made::File(path) => {
                let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
            }
            Made::Ipc(_) => remove_ipc(key),
            Made::Queue(name) => _ = mq_unlink(name.as_str()),
            // It ends with whoever made it.
            Made::Socket(_) => {}
        }
    }
}

/// Removes System V objects with this key.
fn remove_ipc(key: i32) {
    let program = format!(
        "import ctypes
libc = ctypes.CDLL(None)
libc.shmctl(libc.shmget({key}, 0, 0), 0, 0)
libc.semctl(libc.semget({key}, 0, 0), 0, 0, 0)
libc.msgctl(libc.msgget({key}, 0), 0, 0)"
    );
    let mut command = Command::new(interpreter::path());
    let _ = command.args(["-I", "-c", &program]).stdin(Stdio::null()).status();
}
