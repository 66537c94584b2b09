//! Brokers behind `https://` and `wss://`: whose certificates are believed, and what is said where they are not.

use std::sync::Arc;
use std::time::Duration;

use palisade::broker::{Address, Authorities, Endpoint, Trust};
use palisade::config::GrantToken;
use palisade::embedded::{EmbeddedBroker, Options as BrokerOptions, Recorded};
use palisade::runner::Ending;
use rcgen::{CertificateParams, date_time_ymd};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::rustls::{ServerConfig, version};
use tokio_tungstenite::tungstenite::Message;

use crate::authority::{ALL, Authority};
use crate::support::{Lone, Setup, settings, soon};

async fn broker(tls: Arc<ServerConfig>) -> EmbeddedBroker {
    let options =
        BrokerOptions { grant_token: "t".to_owned(), tls: Some(tls), record: true, ..BrokerOptions::default() };
    EmbeddedBroker::start(options).await.unwrap()
}

fn endpoint(uri: &str) -> Endpoint {
    let token = GrantToken::new("t".to_owned()).unwrap();
    Endpoint::new(Address::parse(uri).unwrap(), "runner-1", &token, 1 << 30).unwrap()
}

async fn serves(trust: Trust, tls: Arc<ServerConfig>) {
    let broker = broker(tls).await;
    let endpoint = endpoint(&broker.uri()).trusting(trust);
    let setup = Setup::around(broker, "t".to_owned(), 1 << 30, |options| options.endpoint = endpoint);
    setup.registrations(1).await;
    assert!(soon(setup.broker.run_task(&settings("items"))).await.unwrap().verdict.is_ok());
    // Big results are sent in pieces, and pings are answered in between, through TLS as without it.
    let task = soon(setup.broker.begin_task()).await.unwrap();
    task.send_settings(&settings(&format!("big {}", 8 << 20)));
    setup.broker.send_message(Message::Ping("tls".into()));
    assert_eq!(soon(task.outcome()).await.unwrap().verdict.unwrap().get().len(), (8 << 20) + 2);
    soon(setup.broker.wait_for(|entries| entries.iter().find(|e| e.what == Recorded::Pong("tls".into())).map(|_| ())))
        .await;
    // The end is a close frame here, too.
    setup.signals.send(palisade::runner::Signal::Terminate).await.unwrap();
    assert_eq!(soon(setup.runner).await.unwrap(), Ending::Stopped);
    soon(setup.broker.wait_for(|entries| entries.iter().find(|e| e.what == Recorded::Closed(Some(1000))).map(|_| ())))
        .await;
}

#[tokio::test]
async fn a_certificate_of_our_own_authority_is_believed_with_tls_1_2_and_1_3() {
    let authority = Authority::new("ours");
    for versions in [&[&version::TLS12], &[&version::TLS13]] {
        serves(authority.trust(), authority.server("127.0.0.1", versions, |_| {})).await;
    }
}

#[tokio::test]
async fn one_of_several_authorities_in_a_file_is_enough() {
    let authority = Authority::new("ours");
    let file = format!("# a comment\n{}\n{}", Authority::new("another").pem(), authority.pem());
    let authorities = Authorities::from_pem(file.as_bytes()).unwrap();
    let tls = authority.server("127.0.0.1", ALL, |_| {});
    serves(Trust::only(&authorities).unwrap(), Arc::clone(&tls)).await;
    serves(Trust::system_and(&authorities).unwrap(), tls).await;
}

