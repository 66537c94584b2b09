//! Frames of the broker: any bytes are read or dropped, and what was read means the same when it is written down again.

use palisade::frame::{Incoming, Settings, parse_binary};
use palisade_channel::message::NodeMode;
use serde_json::json;
use serde_json::value::RawValue;

/// Reads the input, writes down what it says, and reads that.
///
/// # Panics
/// When the second reading differs, or settings hold what was not in the frame.
pub fn body(input: &[u8]) {
    let Ok(frame) = parse_binary(input) else { return };
    if let Incoming::Settings { settings: Ok(settings), .. } = &frame {
        let items = settings.items.get();
        assert!(items.starts_with('[') && items.len() < input.len());
        assert!(contains(input, items.as_bytes()), "items that are not the frame's");
        assert!(settings.query.as_ref().is_none_or(|query| contains(input, query.get().as_bytes())));
    }
    let Some(text) = written(&frame) else { return };
    let again = parse_binary(text.as_bytes());
    assert_eq!(format!("{:?}", Ok::<_, ()>(&frame)), format!("{again:?}"), "{text}");
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// The frame as a broker writes it; none for settings that cannot be used, which are told from what is missing.
fn written(frame: &Incoming) -> Option<String> {
    let frame = match frame {
        Incoming::InfoRequest => json!({"type": "broker:inforequest"}),
        Incoming::Registered => json!({"type": "broker:runnerregistered"}),
        Incoming::Drain => json!({"type": "broker:drain"}),
        Incoming::RpcResponse => json!({"type": "broker:rpcresponse", "callId": "", "taskId": "", "status": "success"}),
        Incoming::OfferAccept { task_id, offer_id } => {
            json!({"type": "broker:taskofferaccept", "taskId": task_id, "offerId": offer_id})
        }
        Incoming::Cancel { task_id, reason } => {
            json!({"type": "broker:taskcancel", "taskId": task_id, "reason": reason})
        }
        Incoming::Settings { task_id, settings: Ok(settings) } => return Some(of_settings(task_id, settings)),
        Incoming::Settings { settings: Err(_), .. } => return None,
    };
    Some(frame.to_string())
}

fn of_settings(task_id: &str, settings: &Settings) -> String {
    let mode = match settings.node_mode {
        NodeMode::AllItems => "runOnceForAllItems",
        NodeMode::EachItem => "runOnceForEachItem",
    };
    let text = |text: &str| json!(text).to_string();
    // By hand, as items and query are not to be parsed.
    format!(
        r#"{{"type":"broker:tasksettings","taskId":{},"settings":{{"code":{},"nodeMode":{},"continueOnFail":{},"items":{},"query":{},"nodeName":{},"nodeId":{},"workflowName":{},"workflowId":{}}}}}"#,
        text(task_id),
        text(&settings.code),
        text(mode),
        settings.continue_on_fail,
        settings.items.get(),
        settings.query.as_deref().map_or("null", RawValue::get),
        text(&settings.node_name),
        text(&settings.node_id),
        text(&settings.workflow_name),
        text(&settings.workflow_id),
    )
}
