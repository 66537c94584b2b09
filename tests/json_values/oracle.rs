//! An interpreter with the extension, which answers one question after another.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::json;

use crate::inline::{ROOT, extension, python};

pub(crate) struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub(crate) fn start() -> Self {
        static EXTENSION: OnceLock<PathBuf> = OnceLock::new();
        let mut child = Command::new(python())
            .arg("-I")
            .arg(Path::new(ROOT).join("crates/zygote/tests_py/json_oracle.py"))
            .arg(EXTENSION.get_or_init(extension))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter starts");
        let questions = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, questions, answers }
    }

    /// `ok`, or what differs.
    pub(crate) fn ask(&mut self, kind: &str, question: &str) -> String {
        writeln!(self.questions, "{}", json!([kind, question])).expect("the interpreter reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the interpreter answers");
        assert!(answer.ends_with('\n'), "the interpreter ended at {kind} {question:.2000}");
        answer.truncate(answer.len() - 1);
        answer
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
