//! Where tasks may use the network they reach the allowed TCP ports and nothing else.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod engine;
    pub(crate) mod sandbox;
}

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use common::engine::{Harness, Setup};
use common::sandbox::everyone::as_everyone;
use common::sandbox::interpreter;
use palisade::plan::Planned;
use palisade_sandbox::layer::Mode;
use palisade_sandbox::plan::Calls;
use serde_json::{Value, json};

const MODULES: &str = "struct,socket,http,urllib,ssl,errno,select,os,ctypes,asyncio,time";

/// What an attempt answers: its result, or the name of the errno it failed with.
const PRELUDE: &str = r"
import ctypes, errno, http.client, os, select, socket, ssl, time
import urllib.request
libc = ctypes.CDLL(None, use_errno=True)
def tried(attempt):
    try:
        return attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def raw(number, *values):
    ctypes.set_errno(0)
    answer = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(v) if isinstance(v, int) else v for v in values])
    if answer == -1:
        raise OSError(ctypes.get_errno(), 'refused')
    return answer
";

async fn harness(replan: impl Fn(&mut Planned) + 'static) -> Harness {
    let mut setup = Setup::allowing(MODULES, "");
    setup.config.builtins_deny = Some(Vec::new());
    setup.interpreter = Some(interpreter::found(Some(interpreter::path())));
    setup.judge = false;
    setup.replan = Box::new(replan);
    setup.start().await
}

fn network(calls: Calls, ports: Vec<u16>) -> impl Fn(&mut Planned) {
    move |planned| {
        planned.recipe.seal.calls =
            Calls { threads: true, event_loop: true, tcp: calls.tcp, dns: calls.dns, ..Calls::strict() };
        planned.recipe.seal.connect_tcp.clone_from(&ports);
    }
}

const TCP: Calls = Calls { tcp: true, ..Calls::strict() };
const DNS: Calls = Calls { tcp: true, dns: true, ..Calls::strict() };

/// Runs the expression `attempt` in a task and gives what it comes to.
async fn attempt(harness: &Harness, attempt: &str) -> Value {
    let code = format!("{PRELUDE}\nreturn [{{'json': {{'got': tried(lambda: {attempt})}}}}]");
    harness.result(&code).await[0]["json"]["got"].clone()
}

/// A listener that answers every connection like a small web server, until it is dropped with the test.
fn web_server() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().take(100) {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let mut request = [0; 4096];
            let got = stream.read(&mut request).unwrap_or(0);
            if request[..got].starts_with(b"GET /hello ") {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nworld");
            }
        }
    });
    port
}

fn quiet(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody connected");
}

#[tokio::test]
async fn allowed_ports_are_reached_and_nothing_else() {
    as_everyone("allowed_ports_are_reached_and_nothing_else", Box::pin(reached())).await;
}

