//! Where in a result a number is that JSON has not, in the user's words.

use palisade_channel::message::{Failure, Raised};

/// Steps of a path that are shown from its beginning, and from its end.
const SHOWN: usize = 10;
/// Characters of a key that are shown.
const KEY: usize = 40;

const REMEDY: &str = "JSON has neither NaN nor infinities. Return something else in their place, for instance: x if \
                      math.isfinite(x) else None. The administrator can have them sent as null: results.non_finite = \"null\" \
                      in the policy";

/// One step into a value.
pub(super) enum Step {
    /// An element of a list or tuple.
    Index(usize),
    /// What a dict has under this key, as it is written in JSON: escaped, with its quotes.
    Key(String),
}

/// What a value is of a task's result.
#[derive(Clone, Copy)]
pub(in crate::run) enum Place {
    /// All of it.
    Whole,
    /// A field of this output item.
    Field(u64, &'static str),
}

/// A number that JSON has not, and where.
pub(in crate::run) struct NotFinite {
    item: Option<u64>,
    path: String,
    value: &'static str,
}

impl NotFinite {
    pub(super) fn new(value: f64, place: Place, steps: &[Step]) -> Self {
        let value = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        match (place, steps) {
            (Place::Field(item, field), steps) => Self { item: Some(item), path: path(field, steps), value },
            (Place::Whole, [Step::Index(item), rest @ ..]) => {
                Self { item: u64::try_from(*item).ok(), path: path("", rest), value }
            }
            (Place::Whole, steps) => Self { item: None, path: path("", steps), value },
        }
    }

    /// Which item, which path, which value.
    pub(in crate::run) fn message(&self) -> String {
        let Self { item, path, value } = self;
        let place = match (item, path.as_str()) {
            (None, "") => "the result".to_owned(),
            (None, path) => path.to_owned(),
            (Some(item), "") => format!("item {item}"),
            (Some(item), path) => format!("item {item}: {path}"),
        };
        format!("{place} is {value}, which JSON cannot hold")
    }

    /// What is reported of a task that returned it.
    pub(in crate::run) fn failure(&self) -> Failure {
        Failure::Raised(Raised {
            class: "ValueError".to_owned(),
            message: self.message(),
            description: Some(REMEDY.to_owned()),
            item: self.item,
            ..Raised::default()
        })
    }
}

/// As JavaScript writes it: `json.totals[2]["two words"]`.
fn path(field: &str, steps: &[Step]) -> String {
    let mut path = field.to_owned();
    for (number, step) in steps.iter().enumerate() {
        if (SHOWN..steps.len().saturating_sub(SHOWN)).contains(&number) {
            if number == SHOWN {
                path.push('…');
            }
            continue;
        }
        match step {
            Step::Index(index) => path.extend(["[", &index.to_string(), "]"]),
            Step::Key(quoted) => {
                let key = quoted.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
                match key.filter(|key| is_word(key)) {
                    Some(key) if path.is_empty() => path.push_str(key),
                    Some(key) => path.extend([".", key]),
                    None => path.extend(["[", &shortened(quoted), "]"]),
                }
            }
        }
    }
    path
}

fn is_word(key: &str) -> bool {
    key.len() <= KEY
        && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn shortened(quoted: &str) -> String {
    match quoted.char_indices().nth(KEY) {
        Some((end, _)) => format!("{}…", &quoted[..end]),
        None => quoted.to_owned(),
    }
}
