//! Every variable, and every way in which one can be wrong, with the built program: section 1, row by row.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program, in an environment of nothing but a token and a Python that is none.
fn palisade(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.env_clear().env("N8N_RUNNERS_GRANT_TOKEN", "t0ken").env("PALISADE_PYTHON", "/nonexistent/python3");
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// One line on stdout, nothing on stderr, exit code 1.
#[track_caller]
fn assert_refused(output: &Output, line: &str) {
    assert_eq!(text(&output.stdout), format!("{line}\n"));
    assert_eq!((text(&output.stderr), output.status.code()), (String::new(), Some(1)));
}

#[test]
fn every_value_that_cannot_be_used_is_one_line_and_code_1() {
    for (name, value, line) in [
        ("N8N_RUNNERS_GRANT_TOKEN", "", "Environment variable N8N_RUNNERS_GRANT_TOKEN is required"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "0", "Task timeout must be positive, got 0"),
        ("N8N_RUNNERS_TASK_TIMEOUT", " -1_0 ", "Task timeout must be positive, got -10"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "-1", "Auto shutdown timeout must be non-negative, got -1"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "0", "Graceful shutdown timeout must be positive, got 0"),
        (
            "N8N_RUNNERS_MAX_PAYLOAD",
            "4294967296",
            "Max payload size of 4294967296 bytes exceeds pipe message limit of 4294967295 bytes. Reduce \
             N8N_RUNNERS_MAX_PAYLOAD.",
        ),
        (
            "N8N_RUNNERS_STDLIB_ALLOW",
            " numpy , *,abc",
            "Wildcard '*' in N8N_RUNNERS_STDLIB_ALLOW must be used alone, not with other modules. Got: *, abc, numpy",
        ),
        (
            "N8N_RUNNERS_EXTERNAL_ALLOW",
            "*,re",
            "Wildcard '*' in N8N_RUNNERS_EXTERNAL_ALLOW must be used alone, not with other modules. Got: *, re",
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
        (
            "N8N_RUNNERS_TASK_BROKER_URI",
            "broker:5679",
            "Environment variable N8N_RUNNERS_TASK_BROKER_URI must begin with http://, https://, ws:// or wss://, got \
             'broker:5679'",
        ),
        (
            "N8N_RUNNERS_TASK_BROKER_URI",
            "ftp://user:s3cret@broker",
            "Environment variable N8N_RUNNERS_TASK_BROKER_URI has the unknown scheme ftp://; use http://, https://, ws:// \
             or wss://, got 'ftp://***@broker'",
        ),
        (
            "PALISADE_CA_FILE",
            "/nonexistent/ca.pem",
            "PALISADE_CA_FILE names /nonexistent/ca.pem, which cannot be used: [Errno 2] No such file or directory: \
             '/nonexistent/ca.pem'",
        ),
        (
            "PALISADE_CA_FILE",
            "/dev/null",
            "PALISADE_CA_FILE names /dev/null, which cannot be used: it holds no certificate in PEM form \
             (-----BEGIN CERTIFICATE-----)",
        ),
    ] {
        assert_refused(&palisade(&[(name, value)]).output().unwrap(), line);
    }
}

#[test]
fn every_number_has_to_be_one() {
    for name in [
        "N8N_RUNNERS_MAX_CONCURRENCY",
        "N8N_RUNNERS_MAX_PAYLOAD",
        "N8N_RUNNERS_TASK_TIMEOUT",
        "N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT",
        "N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT",
        "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
    ] {
        for value in ["", "1.5", "1__0", "five"] {
            let line = format!("Environment variable {name} must be an integer, got '{value}'");
            assert_refused(&palisade(&[(name, value)]).output().unwrap(), &line);
        }
    }
    for name in ["N8N_SENTRY_TRACES_SAMPLE_RATE", "N8N_SENTRY_PROFILES_SAMPLE_RATE"] {
        let line = format!("Environment variable {name} must be a float, got 'half'");
        assert_refused(&palisade(&[(name, "half")]).output().unwrap(), &line);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    for name in ["N8N_SENTRY_DSN", "N8N_RUNNERS_MAX_CONCURRENCY", "N8N_RUNNERS_AUTH_TOKEN", "N8N_RUNNERS_ID"] {
        for (file, cause) in [
            ("/nonexistent/file", "[Errno 2] No such file or directory: '/nonexistent/file'".to_owned()),
            (path, format!("[Errno 21] Is a directory: '{path}'")),
        ] {
            let line = format!("Failed to read {name}_FILE from file {file}: {cause}");
            assert_refused(&palisade(&[(&format!("{name}_FILE"), file)]).output().unwrap(), &line);
        }
    }
}

#[test]
fn values_from_files_count_like_others_unless_there_is_one() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("value");
    std::fs::write(&file, " \n0\r\n\t").unwrap();
    let file = file.to_str().unwrap();
    let from_file = palisade(&[("N8N_RUNNERS_TASK_TIMEOUT_FILE", file)]).output().unwrap();
    assert_refused(&from_file, "Task timeout must be positive, got 0");
    let both = [("N8N_RUNNERS_TASK_TIMEOUT_FILE", file), ("N8N_RUNNERS_TASK_TIMEOUT", "")];
    let line = "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got ''";
    assert_refused(&palisade(&both).output().unwrap(), line);
}

#[test]
fn tls_without_any_authority_is_refused_with_the_remedy() {
    let folder = TempDir::new().unwrap();
    let none = [
        ("N8N_RUNNERS_TASK_BROKER_URI", "https://broker.example"),
        ("SSL_CERT_FILE", "/nonexistent/roots.pem"),
        ("SSL_CERT_DIR", folder.path().to_str().unwrap()),
    ];
    let output = palisade(&none).output().unwrap();
    let stdout = text(&output.stdout);
    assert_eq!((stdout.lines().count(), output.status.code()), (1, Some(1)), "{stdout}");
    assert!(stdout.starts_with("The broker URI asks for TLS, but no certificate authority is known ("), "{stdout}");
    assert!(stdout.contains("/nonexistent/roots.pem") && stdout.contains("PALISADE_CA_FILE"), "{stdout}");
}

#[test]
fn what_is_probably_a_mistake_is_warned_of() {
    // It does not come far with this Python, but its warnings come first.
    let warnings = |variables: &[(&str, &str)]| {
        let output = palisade(variables).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        text(&output.stdout).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let [unknown, _] = &warnings(&[("PALISADE_PYTON", "x")])[..] else { panic!("one warning, one error") };
    assert_eq!(unknown, "Unknown environment variable PALISADE_PYTON");
    for value in ["1", "yes", "", "TRUE!"] {
        let expected =
            format!("N8N_BLOCK_RUNNER_ENV_ACCESS is '{value}', which counts as false: tasks can read the environment");
        assert_eq!(warnings(&[("N8N_BLOCK_RUNNER_ENV_ACCESS", value)])[0], expected);
    }
    for value in ["true", "false", " True ", "FALSE"] {
        assert_eq!(warnings(&[("N8N_BLOCK_RUNNER_ENV_ACCESS", value)]).len(), 1, "{value}: only the missing Python");
    }
    let payload = warnings(&[("N8N_RUNNERS_MAX_PAYLOAD", "0")]);
    assert_eq!(payload[0], "N8N_RUNNERS_MAX_PAYLOAD is 0: every message of the broker is too big for it");
}

#[test]
fn env_lists_every_variable_and_no_secret() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("value");
    std::fs::write(&file, "s3cret\n").unwrap();
    let output = palisade(&[
        ("N8N_RUNNERS_GRANT_TOKEN", "s3cret"),
        ("N8N_RUNNERS_AUTH_TOKEN_FILE", file.to_str().unwrap()),
        ("N8N_SENTRY_DSN", "https://s3cret@sentry.example/1"),
        ("N8N_RUNNERS_TASK_BROKER_URI", "http://user:s3cret@broker:1"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "7"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "0"),
        ("PALISADE_PYTON", "x"),
    ])
    .arg("env")
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(!stdout.contains("s3cret") && !stderr.contains("s3cret"), "{stdout}\n{stderr}");
    for variable in palisade::config::variables::TABLE {
        let line = stdout.lines().find(|line| line.split_whitespace().next() == Some(variable.name)).unwrap();
        assert!(line.ends_with(variable.purpose), "{line}");
    }
    let value = |name: &str| {
        let line = stdout.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(3).unwrap().to_owned()
    };
    assert_eq!(value("N8N_RUNNERS_GRANT_TOKEN"), "***");
    assert_eq!(value("N8N_RUNNERS_AUTH_TOKEN"), "***");
    assert_eq!(value("N8N_RUNNERS_TASK_BROKER_URI"), "http://***@broker:1");
    assert_eq!(value("N8N_RUNNERS_MAX_CONCURRENCY"), "7");
    assert_eq!(value("N8N_RUNNERS_MAX_PAYLOAD"), "-");
    let line = "The runner would not start with this environment: Task timeout must be positive, got 0\n";
    assert_eq!(stderr, line);
}
