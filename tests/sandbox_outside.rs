//! The seal of an idle spare, and the jail it comes from, as the kernel shows them to somebody outside of both.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod sandbox;
}

use std::collections::HashSet;

use common::sandbox::process::Process;
use common::sandbox::runner::{Runner, Setup};
use common::sandbox::{User, skip};
use nix::unistd::getuid;

const NO_CAPABILITY: &str = "0000000000000000";

/// What the forkserver's environment consists of, besides the time zone: how many arenas and threads libraries make.
const ENVIRONMENT: [(&str, &str); 10] = [
    ("BLIS_NUM_THREADS", "1"),
    ("LD_BIND_NOW", "1"),
    ("MALLOC_ARENA_MAX", "2"),
    ("MKL_NUM_THREADS", "1"),
    ("NUMBA_NUM_THREADS", "1"),
    ("NUMEXPR_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("POLARS_MAX_THREADS", "1"),
    ("RAYON_NUM_THREADS", "1"),
];

#[tokio::test]
async fn idle_spares_are_sealed_and_nobody_below_the_supervisor_knows_its_token() {
    for user in User::all() {
        for setup in [Setup::new(user), Setup::new(user).everything(), Setup::new(user).without_namespaces()] {
            let runner = Runner::start(Setup { concurrency: 3, ..setup }).await;
            let (forkserver, spares) = runner.filled().await;
            the_forkserver_is_in_jail(&runner, forkserver);
            for spare in &spares {
                the_spare_is_sealed(&runner, forkserver, *spare);
            }
            the_ids_are_as_planned(user, &spares);
            the_token_stays_above(&runner, forkserver, &spares);
            runner.ordinary_task("being looked at").await;
        }
    }
}

/// A page that a child writes to is copied for it, and a page that it reads is mapped for it, each with a fault: they are most of
/// what a child costs. There were 450 before the forkserver left its memory as `settle` in crates/zygote says, 230 after
/// it, and are 150.
#[tokio::test]
async fn a_spare_has_written_to_few_of_its_forkservers_pages() {
    const MOST: u64 = 230;
    let runner = Runner::start(Setup { concurrency: 3, ..Setup::new(User::all()[0]) }).await;
    let (_, spares) = runner.filled().await;
    assert!(!spares.is_empty());
    for spare in spares {
        let stat = String::from_utf8(spare.read("stat")).unwrap();
        let (_, after_name) = stat.rsplit_once(')').unwrap();
        // minflt (proc_pid_stat(5)), the eighth after the name.
        let faults: u64 = after_name.split_whitespace().nth(7).unwrap().parse().unwrap();
        assert!((1..=MOST).contains(&faults), "{faults} faults until it was ready");
    }
}

fn number(process: Process, field: &str) -> u64 {
    process.status(field).parse().unwrap()
}

fn capabilities(process: Process, set: &str) -> u64 {
    u64::from_str_radix(&process.status(set), 16).unwrap()
}

fn the_forkserver_is_in_jail(runner: &Runner, forkserver: Process) {
    let filters = number(runner.supervisor, "Seccomp_filters");
    assert_eq!(number(forkserver, "Seccomp_filters"), filters + 2);
    assert_eq!(number(forkserver, "Threads"), 1);
    assert_eq!(forkserver.status("NoNewPrivs"), "1");
    let slots = runner.supervisor.status("Uid").starts_with("0 ");
    // CAP_KILL, CAP_SETGID and CAP_SETUID, by linux/capability.h.
    let kept = if slots { 1 << 5 | 1 << 6 | 1 << 7 } else { 0 };
    for set in ["CapPrm", "CapEff"] {
        assert_eq!(capabilities(forkserver, set), kept, "{set} of the forkserver");
    }
    if !getuid().is_root() {
        skip("the environment of a process that is not dumpable is shown to root only");
        return;
    }
    let environment = forkserver.read("environ");
    let text = String::from_utf8(environment).unwrap();
    let mut names: Vec<_> = text.split_terminator('\0').map(|pair| pair.split_once('=').unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ENVIRONMENT, "the forkserver's environment");
}

fn the_spare_is_sealed(runner: &Runner, forkserver: Process, spare: Process) {
    assert_eq!(spare.status("Threads"), "1");
    assert_eq!(spare.status("NoNewPrivs"), "1");
    assert_eq!(spare.status("Seccomp"), "2");
    assert_eq!(number(spare, "Seccomp_filters"), number(runner.supervisor, "Seccomp_filters") + 3);
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(spare.status(set), NO_CAPABILITY, "{set} of a spare");
    }
    let beyond = capabilities(spare, "CapBnd") & !capabilities(forkserver, "CapBnd");
    assert_eq!(beyond, 0, "capabilities a spare could gain and the forkserver could not");
    if getuid().is_root() {
        let descriptors = spare.descriptors();
        let [(3, leads_to)] = &descriptors[..] else { panic!("descriptors of a spare: {descriptors:?}") };
        assert!(leads_to.starts_with("socket:"), "{leads_to}");
    } else {
        skip("descriptors of a process that is not dumpable are shown to root only");
    }
}

fn the_ids_are_as_planned(user: User, spares: &[Process]) {
    let mut seen = HashSet::new();
    for spare in spares {
        let (uids, gids) = (spare.status("Uid"), spare.status("Gid"));
        let ids: HashSet<u32> = uids.split(' ').chain(gids.split(' ')).map(|id| id.parse().unwrap()).collect();
        let [id] = ids.iter().copied().collect::<Vec<_>>()[..] else { panic!("ids of a spare differ: {ids:?}") };
        match user {
            User::Root => {
                assert!(id > 60_000, "{id} may belong to somebody");
                assert!(seen.insert(id), "{id} is given to two spares");
            }
            User::Ordinary => assert_eq!(id, user.uid()),
        }
        if getuid().is_root() {
            assert_eq!(spare.status("Groups"), "", "supplementary groups of a spare");
        }
    }
}

fn the_token_stays_above(runner: &Runner, forkserver: Process, spares: &[Process]) {
    if !getuid().is_root() {
        skip("memory of a process that is not dumpable is shown to root only");
        return;
    }
    let token = runner.token.as_bytes();
    // Without this, a search that finds nothing would prove nothing.
    assert!(runner.supervisor.occurrences_in_memory(&runner.token) > 0, "the supervisor must know its token");
    // One spare is as good as all: they are copies of one process.
    for process in spares.iter().take(1).chain([&forkserver]) {
        for file in ["environ", "cmdline"] {
            let text = process.read(file);
            assert!(!text.windows(token.len()).any(|window| window == token), "the token is in {file} of {process:?}");
        }
        assert_eq!(process.occurrences_in_memory(&runner.token), 0, "the token is in the memory of {process:?}");
    }
}
