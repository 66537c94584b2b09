//! All profiles there are, and which task gets which.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::builtin;
use crate::given::Given;
use crate::merge::Merge;
use crate::policy::Policy;
use crate::problem::{PolicyError, Problem, did_you_mean};
use crate::read::{Document, MAX_BYTES, Match, Overlay, is_profile_name, read};

/// The profile for tasks that nothing else is said of.
const DEFAULT: &str = "default";

/// All profiles, and the choice between them.
#[derive(Debug, Clone)]
pub struct Policies {
    family: Arc<Family>,
    default: Policy,
    /// Those that a match chooses, besides the default one.
    others: Vec<Policy>,
    matches: Vec<Match>,
}

/// What n8n says a task belongs to. Nothing is what is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Labels<'a> {
    /// n8n's id of the workflow.
    pub workflow_id: Option<&'a str>,
    /// The workflow's name.
    pub workflow_name: Option<&'a str>,
    /// The node's id.
    pub node_id: Option<&'a str>,
    /// The node's name.
    pub node_name: Option<&'a str>,
}

/// What all files say, by profile.
#[derive(Debug)]
struct Family {
    default: String,
    own: BTreeMap<String, Overlay>,
    given: Given,
}

/// A profile, and whether it is the built-in one of that name.
type Node<'a> = (&'a str, bool);

impl Policies {
    /// The policy that `chosen` names: nothing for the built-in default, the name of a built-in profile, a file, or a folder
    /// of files.
    ///
    /// # Errors
    /// [`PolicyError`] with all that is wrong.
    pub fn load(chosen: Option<&Path>, given: Given) -> Result<Self, PolicyError> {
        let Some(chosen) = chosen else { return Self::built_in(DEFAULT, given) };
        match chosen.to_str() {
            Some(name) if builtin::names().any(|known| known == name) => Self::built_in(name, given),
            _ if chosen.is_dir() => Self::folder(chosen, given),
            _ => {
                let mut problems = Vec::new();
                match text_of(chosen, &mut problems) {
                    Some(text) => Self::from_text(&text, &chosen.to_string_lossy(), given),
                    None => PolicyError::unless(None, problems),
                }
            }
        }
    }

    fn built_in(name: &str, given: Given) -> Result<Self, PolicyError> {
        let family = Family { default: name.to_owned(), own: BTreeMap::new(), given };
        Self::of(family, Vec::new(), Vec::new())
    }

    /// The policy of one file's text; `name` names it in problems.
    ///
    /// # Errors
    /// [`PolicyError`] with all that is wrong.
    pub fn from_text(text: &str, name: &str, given: Given) -> Result<Self, PolicyError> {
        let mut problems = Vec::new();
        let Document { own, profiles, matches } = read(text, name, &mut problems);
        let mut family =
            Family { default: DEFAULT.to_owned(), own: BTreeMap::from([(DEFAULT.to_owned(), own)]), given };
        for (name, overlay) in profiles {
            family.add(name, overlay, &mut problems);
        }
        Self::of(family, matches, problems)
    }

    fn folder(folder: &Path, given: Given) -> Result<Self, PolicyError> {
        let mut problems = Vec::new();
        let mut family = Family { default: DEFAULT.to_owned(), own: BTreeMap::new(), given };
        let mut choices = Vec::new();
        let mut files = Vec::new();
        match fs::read_dir(folder) {
            Err(error) => problems.push(unreadable(folder, &error.to_string())),
            Ok(entries) => files.extend(entries.flatten().map(|entry| entry.path())),
        }
        // Hidden ones are how folders are swapped and edited.
        let hidden = |file: &Path| file.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        files.retain(|file| file.extension().is_some_and(|ending| ending == "toml") && !hidden(file));
        files.sort();
        if files.is_empty() && problems.is_empty() {
            let what = format!("the folder {} holds no .toml file", folder.display());
            problems.push(Problem::nowhere(what, "put profiles there, or unset PALISADE_POLICY"));
        }
        for file in files {
            let profile = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let shown = file.to_string_lossy();
            if !is_profile_name(&profile) {
                let what = format!("{shown}: {profile:?} cannot be the name of a profile");
                problems.push(Problem::nowhere(what, "name files by a to z, 0 to 9, - and _"));
                continue;
            }
            let Some(text) = text_of(&file, &mut problems) else { continue };
            let Document { own, profiles, matches } = read(&text, &shown, &mut problems);
            for (name, Overlay { at, .. }) in profiles {
                let what = format!("profile {name:?} inside of a file of a folder");
                problems.push(Problem::new(at, what, format!("write it to {name}.toml of the same folder")));
            }
            if profile == DEFAULT {
                choices = matches;
                family.own.insert(profile, own);
                continue;
            }
            for Match { origin, .. } in matches {
                let what = "a match outside of default.toml";
                problems.push(Problem::new(origin, what, "write it to default.toml, where their order shows"));
            }
            family.add(profile, own, &mut problems);
        }
        Self::of(family, choices, problems)
    }

