//! What an analysis costs: first time, remembered, and the parts of it. docs/development.md says how to run it.
//!
//! CPU time of the whole process is measured, so that the numbers mean something on a machine that is busy: the
//! analyzer's threads count, time spent waiting for a processor does not. How long one waits for a verdict is measured as
//! well: less than that, as the tree is taken apart afterwards, or more, where others are at work.

#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a benchmark without its rules is none")]

mod cpu_time;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cpu_time::CpuTime;
use criterion::measurement::Measurement;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use palisade_analyzer::{Analyzer, Rules, Settings, Verdict, analyze};
use palisade_policy::{Allow, Policy};
use rustpython_parser::{Mode, ParseOptions, lexer, parse_unchecked};

/// A hundred dense lines of the kind that Code nodes hold.
const SCRIPT: &str = include_str!("script.py");

/// What the script imports, so that nothing in it is refused.
const MODULES: &str = "json,re,collections,datetime,statistics";

fn rules(list: &str) -> Arc<Rules> {
    let allow = |list| Allow::parse("bench", list).unwrap();
    Arc::new(Policy::load(allow(list), allow(list), None).unwrap().rules())
}

/// The script again and again, up to a megabyte.
fn megabyte() -> String {
    SCRIPT.repeat((1 << 20) / SCRIPT.len())
}

/// Texts that were not judged before: each differs in a comment.
fn fresh(source: &str) -> impl FnMut() -> Arc<str> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    move || format!("{source}# {}\n", NUMBER.fetch_add(1, Ordering::Relaxed)).into()
}

fn whole<M: Measurement + 'static>(criterion: &mut Criterion<M>, name: &str) {
    // As the runner sets it: a script of a hundred lines is judged on the spot, a megabyte elsewhere.
    let analyzer = Analyzer::start(Settings { at_once: 8192, ..Settings::default() }).unwrap();
    let rules = rules(MODULES);
    let judged = |source: Arc<str>| {
        let verdict = analyzer.analyze(source, Arc::clone(&rules));
        assert_eq!(*verdict, Verdict::Clean);
    };
    let mut group = criterion.benchmark_group(name);
    group.bench_function("100 lines", |bencher| bencher.iter_batched(fresh(SCRIPT), judged, BatchSize::SmallInput));
    let source: Arc<str> = SCRIPT.into();
    group.bench_function("100 lines, remembered", |bencher| bencher.iter(|| judged(Arc::clone(&source))));
    let megabyte = megabyte();
    group.sample_size(10).throughput(Throughput::Bytes(megabyte.len() as u64));
    group.bench_function("1 MB", |bencher| bencher.iter_batched(fresh(&megabyte), judged, BatchSize::PerIteration));
    group.finish();
}

fn parts(criterion: &mut Criterion<CpuTime>) {
    let (usual, everything) = (rules(MODULES), rules("*"));
    for (name, source) in [("parts of 100 lines", SCRIPT.to_owned()), ("parts of 1 MB", megabyte())] {
        let mut group = criterion.benchmark_group(name);
        if source.len() > SCRIPT.len() {
            group.sample_size(10);
        }
        group.bench_function("tokens", |bencher| {
            bencher.iter(|| {
                let mut tokens = lexer::lex(black_box(&source), Mode::Module);
                while tokens.next_token() != rustpython_ast::token::TokenKind::EndOfFile {}
            });
        });
        let parse = || parse_unchecked(black_box(&source), ParseOptions::from(Mode::Module));
        group.bench_function("parse, and take the tree apart", |bencher| bencher.iter(parse));
        group.bench_function("parse", |bencher| bencher.iter_batched(|| (), |()| parse(), BatchSize::PerIteration));
        group.bench_function("bounds and parse, own thread", |bencher| {
            bencher.iter(|| analyze(black_box(&source), &everything));
        });
        group.bench_function("all, own thread", |bencher| bencher.iter(|| analyze(black_box(&source), &usual)));
        group.finish();
    }
}

fn cpu_time(criterion: &mut Criterion<CpuTime>) {
    whole(criterion, "analyze");
    parts(criterion);
}

fn latency(criterion: &mut Criterion) {
    whole(criterion, "until the verdict");
}

criterion_group! {
    name = cpu;
    config = Criterion::default().with_measurement(CpuTime);
    targets = cpu_time
}
criterion_group!(clock, latency);
criterion_main!(cpu, clock);
