//! Verdicts that were given before.
//!
//! Keyed by a hash that resists collisions, as who finds two texts with one key could have the harmless one
//! judged and run the other, and by the very rules that were applied.

use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;

use crate::rules::Rules;
use crate::verdict::Verdict;

/// The rules are told apart by identity. Each entry keeps its rules alive, so that no address is used twice.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    code: [u8; 32],
    rules: usize,
}

impl Key {
    pub(crate) fn new(source: &str, rules: &Arc<Rules>) -> Self {
        Self { code: *blake3::hash(source.as_bytes()).as_bytes(), rules: Arc::as_ptr(rules).addr() }
    }
}

struct Entry {
    verdict: Arc<Verdict>,
    _rules: Arc<Rules>,
}

/// A bounded number of verdicts, the one unused for longest out first.
pub(crate) struct Cache(LruCache<Key, Entry>);

impl Cache {
    pub(crate) fn new(entries: NonZeroUsize) -> Self {
        Self(LruCache::new(entries))
    }

    pub(crate) fn get(&mut self, key: &Key) -> Option<Arc<Verdict>> {
        self.0.get(key).map(|entry| Arc::clone(&entry.verdict))
    }

    pub(crate) fn put(&mut self, key: Key, verdict: Arc<Verdict>, rules: Arc<Rules>) {
        // A failure is about the moment, not about the text.
        if !matches!(*verdict, Verdict::Failed(_)) {
            self.0.put(key, Entry { verdict, _rules: rules });
        }
    }
}