    fn of(family: Family, matches: Vec<Match>, mut problems: Vec<Problem>) -> Result<Self, PolicyError> {
        let default = family.resolve(&family.default, &mut problems);
        let mut resolved = BTreeMap::new();
        // Those that nobody uses are held to the same, so that they can be used.
        for name in family.own.keys().filter(|name| **name != family.default) {
            resolved.extend(family.resolve(name, &mut problems).map(|policy| (name.clone(), policy)));
        }
        let mut others: Vec<Policy> = Vec::new();
        for Match { profile, profile_at, .. } in &matches {
            if *profile == family.default || others.iter().any(|policy| policy.name == *profile) {
                continue;
            }
            if !family.knows(profile) {
                let what = format!("a match names the profile {profile:?}, which there is not");
                problems.push(Problem::new(profile_at.clone(), what, did_you_mean(profile, family.names())));
                continue;
            }
            match resolved.remove(profile) {
                Some(policy) => others.push(policy),
                // A built-in one, or one with problems that were told.
                None if family.own.contains_key(profile) => {}
                None => others.extend(family.resolve(profile, &mut problems)),
            }
        }
        let policies = default.map(|default| Self { family: Arc::new(family), default, others, matches });
        PolicyError::unless(policies, problems)
    }

    /// The profile of tasks that no match fits.
    pub fn default_profile(&self) -> &Policy {
        &self.default
    }

    /// All profiles that tasks can get: the default one, then those that matches name.
    pub fn in_use(&self) -> impl Iterator<Item = &Policy> {
        [&self.default].into_iter().chain(&self.others)
    }

    /// The matches, in the order in which they are tried.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// Names of all profiles that there are, used or not.
    pub fn names(&self) -> Vec<String> {
        self.family.names().map(ToOwned::to_owned).collect()
    }

    /// Any profile there is.
    ///
    /// # Errors
    /// There is none of this name, or it contradicts what is given outside of files.
    pub fn profile(&self, name: &str) -> Result<Policy, PolicyError> {
        if let Some(policy) = self.in_use().find(|policy| policy.name == name) {
            return Ok(policy.clone());
        }
        if !self.family.knows(name) {
            let remedy = did_you_mean(name, self.family.names());
            return Err(Problem::nowhere(format!("there is no profile {name:?}"), remedy).into());
        }
        let mut problems = Vec::new();
        let policy = self.family.resolve(name, &mut problems);
        PolicyError::unless(policy, problems)
    }

    /// The same with one profile for all tasks.
    ///
    /// # Errors
    /// As [`Policies::profile`].
    pub fn only(&self, name: &str) -> Result<Self, PolicyError> {
        let default = self.profile(name)?;
        Ok(Self { family: Arc::clone(&self.family), default, others: Vec::new(), matches: Vec::new() })
    }

    /// The match that a task fits first, if any.
    pub fn choose(&self, labels: &Labels<'_>) -> Option<&Match> {
        self.matches.iter().find(|one| one.fits(labels))
    }

    /// What the operator should know, though nothing is wrong.
    pub fn warnings(&self) -> Vec<String> {
        let of_profile = |policy: &Policy| {
            let name = policy.name.clone();
            policy.warnings.clone().into_iter().map(move |warning| format!("profile {name}: {warning}"))
        };
        let mut warnings: Vec<String> = self.in_use().flat_map(of_profile).collect();
        let by_name = self.matches.iter().filter(|one| one.workflow_id.is_none());
        warnings.extend(by_name.map(|one| {
            format!(
                "{}: who edits a workflow chooses its name, and the names and ids of its nodes, and so this profile; add \
                 workflow_id where {} allows more than others",
                one.origin, one.profile
            )
        }));
        warnings
    }
}

impl Match {
    /// Whether a task has all the labels that are asked for.
    pub fn fits(&self, labels: &Labels<'_>) -> bool {
        self.labels().into_iter().zip(labels.all()).all(|((_, wanted), has)| wanted.is_none() || wanted == has)
    }

