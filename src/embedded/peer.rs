//! The broker's end of one runner's connection.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::{Command, Recorded, Shared, State, TaskOutcome};
use crate::broker::grant;
use crate::frame::fields;
use crate::offers::random_id;

/// n8n's limit for one message, and far more than any test sends.
const MAX_MESSAGE: usize = 1 << 30;
/// Bytes of one read: as many are set to zero before each.
const READ_AT_ONCE: usize = 16 << 10;
/// Far more than a token takes, in bytes.
const MAX_BODY: usize = 16 << 10;

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // A runner that does not manage the handshake is none.
            let _ = welcome(stream, shared).await;
        });
    }
}

async fn welcome(stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let tls = shared.options.tls.clone();
    match tls {
        None => speak(stream, shared).await,
        Some(tls) => speak(TlsAcceptor::from(tls).accept(stream).await?, shared).await,
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Arc<Shared>) -> io::Result<()> {
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    connection.with_upgrades().await.map_err(io::Error::other)
}

type Body = Full<Bytes>;

async fn answer(mut request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Body>, Infallible> {
    if request.uri().path() == grant::PATH && shared.options.auth_token.is_some() {
        return Ok(give_token(request, &shared).await);
    }
    let id = request.uri().query().and_then(|query| query.strip_prefix("id=")).unwrap_or_default().to_owned();
    if let Some(status) = refusal(&shared, &request, &id) {
        shared.record(&mut shared.lock(), || Recorded::TurnedAway(status.as_u16()));
        return Ok(bare(status));
    }
    let Ok(response) = create_response_with_body(&request, Body::default) else {
        return Ok(bare(StatusCode::BAD_REQUEST));
    };
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut request).await else { return };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_AT_ONCE)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let stream = TokioIo::new(upgraded);
        attend(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await, id, shared).await;
    });
    Ok(response)
}

fn bare(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    response
}

/// Why a runner is not let in, if it is not.
fn refusal(shared: &Shared, request: &Request<Incoming>, id: &str) -> Option<StatusCode> {
    let mut state = shared.lock();
    if let Some(status) = state.turn_away {
        return Some(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    }
    if request.uri().path() != "/runners/_ws" {
        return Some(StatusCode::NOT_FOUND);
    }
    if id.is_empty() {
        return Some(StatusCode::BAD_REQUEST);
    }
    let Some(given) = request.headers().get(header::AUTHORIZATION) else { return Some(StatusCode::UNAUTHORIZED) };
    let token = given.to_str().ok().and_then(|given| given.strip_prefix("Bearer ")).unwrap_or_default();
    let is_known = token == shared.options.grant_token || state.issued.remove(token);
    (!is_known).then_some(StatusCode::FORBIDDEN)
}

/// As n8n's broker does: 400 without a token, 403 for a wrong one.
async fn give_token(request: Request<Incoming>, shared: &Shared) -> Response<Body> {
    let is_post = request.method() == Method::POST;
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let body: Option<Value> = body.ok().and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
    let token = body.as_ref().and_then(|body| body["token"].as_str());
    let mut state = shared.lock();
    let status = match (state.withhold, token) {
        (Some(status), _) => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        (None, _) if !is_post => StatusCode::NOT_FOUND,
        (None, None) => StatusCode::BAD_REQUEST,
        (None, token) if token == shared.options.auth_token.as_deref() => StatusCode::OK,
        (None, Some(_)) => StatusCode::FORBIDDEN,
    };
    shared.record(&mut state, || Recorded::AskedForToken(status.as_u16()));
    let mut response = bare(status);
    if status == StatusCode::OK {
        let token = random_id();
        *response.body_mut() = Full::from(json!({"data": {"token": token}}).to_string());
        state.issued.insert(token);
    }
    response
}

/// Serves a runner until it goes.
async fn attend(socket: WebSocketStream<TokioIo<Upgraded>>, runner_id: String, shared: Arc<Shared>) {
    let (mut sink, mut stream) = socket.split();
    let (sender, mut commands) = mpsc::unbounded_channel();
    let serial = {
        let mut state = shared.lock();
        state.connections += 1;
        let serial = state.connections;
        if let Some((_, replaced)) = state.runner.replace((serial, sender)) {
            // As n8n's broker does: the tasks of the old connection have failed, and what it still says does not count.
            let _ = replaced.send(Command::Send(Message::Close(Some(CloseFrame {
                code: CloseCode::Normal,
                reason: "replaced".into(),
            }))));
            state.forget_runner();
        }
        shared.record(&mut state, || Recorded::Connected(runner_id));
        serial
    };
    let writing = async {
        while let Some(Command::Send(message)) = commands.recv().await {
            if sink.send(message).await.is_err() {
                break;
            }
        }
    };
    let reading = async {
        let mut code = None;
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Text(text) if shared.lock().is_current(serial) => received(text.as_str(), &shared),
                Message::Pong(payload) => shared.record(&mut shared.lock(), || Recorded::Pong(payload)),
                Message::Close(frame) => code = frame.map(|frame| u16::from(frame.code)),
                Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Frame(_) => {}
            }
        }
        code
    };
    let pinging = async {
        let Some(interval) = shared.options.ping_interval else { return std::future::pending().await };
        loop {
            tokio::time::sleep(interval).await;
            shared.send(Message::Ping(Bytes::new()));
        }
    };
    shared.send(Message::text(json!({"type": "broker:inforequest"}).to_string()));
    let code = tokio::select! {
        code = reading => code,
        () = writing => None,
        () = pinging => None,
    };
    let mut state = shared.lock();
    if state.is_current(serial) {
        state.runner = None;
        state.forget_runner();
    }
    shared.record(&mut state, || Recorded::Closed(code));
}

