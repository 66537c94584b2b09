//! One WebSocket connection, from the handshake to its end.
//!
//! Everything is driven by [`Connection::next`], in one place: frames that wait are written, frames that came are read.
//! A broker that gets no pong in time hangs up, so nothing here may take long: big frames are parsed on another
//! thread, and big results are sent in fragments, between which a pong finds its way.

use std::collections::VecDeque;
use std::future::{Future, poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::FuturesOrdered;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, tungstenite};

use super::stream::{Stream, watched};
use crate::frame;
use crate::frame::{Incoming, Outgoing, Unusable};

/// Frames larger than this are parsed on another thread.
const PARSE_HERE: usize = 64 << 10;
/// Frames larger than this are sent in fragments of this size.
const FRAGMENT: usize = 128 << 10;
/// Fragments written before the connection is read again.
const FRAGMENTS_AT_ONCE: usize = 8;
/// While this much waits to be sent, the runner should not ask for more work.
const BACKLOG: usize = 64 << 20;
/// While this many frames wait to be sent nothing more is read: a peer that asks but never listens gets no further.
const MAX_QUEUED: usize = 4096;
/// A ping goes out this often, and something must have moved since the one before.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long the end of a connection may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// What [`Connection::next`] tells.
#[derive(Debug)]
pub enum Event {
    /// A frame came.
    Frame(Incoming),
    /// A frame came that is to be logged and dropped.
    Unusable(Unusable),
    /// There is room in the backlog again.
    Room,
    /// The connection is over; nothing else will come.
    Lost(Loss),
}

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The cause for the log; none where the broker said goodbye properly.
    pub cause: Option<String>,
    /// What is still to be said to the broker.
    farewell: Option<CloseFrame>,
}

impl Loss {
    fn broken(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), farewell: None }
    }

    fn refused(code: CloseCode, reason: &'static str) -> Self {
        let cause = format!("sent {} ({reason})", u16::from(code));
        Self { cause: Some(cause), farewell: Some(CloseFrame { code, reason: reason.into() }) }
    }

    fn closed(frame: Option<CloseFrame>) -> Self {
        let cause = match frame {
            Some(CloseFrame { code: CloseCode::Normal | CloseCode::Away, .. }) => None,
            Some(frame) => Some(format!("received {} ({})", u16::from(frame.code), frame.reason)),
            None => Some("received 1005 (no status received)".to_owned()),
        };
        Self { cause, farewell: None }
    }
}

impl From<tungstenite::Error> for Loss {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::Error;
        use tungstenite::error::ProtocolError;
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::refused(CloseCode::Size, "message too big"),
            Error::Utf8(_) => Self::refused(CloseCode::Invalid, "invalid frame payload data"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
            | Error::Io(_)
            | Error::ConnectionClosed
            | Error::AlreadyClosed => Self::broken("no close frame received or sent"),
            Error::Protocol(_) => Self::refused(CloseCode::Protocol, "protocol error"),
            other => Self::broken(other.to_string()),
        }
    }
}

type Parse = Pin<Box<dyn Future<Output = (usize, Result<Incoming, Unusable>)> + Send>>;

/// An open connection.
pub struct Connection {
    socket: WebSocketStream<Stream>,
    max_payload: usize,
    queue: VecDeque<Outgoing>,
    queued_bytes: usize,
    /// The front of the queue has been sent in part.
    mid_message: bool,
    unflushed: bool,
    /// Frames whose order counts among each other: big ones, and what may refer to a big one before it.
    parsing: FuturesOrdered<Parse>,
    parsing_bytes: usize,
    heartbeat: Interval,
    pinged: Option<Instant>,
}

