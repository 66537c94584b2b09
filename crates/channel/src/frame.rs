//! Length-prefixed frames: one byte of kind, eight bytes of length (little endian), the payload.

use thiserror::Error;

/// Bytes before a payload.
pub const HEADER_LEN: usize = 9;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Down: [`TaskHead`](crate::message::TaskHead), always first.
    Task = 1,
    /// Down: the user's code, UTF-8.
    Code = 2,
    /// Down: the query as raw JSON; left out where there is none.
    Query = 3,
    /// Down: the items as raw JSON; always last.
    Items = 4,
    /// Up: [`Ready`](crate::message::Ready).
    Ready = 16,
    /// Up: [`Print`](crate::message::Print).
    Print = 17,
    /// Up: [`Tally`](crate::message::Tally), right before the answer, where something was left out.
    Tally = 18,
    /// Up: the answer, the result as raw JSON.
    Done = 19,
    /// Up: the answer, a [`Failure`](crate::message::Failure).
    Failed = 20,
    /// Up: [`Trapped`](crate::message::Trapped).
    Trapped = 21,
    /// Up: [`Tripped`](crate::message::Tripped).
    Tripped = 22,
    /// Up: [`Written`](crate::message::Written).
    Written = 23,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Task,
            2 => Self::Code,
            3 => Self::Query,
            4 => Self::Items,
            16 => Self::Ready,
            17 => Self::Print,
            18 => Self::Tally,
            19 => Self::Done,
            20 => Self::Failed,
            21 => Self::Trapped,
            22 => Self::Tripped,
            23 => Self::Written,
            _ => return None,
        })
    }
}

/// One whole frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it carries.
    pub kind: Kind,
    /// Its bytes, not looked at yet.
    pub payload: Vec<u8>,
}

/// Bytes that are no frames. Nothing that follows on the same channel can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Violation {
    /// The kind byte is none of ours.
    #[error("a frame of unknown kind {0}")]
    UnknownKind(u8),
    /// The announced length is over the limit for that kind.
    #[error("a frame of kind {kind:?} announced {announced} bytes; at most {limit} are allowed")]
    TooLong {
        /// Kind of the frame.
        kind: Kind,
        /// Bytes it announced.
        announced: u64,
        /// Bytes it may have.
        limit: u64,
    },
}

/// The header of a frame with a payload of `len` bytes.
pub fn header(kind: Kind, len: usize) -> [u8; HEADER_LEN] {
    let mut bytes = [0; HEADER_LEN];
    bytes[0] = kind as u8;
    bytes[1..].copy_from_slice(&(len as u64).to_le_bytes());
    bytes
}

/// A whole frame in one buffer, for small payloads.
pub fn encode(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_LEN + payload.len());
    bytes.extend_from_slice(&header(kind, payload.len()));
    bytes.extend_from_slice(payload);
    bytes
}

/// Puts frames together from chunks as they arrive. Its memory is bounded by what has arrived, never by what was
/// announced.
#[derive(Debug)]
pub struct Decoder<L> {
    limit: L,
    header: [u8; HEADER_LEN],
    header_len: usize,
    payload: Vec<u8>,
    /// Bytes of the payload that have come, kept or not.
    received: u64,
    discarding: bool,
}

impl<L: Fn(Kind) -> u64> Decoder<L> {
    /// `limit` tells how many bytes a payload of each kind may have.
    pub fn new(limit: L) -> Self {
        Self { limit, header: [0; HEADER_LEN], header_len: 0, payload: Vec::new(), received: 0, discarding: false }
    }

    /// The frame that has begun and is not whole: its kind and the length it announced, which is within its limit. Ask after
    /// [`next`](Self::next) has answered `None`.
    pub fn in_progress(&self) -> Option<(Kind, u64)> {
        let kind = Kind::from_byte(self.header[0]).filter(|_| self.header_len == HEADER_LEN)?;
        Some((kind, self.announced()))
    }

    /// Keeps nothing of the frame in progress: what has come is freed, what comes is only counted, and the frame is told
    /// with an empty payload.
    pub fn discard(&mut self) {
        if self.header_len == HEADER_LEN {
            self.payload = Vec::new();
            self.discarding = true;
        }
    }

    /// Bytes it has allocated for a payload.
    pub fn allocated(&self) -> usize {
        self.payload.capacity()
    }

    fn announced(&self) -> u64 {
        let mut length = [0; 8];
        length.copy_from_slice(&self.header[1..]);
        u64::from_le_bytes(length)
    }

