//! `palisade env`: all environment variables, from the one table of them.

use std::fmt::Write as _;
use std::process::ExitCode;

use super::{EnvArgs, print_line, startup};
use crate::config::survey::{Given, Surveyed, survey};
use crate::config::variables::{TABLE, Variable};
use crate::config::{Config, Variables};
use crate::logging::one_line;

pub(super) fn main(args: &EnvArgs) -> ExitCode {
    if args.markdown {
        print_line(markdown().trim_end());
        return ExitCode::SUCCESS;
    }
    let vars = startup::environment();
    print_line(table(&survey(&vars, &|path| std::fs::read(path))).trim_end());
    judge(&vars);
    ExitCode::SUCCESS
}

/// What the runner would say of this environment.
fn judge(vars: &Variables) {
    match Config::from_variables(vars, &|path| std::fs::read(path)) {
        Ok(config) => {
            for warning in &config.warnings {
                eprintln!("warning: {warning}");
            }
        }
        Err(error) => eprintln!("The runner would not start with this environment: {error}"),
    }
}

/// One line a variable, in columns as wide as they have to be.
fn table(rows: &[Surveyed]) -> String {
    let header = ["VARIABLE", "_FILE", "DEFAULT", "VALUE", "MEANING"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        let variable = row.variable;
        let value = match &row.given {
            Given::Absent => "-".to_owned(),
            Given::Value { shown, from_file } => {
                format!("{}{}", quoted(shown), if *from_file { " (from a file)" } else { "" })
            }
            Given::Unreadable(why) => format!("? {}", one_line(why, 200)),
        };
        let file = if variable.from_file { "yes" } else { "no" };
        [variable.name.to_owned(), file.to_owned(), quoted(variable.default), value, variable.purpose.to_owned()]
    });
    let lines: Vec<[String; 5]> = std::iter::once(header).chain(cells).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3)];
    let mut out = String::new();
    for line in &lines {
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(out, "{cell:<width$}  ");
        }
        let _ = writeln!(out, "{}", line[4]);
    }
    out
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "''".to_owned() } else { text.to_owned() }
}

/// The page of the documentation: `palisade env --markdown > docs/environment.md`.
fn markdown() -> String {
    let mut out = String::from(
        "# Environment variables\n\
         \n\
         Made by `palisade env --markdown > docs/environment.md` from the one table in the code, and held equal to it by a \
         test.\n\
         `palisade env` prints the same with the values that are set, secrets masked.\n\
         \n\
         Where the second column says so, the value may come from a file: `NAME_FILE` is its path, its text is UTF-8, and\n\
         blanks and line ends around it do not count. `NAME` wins whenever it is there, even when it is empty.\n\
         Flags are `true` in any case, or else false. Lists have commas between their entries. What cannot be used ends the\n\
         runner with one line on stdout and exit code 1.\n\
         \n\
         | Variable | `_FILE` | Kind | Default | Meaning |\n\
         |---|---|---|---|---|\n",
    );
    for Variable { name, kind, default, from_file, purpose, .. } in TABLE {
        let file = if *from_file { "yes" } else { "no" };
        let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
        let kind = format!("{kind:?}").to_lowercase();
        let _ = writeln!(out, "| `{name}` | {file} | {kind} | {default} | {} |", purpose.replace('|', "\\|"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_that_of_the_table() {
        let page = include_str!("../../docs/environment.md");
        assert!(page == markdown(), "cargo run -- env --markdown > docs/environment.md");
    }

    #[test]
    fn columns_are_aligned_and_one_variable_is_one_line() {
        let mut vars = Variables::new();
        vars.insert("N8N_RUNNERS_ID".into(), "a\nb".into());
        vars.insert("N8N_VERSION".into(), "ü".repeat(30).into());
        let text = table(&survey(&vars, &|path| std::fs::read(path)));
        assert_eq!(text.lines().count(), TABLE.len() + 1);
        let meaning = text.lines().next().unwrap().find("MEANING").unwrap();
        for (line, variable) in text.lines().skip(1).zip(TABLE) {
            assert!(line.starts_with(variable.name) && line.ends_with(variable.purpose), "{line}");
            let before: String = line.chars().take(meaning).collect();
            assert!(before.ends_with("  ") && line.chars().skip(meaning).eq(variable.purpose.chars()), "{line}");
        }
    }
}
