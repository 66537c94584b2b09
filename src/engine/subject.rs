//! The engine as the health server sees it.

use std::sync::Arc;

use palisade_channel::message::NodeMode;
use serde_json::json;
use serde_json::value::to_raw_value;
use tokio_util::sync::CancellationToken;

use super::{Engine, Profile};
use crate::execute::{Task, Verdict};
use crate::frame::Settings;
use crate::observe::health::{ProbeFuture, Subject};
use crate::observe::metrics::Stock;
use crate::offers::random_id;
use crate::task;

impl Subject for Engine {
    fn probe(self: Arc<Self>, profile: String) -> ProbeFuture {
        Box::pin(async move {
            let profile = self.profiles().find(|known| known.name == profile).ok_or("there is no such profile")?;
            // New each time: a verdict that is remembered, or an answer that was made up, would prove nothing.
            let nonce = random_id();
            let items = json!([{ "json": { "probe": nonce } }]);
            let task = Task { id: "probe".to_owned(), settings: Box::new(settings(&nonce, &items)?) };
            // No match chooses for it, and the last spare is for users.
            let cancel = CancellationToken::new();
            let answer = task::run(&self, profile, task, &cancel, profile.spares_for_users()).await;
            match answer.verdict {
                Verdict::Done(result) => match serde_json::from_str::<serde_json::Value>(result.get()) {
                    Ok(value) if value == items => Ok(()),
                    _ => Err("a probe task came back with another result than its own".to_owned()),
                },
                Verdict::Failed(error) => Err(format!("a probe task failed: {}", error.message)),
                Verdict::Forgiven { .. } => Err("a probe task failed".to_owned()),
            }
        })
    }

    fn unable(&self) -> Option<String> {
        // Which profile the next task needs is not known before it comes.
        self.profiles().find_map(|profile| {
            let why = profile.pool.failing().filter(|_| profile.pool.spares() == 0)?;
            Some(if self.others.is_empty() { why } else { format!("profile {}: {why}", profile.name) })
        })
    }

    fn stock(&self) -> Vec<Stock> {
        let stock = |profile: &Profile| Stock {
            profile: profile.name.clone(),
            spares: profile.pool.spares(),
            layers: if profile.pool.forkserver().is_some() { profile.layers() } else { Vec::new() },
            language_layer_void: profile.language_layer_void,
        };
        self.profiles().map(stock).collect()
    }
}

/// A task that gives back what it gets.
fn settings(nonce: &str, items: &serde_json::Value) -> Result<Settings, String> {
    let name = || "health probe".to_owned();
    Ok(Settings {
        code: format!("return _items  # {nonce}"),
        node_mode: NodeMode::AllItems,
        continue_on_fail: false,
        items: to_raw_value(items).map_err(|error| error.to_string())?.into(),
        query: None,
        node_name: name(),
        node_id: String::new(),
        workflow_name: name(),
        workflow_id: String::new(),
    })
}