async fn reached() {
    let web = web_server();
    let other = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let closed = other.local_addr().unwrap().port();
    let udp = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let datagrams = udp.local_addr().unwrap().port();
    let harness = harness(network(TCP, vec![web])).await;

    for (code, want) in [
        (format!("urllib.request.urlopen('http://127.0.0.1:{web}/hello', timeout=5).read().decode()"), "world"),
        (format!("socket.create_connection(('127.0.0.1', {web}), timeout=5).getpeername()[0]"), "127.0.0.1"),
        (format!("socket.create_connection(('127.0.0.1', {web})).sendmsg([b'x'])"), "EPERM"),
        (format!("socket.create_connection(('127.0.0.1', {closed}), timeout=5)"), "EACCES"),
        (format!("socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.1', {closed}))"), "EACCES"),
        (format!("socket.socket().connect(('127.0.0.1', {closed})) or 'connected'"), "EACCES"),
        ("socket.socket(type=socket.SOCK_DGRAM)".to_owned(), "EPERM"),
        (format!("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {datagrams}))"), "EPERM"),
        ("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)".to_owned(), "EPERM"),
        ("socket.socket(proto=262)".to_owned(), "EPERM"),
        ("socket.socket(proto=132)".to_owned(), "EPERM"),
        ("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)".to_owned(), "EPERM"),
        ("socket.socket(socket.AF_INET, socket.SOCK_SEQPACKET)".to_owned(), "EPERM"),
        ("socket.socket(socket.AF_UNIX)".to_owned(), "EPERM"),
        ("socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)".to_owned(), "EPERM"),
        ("socket.socket(16, socket.SOCK_RAW)".to_owned(), "EPERM"),
        ("socket.socket(17, socket.SOCK_RAW)".to_owned(), "EPERM"),
        ("socket.socket(38, socket.SOCK_SEQPACKET)".to_owned(), "EPERM"),
        ("socket.socket(40, socket.SOCK_STREAM)".to_owned(), "EPERM"),
        ("socket.socket(43, socket.SOCK_STREAM)".to_owned(), "EPERM"),
        (format!("socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', {web}))"), "EPERM"),
        (format!("socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', {closed}))"), "EPERM"),
        (format!("socket.socket().sendto(b'x', ('127.0.0.1', {closed}))"), "EPERM"),
        ("socket.socket().setsockopt(6, 30, 1)".to_owned(), "EPERM"),
        ("socket.socket().setsockopt(6, 23, 1)".to_owned(), "EPERM"),
        ("socket.socket().setsockopt(6, 31, b'tls')".to_owned(), "EPERM"),
        ("socket.socket().setsockopt(6, 19, 1)".to_owned(), "EPERM"),
        ("socket.socket().setsockopt(1, 50, 3)".to_owned(), "EPERM"),
        ("socket.socket().setsockopt(1, 15, 1)".to_owned(), "EPERM"),
        ("socket.socket().setsockopt(1, 25, b'lo')".to_owned(), "EPERM"),
        ("socket.socket().setsockopt(6, 1, 1) or 'set'".to_owned(), "set"),
        ("socket.socket().setsockopt(1, 9, 1) or 'set'".to_owned(), "set"),
        ("str(socket.socket().getsockopt(1, 4))".to_owned(), "0"),
        ("socket.socket().bind(('127.0.0.1', 0))".to_owned(), "EPERM"),
        ("socket.socket().listen()".to_owned(), "EPERM"),
        ("socket.socket().accept()".to_owned(), "EPERM"),
    ] {
        assert_eq!(attempt(&harness, &code).await, json!(want), "{code}");
    }
    quiet(&other);
    udp.set_nonblocking(true).unwrap();
    assert_eq!(udp.recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock, "a datagram came");
    harness.stop().await;
}

#[tokio::test]
async fn an_event_loop_talks_over_tcp() {
    let web = web_server();
    let harness = harness(network(TCP, vec![web])).await;
    let code = format!(
        r"
import asyncio
async def main():
    reader, writer = await asyncio.open_connection('127.0.0.1', {web})
    writer.write(b'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n')
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode().split('\r\n\r\n')[1]
return [{{'json': {{'got': asyncio.run(main())}}}}]
"
    );
    assert_eq!(harness.result(&code).await[0]["json"]["got"], "world");
    harness.stop().await;
}

#[tokio::test]
async fn what_cannot_be_bounded_is_refused() {
    for (replan, word) in [
        (
            Box::new(|p: &mut Planned| p.recipe.jail.modes.net_namespace = Mode::Required) as Box<dyn Fn(&mut Planned)>,
            "net_namespace",
        ),
        (Box::new(|p| p.recipe.jail.modes.landlock = Mode::Off), "landlock"),
        (Box::new(|p| p.recipe.seal.calls.tcp = false), "landlock"),
        (Box::new(|p| p.recipe.seal.connect_tcp = vec![0]), "landlock"),
    ] {
        let setup = Setup::allowing("", "");
        let policy =
            palisade_policy::Policy::load(setup.config.stdlib_allow.clone(), setup.config.external_allow.clone(), None)
                .unwrap();
        let interpreter = interpreter::found(Some(interpreter::path()));
        let mut planned = palisade::plan::plan(&policy, &interpreter, &setup.config, 1).unwrap();
        planned.recipe.jailer = common::sandbox::PALISADE.into();
        network(TCP, vec![443])(&mut planned);
        replan(&mut planned);
        let refused = palisade::forkserver::Forkserver::start(planned.recipe).await.map(drop).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("sandbox layer {word} is required, but")), "{refused}");
    }
}

#[tokio::test]
async fn names_are_resolved_where_dns_is_allowed() {
    as_everyone("names_are_resolved_where_dns_is_allowed", Box::pin(resolved())).await;
}

