//! What tasks are able to do besides computing: worked out from what is allowed, and the narrowest that works.

use palisade_analyzer::is_stdlib;

use crate::origin::Origin;
use crate::problem::Problem;
use crate::sections::{Settings, Tier};
use crate::value::{Item, Values};

/// What a task's system calls, files and network allow besides computing, memory and time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each ability is there or is not, whatever the others are")]
pub struct Abilities {
    /// To start threads.
    pub threads: bool,
    /// To run an event loop: epoll(7), and a pair of sockets to wake it by.
    pub event_loop: bool,
    /// To read files: the interpreter's, and those the policy lists.
    pub files: bool,
    /// To write to a private folder.
    pub scratch: bool,
    /// To connect to the policy's TCP ports.
    pub tcp: bool,
    /// To have names resolved.
    pub dns: bool,
}

impl Abilities {
    /// Each by its name, and whether it is there.
    pub fn named(&self) -> [(&'static str, bool); 6] {
        let Self { threads, event_loop, files, scratch, tcp, dns } = *self;
        [
            ("threads", threads),
            ("event_loop", event_loop),
            ("files", files),
            ("scratch", scratch),
            ("tcp", tcp),
            ("dns", dns),
        ]
    }

    /// Those that are there, by name.
    pub fn names(&self) -> Vec<&'static str> {
        self.named().into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
    }
}

/// Why an ability is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The ability, by its name.
    pub ability: &'static str,
    /// What needs it.
    pub by: String,
    /// Where that was said.
    pub origin: Origin,
    /// Whether it is a module, which may be there without being used.
    pub by_module: bool,
}

/// Modules that start threads. (`queue` and `sched` only wait, which needs no call that computing does not.)
const THREADED: [&str; 4] = ["threading", "concurrent", "asyncio", "_thread"];

/// What an allowed module needs; the wildcard needs all that any module does, and files, as not all can be imported ahead.
pub(crate) fn of_module(name: &str) -> &'static [&'static str] {
    match name {
        "*" => &["threads", "event_loop", "files"],
        "asyncio" => &["threads", "event_loop"],
        name if THREADED.contains(&name) => &["threads"],
        _ => &[],
    }
}

/// Everything that needs an ability, and why.
pub(crate) fn needs(settings: &Settings, values: &Values) -> Vec<Need> {
    let mut needs = Vec::new();
    for item in settings.modules.stdlib.0.iter().chain(&settings.modules.external.0) {
        let by =
            || if item.name == "*" { "every module is allowed".to_owned() } else { format!("module {}", item.name) };
        let need = |ability: &&'static str| Need { ability, by: by(), origin: item.origin.clone(), by_module: true };
        needs.extend(of_module(&item.name).iter().map(need));
    }
    let mut said = |ability, by: String, origin: Option<Origin>| {
        needs.extend(origin.map(|origin| Need { ability, by, origin, by_module: false }));
    };
    for Item { name, origin, .. } in &settings.files.read.0 {
        said("files", format!("files.read of {name}"), Some(origin.clone()));
    }
    let origin = |path: &str| values.get(path).map(|set| set.origin.clone());
    if settings.scratch.size_mib > 0 {
        said("scratch", "scratch.size_mib".to_owned(), origin("scratch.size_mib"));
    }
    for Item { name, origin, .. } in &settings.network.connect_tcp.0 {
        said("tcp", format!("network.connect_tcp of {name}"), Some(origin.clone()));
    }
    if settings.network.dns {
        said("dns", "network.dns".to_owned(), origin("network.dns"));
    }
    needs
}

/// The abilities of a profile. A tier that is narrower than a module needs is a warning, as the module may do without; one
/// that is narrower than the rest of the policy needs is a contradiction.
pub(crate) fn abilities(
    settings: &Settings,
    values: &Values,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) -> Abilities {
    let needs = needs(settings, values);
    let needed = |ability: &str| needs.iter().any(|need| need.ability == ability);
    let tier = settings.syscalls.tier;
    let (threads, files) = match tier {
        Tier::Auto => (needed("threads"), needed("files")),
        Tier::Strict => (false, false),
        Tier::Threads => (true, false),
        Tier::Files => (true, true),
    };
    let abilities = Abilities {
        threads,
        files,
        event_loop: threads && needed("event_loop"),
        scratch: needed("scratch"),
        tcp: needed("tcp"),
        dns: needed("dns"),
    };
    for need in &needs {
        let lacks = match need.ability {
            "threads" => !threads,
            "event_loop" => !abilities.event_loop,
            "files" => !files,
            // These open descriptors of their own, which the narrow tiers promise nobody does.
            _ => matches!(tier, Tier::Strict | Tier::Threads),
        };
        if !lacks {
            continue;
        }
        let what = format!("syscalls.tier is narrower than {} needs: {}", need.by, need.ability);
        let remedy = "set syscalls.tier = \"auto\", or take out what needs more";
        let at = values.get("syscalls.tier").map(|set| set.origin.clone());
        if need.by_module {
            let at = at.map(|at| format!("{at}: ")).unwrap_or_default();
            warnings.push(format!("{at}{what}, so tasks that use it fail; {remedy}"));
        } else {
            problems.push(Problem::new(need.origin.clone(), what, remedy));
        }
    }
    abilities
}

/// Whether a module belongs to the standard library of any supported version.
pub(crate) fn list_of(module: &str) -> &'static str {
    if is_stdlib(module) { "modules.stdlib" } else { "modules.external" }
}
