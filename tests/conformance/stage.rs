//! A broker and the built program as its runner.

use std::future::Future;
use std::process::Command;
use std::time::{Duration, Instant};

use palisade::embedded::{AcceptedTask, EmbeddedBroker, Entry, Options, Recorded, TaskOutcome};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::engine::interpreter;
use crate::runner::Runner;

/// Much longer than anything here takes.
const LONG: Duration = Duration::from_mins(1);

pub(crate) const TOKEN: &str = "the-grant-token";

/// Waits for what must happen, and fails the case where it does not.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, future).await.expect("it should have happened by now")
}

/// Waits until something holds. `what` names it where it never does.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LONG, "this should hold by now: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A line as it is where all layers hold: what a host has not is named at the end of a task's line.
fn whole_host(line: &str) -> &str {
    match line.strip_suffix(']').and_then(|line| line.rsplit_once(" [without ")) {
        Some((line, layers)) if !layers.contains(['[', '"']) => line,
        _ => line,
    }
}

pub(crate) async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Whether a process is at work, twice in a row.
pub(crate) fn is_running(pid: i32) -> bool {
    (0..2).all(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('R'))
    })
}

/// A broker that lets runners with [`TOKEN`] in and keeps all frames.
pub(crate) fn options() -> Options {
    Options { grant_token: TOKEN.to_owned(), record: true, ..Options::default() }
}

/// Settings of a task with this code and these further fields.
pub(crate) fn settings(code: &str, more: Value) -> Box<RawValue> {
    let mut settings = json!({
        "code": code, "nodeMode": "runOnceForAllItems", "workflowMode": "manual", "continueOnFail": false,
        "items": [{"json": {"a": 1}, "pairedItem": {"item": 0}}],
        "nodeId": "n1", "nodeName": "Code", "workflowId": "w1", "workflowName": "My workflow",
    });
    let Value::Object(more) = more else { panic!("an object") };
    settings.as_object_mut().unwrap().extend(more);
    serde_json::value::to_raw_value(&settings).unwrap()
}

/// The program in an environment of nothing but these variables, and where a Python is that the program would find here.
pub(crate) fn bare(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.env_clear().env("PALISADE_PYTHON", &interpreter().path);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.envs(variables.iter().copied());
    command
}