    /// What is asked for, by name.
    pub fn labels(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("workflow_id", self.workflow_id.as_deref()),
            ("workflow_name", self.workflow_name.as_deref()),
            ("node_id", self.node_id.as_deref()),
            ("node_name", self.node_name.as_deref()),
        ]
    }
}

impl<'a> Labels<'a> {
    fn all(&self) -> [Option<&'a str>; 4] {
        [self.workflow_id, self.workflow_name, self.node_id, self.node_name]
    }
}

impl Family {
    fn add(&mut self, name: String, overlay: Overlay, problems: &mut Vec<Problem>) {
        if name == DEFAULT {
            let what = "there are two default profiles: the top of the file is the default one";
            problems.push(Problem::new(overlay.at, what, "move what it says to the top, or give it another name"));
        } else if builtin::names().any(|built_in| built_in == name) {
            let what = format!("{name:?} is the name of a built-in profile");
            problems.push(Problem::new(overlay.at, what, format!("give it another name, and extends = {name:?}")));
        } else {
            self.own.insert(name, overlay);
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let built_in: Vec<&str> = builtin::names().collect();
        built_in.into_iter().chain(self.own.keys().map(String::as_str).filter(|name| *name != DEFAULT))
    }

    fn knows(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    fn resolve(&self, name: &str, problems: &mut Vec<Problem>) -> Option<Policy> {
        let chain = self.chain(name, problems)?;
        let of_default = self.chain(&self.default, &mut Vec::new()).unwrap_or_default();
        let base = builtin::overlay(DEFAULT, problems)?;
        let mut merge = Merge::new(base, &self.given, problems);
        for node in chain.iter().rev().filter(|node| **node != (DEFAULT, true)) {
            merge.add(self.overlay(*node)?, of_default.contains(node));
        }
        let values = merge.values;
        Policy::new(name, values, &self.given, problems)
    }

    /// A profile, what it extends, and so on up to the built-in default.
    fn chain<'a>(&'a self, name: &'a str, problems: &mut Vec<Problem>) -> Option<Vec<Node<'a>>> {
        let mut chain: Vec<Node<'a>> = Vec::new();
        let mut node: Node<'a> = (name, !self.own.contains_key(name));
        loop {
            let overlay = self.overlay(node)?;
            chain.push(node);
            if node == (DEFAULT, true) {
                return Some(chain);
            }
            let (extends, at) = match &overlay.extends {
                Some((name, at)) => (name.as_str(), at),
                None => (DEFAULT, &overlay.at),
            };
            // The default one of these files differs from the built-in one, and built-in ones know of no others.
            let is_built_in =
                node.1 || node == (DEFAULT, false) && extends == DEFAULT || !self.own.contains_key(extends);
            node = (extends, is_built_in);
            if chain.contains(&node) {
                let round = chain.iter().map(|(name, _)| *name).chain([extends]).collect::<Vec<_>>().join(" extends ");
                let what = format!("profiles extend each other in a circle: {round}");
                problems.push(Problem::new(at.clone(), what, "let one of them extend a built-in profile"));
                return None;
            }
            if self.overlay(node).is_none() {
                let what = format!("it extends the profile {extends:?}, which there is not");
                problems.push(Problem::new(at.clone(), what, did_you_mean(extends, self.names())));
                return None;
            }
        }
    }

    fn overlay(&self, (name, is_built_in): Node<'_>) -> Option<&Overlay> {
        if is_built_in { builtin::overlay(name, &mut Vec::new()) } else { self.own.get(name) }
    }
}

fn unreadable(path: &Path, cause: &str) -> Problem {
    let known = builtin::names().collect::<Vec<_>>().join(", ");
    Problem::nowhere(
        format!("{} cannot be read: {cause}", path.display()),
        format!("name a file, a folder, or one of the built-in profiles {known}"),
    )
}

/// The text of a file, if it is one that can be a policy.
fn text_of(file: &Path, problems: &mut Vec<Problem>) -> Option<String> {
    let mut bytes = Vec::new();
    let read = fs::File::open(file).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    let cause = match (read, String::from_utf8(bytes)) {
        (Err(error), _) => error.to_string(),
        (Ok(read), _) if read > MAX_BYTES => format!("it is longer than {MAX_BYTES} bytes"),
        (Ok(_), Err(error)) => error.utf8_error().to_string(),
        (Ok(_), Ok(text)) => return Some(text),
    };
    problems.push(unreadable(file, &cause));
    None
}
