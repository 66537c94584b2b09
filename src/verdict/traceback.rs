//! Exceptions in the form in which Python shows them.
//!
//! Everything but the source is made by a child that hostile code may own: numbers that fit nothing are left out, and what is
//! made is bounded whatever it says.

use palisade_channel::message::{Link, NodeMode, Raised, Related, TraceFrame};

use super::source::Source;

/// Bytes of a traceback.
const MAX_BYTES: usize = 64 << 10;
/// Related exceptions, and frames of one exception, that are shown; a child of ours tells fewer.
const MAX_RELATED: usize = 32;
const MAX_FRAMES: usize = 64;
/// Frames of a recursion that are shown before the rest is a number.
const SHOWN_OF_RECURSION: u64 = 3;

const BY_CAUSE: &str = "The above exception was the direct cause of the following exception:";
const BY_CONTEXT: &str = "During handling of the above exception, another exception occurred:";

/// The traceback of an exception and of all that is told with it, without a line end.
pub(super) fn traceback(raised: &Raised, mode: NodeMode, source: &Source<'_>) -> String {
    let mut nodes = vec![Node::of(&raised.class, &raised.message, &raised.notes, &raised.frames)];
    for (index, related) in raised.related.iter().take(MAX_RELATED).enumerate() {
        let Related { link, to, class, message, notes, frames } = related;
        nodes.push(Node::of(class, message, notes, frames));
        // One that stands before what it belongs to would be a circle. No traceback of ours, and so not shown.
        let Some(other) = usize::try_from(*to).ok().filter(|&to| to <= index) else { continue };
        match link {
            Link::Member => nodes[other].members.push(index + 1),
            Link::Cause | Link::Context if nodes[other].origin.is_none() => {
                nodes[other].origin = Some((*link, index + 1));
            }
            Link::Cause | Link::Context => {}
        }
    }
    let mut page = Page { text: String::new(), margin: String::new(), is_full: false };
    let mut show = Show { nodes, file: mode.file_name(), source, has_to_close: false };
    show.exception(&mut page, 0, 0);
    if raised.more_related || raised.related.len() > MAX_RELATED {
        page.line("[More exceptions belong to these]");
    }
    page.text.truncate(page.text.trim_end_matches('\n').len());
    page.text
}

struct Node<'a> {
    class: &'a str,
    message: &'a str,
    notes: &'a [String],
    frames: &'a [TraceFrame],
    origin: Option<(Link, usize)>,
    members: Vec<usize>,
}

impl<'a> Node<'a> {
    fn of(class: &'a str, message: &'a str, notes: &'a [String], frames: &'a [TraceFrame]) -> Self {
        Self { class, message, notes, frames, origin: None, members: Vec::new() }
    }
}

struct Show<'a> {
    nodes: Vec<Node<'a>>,
    file: &'static str,
    source: &'a Source<'a>,
    /// Whether the frame around the innermost last member of a group is still open.
    has_to_close: bool,
}

impl Show<'_> {
    /// An exception, what it came of before it and its members behind it. `depth` counts the groups around it. Each is shown
    /// from exactly one other that stands before it, so this ends, `MAX_RELATED` deep at most.
    fn exception(&mut self, page: &mut Page, index: usize, depth: usize) {
        let origin = self.nodes[index].origin;
        if let Some((link, other)) = origin {
            self.exception(page, other, depth);
            page.margin = margin(depth);
            for line in ["", if link == Link::Cause { BY_CAUSE } else { BY_CONTEXT }, ""] {
                page.line(line);
            }
        }
        let members = std::mem::take(&mut self.nodes[index].members);
        let inside = if members.is_empty() { depth } else { depth.max(1) };
        let node = &self.nodes[index];
        if !node.frames.is_empty() {
            let mut header = margin(inside);
            if members.is_empty() {
                header.push_str("Traceback (most recent call last):");
            } else {
                // The outermost group begins its frame.
                header = if depth == 0 { "  + ".to_owned() } else { header };
                header.push_str("Exception Group Traceback (most recent call last):");
            }
            page.margin = String::new();
            page.line(&header);
        }
        page.margin = margin(inside);
        for frame in node.frames.iter().take(MAX_FRAMES) {
            self.frame(page, frame);
        }
        let said =
            if node.message.is_empty() { node.class.to_owned() } else { format!("{}: {}", node.class, node.message) };
        for text in [said.as_str()].into_iter().chain(node.notes.iter().map(String::as_str)) {
            text.split('\n').for_each(|line| page.line(line));
        }
        self.members(page, &members, inside);
    }

    fn members(&mut self, page: &mut Page, members: &[usize], depth: usize) {
        let indent = "  ".repeat(depth);
        for (number, &member) in members.iter().enumerate() {
            let is_last = number + 1 == members.len();
            self.has_to_close |= is_last;
            page.margin = String::new();
            let corner = if number == 0 { "+-" } else { "  " };
            page.line(&format!("{indent}{corner}+---------------- {} ----------------", number + 1));
            self.exception(page, member, depth + 1);
            if is_last && std::mem::take(&mut self.has_to_close) {
                page.margin = String::new();
                page.line(&format!("{indent}  +------------------------------------"));
            }
        }
    }

    fn frame(&self, page: &mut Page, frame: &TraceFrame) {
        let TraceFrame { line, function, span, repeated, left_out } = frame;
        if *left_out > 0 {
            page.line(&format!("  [{left_out} frames are left out]"));
        }
        let shown = self.source.line(*line, *span);
        let frames = repeated.saturating_add(1);
        for _ in 0..frames.min(SHOWN_OF_RECURSION) {
            page.line(&format!("  File \"{}\", line {line}, in {function}", self.file));
            if let Some(shown) = &shown {
                page.line(&format!("    {}", shown.text));
                if let Some(carets) = &shown.carets {
                    page.line(&format!("    {carets}"));
                }
            }
        }
        if let Some(more) = frames.checked_sub(SHOWN_OF_RECURSION).filter(|&more| more > 0) {
            let times = if more == 1 { "time" } else { "times" };
            page.line(&format!("  [Previous line repeated {more} more {times}]"));
        }
    }
}

