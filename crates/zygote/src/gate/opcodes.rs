//! What the numbers of this interpreter's instructions mean, asked of the interpreter and not written down here: they differ
//! between minor versions. What is written down is what instructions *do*, by name, and an interpreter with an instruction
//! that takes a name, a constant or a variable in a way not known here is refused.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What an instruction takes from the tables of its code object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing.
    Nothing,
    /// A name, `arg >> shift` in the table of names.
    Name(u8),
    /// An attribute, `arg >> shift` in the table of names.
    Attribute(u8),
    /// A module.
    Module,
    /// A constant.
    Constant,
    /// One variable.
    Variable,
    /// Two, four bits each.
    TwoVariables,
    /// A variable by its cell.
    Cell,
    /// Only makes a cell of a variable.
    MakesCell,
    /// It never stands in code that was compiled just now.
    Never,
}

/// Instructions that tell by their place what the compiler made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    BuildTuple,
    CallKeywords,
    Copy,
    CopyFreeVariables,
    Extended,
    Intrinsic1,
    LoadLocals,
    LoadConstant,
    LoadDeref,
    LoadFast,
    LoadFromDictOrDeref,
    LoadGlobal,
    LoadName,
    LoadSuperAttribute,
    KeyMap,
    MakeCell,
    MakeFunction,
    MatchClass,
    Nop,
    PushNull,
    Resume,
    ReturnConstant,
    ReturnValue,
    SetFunctionAttribute,
    SetupAnnotations,
    StoreDeref,
    StoreName,
    StoreSubscript,
    Other,
}

/// One instruction of the interpreter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opcode {
    pub(super) takes: Takes,
    pub(super) mark: Mark,
    /// Units behind it that are the interpreter's own.
    pub(super) caches: u8,
}

/// All of them by number.
pub(super) struct Opcodes {
    table: [Opcode; 256],
    /// Argument of the intrinsic that imports `*`.
    import_star: u32,
}

const NEVER: Opcode = Opcode { takes: Takes::Never, mark: Mark::Other, caches: 0 };

impl Opcodes {
    /// # Errors
    /// An instruction that is not understood; the interpreter's own tables are not as they should be.
    pub(super) fn of_interpreter(py: Python<'_>) -> PyResult<Self> {
        let module = py.import("opcode")?;
        let numbers = |name: &str| module.getattr(name)?.extract::<Vec<u16>>();
        let (names, constants) = (numbers("hasname")?, numbers("hasconst")?);
        let (locals, cells) = (numbers("haslocal")?, numbers("hasfree")?);
        let caches = module.getattr("_inline_cache_entries")?.cast_into::<PyDict>()?;
        let mut table = [NEVER; 256];
        for (name, number) in module.getattr("opmap")?.cast_into::<PyDict>()?.iter() {
            let (name, number) = (name.extract::<String>()?, number.extract::<u16>()?);
            // The higher ones are the compiler's own and never in code.
            let Some(slot) = table.get_mut(usize::from(number)) else { continue };
            if never(&name) {
                continue;
            }
            let takes = known(&name).unwrap_or(Takes::Nothing);
            let expected = match takes {
                Takes::Name(_) | Takes::Attribute(_) | Takes::Module => (true, false, false, false),
                Takes::Constant => (false, true, false, false),
                Takes::Variable | Takes::TwoVariables => (false, false, true, false),
                Takes::Cell | Takes::MakesCell => (false, false, false, true),
                Takes::Nothing | Takes::Never => (false, false, false, false),
            };
            let has = [&names, &constants, &locals, &cells].map(|list| list.contains(&number));
            if has != <[bool; 4]>::from(expected) {
                return Err(not_understood(&format!("what its instruction {name} takes is not what Palisade knows")));
            }
            let caches = caches.get_item(&name)?.map_or(Ok(0), |count| count.extract())?;
            *slot = Opcode { takes, mark: mark(&name), caches };
        }
        let intrinsics: Vec<String> = py.import("_opcode")?.call_method0("get_intrinsic1_descs")?.extract()?;
        let star = intrinsics.iter().position(|name| name == "INTRINSIC_IMPORT_STAR");
        let import_star = star.and_then(|at| u32::try_from(at).ok());
        let import_star = import_star.ok_or_else(|| not_understood("it has no intrinsic for `import *`"))?;
        Ok(Self { table, import_star })
    }

