//! Section 1: what each variable may hold, without a broker.

use std::fs;

use palisade::config::variables::TABLE;
use tempfile::TempDir;

use crate::program::{assert_refused, palisade, text};

cases! {
    program:
        s1_every_value_that_cannot_be_used_is_one_line_and_code_1,
        s1_numbers_are_as_python_reads_them,
        s1_floats_have_to_be_floats,
        s1_every_file_that_cannot_be_read_is_named,
        s1_a_value_wins_over_its_file_even_when_empty,
        s1_a_value_from_a_file_is_trimmed,
        s1_two_variables_have_no_file,
        s1_checks_come_in_order,
        s1_allow_lists_are_split_and_trimmed,
        s1_a_wildcard_stands_alone,
        s1_defaults_are_as_described,
        s1_unknown_variables_of_ours_are_warned_of,
        s12_23_numbers_and_files_are_one_line_and_no_traceback,
        s12_27_a_broker_without_a_scheme_is_refused,
        s12_35_other_values_than_true_and_false_are_warned_of;
}

/// Passes all checks of variables, and ends for want of an interpreter.
#[track_caller]
fn assert_accepted(variables: &[(&str, &str)]) {
    let output = palisade(variables).output().unwrap();
    let stdout = text(&output.stdout);
    assert!(stdout.contains("/nonexistent/python3"), "{variables:?}: {stdout}");
}

fn s1_every_value_that_cannot_be_used_is_one_line_and_code_1() {
    let missing = palisade(&[]).env_remove("N8N_RUNNERS_GRANT_TOKEN").output().unwrap();
    assert_refused(&missing, "Environment variable N8N_RUNNERS_GRANT_TOKEN is required");
    for (name, value, line) in [
        ("N8N_RUNNERS_GRANT_TOKEN", "", "Environment variable N8N_RUNNERS_GRANT_TOKEN is required"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "0", "Task timeout must be positive, got 0"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "-5", "Task timeout must be positive, got -5"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "-1", "Auto shutdown timeout must be non-negative, got -1"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "0", "Graceful shutdown timeout must be positive, got 0"),
        (
            "N8N_RUNNERS_MAX_PAYLOAD",
            "4294967296",
            "Max payload size of 4294967296 bytes exceeds pipe message limit of 4294967295 bytes. Reduce \
             N8N_RUNNERS_MAX_PAYLOAD.",
        ),
        (
            "N8N_RUNNER_ENV_ALLOW",
            "*,HOME",
            "Wildcard '*' in N8N_RUNNER_ENV_ALLOW must be used alone, not with other modules. Got: *, HOME",
        ),
        // Also while the server is disabled.
        (
            "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
            "65536",
            "Invalid health check configuration: Port must be between 0 and 65535, got 65536",
        ),
        (
            "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
            "-1",
            "Invalid health check configuration: Port must be between 0 and 65535, got -1",
        ),
    ] {
        assert_refused(&palisade(&[(name, value)]).output().unwrap(), line);
    }
    for (name, value) in [
        ("N8N_RUNNERS_MAX_PAYLOAD", "4294967295"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "0"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "65535"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "-3"),
    ] {
        assert_accepted(&[(name, value)]);
    }
    // Ignored where nothing is blocked.
    assert_accepted(&[("N8N_RUNNER_ENV_ALLOW", "*,HOME"), ("N8N_BLOCK_RUNNER_ENV_ACCESS", "false")]);
}

const NUMBERS: [&str; 6] = [
    "N8N_RUNNERS_MAX_CONCURRENCY",
    "N8N_RUNNERS_MAX_PAYLOAD",
    "N8N_RUNNERS_TASK_TIMEOUT",
    "N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT",
    "N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT",
    "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
];

fn s1_numbers_are_as_python_reads_them() {
    for name in NUMBERS {
        for value in ["", " ", "1.5", "1__0", "_1", "1_", "five", "0x10", "1e3"] {
            let line = format!("Environment variable {name} must be an integer, got '{value}'");
            assert_refused(&palisade(&[(name, value)]).output().unwrap(), &line);
        }
        for value in [" 7 ", "+7", "1_0", "007", "\t7\n"] {
            assert_accepted(&[(name, value)]);
        }
    }
    let negative = palisade(&[("N8N_RUNNERS_TASK_TIMEOUT", " -1_0 ")]).output().unwrap();
    assert_refused(&negative, "Task timeout must be positive, got -10");
}

