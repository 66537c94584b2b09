//! Looking up every name of a text in a policy's lists, most of which are on none.

use std::collections::HashSet;

/// One list, with a filter in front of it that takes less time than hashing.
pub(super) struct Words<'a> {
    list: &'a HashSet<String>,
    /// For each first byte the lengths of the words that begin with it, as bits; the last bit is for all longer ones.
    lengths: [u64; 256],
}

impl<'a> Words<'a> {
    pub(super) fn new(list: &'a HashSet<String>) -> Self {
        let mut lengths = [0; 256];
        for word in list {
            lengths[first(word)] |= length(word);
        }
        Self { list, lengths }
    }

    pub(super) fn contains(&self, word: &str) -> bool {
        self.lengths[first(word)] & length(word) != 0 && self.list.contains(word)
    }
}

fn first(word: &str) -> usize {
    word.bytes().next().unwrap_or_default().into()
}

fn length(word: &str) -> u64 {
    1 << word.len().min(63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_is_on_the_list_and_nothing_else() {
        let long = "x".repeat(70);
        let list: HashSet<String> = ["obj", "__class__", "é", &long, ""].map(str::to_owned).into();
        let words = Words::new(&list);
        for word in ["obj", "__class__", "é", &long, ""] {
            assert!(words.contains(word), "{word}");
        }
        for word in ["o", "obk", "abj", "__class_", "__clazz__", "è", &"x".repeat(71), "x"] {
            assert!(!words.contains(word), "{word}");
        }
        assert!(!Words::new(&HashSet::new()).contains(""));
    }
}
