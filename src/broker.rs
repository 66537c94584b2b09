//! The way to the task broker: its address, the handshake, and how long to wait after one that failed.

mod connection;
mod watched;

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use rand::RngExt;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, Uri, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{client_async_with_config, tungstenite};

pub use self::connection::{Connection, Event, Loss};
use self::watched::Watched;
use crate::config::GrantToken;

/// A broker that takes longer for TCP and the handshake is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Host and port of the broker. Scheme and path of the URI it was read from mean nothing: n8n's broker has one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

/// A broker URI that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// No `http://` in front.
    #[error("must begin with http:// or ws://")]
    NoScheme,
    /// It asks for TLS. Talking plainly instead would show the token to the network.
    #[error("asks for TLS ({0}://), which this version cannot do; use http:// or ws:// within a trusted network")]
    Tls(String),
    /// Something else in front.
    #[error("has the unknown scheme {0}://; use http:// or ws://")]
    UnknownScheme(String),
    /// It is no URI, or one without a host.
    #[error("is not a URI with a host")]
    Malformed,
}

impl Address {
    /// Reads a URI such as `http://127.0.0.1:5679`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(uri: &str) -> Result<Self, AddressError> {
        let (scheme, _) = uri.split_once("://").ok_or(AddressError::NoScheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => {}
            "https" | "wss" => return Err(AddressError::Tls(scheme.to_owned())),
            other => return Err(AddressError::UnknownScheme(other.to_owned())),
        }
        let uri: Uri = uri.parse().map_err(|_| AddressError::Malformed)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(AddressError::Malformed)?;
        // `Uri` takes a port that is no port for none.
        let has_port = uri.authority().is_some_and(|authority| !authority.as_str().ends_with(host));
        let port = match uri.port_u16() {
            None if has_port => return Err(AddressError::Malformed),
            port => port.unwrap_or(80),
        };
        Ok(Self { host: host.to_owned(), port })
    }
}

/// Where and as whom to connect.
#[derive(Debug, Clone)]
pub struct Endpoint {
    address: Address,
    uri: Uri,
    authorization: HeaderValue,
    max_payload: usize,
}

impl Endpoint {
    /// The broker at `address` for the runner `id`; messages over `max_payload` bytes end the connection.
    ///
    /// # Errors
    /// When `id` and the address make no URI, or the token no header.
    pub fn new(address: Address, id: &str, token: &GrantToken, max_payload: usize) -> Result<Self, tungstenite::Error> {
        let Address { host, port } = &address;
        let uri = format!("ws://{host}:{port}/runners/_ws?id={}", percent_encode(id)).parse()?;
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))?;
        authorization.set_sensitive(true);
        Ok(Self { address, uri, authorization, max_payload })
    }

    /// Connects once.
    ///
    /// # Errors
    /// [`ConnectError::Forbidden`] when trying again is of no use, else the cause for the log.
    pub async fn connect(&self) -> Result<Connection, ConnectError> {
        match tokio::time::timeout(CONNECT_TIMEOUT, self.handshake()).await {
            Ok(result) => result,
            Err(_) => Err(ConnectError::Failed("timed out during handshake".to_owned())),
        }
    }

    async fn handshake(&self) -> Result<Connection, ConnectError> {
        let host = self.address.host.trim_matches(['[', ']']);
        let failed = |error: io::Error| ConnectError::Failed(error.to_string());
        let stream = TcpStream::connect((host, self.address.port)).await.map_err(failed)?;
        // Every frame is an answer somebody waits for.
        stream.set_nodelay(true).map_err(failed)?;
        let mut request = self.uri.clone().into_client_request()?;
        request.headers_mut().insert(header::AUTHORIZATION, self.authorization.clone());
        let config =
            WebSocketConfig::default().max_message_size(Some(self.max_payload)).max_frame_size(Some(self.max_payload));
        let (socket, _) = client_async_with_config(request, Watched::new(stream), Some(config)).await?;
        Ok(Connection::new(socket, self.max_payload))
    }
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Status 403: the token is used up or wrong, and will be next time.
    #[error("server rejected WebSocket connection: HTTP 403")]
    Forbidden,
    /// Anything else; worth another try.
    #[error("{0}")]
    Failed(String),
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Http(response) if response.status() == StatusCode::FORBIDDEN => Self::Forbidden,
            tungstenite::Error::Http(response) => {
                Self::Failed(format!("server rejected WebSocket connection: HTTP {}", response.status().as_u16()))
            }
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Waits between connections that failed: short at first, longer each time, never the same for two runners.
#[derive(Debug)]
pub struct Backoff {
    ceiling: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LAST: Duration = Duration::from_secs(5);

    /// As if nothing had failed yet.
    pub fn new() -> Self {
        Self { ceiling: Self::FIRST }
    }

    /// How long to wait now: between half and all of a ceiling that doubles with every call.
    pub fn next_delay(&mut self) -> Duration {
        let ceiling = self.ceiling;
        self.ceiling = (ceiling * 2).min(Self::LAST);
        ceiling.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// After a success.
    pub fn reset(&mut self) {
        *self = Self::new();
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
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

    fn address(host: &str, port: u16) -> Address {
        Address { host: host.to_owned(), port }
    }

    #[test]
    fn only_host_and_port_of_the_uri_count() {
        assert_eq!(Address::parse("http://127.0.0.1:5679").unwrap(), address("127.0.0.1", 5679));
        assert_eq!(Address::parse("WS://user:pw@broker:1/some/path?q#f").unwrap(), address("broker", 1));
        assert_eq!(Address::parse("http://[::1]:8/").unwrap(), address("[::1]", 8));
        assert_eq!(Address::parse("http://broker").unwrap(), address("broker", 80));
        assert_eq!(Address::parse("127.0.0.1:5679"), Err(AddressError::NoScheme));
        assert_eq!(Address::parse("https://broker"), Err(AddressError::Tls("https".to_owned())));
        assert_eq!(Address::parse("ftp://broker"), Err(AddressError::UnknownScheme("ftp".to_owned())));
        for malformed in ["http://", "http:///x", "http://a b", "http://a:99999"] {
            assert_eq!(Address::parse(malformed), Err(AddressError::Malformed), "{malformed}");
        }
    }

    #[test]
    fn the_endpoint_hides_its_token_and_encodes_its_id() {
        let token = GrantToken::new("s3cret".to_owned()).unwrap();
        let endpoint = Endpoint::new(Address::parse("http://b:1").unwrap(), "a b/ü", &token, 1).unwrap();
        assert_eq!(endpoint.uri, "ws://b:1/runners/_ws?id=a%20b%2F%C3%BC");
        assert!(!format!("{endpoint:?}").contains("s3cret"));
    }

    #[test]
    fn waits_grow_to_five_seconds_and_start_short_again() {
        let mut backoff = Backoff::new();
        for ceiling in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            let delay = backoff.next_delay().as_millis();
            assert!((ceiling / 2..=ceiling).contains(&delay), "{delay} of {ceiling}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= Backoff::FIRST);
    }
}
