//! From the text of a policy file to what it says, with the line of everything it says. Nothing is guessed: what is unknown
//! or of the wrong type is a problem, and all of a file's problems are found at once.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::origin::{Origin, Source};
use crate::problem::{Problem, did_you_mean};
use crate::sections::{SECTIONS, key, keys};
use crate::value::{Entries, Item, Key, Kind, Value};

/// Longest policy file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Longest name of a profile.
const MAX_NAME: usize = 64;

/// What a whole file says.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its sections.
    pub(crate) own: Overlay,
    /// Its `[profiles.NAME]`.
    pub(crate) profiles: Vec<(String, Overlay)>,
    /// Its `[[match]]`.
    pub(crate) matches: Vec<Match>,
}

/// What one profile says: only what differs from what it extends.
#[derive(Debug)]
pub(crate) struct Overlay {
    /// Where it begins.
    pub(crate) at: Origin,
    pub(crate) extends: Option<(String, Origin)>,
    pub(crate) said: BTreeMap<&'static str, (Said, Origin)>,
}

/// What is said about one key.
#[derive(Debug)]
pub(crate) enum Said {
    /// This, and nothing of what was there.
    Value(Value),
    /// What was there, changed.
    Edit { add: Vec<Item>, remove: Vec<(String, Origin)> },
}

/// Which tasks get a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// n8n's id of the workflow.
    pub workflow_id: Option<String>,
    /// The workflow's name.
    pub workflow_name: Option<String>,
    /// The node's id.
    pub node_id: Option<String>,
    /// The node's name.
    pub node_name: Option<String>,
    /// The profile they get.
    pub profile: String,
    /// Where it stands.
    pub origin: Origin,
    /// Where its profile is named.
    pub(crate) profile_at: Origin,
}

type Table<'i> = DeTable<'i>;
type Node<'i> = Spanned<DeValue<'i>>;
type Name<'i> = Spanned<DeString<'i>>;

/// Reads a file; `name` is what its places are named by.
pub(crate) fn read(text: &str, name: &str, problems: &mut Vec<Problem>) -> Document {
    let source = Source::new(name, text);
    let mut reader = Reader { source: &source, problems };
    let (table, errors) = DeTable::parse_recoverable(text);
    let is_toml = errors.is_empty();
    for error in errors {
        let at = source.at(&error.span().unwrap_or_default());
        reader.problem(at, format!("this is not TOML: {}", error.message()), "correct the line");
    }
    // What could be made out of a broken text is not what was meant.
    if is_toml { reader.document(table.get_ref()) } else { reader.document(&DeTable::new()) }
}

/// Whether a profile can have this name: it appears in logs and in names of files.
pub(crate) fn is_profile_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(plain)
}