    /// Takes bytes from the front of `chunk` until a frame is whole or `chunk` is empty; `chunk` is left at the first byte
    /// not taken, so call again until `None`.
    ///
    /// # Errors
    /// A [`Violation`]: the channel is of no further use.
    pub fn next(&mut self, chunk: &mut &[u8]) -> Result<Option<Frame>, Violation> {
        if self.header_len < HEADER_LEN {
            let take = chunk.len().min(HEADER_LEN - self.header_len);
            self.header[self.header_len..self.header_len + take].copy_from_slice(&chunk[..take]);
            self.header_len += take;
            *chunk = &chunk[take..];
            if self.header_len < HEADER_LEN {
                return Ok(None);
            }
        }
        let kind = Kind::from_byte(self.header[0]).ok_or(Violation::UnknownKind(self.header[0]))?;
        let announced = self.announced();
        let limit = (self.limit)(kind);
        if announced > limit {
            return Err(Violation::TooLong { kind, announced, limit });
        }
        let missing = announced - self.received;
        let take = usize::try_from(missing).unwrap_or(usize::MAX).min(chunk.len());
        if !self.discarding {
            self.payload.extend_from_slice(&chunk[..take]);
        }
        self.received += take as u64;
        *chunk = &chunk[take..];
        if self.received == announced {
            self.header_len = 0;
            self.received = 0;
            self.discarding = false;
            return Ok(Some(Frame { kind, payload: std::mem::take(&mut self.payload) }));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Just, any, prop_oneof, proptest};

    use super::*;
    use crate::rehearsal::{decode, pieces};

    fn frames(decoder: &mut Decoder<fn(Kind) -> u64>, bytes: &[u8], chunk: usize) -> Vec<Frame> {
        let mut found = Vec::new();
        for mut part in bytes.chunks(chunk) {
            while let Some(frame) = decoder.next(&mut part).unwrap() {
                found.push(frame);
            }
        }
        found
    }

    #[test]
    fn any_chunking_gives_the_same_frames() {
        let mut bytes = encode(Kind::Print, b"one");
        bytes.extend(encode(Kind::Done, b""));
        bytes.extend(encode(Kind::Failed, &[7; 1000]));
        for chunk in [1, 2, 8, 9, 10, 500, 5000] {
            let mut decoder: Decoder<fn(Kind) -> u64> = Decoder::new(|_| 1000);
            let found = frames(&mut decoder, &bytes, chunk);
            assert_eq!(found.iter().map(|f| f.kind).collect::<Vec<_>>(), [Kind::Print, Kind::Done, Kind::Failed]);
            assert_eq!(found[2].payload, [7; 1000]);
            assert_eq!(decoder.header_len, 0);
        }
    }

    #[test]
    fn an_announced_length_is_not_allocated() {
        let mut decoder = Decoder::new(|_| u64::MAX);
        let mut bytes = vec![Kind::Done as u8];
        bytes.extend((1_u64 << 62).to_le_bytes());
        bytes.extend(b"abc");
        assert_eq!(decoder.next(&mut bytes.as_slice()).unwrap(), None);
        assert!(decoder.payload.capacity() < 4096);
    }

    #[test]
    fn too_long_and_unknown_are_refused_from_the_header_alone() {
        let mut decoder = Decoder::new(|_| 10);
        let head = header(Kind::Done, 11);
        assert!(matches!(decoder.next(&mut head.as_slice()), Err(Violation::TooLong { announced: 11, limit: 10, .. })));
        let mut decoder = Decoder::new(|_| 10);
        assert_eq!(decoder.next(&mut [99_u8; 20].as_slice()), Err(Violation::UnknownKind(99)));
    }

    #[test]
    fn what_is_discarded_takes_no_memory_and_the_next_frame_is_whole() {
        let mut decoder = Decoder::new(|_| 1 << 20);
        let mut bytes = encode(Kind::Print, &vec![7; 100_000]);
        bytes.extend(encode(Kind::Done, b"[1]"));
        let mut first = &bytes[..5000];
        assert_eq!(decoder.next(&mut first).unwrap(), None);
        assert_eq!(decoder.in_progress(), Some((Kind::Print, 100_000)));
        decoder.discard();
        let mut rest = &bytes[5000..];
        assert_eq!(decoder.next(&mut rest).unwrap(), Some(Frame { kind: Kind::Print, payload: vec![] }));
        assert_eq!((decoder.in_progress(), decoder.allocated()), (None, 0));
        assert_eq!(decoder.next(&mut rest).unwrap().unwrap().payload, b"[1]");
    }

    proptest! {
        /// Whatever comes in whatever pieces: the same frames as in one piece, and memory for no more than what came.
        #[test]
        fn chunking_means_nothing_and_memory_is_bounded_by_what_came(
            mut bytes in vec(prop_oneof![Just(17_u8), Just(19), Just(0), Just(3), any::<u8>()], 0..400),
            framed in vec(any::<u8>(), 0..100),
            sizes in vec(1_usize..50, 1..20),
            limit in 0_u64..1 << 20,
        ) {
            bytes.splice(0..0, encode(Kind::Print, &framed));
            let pieces = pieces(&bytes, &sizes);
            assert_eq!(decode(|_| limit, pieces), decode(|_| limit, [bytes.as_slice()]));
        }
    }

    #[test]
    fn an_empty_payload_is_whole_with_its_header() {
        let mut decoder = Decoder::new(|_| 10);
        let bytes = encode(Kind::Items, b"");
        assert_eq!(decoder.next(&mut bytes.as_slice()).unwrap().unwrap().payload, b"");
    }
}
