//! The last part of `docs/writing-code.md` shows every example there is; it is made of the folder.
//!
//! `PALISADE_WRITE=1 cargo test --test examples_page` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod examples;
    pub(crate) mod page;
}

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::examples::{Example, examples};
use common::page::{EXAMPLES, PAGE};
use serde_json::value::RawValue;

const ABOUT: &str = "
Each is a script of the folder [examples](../examples), with its items in `NAME.items.json` and its result in `NAME.expected.json`.
This part of the page is made of that folder by `PALISADE_WRITE=1 cargo test --test examples_page`, and a test runs every command
as it stands here. Scripts take items that lack something: they say so, or leave them out.
";

/// The part of the page that shows the examples.
fn shown(examples: &[Example]) -> String {
    let mut page = EXAMPLES.to_owned() + ABOUT;
    page += "\n| example | mode | modules | |\n|---|---|---|---|\n";
    for example in examples {
        let Example { name, about, .. } = example;
        let mode = if example.each() { "each item" } else { "all items" };
        let needed = [example.needs("--allow-stdlib"), example.needs("--allow-external")].join(",");
        let needed = needed.trim_matches(',').replace(',', ", ");
        let _ = writeln!(page, "| [{name}](#{name}) | {mode} | {needed} | {about} |");
    }
    for example in examples {
        let Example { name, about, .. } = example;
        let code = code_alone(&example.code);
        let (items, result) = (by_lines(&example.items), by_lines(&example.expected));
        let command = example.arguments.join(" ");
        let _ = write!(
            page,
            "\n### {name}\n\n{about}\n\n```sh\npalisade {command}\n```\n\n```python\n{code}\n```\n\n\
             <details><summary>items and result</summary>\n\n```json\n{items}\n```\n\n```json\n{result}\n```\n\n</details>\n"
        );
    }
    page
}

/// A script without the comment at its beginning.
fn code_alone(code: &str) -> &str {
    let comment: usize = code.lines().take_while(|line| line.starts_with('#')).map(|line| line.len() + 1).sum();
    code[comment..].trim()
}

/// JSON with a line for each element of a list.
fn by_lines(json: &str) -> String {
    match serde_json::from_str::<Vec<&RawValue>>(json) {
        Ok(elements) => {
            let elements: Vec<String> =
                elements.iter().map(|element| format!("  {}", on_one_line(element.get()))).collect();
            format!("[\n{}\n]", elements.join(",\n"))
        }
        Err(_) => on_one_line(json),
    }
}

/// JSON without line breaks and indentation; texts in it stay as they are.
fn on_one_line(json: &str) -> String {
    let (mut line, mut in_text, mut escaped) = (String::new(), false, false);
    for character in json.trim().chars() {
        if in_text || !character.is_whitespace() {
            line.push(character);
        }
        match character {
            '"' if !escaped => in_text = !in_text,
            ',' | ':' if !in_text => line.push(' '),
            _ => {}
        }
        escaped = in_text && character == '\\' && !escaped;
    }
    line
}

#[test]
fn json_on_one_line_is_the_same_json() {
    assert_eq!(on_one_line("{\n \"a\\\"b, c\" :[1,\n 2] }\n"), r#"{"a\"b, c": [1, 2]}"#);
    assert_eq!(on_one_line(r#""\\" "#), r#""\\""#);
    for example in examples() {
        for text in [&example.items, &example.expected] {
            let value: serde_json::Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&by_lines(text)).expect("JSON"),
                value,
                "{}",
                example.name
            );
        }
    }
}

#[test]
fn the_page_shows_every_example_as_it_is() {
    let written = PAGE.split(EXAMPLES).next().expect("the page has a beginning");
    let page = format!("{}\n{}", written.trim_end(), shown(&examples()));
    if std::env::var_os("PALISADE_WRITE").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/writing-code.md"), page)
            .expect("the page is written");
        return;
    }
    assert!(PAGE == page, "PALISADE_WRITE=1 cargo test --test examples_page");
}

#[test]
fn every_file_of_the_folder_belongs_to_an_example() {
    let kinds = ["py", "items.json", "expected.json"];
    let expected: BTreeSet<String> =
        examples().iter().flat_map(|example| kinds.map(|kind| format!("{}.{kind}", example.name))).collect();
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).expect("the folder");
    let found: BTreeSet<String> =
        folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(found, expected);
}