/// What stands before each line inside so many groups.
fn margin(depth: usize) -> String {
    if depth == 0 { String::new() } else { "  ".repeat(depth) + "| " }
}

/// Text that takes no more than it may.
struct Page {
    text: String,
    margin: String,
    is_full: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        if self.is_full {
            return;
        }
        if self.text.len() + self.margin.len() + line.len() >= MAX_BYTES {
            self.is_full = true;
            self.text.push_str("[The rest is left out]\n");
            return;
        }
        self.text.push_str(&self.margin);
        self.text.push_str(line);
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use palisade_channel::message::Span;

    use super::*;

    fn frame(line: u64) -> TraceFrame {
        TraceFrame { line, function: "f".to_owned(), ..TraceFrame::default() }
    }

    fn related(link: Link, to: u64, class: &str) -> Related {
        let class = class.to_owned();
        Related { link, to, class, message: String::new(), frames: Vec::new(), notes: Vec::new() }
    }

    fn shown(raised: &Raised) -> String {
        traceback(raised, NodeMode::AllItems, &Source::new("x = 1\nf(x)\n"))
    }

    #[test]
    fn each_exception_is_shown_once_and_circles_are_not() {
        let told = vec![
            related(Link::Cause, 0, "A"),
            related(Link::Context, 0, "second origin of one"),
            related(Link::Member, 1, "B"),
            related(Link::Cause, 4, "itself"),
            related(Link::Cause, 9, "one to come"),
            related(Link::Member, u64::MAX, "nobody's"),
            related(Link::Context, 3, "C"),
            related(Link::Member, 0, "D"),
        ];
        let raised = Raised { class: "E".into(), related: told, ..Raised::default() };
        let expected = [
            "  | A",
            "  +-+---------------- 1 ----------------",
            "    | C",
            "    | ",
            "    | During handling of the above exception, another exception occurred:",
            "    | ",
            "    | B",
            "    +------------------------------------",
            "",
            "The above exception was the direct cause of the following exception:",
            "",
            "  | E",
            "  +-+---------------- 1 ----------------",
            "    | D",
            "    +------------------------------------",
        ];
        assert_eq!(shown(&raised).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn numbers_of_a_child_that_lies_cost_nothing() {
        let frames = [
            TraceFrame { repeated: u64::MAX, left_out: u64::MAX, ..frame(2) },
            TraceFrame { span: Some(Span { start: u32::MAX, end: Some(0) }), ..frame(u64::MAX) },
            TraceFrame { repeated: 3, ..frame(0) },
        ];
        let raised = Raised { class: "E".into(), frames: frames.into(), ..Raised::default() };
        let text = shown(&raised);
        assert!(text.contains(&format!("[{} frames are left out]", u64::MAX)), "{text}");
        assert!(text.contains(&format!("[Previous line repeated {} more times]", u64::MAX - 3)), "{text}");
        assert!(text.contains("[Previous line repeated 1 more time]"), "{text}");
    }

    #[test]
    fn whatever_is_told_the_text_is_bounded() {
        let many = |link: fn(u64) -> (Link, u64)| -> Vec<Related> {
            let one = |n| {
                let (link, to) = link(n);
                let long = vec![TraceFrame { function: "g".repeat(100), ..frame(2) }; 1000];
                Related { frames: long, ..related(link, to, &"C".repeat(1000)) }
            };
            (0..1000).map(one).collect()
        };
        for link in [|n| (Link::Member, n), |n| (Link::Context, n), |_| (Link::Member, 0)] {
            let raised = Raised { class: "E".into(), related: many(link), ..Raised::default() };
            let text = shown(&raised);
            assert!(text.len() < MAX_BYTES + 100, "{}", text.len());
            assert!(text.ends_with("[The rest is left out]"), "{}", &text[text.len() - 100..]);
        }
        let raised = Raised { message: "m\n".repeat(1 << 20), notes: vec!["n".repeat(1 << 20)], ..Raised::default() };
        assert!(shown(&raised).len() < MAX_BYTES + 100);
    }
}
