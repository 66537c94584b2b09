use std::collections::{BTreeMap, BTreeSet};

use palisade_channel::message::Print;
use palisade_sandbox::layer::State;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::execute::{Answer, Report, TaskError, Verdict};
use crate::observe::TaskNames;

/// Series of a rendered text: name and labels.
fn series(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let parse = |line: &str| {
        let (head, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = head.split_once('{').unwrap_or((head, "}"));
        let labels = labels.strip_suffix('}').unwrap();
        let pairs = labels.split(',').filter(|pair| !pair.is_empty()).map(|pair| {
            let (label, value) = pair.split_once('=').unwrap();
            (label.to_owned(), value.strip_prefix('"').unwrap().strip_suffix('"').unwrap().to_owned())
        });
        (name.to_owned(), pairs.collect())
    };
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(parse).collect()
}

fn allowed(values: Values) -> BTreeSet<String> {
    match values {
        Values::Of(set) => set.iter().map(ToString::to_string).collect(),
        Values::Calls => labels::calls().iter().cloned().collect(),
        Values::Layers => Layer::ALL.iter().map(ToString::to_string).collect(),
        Values::Profiles => ["default", "wide", "other"].map(str::to_owned).into(),
        Values::Version => [env!("CARGO_PKG_VERSION").to_owned()].into(),
    }
}

/// Everything in a rendered text is of the table, with labels of its sets.
fn assert_closed(text: &str) {
    for (name, labels) in series(text) {
        let is_of = |metric: &&Metric| match metric.kind {
            Kind::Histogram => {
                ["_bucket", "_sum", "_count"].iter().any(|suffix| name == format!("{}{suffix}", metric.name))
            }
            _ => name == metric.name,
        };
        let metric = TABLE.iter().find(is_of).unwrap_or_else(|| panic!("{name} is not in the table"));
        for (label, value) in &labels {
            if metric.kind == Kind::Histogram && label == "le" {
                continue;
            }
            let known = metric.labels.iter().find(|(known, _)| known == label);
            let (_, values) = known.unwrap_or_else(|| panic!("{name} has no label {label}"));
            assert!(allowed(*values).contains(value), "{name}: {label}={value}");
        }
    }
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).rsplit_once(' ').unwrap().1.parse().unwrap()
}

fn of() -> Recorder {
    Recorder::new(["default", "wide"].map(str::to_owned))
}

fn kinds() -> impl Strategy<Value = Option<ErrorKind>> {
    let all = [
        None,
        Some(ErrorKind::Syntax),
        Some(ErrorKind::Refused),
        Some(ErrorKind::AnalyzerGap),
        Some(ErrorKind::Raised),
        Some(ErrorKind::Exit),
        Some(ErrorKind::Import),
        Some(ErrorKind::Text),
        Some(ErrorKind::Timeout),
        Some(ErrorKind::Cancelled),
        Some(ErrorKind::Memory),
        Some(ErrorKind::Killed),
        Some(ErrorKind::Tripwire),
        Some(ErrorKind::Protocol),
        Some(ErrorKind::NotSealed),
        Some(ErrorKind::Settings),
        Some(ErrorKind::Internal),
    ];
    prop_oneof![
        prop::sample::select(all.to_vec()),
        any::<i64>().prop_map(|syscall| Some(ErrorKind::Denied { syscall })),
        (0..600_i64).prop_map(|syscall| Some(ErrorKind::Denied { syscall })),
    ]
}

fn answer(kind: Option<ErrorKind>, text: &str) -> Answer {
    let verdict = match kind {
        None => Verdict::Done(RawValue::from_string(serde_json::to_string(text).unwrap()).unwrap()),
        Some(kind) => Verdict::Failed(TaskError::new(kind, text)),
    };
    let report = Report {
        stages: vec![("analyze", Duration::from_micros(70)), ("run", Duration::from_secs(3))],
        layers: vec![text.to_owned()],
        profile: Some(text.to_owned()),
        ..Report::default()
    };
    let prints = vec![Print { params: vec![text.to_owned()], text: text.to_owned() }];
    Answer { prints, omitted_prints: 3, report, ..Answer::bare(verdict) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever users and children say, no new series is made of it.
    #[test]
    fn label_sets_are_closed(tasks in prop::collection::vec((kinds(), any::<String>()), 1..20)) {
        let recorder = recorder(&of()).unwrap();
        let handle = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let of = of();
            let before = series(&render(&handle, &of, &[]));
            for (kind, text) in &tasks {
                let names = TaskNames { task_id: text.clone(), ..TaskNames::default() };
                of.ended(names, Duration::from_secs(1), &answer(*kind, text)).sent();
            }
            let text = render(&handle, &of, &[]);
            assert_closed(&text);
            // Only histograms begin with their first value.
            let new: Vec<_> = series(&text).into_iter().filter(|series| !before.contains(series)).collect();
            assert!(new.iter().all(|(name, _)| name.starts_with(STAGE)), "{new:?}");
        });
    }
}

