//! What a syntax tree says, as a sorted list of facts: the same for two parsers that read a text alike.
//!
//! Names, texts, numbers and the kinds of nodes, in the words of `CPython`'s tree; `cpython/oracle.py` lists the same of its
//! own. Layout of the tree is left out, which makes the lists of two differently built trees comparable.

mod second;

use rustpython_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal, walk_module};
use rustpython_ast::{
    AnyNodeRef, BoolOp, CmpOp, ConversionFlag, FStringPart, Identifier, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringElements, Mod, Number, Operator, UnaryOp,
};
use rustpython_parser::{Mode, ParseOptions};
use text_size::Ranged;

pub use second::second;

/// The facts of the analyzer's own parser; none where it refuses, or where the text has what is compared with nobody: a
/// t-string, which is younger than the other parsers, or a backslash in `{…=}`. There `CPython` shows what the escapes mean,
/// ours what they are; that hides no word, as texts with escapes in the field are judged by themselves.
pub fn ours(source: &str) -> Option<Vec<String>> {
    let parsed = rustpython_parser::parse_unchecked(source, ParseOptions::from(Mode::Module));
    if !parsed.errors().is_empty() {
        return None;
    }
    let module: Mod = parsed.into_syntax();
    let mut facts = Facts { source, found: Vec::new(), is_incomparable: false };
    walk_module(&mut facts, &module);
    if facts.is_incomparable {
        return None;
    }
    facts.found.sort();
    Some(facts.found)
}

/// The names of a list of facts: what a second opinion is asked about.
pub fn names(facts: &[String]) -> Vec<String> {
    let kinds = ["name ", "attribute ", "parameter ", "keyword "];
    facts.iter().filter(|fact| kinds.iter().any(|kind| fact.starts_with(kind))).cloned().collect()
}

struct Facts<'s> {
    source: &'s str,
    found: Vec<String>,
    is_incomparable: bool,
}

