//! Frames to the broker. All of them are built here, so that nothing a task says can become more than a value in one.

use std::collections::VecDeque;

use serde_json::json;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Bytes;

use crate::budget::Room;
use crate::execute::TaskError;
use crate::observe::Unanswered;
use crate::offers::Offer;

/// One text frame, in pieces that are sent one after the other, so that a big result is never copied.
#[derive(Debug)]
pub struct Outgoing {
    pieces: VecDeque<Bytes>,
    /// The task this is the answer of.
    answers: Option<Box<Unanswered>>,
    /// Given back when the frame is dropped, which is when it has been sent or cannot be.
    _room: Option<Room>,
}

impl Outgoing {
    /// The answer to an info request.
    pub fn info() -> Self {
        Self::small(&json!({"type": "runner:info", "name": "Python Task Runner", "types": ["python"]}))
    }

    /// A free slot.
    pub fn offer(offer: &Offer) -> Self {
        let valid_for = u64::try_from(offer.valid_for.as_millis()).unwrap_or(u64::MAX);
        Self::small(&json!({
            "type": "runner:taskoffer", "offerId": offer.id, "taskType": "python", "validFor": valid_for,
        }))
    }

    /// The task is taken.
    pub fn accepted(task_id: &str) -> Self {
        Self::small(&json!({"type": "runner:taskaccepted", "taskId": task_id}))
    }

    /// The task is not taken.
    pub fn rejected(task_id: &str, reason: &str) -> Self {
        Self::small(&json!({"type": "runner:taskrejected", "taskId": task_id, "reason": reason}))
    }

    /// One print.
    pub fn print(task_id: &str, params: &[String]) -> Self {
        Self::small(&json!({
            "type": "runner:rpc", "callId": crate::offers::random_id(), "taskId": task_id,
            "name": "logNodeOutput", "params": params,
        }))
    }

    /// The result of a task.
    pub fn done(task_id: &str, result: Box<RawValue>) -> Self {
        // The id goes through the serialiser; only the frame around it is written by hand.
        let id = json!(task_id);
        let head = format!(r#"{{"type":"runner:taskdone","taskId":{id},"data":{{"result":"#);
        let result: Box<str> = result.into();
        let pieces = [Bytes::from(head), Bytes::from(String::from(result)), Bytes::from_static(b"}}")];
        Self { pieces: pieces.into(), answers: None, _room: None }
    }

    /// The error of a task.
    pub fn error(task_id: &str, error: &TaskError) -> Self {
        let mut fields = error.extra.clone();
        fields.insert("message".to_owned(), json!(error.message));
        fields.remove("description");
        if let Some(description) = &error.description {
            fields.insert("description".to_owned(), json!(description));
        }
        Self::small(&json!({"type": "runner:taskerror", "taskId": task_id, "error": fields}))
    }

    fn small(value: &serde_json::Value) -> Self {
        Self { pieces: [Bytes::from(value.to_string())].into(), answers: None, _room: None }
    }

    /// The same frame, which holds `room` as long as it is there.
    #[must_use]
    pub fn holding(self, room: Room) -> Self {
        Self { _room: Some(room), ..self }
    }

    /// The same as the answer of a task that is to hear when it is sent.
    #[must_use]
    pub fn answering(self, task: Unanswered) -> Self {
        Self { answers: Some(Box::new(task)), ..self }
    }

    /// All of it went to the broker.
    pub fn sent(self) {
        if let Some(task) = self.answers {
            task.sent();
        }
    }

    /// Bytes that are still to be taken.
    pub fn len(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    /// Whether all has been taken.
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(Bytes::is_empty)
    }

    /// Takes at most `max` bytes from the front. Pieces are joined only where all that is left fits.
    pub fn take(&mut self, max: usize) -> Bytes {
        if self.pieces.len() > 1 && self.len() <= max {
            return Bytes::from(self.pieces.drain(..).flatten().collect::<Vec<u8>>());
        }
        loop {
            let Some(front) = self.pieces.front_mut() else { return Bytes::new() };
            let part = front.split_to(front.len().min(max));
            if front.is_empty() {
                self.pieces.pop_front();
            }
            if !part.is_empty() {
                return part;
            }
        }
    }
}
