//! The places of instructions in the text, in the table that a code object has of them: `Objects/locations.md` of CPython 3.13
//! describes it, and 3.14 has the same.

/// A place, and the column and the end column of it where there is one.
#[derive(Clone, Copy)]
struct Place {
    line: i64,
    end_line: i64,
    columns: Option<(i64, i64)>,
}

/// Kinds of entries.
const ONE_LINE: u8 = 10;
const NO_COLUMNS: u8 = 13;
const LONG: u8 = 14;
const NONE: u8 = 15;

/// The table with each place one line further up and one column further left, but for those in the line `header`. `first` is
/// the line that the code object began in, and `now` the one it begins in now. Nothing where it is no such table.
pub(super) fn moved(table: &[u8], first: i64, now: i64, header: Option<i64>) -> Option<Vec<u8>> {
    let mut found = Vec::with_capacity(table.len() + table.len() / 8);
    let (mut line, mut written) = (first, now);
    let mut rest = table.iter().copied();
    while let Some(head) = rest.next() {
        let (kind, units) = ((head >> 3) & 15, head & 7);
        if head & 0x80 == 0 {
            return None;
        }
        if kind == NONE {
            found.push(head);
            continue;
        }
        let mut place = read(kind, &mut rest, &mut line)?;
        if header != Some(place.line) {
            place.line -= 1;
            place.end_line -= 1;
            // Nothing of the user's is in the first column now. What the compiler says is there has no place of its own.
            if let Some((column, end)) = place.columns.as_mut().filter(|columns| **columns != (0, 0)) {
                (*column, *end) = (*column - 1, *end - 1);
                if *column < 0 || *end < 0 {
                    return None;
                }
            }
        }
        write(place, units, &mut written, &mut found)?;
    }
    Some(found)
}

fn read(kind: u8, rest: &mut impl Iterator<Item = u8>, line: &mut i64) -> Option<Place> {
    let mut end_line = None;
    let columns = match kind {
        NO_COLUMNS => {
            *line += signed(rest)?;
            None
        }
        LONG => {
            *line += signed(rest)?;
            end_line = Some(*line + unsigned(rest)?);
            let (column, end) = (unsigned(rest)?, unsigned(rest)?);
            // A side that is not known is zero; CPython then has no use for the other.
            if column == 0 || end == 0 {
                return None;
            }
            Some((column - 1, end - 1))
        }
        ONE_LINE..NO_COLUMNS => {
            *line += i64::from(kind - ONE_LINE);
            Some((i64::from(rest.next()?), i64::from(rest.next()?)))
        }
        _ => {
            let second = rest.next()?;
            let column = i64::from(kind) << 3 | i64::from(second >> 4);
            Some((column, column + i64::from(second & 15)))
        }
    };
    Some(Place { line: *line, end_line: end_line.unwrap_or(*line), columns })
}

/// As the compiler does, which takes the shortest form.
fn write(place: Place, units: u8, line: &mut i64, found: &mut Vec<u8>) -> Option<()> {
    let head = |kind: u8| 0x80 | kind << 3 | units;
    let delta = place.line - *line;
    *line = place.line;
    let byte = |number: i64| u8::try_from(number).ok();
    match place.columns {
        None => {
            found.push(head(NO_COLUMNS));
            put_signed(delta, found);
        }
        Some((column, end)) => {
            let one_line = place.end_line == place.line;
            if one_line && delta == 0 && column < 80 && (0..16).contains(&(end - column)) {
                let low = byte(column & 7)?;
                found.extend([head(byte(column >> 3)?), low << 4 | byte(end - column)?]);
            } else if one_line && (0..3).contains(&delta) && column < 128 && end < 128 {
                found.extend([head(ONE_LINE + byte(delta)?), byte(column)?, byte(end)?]);
            } else {
                found.push(head(LONG));
                put_signed(delta, found);
                for number in [place.end_line - place.line, column + 1, end + 1] {
                    put_unsigned(u64::try_from(number).ok()?, found);
                }
            }
        }
    }
    Some(())
}

/// Six bits a byte, the lowest first, and a seventh that tells of more.
fn unsigned(rest: &mut impl Iterator<Item = u8>) -> Option<i64> {
    let (mut number, mut shift) = (0_i64, 0_u32);
    loop {
        let byte = rest.next()?;
        number |= i64::from(byte & 63) << shift;
        if byte & 64 == 0 {
            return Some(number);
        }
        shift += 6;
        if shift > 30 {
            return None;
        }
    }
}

/// The same, with the sign in the lowest bit.
fn signed(rest: &mut impl Iterator<Item = u8>) -> Option<i64> {
    let number = unsigned(rest)?;
    Some(if number & 1 == 1 { -(number >> 1) } else { number >> 1 })
}

fn put_unsigned(mut number: u64, found: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(number & 63).unwrap_or(0);
        number >>= 6;
        if number == 0 {
            return found.push(low);
        }
        found.push(low | 64);
    }
}

fn put_signed(number: i64, found: &mut Vec<u8>) {
    put_unsigned(number.unsigned_abs() << 1 | u64::from(number < 0), found);
}
