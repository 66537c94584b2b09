//! What the allow lists need of the sandbox.

use crate::allow::Allow;
use crate::file::{Entry, names};

/// How much a task's system calls allow. The narrowest that the allowed modules can work with is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Computing, memory and time.
    Strict,
    /// And threads.
    Threads,
    /// And reading the interpreter's files: for `*`, where not all modules can be imported ahead.
    Files,
}

/// Modules that start threads. (`queue` and `sched` only wait, which needs no call that computing does not.)
const THREADED: [&str; 5] = ["threading", "concurrent", "asyncio", "multiprocessing", "_thread"];

pub(crate) fn tier(stdlib: &Allow, external: &Allow) -> Tier {
    match (stdlib, external) {
        (Allow::All, _) | (_, Allow::All) => Tier::Files,
        (Allow::Only(names), Allow::Only(_)) if THREADED.iter().any(|module| names.contains(*module)) => Tier::Threads,
        _ => Tier::Strict,
    }
}

/// All that can be named: what is always imported ahead, and the finite lists.
pub(crate) fn preload(stdlib: &Allow, external: &Allow, always: &[Entry]) -> Vec<String> {
    let mut modules = names(always);
    for allow in [stdlib, external] {
        if let Allow::Only(listed) = allow {
            modules.extend(listed.iter().filter(|name| is_module_name(name)).cloned());
        }
    }
    modules
}

/// Entries that can be no module, `os.path` too, stay in the lists, where they match nothing.
fn is_module_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_numeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::only;

    #[test]
    fn the_narrowest_tier_that_works_is_taken() {
        assert_eq!(tier(&only(["json", "re"]), &Allow::none()), Tier::Strict);
        assert_eq!(tier(&only(["json", "threading"]), &Allow::none()), Tier::Threads);
        assert_eq!(tier(&Allow::All, &Allow::none()), Tier::Files);
        assert_eq!(tier(&only(["threading"]), &Allow::All), Tier::Files);
    }

    #[test]
    fn finite_lists_are_imported_ahead() {
        let always = [Entry { name: "_strptime".into(), reason: "late".into() }];
        let modules = preload(&only(["json", "os.path", "", "1x"]), &Allow::All, &always);
        assert_eq!(modules, ["_strptime", "json"]);
    }
}
