//! The health server through real sockets, about a subject made for tests. `observed_binary.rs` has the built program.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use palisade::config::Health;
use palisade::observe::health::{Context, HealthError, ProbeFuture, Server, Subject};
use palisade::observe::metrics::Stock;
use palisade::observe::{Recorder, metrics};
use tokio::runtime::{Builder, Runtime};

const LONG: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
struct Fake {
    probes: AtomicUsize,
    is_broken: AtomicBool,
    spares: AtomicUsize,
}

impl Subject for Fake {
    fn probe(self: Arc<Self>, _: String) -> ProbeFuture {
        self.probes.fetch_add(1, Ordering::SeqCst);
        let is_broken = self.is_broken.load(Ordering::SeqCst);
        Box::pin(async move { if is_broken { Err("no child:\nthe \u{1b}[31mreason".to_owned()) } else { Ok(()) } })
    }

    fn unable(&self) -> Option<String> {
        let has_none = self.spares.load(Ordering::SeqCst) == 0;
        (has_none && self.is_broken.load(Ordering::SeqCst)).then(|| "forks fail".to_owned())
    }

    fn stock(&self) -> Vec<Stock> {
        let spares = self.spares.load(Ordering::SeqCst);
        vec![Stock { profile: "default".to_owned(), spares, ..Stock::default() }]
    }
}

/// Metrics are one for the process.
fn kept() -> PrometheusHandle {
    static KEPT: OnceLock<PrometheusHandle> = OnceLock::new();
    KEPT.get_or_init(|| metrics::install(&Recorder::default()).unwrap()).clone()
}

struct Setup {
    server: Server,
    recorder: Recorder,
    fake: Arc<Fake>,
    tasks: Runtime,
}

impl Setup {
    /// A server, and a subject it knows.
    fn new() -> Self {
        let setup = Self::starting();
        let fake: std::sync::Weak<Fake> = Arc::downgrade(&setup.fake);
        setup.server.observe(fake);
        setup
    }

    /// A server that does not know what it is about yet.
    fn starting() -> Self {
        let tasks = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let recorder = Recorder::default();
        let context = Context { recorder: recorder.clone(), metrics: kept(), tasks: tasks.handle().clone() };
        let server = Server::start(&Health { host: "127.0.0.1".to_owned(), port: 0 }, context).unwrap();
        Self { server, recorder, fake: Arc::default(), tasks }
    }

    /// Sends `request` and gives back all that comes until the end of the connection.
    fn ask(&self, request: &str) -> String {
        ask(self.server.address(), request)
    }

