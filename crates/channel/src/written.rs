//! Text written to `sys.stdout`, cut into what is sent of it: few pieces, of few lines that are not too long.
//!
//! Whole lines are sent at once, and what has no line feed yet, too: a task that is killed keeps it. But only so often: whoever
//! writes single characters is sent line by line afterwards.

use crate::message::Written;

/// What was written, line by line.
#[derive(Debug)]
pub struct Lines {
    /// Text of the line that has begun, which was not sent yet.
    pending: String,
    /// Bytes of that line that were sent or are pending.
    taken: usize,
    /// Whether anything was written after the last line feed.
    begun: bool,
    /// Lines that may still be sent.
    left: u64,
    /// Pieces that end no line and may still be sent.
    parts_left: u64,
    omitted: u64,
}

impl Lines {
    /// Nothing yet, of at most so many lines.
    pub fn new(most: u64) -> Self {
        Self { pending: String::new(), taken: 0, begun: false, left: most, parts_left: Written::MOST_PARTS, omitted: 0 }
    }

    /// Takes more text, and gives what is to be sent now.
    pub fn write(&mut self, written: &str) -> Vec<Written> {
        let mut pieces = Vec::new();
        let mut rest = written;
        while let Some((line, after)) = rest.split_once('\n') {
            rest = after;
            if self.left == 0 {
                // However long the text is: nothing is copied any more.
                self.omitted = self.omitted.saturating_add(1);
                self.begun = false;
                continue;
            }
            self.take(line);
            pieces.push(self.piece(true));
            (self.taken, self.begun) = (0, false);
            self.left -= 1;
        }
        if !rest.is_empty() {
            self.take(rest);
            pieces.extend(self.flush());
        }
        pieces
    }

    /// What there is of a line without its end, as long as such pieces may be sent.
    pub fn flush(&mut self) -> Option<Written> {
        if self.pending.is_empty() || self.parts_left == 0 {
            return None;
        }
        self.parts_left -= 1;
        Some(self.piece(false))
    }

    /// What was written last and no line feed ended: a line all the same.
    pub fn end(&mut self) -> Option<Written> {
        if !self.begun {
            return None;
        }
        self.begun = false;
        if self.left == 0 {
            self.omitted = self.omitted.saturating_add(1);
            return None;
        }
        Some(self.piece(true))
    }

    /// Lines that were not sent.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    fn take(&mut self, part: &str) {
        self.begun = true;
        if self.left == 0 {
            return;
        }
        let kept = &part[..part.floor_char_boundary(Written::LONGEST_LINE - self.taken)];
        self.pending.push_str(kept);
        // What follows a cut is cut as well, though there be room for a byte of it.
        self.taken = if kept.len() < part.len() { Written::LONGEST_LINE } else { self.taken + kept.len() };
    }

    fn piece(&mut self, ends_line: bool) -> Written {
        Written { text: std::mem::take(&mut self.pending), ends_line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines as the supervisor puts them together, and how many pieces they came in.
    fn lines(most: u64, writes: &[&str]) -> (Vec<String>, usize, u64) {
        let mut lines = Lines::new(most);
        let mut pieces: Vec<Written> = writes.iter().flat_map(|text| lines.write(text)).collect();
        pieces.extend(lines.end());
        let (mut whole, mut begun) = (Vec::new(), String::new());
        for piece in &pieces {
            assert!(!piece.text.contains('\n'));
            begun.push_str(&piece.text);
            if piece.ends_line {
                whole.push(std::mem::take(&mut begun));
            }
        }
        assert!(begun.is_empty());
        (whole, pieces.len(), lines.omitted())
    }

    fn of(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn text_becomes_lines() {
        assert_eq!(lines(9, &[]), (vec![], 0, 0));
        assert_eq!(lines(9, &[""]), (vec![], 0, 0));
        assert_eq!(lines(9, &["a\n"]), (of(&["a"]), 1, 0));
        assert_eq!(lines(9, &["\n", "\n"]), (of(&["", ""]), 2, 0));
        assert_eq!(lines(9, &["a\nb", "c\n\nd"]), (of(&["a", "bc", "", "d"]), 6, 0));
    }

    #[test]
    fn lines_beyond_the_limit_are_counted() {
        assert_eq!(lines(2, &["a\nb\nc\nd"]), (of(&["a", "b"]), 2, 2));
        assert_eq!(lines(2, &["a\nb\n"]), (of(&["a", "b"]), 2, 0));
        assert_eq!(lines(0, &["a", "b", "\n", "c"]), (vec![], 0, 2));
    }

    #[test]
    fn single_characters_come_in_few_pieces() {
        let (whole, pieces, omitted) = lines(9, &vec!["x"; 5000]);
        assert_eq!((whole, omitted), (of(&[&"x".repeat(5000)]), 0));
        assert_eq!(pieces as u64, Written::MOST_PARTS + 1);
    }

    #[test]
    fn a_line_is_cut_between_characters() {
        let (whole, ..) = lines(9, &["é".repeat(9000).as_str(), "é".repeat(9000).as_str(), "\nnext"]);
        assert_eq!(whole, of(&[&"é".repeat(Written::LONGEST_LINE / 2), "next"]));
    }

    #[test]
    fn nothing_follows_a_cut() {
        let long = "你".repeat(Written::LONGEST_LINE);
        assert_eq!(lines(9, &[&long, "ab"]).0, of(&[&"你".repeat(Written::LONGEST_LINE / 3)]));
    }
}
