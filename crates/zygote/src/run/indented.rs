//! User code as the body of a function, by text alone.
//!
//! A syntax tree made of Python objects, which is what [`compile`](super::compile) needs to put statements into a function, costs as
//! much as all the rest of compiling. Where each line can be moved to the right by one column and nothing else changes, that
//! does it, too: no line may begin within a string or be joined to the one before. What is not plainly so is left to the tree.

/// Before the body; the function's name is replaced in the code that comes of it.
const HEADER: &str = "def f():\n";

/// Bytes that change what indentation means, what a line is, or how the text is read.
const CONTROLS: [u8; 4] = [b'\t', b'\r', b'\x0c', b'\0'];

/// Strings over several lines, whatever may have to be rewritten in the tree, and what makes functions whose names do not begin with
/// that of the function around them: a class keeps its name as a constant, a global one is called by its own alone.
const LEFT_TO_THE_TREE: [&str; 6] = ["\"\"\"", "'''", "\\\n", "import", "class", "global"];

/// A text of one function whose body is `code`; nothing where that is not plain.
pub(super) fn in_function(code: &str) -> Option<String> {
    let plain = code.is_ascii()
        && !code.bytes().any(|byte| CONTROLS.contains(&byte))
        && !LEFT_TO_THE_TREE.iter().any(|part| code.contains(part));
    if !plain || is_indented(code) {
        return None;
    }
    let mut text = String::with_capacity(HEADER.len() + code.len() + code.len() / 16 + 2);
    text.push_str(HEADER);
    for line in code.split('\n') {
        if !strings_end_in(line.as_bytes()) {
            return None;
        }
        text.push(' ');
        text.push_str(line);
        text.push('\n');
    }
    Some(text)
}

/// Whether the first statement is, which is an error where it is a program's, and none where it is a function's.
fn is_indented(code: &str) -> bool {
    let first = code.split('\n').find(|line| !matches!(line.trim_start().bytes().next(), None | Some(b'#')));
    first.is_some_and(|line| line.starts_with(' '))
}

/// Whether each string that begins in a line ends there, as the tokenizer of CPython 3.13 reads it; false where in doubt.
fn strings_end_in(line: &[u8]) -> bool {
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        match byte {
            b'#' => return true,
            b'"' | b'\'' => match string(line, at, prefix(&line[..at])) {
                Some(end) => at = end,
                None => return false,
            },
            _ => at += 1,
        }
    }
    true
}

/// What stands right before a quotation mark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Formatted,
    Plain,
}

fn prefix(before: &[u8]) -> Prefix {
    let word = before.rsplit(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').next().unwrap_or_default();
    match word.to_ascii_lowercase().as_slice() {
        b"f" | b"fr" | b"rf" | b"t" | b"tr" | b"rt" => Prefix::Formatted,
        _ => Prefix::Plain,
    }
}

/// Behind the string whose quotation mark is at `start`; nothing where it does not end, or in doubt.
fn string(line: &[u8], start: usize, prefix: Prefix) -> Option<usize> {
    if prefix == Prefix::Formatted {
        return formatted(line, start);
    }
    let mut at = start + 1;
    loop {
        match *line.get(at)? {
            // In a raw string, too, what follows does not end it.
            b'\\' => at += 2,
            byte if byte == line[start] => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// Behind an f-string. Expressions may have strings of their own, with the same quotation marks even, but not here with
/// replacements of their own, nor behind a colon, where a quotation mark is a filling character perhaps.
fn formatted(line: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth, mut colon) = (start + 1, 0_u32, false);
    loop {
        let (byte, next) = (*line.get(at)?, line.get(at + 1).copied());
        at += 1;
        match (depth, byte) {
            (0, b'\\') => match next? {
                // A name with braces around it.
                b'N' => return None,
                // They count in spite of it.
                b'{' | b'}' => {}
                _ => at += 1,
            },
            (0, b'{' | b'}') if next == Some(byte) => at += 1,
            (0, b'{') => (depth, colon) = (1, false),
            (0, b'}') | (_, b'\\' | b'#') => return None,
            (0, _) if byte == line[start] => return Some(at),
            (0, _) => {}
            (_, b'{') => depth += 1,
            (_, b'}') => depth -= 1,
            (_, b':') => colon = true,
            (_, b'"' | b'\'') if colon || prefix(&line[..at - 1]) == Prefix::Formatted => return None,
            (_, b'"' | b'\'') => at = string(line, at - 1, Prefix::Plain)?,
            (..) => {}
        }
    }
}
