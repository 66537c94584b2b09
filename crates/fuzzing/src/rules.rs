//! What the targets judge by: the rules as they are shipped, with a few modules allowed.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use palisade_analyzer::Rules;
use palisade_policy::{Allow, Policy};

/// Modules that generated code may import, in n8n's notation: of the standard library, and others.
pub const ALLOWED: [&str; 2] = ["json,re,__future__", "numpy"];

static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(load(ALLOWED)));
static EVERYTHING: LazyLock<Arc<Rules>> = LazyLock::new(|| Arc::new(load(["*", "*"])));
static WORDS: LazyLock<Words> = LazyLock::new(|| Words::of(&RULES));

/// The shipped rules.
pub fn shipped() -> Arc<Rules> {
    Arc::clone(&RULES)
}

/// The shipped bounds, and no rules: what parses is clean.
pub fn bounds_only() -> Arc<Rules> {
    Arc::clone(&EVERYTHING)
}

/// The words of the shipped rules.
pub fn words() -> &'static Words {
    &WORDS
}

#[expect(clippy::expect_used, reason = "the shipped policy is tested to load, and without it there is nothing to fuzz")]
fn load([stdlib, external]: [&str; 2]) -> Rules {
    let allow = |list| Allow::parse("FUZZ", list).expect("a list of modules");
    Policy::load(allow(stdlib), allow(external), None).expect("the shipped policy").rules()
}

/// Words that are refused, by where they are; sorted.
#[derive(Debug)]
pub struct Words {
    /// Where a name is read or bound.
    pub names: Vec<String>,
    /// As attributes.
    pub attributes: Vec<String>,
    /// As keyword arguments.
    pub keywords: Vec<String>,
    /// As whole texts and as format fields.
    pub texts: Vec<String>,
    /// As methods that are not called.
    pub methods: Vec<String>,
}

impl Words {
    fn of(rules: &Rules) -> Self {
        let dunder = |word: &&String| word.len() > 4 && word.starts_with("__") && word.ends_with("__");
        let texts: BTreeSet<_> = rules.blocked_names.union(&rules.blocked_attributes).cloned().collect();
        let mut names: BTreeSet<_> = rules.blocked_names.iter().cloned().collect();
        if rules.dunders_are_names {
            // The guarded built-in of this name is there for everyone.
            names.extend(rules.blocked_attributes.iter().filter(dunder).filter(|word| *word != "__import__").cloned());
        }
        let sorted = |words: &std::collections::HashSet<String>| words.iter().cloned().collect::<BTreeSet<_>>();
        Self {
            names: names.into_iter().collect(),
            attributes: sorted(&rules.blocked_attributes).into_iter().collect(),
            keywords: texts.iter().filter(dunder).cloned().collect(),
            texts: texts.into_iter().collect(),
            methods: sorted(&rules.format_methods).into_iter().collect(),
        }
    }
}
