//! An interpreter that compiles and parses what it is sent, and runs nothing of it.
//!
//! One process for many requests: to start it takes 10 ms, to ask it 0.1. `cpython/oracle.py` is its side, and independent of
//! the analyzer: it reads what `CPython` compiled, instruction by instruction.

use std::cell::RefCell;
use std::env;
use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use palisade::interpreter::{self, SETTING};
use serde_json::json;

use crate::rules;

/// The minor versions of `CPython` that Palisade has an extension for.
const MINORS: [(u8, u8); 2] = [(3, 13), (3, 14)];

/// Its side of the pipe.
const ORACLE: &str = include_str!("cpython/oracle.py");

/// What one source may ask of it; the longest answer is a list of facts.
const LONGEST_ANSWER: usize = 64 << 20;

/// What is asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// What the compiled code holds that is refused, one finding a line.
    Bypass,
    /// What the syntax tree says, one fact a line, sorted; one line `refused` where it is not Python.
    Facts,
    /// What names a format template reads, one a line.
    Fields,
    /// Whether it compiles: `yes`, or the error.
    Compiles,
}

impl Question {
    fn kind(self) -> u8 {
        match self {
            Self::Bypass => b'B',
            Self::Facts => b'P',
            Self::Fields => b'F',
            Self::Compiles => b'C',
        }
    }
}

/// The interpreter's process. It ends when this is dropped, as its input does.
#[derive(Debug)]
pub struct Oracle {
    process: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// Where the interpreter is: the one that `PALISADE_PYTHON` names, or the one that the runner would find.
///
/// # Errors
/// A text that says where it was looked for.
pub fn find() -> Result<PathBuf, String> {
    let named = env::var_os(SETTING).map(PathBuf::from);
    let found =
        interpreter::find(named.as_deref(), &|name| env::var_os(name), &MINORS).map_err(|error| error.to_string())?;
    Ok(found.interpreter.path)
}

impl Oracle {
    /// Starts one.
    ///
    /// # Errors
    /// Those of starting a process and of talking to it; `NotFound` where there is no interpreter.
    pub fn start() -> io::Result<Self> {
        let python = find().map_err(|why| io::Error::new(io::ErrorKind::NotFound, why))?;
        let mut process = Command::new(python)
            .args(["-I", "-S", "-X", "utf8", "-c", ORACLE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = process.stdin.take();
        let from = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut oracle = Self { process, to, from: BufReader::new(from) };
        let words = rules::words();
        let modules: Vec<&str> = rules::ALLOWED.iter().flat_map(|list| list.split(',')).collect();
        let given = json!({
            "names": words.names, "attributes": words.attributes, "texts": words.texts, "methods": words.methods,
            "modules": modules,
        });
        oracle.exchange(b'R', &given.to_string())?;
        Ok(oracle)
    }

    /// Asks one question about `text`. The answer's lines, none of them empty.
    ///
    /// # Errors
    /// When the process has ended, as a text that overflows the interpreter's own stack makes it.
    pub fn ask(&mut self, question: Question, text: &str) -> io::Result<Vec<String>> {
        let answer = self.exchange(question.kind(), text)?;
        Ok(answer.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    fn exchange(&mut self, kind: u8, text: &str) -> io::Result<String> {
        let to = self.to.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        let length = u32::try_from(text.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut request = vec![kind];
        request.extend(length.to_le_bytes());
        request.extend(text.as_bytes());
        to.write_all(&request)?;
        let mut length = [0; 4];
        self.from.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > LONGEST_ANSWER {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("an answer of {length} bytes")));
        }
        let mut answer = vec![0; length];
        self.from.read_exact(&mut answer)?;
        String::from_utf8(answer).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.to = None;
        // It ends by itself; one that is busy is not waited for.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

thread_local! {
    static ORACLE_OF_THREAD: RefCell<Option<Oracle>> = const { RefCell::new(None) };
}

/// Asks this thread's oracle.
///
/// # Panics
/// When there is none to be had, or it ended over `text`: a target without its oracle finds nothing.
#[expect(clippy::panic, reason = "a fuzz target tells by panicking")]
pub fn ask(question: Question, text: &str) -> Vec<String> {
    ORACLE_OF_THREAD.with_borrow_mut(|oracle| {
        let asked = match oracle {
            Some(oracle) => oracle.ask(question, text),
            None => Oracle::start().and_then(|started| oracle.insert(started).ask(question, text)),
        };
        asked.unwrap_or_else(|error| {
            *oracle = None;
            panic!("CPython could not be asked ({question:?}): {error}\n{text}")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        ask(Question::Bypass, source)
    }

    #[test]
    fn refused_words_are_found_wherever_they_compile_to() {
        for source in [
            "x.__class__",
            "x.__ｃlass__ = 1",
            "def f(__class__): pass",
            "def __class__(): pass",
            "from json import __dict__",
            "import os",
            "from . import x",
            "from json import _default_decoder",
            "match x:\n case E(obj=z): pass",
            "f(__globals__=1)",
            "'_' * 2 + 'class' + '_' * 2\nx = '_' * 2 + 'class' + '_' * 2",
            "y = '{0.obj}'",
            "y = '{:{x[__dict__]}}'",
            "y = x.format",
            "__module__ = __name__",
            "class A:\n __module__ = __name__",
            "class A:\n def f(self): return __class__",
            "def f():\n __class__ = 1\n return __class__",
            "return x.__dict__",
            "def f():\n '__dict__'",
            "a = ('b', ('c', '__dict__'))",
            "a = x in {'__dict__', 'b'}",
            "x = [__builtins__ for y in z]",
            "lambda: (yield __spec__)",
            "def f():\n a = __spec__ = 1; b = a; c = b; return __spec__, c",
            "@__spec__\ndef f[T: __dict__](): pass",
        ] {
            assert!(!found(source).is_empty(), "{source}");
        }
    }

    #[test]
    fn what_the_compiler_adds_is_no_finding() {
        for source in [
            "class A:\n 'doc'\n x: int = 1\n def f(self): return super().f()\n def g(self): self.z = __debug__",
            "class A[T](B):\n y: T\n class C(D): pass",
            "def f(obj: int, *, tb_next: str = 1) -> int: return g(obj=obj, tb_next=2)",
            "obj: int = 1",
            "class obj: pass",
            "def obj[tb_frame](): pass",
            "type obj = int",
            "f(*a, obj=1)",
            "'{}'.format(1)\n'{}'.format(*a)\n'{}'.format(x=1, **b)",
            "import json, re, numpy.linalg as n\nfrom re import sub as s",
            "from __future__ import annotations\ndef f(x: obj): pass",
            "return 1",
            "x = 'class'",
            "this is not Python",
        ] {
            assert_eq!(found(source), Vec::<String>::new(), "{source}");
        }
    }

    #[test]
    fn fields_are_what_format_reads() {
        assert_eq!(ask(Question::Fields, "{0.a[b]}{:{c.d}}{e['f']} {"), ["a", "b", "d", "'f'", "f"]);
        assert_eq!(ask(Question::Fields, "{0.a\n__class__}"), ["a\\n__class__"]);
        assert_eq!(ask(Question::Compiles, "x = 1"), ["yes"]);
        assert_eq!(ask(Question::Facts, "x ="), ["refused"]);
        assert_eq!(ask(Question::Facts, "x.y"), ["Expr", "attribute y", "name x"]);
    }
}