struct Reader<'a> {
    source: &'a Source,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, at: Origin, what: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(Problem::new(at, what, remedy));
    }

    fn at<T>(&self, spanned: &Spanned<T>) -> Origin {
        self.source.at(&spanned.span())
    }

    fn document(&mut self, table: &Table<'_>) -> Document {
        let mut profiles = Vec::new();
        let mut matches = Vec::new();
        if let Some((name, value)) = table.get_key_value("profiles") {
            for (name, value) in self.table("profiles", name, value).into_iter().flat_map(Table::iter) {
                let at = self.at(name);
                let profile = name.get_ref().to_string();
                if !is_profile_name(&profile) {
                    self.not_a_name(at, &profile);
                } else if let Some(table) = self.table("the profile", name, value) {
                    let overlay = self.overlay(at, table, false);
                    profiles.push((profile, overlay));
                }
            }
        }
        if let Some((name, value)) = table.get_key_value("match") {
            matches = self.matches(name, value);
        }
        // The file begins where its first line is.
        let own = self.overlay(self.source.at(&(0..0)), table, true);
        Document { own, profiles, matches }
    }

    fn not_a_name(&mut self, at: Origin, name: &str) {
        let what = format!("{name:?} cannot be the name of a profile");
        self.problem(at, what, format!("use up to {MAX_NAME} of a to z, 0 to 9, - and _"));
    }

    fn overlay(&mut self, at: Origin, table: &Table<'_>, is_file: bool) -> Overlay {
        let mut overlay = Overlay { at, extends: None, said: BTreeMap::new() };
        for (name, value) in table {
            match name.get_ref().as_ref() {
                "extends" => overlay.extends = self.text("extends", value).map(|text| (text, self.at(value))),
                "profiles" | "match" if is_file => {}
                "profiles" | "match" => {
                    let what = format!("a profile cannot hold {}", name.get_ref());
                    self.problem(self.at(name), what, "put it at the top of the file, above all [tables]");
                }
                section if SECTIONS.contains(&section) => {
                    for (key, value) in self.table(section, name, value).into_iter().flat_map(Table::iter) {
                        self.key(section, key, value, &mut overlay);
                    }
                }
                unknown => self.unknown_section(name, unknown),
            }
        }
        overlay
    }

    fn unknown_section(&mut self, name: &Name<'_>, unknown: &str) {
        let bare = |path: &'static str| path.split_once('.').map_or(path, |(_, key)| key);
        let remedy = match keys().iter().find(|key| bare(key.path) == unknown) {
            Some(key) => format!("did you mean {}? Put it into the table [{}]", key.path, key.parts().0),
            None => did_you_mean(unknown, SECTIONS.iter().copied().chain(["extends", "profiles", "match"])),
        };
        self.problem(self.at(name), format!("unknown key {unknown:?}"), remedy);
    }

    fn key(&mut self, section: &str, name: &Name<'_>, value: &Node<'_>, overlay: &mut Overlay) {
        let path = format!("{section}.{}", name.get_ref());
        let Some(key) = key(&path) else {
            // What belongs to another section is as near as what is misspelt.
            let of_section = keys().iter().filter(|key| key.parts().0 == section).map(|key| key.path);
            let remedy = match keys().iter().find(|key| key.parts().1 == name.get_ref().as_ref()) {
                Some(elsewhere) => format!("did you mean {}?", elsewhere.path),
                None => did_you_mean(&path, of_section),
            };
            return self.problem(self.at(name), format!("unknown key {path:?}"), remedy);
        };
        if let Some(said) = self.value(key, value) {
            overlay.said.insert(key.path, (said, self.at(name)));
        }
    }

    fn value(&mut self, key: &Key, value: &Node<'_>) -> Option<Said> {
        let wrong = |found: &str| format!("{} is {found}", key.path);
        match (key.kind, value.get_ref()) {
            (Kind::Flag, DeValue::Boolean(flag)) => return Some(Said::Value(Value::Flag(*flag))),
            (Kind::Number { least, most }, DeValue::Integer(integer)) => {
                match u64::from_str_radix(integer.as_str(), integer.radix()) {
                    Ok(number) if (least..=most).contains(&number) => return Some(Said::Value(Value::Number(number))),
                    _ => {
                        let what = wrong(&integer.to_string());
                        self.problem(self.at(value), what, format!("it must be {}", key.kind.words()));
                    }
                }
            }
            (Kind::Word(words), DeValue::String(text)) => match words.iter().find(|word| **word == text.as_ref()) {
                Some(word) => return Some(Said::Value(Value::Word(word))),
                None => {
                    self.problem(
                        self.at(value),
                        wrong(&format!("{text:?}")),
                        format!("it must be {}", key.kind.words()),
                    );
                }
            },
            (Kind::List(of), DeValue::Array(_)) => return Some(Said::Value(Value::List(self.items(key, of, value)))),
            (Kind::List(of), DeValue::Table(edit)) => return Some(self.edit(key, of, edit)),
            (kind, other) => {
                let what = wrong(&format!("of type {}", other.type_str()));
                self.problem(self.at(value), what, format!("it must be {}", kind.words()));
            }
        }
        None
    }

    fn edit(&mut self, key: &Key, of: Entries, edit: &Table<'_>) -> Said {
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for (name, value) in edit {
            match name.get_ref().as_ref() {
                "add" => add = self.items(key, of, value),
                "remove" => remove = self.removals(key, of, value),
                other => {
                    let what = format!("unknown key {other:?} in {}", key.path);
                    self.problem(self.at(name), what, format!("it must be {}", key.kind.words()));
                }
            }
        }
        for (name, at) in &remove {
            if add.iter().any(|item| item.name == *name) {
                let what = format!("{} adds and removes {name:?}", key.path);
                self.problem(at.clone(), what, "leave one of both out");
            }
        }
        Said::Edit { add, remove }
    }

    fn removals(&mut self, key: &Key, of: Entries, value: &Node<'_>) -> Vec<(String, Origin)> {
        let mut removals = Vec::new();
        for element in self.array(key, value).into_iter().flatten() {
            match (of, element.get_ref()) {
                (Entries::Names | Entries::Paths, DeValue::String(name)) => {
                    removals.push((name.to_string(), self.at(element)));
                }
                (Entries::Ports, DeValue::Integer(port)) => removals.push((port.as_str().to_owned(), self.at(element))),
                (_, other) => {
                    let what = format!("{} removes something of type {}", key.path, other.type_str());
                    self.problem(self.at(element), what, format!("list the {}s to remove, without reasons", of.key()));
                }
            }
        }
        removals
    }

    fn array<'n, 'i>(&mut self, key: &Key, value: &'n Node<'i>) -> Option<&'n [Node<'i>]> {
        if let DeValue::Array(array) = value.get_ref() {
            return Some(array);
        }
        let what = format!("{} holds something of type {}", key.path, value.get_ref().type_str());
        self.problem(self.at(value), what, format!("it must be {}", key.kind.words()));
        None
    }

    fn items(&mut self, key: &Key, of: Entries, value: &Node<'_>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for element in self.array(key, value).into_iter().flatten() {
            let Some(item) = self.item(key, of, element) else { continue };
            if items.iter().any(|other| other.name == item.name) {
                let what = format!("{} lists {:?} twice", key.path, item.name);
                self.problem(item.origin, what, "leave one of both out");
            } else {
                items.push(item);
            }
        }
        items
    }

    fn item(&mut self, key: &Key, of: Entries, element: &Node<'_>) -> Option<Item> {
        let origin = self.at(element);
        let form = format!("an entry is {{ {} = …, reason = \"…\" }}", of.key());
        let DeValue::Table(table) = element.get_ref() else {
            let what = format!("an entry of {} is of type {}", key.path, element.get_ref().type_str());
            self.problem(origin, what, form);
            return None;
        };
        for (name, _) in table {
            if name.get_ref().as_ref() != of.key() && name.get_ref().as_ref() != "reason" {
                let what = format!("unknown key {:?} in an entry of {}", name.get_ref(), key.path);
                self.problem(self.at(name), what, form.clone());
            }
        }
        let name = match (of, table.get(of.key()).map(Spanned::get_ref)) {
            (Entries::Names | Entries::Paths, Some(DeValue::String(name))) if !name.is_empty() => name.to_string(),
            (Entries::Ports, Some(DeValue::Integer(port))) => {
                let Ok(number @ 1..) = u16::from_str_radix(port.as_str(), port.radix()) else {
                    self.problem(origin, format!("{} holds the port {port}", key.path), "ports are 1 to 65535");
                    return None;
                };
                number.to_string()
            }
            _ => {
                self.problem(origin, format!("an entry of {} has no {}", key.path, of.key()), form);
                return None;
            }
        };
        match table.get("reason").map(Spanned::get_ref) {
            Some(DeValue::String(reason)) if !reason.trim().is_empty() => {
                Some(Item { name, reason: reason.to_string(), origin })
            }
            _ => {
                self.problem(origin, format!("the entry {name:?} of {} has no reason", key.path), form);
                None
            }
        }
    }

    fn matches(&mut self, name: &Name<'_>, value: &Node<'_>) -> Vec<Match> {
        const FORM: &str =
            "write [[match]], and below it workflow_id, workflow_name, node_id or node_name, and profile";
        let DeValue::Array(array) = value.get_ref() else {
            self.problem(self.at(name), format!("match is of type {}", value.get_ref().type_str()), FORM);
            return Vec::new();
        };
        let mut matches = Vec::new();
        for element in array {
            let DeValue::Table(table) = element.get_ref() else {
                self.problem(self.at(element), "an element of match is no table", FORM);
                continue;
            };
            matches.extend(self.one_match(self.at(element), table));
        }
        matches
    }

    fn one_match(&mut self, origin: Origin, table: &Table<'_>) -> Option<Match> {
        const LABELS: [&str; 4] = ["workflow_id", "workflow_name", "node_id", "node_name"];
        let mut said = BTreeMap::new();
        let mut profile_at = origin.clone();
        for (name, value) in table {
            let name_text = name.get_ref().as_ref();
            if !LABELS.contains(&name_text) && name_text != "profile" {
                let remedy = did_you_mean(name_text, LABELS.into_iter().chain(["profile"]));
                self.problem(self.at(name), format!("unknown key {name_text:?} in a match"), remedy);
                return None;
            }
            if name_text == "profile" {
                profile_at = self.at(value);
            }
            said.insert(name_text.to_owned(), self.text(name_text, value)?);
        }
        let Some(profile) = said.remove("profile") else {
            self.problem(origin, "a match has no profile", "add profile = \"NAME\"");
            return None;
        };
        if said.is_empty() {
            let what = "a match that every task fits";
            self.problem(origin, what, format!("add one of {}, or change the default profile", LABELS.join(", ")));
            return None;
        }
        let mut label = |name: &str| said.remove(name);
        let [workflow_id, workflow_name, node_id, node_name] = LABELS.map(&mut label);
        Some(Match { workflow_id, workflow_name, node_id, node_name, profile, origin, profile_at })
    }

    fn table<'n, 'i>(&mut self, what: &str, name: &Name<'i>, value: &'n Node<'i>) -> Option<&'n Table<'i>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(table);
        }
        let found = value.get_ref().type_str();
        self.problem(self.at(name), format!("{what} is of type {found}"), "it must be a table");
        None
    }

    fn text(&mut self, name: &str, value: &Node<'_>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        let what = format!("{name} is of type {}", value.get_ref().type_str());
        self.problem(self.at(value), what, "it must be a text");
        None
    }
}
