//! What the allow lists need of the sandbox.

use crate::allow::Allow;

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
const THREADED: [&str; 4] = ["threading", "concurrent", "asyncio", "_thread"];

pub(crate) fn tier(stdlib: &Allow, external: &Allow) -> Tier {
    match (stdlib, external) {
        (Allow::All, _) | (_, Allow::All) => Tier::Files,
        (Allow::Only(names), Allow::Only(_)) if THREADED.iter().any(|module| names.contains(*module)) => Tier::Threads,
        _ => Tier::Strict,
    }
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
}
