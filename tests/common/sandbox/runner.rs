//! A runner of the built executable, connected to a broker in this test.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::getuid;
use palisade::embedded::{AcceptedTask, EmbeddedBroker, Options, Recorded};
use serde_json::{Map, Value, json, value::RawValue};

use super::process::Process;
use super::{LONG, User, eventually, executable, interpreter, place, soon};

/// A task's result, or its error with all fields.
pub(crate) type Answer = Result<Value, Map<String, Value>>;

/// How a runner is started.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// As whom.
    pub(crate) user: User,
    /// Modules tasks may import, of the standard library and others.
    pub(crate) allow: (String, String),
    /// Tasks at once, and so many spares.
    pub(crate) concurrency: usize,
    /// Seconds a task may take.
    pub(crate) timeout: u32,
    /// What is changed in the default policy: names and values.
    pub(crate) policy: Vec<(String, String)>,
    /// What a shell does before it becomes the runner.
    pub(crate) before: String,
    /// Further variables of its environment.
    pub(crate) variables: Vec<(String, String)>,
    /// Whether tasks have the built-ins that the policy gives them, or all there are.
    pub(crate) builtins_of_the_policy: bool,
}

impl Setup {
    /// Two tasks at once, no module, the default policy.
    pub(crate) fn new(user: User) -> Self {
        Self {
            user,
            allow: (String::new(), String::new()),
            concurrency: 2,
            timeout: 60,
            policy: Vec::new(),
            before: String::new(),
            variables: Vec::new(),
            builtins_of_the_policy: false,
        }
    }

    /// With these modules of the standard library.
    pub(crate) fn stdlib(self, allow: &str) -> Self {
        Self { allow: (allow.to_owned(), String::new()), ..self }
    }

    /// With every module there is.
    pub(crate) fn everything(self) -> Self {
        Self { allow: ("*".to_owned(), "*".to_owned()), ..self }
    }

    /// With a layer in another mode than by default, whatever is risked by that.
    pub(crate) fn layer(self, name: &str, mode: &str) -> Self {
        let risk = |name: &str| format!("{{ name = {name:?}, reason = \"the test is about that\" }}");
        let accepted = ["files-without-landlock", "neither-landlock-nor-seccomp"].map(risk).join(", ");
        self.policy(name, &format!("{mode:?}")).policy("accept", &format!("[{accepted}]"))
    }

