//! One task, from its settings to its one answer.
//!
//! Analysis, a sealed and verified child, code and items down its socket, frames up, an end that cannot be missed. What
//! comes up is made by an attacker: bounded, typed, and believed in nothing but its own result.

mod conversation;
pub mod rehearsal;

use std::future::pending;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use palisade_analyzer::{Bound, Verdict as Analysis};
use palisade_channel::control::How;
use palisade_channel::message::{Failure, Purpose, TaskHead};
use palisade_sandbox::verify::{NotVerified, Status};
use tokio::task::yield_now;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use self::conversation::{Conversation, End};
use crate::advice;
use crate::budget::Room;
use crate::engine::{Engine, Profile};
use crate::execute::{Answer, Report, Task, WrittenLine};
use crate::forkserver::Death;
use crate::frame::{Items, Settings};
use crate::logging::one_line;
use crate::observe::{TaskNames, labels, security};
use crate::pool::{Child, LastBreath};
use crate::verdict::{Code, Outcome, verdict};

/// How often memory and threads of a running task are looked at. Memory can grow by a few MiB in this time.
const LOOK: Duration = Duration::from_millis(10);

/// What a child may touch without mapping it: heap and stack that were mapped, but not resident, when it was sealed. With it
/// and the page tables of the limit itself (a 64th is generous), `RLIMIT_AS` is met first by code that just needs too much, and
/// Python raises a MemoryError.
const MAPPED_AT_SEAL: u64 = 8 * 1024 * 1024;

/// Percent of the limit of CPU time at which its end is taken for the kernel's word. The limit is held against ticks, the
/// account is exact: on a busy virtual machine 6.0 and 5.3 seconds were seen of one process.
const CLOCKS_DIFFER: u32 = 80;

/// So many looks in a row may fail: a process that ends is unreadable for a moment.
const MOST_UNREADABLE: u32 = 100;

/// Longest name of an audit event that is passed on.
const LONGEST_EVENT: usize = 64;

/// How long a child that closed its socket may take to end by itself.
const END_BY_ITSELF: Duration = Duration::from_millis(250);

/// Runs one task with this profile. Whatever happens becomes one answer; whatever started is dead or dying when it is there.
/// So many spares as `leave` says it leaves for others, and waits for one more.
pub(crate) async fn run(
    engine: &Engine,
    profile: &Profile,
    mut task: Task,
    cancel: &CancellationToken,
    leave: usize,
) -> Answer {
    // Nobody needs them once the child has them.
    let items = std::mem::take(&mut task.settings.items);
    let settings = &*task.settings;
    let mut report = Report { profile: Some(profile.name.clone()), ..Report::default() };
    let mut said = Said::default();
    let outcome = tokio::select! {
        outcome = attempt(engine, profile, settings, items, leave, &mut report, &mut said) => outcome,
        // The child was dropped with the attempt, and that killed it.
        () = cancel.cancelled() => Outcome::Cancelled,
    };
    report.killed_by = labels::killed_by(&outcome);
    if let Outcome::Failed(Failure::AnalyzerGap { gaps }) = &outcome {
        report.refused_by = vec![labels::ANALYZER_GAP];
        security::analyzer_gap(&TaskNames::of(&task.id, settings), &settings.code, gaps);
    }
    if let Outcome::Tripped { event } = &outcome {
        security::tripped(&TaskNames::of(&task.id, settings), &settings.code, event);
    }
    let code = Code { text: &settings.code, mode: settings.node_mode };
    let advice = profile.advisor.about(&outcome);
    let verdict = verdict(outcome, code, settings.continue_on_fail, profile.limits.memory);
    Answer {
        prints: said.prints,
        omitted_prints: said.omitted,
        omitted_is_least: said.omitted_is_least,
        written: said.written,
        omitted_lines: said.omitted_lines,
        room: said.room,
        verdict: advice::attach(verdict, advice),
        report,
    }
}

/// What a task said before its end; it is kept whatever the end is.
#[derive(Debug, Default)]
struct Said {
    prints: Vec<palisade_channel::message::Print>,
    omitted: u64,
    /// Whether it was still to tell of more of them.
    omitted_is_least: bool,
    written: Vec<WrittenLine>,
    omitted_lines: u64,
    trapped: Option<i64>,
    /// The audit event that it ended at, as it says.
    tripped: Option<String>,
    /// What prints and result hold of the memory for all answers.
    room: Room,
    /// Length of a result that waits for room.
    waits_for: Option<u64>,
}

