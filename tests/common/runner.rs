//! The built program as a runner: its log, its processes, its end.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use palisade::embedded::EmbeddedBroker;
use tempfile::TempDir;

/// Much longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_mins(2);

/// A runner with these variables. It is killed with this.
pub(crate) struct Runner {
    process: Child,
    folder: TempDir,
}

impl Runner {
    /// One for a broker, with its token.
    pub(crate) fn of(broker: &EmbeddedBroker, token: &str, variables: &[(&str, &str)]) -> Self {
        let uri = broker.uri();
        let mut all = vec![("N8N_RUNNERS_GRANT_TOKEN", token), ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str())];
        all.extend(variables);
        Self::start(&all)
    }

    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("N8N_")
                || ["NO_COLOR", "PALISADE_LOG", "ENVIRONMENT", "DEPLOYMENT_NAME"].contains(&&*text)
            {
                command.env_remove(&name);
            }
        }
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    /// Whatever this command starts, with its output as log.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let folder = TempDir::new().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { process: command.spawn().unwrap(), folder }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The first line with `part`, once it is there.
    pub(crate) async fn logs(&self, part: &str) -> String {
        let begun = Instant::now();
        loop {
            let log = self.log();
            // A line is whole when its end is there.
            let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if let Some(line) = whole.lines().find(|line| line.contains(part)) {
                return line.to_owned();
            }
            assert!(begun.elapsed() < LONG, "{part} in\n{log}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for its end by itself.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < LONG, "{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.process.id()).unwrap()), signal).unwrap();
    }

    /// All that descends from it, as far as can be seen, without itself.
    pub(crate) fn descendants(&self) -> BTreeSet<i32> {
        let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            if let Some(parent) = parent(pid) {
                children.entry(parent).or_default().push(pid);
            }
        }
        let mut found = BTreeSet::new();
        let mut next = vec![i32::try_from(self.process.id()).unwrap()];
        while let Some(pid) = next.pop() {
            let of = children.remove(&pid).unwrap_or_default();
            found.extend(&of);
            next.extend(of);
        }
        found
    }

    /// Status and body of a GET at its health server, which it has logged the port of.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let line = self.logs("Health check server listening on ").await;
        let digits = line.split("port ").nth(1).unwrap().chars().take_while(char::is_ascii_digit);
        let port: u16 = digits.collect::<String>().parse().unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
        let ask = move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            (head[9..12].parse().unwrap(), body.to_owned())
        };
        tokio::task::spawn_blocking(ask).await.unwrap()
    }
}

/// A process's parent; none where it is gone.
fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in front may hold anything, but no bracket comes after its end.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.next()?.parse().ok(),
    }
}

/// Waits until none of these runs.
pub(crate) async fn all_gone(pids: &BTreeSet<i32>) {
    let begun = Instant::now();
    while let Some(pid) = pids.iter().find(|pid| parent(**pid).is_some()) {
        assert!(begun.elapsed() < Duration::from_secs(5), "process {pid} outlives the runner");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
