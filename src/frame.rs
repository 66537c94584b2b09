//! The broker's JSON frames, read without building a tree: items and query stay slices of raw JSON.
//!
//! What is read here comes from n8n, but carries text of its users: a lone surrogate in an item's text or a name must
//! not make the frame unusable, and an integer beyond 2^53 must not change.

mod json;
mod outgoing;

use palisade_channel::message::NodeMode;
use serde_json::value::RawValue;
use thiserror::Error;
use tokio_tungstenite::tungstenite::Bytes;

pub use self::json::fields;
pub use self::outgoing::Outgoing;

/// A frame from the broker that means something to a runner.
#[derive(Debug)]
pub enum Incoming {
    /// Who are you?
    InfoRequest,
    /// You are known; offers may begin.
    Registered,
    /// One of the runner's offers is taken up.
    OfferAccept {
        /// The task that will come.
        task_id: String,
        /// The offer it uses up.
        offer_id: String,
    },
    /// The work of an accepted task, or why it cannot be done.
    Settings {
        /// The task.
        task_id: String,
        /// What to do. Settings that cannot be used still name a task, and that task must be answered.
        settings: Result<Box<Settings>, UnusableSettings>,
    },
    /// The task is no longer wanted.
    Cancel {
        /// The task.
        task_id: String,
        /// n8n's words for it.
        reason: String,
    },
    /// The answer to a print, of no further use.
    RpcResponse,
    /// No more offers, please.
    Drain,
}

/// What n8n says about a task.
#[derive(Debug)]
pub struct Settings {
    /// The user's code. It has no lone surrogates.
    pub code: String,
    /// Once for all items, or once for each.
    pub node_mode: NodeMode,
    /// Whether a failure becomes a result.
    pub continue_on_fail: bool,
    /// A JSON array, byte by byte as it came.
    pub items: Items,
    /// The input of a tool, byte by byte as it came.
    pub query: Option<Box<RawValue>>,
    /// For logs.
    pub node_name: String,
    /// For logs.
    pub node_id: String,
    /// For logs.
    pub workflow_name: String,
    /// For logs.
    pub workflow_id: String,
}

/// A JSON array as it came. Large ones are a part of the frame they came in, and keep that alive: they are not copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Items(Bytes);

/// Items of this size are worth a frame that is kept for them.
const KEPT_IN_FRAME: usize = 64 << 10;

impl Items {
    fn of(raw: &RawValue, whole: Option<&Bytes>) -> Self {
        let bytes = raw.get().as_bytes();
        Self(match whole {
            // Not where most of what is kept would be something else.
            Some(whole) if bytes.len() >= KEPT_IN_FRAME.max(whole.len() / 2) => whole.slice_ref(bytes),
            _ => Bytes::copy_from_slice(bytes),
        })
    }