impl Facts<'_> {
    fn is(&mut self, fact: impl Into<String>) {
        self.found.push(fact.into());
    }

    fn text(&mut self, text: &str) {
        // A carriage return in a literal of several lines is a line end to CPython. Ours keeps it, which hides no word: none
        // has a line end.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        self.is(format!("text {}", serde_json::Value::from(text)));
    }

    /// Literal pieces between two fields are one text to Python.
    fn pieces<'e>(
        &mut self,
        elements: &'e InterpolatedStringElements,
        piece: &mut String,
    ) -> Vec<&'e InterpolatedElement> {
        let mut fields = Vec::new();
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => piece.push_str(literal),
                InterpolatedStringElement::Interpolation(field) => {
                    if let Some(debug) = &field.debug_text {
                        let range = field.expression.range();
                        let shown =
                            self.source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
                        self.is_incomparable |=
                            [&*debug.leading, shown, &*debug.trailing].iter().any(|it| it.contains('\\'));
                        piece.push_str(&debug.leading);
                        piece.push_str(shown);
                        piece.push_str(&debug.trailing);
                    }
                    self.flush(piece);
                    fields.push(field);
                }
            }
        }
        fields
    }

    fn flush(&mut self, piece: &mut String) {
        if !piece.is_empty() {
            let text = std::mem::take(piece);
            self.text(&text);
        }
    }

    fn statement(&mut self, node: AnyNodeRef<'_>) -> bool {
        let kind = match node {
            AnyNodeRef::StmtFunctionDef(node) => {
                let kind = if node.is_async { "AsyncFunctionDef" } else { "FunctionDef" };
                return self.told(format!("{kind} {}", node.name));
            }
            AnyNodeRef::StmtClassDef(node) => return self.told(format!("ClassDef {}", node.name)),
            AnyNodeRef::StmtImportFrom(node) => {
                let dots = ".".repeat(node.level as usize);
                return self.told(format!("from {dots}{}", text_of(node.module.as_ref())));
            }
            AnyNodeRef::StmtGlobal(node) => return self.told(format!("Global {}", joined(&node.names))),
            AnyNodeRef::StmtNonlocal(node) => return self.told(format!("Nonlocal {}", joined(&node.names))),
            AnyNodeRef::StmtReturn(_) => "Return",
            AnyNodeRef::StmtDelete(_) => "Delete",
            AnyNodeRef::StmtTypeAlias(_) => "TypeAlias",
            AnyNodeRef::StmtAssign(_) => "Assign",
            AnyNodeRef::StmtAugAssign(_) => "AugAssign",
            AnyNodeRef::StmtAnnAssign(_) => "AnnAssign",
            AnyNodeRef::StmtFor(node) if node.is_async => "AsyncFor",
            AnyNodeRef::StmtFor(_) => "For",
            AnyNodeRef::StmtWhile(_) => "While",
            AnyNodeRef::StmtIf(_) => "If",
            // `elif` is an `if` in the `else` of the one before.
            AnyNodeRef::ElifElseClause(clause) if clause.test.is_some() => "If",
            AnyNodeRef::StmtWith(node) if node.is_async => "AsyncWith",
            AnyNodeRef::StmtWith(_) => "With",
            AnyNodeRef::StmtMatch(_) => "Match",
            AnyNodeRef::StmtRaise(_) => "Raise",
            AnyNodeRef::StmtTry(node) if node.is_star => "TryStar",
            AnyNodeRef::StmtTry(_) => "Try",
            AnyNodeRef::StmtAssert(_) => "Assert",
            AnyNodeRef::StmtImport(_) => "Import",
            AnyNodeRef::StmtExpr(_) => "Expr",
            AnyNodeRef::StmtPass(_) => "Pass",
            AnyNodeRef::StmtBreak(_) => "Break",
            AnyNodeRef::StmtContinue(_) => "Continue",
            AnyNodeRef::ExceptHandlerExceptHandler(node) => {
                return self.told(format!("handler {}", text_of(node.name.as_ref())));
            }
            AnyNodeRef::TypeParamTypeVar(node) => return self.told(format!("TypeVar {}", node.name)),
            AnyNodeRef::TypeParamTypeVarTuple(node) => return self.told(format!("TypeVarTuple {}", node.name)),
            AnyNodeRef::TypeParamParamSpec(node) => return self.told(format!("ParamSpec {}", node.name)),
            AnyNodeRef::PatternMatchValue(_) => "MatchValue",
            AnyNodeRef::PatternMatchSingleton(_) => "MatchSingleton",
            AnyNodeRef::PatternMatchSequence(_) => "MatchSequence",
            AnyNodeRef::PatternMatchOr(_) => "MatchOr",
            AnyNodeRef::PatternMatchMapping(node) => {
                return self.told(format!("MatchMapping {}", text_of(node.rest.as_ref())));
            }
            AnyNodeRef::PatternMatchStar(node) => {
                return self.told(format!("MatchStar {}", text_of(node.name.as_ref())));
            }
            AnyNodeRef::PatternMatchAs(node) => return self.told(format!("MatchAs {}", text_of(node.name.as_ref()))),
            AnyNodeRef::PatternMatchClass(node) => {
                let words: Vec<&str> = node.arguments.keywords.iter().map(|keyword| keyword.attr.as_str()).collect();
                return self.told(format!("MatchClass {} {}", node.arguments.patterns.len(), words.join(" ")));
            }
            AnyNodeRef::Alias(node) => {
                return self.told(format!("alias {} {}", node.name, text_of(node.asname.as_ref())));
            }
            AnyNodeRef::Comprehension(node) => return self.told(format!("for {}", node.ifs.len())),
            AnyNodeRef::Parameter(node) => return self.told(format!("parameter {}", node.name)),
            AnyNodeRef::Keyword(node) => {
                return self.told(format!("keyword {}", node.arg.as_ref().map_or("**", |arg| arg.as_str())));
            }
            _ => return false,
        };
        self.told(kind.to_owned())
    }

    fn told(&mut self, fact: String) -> bool {
        self.is(fact);
        true
    }

    fn expression(&mut self, node: AnyNodeRef<'_>) {
        let kind = match node {
            AnyNodeRef::ExprName(node) => return self.is(format!("name {}", node.id)),
            AnyNodeRef::ExprAttribute(node) => return self.is(format!("attribute {}", node.attr)),
            AnyNodeRef::ExprBoolOp(node) => return self.is(format!("BoolOp {}", bool_op(node.op))),
            AnyNodeRef::ExprBinOp(node) => return self.is(format!("BinOp {}", operator(node.op))),
            AnyNodeRef::ExprUnaryOp(node) => return self.is(format!("UnaryOp {}", unary(node.op))),
            AnyNodeRef::ExprCompare(node) => {
                let ops: Vec<&str> = node.ops.iter().map(|op| comparison(*op)).collect();
                return self.is(format!("Compare {}", ops.join(" ")));
            }
            AnyNodeRef::ExprCall(node) => {
                return self.is(format!("Call {} {}", node.arguments.args.len(), node.arguments.keywords.len()));
            }
            AnyNodeRef::ExprFString(node) => {
                let mut piece = String::new();
                for part in node.value.as_slice() {
                    match part {
                        FStringPart::Literal(literal) => piece.push_str(literal),
                        FStringPart::FString(string) => drop(self.pieces(&string.elements, &mut piece)),
                    }
                }
                self.flush(&mut piece);
                "JoinedStr"
            }
            AnyNodeRef::InterpolatedElement(node) => {
                let conversion = match node.conversion {
                    // `{x=}` shows the value as `repr` does.
                    ConversionFlag::None if node.debug_text.is_some() && node.format_spec.is_none() => "114".to_owned(),
                    ConversionFlag::None => String::new(),
                    flag => (flag as i8).to_string(),
                };
                if let Some(spec) = node.format_spec.as_deref() {
                    let mut piece = String::new();
                    self.pieces(&spec.elements, &mut piece);
                    self.flush(&mut piece);
                    self.is("JoinedStr");
                }
                return self.is(format!("field {conversion}"));
            }
            AnyNodeRef::ExprTString(_) => {
                self.is_incomparable = true;
                return;
            }
            AnyNodeRef::ExprStringLiteral(node) => return self.text(node.value.to_str()),
            AnyNodeRef::ExprBytesLiteral(node) => {
                let hex = node.value.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
                return self.is(format!("bytes {hex}"));
            }
            AnyNodeRef::ExprNumberLiteral(node) => match &node.value {
                Number::Int(int) => {
                    return self.is(int.as_i64().map_or_else(|| "int large".to_owned(), |int| format!("int {int}")));
                }
                Number::Float(_) => "float",
                Number::Complex { .. } => "complex",
            },
            AnyNodeRef::ExprBooleanLiteral(_) => "bool",
            AnyNodeRef::ExprNoneLiteral(_) => "NoneType",
            AnyNodeRef::ExprEllipsisLiteral(_) => "ellipsis",
            AnyNodeRef::ExprNamed(_) => "NamedExpr",
            AnyNodeRef::ExprLambda(_) => "Lambda",
            AnyNodeRef::ExprIf(_) => "IfExp",
            AnyNodeRef::ExprDict(_) => "Dict",
            AnyNodeRef::ExprSet(_) => "Set",
            AnyNodeRef::ExprListComp(_) => "ListComp",
            AnyNodeRef::ExprSetComp(_) => "SetComp",
            AnyNodeRef::ExprDictComp(_) => "DictComp",
            AnyNodeRef::ExprGenerator(_) => "GeneratorExp",
            AnyNodeRef::ExprAwait(_) => "Await",
            AnyNodeRef::ExprYield(_) => "Yield",
            AnyNodeRef::ExprYieldFrom(_) => "YieldFrom",
            AnyNodeRef::ExprSubscript(_) => "Subscript",
            AnyNodeRef::ExprStarred(_) => "Starred",
            AnyNodeRef::ExprList(_) => "List",
            AnyNodeRef::ExprTuple(_) => "Tuple",
            AnyNodeRef::ExprSlice(_) => "Slice",
            _ => return,
        };
        self.is(kind);
    }
}

