//! The bytecode gate: what CPython compiled is held against the policy once more, before it runs.
//!
//! The analyzer judges a text by a parser that is not CPython's. Whatever the two may see differently, this sees what will run:
//! the instructions of every code object, and the names, constants and parameters they use ([`walk`]). What the compiler adds
//! is told from what the user wrote by its place ([`made`]), with the numbers of this very interpreter ([`opcodes`]).
//!
//! It is the analyzer's net: off where the analyzer is off. That no import opcode is left is checked always.

mod code;
mod made;
mod opcodes;
mod rules;
mod trial;
mod walk;

use std::collections::HashSet;

use palisade_channel::control::Names;
use palisade_channel::message::Gap;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCode;

use self::code::{Position, Reader};
use self::opcodes::Opcodes;
pub(crate) use self::rules::{Rules, is_dunder};
use self::walk::{Place, Use, walk};

/// Findings that are reported.
const MOST: usize = 100;

/// What judges compiled code.
pub(crate) struct Gate {
    reader: Reader,
    opcodes: Opcodes,
    rules: Rules,
    /// Whether more than imports is judged.
    on: bool,
}

/// Where the compiler turned a name of the source into a constant: a keyword, a parameter with an annotation. The constant's
/// place, and the name.
pub(crate) type Declared = HashSet<(Position, String)>;

/// Says of a name, an attribute or a text whether it may be used nevertheless.
pub(crate) type Exempt<'a> = &'a dyn Fn(&str) -> bool;

impl Gate {
    /// Learns this interpreter's bytecode, and finds in a trial piece of code everything that is known to be in it.
    ///
    /// # Errors
    /// The interpreter is not one whose bytecode is understood.
    pub(crate) fn capture(py: Python<'_>, names: &Names) -> PyResult<Self> {
        let gate = Self {
            reader: Reader::capture(py)?,
            opcodes: Opcodes::of_interpreter(py)?,
            rules: Rules::new(names),
            on: names.gate,
        };
        trial::find_everything(py, &gate.reader, &gate.opcodes)?;
        Ok(gate)
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What `code` names and may not, by line. `declared` is asked for only if something is found that may be
    /// a name and no text.
    ///
    /// # Errors
    /// There is something in it that no compiler of a supported version makes; those of `declared`.
    pub(crate) fn refuse(
        &self,
        code: &Bound<'_, PyCode>,
        exempt: Exempt<'_>,
        declared: &mut dyn FnMut() -> PyResult<Declared>,
    ) -> PyResult<Vec<Gap>> {
        let mut gaps: Vec<Gap> = Vec::new();
        let mut doubtful = Vec::new();
        let mut positions: Option<(*mut ffi::PyObject, Vec<Option<Position>>)> = None;
        walk(&self.reader, &self.opcodes, code, &mut |what, place| {
            if !self.on && what != Use::Import {
                return;
            }
            let Some(text) = self.rules.refuses(what, place.classes) else { return };
            match what {
                Use::Name(name) | Use::Attribute(name) | Use::Text(name) if exempt(name) => {}
                Use::Text(name) if place.may_be_name && self.rules.refuses_whole(name) => {
                    // Once for each code object: there can be many doubts in one.
                    let of = place.code.as_ptr();
                    if positions.as_ref().is_none_or(|(code, _)| *code != of) {
                        positions = Some((of, self.reader.positions(place.code).unwrap_or_default()));
                    }
                    let known = positions.as_ref().map(|(_, positions)| positions);
                    let position = place.unit.and_then(|unit| known?.get(unit).copied()?);
                    doubtful.push((position, name.to_owned(), Gap { line: line(place), text }, place.classes.to_vec()));
                }
                _ => push(&mut gaps, Gap { line: line(place), text }),
            }
        })?;
        if !doubtful.is_empty() {
            let declared = declared()?;
            for (position, name, gap, classes) in doubtful {
                let is_name = position.is_some_and(|position| declared.contains(&(position, name.clone())));
                // A name is judged as one: `def f(obj: int)` declares what `"obj"` may not say.
                if !is_name || self.rules.refuses(Use::Name(&name), &classes).is_some() {
                    push(&mut gaps, gap);
                }
            }
        }
        gaps.sort_by_key(|gap| gap.line);
        Ok(gaps)
    }
}

/// Each text once, with its first line.
fn push(gaps: &mut Vec<Gap>, gap: Gap) {
    if let Some(known) = gaps.iter_mut().find(|known| known.text == gap.text) {
        known.line = known.line.min(gap.line);
    } else if gaps.len() < MOST {
        gaps.push(gap);
    }
}

/// The user's line, from 1.
fn line(place: &Place<'_, '_>) -> Option<u64> {
    let offset = i32::try_from(place.unit.unwrap_or_default()).ok()?.checked_mul(2)?;
    // SAFETY: a live code object, which `walk` has checked to be one; lines of any offset can be asked for.
    let line = unsafe { ffi::PyCode_Addr2Line(place.code.as_ptr().cast(), offset) };
    u64::try_from(line).ok().filter(|line| *line > 0)
}

/// The refusal of code, for an exception that is raised while other code runs.
pub(crate) fn described(gaps: &[Gap]) -> String {
    gaps.iter().map(|gap| gap.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// For code of which no syntax tree is at hand.
#[expect(clippy::unnecessary_wraps, reason = "others have a syntax tree to read")]
pub(crate) fn no_declarations() -> PyResult<Declared> {
    Ok(Declared::new())
}
