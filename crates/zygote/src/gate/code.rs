//! A code object, taken apart.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCode, PyString, PyTuple};

use super::opcodes::{Mark, Opcode, Opcodes, Takes, not_understood};
use crate::run::text;

/// Flags of code objects, which are the same in all supported versions.
const OPTIMIZED: u32 = 0x1;
const VARIABLE_ARGUMENTS: u32 = 0x4;
const VARIABLE_KEYWORDS: u32 = 0x8;

/// Reads the fields of code objects by descriptors that were captured before user code exists: hardening takes their names
/// away from the type.
pub(super) struct Reader {
    fields: [Py<PyAny>; FIELDS.len()],
    positions: Py<PyAny>,
}

const FIELDS: [&str; 10] = [
    "co_code",
    "co_consts",
    "co_names",
    "co_varnames",
    "co_cellvars",
    "co_freevars",
    "co_flags",
    "co_argcount",
    "co_kwonlyargcount",
    "co_name",
];

/// One instruction of a code object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instruction {
    pub(super) opcode: Opcode,
    pub(super) argument: u32,
    /// Its place, in units of two bytes.
    pub(super) unit: usize,
}

/// The variables of a code object by the index instructions have for them.
pub(super) struct Variables {
    all: Vec<String>,
    /// The first that is a cell and no parameter.
    cells_from: usize,
    /// Parameters and variables that are cells as well.
    shared: Vec<bool>,
}

impl Variables {
    pub(super) fn name(&self, index: u32) -> Option<&str> {
        self.all.get(index as usize).map(String::as_str)
    }

    /// Whether reading it as a plain variable gives its cell, as it is done to make closures.
    pub(super) fn is_cell(&self, index: u32) -> bool {
        let index = index as usize;
        index >= self.cells_from || self.shared.get(index).copied().unwrap_or(false)
    }
}

/// What there is of one code object.
pub(super) struct Parts<'py> {
    pub(super) instructions: Vec<Instruction>,
    pub(super) constants: Bound<'py, PyTuple>,
    pub(super) names: Vec<String>,
    pub(super) variables: Variables,
    /// How many of the variables are parameters.
    pub(super) parameters: usize,
    pub(super) name: String,
    /// Whether it runs in a dictionary instead of numbered variables: a class body, or a whole module.
    pub(super) in_dictionary: bool,
}

impl Reader {
    /// # Errors
    /// Code objects have not these fields.
    pub(super) fn capture(py: Python<'_>) -> PyResult<Self> {
        let descriptors = py.get_type::<PyCode>().getattr("__dict__")?;
        let reader = |name: &str| Ok::<_, PyErr>(descriptors.get_item(name)?.getattr("__get__")?.unbind());
        let fields = FIELDS.map(reader);
        let mut captured = Vec::with_capacity(FIELDS.len());
        for field in fields {
            captured.push(field?);
        }
        let fields = captured.try_into().map_err(|_| not_understood("code objects have other fields"))?;
        Ok(Self { fields, positions: descriptors.get_item("co_positions")?.unbind() })
    }

    pub(super) fn read<'py>(&self, code: &Bound<'py, PyAny>, opcodes: &Opcodes) -> PyResult<Parts<'py>> {
        let py = code.py();
        let get = |field: &Py<PyAny>| field.bind(py).call1((code,));
        let [bytes, constants, names, variables, cells, free, flags, positional, keyword_only, name] = &self.fields;
        let tuple = |field| Ok::<_, PyErr>(get(field)?.cast_into::<PyTuple>()?);
        let flags: u32 = get(flags)?.extract()?;
        let counted = get(positional)?.extract::<usize>()? + get(keyword_only)?.extract::<usize>()?;
        let parameters =
            counted + usize::from(flags & VARIABLE_ARGUMENTS != 0) + usize::from(flags & VARIABLE_KEYWORDS != 0);
        let bytes = get(bytes)?.cast_into::<PyBytes>()?;
        Ok(Parts {
            instructions: instructions(bytes.as_bytes(), opcodes)?,
            constants: tuple(constants)?,
            names: texts(&tuple(names)?)?,
            variables: joined(texts(&tuple(variables)?)?, &texts(&tuple(cells)?)?, texts(&tuple(free)?)?),
            parameters,
            name: text::lossy(get(name)?.cast::<PyString>()?)?,
            in_dictionary: flags & OPTIMIZED == 0,
        })
    }

    /// Where the text of each unit's expression or statement begins and ends: line, column of bytes, both from the compiler.
    pub(super) fn positions(&self, code: &Bound<'_, PyAny>) -> PyResult<Vec<Option<Position>>> {
        let positions = self.positions.bind(code.py()).call1((code,))?;
        let position = |found: PyResult<Bound<'_, PyAny>>| {
            let (line, end_line, column, end_column) = found.ok()?.extract().ok()?;
            Some((line, column, end_line, end_column))
        };
        Ok(positions.try_iter()?.map(position).collect())
    }
}

/// Line and column of a beginning and of an end.
pub(super) type Position = (u32, u32, u32, u32);

fn texts(names: &Bound<'_, PyTuple>) -> PyResult<Vec<String>> {
    // What is no str cannot be a name; an empty one is refused by nothing and used by nothing.
    names.iter().map(|name| name.cast::<PyString>().map_or_else(|_| Ok(String::new()), text::lossy)).collect()
}

/// Locals, then cells that are no locals, then free variables: the order of the frame.
fn joined(locals: Vec<String>, cells: &[String], free: Vec<String>) -> Variables {
    let cells_from = locals.len();
    let shared = locals.iter().map(|name| cells.contains(name)).collect();
    let own = cells.iter().filter(|name| !locals.contains(name)).cloned().collect::<Vec<_>>();
    let mut all = locals;
    all.extend(own);
    all.extend(free);
    Variables { all, cells_from, shared }
}

fn instructions(bytes: &[u8], opcodes: &Opcodes) -> PyResult<Vec<Instruction>> {
    let mut found = Vec::with_capacity(bytes.len() / 2);
    let mut units = bytes.chunks_exact(2).enumerate();
    let mut extended = 0_u32;
    while let Some((unit, pair)) = units.next() {
        let opcode = opcodes.get(pair[0]);
        if opcode.takes == Takes::Never {
            return Err(not_understood(&format!("code that was compiled just now has an instruction {}", pair[0])));
        }
        let argument = extended | u32::from(pair[1]);
        extended = if opcode.mark == Mark::Extended { argument << 8 } else { 0 };
        if opcode.mark != Mark::Extended {
            found.push(Instruction { opcode, argument, unit });
        }
        for _ in 0..opcode.caches {
            if units.next().is_none_or(|(_, cache)| cache != [0, 0]) {
                return Err(not_understood("what it keeps between instructions is not empty"));
            }
        }
    }
    Ok(found)
}
