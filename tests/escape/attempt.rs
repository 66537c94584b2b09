//! An attempt as its file describes it: header, code, and what it claims.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands between user code and the host, as the headers name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Layer {
    /// Judges the source before it runs.
    Analyzer,
    /// Guards in the child.
    Interpreter,
    /// Files; TCP, signals and abstract sockets where the kernel can.
    Landlock,
    /// System calls.
    Seccomp,
    /// Resource limits.
    Rlimits,
    /// User, PID, network, IPC and mount namespace.
    Namespaces,
    /// A user id for each task.
    Identity,
    /// Given up by the jailer, with `no_new_privs`; always on.
    Capabilities,
    /// Bounds, watch and kill; always on.
    Supervisor,
}

impl Layer {
    /// All, in the order of the table.
    pub(crate) const ALL: [Self; 9] = [
        Self::Analyzer,
        Self::Interpreter,
        Self::Landlock,
        Self::Seccomp,
        Self::Rlimits,
        Self::Namespaces,
        Self::Identity,
        Self::Capabilities,
        Self::Supervisor,
    ];

    /// Its name in headers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Analyzer => "analyzer",
            Self::Interpreter => "interpreter",
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
            Self::Rlimits => "rlimits",
            Self::Namespaces => "namespaces",
            Self::Identity => "identity",
            Self::Capabilities => "capabilities",
            Self::Supervisor => "supervisor",
        }
    }

    /// Whether a configuration can do without it.
    pub(crate) fn can_be_switched_off(self) -> bool {
        !matches!(self, Self::Capabilities | Self::Supervisor)
    }

    /// Whether it judges the language and not the process.
    pub(crate) fn is_of_the_language(self) -> bool {
        matches!(self, Self::Analyzer | Self::Interpreter)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names between commas.
pub(crate) fn join(layers: &BTreeSet<Layer>) -> String {
    layers.iter().map(|layer| layer.name()).collect::<Vec<_>>().join(", ")
}

/// Observations from outside, and the one an attempt makes itself.
pub(crate) const WITNESSES: [&str; 9] =
    ["secret", "canary", "made", "listener", "processes", "decoy", "memory", "messages", "kernel"];

/// Folders of attempts.
pub(crate) const AREAS: [&str; 14] = [
    "language",
    "files",
    "privilege",
    "memory",
    "exec",
    "kernel",
    "network",
    "processes",
    "ipc",
    "exhaustion",
    "outlive",
    "siblings",
    "secrets",
    "parent",
];

/// The classes of the threat model. Each must have attempts.
pub(crate) const CLASSES: [&str; 36] = [
    "object graph walk",
    "attribute access without a dot",
    "names built at run time",
    "format strings",
    "time of check / time of use",
    "guards as gadgets",
    "denied builtins come back",
    "exceptions and frames",
    "allowed modules leak others",
    "eval-like library code",
    "import machinery",
    "parser differentials",
    "wrapper breaking",
    "analyzer exhaustion",
    "shared serialiser",
    "non-JSON values",
    "reading files",
    "grant token",
    "changing files",
    "temporary storage",
    "running programs",
    "system-call table tricks",
    "kernel attack surface",
    "network",
    "other processes",
    "zygote",
    "outliving the task",
    "task to task",
    "exhaustion",
    "posture",
    "forged messages",
    "malformed frames",
    "size limits",
    "descriptors",
    "logs",
    "false success",
];

/// What the code has in its hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Code {
    /// Ordinary user code, with these modules allowed.
    User {
        /// Sorted, between commas.
        allow: String,
    },
    /// Everything the interpreter can give it, in this tier.
    Native {
        /// `strict`, `threads` or `files`.
        tier: String,
    },
}

/// Attempts that can share a runner: the same code, the same limits.
pub(crate) type Group = (Code, Vec<(String, u64)>);

/// One attempt.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// Its area and name: the path without what is the same for all.
    pub(crate) id: String,
    /// Its class.
    pub(crate) class: String,
    /// What it does, in a line.
    pub(crate) technique: String,
    /// An advisory it is about.
    pub(crate) advisory: Option<String>,
    /// What stops it, each alone.
    pub(crate) layers: BTreeSet<Layer>,
    /// Why there is only one.
    pub(crate) single: Option<String>,
    /// The oldest kernel and Landlock ABI where the layers hold.
    pub(crate) kernel: Option<(u32, u32, i32)>,
    /// What it has.
    pub(crate) code: Code,
    /// Changes of the policy's limits, sorted.
    pub(crate) limits: Vec<(String, u64)>,
    /// Why it cannot succeed here whatever is off.
    pub(crate) control: Option<String>,
    /// What shows its success.
    pub(crate) witness: String,
    /// Whether the interpreter ought to hold it and does not yet.
    pub(crate) interpreter_gap: bool,
    /// What is run.
    pub(crate) source: String,
}

