//! One profile out of all that it extends: what is said later replaces or edits what was said before.

use crate::given::Given;
use crate::origin::Origin;
use crate::problem::{Problem, did_you_mean};
use crate::read::{Overlay, Said};
use crate::value::{Item, Set, Value, Values};

/// Values that are being put together, from the most general to the most special.
pub(crate) struct Merge<'a> {
    pub(crate) values: Values,
    /// The built-in default alone.
    shipped: Values,
    given: &'a Given,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Merge<'a> {
    /// Begins with the built-in default, and what is given outside of files.
    pub(crate) fn new(default: &Overlay, given: &'a Given, problems: &'a mut Vec<Problem>) -> Self {
        let mut merge = Self { values: Values::default(), shipped: Values::default(), given, problems };
        for (path, (said, origin)) in &default.said {
            merge.say(path, said, origin);
        }
        merge.shipped = merge.values.clone();
        for list in given.lists() {
            let set = Set { value: Value::List(list.items()), origin: list.origin.clone() };
            merge.values.0.insert(list.path, set);
        }
        merge
    }

    /// Adds what one profile says. `is_default` tells that it is part of the default profile: there, variables and file
    /// must not contradict each other.
    pub(crate) fn add(&mut self, overlay: &Overlay, is_default: bool) {
        for (path, (said, origin)) in &overlay.said {
            if !self.yields(path, said, origin, is_default) {
                self.say(path, said, origin);
            }
        }
    }

    /// Whether what a file says gives way to what is given outside.
    fn yields(&mut self, path: &str, said: &Said, origin: &Origin, is_default: bool) -> bool {
        let (Said::Value(Value::List(items)), Some(list)) = (said, self.given.list(path)) else { return false };
        if list.says(items) || !(is_default || list.is_option()) {
            return false;
        }
        // A complete copy of the built-in policy has its list without meaning it.
        let is_copy = same_names(items, self.shipped.items(path));
        if !is_copy {
            let what = format!("{path} is set here, and to something else by {}", list.origin);
            let remedy = format!("leave {path} out of the file, or unset the other");
            self.problems.push(Problem::new(origin.clone(), what, remedy));
        }
        true
    }

    fn say(&mut self, path: &'static str, said: &Said, origin: &Origin) {
        let value = match said {
            Said::Value(value) => value.clone(),
            Said::Edit { add, remove } => {
                let before = self.values.items(path).to_vec();
                Value::List(self.edited(path, before, add, remove))
            }
        };
        self.values.0.insert(path, Set { value, origin: origin.clone() });
    }

    fn edited(&mut self, path: &str, mut items: Vec<Item>, add: &[Item], remove: &[(String, Origin)]) -> Vec<Item> {
        let all = |items: &[Item]| items.iter().any(|item| item.name == "*");
        let is_all = all(&items);
        for (name, at) in remove {
            let before = items.len();
            items.retain(|item| item.name != *name);
            if items.len() < before {
                continue;
            }
            let (what, remedy) = if is_all {
                (format!("{path} allows \"*\", which {name:?} cannot be taken out of"), "name the modules".to_owned())
            } else {
                let remedy = match items.as_slice() {
                    [] => "the list is empty".to_owned(),
                    items => did_you_mean(name, items.iter().map(|item| item.name.as_str())),
                };
                (format!("{path} does not have {name:?}, so it cannot be removed"), remedy)
            };
            self.problems.push(Problem::new(at.clone(), what, remedy));
        }
        let is_all = all(&items);
        for item in add {
            match items.iter_mut().find(|present| present.name == item.name) {
                Some(present) => present.clone_from(item),
                // All is more than any name.
                None if is_all => {}
                None => items.push(item.clone()),
            }
        }
        items
    }
}

fn same_names(a: &[Item], b: &[Item]) -> bool {
    a.len() == b.len() && a.iter().all(|item| b.iter().any(|other| other.name == item.name))
}
