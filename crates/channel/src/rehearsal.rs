//! The decoder on bytes alone, for tests and fuzz targets: the same frames in whatever pieces they come, and memory for no more than
//! has come.

use crate::frame::{Decoder, Frame, Kind, Violation};

/// The frames in these pieces, up to the first violation; `limit` is as for the [`Decoder`].
///
/// # Panics
/// When the decoder has allocated much more than came.
pub fn decode<'b>(
    limit: impl Fn(Kind) -> u64,
    pieces: impl IntoIterator<Item = &'b [u8]>,
) -> Vec<Result<Frame, Violation>> {
    let mut decoder = Decoder::new(limit);
    let (mut found, mut came) = (Vec::new(), 0);
    for mut piece in pieces {
        came += piece.len();
        loop {
            match decoder.next(&mut piece) {
                Ok(Some(frame)) => found.push(Ok(frame)),
                Ok(None) => break,
                Err(violation) => {
                    found.push(Err(violation));
                    return found;
                }
            }
        }
        assert!(decoder.allocated() <= 2 * came + 64, "{} for {came}", decoder.allocated());
    }
    found
}

/// The same bytes in pieces of these sizes, which come around again; none of 0.
pub fn pieces<'b>(bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*size).clamp(1, rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}
