//! Variables of our own, and `palisade env`, with the built program. What n8n's variables may hold is in `tests/conformance`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod program;
}

use common::program::{assert_refused, palisade, text};
use tempfile::TempDir;

#[test]
fn a_file_of_authorities_that_cannot_be_used_is_named() {
    for (file, cause) in [
        ("/nonexistent/ca.pem", "[Errno 2] No such file or directory: '/nonexistent/ca.pem'"),
        ("/dev/null", "it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"),
    ] {
        let line = format!("PALISADE_CA_FILE names {file}, which cannot be used: {cause}");
        assert_refused(&palisade(&[("PALISADE_CA_FILE", file)]).output().unwrap(), &line);
    }
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
