//! What a task finds around it does not depend on where and as whom the runner runs: variables, folders, language, encoding. What
//! does, time zone and clock, is what the operator says; what differs from run to run has to.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod page;
    pub(crate) mod sandbox;
}

use std::collections::BTreeSet;

use common::page::{allowed, code, rows};
use common::sandbox::User;
use common::sandbox::runner::{Runner, Setup, settings};
use serde_json::{Value, json, value::to_raw_value};

/// What an operator's shell or container may say to Python and to the C library, none of it meant for tasks.
const ODD: [(&str, &str); 16] = [
    ("LANG", "de_DE.UTF-8"),
    ("LC_ALL", "tr_TR.ISO-8859-9"),
    ("LANGUAGE", "de"),
    ("HOME", "/somewhere"),
    ("TMPDIR", "/dev/shm"),
    ("USER", "somebody"),
    ("PYTHONHASHSEED", "0"),
    ("PYTHONUTF8", "0"),
    ("PYTHONIOENCODING", "latin-1"),
    ("PYTHONPATH", "/somewhere"),
    ("PYTHONOPTIMIZE", "2"),
    ("PYTHONWARNINGS", "error"),
    ("PYTHONINTMAXSTRDIGITS", "640"),
    ("PYTHONTZPATH", "/somewhere"),
    ("PYTHONCOERCECLOCALE", "0"),
    ("STAGE", "the runner's"),
];

/// A runner at home, and one that is not.
fn hosts(user: User) -> [Setup; 2] {
    let plain = Setup { concurrency: 1, ..Setup::new(user).stdlib(&allowed()).default_builtins() };
    let odd = ODD.iter().fold(plain.clone(), |setup, (name, value)| setup.variable(name, value));
    [plain, Setup { before: "umask 0; cd /tmp; ulimit -s 1024".into(), ..odd }]
}

/// Code that gives the value of each expression, or the name of what it raises; the same in both modes.
fn probe(expressions: &[&str]) -> String {
    let mut lines: Vec<String> = allowed().split(',').map(|module| format!("import {module}")).collect();
    lines.push("found = []".into());
    for expression in expressions {
        lines.push(format!("try:\n    found.append({expression})"));
        lines.push("except Exception as error:\n    found.append(repr(error).split('(')[0])".into());
    }
    lines.push("return {'json': found}".into());
    lines.join("\n")
}

/// What the expressions are for a task, in both modes, which must agree.
async fn found(runner: &Runner, expressions: &[&str]) -> Vec<Value> {
    let code = probe(expressions);
    let all = runner.task(&code, &json!([])).await.expect("the probe runs");
    let each = each(runner, &code, 1).await;
    assert_eq!(all["json"], each[0]["json"], "both modes");
    all["json"].as_array().expect("a list").clone()
}

/// A task that runs once for each of so many items.
async fn each(runner: &Runner, code: &str, items: usize) -> Value {
    let mut settings: Value =
        serde_json::from_str(settings(code, &json!(vec![json!({"json": {}}); items])).get()).unwrap();
    settings["nodeMode"] = "runOnceForEachItem".into();
    let task = runner.broker.begin_task().await.expect("an offer");
    task.send_settings(&to_raw_value(&settings).unwrap());
    common::sandbox::runner::outcome(task).await.expect("the code runs")
}

#[tokio::test]
async fn every_line_of_the_pages_table_holds_on_every_host_and_for_every_user() {
    let table = rows("Surroundings", 4);
    let lines: Vec<(&str, Value)> = table.iter().map(|row| (code(&row[2]).expect("code"), told(&row[3]))).collect();
    assert!(lines.len() >= 19, "{lines:?}");
    let expressions: Vec<&str> = lines.iter().map(|(expression, _)| *expression).collect();
    for user in User::all() {
        for setup in hosts(user) {
            let runner = Runner::start(setup).await;
            let found = found(&runner, &expressions).await;
            for ((expression, told), found) in lines.iter().zip(found) {
                assert_eq!(*told, found, "{user:?}: {expression}");
            }
        }
    }
}

