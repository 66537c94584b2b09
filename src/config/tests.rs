use super::*;

fn vars(pairs: &[(&str, &str)]) -> Variables {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn no_files(_: &Path) -> io::Result<Vec<u8>> {
    Err(io::Error::from_raw_os_error(2))
}

fn config(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut all = vec![("N8N_RUNNERS_GRANT_TOKEN", "t0ken")];
    all.extend_from_slice(pairs);
    Config::from_variables(&vars(&all), &no_files)
}

#[test]
fn defaults_are_n8ns() {
    let config = config(&[]).unwrap();
    assert_eq!(config.broker, Address::parse("http://127.0.0.1:5679").unwrap());
    assert_eq!((config.max_concurrency, config.max_payload), (5, 1 << 30));
    assert_eq!((config.tasks.timeout, config.grace), (Duration::from_mins(1), Duration::from_secs(10)));
    assert_eq!((config.idle_timeout, config.health, config.runner_id), (None, None, None));
    assert_eq!(config.tasks.stdlib_allow, Allow::none());
    assert_eq!(config.tasks.builtins_deny, None);
    assert!(config.tasks.env.is_empty() && config.warnings.is_empty() && !config.tasks.allow_transitive_imports);
    assert_eq!(config.tasks.python, None);
}

#[test]
fn errors_have_n8ns_texts() {
    for (name, value, text) in [
        ("N8N_RUNNERS_GRANT_TOKEN", "", "Environment variable N8N_RUNNERS_GRANT_TOKEN is required"),
        ("N8N_RUNNERS_TASK_TIMEOUT", "0", "Task timeout must be positive, got 0"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "-1", "Auto shutdown timeout must be non-negative, got -1"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "0", "Graceful shutdown timeout must be positive, got 0"),
        (
            "N8N_RUNNERS_MAX_PAYLOAD",
            "4294967296",
            "Max payload size of 4294967296 bytes exceeds pipe message limit of 4294967295 bytes. Reduce N8N_RUNNERS_MAX_PAYLOAD.",
        ),
        (
            "N8N_RUNNERS_STDLIB_ALLOW",
            "numpy,*,abc",
            "Wildcard '*' in N8N_RUNNERS_STDLIB_ALLOW must be used alone, not with other modules. Got: *, abc, numpy",
        ),
        (
            "N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT",
            "65536",
            "Invalid health check configuration: Port must be between 0 and 65535, got 65536",
        ),
        (
            "N8N_RUNNERS_MAX_CONCURRENCY",
            "1.5",
            "Environment variable N8N_RUNNERS_MAX_CONCURRENCY must be an integer, got '1.5'",
        ),
        ("N8N_RUNNERS_TASK_TIMEOUT", "", "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got ''"),
        (
            "N8N_SENTRY_TRACES_SAMPLE_RATE",
            "half",
            "Environment variable N8N_SENTRY_TRACES_SAMPLE_RATE must be a float, got 'half'",
        ),
        (
            "N8N_RUNNERS_TASK_BROKER_URI",
            "127.0.0.1:5679",
            "Environment variable N8N_RUNNERS_TASK_BROKER_URI must begin with http://, https://, ws:// or wss://, got '127.0.0.1:5679'",
        ),
        (
            "N8N_RUNNERS_TASK_TIMEOUT",
            "1\n2",
            "Environment variable N8N_RUNNERS_TASK_TIMEOUT must be an integer, got '1\\n2'",
        ),
    ] {
        assert_eq!(config(&[(name, value)]).unwrap_err().to_string(), text);
    }
    assert_eq!(Config::from_variables(&vars(&[]), &no_files).unwrap_err(), ConfigError::NoToken);
    assert_eq!(config(&[("N8N_RUNNERS_GRANT_TOKEN", "a\r\nX: y")]).unwrap_err(), ConfigError::OddToken);
}

#[test]
fn the_first_error_is_the_one_n8ns_runner_would_name() {
    let all = [
        ("N8N_SENTRY_PROFILES_SAMPLE_RATE", "x"),
        ("N8N_RUNNERS_HEALTH_CHECK_SERVER_PORT", "-1"),
        ("N8N_RUNNERS_GRANT_TOKEN", ""),
        ("N8N_RUNNERS_TASK_TIMEOUT", "0"),
        ("N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT", "-1"),
        ("N8N_RUNNERS_GRACEFUL_SHUTDOWN_TIMEOUT", "0"),
        ("N8N_RUNNERS_MAX_PAYLOAD", "99999999999"),
        ("N8N_RUNNERS_TASK_BROKER_URI", "x"),
        ("N8N_RUNNERS_MAX_CONCURRENCY", "x"),
        ("N8N_RUNNERS_STDLIB_ALLOW", "*,a"),
        ("N8N_RUNNERS_EXTERNAL_ALLOW", "*,a"),
    ];
    for start in 0..all.len() {
        let mut given = vars(&[("N8N_RUNNERS_GRANT_TOKEN", "t")]);
        given.extend(vars(&all[start..]));
        let text = Config::from_variables(&given, &no_files).unwrap_err().to_string();
        let alone = config(&all[start..=start]).unwrap_err().to_string();
        assert_eq!(text, alone);
    }
}

#[test]
fn a_file_gives_the_value_where_the_variable_is_absent() {
    let read = |path: &Path| match path.to_str() {
        Some("token") => Ok(b" \n t0ken\r\n".to_vec()),
        Some("binary") => Ok(vec![0x74, 0xff]),
        _ => Err(io::Error::from_raw_os_error(2)),
    };
    let read_token =
        |pairs: &[(&str, &str)]| Config::from_variables(&vars(pairs), &read).map(|config| config.credentials);
    let Credentials::Grant(token) = read_token(&[("N8N_RUNNERS_GRANT_TOKEN_FILE", "token")]).unwrap() else { panic!() };
    assert_eq!(token.reveal(), "t0ken");
    assert_eq!(format!("{token:?}"), "GrantToken(***)");
    let both = [("N8N_RUNNERS_GRANT_TOKEN_FILE", "token"), ("N8N_RUNNERS_GRANT_TOKEN", "")];
    assert_eq!(read_token(&both).unwrap_err(), ConfigError::NoToken, "the variable wins even when empty");
    assert_eq!(
        read_token(&[("N8N_RUNNERS_GRANT_TOKEN_FILE", "no/such")]).unwrap_err().to_string(),
        "Failed to read N8N_RUNNERS_GRANT_TOKEN_FILE from file no/such: [Errno 2] No such file or directory: 'no/such'"
    );
    assert!(read_token(&[("N8N_RUNNERS_GRANT_TOKEN_FILE", "binary")]).unwrap_err().to_string().contains("not UTF-8"));
}

#[test]
fn every_variable_of_n8ns_but_two_has_a_file_form() {
    let ours = |name: &str| name.starts_with("PALISADE_") || name.starts_with("SSL_") || name == "TZ";
    let n8ns = variables::TABLE.iter().filter(|v| !ours(v.name));
    let direct: Vec<_> = n8ns.filter(|v| !v.from_file).map(|v| v.name).collect();
    assert_eq!(direct, ["N8N_RUNNERS_LAUNCHER_LOG_LEVEL", "NO_COLOR"]);
    let mut names: Vec<_> = variables::TABLE.iter().map(|v| v.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), variables::TABLE.len());
}

