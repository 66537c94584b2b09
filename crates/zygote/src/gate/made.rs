//! What the compiler adds to what the user wrote, told by its place.

use super::code::{Instruction, Parts};
use super::opcodes::{Mark, Takes};

/// Names under which user code calls the import guard, all beginning so.
const GUARD: &str = ".import";

/// The last constant of such a call is at most so far behind the guard's name.
const FURTHEST: usize = 4;

/// Which instructions the compiler added.
pub(super) fn by_compiler(parts: &Parts<'_>, class_body: bool) -> Vec<bool> {
    let mut made = vec![false; parts.instructions.len()];
    let view = View(parts);
    if class_body {
        beginning(&view, &mut made);
        ending(&view, &mut made);
        annotations(&view, &mut made);
    }
    of_super(&view, &mut made);
    made
}

/// The place of a constant among those that a call of the import guard is made of: 0 is the module.
pub(super) fn of_import(parts: &Parts<'_>, index: usize) -> Option<usize> {
    let view = View(parts);
    let before = (index.saturating_sub(FURTHEST)..index)
        .rev()
        .take_while(|&at| matches!(view.mark(at), Mark::LoadConstant | Mark::PushNull));
    let constants = before.clone().filter(|&at| view.mark(at) == Mark::LoadConstant).count();
    let function = index.checked_sub(before.count() + 1)?;
    view.name(function).is_some_and(|name| name.starts_with(GUARD)).then_some(constants)
}

/// Whether a constant is the annotations of a function, which were all constants: names and texts by turns.
pub(super) fn is_annotations(parts: &Parts<'_>, index: usize) -> bool {
    /// What `SET_FUNCTION_ATTRIBUTE` sets.
    const ANNOTATIONS: u32 = 4;
    let view = View(parts);
    let mut at = index + 1;
    // The variables it closes over come between them and the code.
    while matches!(view.at(at), Some(loads) if matches!(loads.opcode.takes, Takes::Variable | Takes::TwoVariables)) {
        at += 1;
    }
    if view.mark(at) == Mark::BuildTuple {
        at += 1;
    }
    view.mark(at) == Mark::LoadConstant
        && view.mark(at + 1) == Mark::MakeFunction
        && (at + 2..)
            .map_while(|at| view.at(at).filter(|next| next.opcode.mark == Mark::SetFunctionAttribute))
            .any(|next| next.argument == ANNOTATIONS)
}

struct View<'a, 'py>(&'a Parts<'py>);

impl View<'_, '_> {
    fn at(&self, index: usize) -> Option<&Instruction> {
        self.0.instructions.get(index)
    }

    fn mark(&self, index: usize) -> Mark {
        self.at(index).map_or(Mark::Other, |instruction| instruction.opcode.mark)
    }

    /// What is loaded or stored under a name or in a cell.
    fn name(&self, index: usize) -> Option<&str> {
        let instruction = self.at(index)?;
        match instruction.opcode.takes {
            Takes::Name(shift) => self.0.names.get((instruction.argument >> shift) as usize).map(String::as_str),
            Takes::Cell | Takes::Variable => self.0.variables.name(instruction.argument),
            _ => None,
        }
    }

    fn is(&self, index: usize, mark: Mark, name: &str) -> bool {
        self.mark(index) == mark && self.name(index) == Some(name)
    }
}

/// `__module__ = __name__`, `__qualname__ = …`, `__firstlineno__ = …`, type parameters and a docstring: the beginning of each
/// class body, in this order and nowhere else.
fn beginning(view: &View<'_, '_>, made: &mut [bool]) {
    let mut at = (0..made.len())
        .find(|&at| !matches!(view.mark(at), Mark::MakeCell | Mark::CopyFreeVariables | Mark::Nop))
        .unwrap_or_default();
    if view.mark(at) != Mark::Resume {
        return;
    }
    at += 1;
    if !(view.is(at, Mark::LoadName, "__name__")
        && view.is(at + 1, Mark::StoreName, "__module__")
        && view.mark(at + 2) == Mark::LoadConstant
        && view.is(at + 3, Mark::StoreName, "__qualname__"))
    {
        return;
    }
    made[at..at + 4].fill(true);
    at += 4;
    if view.is(at + 1, Mark::StoreName, "__firstlineno__") {
        made[at..at + 2].fill(true);
        at += 2;
    }
    // A dictionary for type parameters is kept in a cell, and the parameters come from one.
    loop {
        let length = if view.mark(at) == Mark::LoadLocals && view.is(at + 1, Mark::StoreDeref, "__classdict__") {
            2
        } else if view.mark(at) == Mark::LoadLocals
            && view.is(at + 1, Mark::LoadFromDictOrDeref, ".type_params")
            && view.is(at + 2, Mark::StoreName, "__type_params__")
        {
            3
        } else if view.is(at, Mark::LoadDeref, ".type_params") && view.is(at + 1, Mark::StoreName, "__type_params__") {
            2
        } else if view.mark(at) == Mark::SetupAnnotations {
            1
        } else {
            break;
        };
        made[at..at + length].fill(true);
        at += length;
    }
    // The docstring itself is judged as the text it is.
    if view.mark(at) == Mark::LoadConstant && view.is(at + 1, Mark::StoreName, "__doc__") {
        made[at + 1] = true;
    }
}

/// `__static_attributes__`, `__classdictcell__` and `__classcell__`: the last stores before a class body returns. There can be
/// several returns.
fn ending(view: &View<'_, '_>, made: &mut [bool]) {
    for start in 0..made.len() {
        if view.mark(start) != Mark::LoadConstant || !view.is(start + 1, Mark::StoreName, "__static_attributes__") {
            continue;
        }
        let mut at = start + 2;
        if view.mark(at) == Mark::LoadFast && view.is(at + 1, Mark::StoreName, "__classdictcell__") {
            at += 2;
        }
        if view.mark(at) == Mark::LoadFast
            && view.mark(at + 1) == Mark::Copy
            && view.is(at + 2, Mark::StoreName, "__classcell__")
        {
            at += 3;
        }
        // What the user stores under that name is not the last: the compiler's own comes after it.
        let returns = match view.mark(at) {
            Mark::ReturnConstant | Mark::ReturnValue => true,
            Mark::LoadConstant => view.mark(at + 1) == Mark::ReturnValue,
            _ => false,
        };
        if returns {
            made[start..at].fill(true);
        }
    }
}

/// `__annotations__[…] = …`, which an annotation becomes. The constant is judged, as the name it is.
fn annotations(view: &View<'_, '_>, made: &mut [bool]) {
    for (at, made) in made.iter_mut().enumerate() {
        if view.is(at, Mark::LoadName, "__annotations__")
            && view.mark(at + 1) == Mark::LoadConstant
            && view.mark(at + 2) == Mark::StoreSubscript
        {
            *made = true;
        }
    }
}

/// The class that `super()` without arguments is given.
fn of_super(view: &View<'_, '_>, made: &mut [bool]) {
    /// Set where the call was written with two arguments.
    const WITH_ARGUMENTS: u32 = 2;
    for (at, made) in made.iter_mut().enumerate().skip(1) {
        if view.is(at, Mark::LoadDeref, "__class__")
            && matches!(view.mark(at - 1), Mark::LoadGlobal | Mark::LoadName)
            && view.name(at - 1) == Some("super")
            && let Some(attribute) = view.at(at + 2)
            && attribute.opcode.mark == Mark::LoadSuperAttribute
            && attribute.argument & WITH_ARGUMENTS == 0
        {
            *made = true;
        }
    }
}
