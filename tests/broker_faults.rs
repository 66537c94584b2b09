//! A broker that is killed while a task runs, and comes back: nothing is left of the task, and the same runner goes on.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::time::Duration;

use common::sandbox::runner::{Runner, Setup};
use common::sandbox::{LONG, User, eventually, soon};
use palisade::embedded::{EmbeddedBroker, Options};
use serde_json::json;

/// Deaf to everything that can be blocked, and never idle.
const SPIN: &str = "import signal
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    pass
";

/// A task that only ever ended with its broker would be one too long.
const A_WHILE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_broker_that_is_killed_takes_its_tasks_along_and_nothing_else() {
    for user in User::all() {
        let setup = Setup { timeout: 600, ..Setup::new(user).stdlib("signal") };
        let mut runner = Runner::start(setup).await;
        let forkserver = runner.forkserver();
        for time in ["once", "twice"] {
            let task = runner.begin(SPIN, &json!([])).await;
            let id = task.id.clone();
            let spinning = runner.spinning(1).await;
            // Settings that never come are a task, too.
            let waiting = soon("an offer", runner.broker.begin_task()).await.unwrap();

            let options = Options {
                grant_token: runner.token.clone(),
                address: Some(runner.broker.address()),
                record: true,
                ..Options::default()
            };
            let gone = std::mem::replace(&mut runner.broker, EmbeddedBroker::start(Options::default()).await.unwrap());
            drop(gone);
            assert!(soon("the end", task.outcome()).await.is_err());
            assert!(soon("the end", waiting.outcome()).await.is_err());
            let all_gone = eventually(A_WHILE, || spinning.iter().all(|child| !child.is_alive()));
            assert!(all_gone.await, "the task lives on without its broker: {}", runner.log());
            assert!(eventually(LONG, || runner.log().contains("Connection refused")).await, "{}", runner.log());

            runner.broker = EmbeddedBroker::start(options).await.unwrap();
            runner.ordinary_task(&format!("a broker that was killed {time}")).await;
            assert_eq!(runner.answers(&id), Vec::<String>::new(), "the new broker knows nothing of it");
            assert!(runner.supervisor.is_alive() && runner.forkserver() == forkserver);
            runner.filled().await;
        }
    }
}
