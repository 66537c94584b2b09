//! The generator makes Python, of all kinds, with and without planted words.
#![allow(clippy::unwrap_used, reason = "tests")]

use palisade_fuzzing::choices::Choices;
use palisade_fuzzing::cpython::{Question, ask};
use palisade_fuzzing::grammar::{Program, program};
use palisade_fuzzing::targets;

/// The same bytes at every run.
fn inputs(count: u64, length: usize) -> impl Iterator<Item = Vec<u8>> {
    (1..=count).map(move |seed| {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .take(length)
        .collect()
    })
}

#[test]
fn most_programs_compile_and_every_position_is_planted() {
    let mut positions = std::collections::BTreeSet::new();
    let (mut compiled, mut all, mut planted_somewhere) = (0, 0, 0);
    let mut causes = std::collections::BTreeMap::<String, (usize, String)>::new();
    for input in inputs(400, 600) {
        let Program { source, planted } = program(&mut Choices::new(&input), true);
        all += 1;
        planted_somewhere += usize::from(!planted.is_empty());
        positions.extend(planted.iter().filter_map(|it| it.rsplit(' ').next().map(str::to_owned)));
        let answer = ask(Question::Compiles, &source);
        if answer == ["yes"] {
            compiled += 1;
        } else {
            let why = answer.join("\n");
            let cause = why.split(" (").next().unwrap_or_default().to_owned();
            causes.entry(cause).or_insert((0, source)).0 += 1;
        }
    }
    let told: Vec<_> = causes.iter().map(|(cause, (count, _))| format!("{count} {cause}")).collect();
    println!("{compiled} of {all} compile, {planted_somewhere} with something planted; {told:#?}");
    assert!(compiled * 2 > all, "{compiled} of {all} compile: {told:#?}");
    assert!(planted_somewhere * 2 > all);
    for position in [
        "name",
        "attribute",
        "keyword",
        "pattern",
        "imported",
        "text",
        "taken",
        "capture",
        "positional",
        "parameter",
        "module",
    ] {
        assert!(positions.contains(position), "nothing at {position}: {positions:?}");
    }
}

#[test]
fn every_target_holds_on_arbitrary_bytes() {
    for target in targets::ALL {
        for input in inputs(60, 200).chain([Vec::new(), vec![0], vec![255; 300]]) {
            (target.body)(&input);
            (target.body)(&[&[0], &*input].concat());
        }
    }
}
