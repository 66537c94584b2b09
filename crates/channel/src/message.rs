//! The typed payloads of frames; JSON, so that a reader can be strict without trusting a layout.

use serde::{Deserialize, Serialize};

pub use crate::exception::{Link, Raised, Related, Span, TraceFrame};

/// How often the user's code runs: n8n's `nodeMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeMode {
    /// Once, with `_items` and `_query` in scope.
    #[serde(rename = "runOnceForAllItems")]
    AllItems,
    /// Once for each item, with `_item` in scope and fresh globals.
    #[serde(rename = "runOnceForEachItem")]
    EachItem,
}

impl NodeMode {
    /// The file name of user code in tracebacks.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::AllItems => "<all_items_task_execution>",
            Self::EachItem => "<per_item_task_execution>",
        }
    }
}

/// What the child is asked to do with the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// Compile and run it.
    Run,
    /// Only parse it, and answer with `CPython`'s own syntax error. Sent where the analyzer could not parse: its wording
    /// is not `CPython`'s, and n8n's users know the latter.
    CheckSyntax,
}

/// What becomes of NaN and infinities in the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NonFinite {
    /// The task fails.
    #[default]
    Error,
    /// They become `null`.
    Null,
}

/// [`Kind::Task`](crate::frame::Kind::Task): the first frame a child gets. Code, query and items follow as raw frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskHead {
    /// Once, or once for each item.
    pub mode: NodeMode,
    /// Run it, or only look at its syntax.
    pub purpose: Purpose,
    /// Prints after this many are counted, not sent.
    pub max_prints: u64,
    /// One print's text is cut at this many bytes.
    pub max_print_bytes: u64,
    /// A result whose JSON is longer is a failure of the task.
    pub max_result_bytes: u64,
    /// What becomes of numbers that JSON has not.
    #[serde(default)]
    pub non_finite: NonFinite,
    /// Environment variables user code sees in `os.environ`.
    pub env: Vec<(String, String)>,
}

/// [`Kind::Ready`](crate::frame::Kind::Ready): sealed and waiting.
///
/// Everything that `/proc` shows of a process is read by the supervisor there. Landlock is not shown, so the trusted
/// extension tries it, before any user byte has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// What opening forbidden paths answered.
    pub landlock: Option<LandlockProbe>,
}

/// The `errno` that each forbidden open was answered with after Landlock was enforced; 0 where it succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandlockProbe {
    /// `/`, for listing.
    pub root: i32,
    /// `/proc/self/exe`: the interpreter, which the forkserver may read.
    pub exe: i32,
    /// A file opened before and opened again through its descriptor, which succeeds without Landlock.
    pub canary: i32,
}

/// [`Kind::Print`](crate::frame::Kind::Print): one `print(...)` of user code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// One text for each argument, in the form n8n's `logNodeOutput` takes them.
    pub params: Vec<String>,
    /// The text as an ordinary print would write it, for the log.
    pub text: String,
}

/// [`Kind::Written`](crate::frame::Kind::Written): text that user code wrote to `sys.stdout`, for the log alone.
///
/// A line comes in one piece or in several, so that what was written before a task is killed is known; there are at most
/// [`TaskHead::max_prints`] lines, and [`Written::MOST_PARTS`] pieces that end none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Text without line feeds, at most [`Written::LONGEST_LINE`] bytes in all pieces of a line.
    pub text: String,
    /// Whether a line feed followed.
    pub ends_line: bool,
}

impl Written {
    /// Bytes of one line that are sent; more than the log shows of it.
    pub const LONGEST_LINE: usize = 8 << 10;
    /// Pieces of one task that end no line: who writes single characters is read line by line from then on.
    pub const MOST_PARTS: u64 = 500;
}

/// [`Kind::Done`](crate::frame::Kind::Done) carries the result as raw JSON, and this in front of it does not exist:
/// counters travel in [`Kind::Tally`](crate::frame::Kind::Tally), sent right before the answer where there is anything to count, and a few times before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Prints beyond `max_prints`, which were not sent.
    pub omitted_prints: u64,
    /// Lines of [`Written`] beyond `max_prints`, which were not sent.
    #[serde(default)]
    pub omitted_lines: u64,
    /// Whether the task still runs and there may be more: then these are only those since the last tally. A task that is killed
    /// has no other.
    #[serde(default)]
    pub so_far: bool,
}

/// [`Kind::Failed`](crate::frame::Kind::Failed): why there is no result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Failure {
    /// The code is not Python. Nothing of it ran.
    Syntax(SyntaxFailure),
    /// An exception left the code.
    Raised(Raised),
    /// `SystemExit` left the code.
    Exit {
        /// `str()` of its code.
        code: String,
        /// The exception, as any other.
        #[serde(default)]
        raised: Box<Raised>,
    },
    /// The import guard refused a module at run time; the text names it.
    Import {
        /// The text of behaviour 11.1 for this module.
        text: String,
    },
    /// A template of `format`, or code in a text that a library evaluates, was refused when it was about to be used.
    Text {
        /// Why.
        text: String,
    },
    /// The compiled code names what the analyzer should have refused. Nothing of it ran.
    AnalyzerGap {
        /// What, and where.
        gaps: Vec<Gap>,
    },
    /// The runner's own part in the child failed: not the user's fault.
    Internal {
        /// What happened.
        text: String,
    },
}

/// One thing that the bytecode gate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Line of the user's text, from 1.
    pub line: Option<u64>,
    /// Why it is refused, in the analyzer's words.
    pub text: String,
}

fn syntax_error() -> String {
    "SyntaxError".to_owned()
}

/// A `SyntaxError` of `CPython`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxFailure {
    /// Name of its class: `SyntaxError`, `IndentationError`, `TabError`.
    #[serde(default = "syntax_error")]
    pub class: String,
    /// `str()` of the exception, such as `'[' was never closed (<unknown>, line 1)`.
    pub message: String,
    /// Line of the user's text, from 1.
    pub line: Option<u64>,
    /// Column, from 1, in characters.
    pub column: Option<u64>,
    /// The column behind the part in question, where that ends in the same line.
    #[serde(default)]
    pub end_column: Option<u64>,
}

/// [`Kind::Trapped`](crate::frame::Kind::Trapped): the number of the system call the seccomp filter trapped. A hint for
/// an error text, made by a process that hostile code may own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trapped {
    /// System call number of the native architecture.
    pub syscall: i64,
}

/// [`Kind::Tripped`](crate::frame::Kind::Tripped): the audit event of the interpreter that ended the process. A hint, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tripped {
    /// As CPython names it.
    pub event: String,
}