    /// Status and body of a GET.
    fn get(&self, path: &str) -> (u16, String) {
        let answer = self.ask(&format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

fn ask(to: SocketAddr, request: &str) -> String {
    let mut stream = connect(to);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, and no reset");
    answer
}

#[test]
fn any_path_and_any_method_gets_the_answer_that_n8n_knows() {
    let setup = Setup::new();
    for line in [
        "GET /healthz HTTP/1.1",
        "GET / HTTP/1.1",
        "POST /any/path?x=1 HTTP/1.1",
        "DELETE /healthz HTTP/1.1",
        "OPTIONS * HTTP/1.1",
        "BREW /pot HTTP/1.1",
        "GET /healthz HTTP/1.0",
    ] {
        let answer = setup.ask(&format!("{line}\r\nHost: h\r\n\r\n"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let lines: Vec<_> = head.lines().map(str::to_ascii_lowercase).collect();
        assert!(lines[0].ends_with(" 200 ok"), "{line}: {answer}");
        assert_eq!(body, "OK", "{line}");
        assert!(lines.contains(&"content-type: text/plain".to_owned()), "{answer}");
        assert!(lines.contains(&"content-length: 2".to_owned()), "{answer}");
    }
    // As many requests as connections: each is closed after its answer, which `ask` waits for.
    let head = setup.ask("HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(setup.fake.probes.load(Ordering::SeqCst), 1, "one probe is proof for a while");
}

#[test]
fn a_request_with_a_body_is_answered_and_not_reset() {
    let setup = Setup::new();
    for bytes in [10, 30_000] {
        let body = "x".repeat(bytes);
        let answer = setup.ask(&format!("POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: {bytes}\r\n\r\n{body}"));
        assert!(answer.ends_with("\r\n\r\nOK"), "{answer}");
    }
    // A body that is promised and never comes is not waited for long.
    let begun = Instant::now();
    let answer = setup.ask("POST /healthz HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
    assert!(answer.ends_with("\r\n\r\nOK") && begun.elapsed() < Duration::from_secs(10), "{answer}");
}

#[test]
fn what_is_no_request_is_refused() {
    let setup = Setup::new();
    assert!(setup.ask("hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(10_000));
    assert!(setup.ask(&long).starts_with("HTTP/1.1 200 "), "that is still a head");
    let mut stream = connect(setup.server.address());
    // One that never ends is cut off; how is up to the system, as not all of it was read.
    let endless = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(1 << 20));
    let _ = stream.write_all(endless.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(setup.get("/healthz").0, 200);
}

#[test]
fn half_requests_neither_stay_nor_keep_others_out() {
    let setup = Setup::new();
    let begun = Instant::now();
    let mut half: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = connect(setup.server.address());
            // The oldest may be closed already.
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nHo");
            stream
        })
        .collect();
    assert_eq!(setup.get("/healthz"), (200, "OK".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(5), "it waited for half requests: {:?}", begun.elapsed());
    let mut rest = Vec::new();
    let mut last = half.pop().unwrap();
    let _ = last.read_to_end(&mut rest);
    assert!(begun.elapsed() < Duration::from_secs(30), "a half request stays open: {:?}", begun.elapsed());
    assert!(!String::from_utf8_lossy(&rest).contains("200"), "half a request has no answer");
}

#[test]
fn a_probe_that_fails_is_503_with_a_reason_of_one_line() {
    let setup = Setup::new();
    setup.fake.is_broken.store(true, Ordering::SeqCst);
    assert_eq!(setup.get("/healthz"), (503, r"no child:\nthe \u{1b}[31mreason".to_owned()));
    setup.fake.is_broken.store(false, Ordering::SeqCst);
    assert_eq!(setup.get("/healthz"), (200, "OK".to_owned()), "it is asked anew");
    // A task that went through is proof, whatever a probe would say.
    setup.fake.is_broken.store(true, Ordering::SeqCst);
    setup.recorder.prove("default");
    assert_eq!(setup.get("/healthz").0, 200);
    assert_eq!(setup.fake.probes.load(Ordering::SeqCst), 2);
}

#[test]
fn readiness_needs_a_registration_and_a_child() {
    let setup = Setup::starting();
    assert_eq!(setup.get("/readyz"), (503, "the runner is starting".to_owned()));
    assert_eq!(setup.get("/healthz").0, 200, "n8n's launcher does not know that a start takes time");
    let fake: std::sync::Weak<Fake> = Arc::downgrade(&setup.fake);
    setup.server.observe(fake);
    assert_eq!(setup.get("/readyz"), (503, "the runner is not registered with a broker".to_owned()));
    setup.recorder.registered(true);
    assert_eq!(setup.get("/readyz"), (200, "OK".to_owned()));
    setup.fake.is_broken.store(true, Ordering::SeqCst);
    assert_eq!(setup.get("/readyz"), (503, "forks fail".to_owned()));
    setup.fake.spares.store(1, Ordering::SeqCst);
    assert_eq!(setup.get("/readyz").0, 200, "there is a child for one more task");
    setup.recorder.stopping();
    assert_eq!(setup.get("/readyz"), (503, "the runner is stopping".to_owned()));
    assert_eq!(setup.fake.probes.load(Ordering::SeqCst), 0, "readiness is not worth a probe");
}

#[test]
fn it_answers_while_the_event_loop_is_busy() {
    let setup = Setup::new();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (tell, is_busy) = std::sync::mpsc::channel();
    // Its only thread, held for as long as this test likes.
    setup.tasks.spawn(async move {
        tell.send(()).unwrap();
        let _ = held.recv();
    });
    is_busy.recv().unwrap();
    let begun = Instant::now();
    let (status, text) = setup.get("/metrics");
    assert!(status == 200 && text.contains("\npalisade_running_tasks 0\n"), "{text}");
    assert_eq!(setup.get("/readyz").0, 503);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(setup.get("/healthz"), (503, "the runner's event loop has not moved for 4 s".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    release.send(()).unwrap();
    assert_eq!(setup.get("/healthz").0, 200);
}

#[test]
fn an_end_is_an_end() {
    let setup = Setup::new();
    let address = setup.server.address();
    let mut open = connect(address);
    setup.server.stop();
    assert!(TcpStream::connect(address).is_err(), "nobody listens");
    let mut rest = Vec::new();
    let _ = open.read_to_end(&mut rest);
    assert!(rest.is_empty());
}

#[test]
fn a_port_or_a_host_that_cannot_be_had_is_one_line() {
    let start = |host: &str, port| {
        let tasks = Builder::new_current_thread().build().unwrap();
        let recorder = Recorder::default();
        let context = Context { recorder, metrics: kept(), tasks: tasks.handle().clone() };
        Server::start(&Health { host: host.to_owned(), port }, context).unwrap_err()
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = start("127.0.0.1", port);
    assert!(matches!(error, HealthError::PortTaken(_)));
    assert_eq!(error.to_string(), format!("Failed to start health check server: Port {port} is already in use"));
    // TEST-NET-1 is nobody's address.
    let error = start("192.0.2.1", 0).to_string();
    assert!(error.starts_with("Failed to start health check server: ") && !error.contains('\n'), "{error}");
}