impl<'a> SourceOrderVisitor<'a> for Facts<'_> {
    fn enter_node(&mut self, node: AnyNodeRef<'a>) -> TraversalSignal {
        if !self.statement(node) {
            self.expression(node);
        }
        TraversalSignal::Traverse
    }
}

fn text_of(name: Option<&Identifier>) -> &str {
    name.map_or("", Identifier::as_str)
}

fn joined(names: &[Identifier]) -> String {
    names.iter().map(Identifier::as_str).collect::<Vec<_>>().join(" ")
}

fn bool_op(op: BoolOp) -> &'static str {
    match op {
        BoolOp::And => "And",
        BoolOp::Or => "Or",
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Invert => "Invert",
        UnaryOp::Not => "Not",
        UnaryOp::UAdd => "UAdd",
        UnaryOp::USub => "USub",
    }
}

fn operator(op: Operator) -> &'static str {
    match op {
        Operator::Add => "Add",
        Operator::Sub => "Sub",
        Operator::Mult => "Mult",
        Operator::MatMult => "MatMult",
        Operator::Div => "Div",
        Operator::Mod => "Mod",
        Operator::Pow => "Pow",
        Operator::LShift => "LShift",
        Operator::RShift => "RShift",
        Operator::BitOr => "BitOr",
        Operator::BitXor => "BitXor",
        Operator::BitAnd => "BitAnd",
        Operator::FloorDiv => "FloorDiv",
    }
}

fn comparison(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "Eq",
        CmpOp::NotEq => "NotEq",
        CmpOp::Lt => "Lt",
        CmpOp::LtE => "LtE",
        CmpOp::Gt => "Gt",
        CmpOp::GtE => "GtE",
        CmpOp::Is => "Is",
        CmpOp::IsNot => "IsNot",
        CmpOp::In => "In",
        CmpOp::NotIn => "NotIn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpython::{Question, ask};

    /// Each line has what at least one fact above is about.
    const ALL: &str = include_str!("facts/every_node.py");

    #[test]
    fn every_node_is_the_same_fact_to_cpython() {
        let ours = ours(ALL).expect("it parses");
        assert_eq!(ours, ask(Question::Facts, ALL));
        assert!(ours.len() > 300, "{}", ours.len());
    }

    #[test]
    fn a_difference_in_any_name_text_or_kind_is_seen() {
        for (one, other) in [("x.a", "x.b"), ("'a'", "'b'"), ("x + y", "x - y"), ("f(a)", "f(*a)"), ("x: y", "x = y")] {
            assert_ne!(ours(one), ours(other), "{one} {other}");
        }
        assert_eq!(ours("x.__ｃlass__"), ours("x.__class__"));
        assert_eq!(ours("x ="), None);
    }

    #[test]
    fn the_second_opinion_knows_the_names_too() {
        let source = "def f(a, *, b=1): return g(a.c, d=b)\n";
        assert_eq!(second(source), Some(names(&ours(source).expect("it parses"))));
        assert_eq!(second("x ="), None);
    }
}