#[test]
fn the_deny_list_may_be_empty() {
    let deny = |text| config(&[("N8N_RUNNERS_BUILTINS_DENY", text)]).unwrap().tasks.builtins_deny;
    assert_eq!(deny(""), Some(vec![]));
    assert_eq!(deny("eval, exec"), Some(vec!["eval".to_owned(), "exec".to_owned()]));
}

#[test]
fn tasks_see_no_variables_unless_told_and_never_the_token() {
    let names = |pairs: &[(&str, &str)]| {
        let mut all = vec![("HOME", "h"), ("TZ", "UTC"), ("N8N_SENTRY_DSN", "d"), ("N8N_RUNNERS_AUTH_TOKEN", "a")];
        all.extend_from_slice(pairs);
        config(&all).unwrap().tasks.env.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert!(names(&[]).is_empty());
    assert_eq!(names(&[("N8N_RUNNER_ENV_ALLOW", "TZ, N8N_RUNNERS_GRANT_TOKEN,NONE")]), ["TZ"]);
    assert_eq!(names(&[("N8N_BLOCK_RUNNER_ENV_ACCESS", "false")]), ["HOME", "N8N_BLOCK_RUNNER_ENV_ACCESS", "TZ"]);
}

#[test]
fn what_is_probably_a_mistake_is_warned_of() {
    let warnings = |name, value| config(&[(name, value)]).unwrap().warnings;
    assert_eq!(warnings("N8N_BLOCK_RUNNER_ENV_ACCESS", "1").len(), 1);
    assert!(warnings("N8N_BLOCK_RUNNER_ENV_ACCESS", "False").is_empty());
    assert_eq!(warnings("PALISADE_PYTON", "x"), ["Unknown environment variable PALISADE_PYTON"]);
    assert!(warnings("PALISADE_PYTHON", "x").is_empty());
    assert_eq!(warnings("N8N_RUNNERS_MAX_CONCURRENCY", "99999999").len(), 1);
}

#[test]
fn enormous_times_do_not_overflow_clocks() {
    let config = config(&[("N8N_RUNNERS_TASK_TIMEOUT", "99999999999999999999999")]).unwrap();
    assert!(tokio::time::Instant::now().checked_add(config.tasks.timeout).is_some());
}

#[test]
fn a_grant_token_wins_over_the_auth_token() {
    let credentials = |pairs: &[(&str, &str)]| Config::from_variables(&vars(pairs), &no_files).map(|c| c.credentials);
    let (grant, auth) = ("N8N_RUNNERS_GRANT_TOKEN", "N8N_RUNNERS_AUTH_TOKEN");
    let both = credentials(&[(grant, "g"), (auth, "a")]).unwrap();
    assert!(matches!(both, Credentials::Grant(token) if token.reveal() == "g"));
    for only_auth in [&[(auth, "a\u{fc}")][..], &[(grant, ""), (auth, "a\u{fc}")]] {
        let found = credentials(only_auth).unwrap();
        assert_eq!(format!("{found:?}"), "Auth(AuthToken(***))");
        assert!(matches!(found, Credentials::Auth(token) if token.reveal() == "a\u{fc}"));
    }
    assert_eq!(credentials(&[(auth, "")]).unwrap_err(), ConfigError::NoToken);
}