impl Attempt {
    /// Whether the language is lost from the start.
    pub(crate) fn is_native(&self) -> bool {
        matches!(self.code, Code::Native { .. })
    }

    /// Whether already what it says of itself is too much with every layer on: somebody should have kept it from getting
    /// so far, or, with the language lost, it should know no more than what a call answered.
    pub(crate) fn must_report_nothing(&self) -> bool {
        self.is_native() || self.layers.iter().any(|layer| layer.is_of_the_language())
    }

    /// What runners are shared by.
    pub(crate) fn group(&self) -> Group {
        (self.code.clone(), self.limits.clone())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, in words for its author.
    pub(crate) fn parse(id: &str, text: &str) -> Result<Self, String> {
        let (mut keys, body) = header(text)?;
        let mut take = |key: &str| keys.remove(key);
        let need = |key: &str, value: Option<String>| value.ok_or_else(|| format!("the header has no `{key}:`"));

        let class = one_of("class", need("class", take("class"))?, &CLASSES)?;
        let technique = need("technique", take("technique"))?;
        let layers = need("layers", take("layers"))?
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty() && *name != "none")
            .map(|name| {
                let layer = Layer::ALL.into_iter().find(|layer| layer.name() == name);
                layer.ok_or_else(|| format!("`layers:` has {name:?}, which is no layer"))
            })
            .collect::<Result<BTreeSet<_>, _>>()?;
        let single = take("single");
        let control = take("control");
        let witness = one_of("witness", need("witness", take("witness"))?, &WITNESSES)?;
        let (allow, tier) = (take("allow"), take("tier"));
        let code = match need("code", take("code"))?.as_str() {
            "user" if tier.is_none() => Code::User { allow: sorted(&allow.unwrap_or_default()) },
            "native" if allow.is_none() => {
                let tier = tier.unwrap_or_else(|| "strict".into());
                Code::Native { tier: one_of("tier", tier, &["strict", "threads", "files"])? }
            }
            "user" => return Err("`tier:` is for `code: native`".into()),
            "native" => return Err("`allow:` is for `code: user`".into()),
            other => return Err(format!("`code:` is {other:?}, neither user nor native")),
        };
        let attempt = Self {
            id: id.to_owned(),
            class,
            technique,
            advisory: take("advisory"),
            layers,
            single,
            kernel: take("kernel").map(|text| kernel(&text)).transpose()?,
            code,
            limits: limits(&take("limits").unwrap_or_default())?,
            control,
            witness,
            interpreter_gap: take("interpreter-gap").is_some_and(|value| value == "yes"),
            source: body.to_owned(),
        };
        if let Some(unknown) = keys.keys().next() {
            return Err(format!("`{unknown}:` is no key of a header"));
        }
        attempt.check()?;
        Ok(attempt)
    }

    fn check(&self) -> Result<(), String> {
        if self.layers.len() < 2 && self.single.is_none() {
            return Err("fewer than two layers, and no `single:` with the reason".into());
        }
        if self.layers.len() >= 2 && self.single.is_some() {
            return Err("`single:` is for attempts that one layer stops".into());
        }
        if self.is_native() && self.layers.iter().any(|layer| layer.is_of_the_language()) {
            return Err("native code has got past analyzer and interpreter already".into());
        }
        if self.control.is_none() && self.layers.iter().any(|layer| !layer.can_be_switched_off()) {
            return Err("`capabilities` and `supervisor` are always on: what they stop needs a `control:`".into());
        }
        if self.witness == "kernel" && !self.is_native() {
            return Err("only native code can be its own witness".into());
        }
        if self.source.trim().is_empty() {
            return Err("there is no code".into());
        }
        Ok(())
    }
}

fn header(text: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut keys = BTreeMap::new();
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        let Some((key, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(": ")) else { break };
        if !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            break;
        }
        if keys.insert(key.to_owned(), value.trim().to_owned()).is_some() {
            return Err(format!("`{key}:` is there twice"));
        }
        rest = after;
    }
    Ok((keys, rest))
}

