//! Where the broker is: host, port, and whether it is spoken to through TLS.

use thiserror::Error;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::tungstenite::http::Uri;

/// Host and port of the broker, and whether to use TLS. The path of the URI it was read from means nothing: n8n's broker
/// has paths of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    /// The name its certificate has to be for, where it has one.
    server_name: Option<ServerName<'static>>,
}

/// A broker URI that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// No `http://` in front.
    #[error("must begin with http://, https://, ws:// or wss://")]
    NoScheme,
    /// Something else in front.
    #[error("has the unknown scheme {0}://; use http://, https://, ws:// or wss://")]
    UnknownScheme(String),
    /// It is no URI, or one without a host.
    #[error("is not a URI with a host")]
    Malformed,
    /// Certificates are for DNS names and addresses.
    #[error("asks for TLS with a host that no certificate can be for: neither a DNS name nor an address")]
    Nameless,
}

impl Address {
    /// Reads a URI such as `http://127.0.0.1:5679`, or `https://n8n.example`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(uri: &str) -> Result<Self, AddressError> {
        let (scheme, _) = uri.split_once("://").ok_or(AddressError::NoScheme)?;
        let (is_tls, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => (false, 80),
            "https" | "wss" => (true, 443),
            other => return Err(AddressError::UnknownScheme(other.to_owned())),
        };
        let uri: Uri = uri.parse().map_err(|_| AddressError::Malformed)?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(AddressError::Malformed)?;
        // `Uri` takes a port that is no port for none.
        let has_port = uri.authority().is_some_and(|authority| !authority.as_str().ends_with(host));
        let port = match uri.port_u16() {
            None if has_port => return Err(AddressError::Malformed),
            port => port.unwrap_or(default_port),
        };
        let server_name = if is_tls {
            let name = ServerName::try_from(bare(host)).map_err(|_| AddressError::Nameless)?;
            Some(name.to_owned())
        } else {
            None
        };
        Ok(Self { host: host.to_owned(), port, server_name })
    }

    /// Whether the broker is spoken to through TLS.
    pub fn is_tls(&self) -> bool {
        self.server_name.is_some()
    }

    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }

    /// What a resolver takes: an IPv6 address without its brackets.
    pub(super) fn target(&self) -> (&str, u16) {
        (bare(&self.host), self.port)
    }

    /// Host and port as a `Host` header has them.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The scheme of the WebSocket's URI.
    pub(super) fn scheme(&self) -> &'static str {
        if self.is_tls() { "wss" } else { "ws" }
    }
}

fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(uri: &str) -> (String, &'static str) {
        let address = Address::parse(uri).unwrap();
        (address.authority(), address.scheme())
    }

    #[test]
    fn host_port_and_tls_are_all_that_counts() {
        for (uri, authority, scheme) in [
            ("http://127.0.0.1:5679", "127.0.0.1:5679", "ws"),
            ("WS://user:pw@broker:1/some/path?q#f", "broker:1", "ws"),
            ("http://[::1]:8/", "[::1]:8", "ws"),
            ("http://broker", "broker:80", "ws"),
            ("https://broker", "broker:443", "wss"),
            ("Wss://user:pw@broker_1:5679/x", "broker_1:5679", "wss"),
            ("https://[::1]", "[::1]:443", "wss"),
        ] {
            assert_eq!(parsed(uri), (authority.to_owned(), scheme), "{uri}");
        }
        assert_eq!(Address::parse("https://[::1]:8").unwrap().target(), ("::1", 8));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        assert_eq!(Address::parse("127.0.0.1:5679"), Err(AddressError::NoScheme));
        assert_eq!(Address::parse("ftp://broker"), Err(AddressError::UnknownScheme("ftp".to_owned())));
        for malformed in ["http://", "http:///x", "http://a b", "http://a:99999", "https://", "https://a:"] {
            assert_eq!(Address::parse(malformed), Err(AddressError::Malformed), "{malformed}");
        }
        assert_eq!(Address::parse("https://-"), Err(AddressError::Nameless));
        assert!(Address::parse("http://-").is_ok(), "without TLS the name is the resolver's business");
    }
}