/// JSON, or the name of an exception.
fn told(cell: &str) -> Value {
    let text = code(cell).expect("a result");
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

#[tokio::test]
async fn local_time_is_that_of_the_runners_variable() {
    // Of January and July; what a zone's name stands for; and what is one to the C library without any file.
    let cases = [
        ("Europe/Berlin", [1, 2]),
        (":America/New_York", [-5, -4]),
        ("Asia/Kathmandu", [5, 5]),
        ("CET-1CEST,M3.5.0,M10.5.0/3", [1, 2]),
        ("UTC", [0, 0]),
    ];
    let hour = |month: u32| {
        format!("datetime.datetime(2025, {month}, 15).astimezone().utcoffset() // datetime.timedelta(hours=1)")
    };
    let by_the_library = "time.mktime((2025, 7, 15, 0, 0, 0, 0, 0, -1)) == datetime.datetime(2025, 7, 15).timestamp()";
    for user in User::all() {
        for (zone, offsets) in cases {
            let runner = Runner::start(hosts(user)[0].clone().variable("TZ", zone)).await;
            // A variable that tells the zone is for the C library alone.
            let found = found(&runner, &[&hour(1), &hour(7), by_the_library, "dict(os.environ)"]).await;
            assert_eq!(found, [json!(offsets[0]), json!(offsets[1]), json!(true), json!({})], "{user:?}: {zone}");
            assert!(!runner.log().contains("TZ is"), "{}", runner.log());
        }
        let runner = Runner::start(hosts(user)[0].clone().variable("TZ", "Europe/Atlantis")).await;
        assert_eq!(found(&runner, &[&hour(7)]).await, [json!(0)]);
        assert!(runner.log().contains("TZ is 'Europe/Atlantis': there is no such time zone"), "{}", runner.log());
    }
}

#[tokio::test]
async fn variables_are_seen_where_the_operator_says_so() {
    // What the shell that starts the runner sets is not of interest.
    let seen =
        "sorted(name for name in os.environ if not name.startswith(('N8N_', 'PALISADE_', 'OLDPWD', 'SHLVL', '_')))";
    let secrets = "[name for name in os.environ if 'TOKEN' in name]";
    let all: BTreeSet<&str> = ODD.iter().map(|(name, _)| *name).chain(["A_SECRET_OF_THE_HOST", "PWD"]).collect();
    let cases = [
        (vec![("N8N_BLOCK_RUNNER_ENV_ACCESS", "true")], json!([])),
        (vec![("N8N_BLOCK_RUNNER_ENV_ACCESS", "false")], json!(all)),
        (vec![("N8N_RUNNER_ENV_ALLOW", "STAGE,LANG,N8N_RUNNERS_GRANT_TOKEN")], json!(["LANG", "STAGE"])),
    ];
    for (variables, expected) in cases {
        let setup =
            variables.iter().fold(hosts(User::Ordinary)[1].clone(), |setup, (name, value)| setup.variable(name, value));
        let runner = Runner::start(setup).await;
        // They say something, and do nothing: neither language nor time follows them.
        let found =
            found(&runner, &[seen, secrets, "locale.getpreferredencoding()", "time.localtime(0).tm_hour"]).await;
        assert_eq!(found, [expected, json!([]), json!("utf-8"), json!(0)], "{variables:?}");
    }
}

#[tokio::test]
async fn nothing_that_a_run_changes_is_there_for_the_next() {
    let change = "import os, random, decimal, locale, time, sys\n\
        before = [os.environ.get('STAGE'), decimal.getcontext().prec, sys.getrecursionlimit(), random.getstate()[2]]\n\
        os.environ['STAGE'] = 'changed'\nos.environ['TZ'] = 'EST5'\ntime.tzset()\ndecimal.getcontext().prec = 5\n\
        random.gauss(0, 1)\nsys.setrecursionlimit(500)\nreturn {'json': [*before, time.localtime(0).tm_hour]}";
    let runner = Runner::start(hosts(User::Ordinary)[0].clone()).await;
    for _ in 0..3 {
        assert_eq!(runner.task(change, &json!([])).await, Ok(json!({"json": [null, 28, 1000, null, 19]})));
    }
    // The items of one run share a process, and what is of the process.
    let items = each(&runner, change, 2).await;
    assert_eq!(items[0]["json"], json!([null, 28, 1000, null, 19]));
    assert_eq!(items[1]["json"].as_array().unwrap()[..3], [json!("changed"), json!(5), json!(500)]);
}

/// Different in every run, whatever the runner was told.
const DIFFER: [&str; 11] = [
    "random.random()",
    "random.getrandbits(64)",
    "random.Random().random()",
    "random.SystemRandom().random()",
    "secrets.token_hex()",
    "os.urandom(8).hex()",
    "uuid.uuid4()",
    "uuid.uuid1()",
    "uuid.uuid1().node",
    "uuid.getnode()",
    "tempfile.mktemp(dir='/')",
];

/// The same in every run of every runner.
const SAME: [&str; 6] = [
    "random.Random(7).random()",
    "random.seed(7) or [random.random(), random.sample(range(100), 5)]",
    "uuid.uuid5(uuid.NAMESPACE_DNS, 'n8n.io')",
    "hashlib.sha256(b'a').hexdigest()",
    "[hash(5), hash(1.5), hash(decimal.Decimal('1.5'))]",
    "list(dict.fromkeys('n8n palisade'))",
];

/// The same for the children of one forkserver, and another one for those of the next.
const OF_THE_FORKSERVER: [&str; 2] = ["[hash('n8n'), hash(b'n8n')]", "list({str(number) for number in range(50)})"];

#[tokio::test]
async fn random_numbers_differ_between_runs_and_seeded_ones_do_not() {
    let expressions = [&DIFFER[..], &SAME, &OF_THE_FORKSERVER].concat();
    for user in User::all() {
        let mut runs = Vec::new();
        for setup in hosts(user) {
            let runner = Runner::start(setup).await;
            // Nothing between them but the fork.
            for _ in 0..3 {
                let answer = runner.task(&probe(&expressions), &json!([])).await.expect("the probe runs");
                runs.push(answer["json"].as_array().expect("a list").clone());
            }
        }
        for (index, expression) in expressions.iter().enumerate() {
            let values: Vec<String> = runs.iter().map(|run| run[index].to_string()).collect();
            assert!(!values[0].contains("Error"), "{expression}: {values:?}");
            let different = values.iter().collect::<BTreeSet<_>>().len();
            let expected = if DIFFER.contains(expression) { runs.len() } else { 1 };
            if OF_THE_FORKSERVER.contains(expression) {
                assert!(values[..3].iter().all(|value| *value == values[0]), "{user:?}: {expression}: {values:?}");
                assert_ne!(values[0], values[3], "{user:?}: {expression}");
            } else {
                assert_eq!(different, expected, "{user:?}: {expression}: {values:?}");
            }
        }
    }
}
