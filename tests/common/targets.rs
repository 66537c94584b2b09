//! What attacks aim at: files, sockets and a process of the test's own, belonging to the user the runner runs as. Whether an
//! attack has reached its target is seen here, where it can be, and not believed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::unistd::{Gid, Uid, chown, getuid};
use serde_json::{Value, json};

use super::sandbox::{User, place};

/// The classes of attack that are tried.
pub(crate) const ATTACKS: &[&str] = &[
    "read_files",
    "change_files",
    "truncate",
    "metadata",
    "programs",
    "tcp",
    "datagrams",
    "abstract_sockets",
    "path_sockets",
    "signals_host",
    "signals_siblings",
    "memory_of_others",
];

/// The attacks. Each tells what it got, or which errno.
pub(crate) const CODE: &str = include_str!("attacks.py");

/// The targets, each seen from outside.
pub(crate) struct Targets {
    folder: PathBuf,
    victim: Child,
    tcp: TcpListener,
    udp: UdpSocket,
    named: UnixListener,
    name: String,
    path: UnixListener,
}

impl Targets {
    /// Makes them, for a runner of this user.
    pub(crate) fn new(user: User) -> Self {
        let folder = place().join(format!("targets-{}", palisade::offers::random_id()));
        fs::create_dir(&folder).expect("a folder");
        let owned = |file: &PathBuf, mode: u32| {
            if getuid().is_root() {
                let id = user.uid();
                chown(file, Some(Uid::from_raw(id)), Some(Gid::from_raw(id))).expect("its owner can be set");
            }
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("its mode can be set");
        };
        // Everybody may write there, so that no file mode is in the way of an own id.
        owned(&folder, 0o777);
        for name in ["secret", "to_truncate", "to_change"] {
            let file = folder.join(name);
            fs::write(&file, "content").expect("a file");
            owned(&file, 0o644);
        }
        // Without capabilities, as a task's: the kernel guards those that have more by itself.
        let mut victim = Command::new(if user == User::Root { "/usr/bin/setpriv" } else { "/bin/sleep" });
        if user == User::Root {
            victim.args(["--bounding-set=-all", "--inh-caps=-all", "/bin/sleep"]);
        }
        victim.arg("600").env_clear().stdin(Stdio::null()).stdout(Stdio::null());
        if getuid().is_root() && user == User::Ordinary {
            victim.uid(user.uid()).gid(user.uid());
        }
        let name = format!("palisade-{}", palisade::offers::random_id());
        let address = SocketAddr::from_abstract_name(&name).expect("an address");
        let path = UnixListener::bind(folder.join("socket")).expect("a socket");
        owned(&folder.join("socket"), 0o777);
        let targets = Self {
            victim: victim.spawn().expect("a process"),
            tcp: TcpListener::bind("127.0.0.1:0").expect("a listener"),
            udp: UdpSocket::bind("127.0.0.1:0").expect("a socket"),
            named: UnixListener::bind_addr(&address).expect("a socket"),
            name,
            path,
            folder,
        };
        targets.tcp.set_nonblocking(true).expect("it can be asked without waiting");
        targets.udp.set_nonblocking(true).expect("it can be asked without waiting");
        targets.named.set_nonblocking(true).expect("it can be asked without waiting");
        targets.path.set_nonblocking(true).expect("it can be asked without waiting");
        targets
    }

    /// What the attacks have to know, of which only these are made.
    pub(crate) fn items(&self, attacks: &[&str]) -> Value {
        json!([{"json": {
            "attacks": attacks,
            "folder": self.folder,
            "victim": self.victim.id(),
            "tcp": self.tcp.local_addr().unwrap().port(),
            "udp": self.udp.local_addr().unwrap().port(),
            "abstract": self.name,
        }}])
    }

    /// The attacks that have reached their target. `told` is asked only where there is nothing to see from outside; and what was
    /// seen, the attack must have told as well, or the two are about different things.
    pub(crate) fn reached(&self, told: &Value) -> Vec<&'static str> {
        let file = |name: &str| fs::metadata(self.folder.join(name));
        let told = |class: &str| {
            let answer = told[class].as_str().unwrap_or_else(|| panic!("{class} was not tried: {told:#}"));
            answer == "reached"
        };
        let reached = |class: &&str| match *class {
            "change_files" => file("made").is_ok(),
            "truncate" => file("to_truncate").unwrap().len() == 0,
            "metadata" => file("to_change").unwrap().mode() & 0o777 == 0o600,
            "programs" => file("ran").is_ok() || told(class),
            "tcp" => has_come(&self.tcp.accept()),
            "datagrams" => has_come(&self.udp.recv(&mut [0; 8])),
            "abstract_sockets" => has_come(&self.named.accept()),
            "path_sockets" => has_come(&self.path.accept()),
            "signals_host" => self.is_stopped(),
            other => told(other),
        };
        ATTACKS
            .iter()
            .filter(|class| {
                let reached = reached(class);
                assert_eq!(reached, told(class), "{class}: seen from outside {reached}");
                reached
            })
            .copied()
            .collect()
    }

    fn is_stopped(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/stat", self.victim.id())).expect("the victim lives");
        status.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }
}

fn has_come<T>(answer: &std::io::Result<T>) -> bool {
    match answer {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
            false
        }
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
