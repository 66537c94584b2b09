//! What a child tells of an exception. All of it is made by user code, or can be: nothing here is to be believed, and the
//! supervisor bounds again what it renders of it.

use serde::{Deserialize, Serialize};

/// An exception that left user code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Name of its class, such as `ValueError`.
    pub class: String,
    /// `str()` of it.
    pub message: String,
    /// Its own attribute `description` where that is a string, and not empty.
    pub description: Option<String>,
    /// How what was written to `sys.stderr` begins; empty where there is a `description`.
    #[serde(default)]
    pub stderr: String,
    /// The line of user code it came from, from 1.
    pub line: Option<u64>,
    /// The item that was at work in each-item mode, from 0.
    pub item: Option<u64>,
    /// User frames, innermost last.
    pub frames: Vec<TraceFrame>,
    /// Where in `line` the compiler met what it does not take; of its own `SyntaxError` alone.
    pub span: Option<Span>,
    /// Its notes, in order.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The exceptions it came of and those it holds, nearest first: an exception stands behind the one it belongs to.
    #[serde(default)]
    pub related: Vec<Related>,
    /// Whether there are more of them.
    #[serde(default)]
    pub more_related: bool,
}

/// An exception that another one came of, or that is a member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// What it is to the other one.
    pub link: Link,
    /// The other one: 0 is the exception that left the code, `n` the related one at `n - 1`.
    pub to: u64,
    /// Name of its class.
    pub class: String,
    /// `str()` of it.
    pub message: String,
    /// User frames, innermost last.
    pub frames: Vec<TraceFrame>,
    /// Its notes, in order.
    pub notes: Vec<String>,
}

/// What a related exception is to the one it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// `raise … from` it.
    Cause,
    /// It was being handled.
    Context,
    /// It is one of a group.
    Member,
}

/// One line of a traceback.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceFrame {
    /// Line of the user's text, from 1.
    pub line: u64,
    /// Name of the function.
    pub function: String,
    /// The part of the line that was at work.
    pub span: Option<Span>,
    /// How many more frames of the same function and line stand below it, which a recursion makes.
    #[serde(default)]
    pub repeated: u64,
    /// How many frames were left out before this one.
    #[serde(default)]
    pub left_out: u64,
}

/// A part of a line of the user's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The byte it begins at, from 0.
    pub start: u32,
    /// The byte behind it; none where it goes on in another line, or is a place alone.
    pub end: Option<u32>,
}
