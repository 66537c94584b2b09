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
            let Some(takes) = known(&name) else {
                return Err(not_understood(&format!("its instruction {name} is not known")));
            };
            let expected = match takes {
                Takes::Name(_) | Takes::Attribute(_) | Takes::Module => (true, false, false, false),
                Takes::Constant => (false, true, false, false),
                Takes::Variable | Takes::TwoVariables => (false, false, true, false),
                Takes::Cell | Takes::MakesCell => (false, false, false, true),
                Takes::Nothing | Takes::Never => (false, false, false, false),
            };
            let has = [&names, &constants, &locals, &cells].map(|list| list.contains(&number));
            // 3.14 lists LOAD_DEREF among the variables; its argument is of the same numbers either way.
            let local_cell = name == "LOAD_DEREF" && has == [false, false, true, false];
            if has != <[bool; 4]>::from(expected) && !local_cell {
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

/// Instructions that take nothing from the tables, of both supported versions. What 3.14 has new of them works on numbers
/// (`LOAD_SMALL_INT`), on fixed sets of the compiler's own (`LOAD_COMMON_CONSTANT`: exceptions and built-ins that statements
/// need; `LOAD_SPECIAL`: the methods of `with`), and on what other instructions have put on the stack (`BUILD_TEMPLATE`).
const PLAIN: &[&str] = &[
    "BEFORE_ASYNC_WITH",
    "BEFORE_WITH",
    "BINARY_OP",
    "BINARY_SLICE",
    "BINARY_SUBSCR",
    "BUILD_CONST_KEY_MAP",
    "BUILD_INTERPOLATION",
    "BUILD_LIST",
    "BUILD_MAP",
    "BUILD_SET",
    "BUILD_SLICE",
    "BUILD_STRING",
    "BUILD_TEMPLATE",
    "BUILD_TUPLE",
    "CALL",
    "CALL_FUNCTION_EX",
    "CALL_INTRINSIC_1",
    "CALL_INTRINSIC_2",
    "CALL_KW",
    "CHECK_EG_MATCH",
    "CHECK_EXC_MATCH",
    "CLEANUP_THROW",
    "COMPARE_OP",
    "CONTAINS_OP",
    "CONVERT_VALUE",
    "COPY",
    "COPY_FREE_VARS",
    "DELETE_SUBSCR",
    "DICT_MERGE",
    "DICT_UPDATE",
    "END_ASYNC_FOR",
    "END_FOR",
    "END_SEND",
    "EXIT_INIT_CHECK",
    "EXTENDED_ARG",
    "FORMAT_SIMPLE",
    "FORMAT_WITH_SPEC",
    "FOR_ITER",
    "GET_AITER",
    "GET_ANEXT",
    "GET_AWAITABLE",
    "GET_ITER",
    "GET_LEN",
    "GET_YIELD_FROM_ITER",
    "INTERPRETER_EXIT",
    "IS_OP",
    "JUMP_BACKWARD",
    "JUMP_BACKWARD_NO_INTERRUPT",
    "JUMP_FORWARD",
    "LIST_APPEND",
    "LIST_EXTEND",
    "LOAD_ASSERTION_ERROR",
    "LOAD_BUILD_CLASS",
    "LOAD_COMMON_CONSTANT",
    "LOAD_LOCALS",
    "LOAD_SMALL_INT",
    "LOAD_SPECIAL",
    "MAKE_FUNCTION",
    "MAP_ADD",
    "MATCH_CLASS",
    "MATCH_KEYS",
    "MATCH_MAPPING",
    "MATCH_SEQUENCE",
    "NOP",
    "NOT_TAKEN",
    "POP_EXCEPT",
    "POP_ITER",
    "POP_JUMP_IF_FALSE",
    "POP_JUMP_IF_NONE",
    "POP_JUMP_IF_NOT_NONE",
    "POP_JUMP_IF_TRUE",
    "POP_TOP",
    "PUSH_EXC_INFO",
    "PUSH_NULL",
    "RAISE_VARARGS",
    "RERAISE",
    "RESUME",
    "RETURN_GENERATOR",
    "RETURN_VALUE",
    "SEND",
    "SETUP_ANNOTATIONS",
    "SET_ADD",
    "SET_FUNCTION_ATTRIBUTE",
    "SET_UPDATE",
    "STORE_SLICE",
    "STORE_SUBSCR",
    "SWAP",
    "TO_BOOL",
    "UNARY_INVERT",
    "UNARY_NEGATIVE",
    "UNARY_NOT",
    "UNPACK_EX",
    "UNPACK_SEQUENCE",
    "WITH_EXCEPT_START",
    "YIELD_VALUE",
];

fn known(name: &str) -> Option<Takes> {
    if PLAIN.binary_search(&name).is_ok() {
        return Some(Takes::Nothing);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_instructions_are_found_and_nothing_else_is() {
        assert!(PLAIN.is_sorted());
        assert_eq!(known("LOAD_SMALL_INT"), Some(Takes::Nothing));
        assert_eq!(known("LOAD_DEREF"), Some(Takes::Cell));
        assert_eq!(known("LOAD_SOMETHING_NEW"), None);
    }
}