fn s1_floats_have_to_be_floats() {
    for name in ["N8N_SENTRY_TRACES_SAMPLE_RATE", "N8N_SENTRY_PROFILES_SAMPLE_RATE"] {
        for value in ["half", "", "1,5"] {
            // Also without a DSN.
            let line = format!("Environment variable {name} must be a float, got '{value}'");
            assert_refused(&palisade(&[(name, value)]).output().unwrap(), &line);
        }
        for value in ["0", "0.25", " 1 ", "1e-3"] {
            assert_accepted(&[(name, value)]);
        }
    }
}

fn s1_every_file_that_cannot_be_read_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    for variable in TABLE.iter().filter(|variable| variable.from_file) {
        let name = variable.name;
        for (file, cause) in [
            ("/nonexistent/file", "[Errno 2] No such file or directory: '/nonexistent/file'".to_owned()),
            (path, format!("[Errno 21] Is a directory: '{path}'")),
        ] {
            let line = format!("Failed to read {name}_FILE from file {file}: {cause}");
            let mut command = palisade(&[(&format!("{name}_FILE"), file)]);
            assert_refused(&command.env_remove(name).output().unwrap(), &line);
        }
    }
    let latin = folder.path().join("latin");
    fs::write(&latin, b"caf\xe9").unwrap();
    let latin = latin.to_str().unwrap();
    let output = palisade(&[("N8N_RUNNERS_ID_FILE", latin)]).output().unwrap();
    assert_refused(&output, &format!("Failed to read N8N_RUNNERS_ID_FILE from file {latin}: not UTF-8 from byte 3 on"));
}

/// A folder with a file that holds this.
fn file(content: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("value");
    fs::write(&file, content).unwrap();
    let path = file.to_str().unwrap().to_owned();
    (folder, path)
}

fn s1_a_value_wins_over_its_file_even_when_empty() {
    let (_folder, five) = file("5");
    let both = [("N8N_RUNNERS_TASK_TIMEOUT_FILE", five.as_str()), ("N8N_RUNNERS_TASK_TIMEOUT", "")];
    let line = "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got ''";
    assert_refused(&palisade(&both).output().unwrap(), line);
    // The file is not even read.
    assert_accepted(&[("N8N_RUNNERS_TASK_TIMEOUT_FILE", "/nonexistent/file"), ("N8N_RUNNERS_TASK_TIMEOUT", "5")]);
}

fn s1_a_value_from_a_file_is_trimmed() {
    let (_folder, word) = file(" \n\tfive five\r\n ");
    let from_file = palisade(&[("N8N_RUNNERS_TASK_TIMEOUT_FILE", &word)]).output().unwrap();
    assert_refused(&from_file, "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got 'five five'");
    let direct = palisade(&[("N8N_RUNNERS_TASK_TIMEOUT", " five ")]).output().unwrap();
    assert_refused(&direct, "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got ' five '");
}

