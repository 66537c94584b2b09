//! What the analyzer is told: lists, switches and bounds.

use std::collections::{BTreeSet, HashSet};

/// Which modules one allow list permits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allow {
    /// The wildcard: every module.
    All,
    /// Only these top-level names.
    Only(BTreeSet<String>),
}

impl Allow {
    /// An empty list: nothing is permitted.
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether the top-level name `module` is permitted.
    pub fn permits(&self, module: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(module),
        }
    }
}

/// How string constants are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StringRule {
    /// Blocked names and attributes, as whole texts and inside format fields.
    #[default]
    All,
    /// As [`StringRule::All`], but ordinary words (`"obj"`) pass as whole texts.
    Dunders,
    /// Texts are not judged; the format guard in the child still is.
    Off,
}

/// Everything a verdict depends on, apart from the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Names that may be neither read, bound nor deleted.
    pub blocked_names: HashSet<String>,
    /// Attributes that may be neither read, written nor deleted.
    pub blocked_attributes: HashSet<String>,
    /// Methods that may be called but not taken as bound methods, as a template must be at hand to be checked.
    pub format_methods: HashSet<String>,
    /// Modules of the standard library that may be imported.
    pub stdlib: Allow,
    /// Other packages that may be imported.
    pub external: Allow,
    /// How string constants are judged.
    pub strings: StringRule,
    /// Whether blocked attributes that begin and end with two underscores are blocked as plain names too:
    /// binding such a name in a class body defines the hook, without any attribute access to see.
    pub dunders_are_names: bool,
    /// Whether `module._private` of an imported module is refused: private names of ordinary modules are the
    /// usual way to `os`, `sys` and `builtins`.
    pub private_module_names: bool,
    /// The bounds on size, depth and report.
    pub limits: Limits,
}

impl Rules {
    /// Whether both allow lists are the wildcard. The rules are then skipped; bounds and syntax are not.
    pub fn allows_everything(&self) -> bool {
        self.stdlib == Allow::All && self.external == Allow::All
    }
}

/// Bounds, all inclusive: a value equal to the bound passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of source.
    pub code_bytes: usize,
    /// Brackets open at one time; a replacement field of an f-string counts as one.
    pub brackets: u32,
    /// Indentation levels.
    pub indents: u32,
    /// Operators, attribute accesses, calls and the like that follow one another in one bracket without a
    /// comma, and `elif` clauses of one `if`.
    pub chain: u32,
    /// The sum of the chains of all brackets open at one time.
    pub depth: u32,
    /// Characters and words that can make a parser recurse, wherever they stand in the text. Never more than
    /// [`crate::MAX_OPENERS`] is honoured, whatever is set here: the stack is measured for that many.
    pub openers: usize,
    /// Violations listed before the report is cut.
    pub violations: usize,
    /// Bytes of report before it is cut.
    pub report_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A hundred times the largest script one meets in practice, and still parsed in tens of milliseconds.
            code_bytes: 1024 * 1024,
            // CPython's own limits (MAXLEVEL, MAXINDENT): more would be a syntax error there.
            brackets: 200,
            indents: 100,
            // CPython's compiler recurses along these too and gives up at a few thousand.
            chain: 1000,
            depth: 2000,
            openers: crate::MAX_OPENERS,
            violations: 1000,
            report_bytes: 64 * 1024,
        }
    }
}
