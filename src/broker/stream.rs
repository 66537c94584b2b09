//! The bytes between runner and broker: TCP, with or without TLS.

use std::io;

use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::watched::Watched;
use super::{Address, ConnectError, Trust, trust};

/// A plain stream, or TLS over one, which is boxed for its size. What is watched is what the peer really sends and takes.
pub(super) type Stream = Either<Watched<TcpStream>, Box<TlsStream<Watched<TcpStream>>>>;

/// Opens a stream to the broker. Without `trust` there is no TLS, and an address that asks for it is refused.
pub(super) async fn open(address: &Address, trust: Option<&Trust>) -> Result<Stream, ConnectError> {
    let failed = |error: io::Error| ConnectError::Failed(error.to_string());
    let stream = TcpStream::connect(address.target()).await.map_err(failed)?;
    // Every frame is an answer somebody waits for.
    stream.set_nodelay(true).map_err(failed)?;
    let stream = Watched::new(stream);
    let Some(name) = address.server_name() else { return Ok(Either::Left(stream)) };
    let trust = trust.ok_or_else(|| ConnectError::Failed("TLS: no certificate authority is trusted".to_owned()))?;
    let stream = Box::pin(trust.connector().connect(name.clone(), stream)).await;
    stream.map(Box::new).map(Either::Right).map_err(|error| ConnectError::Failed(trust::describe(&error)))
}

/// The TCP stream at the bottom.
pub(super) fn watched(stream: &Stream) -> &Watched<TcpStream> {
    match stream {
        Either::Left(stream) => stream,
        Either::Right(stream) => stream.get_ref().0,
    }
}