fn s1_two_variables_have_no_file() {
    let (_folder, level) = file("DEBUG");
    for name in ["N8N_RUNNERS_LAUNCHER_LOG_LEVEL_FILE", "NO_COLOR_FILE"] {
        assert_accepted(&[(name, "/nonexistent/file")]);
    }
    // What an INFO log has not.
    let debug = |name, value| {
        let output = palisade(&[(name, value), ("N8N_RUNNERS_MAX_PAYLOAD", "0")]).output().unwrap();
        // It looks for a broker and for an interpreter at the same time, and finds neither.
        let of_broker = |line: &&str| line.starts_with("Failed to connect to broker");
        text(&output.stdout).lines().filter(|line| !of_broker(line)).collect::<Vec<_>>().join("\n")
    };
    let plain = debug("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "INFO");
    assert_eq!(debug("N8N_RUNNERS_LAUNCHER_LOG_LEVEL_FILE", &level), plain);
    assert!(plain.contains("N8N_RUNNERS_MAX_PAYLOAD is 0"), "{plain}");
    let silent = debug("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "ERROR");
    assert!(!silent.contains("N8N_RUNNERS_MAX_PAYLOAD is 0"), "{silent}");
}

/// All are wrong; each is the first to be named once those before it are right.
fn s1_checks_come_in_order() {
    let wrong = [
        ("N8N_SENTRY_TRACES_SAMPLE_RATE", "x", "0", "N8N_SENTRY_TRACES_SAMPLE_RATE must be a float"),
        ("N8N_SENTRY_PROFILES_SAMPLE_RATE", "x", "0", "N8N_SENTRY_PROFILES_SAMPLE_RATE must be a float"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "-1", "0", "Invalid health check configuration"),
        ("N8N_RUNNERS_GRANT_TOKEN", "", "t", "N8N_RUNNERS_GRANT_TOKEN is required"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "0", "1", "Task timeout must be positive"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "-1", "1", "Auto shutdown timeout must be non-negative"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "0", "1", "Graceful shutdown timeout must be positive"),
        ("N8N_RUNNERS_MAX_PAYLOAD", "4294967296", "1", "Max payload size of 4294967296 bytes"),
        ("N8N_RUNNERS_TASK_BROKER_URI", "broker:1", "http://b:1", "N8N_RUNNERS_TASK_BROKER_URI must begin with"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "x", "1", "N8N_RUNNERS_MAX_CONCURRENCY must be an integer"),
        ("N8N_RUNNERS_STDLIB_ALLOW", "*,a", "*", "Wildcard '*' in N8N_RUNNERS_STDLIB_ALLOW"),
        ("N8N_RUNNERS_EXTERNAL_ALLOW", "*,a", "*", "Wildcard '*' in N8N_RUNNERS_EXTERNAL_ALLOW"),
    ];
    for (index, (_, _, _, expected)) in wrong.iter().enumerate() {
        let value = |(at, (name, wrong, right, _)): (usize, &(&'static str, &'static str, &'static str, _))| {
            (*name, if at < index { *right } else { *wrong })
        };
        let variables: Vec<_> = wrong.iter().enumerate().map(value).collect();
        let output = palisade(&variables).output().unwrap();
        let stdout = text(&output.stdout);
        assert!(stdout.contains(expected) && stdout.lines().count() == 1, "{expected}: {stdout}");
    }
}

/// The contract that n8n tests on both sides.
fn s1_allow_lists_are_split_and_trimmed() {
    let (_folder, script) = file("import socket, no_such_package");
    for (list, allowed) in [
        ("", "none"),
        ("  ", "none"),
        (",,", "none"),
        ("re", "re"),
        ("re,json", "json, re"),
        ("re, json ,math", "json, math, re"),
        ("re,,json,", "json, re"),
        ("re,re,json", "json, re"),
        ("RE", "RE"),
        ("os.path", "os.path"),
    ] {
        let mut command = palisade(&[("N8N_RUNNERS_STDLIB_ALLOW", list), ("N8N_RUNNERS_EXTERNAL_ALLOW", list)]);
        let output = command.args(["analyze", &script]).output().unwrap();
        let stdout = text(&output.stdout);
        for expected in [
            format!("Import of standard library module 'socket' is disallowed. Allowed stdlib modules: {allowed}\n"),
            format!(
                "Import of external package 'no_such_package' is disallowed. Allowed external packages: {allowed}\n"
            ),
        ] {
            assert!(stdout.contains(&expected), "{list}: {expected} in {stdout}");
        }
    }
    let both = [("N8N_RUNNERS_STDLIB_ALLOW", "*"), ("N8N_RUNNERS_EXTERNAL_ALLOW", " * ")];
    let wild = palisade(&both).args(["analyze", &script]).output().unwrap();
    assert_eq!((text(&wild.stdout), wild.status.code()), (String::new(), Some(0)));
}

fn s1_a_wildcard_stands_alone() {
    for name in ["N8N_RUNNERS_STDLIB_ALLOW", "N8N_RUNNERS_EXTERNAL_ALLOW"] {
        for (list, named) in [("*,re", "*, re"), (" re , * ", "*, re"), (" numpy , *,abc", "*, abc, numpy")] {
            let line = format!("Wildcard '*' in {name} must be used alone, not with other modules. Got: {named}");
            assert_refused(&palisade(&[(name, list)]).output().unwrap(), &line);
        }
    }
}

fn s1_defaults_are_as_described() {
    let output = palisade(&[]).arg("env").output().unwrap();
    let listed = text(&output.stdout);
    for (name, default) in [
        ("N8N_RUNNERS_TASK_BROKER_URI", "http://127.0.0.1:5679"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "5"),
        ("N8N_RUNNERS_MAX_PAYLOAD", "1073741824"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "60"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "0"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "10"),
        ("N8N_BLOCK_RUNNER_ENV_ACCESS", "true"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_ENABLED", "false"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_HOST", "127.0.0.1"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "5681"),
        ("N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "INFO"),
        ("N8N_SENTRY_TRACES_SAMPLE_RATE", "0"),
        ("N8N_SENTRY_PROFILES_SAMPLE_RATE", "0"),
        ("N8N_RUNNERS_ALLOW_TRANSITIVE_IMPORTS", "false"),
    ] {
        let row = listed.lines().find(|line| line.split_whitespace().next() == Some(name)).expect(name);
        assert_eq!(row.split_whitespace().nth(2), Some(default), "{row}");
    }
}

/// Lines in front of the runner's own, of a start that finds no interpreter.
fn warnings(variables: &[(&str, &str)]) -> Vec<String> {
    let output = palisade(variables).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let mut lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert!(lines.pop().unwrap().contains("/nonexistent/python3"));
    lines.truncate(lines.iter().position(|line| line == "Starting runner...").unwrap());
    lines
}

fn s1_unknown_variables_of_ours_are_warned_of() {
    assert_eq!(warnings(&[("PALISADE_PYTON", "x")]), ["Unknown environment variable PALISADE_PYTON"]);
    assert_eq!(warnings(&[("PALISADE_X\n_Y", "x")]), [r"Unknown environment variable PALISADE_X\n_Y"]);
    // n8n passes variables that this runner does not have.
    assert!(warnings(&[("N8N_RUNNERS_HEARTBEAT_INTERVAL", "30"), ("N8N_RUNNERS_NO_SUCH", "x")]).is_empty());
    let payload = warnings(&[("N8N_RUNNERS_MAX_PAYLOAD", "0")]);
    assert_eq!(payload[0], "N8N_RUNNERS_MAX_PAYLOAD is 0: every message of the broker is too big for it");
}

fn s12_23_numbers_and_files_are_one_line_and_no_traceback() {
    for (variable, value) in [
        ("N8N_RUNNERS_TASK_TIMEOUT", "five\nlines\u{1b}[2J"),
        ("N8N_SENTRY_TRACES_SAMPLE_RATE", "x\ny"),
        ("N8N_RUNNERS_ID_FILE", "/nonexistent/a\nb"),
    ] {
        let output = palisade(&[(variable, value)]).output().unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!((stdout.lines().count(), stderr.as_str(), output.status.code()), (1, "", Some(1)), "{stdout}");
        assert!(!stdout.contains("panicked") && !stdout.contains('\u{1b}'), "{stdout}");
    }
}

fn s12_27_a_broker_without_a_scheme_is_refused() {
    for (uri, line) in [
        (
            "broker:5679",
            "Environment variable N8N_RUNNERS_TASK_BROKER_URI must begin with http://, https://, ws:// or wss://, got \
             'broker:5679'",
        ),
        (
            "ftp://user:s3cret@broker",
            "Environment variable N8N_RUNNERS_TASK_BROKER_URI has the unknown scheme ftp://; use http://, https://, ws:// \
             or wss://, got 'ftp://***@broker'",
        ),
    ] {
        assert_refused(&palisade(&[("N8N_RUNNERS_TASK_BROKER_URI", uri)]).output().unwrap(), line);
    }
}

fn s12_35_other_values_than_true_and_false_are_warned_of() {
    for value in ["1", "yes", "", "TRUE!"] {
        let expected =
            format!("N8N_BLOCK_RUNNER_ENV_ACCESS is '{value}', which counts as false: tasks can read the environment");
        assert_eq!(warnings(&[("N8N_BLOCK_RUNNER_ENV_ACCESS", value)]), [expected]);
    }
    for value in ["true", "false", " True ", "FALSE"] {
        assert!(warnings(&[("N8N_BLOCK_RUNNER_ENV_ACCESS", value)]).is_empty(), "{value}");
    }
}
