//! Where a value was set: the first thing to know about one that surprises.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// In a file, or in one that is built in.
    File {
        /// The file's name, or `built-in NAME.toml`.
        name: Arc<str>,
        /// The line, from 1.
        line: usize,
    },
    /// In no file: `environment N8N_RUNNERS_STDLIB_ALLOW`, `option --allow-stdlib`.
    Outside(Arc<str>),
}

impl Origin {
    /// An environment variable.
    pub fn environment(name: &str) -> Self {
        Self::Outside(format!("environment {name}").into())
    }

    /// An option of the command line.
    pub fn option(name: &str) -> Self {
        Self::Outside(format!("option {name}").into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Outside(what) => f.write_str(what),
        }
    }
}

/// The text of a policy file, to find lines in.
#[derive(Debug)]
pub(crate) struct Source {
    name: Arc<str>,
    newlines: Vec<usize>,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), newlines: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The line a piece of the text begins in.
    pub(crate) fn at(&self, span: &Range<usize>) -> Origin {
        let line = self.newlines.partition_point(|newline| *newline < span.start) + 1;
        Origin::File { name: Arc::clone(&self.name), line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let source = Source::new("a.toml", "x\ny\n\nz");
        let line = |at| source.at(&(at..at)).to_string();
        assert_eq!(
            [0, 1, 2, 4, 5, 99].map(line),
            ["a.toml:1", "a.toml:1", "a.toml:2", "a.toml:3", "a.toml:4", "a.toml:4"]
        );
        assert_eq!(Origin::environment("A").to_string(), "environment A");
    }
}
