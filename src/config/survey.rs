//! What is given of the table of variables, for the eyes of an operator.

use super::variables::{Reader, TABLE, Variable};
use super::{ReadFile, Variables, values};
use crate::logging::one_line;

/// Longest value shown, in characters.
const LONGEST: usize = 100;

/// One variable of the table, and what is given for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// Its row.
    pub variable: &'static Variable,
    /// Its value.
    pub given: Given,
}

/// What is given for a variable. All texts are one line, and no secret is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// Nothing, so the default counts.
    Absent,
    /// A value, in the variable itself or in the file that the `_FILE` form names.
    Value {
        /// The value, as far as it may be shown.
        shown: String,
        /// Whether it is from a file.
        from_file: bool,
    },
    /// A value that cannot be read, and why.
    Unreadable(String),
}

/// All variables, in the order of the table.
pub fn survey(vars: &Variables, read_file: ReadFile<'_>) -> Vec<Surveyed> {
    let reader = Reader::new(vars, read_file);
    let look = |variable: &'static Variable| {
        let given = match reader.given(variable.name) {
            Ok(None) => Given::Absent,
            Ok(Some(value)) => {
                Given::Value { shown: shown(variable, &value), from_file: !reader.is_direct(variable.name) }
            }
            Err(error) => Given::Unreadable(error.to_string()),
        };
        Surveyed { variable, given }
    };
    TABLE.iter().map(look).collect()
}

fn shown(variable: &Variable, value: &str) -> String {
    match value {
        "" => String::new(),
        _ if variable.secret => "***".to_owned(),
        _ => one_line(&values::without_user(value), LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::io;
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn values_are_shown_but_no_secrets() {
        let pairs = [
            ("N8N_RUNNERS_GRANT_TOKEN", "s3cret"),
            ("N8N_RUNNERS_AUTH_TOKEN_FILE", "file"),
            ("N8N_SENTRY_DSN", ""),
            ("N8N_RUNNERS_TASK_BROKER_URI", "https://user:s3cret@broker"),
            ("N8N_RUNNERS_ID", "two\nlines"),
            ("N8N_RUNNERS_MAX_CONCURRENCY_FILE", "missing"),
            ("TZ_FILE", "file"),
        ];
        let mut vars: Variables = pairs.iter().map(|(name, value)| (name.into(), value.into())).collect();
        vars.insert("PALISADE_PYTHON".into(), OsString::from_vec(vec![0xff]));
        let read = |path: &std::path::Path| match path.to_str() {
            Some("file") => Ok(b" s3cret\n".to_vec()),
            _ => Err(io::Error::from_raw_os_error(2)),
        };
        let survey = survey(&vars, &read);
        assert_eq!(survey.len(), TABLE.len());
        let given = |name: &str| survey.iter().find(|row| row.variable.name == name).unwrap().given.clone();
        let value = |shown: &str, from_file| Given::Value { shown: shown.to_owned(), from_file };
        assert_eq!(given("N8N_RUNNERS_GRANT_TOKEN"), value("***", false));
        assert_eq!(given("N8N_RUNNERS_AUTH_TOKEN"), value("***", true));
        assert_eq!(given("N8N_SENTRY_DSN"), value("", false));
        assert_eq!(given("N8N_RUNNERS_TASK_BROKER_URI"), value("https://***@broker", false));
        assert_eq!(given("N8N_RUNNERS_ID"), value("two\\nlines", false));
        assert_eq!(given("TZ"), Given::Absent, "it has no file form");
        assert!(matches!(given("N8N_RUNNERS_MAX_CONCURRENCY"), Given::Unreadable(why) if why.contains("[Errno 2]")));
        assert!(matches!(given("PALISADE_PYTHON"), Given::Unreadable(why) if why.contains("not valid UTF-8")));
        assert!(!format!("{survey:?}").contains("s3cret"));
    }
}
