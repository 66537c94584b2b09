//! The way to the task broker: its address, whom to trust, the token, the handshake, and how long to wait after one that
//! failed.

mod address;
mod backoff;
mod connection;
pub(crate) mod grant;
mod stream;
mod trust;
mod watched;

use std::fmt::Write as _;
use std::time::Duration;

use thiserror::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, Uri, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{client_async_with_config, tungstenite};

pub use self::address::{Address, AddressError};
pub use self::backoff::Backoff;
pub use self::connection::{Connection, Event, Loss};
pub use self::trust::{Authorities, AuthoritiesError, Trust, TrustError};
use crate::config::{Credentials, GrantToken};

/// A broker that takes longer for TCP, TLS and the handshake is not there; nor is one that takes longer for a token.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of one read. As many are set to zero before each, also before the one that finds nothing: with the default of 128 KiB
/// that is most of what reading a small frame costs.
const READ_AT_ONCE: usize = 16 << 10;

/// Where and as whom to connect.
#[derive(Debug, Clone)]
pub struct Endpoint {
    address: Address,
    uri: Uri,
    credentials: Credentials,
    trust: Option<Trust>,
    max_payload: usize,
}

impl Endpoint {
    /// The broker at `address` for the runner `id`; messages over `max_payload` bytes end the connection. An address that
    /// asks for TLS needs [`Endpoint::trusting`], too.
    ///
    /// # Errors
    /// When `id` and the address make no URI.
    pub fn new(
        address: Address,
        id: &str,
        credentials: impl Into<Credentials>,
        max_payload: usize,
    ) -> Result<Self, tungstenite::Error> {
        let (scheme, authority) = (address.scheme(), address.authority());
        let uri = format!("{scheme}://{authority}/runners/_ws?id={}", percent_encode(id)).parse()?;
        Ok(Self { address, uri, credentials: credentials.into(), trust: None, max_payload })
    }

    /// The same, and whose certificates are believed.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust: Some(trust), ..self }
    }

    /// Connects once, with the token it was given or one that it fetches for this connection.
    ///
    /// # Errors
    /// [`ConnectError::Refused`] when trying again is of no use, else the cause for the log.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        match &self.credentials {
            Credentials::Grant(token) => within("during handshake", self.handshake(token)).await,
            Credentials::Auth(auth) => {
                let fetching = async {
                    let stream = stream::open(&self.address, self.trust.as_ref()).await?;
                    grant::fetch(stream, &self.address, auth).await
                };
                let token = within("while fetching a grant token", fetching).await?;
                match within("during handshake", self.handshake(&token)).await {
                    // The next try has a token of its own.
                    Err(error @ ConnectError::Refused { .. }) => {
                        Err(ConnectError::Failed(format!("{error}, for the token it had just given")))
                    }
                    result => result,
                }
            }
        }
    }

    async fn handshake(&self, token: &GrantToken) -> Result<Connection, ConnectError> {
        let stream = stream::open(&self.address, self.trust.as_ref()).await?;
        let mut request = self.uri.clone().into_client_request()?;
        request.headers_mut().insert(header::AUTHORIZATION, authorization(token)?);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_AT_ONCE)
            .max_message_size(Some(self.max_payload))
            .max_frame_size(Some(self.max_payload));
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        Ok(Connection::new(socket, self.max_payload))
    }
}

async fn within<T>(when: &str, attempt: impl Future<Output = Result<T, ConnectError>>) -> Result<T, ConnectError> {
    let in_time = tokio::time::timeout(CONNECT_TIMEOUT, attempt).await;
    in_time.unwrap_or_else(|_| Err(ConnectError::Failed(format!("timed out {when}"))))
}

fn authorization(token: &GrantToken) -> Result<HeaderValue, ConnectError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
        .map_err(|_| ConnectError::Failed("the grant token fits into no header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// The token is used up or wrong, and will be next time.
    #[error("server rejected {what}: HTTP {status}")]
    Refused {
        /// What was to be had with it, or which one it is.
        what: &'static str,
        /// The HTTP status it was answered with.
        status: u16,
    },
    /// Anything else; worth another try.
    #[error("{0}")]
    Failed(String),
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(response) => {
                let refused = Self::Refused { what: "WebSocket connection", status: response.status().as_u16() };
                if response.status() == StatusCode::FORBIDDEN { refused } else { Self::Failed(refused.to_string()) }
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_hides_its_token_and_encodes_its_id() {
        let token = GrantToken::new("s3cret".to_owned()).unwrap();
        let endpoint = Endpoint::new(Address::parse("http://b:1").unwrap(), "a b/ü", &token, 1).unwrap();
        assert_eq!(endpoint.uri, "ws://b:1/runners/_ws?id=a%20b%2F%C3%BC");
        assert!(!format!("{endpoint:?}").contains("s3cret"));
        assert!(!format!("{:?}", authorization(&token)).contains("s3cret"));
        let endpoint = Endpoint::new(Address::parse("https://b").unwrap(), "a", &token, 1).unwrap();
        assert_eq!(endpoint.uri, "wss://b:443/runners/_ws?id=a");
    }
}
