//! Attribute access hidden in format strings.
//!
//! `"{0.a[b]}".format(x)` reads attributes and items by name. This follows `CPython`'s own reader of such
//! templates (`MarkupIterator` and `FieldNameIterator`), so that what is a field there is a field here.

/// Format specs inside format specs are followed this deep; `CPython` evaluates two levels.
const NESTED_SPECS: u32 = 4;

/// Calls `found` with each name that a field of `template` reaches by `.name`, `[name]` or `['name']`.
///
/// A template that `CPython` refuses at some point has been evaluated up to there, so what stands before that
/// point is reported.
pub fn fields(template: &str, found: &mut impl FnMut(&str)) {
    read(template, 0, found);
}

/// As [`fields`], for the expression of one field: what `string.Formatter.get_field` takes.
pub fn field(expression: &str, found: &mut impl FnMut(&str)) {
    Field { name: expression, spec: "", end: expression.len() }.names(found);
}

fn read(template: &str, depth: u32, found: &mut impl FnMut(&str)) {
    let bytes = template.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| matches!(b, b'{' | b'}'))) {
        at += offset;
        let brace = bytes[at];
        at += 1;
        if bytes.get(at) == Some(&brace) {
            at += 1;
        } else if brace == b'}' {
            return;
        } else {
            let Some(field) = Field::read(template, at) else { return };
            field.names(found);
            if depth < NESTED_SPECS && field.spec.contains('{') {
                read(field.spec, depth + 1, found);
            }
            at = field.end;
        }
    }
}

/// One replacement field.
struct Field<'a> {
    /// What stands before a conversion or format spec.
    name: &'a str,
    /// What stands after the colon.
    spec: &'a str,
    /// Just behind the closing brace.
    end: usize,
}

impl<'a> Field<'a> {
    fn read(template: &'a str, start: usize) -> Option<Self> {
        let bytes = template.as_bytes();
        let mut at = start;
        let stop = loop {
            match *bytes.get(at)? {
                b'{' => return None,
                // A brace or colon in an index belongs to the index.
                b'[' => at += bytes[at..].iter().position(|&byte| byte == b']')?,
                stop @ (b'}' | b':' | b'!') => break stop,
                _ => {}
            }
            at += 1;
        };
        let name = template.get(start..at)?;
        at += 1;
        if stop == b'}' {
            return Some(Self { name, spec: "", end: at });
        }
        if stop == b'!' {
            at += template.get(at..)?.chars().next()?.len_utf8();
            match *bytes.get(at)? {
                b'}' => return Some(Self { name, spec: "", end: at + 1 }),
                b':' => at += 1,
                _ => return None,
            }
        }
        let spec_start = at;
        let mut open = 1;
        loop {
            match *bytes.get(at)? {
                b'{' => open += 1,
                b'}' => open -= 1,
                _ => {}
            }
            at += 1;
            if open == 0 {
                return Some(Self { name, spec: template.get(spec_start..at - 1)?, end: at });
            }
        }
    }

    fn names(&self, found: &mut impl FnMut(&str)) {
        let Some(first) = self.name.find(['.', '[']) else { return };
        let mut rest = &self.name[first..];
        loop {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                found(&after[..end]);
                rest = &after[end..];
            } else if let Some(after) = rest.strip_prefix('[') {
                let Some(end) = after.find(']') else { return };
                found(unquoted(&after[..end]));
                rest = &after[end + 1..];
            } else {
                return;
            }
        }
    }
}

fn unquoted(index: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = index.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    index
}

#[cfg(test)]
mod tests {
    fn names(template: &str) -> Vec<String> {
        let mut names = Vec::new();
        super::fields(template, &mut |name| names.push(name.to_owned()));
        names
    }

    #[test]
    fn finds_what_format_would_read() {
        for (template, expected) in [
            ("plain", &[][..]),
            ("{}", &[]),
            ("{obj}", &[]),
            ("{0.a}", &["a"]),
            ("{0.a.b[c].d}", &["a", "b", "c", "d"]),
            ("{0['c']}{1[\"d\"]}", &["c", "d"]),
            ("{0[a}b]}", &["a}b"]),
            ("{0[a:b]}", &["a:b"]),
            ("{.a}", &["a"]),
            ("{0.a!r}", &["a"]),
            ("{0.a!r:>{1.b}}", &["a", "b"]),
            ("{0:{1.b:{2.c}}}", &["b", "c"]),
            ("{{0.a}}", &[]),
            ("{{{0.a}}}", &["a"]),
            ("{0.a} {", &["a"]),
            ("{0.a", &[]),
            ("}{0.a}", &[]),
            ("{0.a!}", &[]),
            ("{0.a!é:{1.b}}", &["a", "b"]),
            ("{a{b.c}}", &[]),
            ("{0.__ｃlass__}", &["__ｃlass__"]),
        ] {
            assert_eq!(names(template), expected, "{template}");
        }
    }
}
