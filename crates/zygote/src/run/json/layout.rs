//! Numbers and strings as CPython's `json` writes them with `ensure_ascii=False`.

/// What becomes of a unit of a string that cannot stand for itself.
const fn escape(byte: u8) -> Option<&'static [u8; 2]> {
    Some(match byte {
        b'"' => br#"\""#,
        b'\\' => br"\\",
        b'\n' => br"\n",
        b'\r' => br"\r",
        b'\t' => br"\t",
        0x08 => br"\b",
        0x0C => br"\f",
        _ => return None,
    })
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `\uXXXX`, as six bytes.
fn numbered(unit: u16) -> [u8; 6] {
    let digit = |shift: u32| HEX[usize::from((unit >> shift) & 15)];
    [b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]
}

const EVERY: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte that is a control character, a quote or a backslash. Bits above the lowest one may be wrong.
fn special(word: u64) -> u64 {
    let zero_in = |word: u64| word.wrapping_sub(EVERY) & !word;
    let control = word.wrapping_sub(EVERY * 0x20) & !word;
    (control | zero_in(word ^ (EVERY * 0x22)) | zero_in(word ^ (EVERY * 0x5C))) & HIGH
}

/// How many bytes come before the first that is a control character, a quote or a backslash.
pub(super) fn plain(bytes: &[u8]) -> usize {
    run(bytes, special, |byte| byte < 0x20 || byte == b'"' || byte == b'\\')
}

/// As [`plain`], and none of them beyond ASCII.
pub(super) fn plain_ascii(bytes: &[u8]) -> usize {
    let beyond = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\' || byte >= 0x80;
    run(bytes, |word| special(word) | (word & HIGH), beyond)
}

fn run(bytes: &[u8], in_word: impl Fn(u64) -> u64, is_end: impl Fn(u8) -> bool) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let found = in_word(u64::from_le_bytes(*word));
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().position(|&byte| is_end(byte)).unwrap_or(rest.len())
}

/// A character of a string, as it is written; a surrogate by its number, since no UTF-8 has it.
pub(super) fn push_character(out: &mut Vec<u8>, unit: u32) {
    match u8::try_from(unit) {
        Ok(byte @ ..0x80) => match escape(byte) {
            Some(escape) => out.extend_from_slice(escape),
            None if byte < 0x20 => out.extend_from_slice(&numbered(byte.into())),
            None => out.push(byte),
        },
        _ => match char::from_u32(unit) {
            Some(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            // Nothing but a surrogate is no character, and it has 16 bits.
            None => out.extend_from_slice(&numbered(u16::try_from(unit).unwrap_or(0xFFFD))),
        },
    }
}

/// The shortest text that reads back as this number, which is finite, laid out as CPython's `repr` does it.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a float has some dozen digits, and an exponent of three"
)]
pub(super) fn push_float(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(value);
    // The digits are those of every shortest text; where the point goes, and when an exponent comes, is Python's own.
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    out.extend_from_slice(sign.as_bytes());
    let mut digits = [0_u8; 40];
    let all = whole.len() + fraction.len();
    digits[..whole.len()].copy_from_slice(whole.as_bytes());
    digits[whole.len()..all].copy_from_slice(fraction.as_bytes());
    let zeros = digits[..all].iter().take_while(|&&digit| digit == b'0').count();
    if zeros == all {
        out.extend_from_slice(b"0.0");
        return;
    }
    let digits = without_last_zeros(&digits[zeros..all]);
    // The number is 0.DIGITS times ten to the power of `point`.
    let point = whole.len() as i32 - zeros as i32 + exponent.parse::<i32>().unwrap_or(0);
    let length = digits.len() as i32;
    match point {
        -3..=0 => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', point.unsigned_abs() as usize));
            out.extend_from_slice(digits);
        }
        1..=16 if point >= length => {
            out.extend_from_slice(digits);
            out.extend(std::iter::repeat_n(b'0', (point - length) as usize));
            out.extend_from_slice(b".0");
        }
        1..=16 => {
            let (whole, fraction) = digits.split_at(point as usize);
            out.extend_from_slice(whole);
            out.push(b'.');
            out.extend_from_slice(fraction);
        }
        _ => {
            out.push(digits[0]);
            if digits.len() > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            let exponent = point - 1;
            out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
            if exponent.abs() < 10 {
                out.push(b'0');
            }
            out.extend_from_slice(itoa::Buffer::new().format(exponent.unsigned_abs()).as_bytes());
        }
    }
}

fn without_last_zeros(digits: &[u8]) -> &[u8] {
    let kept = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    &digits[..kept]
}
