//! What a case is, and what it runs on.

use std::future::Future;
use std::pin::Pin;
use std::sync::{LazyLock, Mutex, PoisonError};

use libtest_mimic::Trial;
use tokio::runtime::Runtime;

use crate::stage::Stage;

/// The event loop of brokers and cases.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("an event loop"));

/// One case. Its name begins with the section it is about.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// It is about something that the runner does not have yet: it is run when asked for, with `--ignored`.
    pub(crate) waits: bool,
    run: Run,
}

type Pending<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;
type OnStage = for<'a> fn(&'a Stage) -> Pending<'a>;

#[derive(Clone, Copy)]
enum Run {
    /// Starts the program as it needs it, to its end.
    Program(fn()),
    /// Has brokers and runners of its own.
    Alone(fn() -> Pending<'static>),
    /// Shares a registered runner with others, one after the other.
    Shared(Shared, OnStage),
}

/// The runners that cases share.
#[derive(Clone, Copy)]
pub(crate) enum Shared {
    /// Nothing is set but broker and token.
    Plain,
    /// Some modules are allowed, and of the built-ins those that the default denies.
    Modules,
    /// Both allow lists are the wildcard.
    Open,
}

/// Those that run, in the order of [`Shared`].
static SHARED: [Mutex<Option<Stage>>; 3] = [const { Mutex::new(None) }; 3];

impl Shared {
    fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Plain => &[],
            Self::Modules => &[
                (
                    "N8N_RUNNERS_STDLIB_ALLOW",
                    "re, json,collections,contextlib,datetime,decimal,enum,functools,importlib,io,logging,math,os,pathlib,string,\
                     sys,threading,time,uuid,warnings",
                ),
                ("N8N_RUNNERS_EXTERNAL_ALLOW", "no_such_package"),
                ("N8N_RUNNERS_BUILTINS_DENY", ""),
            ],
            Self::Open => &[("N8N_RUNNERS_STDLIB_ALLOW", "*"), ("N8N_RUNNERS_EXTERNAL_ALLOW", "*")],
        }
    }
}

impl Case {
    pub(crate) fn program(name: &'static str, case: fn()) -> Self {
        Self { name, waits: false, run: Run::Program(case) }
    }

    pub(crate) fn alone(name: &'static str, case: fn() -> Pending<'static>) -> Self {
        Self { name, waits: false, run: Run::Alone(case) }
    }

    pub(crate) fn shared(name: &'static str, runner: Shared, case: OnStage) -> Self {
        Self { name, waits: false, run: Run::Shared(runner, case) }
    }

    #[allow(dead_code, reason = "used by whoever writes a case before what it is about")]
    pub(crate) fn waiting(self) -> Self {
        Self { waits: true, ..self }
    }

    pub(crate) fn into_trial(self) -> Trial {
        let waits = self.waits;
        let trial = Trial::test(self.name, move || {
            match self.run {
                Run::Program(case) => case(),
                Run::Alone(case) => RUNTIME.block_on(case()),
                Run::Shared(runner, case) => on_shared(runner, case),
            }
            Ok(())
        });
        trial.with_ignored_flag(waits)
    }
}

/// A case that fails takes its runner with it: the next one must not suffer from what it left behind.
fn on_shared(runner: Shared, case: OnStage) {
    let mut place = SHARED[runner as usize].lock().unwrap_or_else(PoisonError::into_inner);
    let stage = place.take();
    let stage = RUNTIME.block_on(async {
        let mut stage = match stage {
            Some(stage) => stage,
            None => Stage::start(runner.variables()).await,
        };
        stage.settle().await;
        case(&stage).await;
        stage
    });
    *place = Some(stage);
}

/// To be called when no case runs any more.
pub(crate) fn end_shared_runners() {
    let _runtime = RUNTIME.enter();
    for place in &SHARED {
        drop(place.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// The cases of a file, by what they run on: `program`, `alone`, or one of [`Shared`]; `waiting` behind it is for those that
/// hold only when the runner has what it does not have yet.
macro_rules! cases {
    ($($on:ident $($waiting:ident)? : $($name:ident),+ $(,)?);+ $(;)?) => {
        pub(crate) fn cases() -> Vec<crate::suite::Case> {
            [$(cases!(@@ ($($waiting)?) $on $($name)+)),+].concat()
        }
    };
    (@@ () $on:ident $($name:ident)+) => { vec![$(cases!(@ $on $name)),+] };
    (@@ (waiting) $on:ident $($name:ident)+) => { vec![$(cases!(@ $on $name).waiting()),+] };
    (@ program $name:ident) => { crate::suite::Case::program(stringify!($name), $name) };
    (@ alone $name:ident) => { crate::suite::Case::alone(stringify!($name), || Box::pin($name())) };
    (@ $on:ident $name:ident) => {
        crate::suite::Case::shared(stringify!($name), crate::suite::Shared::$on, |stage| Box::pin($name(stage)))
    };
}
