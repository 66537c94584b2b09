//! Byte offsets to lines and columns, as `CPython` counts them.

/// Where each line of a text starts. `\n`, `\r\n` and a lone `\r` end a line; nothing else does.
#[derive(Debug)]
pub struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Reads `source` once.
    pub fn new(source: &'a str) -> Self {
        let bytes = source.as_bytes();
        let mut starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            if byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        Self { source, starts }
    }

    /// The line of the byte at `offset`, from 1.
    pub fn line(&self, offset: usize) -> u32 {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The text of a line, from 1, without its end; empty for a line that there is not.
    pub fn text(&self, line: u32) -> &'a str {
        let index = (line as usize).wrapping_sub(1);
        let Some(&start) = self.starts.get(index) else { return "" };
        let end = self.starts.get(index + 1).copied().unwrap_or(self.source.len());
        self.source.get(start..end).unwrap_or_default().trim_end_matches(['\r', '\n'])
    }

    /// The character in its line of the byte at `offset`, from 1.
    pub fn column(&self, offset: usize) -> u32 {
        let index = self.starts.partition_point(|&start| start <= offset).max(1) - 1;
        let start = self.starts.get(index).copied().unwrap_or(0);
        let before = self.source.get(start..offset).map_or(0, |text| text.chars().count());
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn every_line_end_of_python_counts_once() {
        let lines = Lines::new("a\nb\r\nc\rd\u{2028}e\x0cf");
        let line_of = |wanted: char| lines.line("a\nb\r\nc\rd\u{2028}e\x0cf".find(wanted).unwrap());
        assert_eq!(['a', 'b', 'c', 'd', 'e', 'f'].map(line_of), [1, 2, 3, 4, 4, 4]);
    }

    #[test]
    fn a_line_is_without_its_end() {
        let lines = Lines::new("a\nbb\r\n\rc\u{2028}d");
        assert_eq!([0, 1, 2, 3, 4, 5].map(|line| lines.text(line)), ["", "a", "bb", "", "c\u{2028}d", ""]);
    }

    #[test]
    fn columns_count_characters() {
        let source = "x = 'é' + y";
        let lines = Lines::new(source);
        assert_eq!(lines.column(source.find('y').unwrap()), 11);
        assert_eq!(lines.column(0), 1);
    }
}
