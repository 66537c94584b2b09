//! Sockets that should hear nothing.

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

use palisade::offers::random_id;
use serde_json::{Value, json};

use crate::world::give;

/// One of each kind; IPv6 where there is any.
pub(crate) struct Listeners {
    tcp: TcpListener,
    tcp6: Option<TcpListener>,
    udp: UdpSocket,
    udp6: Option<UdpSocket>,
    unix: UnixListener,
    unix_dgram: UnixDatagram,
    abstract_stream: UnixListener,
    abstract_dgram: UnixDatagram,
    names: [String; 2],
    paths: [PathBuf; 2],
}

impl Listeners {
    /// Opens them; those with a path in `folder`, for this user.
    pub(crate) fn new(folder: &Path, uid: u32) -> Self {
        fs::create_dir(folder).unwrap();
        let paths = [folder.join("stream"), folder.join("dgram")];
        let names = [format!("palisade-{}", random_id()), format!("palisade-{}", random_id())];
        let address = |name: &String| SocketAddr::from_abstract_name(name).unwrap();
        let listeners = Self {
            tcp: TcpListener::bind(("127.0.0.1", 0)).unwrap(),
            tcp6: TcpListener::bind(("::1", 0)).ok(),
            udp: UdpSocket::bind(("127.0.0.1", 0)).unwrap(),
            udp6: UdpSocket::bind(("::1", 0)).ok(),
            unix: UnixListener::bind(&paths[0]).unwrap(),
            unix_dgram: UnixDatagram::bind(&paths[1]).unwrap(),
            abstract_stream: UnixListener::bind_addr(&address(&names[0])).unwrap(),
            abstract_dgram: UnixDatagram::bind_addr(&address(&names[1])).unwrap(),
            names,
            paths,
        };
        for path in [folder, &listeners.paths[0], &listeners.paths[1]] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
            give(path, uid);
        }
        listeners.tcp.set_nonblocking(true).unwrap();
        listeners.udp.set_nonblocking(true).unwrap();
        listeners.unix.set_nonblocking(true).unwrap();
        listeners.unix_dgram.set_nonblocking(true).unwrap();
        listeners.abstract_stream.set_nonblocking(true).unwrap();
        listeners.abstract_dgram.set_nonblocking(true).unwrap();
        if let Some(tcp6) = &listeners.tcp6 {
            tcp6.set_nonblocking(true).unwrap();
        }
        if let Some(udp6) = &listeners.udp6 {
            udp6.set_nonblocking(true).unwrap();
        }
        listeners
    }

    /// Where they are.
    pub(crate) fn host(&self) -> Value {
        let port6 = |address: Option<std::net::SocketAddr>| address.map_or(0, |address| address.port());
        json!({
            "tcp": self.tcp.local_addr().unwrap().port(),
            "tcp6": port6(self.tcp6.as_ref().and_then(|socket| socket.local_addr().ok())),
            "udp": self.udp.local_addr().unwrap().port(),
            "udp6": port6(self.udp6.as_ref().and_then(|socket| socket.local_addr().ok())),
            "unix": self.paths[0],
            "unix_dgram": self.paths[1],
            "abstract": self.names[0],
            "abstract_dgram": self.names[1],
        })
    }

    /// What they heard since the last time.
    pub(crate) fn heard(&self) -> Vec<String> {
        let mut heard = Vec::new();
        let mut note = |name: &str, result: std::io::Result<()>| {
            let nothing = result.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
            if !nothing {
                heard.push(format!("{name} heard something"));
            }
            !nothing
        };
        let mut buffer = [0; 64];
        // A few, so that one who floods them does not keep us here.
        for _ in 0..16 {
            let streams = [
                note("tcp", self.tcp.accept().map(drop)),
                self.tcp6.as_ref().is_some_and(|socket| note("tcp6", socket.accept().map(drop))),
                note("unix", self.unix.accept().map(drop)),
                note("abstract", self.abstract_stream.accept().map(drop)),
            ];
            let datagrams = [
                note("udp", self.udp.recv(&mut buffer).map(drop)),
                self.udp6.as_ref().is_some_and(|socket| note("udp6", socket.recv(&mut buffer).map(drop))),
                note("unix_dgram", self.unix_dgram.recv(&mut buffer).map(drop)),
                note("abstract_dgram", self.abstract_dgram.recv(&mut buffer).map(drop)),
            ];
            if ![streams, datagrams].concat().contains(&true) {
                break;
            }
        }
        heard.dedup();
        heard
    }
}
