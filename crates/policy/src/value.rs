//! Values as files have them: what kinds there are, how each is read into a type, and how it is written again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::allow::Allow;
use crate::origin::Origin;

/// One value of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number; its unit is in the key's name.
    Number(u64),
    /// One of a few words.
    Word(&'static str),
    /// Entries, each with its reason.
    List(Vec<Item>),
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// A name, a port or a path.
    pub name: String,
    /// Why it is there.
    pub reason: String,
    /// Where it was put there.
    pub origin: Origin,
}

/// A value and where it was set. Entries of a list know their own places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The value.
    pub value: Value,
    /// Where.
    pub origin: Origin,
}

/// What a key can be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Value::Flag`].
    Flag,
    /// [`Value::Number`], both bounds included.
    Number {
        /// The smallest.
        least: u64,
        /// The largest.
        most: u64,
    },
    /// [`Value::Word`], of these.
    Word(&'static [&'static str]),
    /// [`Value::List`] of such entries.
    List(Entries),
}

/// What the entries of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entries {
    /// `{ name = "…", reason = "…" }`.
    Names,
    /// `{ port = 443, reason = "…" }`.
    Ports,
    /// `{ path = "/…", reason = "…" }`.
    Paths,
}

impl Entries {
    /// The key an entry is named by.
    pub fn key(self) -> &'static str {
        match self {
            Self::Names => "name",
            Self::Ports => "port",
            Self::Paths => "path",
        }
    }
}

impl Kind {
    /// What has to be written, in words.
    pub fn words(self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Number { least, most: u64::MAX } => format!("a whole number, {least} or more"),
            Self::Number { least, most } => format!("a whole number from {least} to {most}"),
            Self::Word(words) => words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" or "),
            Self::List(of) => {
                let key = of.key();
                format!("a list of {{ {key} = …, reason = \"…\" }}, or {{ add = [those], remove = [{key}s] }}")
            }
        }
    }
}

/// One key of a policy.
#[derive(Debug, Clone)]
pub struct Key {
    /// Section and name, `limits.memory_mib`.
    pub path: &'static str,
    /// What it is for.
    pub doc: String,
    /// What it can be set to.
    pub kind: Kind,
}

impl Key {
    /// Section and name apart.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.path.split_once('.').unwrap_or(("", self.path))
    }
}

/// All values of one profile, by the paths of their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(pub(crate) BTreeMap<&'static str, Set>);

impl Values {
    /// The value of a key.
    pub fn get(&self, path: &str) -> Option<&Set> {
        self.0.get(path)
    }

    /// The entries of a list; none for other keys.
    pub fn items(&self, path: &str) -> &[Item] {
        match self.get(path) {
            Some(Set { value: Value::List(items), .. }) => items,
            _ => &[],
        }
    }

    /// A typed value.
    pub(crate) fn typed<T: Field>(&self, path: &str) -> Option<T> {
        T::of(&self.get(path)?.value)
    }
}

impl Value {
    /// As TOML; lists over several lines, each entry followed by `remark(entry)` as a comment.
    pub fn to_toml(&self, of: Option<Entries>, remark: &dyn Fn(&Item) -> String) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Word(word) => quoted(word),
            Self::List(items) if items.is_empty() => "[]".to_owned(),
            Self::List(items) => {
                let key = of.unwrap_or(Entries::Names);
                let mut text = "[\n".to_owned();
                for item in items {
                    let name = if key == Entries::Ports { item.name.clone() } else { quoted(&item.name) };
                    let (key, reason, remark) = (key.key(), quoted(&item.reason), remark(item));
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "  {{ {key} = {name}, reason = {reason} }},  # {remark}");
                }
                text + "]"
            }
        }
    }
}

/// A basic string of TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A type that a value of a file is read into.
pub(crate) trait Field: Sized {
    /// What can be written for it; the bounds are for numbers.
    fn kind(bounds: Option<(u64, u64)>) -> Kind;
    /// The value, if it is of this kind.
    fn of(value: &Value) -> Option<Self>;
}

impl Field for bool {
    fn kind(_: Option<(u64, u64)>) -> Kind {
        Kind::Flag
    }

    fn of(value: &Value) -> Option<Self> {
        if let Value::Flag(flag) = value { Some(*flag) } else { None }
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn kind(bounds: Option<(u64, u64)>) -> Kind {
                let (least, most) = bounds.unwrap_or((0, u64::MAX));
                Kind::Number { least, most }
            }

            fn of(value: &Value) -> Option<Self> {
                if let Value::Number(number) = value { Self::try_from(*number).ok() } else { None }
            }
        }
    )*};
}

numbers!(u64, u32, usize);

/// An enumeration by the words files have for it.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )* }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, schemars::JsonSchema)]
        pub enum $name { $( $(#[$doc])* #[schemars(rename = $word)] $variant, )* }

        impl $crate::value::Field for $name {
            fn kind(_: Option<(u64, u64)>) -> $crate::value::Kind {
                $crate::value::Kind::Word(&[$($word),*])
            }

            fn of(value: &$crate::value::Value) -> Option<Self> {
                match value {
                    $( $crate::value::Value::Word($word) => Some(Self::$variant), )*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use words;

/// A list of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub Vec<Item>);

/// A list of TCP ports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports(pub Vec<Item>);

/// A list of absolute paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths(pub Vec<Item>);

impl Names {
    /// The names alone.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|item| item.name.clone()).collect()
    }

    /// As an allow list of modules.
    pub fn allow(&self) -> Allow {
        if self.0.iter().any(|item| item.name == "*") {
            Allow::All
        } else {
            Allow::Only(self.names().into_iter().collect())
        }
    }
}

impl Ports {
    /// The numbers.
    pub fn numbers(&self) -> Vec<u16> {
        // They were checked when they were read.
        self.0.iter().filter_map(|item| item.name.parse().ok()).collect()
    }
}

impl Paths {
    /// The paths.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.0.iter().map(|item| PathBuf::from(&item.name)).collect()
    }
}

macro_rules! lists {
    ($($name:ident),*) => {$(
        impl Field for $name {
            fn kind(_: Option<(u64, u64)>) -> Kind {
                Kind::List(Entries::$name)
            }

            fn of(value: &Value) -> Option<Self> {
                if let Value::List(items) = value { Some(Self(items.clone())) } else { None }
            }
        }
    )*};
}

lists!(Names, Ports, Paths);