#[test]
fn what_happens_is_counted() {
    let recorder = recorder(&of()).unwrap();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        let of = of();
        let mut refused = answer(Some(ErrorKind::Refused), "x");
        refused.report.refused_by = vec!["attribute", "name", "no such rule"];
        refused.report.profile = Some("wide".to_owned());
        drop(of.ended(TaskNames::default(), Duration::ZERO, &refused));
        let ptrace = if cfg!(target_arch = "x86_64") { 101 } else { 117 };
        let mut denied = answer(Some(ErrorKind::Denied { syscall: ptrace }), "x");
        denied.report.killed_by = Some("seccomp");
        denied.report.profile = Some("default".to_owned());
        of.ended(TaskNames::default(), Duration::ZERO, &denied).sent();
        of.ended(TaskNames::default(), Duration::ZERO, &answer(None, "1234")).sent();
        let mut unusable = answer(Some(ErrorKind::Settings), "x");
        (unusable.report, unusable.prints) = (Report::default(), Vec::new());
        drop(of.ended(TaskNames::default(), Duration::ZERO, &unusable));
        forkserver_restarted();
        probed(false);
        of.connected();
        of.connected();
        of.connecting_failed();
        of.registered(true);
        of.slots(2, 3, 7);
        let held = Outcome { layer: Layer::Seccomp, state: State::held("") };
        let stock = Stock { profile: "wide".to_owned(), spares: 5, layers: vec![held], language_layer_void: true };
        let stranger = Stock { profile: "of nobody".to_owned(), ..stock.clone() };
        let text = render(&handle, &of, &[stock, stranger]);
        assert_closed(&text);
        for (name, expected) in [
            (r#"palisade_tasks_total{outcome="refused",profile="wide"}"#, 1.0),
            (r#"palisade_tasks_total{outcome="denied",profile="default"}"#, 1.0),
            (r#"palisade_tasks_total{outcome="done",profile="other"}"#, 1.0),
            (r#"palisade_tasks_total{outcome="settings",profile="other"}"#, 1.0),
            (r#"palisade_tasks_total{outcome="raised",profile="default"}"#, 0.0),
            (r#"palisade_refusals_total{rule="attribute"}"#, 1.0),
            (r#"palisade_refusals_total{rule="other"}"#, 1.0),
            (r#"palisade_sandbox_denials_total{syscall="ptrace"}"#, 1.0),
            (r#"palisade_kills_total{limit="seccomp"}"#, 1.0),
            (r#"palisade_stage_seconds_count{stage="analyze"}"#, 3.0),
            (r#"palisade_stage_seconds_bucket{stage="analyze",le="0.0001"}"#, 3.0),
            (r#"palisade_stage_seconds_bucket{stage="run",le="2.5"}"#, 0.0),
            (r#"palisade_stage_seconds_count{stage="reply"}"#, 2.0),
            ("palisade_result_bytes_total", 6.0),
            ("palisade_print_bytes_total", 6.0),
            ("palisade_forkserver_restarts_total", 1.0),
            (r#"palisade_probes_total{result="failed"}"#, 1.0),
            ("palisade_reconnects_total", 1.0),
            ("palisade_connect_failures_total", 1.0),
            ("palisade_registered", 1.0),
            ("palisade_running_tasks", 2.0),
            ("palisade_offers_open", 3.0),
            ("palisade_offers_expired_total", 7.0),
            (r#"palisade_spares{profile="wide"}"#, 5.0),
            (r#"palisade_spares{profile="default"}"#, 0.0),
            (r#"palisade_layer_enforced{layer="seccomp",profile="wide"}"#, 1.0),
            (r#"palisade_layer_enforced{layer="landlock",profile="wide"}"#, 0.0),
            (r#"palisade_layer_enforced{layer="seccomp",profile="default"}"#, 0.0),
            (r#"palisade_language_layer_void{profile="wide"}"#, 1.0),
            (r#"palisade_language_layer_void{profile="default"}"#, 0.0),
        ] {
            assert!((value(&text, name) - expected).abs() < 1e-9, "{name} is {} in\n{text}", value(&text, name));
        }
        assert!(text.contains(concat!("palisade_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")));
        // Every metric of the table shows, with its help.
        for metric in TABLE {
            assert!(text.contains(&format!("# HELP {} {}", metric.name, metric.help)), "{}", metric.name);
        }
    });
}

const OPERATING: &str = include_str!("../../../docs/operating.md");

#[test]
fn every_metric_is_documented_with_unit_and_labels() {
    for metric in TABLE {
        let kind = format!("{:?}", metric.kind).to_lowercase();
        let names: Vec<String> = metric.labels.iter().map(|(label, _)| format!("`{label}`")).collect();
        let row = format!("| `{}` | {kind} | {} | {} | {} |", metric.name, metric.unit, names.join(", "), metric.help);
        assert!(OPERATING.lines().any(|line| line == row), "docs/operating.md lacks this row:\n{row}");
    }
    let rows = OPERATING.lines().filter(|line| line.starts_with("| `palisade_")).count();
    assert_eq!(rows, TABLE.len(), "docs/operating.md has a row of a metric that there is not");
    for values in [labels::OUTCOMES, labels::STAGES, labels::RULES, labels::LIMITS, labels::PROBES] {
        for value in values {
            assert!(
                OPERATING.contains(&format!("`{value}`")),
                "docs/operating.md does not explain the label value {value}"
            );
        }
    }
}

#[test]
fn the_dashboard_uses_metrics_that_there_are() {
    let dashboard: serde_json::Value =
        serde_json::from_str(include_str!("../../../docs/grafana-dashboard.json")).unwrap();
    let mut used = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap();
            let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let ours: Vec<_> = words.filter(|word| word.starts_with("palisade_")).collect();
            assert!(!ours.is_empty(), "{query}");
            used.extend(ours.into_iter().map(str::to_owned));
        }
    }
    for name in &used {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
        let is_there = TABLE.iter().any(|metric| match metric.kind {
            Kind::Histogram => Some(metric.name) == of_histogram,
            _ => metric.name == name,
        });
        assert!(is_there, "the dashboard uses {name}, which there is not");
    }
    assert!(used.len() >= 15, "it shows only {used:?}");
}
