//! Section 3: the handshake, frames, and the broker's heartbeat.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use palisade::embedded::Recorded;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::runner::Runner;
use crate::stage::{Stage, TOKEN, options, pause, settings, soon, until};

cases! {
    alone:
        s3_the_handshake_is_one_that_n8n_knows,
        s3_the_id_stays_the_same,
        s3_the_id_that_was_given_is_sent,
        s3_it_pings_a_broker_that_says_nothing,
        s3_a_message_over_the_limit_closes_with_1009,
        s3_pings_are_answered_while_a_large_message_is_parsed,
        s3_pings_are_answered_while_twenty_tasks_run;
    Plain:
        s3_binary_and_fragmented_messages_are_read,
        s3_pings_are_answered_at_once;
}

/// The head of the first request a runner sends.
async fn request(variables: &[(&str, &str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let mut all = vec![("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", uri.as_str())];
    all.extend(variables);
    let _runner = Runner::start(&all);
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.unwrap());
    }
    stream.shutdown().await.unwrap();
    String::from_utf8(head).unwrap()
}

fn id(request: &str) -> &str {
    let path = request.lines().next().unwrap().strip_prefix("GET ").unwrap().strip_suffix(" HTTP/1.1").unwrap();
    path.strip_prefix("/runners/_ws?id=").expect(path)
}

