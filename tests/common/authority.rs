//! A certificate authority of our own, and servers with certificates of it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::sync::Arc;

use palisade::broker::{Authorities, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, version};

/// All versions of TLS there are.
pub(crate) const ALL: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// One with a key of its own; several may have the same name.
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its certificate, as a file has it.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Trusts it and nobody else.
    #[allow(dead_code, reason = "each test crate uses its own part")]
    pub(crate) fn trust(&self) -> Trust {
        Trust::only(&Authorities::from_pem(self.pem().as_bytes()).unwrap()).unwrap()
    }

    /// A server's side of TLS, for a certificate changed like this.
    pub(crate) fn server(
        &self,
        name: &str,
        versions: &[&'static SupportedProtocolVersion],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Arc::new(config)
    }
}