    /// With another value in the default policy.
    pub(crate) fn policy(mut self, name: &str, value: &str) -> Self {
        self.policy.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a further variable.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With an analyzer that lets pass what the policy can make it let pass.
    pub(crate) fn unjudged(self) -> Self {
        self.policy("strings", "\"off\"").policy("private_module_names", "false")
    }

    /// With built-ins as the policy says.
    pub(crate) fn default_builtins(self) -> Self {
        Self { builtins_of_the_policy: true, ..self }
    }

    /// Without an analyzer; where the policy has no switch for it, with one that has nothing to object to but imports.
    pub(crate) fn without_analyzer(self) -> Self {
        if has("enabled") {
            return self.policy("enabled", "false");
        }
        let lists = ["blocked_names", "blocked_attributes", "format_methods"];
        lists.iter().fold(self.unjudged(), |setup, list| setup.policy(list, "[]")).policy("dunders_are_names", "false")
    }

    /// Without guards in the child; where the policy has no switch for them, with all built-ins at least.
    pub(crate) fn without_guards(self) -> Self {
        if has("guards") { self.policy("guards", "false") } else { self }
    }

    /// With whatever combination of layers, where the policy wants to be told that it is meant.
    pub(crate) fn accepting_risks(self) -> Self {
        if !has("accept") {
            return self;
        }
        let risks = ["files-without-landlock", "neither-landlock-nor-seccomp"];
        let entries = risks.map(|name| format!("{{ name = {name:?}, reason = \"a test\" }}"));
        self.policy("accept", &format!("[{}]", entries.join(", ")))
    }

    /// Without any namespace.
    pub(crate) fn without_namespaces(self) -> Self {
        let names = ["user", "pid", "net", "ipc", "mount"];
        names.iter().fold(self, |setup, name| setup.layer(&format!("{name}_namespace"), "off"))
    }

    fn policy_text(&self) -> String {
        let mut lines: Vec<String> = palisade_policy::DEFAULT.lines().map(ToOwned::to_owned).collect();
        for (name, value) in &self.policy {
            let at = lines.iter().position(|line| line.starts_with(&format!("{name} = ")));
            let at = at.unwrap_or_else(|| panic!("the default policy has no {name}"));
            // A list goes on to its bracket.
            let more = if lines[at].ends_with('[') { lines[at..].iter().position(|line| line == "]") } else { None };
            lines.splice(at..=at + more.unwrap_or(0), [format!("{name} = {value}")]);
        }
        lines.join("\n")
    }
}

/// Whether the default policy has this name.
fn has(name: &str) -> bool {
    palisade_policy::DEFAULT.lines().any(|line| line.starts_with(&format!("{name} = ")))
}

/// A runner. It ends, with all it has started, when this is dropped.
pub(crate) struct Runner {
    /// The broker it is connected to.
    pub(crate) broker: EmbeddedBroker,
    /// The grant token it was given.
    pub(crate) token: String,
    /// The process of the runner.
    pub(crate) supervisor: Process,
    process: Child,
    setup: Setup,
    files: Vec<PathBuf>,
}

impl Runner {
    /// Starts one and waits until it has all its spares.
    pub(crate) async fn start(setup: Setup) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("runner-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        // Long and random, so that finding it anywhere is no accident.
        let token = format!("grant-{}-{}", palisade::offers::random_id(), palisade::offers::random_id());
        let options = Options { grant_token: token.clone(), record: true, ..Options::default() };
        let broker = EmbeddedBroker::start(options).await.expect("a broker");
        let (policy, log) = (place().join(format!("{name}.toml")), place().join(format!("{name}.log")));
        std::fs::write(&policy, setup.policy_text()).expect("the policy can be written");
        let output = std::fs::File::create(&log).expect("the log can be made");
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("{}\nexec \"$0\"", setup.before)).arg(executable());
        command
            .env_clear()
            .env("N8N_RUNNERS_GRANT_TOKEN", &token)
            .env("N8N_RUNNERS_TASK_BROKER_URI", broker.uri())
            .env("N8N_RUNNERS_MAX_CONCURRENCY", setup.concurrency.to_string())
            .env("N8N_RUNNERS_TASK_TIMEOUT", setup.timeout.to_string())
            .env("N8N_RUNNERS_STDLIB_ALLOW", &setup.allow.0)
            .env("N8N_RUNNERS_EXTERNAL_ALLOW", &setup.allow.1)
            .env("PALISADE_PYTHON", interpreter::path())
            .env("PALISADE_POLICY", &policy)
            .env("A_SECRET_OF_THE_HOST", &token)
            .envs(setup.variables.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a descriptor"))
            .stderr(output);
        if !setup.builtins_of_the_policy {
            command.env("N8N_RUNNERS_BUILTINS_DENY", "");
        }
        if getuid().is_root() && setup.user == User::Ordinary {
            // This gives up supplementary groups as well.
            command.uid(setup.user.uid()).gid(setup.user.uid());
        }
        let process = command.spawn().expect("the runner can be started");
        let pid = i32::try_from(process.id()).expect("a process number");
        let supervisor = Process::of(pid).expect("the runner lives");
        let mut runner = Self { broker, token, supervisor, process, setup, files: vec![policy, log] };
        runner.come_up().await;
        runner
    }

    async fn come_up(&mut self) {
        let mut ended = false;
        let up = eventually(LONG, || {
            ended = self.process.try_wait().is_ok_and(|status| status.is_some());
            ended || !self.broker.open_offers().is_empty()
        });
        assert!(up.await && !ended, "the runner did not come up: {}", self.log());
        self.filled().await;
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.files[1]).unwrap_or_default()
    }

    /// What it has logged from this byte on, and where that ends.
    pub(crate) fn log_from(&self, start: u64) -> (String, u64) {
        use std::io::{Read as _, Seek as _, SeekFrom};
        let mut bytes = Vec::new();
        if let Ok(mut file) = std::fs::File::open(&self.files[1])
            && file.seek(SeekFrom::Start(start)).is_ok()
        {
            let _ = file.read_to_end(&mut bytes);
        }
        (String::from_utf8_lossy(&bytes).into_owned(), start + bytes.len() as u64)
    }

