//! HTTP for the health server: bounded in connections, in time and in what is read.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::Answers;

/// Connections at a time. Whoever opens more loses the oldest: a new one is more likely to be a check that matters.
const MOST_CONNECTIONS: usize = 64;
/// The head of a request has to be there by then.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Then a connection is closed, whatever it is at.
const DONE_WITHIN: Duration = Duration::from_secs(15);
/// Longest head read, in bytes.
const MAX_HEAD: usize = 16 << 10;
/// Of a body, so much is read, for no longer than this: what is left unread turns the answer into a reset.
const MAX_BODY: usize = 64 << 10;
const BODY_WITHIN: Duration = Duration::from_secs(1);
/// A pause after the system refuses a connection, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The text format of Prometheus.
const PROMETHEUS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain");

/// Serves until it is dropped.
pub(super) async fn serve(listener: std::net::TcpListener, answers: Arc<Answers>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!("The health check server cannot listen: {error}"),
    };
    let mut open: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::debug!("The health check server could not take a connection: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        open.retain(|connection| !connection.is_finished());
        if open.len() >= MOST_CONNECTIONS
            && let Some(oldest) = open.pop_front()
        {
            oldest.abort();
        }
        let answers = Arc::clone(&answers);
        let connection = tokio::spawn(async move {
            let _ = timeout(DONE_WITHIN, converse(stream, answers)).await;
        });
        open.push_back(connection.abort_handle());
    }
}

async fn converse(stream: TcpStream, answers: Arc<Answers>) -> Result<(), hyper::Error> {
    let service = service_fn(move |request| {
        let answers = Arc::clone(&answers);
        async move { Ok::<_, Infallible>(answer(request, &answers).await) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

async fn answer(request: Request<Incoming>, answers: &Answers) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let _ = timeout(BODY_WITHIN, Limited::new(body, MAX_BODY).collect()).await;
    let (body, kind) = match head.uri.path() {
        "/metrics" => (Ok(answers.metrics()), PROMETHEUS),
        "/readyz" => (answers.readiness().map(|()| "OK".to_owned()), TEXT),
        // n8n's own runner answers any method and any path alike, and checks of all kinds count on that.
        _ => (answers.health().await.map(|()| "OK".to_owned()), TEXT),
    };
    let (status, text) = match body {
        Ok(text) => (StatusCode::OK, text),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