    /// Their JSON, which is UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Their JSON as text. Reads all of it.
    pub fn get(&self) -> &str {
        // They were cut out of a text, at its ASCII brackets.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl From<Box<RawValue>> for Items {
    fn from(raw: Box<RawValue>) -> Self {
        Self(Bytes::from(String::from(Box::<str>::from(raw))))
    }
}

/// Settings of a known task that no task can be made of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct UnusableSettings(pub String);

/// A frame that is dropped, and the cause in the words of the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Reads one text frame.
///
/// # Errors
/// [`Unusable`] for everything section 4.3 of n8n's protocol says is to be logged and dropped.
pub fn parse(text: &str) -> Result<Incoming, Unusable> {
    parse_of(text, None)
}

/// `whole` is the frame that `text` borrows from, where that may be kept.
fn parse_of(text: &str, whole: Option<&Bytes>) -> Result<Incoming, Unusable> {
    let [kind, task_id, offer_id, reason, call_id, status, settings] =
        fields(text, ["type", "taskId", "offerId", "reason", "callId", "status", "settings"])
            .map_err(|error| Unusable(json::describe_error(text, &error)))?;
    let kind = json::display(kind);
    let required = |message: &str, name: &str, value: Option<&RawValue>| {
        let value = value.ok_or_else(|| Unusable(format!("Missing field in {message} message: '{name}'")))?;
        json::string(value)
            .map(json::Text::lossy)
            .ok_or_else(|| Unusable(format!("Invalid field in {message} message: '{name}' must be a string")))
    };
    match kind.as_str() {
        "broker:inforequest" => Ok(Incoming::InfoRequest),
        "broker:runnerregistered" => Ok(Incoming::Registered),
        "broker:drain" => Ok(Incoming::Drain),
        "broker:taskofferaccept" => Ok(Incoming::OfferAccept {
            task_id: required("task offer acceptance", "taskId", task_id)?,
            offer_id: required("task offer acceptance", "offerId", offer_id)?,
        }),
        "broker:tasksettings" => Ok(Incoming::Settings {
            task_id: required("task settings", "taskId", task_id)?,
            settings: Settings::parse(settings, whole).map(Box::new),
        }),
        "broker:taskcancel" => Ok(Incoming::Cancel {
            task_id: required("task cancel", "taskId", task_id)?,
            reason: required("task cancel", "reason", reason)?,
        }),
        "broker:rpcresponse" => {
            for (name, value) in [("callId", call_id), ("taskId", task_id), ("status", status)] {
                required("RPC response", name, value)?;
            }
            Ok(Incoming::RpcResponse)
        }
        other => Err(Unusable(format!("Unknown message type: {other}"))),
    }
}

/// Reads one binary frame, which holds the same JSON.
///
/// # Errors
/// As [`parse`], and for bytes which are not UTF-8.
pub fn parse_binary(bytes: &[u8]) -> Result<Incoming, Unusable> {
    parse_of(utf8(bytes)?, None)
}

/// As [`parse_binary`], of a frame that large items may keep alive rather than be copied out of.
///
/// # Errors
/// As [`parse_binary`].
pub fn parse_owned(frame: &Bytes) -> Result<Incoming, Unusable> {
    parse_of(utf8(frame)?, Some(frame))
}

fn utf8(bytes: &[u8]) -> Result<&str, Unusable> {
    std::str::from_utf8(bytes).map_err(|error| {
        let position = error.valid_up_to();
        let byte = bytes.get(position).copied().unwrap_or_default();
        Unusable(format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {position}"))
    })
}

impl Settings {
    fn parse(raw: Option<&RawValue>, whole: Option<&Bytes>) -> Result<Self, UnusableSettings> {
        let missing = |name: &str| UnusableSettings(format!("Missing field in task settings message: '{name}'"));
        let invalid = |name: &str, what: &str| {
            UnusableSettings(format!("Invalid field in task settings message: '{name}' {what}"))
        };

        let raw = raw.ok_or_else(|| missing("settings"))?;
        let [code, mode, items, continue_on_fail, query, node_name, node_id, workflow_name, workflow_id] = fields(
            raw.get(),
            [
                "code",
                "nodeMode",
                "items",
                "continueOnFail",
                "query",
                "nodeName",
                "nodeId",
                "workflowName",
                "workflowId",
            ],
        )
        .map_err(|_| invalid("settings", "must be an object"))?;

        let code =
            json::string(code.ok_or_else(|| missing("code"))?).ok_or_else(|| invalid("code", "must be a string"))?;
        let code = code.strict().map_err(|lone| {
            UnusableSettings(format!(
                "'utf-8' codec can't encode character '\\u{:04x}' in position {}: surrogates not allowed",
                lone.unit, lone.position
            ))
        })?;
        let node_mode = match json::display(Some(mode.ok_or_else(|| missing("nodeMode"))?)).as_str() {
            "runOnceForAllItems" => NodeMode::AllItems,
            "runOnceForEachItem" => NodeMode::EachItem,
            other => return Err(UnusableSettings(format!("Unknown nodeMode: {other}"))),
        };
        let items = items.ok_or_else(|| missing("items"))?;
        if !items.get().starts_with('[') {
            return Err(invalid("items", "must be a list"));
        }
        let label = |value: Option<&RawValue>| match value {
            Some(value) if value.get() != "null" => json::display(Some(value)),
            _ => "Unknown".to_owned(),
        };
        Ok(Self {
            code,
            node_mode,
            continue_on_fail: continue_on_fail.is_some_and(|value| value.get() == "true"),
            items: Items::of(items, whole),
            query: query.filter(|value| value.get() != "null").map(ToOwned::to_owned),
            node_name: label(node_name),
            node_id: label(node_id),
            workflow_name: label(workflow_name),
            workflow_id: label(workflow_id),
        })
    }
}

#[cfg(test)]
mod tests;