fn one_of(key: &str, value: String, known: &[&str]) -> Result<String, String> {
    if known.contains(&&*value) { Ok(value) } else { Err(format!("`{key}:` is {value:?}, which is none of {known:?}")) }
}

fn sorted(list: &str) -> String {
    let names: BTreeSet<_> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    names.into_iter().collect::<Vec<_>>().join(",")
}

fn limits(text: &str) -> Result<Vec<(String, u64)>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let parsed = entries.map(|entry| {
        let (name, value) = entry.split_once('=').ok_or_else(|| format!("`limits:` has {entry:?} without a value"))?;
        let value = value.trim().parse().map_err(|_| format!("`limits:` has {entry:?}, which is no number"))?;
        Ok((name.trim().to_owned(), value))
    });
    let mut limits = parsed.collect::<Result<Vec<_>, String>>()?;
    limits.sort();
    Ok(limits)
}

/// `6.12, Landlock ABI 6` and parts of it.
fn kernel(text: &str) -> Result<(u32, u32, i32), String> {
    let wrong = || format!("`kernel:` is {text:?}, not as in `6.12, Landlock ABI 6`");
    let (mut major, mut minor, mut abi) = (0, 0, 0);
    for part in text.split(',').map(str::trim) {
        if let Some(number) = part.strip_prefix("Landlock ABI ") {
            abi = number.parse().map_err(|_| wrong())?;
        } else {
            let (first, second) = part.split_once('.').ok_or_else(wrong)?;
            (major, minor) = (first.parse().map_err(|_| wrong())?, second.parse().map_err(|_| wrong())?);
        }
    }
    Ok((major, minor, abi))
}

/// All attempts, sorted, and what is wrong with those that are none.
pub(crate) fn all() -> (Vec<Attempt>, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/escape/attempts");
    let (mut attempts, mut wrong) = (Vec::new(), Vec::new());
    for file in files(&root) {
        let path = file.strip_prefix(&root).unwrap_or(&file).with_extension("");
        let id = path.to_string_lossy().into_owned();
        let area = id.split('/').next().unwrap_or_default();
        if file.extension().is_none_or(|extension| extension != "py") || id.split('/').count() != 2 {
            wrong.push(format!("{}: not <area>/<name>.py", file.display()));
        } else if !AREAS.contains(&area) {
            wrong.push(format!("{id}: {area:?} is none of the areas {AREAS:?}"));
        } else {
            match fs::read_to_string(&file).map_err(|e| e.to_string()).and_then(|text| Attempt::parse(&id, &text)) {
                Ok(attempt) => attempts.push(attempt),
                Err(why) => wrong.push(format!("{id}: {why}")),
            }
        }
    }
    attempts.sort_by(|a, b| a.id.cmp(&b.id));
    (attempts, wrong)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<_> = entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    found.sort();
    found
}

#[test]
fn a_header_that_claims_too_little_or_too_much_is_refused() {
    const GOOD: &str =
        "# class: network\n# technique: t\n# layers: landlock, seccomp\n# code: native\n# witness: listener\nreturn\n";
    let attempt = Attempt::parse("a/b", GOOD).unwrap();
    assert_eq!((attempt.layers.len(), attempt.source.as_str()), (2, "return\n"));
    for (from, to, why) in [
        ("network", "netwrk", "class"),
        ("landlock, seccomp", "landlock", "single"),
        ("landlock, seccomp", "landlock, secomp", "no layer"),
        ("landlock, seccomp", "landlock, analyzer", "past analyzer"),
        ("landlock, seccomp", "landlock, supervisor", "control"),
        ("# code: native", "# code: native\n# single: x", "single"),
        ("# code: native", "# code: native\n# tier: wide", "tier"),
        ("# code: native", "# code: native\n# lmits: a=1", "no key"),
        ("# code: native", "# code: native\n# limits: a", "without a value"),
        ("# code: native", "# code: native\n# kernel: new", "6.12"),
        ("# code: native", "# code: native\n# allow: re", "allow"),
        ("# code: native", "# code: user\n# tier: files", "tier"),
        ("# technique: t\n", "", "technique"),
        ("return\n", "", "no code"),
    ] {
        let error = Attempt::parse("a/b", &GOOD.replace(from, to)).unwrap_err();
        assert!(error.contains(why), "{to}: {error}");
    }
}
