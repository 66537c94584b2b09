//! Whose certificates are believed when the broker is spoken to through TLS.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, InvalidMessage, RootCertStore};
use tracing::debug;

/// Certificates of authorities that are believed besides the system's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// A file that holds no certificates of authorities.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AuthoritiesError {
    /// What looks like PEM is broken.
    #[error("it is not PEM: {0}")]
    NotPem(String),
    /// Nothing in it is a certificate.
    #[error("it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    Empty,
    /// One of its certificates is none, counted from 1.
    #[error("certificate {number} in it cannot be used: {cause}")]
    Unusable {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        cause: String,
    },
}

impl Authorities {
    /// Reads certificates in PEM form; what else is in the file is passed over.
    ///
    /// # Errors
    /// When it holds none, or one that cannot be used: an operator who names a file means all of it.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, AuthoritiesError> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(bytes)
            .collect::<Result<_, pem::Error>>()
            .map_err(|error| AuthoritiesError::NotPem(error.to_string()))?;
        if certificates.is_empty() {
            return Err(AuthoritiesError::Empty);
        }
        let mut trial = RootCertStore::empty();
        for (index, certificate) in certificates.iter().enumerate() {
            trial
                .add(certificate.clone())
                .map_err(|error| AuthoritiesError::Unusable { number: index + 1, cause: error.to_string() })?;
        }
        Ok(Self(certificates))
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} certificates", self.0.len())
    }
}

/// Nobody's certificate could be believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TrustError {
    /// No authority is known.
    #[error(
        "The broker URI asks for TLS, but no certificate authority is known ({0}): install the system's (mostly the package \
         ca-certificates), or name a PEM file with PALISADE_CA_FILE"
    )]
    NoAuthority(String),
    /// The TLS library cannot do what is wanted of it.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// How to begin TLS with a broker.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Trusts the system's authorities and `more`. Where the system's are is known from `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR`, or else looked for where distributions have them.
    ///
    /// # Errors
    /// When there is no authority at all.
    pub fn system_and(more: &Authorities) -> Result<Self, TrustError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        // A bundle with one certificate that is broken, or of a kind unknown here, is still of use.
        let (taken, passed_over) = roots.add_parsable_certificates(found.certs);
        let faults: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        debug!("{taken} certificate authorities of the system, {passed_over} passed over {faults:?}");
        if taken == 0 && more.0.is_empty() {
            let cause = if faults.is_empty() { "the system has none".to_owned() } else { faults.join("; ") };
            return Err(TrustError::NoAuthority(cause));
        }
        Self::with(roots, more)
    }

    /// Trusts nobody but `authorities`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn only(authorities: &Authorities) -> Result<Self, TrustError> {
        Self::with(RootCertStore::empty(), authorities)
    }

    fn with(mut roots: RootCertStore, more: &Authorities) -> Result<Self, TrustError> {
        let failed = |error: Error| TrustError::Tls(error.to_string());
        for certificate in &more.0 {
            roots.add(certificate.clone()).map_err(failed)?;
        }
        // TLS 1.2 and 1.3, the only ones rustls has.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trust")
    }
}

/// What a failed TLS handshake means, with a remedy where one is known.
pub(super) fn describe(error: &std::io::Error) -> String {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return format!("TLS: {error}");
    };
    let remedy = match tls {
        // A bad signature is that of an authority with the name of one that is known.
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "; no known authority has signed it: name the CA's certificate with PALISADE_CA_FILE"
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "; what listens there does not speak TLS: use http:// or ws://"
        }
        _ => "",
    };
    format!("TLS: {tls}{remedy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_usable_certificates_is_refused_with_the_reason() {
        let refused = |pem: &str| Authorities::from_pem(pem.as_bytes()).unwrap_err().to_string();
        assert_eq!(refused(""), "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
        assert_eq!(refused("some text"), "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(refused(key), "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
        assert!(refused("-----BEGIN CERTIFICATE-----\nAAAA\n").starts_with("it is not PEM: "));
        assert!(
            refused("-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n").starts_with("it is not PEM: ")
        );
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(
            refused(no_certificate).starts_with("certificate 1 in it cannot be used: "),
            "{}",
            refused(no_certificate)
        );
    }
}