/// What the log says of a broker with this certificate. Nothing may have got so far as to be HTTP.
async fn refused(trust: Option<Trust>, tls: Arc<ServerConfig>) -> String {
    let broker = broker(tls).await;
    let endpoint = endpoint(&broker.uri());
    let runner = Lone::at(match trust {
        Some(trust) => endpoint.trusting(trust),
        None => endpoint,
    });
    let line = runner.log.line_with("WARN").await;
    assert_eq!(broker.transcript().len(), 0);
    assert_eq!(runner.stop().await, Ending::Stopped);
    line
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let known = Authority::new("ours");
    // One that has the name of a known one is not known for it.
    for (name, cause) in [("theirs", "UnknownIssuer"), ("ours", "BadSignature")] {
        let text = format!(
            "WARN Failed to connect to broker: TLS: invalid peer certificate: {cause}; no known authority has signed it: name \
             the CA's certificate with PALISADE_CA_FILE - retrying..."
        );
        assert_eq!(refused(Some(known.trust()), Authority::new(name).server("127.0.0.1", ALL, |_| {})).await, text);
    }
    let nobody = refused(None, known.server("127.0.0.1", ALL, |_| {})).await;
    assert_eq!(nobody, "WARN Failed to connect to broker: TLS: no certificate authority is trusted - retrying...");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new("ours");
    for name in ["broker.example", "127.0.0.2"] {
        let line = refused(Some(authority.trust()), authority.server(name, ALL, |_| {})).await;
        assert!(line.contains("TLS: invalid peer certificate: certificate not valid for name \"127.0.0.1\""), "{line}");
    }
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_refused() {
    let authority = Authority::new("ours");
    let old = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
    };
    let line = refused(Some(authority.trust()), authority.server("127.0.0.1", ALL, old)).await;
    assert!(line.contains("TLS: invalid peer certificate: certificate expired"), "{line}");
}

#[tokio::test]
async fn what_is_refused_is_tried_again_less_and_less_often() {
    let broker = broker(Authority::new("theirs").server("127.0.0.1", ALL, |_| {})).await;
    let runner = Lone::at(endpoint(&broker.uri()).trusting(Authority::new("ours").trust()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Waits of 100, 200, 400, 800 and 1600 ms, each at least half of it and at most all.
    let tries = runner.log.text().matches("UnknownIssuer").count();
    assert!((3..=6).contains(&tries), "{tries}");
    assert_eq!(runner.stop().await, Ending::Stopped);
}

/// What the log says of a server that answers the first bytes with these.
async fn answered_with(answer: &'static [u8]) -> (String, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("wss://{}", listener.local_addr().unwrap());
    let runner = Lone::at(endpoint(&uri).trusting(Authority::new("ours").trust()));
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    let mut hello = vec![0; 16 << 10];
    let len = soon(stream.read(&mut hello)).await.unwrap();
    hello.truncate(len);
    stream.write_all(answer).await.unwrap();
    let line = runner.log.line_with("WARN").await;
    assert_eq!(runner.stop().await, Ending::Stopped);
    (line, hello)
}

#[tokio::test]
async fn tls_before_1_2_is_neither_offered_nor_taken() {
    // A record of TLS 1.1 with a ServerHello of TLS 1.1: 32 bytes of random, no session, one cipher, no compression.
    const SERVER_HELLO: &[u8] = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02\
        0123456789abcdef0123456789abcdef\x00\xc0\x2f\x00";
    let (line, hello) = answered_with(SERVER_HELLO).await;
    assert!(line.contains("TLS: peer is incompatible: ServerDoesNotSupportTls12Or13 - retrying"), "{line}");
    // The extension supported_versions (43), two of them: 1.3 and 1.2, in any order.
    let offers = |versions: &[u8]| hello.windows(9).any(|window| window == [&[0, 43, 0, 5, 4], versions].concat());
    assert!(offers(&[3, 4, 3, 3]) || offers(&[3, 3, 3, 4]), "{hello:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_named_as_such() {
    let (line, _) = answered_with(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert!(line.contains("what listens there does not speak TLS: use http:// or ws://"), "{line}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_and_holds_up_no_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://{}", listener.local_addr().unwrap());
    let runner = Lone::at(endpoint(&uri).trusting(Authority::new("ours").trust()));
    let (_silent, _) = soon(listener.accept()).await.unwrap();
    assert_eq!(runner.stop().await, Ending::Stopped);

    let runner = Lone::at(endpoint(&uri).trusting(Authority::new("ours").trust()));
    let (_silent, _) = soon(listener.accept()).await.unwrap();
    tokio::time::pause();
    let line = runner.log.line_with("WARN").await;
    assert_eq!(line, "WARN Failed to connect to broker: timed out during handshake - retrying...");
}
