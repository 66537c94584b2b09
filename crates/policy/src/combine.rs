//! What single values do not show: combinations that contradict each other, or give away more than they seem to.

use std::path::{Component, Path};

use palisade_analyzer::is_stdlib;

use crate::builtin;
use crate::given::Given;
use crate::origin::Origin;
use crate::problem::{Problem, did_you_mean};
use crate::sections::{LayerMode, Settings};
use crate::value::{Item, Values};

/// Risks that can be accepted.
pub(crate) const FILES_WITHOUT_LANDLOCK: &str = "files-without-landlock";
pub(crate) const NEITHER_FILTER: &str = "neither-landlock-nor-seccomp";
pub(crate) const RISKS: [&str; 2] = [FILES_WITHOUT_LANDLOCK, NEITHER_FILTER];

/// Folders that no task may read: devices, other processes, the kernel's own.
const NEVER_READ: [&str; 3] = ["/proc", "/sys", "/dev"];

/// All of a profile's settings, held against each other.
pub(crate) struct Combined<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) values: &'a Values,
    pub(crate) given: &'a Given,
    pub(crate) problems: &'a mut Vec<Problem>,
    pub(crate) warnings: &'a mut Vec<String>,
}

impl Combined<'_> {
    /// Finds everything that is wrong. `reads_files` tells whether tasks open any file.
    pub(crate) fn check(&mut self, reads_files: bool) {
        self.modules();
        self.files();
        self.network();
        self.scratch();
        self.limits();
        self.layers(reads_files);
        self.switched_off();
    }

    fn refuse(&mut self, path: &str, what: impl Into<String>, remedy: impl Into<String>) {
        match self.values.get(path) {
            Some(set) => self.problems.push(Problem::new(set.origin.clone(), what, remedy)),
            None => self.problems.push(Problem::nowhere(what, remedy)),
        }
    }

    fn origin(&self, path: &str) -> String {
        self.values.get(path).map_or_else(String::new, |set| set.origin.to_string())
    }

    fn modules(&mut self) {
        let modules = &self.settings.modules;
        for (path, list) in [("modules.stdlib", &modules.stdlib.0), ("modules.external", &modules.external.0)] {
            let all = list.iter().find(|item| item.name == "*");
            if let Some(all) = all.filter(|_| list.len() > 1) {
                let what = format!("{path} has \"*\" among other names");
                self.problems.push(Problem::new(all.origin.clone(), what, "\"*\" must stand alone"));
            }
            for item in list {
                self.module(path, item);
            }
        }
        for refused in &modules.refuse.0 {
            if refused.name == "*" || is_top_level(refused) {
                self.refused(refused);
            }
        }
    }

    fn module(&mut self, path: &str, Item { name, origin, .. }: &Item) {
        // n8n's variables may hold anything, and what matches nothing allows nothing.
        if name == "*" || matches!(origin, Origin::Outside(_)) {
            return;
        }
        let (belongs, list) = if is_stdlib(name) { ("is", "modules.stdlib") } else { ("is not", "modules.external") };
        if name.contains('.') || name.trim() != name {
            let what = format!("{path} names {name:?}, but modules are compared by their top-level names");
            let top_level = name.trim().split('.').next().unwrap_or_default();
            self.problems.push(Problem::new(origin.clone(), what, format!("write {top_level:?}")));
        } else if path != list {
            let what = format!("{path} names {name:?}, which {belongs} in the standard library, so it allows nothing");
            self.problems.push(Problem::new(origin.clone(), what, format!("put it into {list}")));
        }
    }

    /// What a profile refuses must not be allowed by any list, whoever wrote it.
    fn refused(&mut self, refused: &Item) {
        let modules = &self.settings.modules;
        let lists = [("modules.stdlib", &modules.stdlib.0, true), ("modules.external", &modules.external.0, false)];
        for (path, list, is_of_stdlib) in lists {
            let concerns = |item: &&Item| match (item.name.as_str(), refused.name.as_str()) {
                ("*", "*") => true,
                ("*", name) => is_stdlib(name) == is_of_stdlib,
                (allowed, name) => allowed == name,
            };
            for item in list.iter().filter(concerns) {
                let what = format!(
                    "{path} allows {:?}, but {} refuses {:?}: {}",
                    item.name, refused.origin, refused.name, refused.reason
                );
                let remedy = "name only what the profile can hold, or give the profile module lists of its own";
                self.problems.push(Problem::new(item.origin.clone(), what, remedy));
            }
        }
    }

    fn files(&mut self) {
        for item in &self.settings.files.read.0 {
            if let Err((what, remedy)) = readable(&item.name) {
                let what = format!("files.read of {:?}: {what}", item.name);
                self.problems.push(Problem::new(item.origin.clone(), what, remedy));
            }
            if let Some((secret, origin)) = self.given.secret_within(Path::new(&item.name)) {
                let what = format!(
                    "files.read of {:?} shows tasks the secret in {}, which {origin} names",
                    item.name,
                    secret.display()
                );
                self.problems.push(Problem::new(item.origin.clone(), what, "put the secret elsewhere, or name less"));
            }
        }
    }

    fn network(&mut self) {
        let Settings { network, layers, .. } = self.settings;
        if network.connect_tcp.0.is_empty() {
            if network.dns {
                let what = "network.dns without network.connect_tcp: names are resolved that nothing connects to";
                self.refuse("network.dns", what, "list the ports in network.connect_tcp, or set dns = false");
            }
            return;
        }
        if layers.net_namespace != LayerMode::Off {
            let at = self.origin("layers.net_namespace");
            let what = format!("network.connect_tcp with a network namespace of its own ({at}), which has no network");
            self.refuse("network.connect_tcp", what, "set layers.net_namespace = \"off\", or connect_tcp = []");
        }
        if layers.landlock != LayerMode::Required {
            let at = self.origin("layers.landlock");
            let what =
                format!("network.connect_tcp without Landlock being required ({at}), which holds tasks to the ports");
            self.refuse("network.connect_tcp", what, "set layers.landlock = \"required\", or connect_tcp = []");
        }
    }

    fn scratch(&mut self) {
        let Settings { scratch, layers, .. } = self.settings;
        if scratch.size_mib > 0 && layers.mount_namespace == LayerMode::Off {
            let at = self.origin("layers.mount_namespace");
            let what = format!("a scratch folder without a mount namespace ({at}), which bounds and removes it");
            let remedy = "set layers.mount_namespace = \"best-effort\" or \"required\", or scratch.size_mib = 0";
            self.refuse("scratch.size_mib", what, remedy);
        }
    }

    fn limits(&mut self) {
        let limits = self.settings.limits;
        let memory = limits.memory_mib;
        let mut above = |path: &str, mib: u64| {
            // Who only lowers the memory has said nothing against the defaults, which are then not reached.
            let is_default = builtin::value("default", path) == self.values.get(path).map(|set| &set.value);
            if mib > memory && !is_default {
                let at = self.origin("limits.memory_mib");
                let what = format!("{path} is more than a task's memory: limits.memory_mib = {memory} ({at})");
                self.refuse(path, what, "make it smaller, or limits.memory_mib larger");
            }
        };
        let whole_mib = |bytes: u64| bytes.div_ceil(1024 * 1024);
        above("limits.result_mib", limits.result_mib);
        above("limits.stack_mib", limits.stack_mib);
        above("limits.code_bytes", whole_mib(limits.code_bytes as u64));
        let (processes, tier) = ("limits.processes", self.settings.syscalls.tier);
        if limits.processes == 1 && matches!(tier, crate::Tier::Threads | crate::Tier::Files) {
            let at = self.origin("syscalls.tier");
            let what =
                format!("limits.processes = 1 leaves no thread to start, though syscalls.tier ({at}) has threads");
            self.refuse(processes, what, "allow two or more, or set syscalls.tier = \"strict\"");
        }
    }

    fn layers(&mut self, reads_files: bool) {
        let layers = self.settings.layers;
        for (name, mode) in [("landlock", layers.landlock), ("seccomp", layers.seccomp)] {
            if mode == LayerMode::Required && layers.no_new_privs == LayerMode::Off {
                let path = format!("layers.{name}");
                let at = self.origin(&path);
                let what = format!("layers.no_new_privs is off, which {path} = \"required\" ({at}) cannot do without");
                self.refuse("layers.no_new_privs", what, "set layers.no_new_privs = \"required\"");
            }
        }
        let risks = self.settings.risks.accept.0.clone();
        for Item { name, origin, .. } in &risks {
            if !RISKS.contains(&name.as_str()) {
                let what = format!("risks.accept names {name:?}, which is no risk that can be accepted");
                self.problems.push(Problem::new(origin.clone(), what, did_you_mean(name, RISKS)));
            }
        }
        let accepted = |risk: &str| risks.iter().find(|item| item.name == risk);
        if reads_files && layers.landlock != LayerMode::Required {
            let what =
                "tasks open files, and Landlock is not required: where it is missing they read all that the runner can";
            self.risk("layers.landlock", what, FILES_WITHOUT_LANDLOCK, accepted(FILES_WITHOUT_LANDLOCK));
        }
        if layers.landlock == LayerMode::Off && layers.seccomp == LayerMode::Off {
            let what = "Landlock and seccomp are both off: hardly anything holds code that got past the interpreter";
            self.risk("layers.seccomp", what, NEITHER_FILTER, accepted(NEITHER_FILTER));
        }
    }

    fn risk(&mut self, path: &str, what: &str, risk: &str, accepted: Option<&Item>) {
        if let Some(Item { origin, reason, .. }) = accepted {
            return self.warnings.push(format!("{what} (accepted at {origin}: {reason})"));
        }
        let remedy = format!(
            "set it to \"required\", or accept the risk: [risks] accept = [{{ name = {risk:?}, reason = \"…\" }}]"
        );
        self.refuse(path, what, remedy);
    }

    fn switched_off(&mut self) {
        for (path, on, what) in [
            ("analyzer.enabled", self.settings.analyzer.enabled, "code is not judged before it runs"),
            ("interpreter.guards", self.settings.interpreter.guards, "user code has the real built-ins and imports"),
        ] {
            if !on {
                let at = self.origin(path);
                self.warnings.push(format!("{at}: {path} is false: {what}"));
            }
        }
    }
}

