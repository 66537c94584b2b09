//! `palisade analyze`: what would be refused, in the form compilers and editors use.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use palisade_analyzer::{Verdict, analyze};

use super::{AnalyzeArgs, USAGE, startup};
use crate::logging::one_line;

const REFUSED: u8 = 2;

pub(super) fn main(args: &AnalyzeArgs) -> ExitCode {
    let vars = startup::environment();
    let config = match startup::task_config(&vars, &args.allow) {
        Ok(config) => config,
        Err(error) => return unusable(&error.to_string()),
    };
    let rules = match startup::policies(&config, args.profile.profile.as_deref()) {
        Ok(policies) => policies.default_profile().rules(),
        Err(error) => return unusable(&error.to_string()),
    };
    let mut refused = false;
    for file in &args.files {
        let source = match read_source(file) {
            Ok(source) => source,
            Err(error) => return unusable(&error),
        };
        for (line, text) in findings(&source, &analyze(&source, &rules)) {
            refused = true;
            let name = one_line(&file.to_string_lossy(), 500);
            // A reader that has seen enough is no failure.
            let _ = writeln!(io::stdout(), "{name}:{line}: {}", one_line(&text, 2000));
        }
    }
    if refused { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS }
}

/// The text of a script, or why there is none, in one line.
pub(super) fn read_source(file: &Path) -> Result<String, String> {
    let name = || one_line(&file.to_string_lossy(), 500);
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", name()))?;
    String::from_utf8(bytes).map_err(|error| format!("{}: {}", name(), error.utf8_error()))
}

fn findings(source: &str, verdict: &Verdict) -> Vec<(usize, String)> {
    let one = |line: u32, text: String| vec![(line as usize, text)];
    match verdict {
        Verdict::Clean => Vec::new(),
        Verdict::Refused(violations) => {
            violations.iter().map(|violation| (violation.line as usize, violation.text.clone())).collect()
        }
        Verdict::Unparsable(error) => one(error.line, error.message.clone()),
        Verdict::NulByte => {
            let before = source.split('\0').next().unwrap_or_default();
            vec![(before.matches('\n').count() + 1, "source code string cannot contain null bytes".to_owned())]
        }
        Verdict::Exceeded(bound) => one(bound.line, bound.to_string()),
        Verdict::Failed(failure) => one(1, failure.to_string()),
    }
}

fn unusable(text: &str) -> ExitCode {
    eprintln!("palisade: {text}");
    ExitCode::from(USAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{TaskConfig, Variables};

    #[test]
    fn findings_have_lines_whatever_they_are() {
        let config = TaskConfig::from_variables(&Variables::new(), &|path| std::fs::read(path)).unwrap();
        let rules = startup::policies(&config, None).unwrap().default_profile().rules();
        let find = |source: &str| findings(source, &analyze(source, &rules));
        assert_eq!(find("x = 1\nreturn x"), []);
        let found = find("x = 1\nimport os\ny = x.__class__");
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
        assert!(found[0].1.starts_with("Import of standard library module 'os' is disallowed."), "{found:?}");
        assert_eq!(find("\n\nif x\n")[0].0, 3);
        assert_eq!(find("a\nb\0\n"), [(2, "source code string cannot contain null bytes".to_owned())]);
        assert_eq!(find(&format!("\n{}", "(".repeat(100_000))).len(), 1);
    }
}
