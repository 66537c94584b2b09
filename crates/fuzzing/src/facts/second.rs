//! The names in the tree of an older parser of another make.

use std::convert::Infallible;

use second_ast::fold::{self, Fold};
use second_ast::text_size::TextRange;
use second_ast::{Arg, ExprAttribute, ExprName, Keyword};
use second_parser::{Parse, ast};
use unicode_normalization::UnicodeNormalization;

/// Names, attributes, parameters and keywords, sorted and normalised as Python does it; none where it refuses.
pub fn second(source: &str) -> Option<Vec<String>> {
    let body = ast::Suite::parse(source, "<user>").ok()?;
    let mut names = Names(Vec::new());
    for statement in body {
        // Its visitor leaves out parameters and the values of keywords; its fold goes everywhere.
        let Ok(_) = names.fold_stmt(statement);
    }
    names.0.sort();
    Some(names.0)
}

struct Names(Vec<String>);

impl Names {
    fn is(&mut self, kind: &str, name: &str) {
        self.0.push(format!("{kind} {}", name.nfkc().collect::<String>()));
    }
}

impl Fold<TextRange> for Names {
    type TargetU = TextRange;
    type Error = Infallible;
    type UserContext = ();

    fn will_map_user(&mut self, _: &TextRange) {}

    fn map_user(&mut self, user: TextRange, (): ()) -> Result<TextRange, Infallible> {
        Ok(user)
    }

    fn fold_expr_name(&mut self, node: ExprName) -> Result<ExprName, Infallible> {
        self.is("name", &node.id);
        fold::fold_expr_name(self, node)
    }

    fn fold_expr_attribute(&mut self, node: ExprAttribute) -> Result<ExprAttribute, Infallible> {
        self.is("attribute", &node.attr);
        fold::fold_expr_attribute(self, node)
    }

    fn fold_arg(&mut self, node: Arg) -> Result<Arg, Infallible> {
        self.is("parameter", &node.arg);
        fold::fold_arg(self, node)
    }

    fn fold_keyword(&mut self, node: Keyword) -> Result<Keyword, Infallible> {
        self.is("keyword", node.arg.as_ref().map_or("**", |arg| arg.as_str()));
        fold::fold_keyword(self, node)
    }
}
