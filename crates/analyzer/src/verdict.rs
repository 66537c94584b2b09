//! What the analyzer answers.

use std::fmt;
use std::ops::Range;

/// The judgement on one source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// Rules were broken; never empty, in tree order, bounded in number and size.
    Refused(Vec<Violation>),
    /// The text is not Python.
    Unparsable(ParseError),
    /// The text holds a NUL character.
    NulByte,
    /// The text is larger or deeper than is read.
    Exceeded(BoundExceeded),
    /// The analysis itself failed; the text must be treated as refused.
    Failed(Failure),
}

impl Verdict {
    /// Whether the text may be handed to a child.
    pub fn is_clean(&self) -> bool {
        matches!(self, Self::Clean)
    }

    /// The report for the user of a refused text: one `Line {n}: {text}` per violation. Empty for other verdicts.
    pub fn description(&self) -> String {
        match self {
            Self::Refused(violations) => describe(violations),
            _ => String::new(),
        }
    }
}

/// The report for the user: one `Line {n}: {text}` per violation, joined by line ends.
pub fn describe(violations: &[Violation]) -> String {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Line in the user's own text, from 1: the one that the statement or expression begins in, as `CPython` counts.
    pub line: u32,
    /// What the user is told, without the line.
    pub text: String,
    /// Which rule it was.
    pub rule: Rule,
    /// The name, attribute or module that it is about, shortened; empty where there is none.
    pub subject: String,
    /// Bytes of the source that it is about; [`Lines`](crate::Lines) tells their place.
    pub range: Range<u32>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line {}: {}", self.line, self.text)
    }
}

/// The rules, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// A module of the standard library that is not on the allow list.
    StdlibImport,
    /// Another package that is not on the allow list.
    ExternalImport,
    /// An import relative to a package.
    RelativeImport,
    /// `__import__` with something else than one string constant.
    DynamicImport,
    /// A blocked name.
    Name,
    /// A blocked attribute.
    Attribute,
    /// An attribute in its mangled form.
    MangledAttribute,
    /// A private name of an imported module.
    PrivateModuleName,
    /// A format method taken without calling it.
    BoundFormatMethod,
    /// A string constant equal to a blocked name or attribute.
    StringConstant,
    /// A format field in a string constant.
    StringPattern,
    /// `global` with a blocked name.
    Global,
    /// A function with a blocked name.
    Function,
    /// A class with a blocked name.
    Class,
    /// A parameter with a blocked name.
    Parameter,
    /// A keyword argument with a blocked name.
    KeywordArgument,
    /// A class pattern with positional parts.
    PositionalPattern,
    /// A class pattern that reads a blocked attribute.
    PatternAttribute,
    /// Not a rule: the report was cut here.
    ReportCut,
}

impl Rule {
    /// The rule's name in metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StdlibImport => "stdlib_import",
            Self::ExternalImport => "external_import",
            Self::RelativeImport => "relative_import",
            Self::DynamicImport => "dynamic_import",
            Self::Name => "name",
            Self::Attribute => "attribute",
            Self::MangledAttribute => "mangled_attribute",
            Self::PrivateModuleName => "private_module_name",
            Self::BoundFormatMethod => "bound_format_method",
            Self::StringConstant => "string_constant",
            Self::StringPattern => "string_pattern",
            Self::Global => "global",
            Self::Function => "function",
            Self::Class => "class",
            Self::Parameter => "parameter",
            Self::KeywordArgument => "keyword_argument",
            Self::PositionalPattern => "positional_pattern",
            Self::PatternAttribute => "pattern_attribute",
            Self::ReportCut => "report_cut",
        }
    }
}

/// Why a text is not Python. Displays as `CPython` writes it: `{message} (<unknown>, line {n})`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (<unknown>, line {line})")]
pub struct ParseError {
    /// Line in the user's own text, from 1.
    pub line: u32,
    /// Character in that line, from 1.
    pub column: u32,
    /// `CPython`'s words where the cause is known, else `invalid syntax`.
    pub message: String,
    /// The parser's own, often more exact words.
    pub detail: String,
}

/// A text that is larger or deeper than is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{bound}: {found} where at most {limit} are accepted (line {line})")]
pub struct BoundExceeded {
    /// Which bound.
    pub bound: Bound,
    /// What it allows.
    pub limit: usize,
    /// What was met; for bounds checked while reading on, the first value beyond the limit.
    pub found: usize,
    /// Line where it was met, from 1.
    pub line: u32,
}

/// The bounds of [`crate::Limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Bytes of source.
    CodeBytes,
    /// Open brackets.
    Brackets,
    /// Indentation levels.
    Indents,
    /// Operators, calls, attributes or `elif` clauses in a row.
    Chain,
    /// Chains of all open brackets together.
    Depth,
    /// Everything that can make a parser recurse, in the whole text.
    Openers,
    /// Bytes of text that constants make before the code runs.
    Folding,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CodeBytes => "the code is too large in bytes",
            Self::Brackets => "too many nested brackets",
            Self::Indents => "too many levels of indentation",
            Self::Chain => "too long a chain of operators, calls, attributes or branches",
            Self::Depth => "too deeply nested expressions",
            Self::Openers => "too many brackets and operators",
            Self::Folding => "constants that make too much text, in bytes",
        })
    }
}

/// Why there is no judgement. Each is a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The analyzer has a defect; it was caught.
    #[error("the analysis failed")]
    Panicked,
    /// It took longer than it may.
    #[error("the analysis took too long")]
    TimedOut,
    /// Too many analyses are waiting, or too many were abandoned and still run.
    #[error("the analyzer is overloaded")]
    Overloaded,
    /// No thread could be started, for want of memory or threads.
    #[error("the analysis could not be started")]
    NoThread,
}