async fn s3_the_handshake_is_one_that_n8n_knows() {
    let request = request(&[]).await;
    let id = id(&request);
    assert!(id.len() == 22 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    let header = |name: &str| {
        let mut values =
            request.lines().filter_map(|line| line.split_once(": ")).filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = values.next().unwrap_or_else(|| panic!("{name} in {request}")).1.to_owned();
        assert!(values.next().is_none(), "{request}");
        value
    };
    assert_eq!(header("Authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(header("Upgrade").to_lowercase(), "websocket");
    assert_eq!(header("Sec-WebSocket-Version"), "13");
}

async fn s3_the_id_stays_the_same() {
    let ids = |stage: &Stage| -> Vec<String> {
        let connected = |what| match what {
            Recorded::Connected(id) => Some(id),
            _ => None,
        };
        stage.transcript().into_iter().filter_map(connected).collect()
    };
    let stage = Stage::start(&[]).await;
    stage.broker.hang_up();
    stage.registered(2).await;
    let first = ids(&stage);
    assert_eq!((first.len(), &first[0]), (2, &first[1]));
    let other = Stage::start(&[]).await;
    assert_ne!(ids(&other)[0], first[0], "another process has another one");
}

async fn s3_the_id_that_was_given_is_sent() {
    assert_eq!(id(&request(&[("N8N_RUNNERS_ID", "runner-7")]).await), "runner-7");
    assert_eq!(id(&request(&[("N8N_RUNNERS_ID", "a b&x=1")]).await), "a%20b%26x%3D1");
    assert_eq!(id(&request(&[("N8N_RUNNERS_ID", "")]).await).len(), 22);
}

/// Every 20 s, as n8n's own runner does.
async fn s3_it_pings_a_broker_that_says_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let _runner = Runner::start(&[("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", &uri)]);
    let (stream, _) = soon(listener.accept()).await.unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    let connected = Instant::now();
    let first = soon(socket.next()).await.unwrap().unwrap();
    assert!(first.is_ping(), "{first:?}");
    assert!(connected.elapsed() >= Duration::from_secs(19), "{:?}", connected.elapsed());
}

async fn s3_a_message_over_the_limit_closes_with_1009() {
    let stage = Stage::start(&[("N8N_RUNNERS_MAX_PAYLOAD", "10000")]).await;
    let padded = |bytes: usize| {
        let frame = json!({"type": "broker:inforequest", "x": ""}).to_string();
        Message::text(frame.replace(r#""""#, &format!("\"{}\"", "x".repeat(bytes - frame.len()))))
    };
    stage.broker.send_message(padded(10_000));
    until("an answer", || stage.received("runner:info").len() == 2).await;
    stage.broker.send_message(padded(10_001));
    until("a close", || stage.transcript().contains(&Recorded::Closed(Some(1009)))).await;
    stage.registered(3).await;
    // Results are not held against it.
    assert_eq!(stage.result("return 'x' * 50000").await.len(), 50_002);
    stage.stop().await;
}

/// Times between a ping and its pong, for a number of pings.
async fn pongs(stage: &Stage, count: u32) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in 0..count {
        let payload = Bytes::from(format!("ping {number} {}", palisade::offers::random_id()));
        let sent = Instant::now();
        stage.broker.send_message(Message::Ping(payload.clone()));
        let is_pong = |entry: &palisade::embedded::Entry| entry.what == Recorded::Pong(payload.clone());
        soon(stage.broker.wait_for(|all| all.iter().any(is_pong).then_some(()))).await;
        times.push(sent.elapsed());
    }
    times
}

async fn s3_pings_are_answered_at_once(stage: &Stage) {
    let longest = pongs(stage, 20).await.into_iter().max().unwrap();
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}

/// A frame of 200 MiB, sent by a broker that is nothing but a socket: the embedded one would keep copies of it.
async fn s3_pings_are_answered_while_a_large_message_is_parsed() {
    const SIZE: usize = 200 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let mut runner = Runner::start(&[("N8N_RUNNERS_GRANT_TOKEN", TOKEN), ("N8N_RUNNERS_TASK_BROKER_URI", &uri)]);
    let (stream, _) = soon(listener.accept()).await.unwrap();
    let socket = accept_async(stream).await.unwrap();
    let mut stream = socket.into_inner();
    // Sent as it is made. Escapes are what takes a parser longest.
    let start = br#"{"type":"broker:nosuchthing","x":[""#;
    let end = br#""]}"#;
    let piece = br"\u00e9\ud83d\ude00\n".repeat(4096);
    let pieces = SIZE / piece.len();
    let len = start.len() + pieces * piece.len() + end.len();
    let mut header = vec![0x81, 127];
    header.extend((len as u64).to_be_bytes());
    stream.write_all(&header).await.unwrap();
    stream.write_all(start).await.unwrap();
    for _ in 0..pieces {
        stream.write_all(&piece).await.unwrap();
    }
    stream.write_all(end).await.unwrap();
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    // It is being parsed from here on, until it is found to be nothing that is known.
    let mut times = Vec::new();
    let line = "Error handling message: Unknown message type: broker:nosuchthing";
    while !runner.log().contains(line) {
        let sent = Instant::now();
        futures_util::SinkExt::send(&mut socket, Message::Ping(Bytes::from_static(b"p"))).await.unwrap();
        while !soon(socket.next()).await.unwrap().unwrap().is_pong() {}
        times.push(sent.elapsed());
        pause(5).await;
    }
    assert!(times.len() > 1, "it was parsed before the second ping: {times:?}");
    // The first one waits for what is still in the sockets; the runner has to read all of it before.
    let longest = times[1..].iter().max().unwrap();
    assert!(*longest < Duration::from_secs(2), "{longest:?} of {}", times.len());
    drop(socket);
    runner.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(soon(runner.ends()).await.code(), Some(0));
}

async fn s3_pings_are_answered_while_twenty_tasks_run() {
    let stage = Stage::with(options(), &[("N8N_RUNNERS_MAX_CONCURRENCY", "20")]).await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let task = stage.accept().await;
        task.send_settings(&settings("x = 0\nwhile True: x += 1", json!({})));
        tasks.push(task);
    }
    stage.handled().await;
    let longest = pongs(&stage, 20).await.into_iter().max().unwrap();
    assert!(longest < Duration::from_secs(5), "{longest:?}");
    for task in &tasks {
        stage.broker.cancel(&task.id, "enough");
    }
    for task in tasks {
        assert_eq!(stage.finish(task).await.verdict.unwrap_err()["message"], "Task was cancelled");
    }
    stage.stop().await;
}

async fn s3_binary_and_fragmented_messages_are_read(stage: &Stage) {
    let infos = || stage.received("runner:info").len();
    stage.broker.send_message(Message::binary(r#"{"x":"é","type":"broker:inforequest"}"#.as_bytes().to_vec()));
    until("an answer to the binary one", || infos() == 1).await;
    let text = r#"{"type":"broker:inforequest","x":"é"}"#.as_bytes();
    let cut = text.len() - 3; // In the middle of a character.
    let fragment =
        |part: &[u8], data, is_last| Message::Frame(Frame::message(part.to_vec(), OpCode::Data(data), is_last));
    stage.broker.send_message(fragment(&text[..cut], Data::Text, false));
    stage.broker.send_message(Message::Ping("between".into()));
    stage.broker.send_message(fragment(&text[cut..], Data::Continue, true));
    until("an answer to the fragmented one", || infos() == 2).await;
}