fn is_top_level(Item { name, .. }: &Item) -> bool {
    !name.contains('.')
}

/// Whether tasks may be given a path to read.
fn readable(name: &str) -> Result<(), (String, &'static str)> {
    const ELSEWHERE: &str = "put what tasks need into a folder of its own, and name that";
    let path = Path::new(name);
    if !path.is_absolute() {
        return Err(("it is relative".to_owned(), "write the path from / on"));
    }
    if path.components().any(|part| matches!(part, Component::ParentDir)) {
        return Err(("it goes up by ..".to_owned(), "write the path without .."));
    }
    never(path).map_err(|what| (what.to_owned(), ELSEWHERE))?;
    match path.canonicalize() {
        Err(error) => Err((format!("it cannot be opened: {error}"), "create it, or take it off the list")),
        // Where a link leads is what is read.
        Ok(real) => never(&real).map_err(|what| (format!("it leads to {}: {what}", real.display()), ELSEWHERE)),
    }
}

fn never(path: &Path) -> Result<(), &'static str> {
    if path.components().all(|part| matches!(part, Component::RootDir | Component::CurDir)) {
        return Err("that is every file there is");
    }
    if NEVER_READ.iter().any(|folder| path.starts_with(folder)) {
        return Err("tasks may see neither devices nor the kernel's files, which show other processes");
    }
    Ok(())
}
