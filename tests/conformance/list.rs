//! `docs/conformance.md` against the cases that there are.

use std::collections::BTreeMap;
use std::path::Path;

use libtest_mimic::Trial;

use crate::suite::Case;

const LIST: &str = include_str!("../../docs/conformance.md");

/// In place of cases, with the reason behind it.
const NOT_OBSERVED: &str = "not observed: ";

/// In front of cases that wait for something.
const NOT_YET: &str = "does not hold yet: ";

/// The sections that have rows. Section 12 has a row for each of its defects.
const SECTIONS: [&str; 24] = [
    "1", "2", "3", "4.1", "4.2", "4.3", "5", "6", "7", "8", "9.1", "9.2", "9.3", "9.4", "10.1", "10.2", "11.1", "11.2",
    "11.3", "11.4", "11.5", "12", "13", "14",
];
const DEFECTS: u32 = 37;

/// A row of the list.
struct Row {
    section: String,
    what: String,
    cases: String,
}

fn rows() -> Vec<Row> {
    let cells = LIST.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.map(|row| row.splitn(3, " | ").map(str::to_owned).collect::<Vec<_>>());
    rows.filter_map(|row| {
        let [section, what, cases] = <[String; 3]>::try_from(row).expect("three columns");
        section.starts_with(|c: char| c.is_ascii_digit()).then_some(Row { section, what, cases })
    })
    .collect()
}

/// What is set in code font.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn named(cell: &str) -> impl Iterator<Item = &str> {
    quoted(cell).filter(|word| word.starts_with('s') && word[1..].starts_with(|c: char| c.is_ascii_digit()))
}

/// As it is in names: `s4_3_` for 4.3, `s12_` for all defects.
fn prefix(section: &str) -> String {
    match section.strip_prefix("12.") {
        Some(number) => format!("s12_{number:0>2}_"),
        None => format!("s{}_", section.replace('.', "_")),
    }
}

pub(crate) fn trial(cases: &[Case]) -> Trial {
    let cases: Vec<_> = cases.iter().map(|case| (case.name, case.waits)).collect();
    Trial::test("the_list_is_that_of_the_cases", move || {
        check(&cases);
        Ok(())
    })
}

/// By their names, and whether they wait.
fn check(cases: &[(&str, bool)]) {
    let known: BTreeMap<&str, bool> = cases.iter().copied().collect();
    assert_eq!(known.len(), cases.len(), "two cases have one name");
    let rows = rows();
    let mut listed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Row { section, what, cases } in &rows {
        if let Some(reason) = cases.strip_prefix(NOT_OBSERVED) {
            assert!(reason.len() > 10, "{section} {what}: no reason is given");
            for file in quoted(reason).filter(|word| word.contains('/') && !word.contains(['*', ' ']) && word.len() > 1)
            {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
                assert!(path.exists(), "{section} {what}: there is no {file}");
            }
            continue;
        }
        assert!(named(cases).count() > 0, "{section} {what}: neither a case nor \"{NOT_OBSERVED}\"");
        for name in named(cases) {
            let waits = known.get(name).unwrap_or_else(|| panic!("{section} {what}: there is no case {name}"));
            assert_eq!(*waits, cases.starts_with(NOT_YET), "{section} {what}: {name} waits, or does not");
            listed.entry(name).or_default().push(section);
        }
    }
    for name in known.into_keys() {
        let sections = listed.get(name).unwrap_or_else(|| panic!("{name} is in no row of docs/conformance.md"));
        let is_own = |section: &&str| name.starts_with(&prefix(section));
        assert!(sections.iter().any(is_own), "{name} is listed, but not in a row of its section: {sections:?}");
    }
    let has_rows = |section: &str| rows.iter().any(|row| row.section == section);
    for section in SECTIONS.into_iter().filter(|section| *section != "12") {
        assert!(has_rows(section), "section {section} has no row");
    }
    for defect in 1..=DEFECTS {
        assert!(has_rows(&format!("12.{defect}")), "12.{defect} has no row");
    }
}