async fn registered(broker: &EmbeddedBroker, times: usize) {
    let infos = |entry: &&Entry| matches!(&entry.what, Recorded::Received(text) if text.contains(r#""runner:info""#));
    soon(broker.wait_for(|all| (all.iter().filter(infos).count() >= times).then_some(()))).await;
}

/// The runner and its broker.
pub(crate) struct Stage {
    pub(crate) broker: EmbeddedBroker,
    pub(crate) runner: Runner,
    /// What was there before the case.
    log_from: usize,
    frames_from: usize,
}

impl Stage {
    /// With these variables besides token and URI, registered.
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::with(options(), variables).await
    }

    /// With another kind of broker, registered.
    pub(crate) async fn with(options: Options, variables: &[(&str, &str)]) -> Self {
        let broker = EmbeddedBroker::start(options).await.unwrap();
        let mut runner = Runner::of(&broker, TOKEN, variables);
        tokio::select! {
            () = registered(&broker, 1) => {}
            // What it says is the cause of all that would fail for want of it.
            status = runner.ends() => panic!("the runner ended with {status}: {}", runner.log()),
        }
        Self { broker, runner, log_from: 0, frames_from: 0 }
    }

    /// Waits until the runner has been registered this often.
    pub(crate) async fn registered(&self, times: usize) {
        registered(&self.broker, times).await;
    }

    /// Waits until all slots are free and offered, and forgets what was logged and sent until then.
    pub(crate) async fn settle(&mut self) {
        self.offers(5).await;
        self.handled().await;
        self.frames_from = self.broker.transcript().len();
        self.log_from = self.runner.log().len();
    }

    /// Waits until so many offers are open.
    pub(crate) async fn offers(&self, count: usize) {
        until(&format!("{count} offers"), || self.broker.open_offers().len() == count).await;
    }

    /// A question that the runner answers at once: when this returns, everything that was sent before has been handled.
    pub(crate) async fn handled(&self) {
        let before = self.count("runner:info");
        self.broker.send(&json!({"type": "broker:inforequest"}));
        until("an answer to an info request", || self.count("runner:info") > before).await;
    }

    fn entries(&self) -> Vec<Entry> {
        self.broker.transcript().split_off(self.frames_from)
    }

    /// All that was sent and received since the case began.
    pub(crate) fn transcript(&self) -> Vec<Recorded> {
        self.entries().into_iter().map(|entry| entry.what).collect()
    }

    /// Frames from the runner, as they came.
    pub(crate) fn texts(&self) -> Vec<String> {
        let text = |what| match what {
            Recorded::Received(text) => Some(text),
            _ => None,
        };
        self.transcript().into_iter().filter_map(text).collect()
    }

    /// Frames of one type that came from the runner.
    pub(crate) fn received(&self, kind: &str) -> Vec<Value> {
        self.frames("type", kind)
    }

    /// What the runner sent for one task, in order.
    pub(crate) fn of_task(&self, id: &str) -> Vec<Value> {
        self.frames("taskId", id)
    }

    /// Frames with this value. Others may hold what this parser does not take, such as lone surrogates.
    fn frames(&self, key: &str, value: &str) -> Vec<Value> {
        let part = format!("\"{key}\":{}", json!(value));
        let texts = self.texts().into_iter().filter(|text| text.contains(&part));
        let parsed = texts.map(|text| serde_json::from_str::<Value>(&text).unwrap());
        parsed.filter(|frame| frame[key] == value).collect()
    }

    fn count(&self, kind: &str) -> usize {
        self.received(kind).len()
    }

    /// What has been logged since the case began.
    pub(crate) fn log(&self) -> String {
        self.runner.log().split_off(self.log_from)
    }

    /// Waits for this very line.
    pub(crate) async fn logs(&self, line: &str) {
        until(&format!("the line {line}"), || self.log().lines().any(|logged| whole_host(logged) == line)).await;
    }

    /// Waits for a line that begins so, and gives it back.
    pub(crate) async fn logs_from(&self, start: &str) -> String {
        let find = || self.log().lines().find(|line| line.starts_with(start)).map(|line| whole_host(line).to_owned());
        until(&format!("a line beginning with {start}"), || find().is_some()).await;
        find().unwrap()
    }

    /// Has a task accepted.
    pub(crate) async fn accept(&self) -> AcceptedTask {
        soon(self.broker.begin_task()).await.unwrap()
    }

    /// Has a task accepted and its code at work, which prints nothing and does not end.
    pub(crate) async fn endless(&self, more: Value) -> AcceptedTask {
        let task = self.accept().await;
        task.send_settings(&settings("while True: pass", more));
        self.logs(&format!("Received task {}", task.id)).await;
        // In the child by now, or so soon that it makes no difference.
        pause(200).await;
        task
    }

    /// Sends an acceptance with ids of the case's choice.
    pub(crate) fn take_up(&self, offer: &str, task: &str) {
        self.broker.send(&json!({"type": "broker:taskofferaccept", "taskId": task, "offerId": offer}));
    }

    /// Waits for a task's answer, until all of it is in the transcript.
    pub(crate) async fn finish(&self, task: AcceptedTask) -> TaskOutcome {
        let id = json!(task.id).to_string();
        let outcome = soon(task.outcome()).await.unwrap();
        let is_last = |text: &String| {
            text.contains(&id) && (text.contains("\"runner:taskdone\"") || text.contains("\"runner:taskerror\""))
        };
        until("the answer in the transcript", || self.texts().iter().any(is_last)).await;
        outcome
    }

    pub(crate) async fn outcome(&self, settings: &RawValue) -> TaskOutcome {
        let task = self.accept().await;
        task.send_settings(settings);
        self.finish(task).await
    }

    /// What becomes of code for all items, of which there is one.
    pub(crate) async fn run(&self, code: &str) -> TaskOutcome {
        self.run_with(code, json!({})).await
    }

    pub(crate) async fn run_with(&self, code: &str, more: Value) -> TaskOutcome {
        self.outcome(&settings(code, more)).await
    }

    /// The result's very text.
    pub(crate) async fn result(&self, code: &str) -> String {
        self.result_with(code, json!({})).await
    }

    pub(crate) async fn result_with(&self, code: &str, more: Value) -> String {
        match self.run_with(code, more).await.verdict {
            Ok(result) => result.get().to_owned(),
            Err(error) => panic!("{code}\n{error:?}"),
        }
    }

    pub(crate) async fn error(&self, code: &str) -> Map<String, Value> {
        self.error_with(code, json!({})).await
    }

    pub(crate) async fn error_with(&self, code: &str, more: Value) -> Map<String, Value> {
        match self.run_with(code, more).await.verdict {
            Ok(result) => panic!("{code}\n{result}"),
            Err(error) => error,
        }
    }

    /// Message and description of the error, which both have to be there.
    pub(crate) async fn told(&self, code: &str) -> (String, String) {
        let error = self.error(code).await;
        let text = |key: &str| error[key].as_str().unwrap_or_else(|| panic!("{key} in {error:?}")).to_owned();
        assert!(error.contains_key("description"), "{error:?}");
        (text("message"), text("description"))
    }

    /// Stops it, which must take no time worth mentioning.
    pub(crate) async fn stop(mut self) {
        self.runner.signal(nix::sys::signal::Signal::SIGTERM);
        assert_eq!(self.runner.ends().await.code(), Some(0), "{}", self.runner.log());
    }
}
