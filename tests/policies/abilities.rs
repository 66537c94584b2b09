//! Abilities that a policy gives are there, and what lies next to them is not.

use std::io::Read as _;
use std::net::TcpListener;
use std::thread;

use palisade_policy::{Given, Origin, Policies, only};
use serde_json::json;

use crate::common::engine::{Harness, Setup};

async fn runner(policy: &str, stdlib: &str) -> Harness {
    let given = Given::default().stdlib(only(stdlib.split(',')), Origin::environment("N8N_RUNNERS_STDLIB_ALLOW"));
    let policies = Policies::from_text(policy, "test.toml", given).unwrap();
    Setup { policies: Some(policies), ..Setup::allowing(stdlib, "") }.start().await
}

#[tokio::test]
async fn a_task_reaches_the_ports_that_are_listed_and_no_others() {
    let listeners = [(); 2].map(|()| TcpListener::bind(("127.0.0.1", 0)).unwrap());
    let [open, closed] = listeners.each_ref().map(|listener| listener.local_addr().unwrap().port());
    let [listener, silent] = listeners;
    let heard = thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    let policy = format!(
        "[layers]\nnet_namespace = \"off\"\n[network]\nconnect_tcp = [{{ port = {open}, reason = \"the test listens there\" }}]\n"
    );
    let runner = runner(&policy, "socket,struct").await;
    let attempt = |port: u16| {
        format!(
            "import socket\ns = socket.socket()\ntry:\n    s.connect(('127.0.0.1', {port}))\n    s.sendall(b'hello')\n    \
             s.close()\n    return 'sent'\nexcept OSError as error:\n    return error.errno"
        )
    };
    assert_eq!(runner.result(&attempt(open)).await, json!("sent"));
    assert_eq!(heard.join().unwrap(), "hello");
    assert_eq!(runner.result(&attempt(closed)).await, json!(nix::errno::Errno::EACCES as i32));
    silent.set_nonblocking(true).unwrap();
    assert!(silent.accept().is_err(), "somebody connected");
    runner.stop().await;
}

#[tokio::test]
async fn a_scratch_folder_is_private_and_bounded() {
    let policy = "[scratch]\nsize_mib = 1\nfiles = 16\n[builtins]\ndeny = { remove = [\"open\"] }\n";
    let runner = runner(policy, "tempfile,os").await;
    let code = "import tempfile, os\nwith tempfile.NamedTemporaryFile(delete=False) as file:\n    file.write(b'mark')\n\
        with open(file.name) as again:\n    found = again.read()\n\
        return [found, len(os.listdir(os.path.dirname(file.name)))]";
    // Twice the same: nothing of one task is there in the next.
    for _ in 0..3 {
        assert_eq!(runner.result(code).await, json!(["mark", 1]));
    }
    let flood = "import tempfile\ntry:\n    with tempfile.TemporaryFile() as file:\n        \
        for _ in range(64):\n            file.write(bytes(65536))\n            file.flush()\n    return 'room'\n\
        except OSError as error:\n    return error.errno";
    assert_eq!(runner.result(flood).await, json!(nix::errno::Errno::ENOSPC as i32));
    runner.stop().await;
}

/// Threads cost address space: their stacks, and arenas of the C library.
#[tokio::test]
async fn thirty_threads_fit_into_the_memory_limit() {
    let runner = runner("", "threading,time").await;
    let code = "import threading\nstop = threading.Event()\nfor _ in range(30):\n    \
        threading.Thread(target=lambda: (bytes(1000), stop.wait()), daemon=True).start()\n\
        count = threading.active_count()\nstop.set()\nreturn count";
    assert_eq!(runner.result(code).await, json!(31));
    runner.stop().await;
}
