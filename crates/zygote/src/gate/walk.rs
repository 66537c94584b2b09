//! Every instruction of every nested code object, and what each of them names.
//!
//! What the user wrote is told from what the compiler adds by its place, never by its name: a class body begins by
//! `__module__ = __name__`, and the same two instructions anywhere else are the user's.

use std::rc::Rc;

use pyo3::prelude::*;
use pyo3::types::{PyCode, PyFrozenSet, PyString, PyTuple};

use super::code::{Instruction, Parts, Reader};
use super::made;
use super::opcodes::{Mark, Opcodes, Takes, not_understood};
use crate::run::text;

/// How deep constants lie in one another at most; the compiler makes a few levels.
const DEPTH: u32 = 1000;

/// Something that code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use<'a> {
    /// A name that is read, bound or deleted; a parameter.
    Name(&'a str),
    /// An attribute that is read, written or deleted.
    Attribute(&'a str),
    /// A keyword of a call.
    Keyword(&'a str),
    /// An attribute that a class pattern reads.
    Pattern(&'a str),
    /// A class pattern with positional parts.
    PositionalPattern,
    /// A text.
    Text(&'a str),
    /// A module that is asked of the guard.
    Module(&'a str),
    /// A name that is asked of a module.
    Imported(&'a str),
    /// An import past the guard.
    Import,
}

/// What a constant that is a text stands for.
#[derive(Debug, Clone, Copy)]
enum Role {
    Text,
    Name,
    Keyword,
    Pattern,
    Module,
    Imported,
}

impl Role {
    fn of(self, text: &str) -> Use<'_> {
        match self {
            Self::Text => Use::Text(text),
            Self::Name => Use::Name(text),
            Self::Keyword => Use::Keyword(text),
            Self::Pattern => Use::Pattern(text),
            Self::Module => Use::Module(text),
            Self::Imported => Use::Imported(text),
        }
    }
}

/// Where something is named.
pub(super) struct Place<'a, 'py> {
    pub(super) code: &'a Bound<'py, PyAny>,
    /// Unit of the instruction; nothing for what has none.
    pub(super) unit: Option<usize>,
    /// Whether it is a constant that may have been a name: a keyword, a parameter. Its place in the text tells.
    pub(super) may_be_name: bool,
    /// Names of the classes around, without the underscores they begin with.
    pub(super) classes: &'a [String],
}

pub(super) type Found<'a, 'py> = dyn FnMut(Use<'_>, &Place<'_, 'py>) + 'a;

/// Tells `found` all that `code` and the code in it name.
///
/// # Errors
/// There is something in it that no compiler of a supported version makes.
pub(super) fn walk<'py>(
    reader: &Reader,
    opcodes: &Opcodes,
    code: &Bound<'py, PyCode>,
    found: &mut Found<'_, 'py>,
) -> PyResult<()> {
    // A list instead of recursion: the depth is the user's.
    let mut pending = vec![(code.as_any().clone(), Rc::<[String]>::from([]), false)];
    while let Some((code, outer, nested)) = pending.pop() {
        let parts = reader.read(&code, opcodes)?;
        let class_body = nested && parts.in_dictionary;
        let classes = match class_of(&parts, class_body) {
            Some(class) => outer.iter().cloned().chain([class]).collect(),
            None => outer,
        };
        for constant in parts.constants.iter().filter(Bound::is_exact_instance_of::<PyCode>) {
            pending.push((constant, Rc::clone(&classes), true));
        }
        let place = Place { code: &code, unit: None, may_be_name: false, classes: &classes };
        Body { opcodes, parts: &parts, made: made::by_compiler(&parts, class_body), found }.walk(&place)?;
    }
    Ok(())
}

/// The class whose name mangles private names here.
fn class_of(parts: &Parts<'_>, class_body: bool) -> Option<String> {
    const GENERIC: &str = "<generic parameters of ";
    let name = match parts.name.strip_prefix(GENERIC) {
        Some(rest) => rest.strip_suffix('>').unwrap_or(rest),
        None if class_body => &parts.name,
        None => return None,
    };
    Some(name.trim_start_matches('_').to_owned())
}

struct Body<'a, 'b, 'py> {
    opcodes: &'a Opcodes,
    parts: &'a Parts<'py>,
    /// The instructions that the compiler added.
    made: Vec<bool>,
    found: &'a mut Found<'b, 'py>,
}

impl<'py> Body<'_, '_, 'py> {
    fn walk(&mut self, place: &Place<'_, 'py>) -> PyResult<()> {
        let parts = self.parts;
        for index in 0..parts.parameters {
            let name = parts.variables.name(u32::try_from(index)?).ok_or_else(|| gone("parameter"))?;
            self.name(name, place);
        }
        // Functions and classes are stored under their names, so those were seen; not where a name stands for nothing.
        self.name(&parts.name, place);
        if let Some(docstring) = docstring(parts) {
            self.constant(&docstring, Role::Text, place, 0)?;
        }
        for (index, instruction) in parts.instructions.iter().enumerate() {
            if !self.made.get(index).copied().unwrap_or(false) {
                let place = Place { unit: Some(instruction.unit), ..*place };
                self.instruction(index, *instruction, &place)?;
            }
        }
        Ok(())
    }

    fn instruction(&mut self, index: usize, instruction: Instruction, place: &Place<'_, 'py>) -> PyResult<()> {
        let parts = self.parts;
        let Instruction { opcode, argument, .. } = instruction;
        let name = |index: u32| parts.names.get(index as usize).ok_or_else(|| gone("name"));
        match opcode.takes {
            Takes::Name(shift) => self.name(name(argument >> shift)?, place),
            Takes::Attribute(shift) => (self.found)(Use::Attribute(name(argument >> shift)?), place),
            Takes::Module => (self.found)(Use::Import, place),
            Takes::Constant => self.loaded(index, argument, place)?,
            Takes::Variable => self.variable(argument, place)?,
            Takes::TwoVariables => {
                self.variable(argument >> 4, place)?;
                self.variable(argument & 0xf, place)?;
            }
            Takes::Cell => {
                let name = parts.variables.name(argument).ok_or_else(|| gone("cell"))?;
                self.name(name, place);
            }
            Takes::MakesCell | Takes::Nothing => {}
            Takes::Never => return Err(gone("instruction")),
        }
        match opcode.mark {
            Mark::MatchClass if argument > 0 => (self.found)(Use::PositionalPattern, place),
            mark if self.opcodes.imports_star(mark, argument) => (self.found)(Use::Import, place),
            _ => {}
        }
        Ok(())
    }

    /// Names with a dot or in brackets are the compiler's and ours; no user can write one.
    fn name(&mut self, name: &str, place: &Place<'_, 'py>) {
        if !name.contains(['.', '<']) {
            (self.found)(Use::Name(name), place);
        }
    }

    fn variable(&mut self, index: u32, place: &Place<'_, 'py>) -> PyResult<()> {
        let variables = &self.parts.variables;
        let name = variables.name(index).ok_or_else(|| gone("variable"))?;
        // A cell that is handed on to a function inside; what that does with it is seen there.
        if !variables.is_cell(index) {
            self.name(name, place);
        }
        Ok(())
    }

    fn loaded(&mut self, index: usize, argument: u32, place: &Place<'_, 'py>) -> PyResult<()> {
        let constant = self.parts.constants.get_item(argument as usize).map_err(|_| gone("constant"))?;
        if made::is_annotations(self.parts, index)
            && let Ok(by_turns) = constant.cast_exact::<PyTuple>()
        {
            for (turn, item) in by_turns.iter().enumerate() {
                let role = if turn % 2 == 0 { Role::Name } else { Role::Text };
                self.constant(&item, role, place, 1)?;
            }
            return Ok(());
        }
        let next = self.parts.instructions.get(index + 1).map(|next| next.opcode.mark);
        match next {
            Some(Mark::CallKeywords) => self.constant(&constant, Role::Keyword, place, 0),
            Some(Mark::MatchClass) => self.constant(&constant, Role::Pattern, place, 0),
            _ => match made::of_import(self.parts, index) {
                Some(0) => self.constant(&constant, Role::Module, place, 0),
                Some(_) => self.constant(&constant, Role::Imported, place, 0),
                None => {
                    let keys = next == Some(Mark::KeyMap);
                    let may_be_name = keys || constant.is_exact_instance_of::<PyString>();
                    self.constant(&constant, Role::Text, &Place { may_be_name, ..*place }, 0)
                }
            },
        }
    }

    fn constant(
        &mut self,
        constant: &Bound<'py, PyAny>,
        role: Role,
        place: &Place<'_, 'py>,
        depth: u32,
    ) -> PyResult<()> {
        if depth > DEPTH {
            return Err(not_understood("constants lie too deep in one another"));
        }
        if let Ok(contents) = constant.cast_exact::<PyString>() {
            match contents.to_str() {
                Ok(contents) => (self.found)(role.of(contents), place),
                // Lone surrogates are in no name.
                Err(_) => (self.found)(role.of(&text::lossy(contents)?), place),
            }
        } else if let Ok(items) = constant.cast_exact::<PyTuple>() {
            for item in items {
                self.constant(&item, role, place, depth + 1)?;
            }
        } else if let Ok(items) = constant.cast_exact::<PyFrozenSet>() {
            for item in items {
                self.constant(&item, role, place, depth + 1)?;
            }
        } else if let Some(bounds) = slice(constant) {
            for bound in bounds {
                self.constant(&bound?, role, place, depth + 1)?;
            }
        }
        // Numbers, bytes, None, Ellipsis and code, which has its own turn.
        Ok(())
    }
}

/// A function's docstring is its first constant, which no instruction loads. (3.14 has a flag for it, 3.13 has not.)
fn docstring<'py>(parts: &Parts<'py>) -> Option<Bound<'py, PyAny>> {
    let loads_first =
        |instruction: &Instruction| instruction.opcode.takes == Takes::Constant && instruction.argument == 0;
    let none = parts.in_dictionary || parts.instructions.iter().any(loads_first);
    if none { None } else { parts.constants.get_item(0).ok() }
}

/// Beginning, end and step of a slice that is a constant, as 3.14 has them.
fn slice<'py>(constant: &Bound<'py, PyAny>) -> Option<[PyResult<Bound<'py, PyAny>>; 3]> {
    let slice = constant.cast_exact::<pyo3::types::PySlice>().ok()?;
    Some(["start", "stop", "step"].map(|part| slice.getattr(part)))
}

fn gone(what: &str) -> PyErr {
    not_understood(&format!("an instruction has no {what} where it should"))
}