/// A frame from the runner. What cannot be understood is in the transcript, and nowhere else.
fn received(text: &str, shared: &Shared) {
    let (answers, offers) = {
        let mut state = shared.lock();
        let before = state.offers.len();
        (understand(text, &mut state).unwrap_or_default(), state.offers.len() - before)
    };
    for _ in 0..offers {
        shared.offered.notify_one();
    }
    // After what it changes, so that whoever sees it in the transcript finds the state up to date.
    shared.record(&mut shared.lock(), || Recorded::Received(text.to_owned()));
    for answer in answers {
        shared.send(Message::text(answer.to_string()));
    }
}

/// Takes in a frame and tells what to answer; none for a frame that is not understood.
fn understand(text: &str, state: &mut State) -> Option<Vec<Value>> {
    let names = ["type", "taskId", "offerId", "validFor", "callId", "params", "data", "error"];
    let [kind, task_id, offer_id, valid_for, call_id, params, data, error] = fields(text, names).ok()?;
    let task_id = || string(task_id);
    let mut answers = Vec::new();
    match string(kind)?.as_str() {
        "runner:info" => answers.push(json!({"type": "broker:runnerregistered"})),
        "runner:taskoffer" => {
            let valid_for = Duration::from_millis(serde_json::from_str(valid_for?.get()).ok()?);
            state.offers.push_back((string(offer_id)?, Instant::now() + valid_for));
        }
        kind @ ("runner:taskaccepted" | "runner:taskrejected") => {
            let acceptance = state.tasks.get_mut(&task_id()?)?.acceptance.take()?;
            state.rejections += u64::from(kind == "runner:taskrejected");
            let _ = acceptance.send(kind == "runner:taskaccepted");
        }
        "runner:rpc" => {
            let task_id = task_id()?;
            state.tasks.get_mut(&task_id)?.prints.push(serde_json::from_str(params?.get()).ok()?);
            answers.push(json!({
                "type": "broker:rpcresponse", "taskId": task_id, "callId": string(call_id)?, "status": "success",
            }));
        }
        "runner:taskdone" => {
            let [result] = fields(data?.get(), ["result"]).ok()?;
            finish(state, &task_id()?, Ok(result?.to_owned()));
        }
        "runner:taskerror" => {
            let error: Map<String, Value> = serde_json::from_str(error?.get()).ok()?;
            finish(state, &task_id()?, Err(error));
        }
        _ => return None,
    }
    Some(answers)
}

fn finish(state: &mut State, task_id: &str, verdict: Result<Box<RawValue>, Map<String, Value>>) {
    let Some(mut task) = state.tasks.remove(task_id) else { return };
    if let Some(outcome) = task.outcome.take() {
        let elapsed = task.settings_sent.elapsed();
        let _ = outcome.send(TaskOutcome { prints: task.prints, verdict, elapsed });
    }
}

fn string(raw: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(raw?.get()).ok()
}