async fn attempt(
    engine: &Engine,
    profile: &Profile,
    settings: &Settings,
    items: Items,
    leave: usize,
    report: &mut Report,
    said: &mut Said,
) -> Outcome {
    let mut clock = Clock(Instant::now());
    let analysis = engine.analyze(profile, &settings.code).await;
    report.stages.push(("analyze", clock.lap()));
    report.refused_by = labels::rules(&analysis);
    let purpose = match &*analysis {
        Analysis::Clean => Purpose::Run,
        // CPython words the error, in a sealed child, without running anything.
        Analysis::Unparsable(_) => Purpose::CheckSyntax,
        Analysis::Refused(violations) => return Outcome::Refused(violations.clone()),
        Analysis::NulByte => return Outcome::Unjudged("source code string cannot contain null bytes".into()),
        Analysis::Exceeded(exceeded) if exceeded.bound == Bound::CodeBytes => {
            return Outcome::Unjudged(format!("{exceeded} (policy: limits.code_bytes)"));
        }
        Analysis::Exceeded(exceeded) => return Outcome::Unjudged(exceeded.to_string()),
        Analysis::Failed(failure) => return Outcome::Unjudged(failure.to_string()),
    };

    let child = match profile.pool.take_leaving(leave).await {
        Ok(child) => child,
        Err(why) => return Outcome::NoChild(why),
    };
    report.stages.push(("wait", clock.lap()));
    report.layers = child.layers();
    report.without = child.without(&profile.settled);
    report.child_pid = Some(child.pid);

    let head = TaskHead {
        mode: settings.node_mode,
        purpose,
        max_prints: profile.limits.prints,
        max_print_bytes: profile.limits.print_bytes,
        max_result_bytes: profile.limits.result,
        non_finite: profile.non_finite,
        env: engine.env.clone(),
    };
    let outcome = supervise(engine, profile, child, &head, (settings, items), said).await;
    report.stages.push(("run", clock.lap()));
    outcome
}

/// Lets the child work, within its time and its memory.
async fn supervise(
    engine: &Engine,
    profile: &Profile,
    child: Child,
    head: &TaskHead,
    (settings, items): (&Settings, Items),
    said: &mut Said,
) -> Outcome {
    let limit = engine.timeout;
    let watch = watch(&child, profile.limits.memory, profile.limits.threads);
    let end = tokio::select! {
        end = Conversation::new(&child.socket, head, &engine.budget, said).run(settings, items) => Some(end),
        () = sleep(limit) => None,
        watched = watch => return match watched {
            Watched::Grown => Outcome::OutOfMemory { limit: profile.limits.memory },
            Watched::Threads => Outcome::TooManyThreads { limit: profile.limits.threads },
            Watched::Unreadable(why) => Outcome::Violation(format!("its memory cannot be measured: {why}")),
        },
    };
    let Some(end) = end else {
        return match said.waits_for {
            Some(needed) => Outcome::NoRoom { needed, limit: engine.budget.bytes(), has_waited: true },
            None => Outcome::TimedOut(limit),
        };
    };
    match end {
        // Its answer was complete. All other ends kill the child on return.
        End::Done(result) => {
            end_after_the_answer(child);
            Outcome::Done(result)
        }
        End::Failed(failure) => Outcome::Failed(*failure),
        End::NeverFits { needed } => Outcome::NoRoom { needed, limit: engine.budget.bytes(), has_waited: false },
        End::Violation(what) => Outcome::Violation(what),
        End::Closed => {
            let cpu_limit = child.cpu_limit();
            match child.end_within(END_BY_ITSELF).await {
                LastBreath::Killed => Outcome::HungUp,
                LastBreath::ByItself(death) => match said.tripped.take() {
                    Some(event) => Outcome::Tripped { event: one_line(&event, LONGEST_EVENT) },
                    None => died(death, cpu_limit, said.trapped),
                },
            }
        }
    }
}

/// Kills a child when what is ready to be done has been done, its answer's frame among that: to take its memory apart costs
/// the kernel more than the whole answer does the runner. A turn of the event loop later, and at its end, it is dead.
fn end_after_the_answer(child: Child) {
    tokio::spawn(async move {
        yield_now().await;
        drop(child);
    });
}

/// A process that ended without an answer. The kernel kills one that reaches its limit of CPU time, as it is the hard limit.
fn died(death: Option<Death>, cpu_limit: Option<u64>, trapped: Option<i64>) -> Outcome {
    match (death, cpu_limit) {
        (Some(Death { how: How::Signaled(signal), cpu }), Some(limit))
            if signal == Signal::SIGKILL as i32 && cpu >= Duration::from_secs(limit) * CLOCKS_DIFFER / 100 =>
        {
            Outcome::OutOfCpuTime { limit }
        }
        _ => Outcome::Died { how: death.map(|death| death.how), trapped },
    }
}

/// Ends when the process has grown beyond a limit.
///
/// Threads: `RLIMIT_NPROC` bounds them only where a child has a user id of its own, and each costs the kernel memory that no
/// limit counts. Memory: `RLIMIT_AS` bounds what it maps, but not its page tables, of which one for each GiB touched is real
/// memory. A process that has ended needs no bound, though its answer may still be on its way. One that lives and cannot be
/// read cannot be bounded.
async fn watch(child: &Child, limit: u64, threads: u32) -> Watched {
    let most = child.seen.footprint.saturating_add(limit).saturating_add(limit / 64).saturating_add(MAPPED_AT_SEAL);
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut unreadable = 0;
    loop {
        ticks.tick().await;
        match Status::of(child.pid).and_then(|status| Ok((status.footprint()?, status.threads()?))) {
            Ok((footprint, _)) if footprint > most => return Watched::Grown,
            Ok((_, running)) if running > threads => return Watched::Threads,
            Ok(_) => unreadable = 0,
            Err(_) if child.has_ended() => return pending().await,
            Err(why) if unreadable == MOST_UNREADABLE => return Watched::Unreadable(why),
            Err(_) => unreadable += 1,
        }
    }
}

/// Why the watch over a task ended.
enum Watched {
    Grown,
    Threads,
    Unreadable(NotVerified),
}

struct Clock(Instant);

impl Clock {
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now - self.0;
        self.0 = now;
        lap
    }
}
