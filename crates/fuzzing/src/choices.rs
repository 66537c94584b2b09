//! Decisions out of a fuzzer's bytes.

use arbitrary::Unstructured;

/// A source of decisions. When its bytes are used up every decision is the first one, so generators put first what ends them.
#[derive(Debug)]
pub struct Choices<'a>(Unstructured<'a>);

impl<'a> Choices<'a> {
    /// Decisions out of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number below `count`, and 0 where there is none.
    pub fn below(&mut self, count: usize) -> usize {
        let byte = usize::from(self.byte());
        if count <= 1 {
            0
        } else if count <= 256 {
            byte % count
        } else {
            (byte << 8 | usize::from(self.byte())) % count
        }
    }

    /// True once in `times`; never when the bytes are used up.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) + 1 == times
    }

    /// One of `from`.
    ///
    /// # Panics
    /// When there is nothing to choose from.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// The next byte, or 0.
    pub fn byte(&mut self) -> u8 {
        self.0.arbitrary().unwrap_or_default()
    }

    /// At most `most` bytes.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let count = most.min(self.0.len());
        self.0.bytes(count).unwrap_or_default()
    }

    /// Whether every decision from here on is the first one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Choices;

    #[test]
    fn without_bytes_every_decision_is_the_first() {
        let mut choices = Choices::new(&[7]);
        assert_eq!(choices.below(4), 3);
        assert!(choices.is_empty());
        assert_eq!((choices.below(4), choices.pick(&[5, 6]), choices.byte()), (0, 5, 0));
        assert!(!choices.once_in(2));
        assert!(choices.bytes(9).is_empty());
    }
}