    pub(super) fn get(&self, number: u8) -> Opcode {
        self.table[usize::from(number)]
    }

    pub(super) fn imports_star(&self, mark: Mark, argument: u32) -> bool {
        mark == Mark::Intrinsic1 && argument == self.import_star
    }
}

/// An interpreter whose bytecode cannot be judged.
pub(super) fn not_understood(why: &str) -> PyErr {
    PyRuntimeError::new_err(format!(
        "the bytecode of this interpreter cannot be judged: {why}; use a release of a supported minor version"
    ))
}

/// What the interpreter makes of code when it has run: not there when it was compiled just now.
fn never(name: &str) -> bool {
    name.starts_with("INSTRUMENTED_") || matches!(name, "CACHE" | "RESERVED" | "ENTER_EXECUTOR")
}

fn known(name: &str) -> Option<Takes> {
    Some(match name {
        "LOAD_NAME" | "STORE_NAME" | "DELETE_NAME" | "STORE_GLOBAL" | "DELETE_GLOBAL" | "LOAD_FROM_DICT_OR_GLOBALS" => {
            Takes::Name(0)
        }
        "LOAD_GLOBAL" => Takes::Name(1),
        "STORE_ATTR" | "DELETE_ATTR" => Takes::Attribute(0),
        "LOAD_ATTR" => Takes::Attribute(1),
        "LOAD_SUPER_ATTR" => Takes::Attribute(2),
        "IMPORT_NAME" | "IMPORT_FROM" => Takes::Module,
        "LOAD_CONST" | "RETURN_CONST" => Takes::Constant,
        "LOAD_FAST" | "LOAD_FAST_CHECK" | "LOAD_FAST_AND_CLEAR" | "LOAD_FAST_BORROW" | "STORE_FAST" | "DELETE_FAST" => {
            Takes::Variable
        }
        "LOAD_FAST_LOAD_FAST"
        | "LOAD_FAST_BORROW_LOAD_FAST_BORROW"
        | "STORE_FAST_LOAD_FAST"
        | "STORE_FAST_STORE_FAST" => Takes::TwoVariables,
        "LOAD_DEREF" | "STORE_DEREF" | "DELETE_DEREF" | "LOAD_FROM_DICT_OR_DEREF" => Takes::Cell,
        "MAKE_CELL" => Takes::MakesCell,
        _ => return None,
    })
}

fn mark(name: &str) -> Mark {
    match name {
        "BUILD_CONST_KEY_MAP" => Mark::KeyMap,
        "BUILD_TUPLE" => Mark::BuildTuple,
        "CALL_KW" => Mark::CallKeywords,
        "COPY" => Mark::Copy,
        "COPY_FREE_VARS" => Mark::CopyFreeVariables,
        "EXTENDED_ARG" => Mark::Extended,
        "CALL_INTRINSIC_1" => Mark::Intrinsic1,
        "LOAD_LOCALS" => Mark::LoadLocals,
        "LOAD_CONST" => Mark::LoadConstant,
        "LOAD_DEREF" => Mark::LoadDeref,
        "LOAD_FAST" | "LOAD_FAST_BORROW" => Mark::LoadFast,
        "LOAD_FROM_DICT_OR_DEREF" => Mark::LoadFromDictOrDeref,
        "LOAD_GLOBAL" => Mark::LoadGlobal,
        "LOAD_NAME" => Mark::LoadName,
        "LOAD_SUPER_ATTR" => Mark::LoadSuperAttribute,
        "MAKE_CELL" => Mark::MakeCell,
        "MAKE_FUNCTION" => Mark::MakeFunction,
        "MATCH_CLASS" => Mark::MatchClass,
        "NOP" => Mark::Nop,
        "PUSH_NULL" => Mark::PushNull,
        "RESUME" => Mark::Resume,
        "RETURN_CONST" => Mark::ReturnConstant,
        "RETURN_VALUE" => Mark::ReturnValue,
        "SET_FUNCTION_ATTRIBUTE" => Mark::SetFunctionAttribute,
        "SETUP_ANNOTATIONS" => Mark::SetupAnnotations,
        "STORE_DEREF" => Mark::StoreDeref,
        "STORE_NAME" => Mark::StoreName,
        "STORE_SUBSCR" => Mark::StoreSubscript,
        _ => Mark::Other,
    }
}