async fn resolved() {
    let web = web_server();
    let harness = harness(network(DNS, vec![web])).await;
    let started = Instant::now();
    // From /etc/hosts.
    let got = attempt(
        &harness,
        &format!("urllib.request.urlopen('http://localhost:{web}/hello', timeout=5).read().decode()"),
    )
    .await;
    assert_eq!(got, "world");
    assert!(started.elapsed() < Duration::from_secs(10));
    for (code, want) in [
        ("socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9)) or 'connected'", "connected"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', 0, ('127.0.0.1', 9))", "EPERM"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))", "EPERM"),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)", "EPERM"),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136)", "EPERM"),
        ("socket.socket(type=socket.SOCK_DGRAM).bind(('127.0.0.1', 0))", "EPERM"),
        ("socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)", "EPERM"),
        ("socket.socket(16, socket.SOCK_RAW)", "EPERM"),
        ("os.open('/etc/passwd', os.O_RDONLY)", "EACCES"),
        ("str(os.open('/etc/hosts', os.O_RDONLY) >= 0)", "True"),
        ("os.open('/etc/hosts', os.O_RDONLY | os.O_PATH)", "EPERM"),
    ] {
        assert_eq!(attempt(&harness, code).await, json!(want), "{code}");
    }
    harness.stop().await;
}

/// The C library's resolver, with its calls and its flags, against a name server of this test.
#[tokio::test]
async fn the_c_librarys_resolver_works_within_the_filter() {
    let (server, port) = name_server();
    let harness = harness(network(DNS, vec![port])).await;
    // `struct __res_state` of resolv.h: one name server, on a port of its own.
    let code = format!(
        r"
{PRELUDE}
import struct
tried(lambda: socket.getaddrinfo('localhost', 80))
libc.__res_state.restype = ctypes.c_void_p
state = libc.__res_state()
address = struct.pack('=HHI8x', socket.AF_INET, socket.htons({port}), struct.unpack('=I', socket.inet_aton('127.0.0.1'))[0])
ctypes.memmove(state + 16, struct.pack('=i', 1) + address, 20)
def ask(name, kind=0):
    return sorted({{entry[4][0] for entry in socket.getaddrinfo(name, 80, kind)}})
return [{{'json': {{'got': [tried(lambda: ask('one.test')), tried(lambda: ask('long.test', socket.AF_INET))]}}}}]
"
    );
    let got = harness.result(&code).await[0]["json"]["got"].clone();
    let long: Vec<_> = (1..=60).map(|n| format!("192.0.2.{n}")).collect();
    let mut sorted = long.clone();
    sorted.sort();
    assert_eq!(got, json!([["192.0.2.1", "2001:db8::1"], sorted]));
    harness.stop().await;
    drop(server);
}

/// A name server on loopback, for datagrams and for streams: `one.test` has an address of each kind, `long.test` too many for a
/// datagram.
fn name_server() -> (UdpSocket, u16) {
    let (udp, tcp) = (0..100)
        .find_map(|_| {
            let udp = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
            let tcp = TcpListener::bind(udp.local_addr().unwrap()).ok()?;
            Some((udp, tcp))
        })
        .unwrap();
    let port = udp.local_addr().unwrap().port();
    let ours = udp.try_clone().unwrap();
    thread::spawn(move || {
        let mut question = [0; 512];
        for _ in 0..100 {
            let Ok((len, from)) = udp.recv_from(&mut question) else { return };
            let _ = udp.send_to(&answer(&question[..len], true), from);
        }
    });
    thread::spawn(move || {
        for stream in tcp.incoming().take(10) {
            let Ok(mut stream) = stream else { continue };
            let mut length = [0; 2];
            if stream.read_exact(&mut length).is_err() {
                continue;
            }
            let mut question = vec![0; u16::from_be_bytes(length).into()];
            if stream.read_exact(&mut question).is_ok() {
                let answer = answer(&question, false);
                let _ = stream.write_all(&[&u16::try_from(answer.len()).unwrap().to_be_bytes()[..], &answer].concat());
            }
        }
    });
    (ours, port)
}

/// RFC 1035: header, the question again, and addresses for it.
fn answer(question: &[u8], datagram: bool) -> Vec<u8> {
    let end = 12 + question[12..].iter().position(|byte| *byte == 0).unwrap() + 5;
    let kind = u16::from_be_bytes([question[end - 4], question[end - 3]]);
    let long = question[13..].starts_with(b"long");
    let count: u16 = match kind {
        1 if long => 60,
        1 | 28 => 1,
        _ => 0,
    };
    let truncated = datagram && long;
    let mut answer = question[..2].to_vec();
    answer.extend([if truncated { 0x83 } else { 0x81 }, 0x80, 0, 1]);
    answer.extend(if truncated { 0 } else { count }.to_be_bytes());
    answer.extend([0; 4]);
    answer.extend(&question[12..end]);
    for n in 1..=if truncated { 0 } else { count } {
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 60]);
        let n = u8::try_from(n).unwrap();
        let address: &[u8] =
            if kind == 1 { &[192, 0, 2, n] } else { &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, n] };
        answer.extend(u16::try_from(address.len()).unwrap().to_be_bytes());
        answer.extend(address);
    }
    answer
}