impl Connection {
    pub(super) fn new(socket: WebSocketStream<Stream>, max_payload: usize) -> Self {
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            socket,
            max_payload,
            queue: VecDeque::new(),
            queued_bytes: 0,
            mid_message: false,
            unflushed: false,
            parsing: FuturesOrdered::new(),
            parsing_bytes: 0,
            heartbeat,
            pinged: None,
        }
    }

    /// Puts a frame at the end of what is to be sent. [`Connection::next`] sends it.
    pub fn send(&mut self, frame: Outgoing) {
        self.queued_bytes += frame.len();
        self.queue.push_back(frame);
    }

    /// Whether so much waits to be sent that more work should not be asked for.
    pub fn is_behind(&self) -> bool {
        self.queued_bytes > BACKLOG
    }

    /// Sends and receives until there is something to tell. May be dropped at any time without loss.
    pub async fn next(&mut self) -> Event {
        poll_fn(|cx| self.poll_event(cx)).await.unwrap_or_else(Event::Lost)
    }

    /// Sends what waits, for as long as `patience` lasts, and closes with 1000.
    pub async fn close(mut self, patience: Duration) {
        let sent = async {
            poll_fn(|cx| {
                self.poll_write(cx)?;
                if self.queue.is_empty() && !self.unflushed {
                    return Poll::Ready(Ok::<_, Loss>(()));
                }
                // A broker that waits to be read would not read either.
                loop {
                    match self.socket.poll_next_unpin(cx) {
                        Poll::Ready(Some(message)) => drop(message?),
                        // It is gone, and hears nothing any more.
                        Poll::Ready(None) => return Poll::Ready(Ok(())),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            })
            .await
        };
        if let Ok(Ok(())) = timeout(patience, sent).await {
            let farewell = CloseFrame { code: CloseCode::Normal, reason: "".into() };
            self.end(Loss { cause: None, farewell: Some(farewell) }).await;
        }
    }

    /// Says what is to be said after a loss, and waits a little for the broker to hear it: closing a socket with unread
    /// bytes in it would take the words back.
    pub async fn end(mut self, loss: Loss) {
        let _ = timeout(FAREWELL, async {
            if let Some(frame) = loss.farewell {
                self.socket.send(Message::Close(Some(frame))).await?;
            }
            while let Some(message) = self.socket.next().await {
                message?;
            }
            let mut rest = vec![0; PARSE_HERE];
            while self.socket.get_mut().read(&mut rest).await? > 0 {}
            Ok::<_, tungstenite::Error>(())
        })
        .await;
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Loss>> {
        if let Poll::Ready(Some((bytes, parsed))) = self.parsing.poll_next_unpin(cx) {
            self.parsing_bytes -= bytes;
            return Poll::Ready(Ok(event(parsed)));
        }
        if self.heartbeat.poll_tick(cx).is_ready() {
            // The next tick needs a waker, too.
            cx.waker().wake_by_ref();
            self.beat()?;
        }
        let was_behind = self.is_behind();
        self.poll_write(cx)?;
        if let Poll::Ready(event) = self.poll_read(cx)? {
            return Poll::Ready(Ok(event));
        }
        if was_behind && !self.is_behind() { Poll::Ready(Ok(Event::Room)) } else { Poll::Pending }
    }

    fn beat(&mut self) -> Result<(), Loss> {
        let last_activity = watched(self.socket.get_ref()).last_activity();
        if self.pinged.is_some_and(|at| last_activity < at) {
            return Err(Loss::refused(CloseCode::Error, "keepalive ping timeout"));
        }
        self.pinged = Some(Instant::now());
        self.start_send(Message::Ping(Bytes::new()))
    }

    fn start_send(&mut self, message: Message) -> Result<(), Loss> {
        self.unflushed = true;
        self.socket.start_send_unpin(message).map_err(Loss::from)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), Loss> {
        for _ in 0..FRAGMENTS_AT_ONCE {
            if self.queue.is_empty() || self.socket.poll_ready_unpin(cx)?.is_pending() {
                break;
            }
            if let Some(message) = self.next_fragment() {
                self.start_send(message)?;
            }
        }
        if !self.queue.is_empty() && self.socket.poll_ready_unpin(cx)?.is_ready() {
            // It is somebody else's turn, but not for long.
            cx.waker().wake_by_ref();
        } else if self.unflushed && self.socket.poll_flush_unpin(cx)?.is_ready() {
            self.unflushed = false;
        }
        Ok(())
    }

    fn next_fragment(&mut self) -> Option<Message> {
        let frame = self.queue.front_mut()?;
        let payload = frame.take(FRAGMENT);
        self.queued_bytes -= payload.len();
        let is_first = !self.mid_message;
        let is_last = frame.is_empty();
        self.mid_message = !is_last;
        if is_last && let Some(frame) = self.queue.pop_front() {
            frame.sent();
        }
        let opcode = OpCode::Data(if is_first { Data::Text } else { Data::Continue });
        Some(Message::Frame(Frame::message(payload, opcode, is_last)))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Loss>> {
        while self.parsing_bytes < self.max_payload.max(PARSE_HERE) && self.queue.len() < MAX_QUEUED {
            let message = match self.socket.poll_next_unpin(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => return Poll::Ready(Err(Loss::from(tungstenite::Error::ConnectionClosed))),
                Poll::Ready(Some(message)) => message?,
            };
            let bytes: Bytes = match message {
                // Text was found to be UTF-8 already, but looking again costs little next to parsing.
                Message::Text(text) => text.into(),
                Message::Binary(bytes) => bytes,
                Message::Close(frame) => return Poll::Ready(Err(Loss::closed(frame))),
                // Pongs are sent by the next read.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            };
            if bytes.len() > PARSE_HERE {
                self.parse_elsewhere(bytes);
                cx.waker().wake_by_ref();
                continue;
            }
            match frame::parse_binary(&bytes) {
                // The task it cancels may be the one whose settings are still being parsed.
                Ok(cancel @ Incoming::Cancel { .. }) if !self.parsing.is_empty() => {
                    self.parsing.push_back(Box::pin(ready((0, Ok(cancel)))));
                    cx.waker().wake_by_ref();
                }
                parsed => return Poll::Ready(Ok(event(parsed))),
            }
        }
        Poll::Pending
    }

    fn parse_elsewhere(&mut self, bytes: Bytes) {
        let len = bytes.len();
        self.parsing_bytes += len;
        let parsed = tokio::task::spawn_blocking(move || frame::parse_owned(&bytes));
        self.parsing.push_back(Box::pin(async move {
            (len, parsed.await.unwrap_or_else(|_| Err(Unusable("the parser failed".to_owned()))))
        }));
    }
}

fn event(parsed: Result<Incoming, Unusable>) -> Event {
    parsed.map_or_else(Event::Unusable, Event::Frame)
}
