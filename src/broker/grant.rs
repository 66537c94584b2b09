//! Grant tokens on demand: what n8n's launcher does with the auth token, done by the runner itself.

use std::fmt::Display;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::task::JoinSet;

use super::stream::Stream;
use super::{Address, ConnectError};
use crate::config::{AuthToken, GrantToken};

/// Where n8n's broker gives out grant tokens.
pub(crate) const PATH: &str = "/runners/auth";
/// Far more than a token takes, in bytes.
const MAX_ANSWER: usize = 16 << 10;

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    token: String,
}

/// Fetches a grant token: it is good for one connection, within 30 seconds. Neither token is in any error.
pub(super) async fn fetch(stream: Stream, address: &Address, token: &AuthToken) -> Result<GrantToken, ConnectError> {
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_ANSWER).handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // Ends with this function, whatever the connection still has to say.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let body = serde_json::json!({"token": token.reveal()}).to_string();
    let request = Request::post(PATH)
        .header(header::HOST, address.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(failed)?;
    let response = sender.send_request(request).await.map_err(failed)?;
    match response.status() {
        status if status.is_success() => {}
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            return Err(ConnectError::Refused { what: "N8N_RUNNERS_AUTH_TOKEN", status: status.as_u16() });
        }
        status => return Err(failed(format!("HTTP {}", status.as_u16()))),
    }
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await.map_err(failed)?.to_bytes();
    // A parser's text could quote the token.
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| failed("there is none in the answer"))?;
    GrantToken::new(answer.data.token).map_err(|_| failed("what the broker gave is none"))
}

fn failed(cause: impl Display) -> ConnectError {
    ConnectError::Failed(format!("no grant token from {PATH}: {cause}"))
}