    /// Waits until there is one forkserver with as many children as tasks may run, all of them waiting.
    pub(crate) async fn filled(&self) -> (Process, Vec<Process>) {
        let mut before = None;
        let mut settled = || {
            let [forkserver] = self.supervisor.children()[..] else { return None };
            let spares = forkserver.children();
            let waiting = spares.len() == self.setup.concurrency && spares.iter().all(|spare| spare.is_asleep());
            let now = waiting.then_some((forkserver, spares));
            // Twice, so that one which only paused on its way is not taken for one that waits.
            let again = before == now;
            before.clone_from(&now);
            now.filter(|_| again)
        };
        let mut found = None;
        let seen = eventually(LONG, || {
            found = settled();
            found.is_some()
        });
        assert!(seen.await, "there are no spares: {}", self.log());
        found.expect("it was seen")
    }

    /// Its forkserver.
    pub(crate) fn forkserver(&self) -> Process {
        let children = self.supervisor.children();
        assert_eq!(children.len(), 1, "one forkserver: {}", self.log());
        children[0]
    }

    /// Hands it a task.
    pub(crate) async fn begin(&self, code: &str, items: &Value) -> AcceptedTask {
        let task = soon("an offer", self.broker.begin_task()).await.expect("the runner is connected");
        task.send_settings(&settings(code, items));
        task
    }

    /// Has it run a task.
    pub(crate) async fn task(&self, code: &str, items: &Value) -> Answer {
        outcome(self.begin(code, items).await).await
    }

    /// Has it run an ordinary task, which must succeed.
    pub(crate) async fn ordinary_task(&self, after: &str) {
        let code = "return [{'json': {'sum': sum(item['json']['n'] for item in _items)}}]";
        let answer = self.task(code, &json!([{"json": {"n": 2}}, {"json": {"n": 40}}])).await;
        assert_eq!(answer, Ok(json!([{"json": {"sum": 42}}])), "after {after}: {}", self.log());
    }

    /// The answers the runner has sent for a task.
    pub(crate) fn answers(&self, task_id: &str) -> Vec<String> {
        let answers = self.broker.transcript().into_iter().filter_map(|entry| match entry.what {
            Recorded::Received(text) => {
                let frame: Value = serde_json::from_str(&text).ok()?;
                let kind = frame["type"].as_str()?;
                let of_task = frame["taskId"] == task_id && ["runner:taskdone", "runner:taskerror"].contains(&kind);
                of_task.then_some(text)
            }
            _ => None,
        });
        answers.collect()
    }

    /// Waits until so many children of the forkserver use CPU time: tasks that spin.
    pub(crate) async fn spinning(&self, count: usize) -> Vec<Process> {
        const TICKS: u64 = 10;
        let mut found = Vec::new();
        let seen = eventually(LONG, || {
            found = self.forkserver().children();
            found.retain(|child| child.ticks() >= TICKS);
            found.len() >= count
        });
        assert!(seen.await, "no task spins: {}", self.log());
        found
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let below = self.supervisor.descendants();
        let _ = self.process.kill();
        let _ = self.process.wait();
        // What should be dead by now; a failing test must not leave it behind.
        for process in below {
            process.signal(Signal::SIGKILL);
        }
        if std::thread::panicking() {
            let log = self.log();
            let unusual: Vec<_> = log
                .lines()
                .filter(|line| {
                    !["Accepted", "Received", "Completed"].contains(&line.split(' ').next().unwrap_or_default())
                })
                .collect();
            eprintln!("log of the runner:\n{}", unusual.join("\n"));
        }
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// Waits for a task's answer.
pub(crate) async fn outcome(task: AcceptedTask) -> Answer {
    let outcome = soon("the answer", task.outcome()).await.expect("the runner is connected");
    outcome.verdict.map(|result| serde_json::from_str(result.get()).expect("a result is JSON"))
}

/// The text of an error.
pub(crate) fn message(answer: &Answer) -> &str {
    match answer {
        Ok(result) => panic!("it should have failed and returned {result}"),
        Err(error) => error["message"].as_str().expect("a message is text"),
    }
}

/// How long a test may sleep where something must *not* happen.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(200);

/// The settings of a task.
pub(crate) fn settings(code: &str, items: &Value) -> Box<RawValue> {
    let settings = json!({
        "code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual", "continueOnFail": false,
        "items": items, "nodeName": "Code", "nodeId": "n1", "workflowName": "W", "workflowId": "w1",
    });
    serde_json::value::to_raw_value(&settings).expect("settings are JSON")
}
