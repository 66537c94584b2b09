//! `docs/writing-code.md` as tests read it: its pieces of code with what stands beneath them, and its tables.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::expect_used, reason = "helpers of tests are tests, too")]

pub(crate) const PAGE: &str = include_str!("../../docs/writing-code.md");

/// Where the part of the page that is made of the folder of examples begins.
pub(crate) const EXAMPLES: &str = "\n## Examples\n";

/// A fenced block.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The first word behind the fence.
    pub(crate) language: String,
    /// The words after it.
    pub(crate) more: Vec<String>,
    pub(crate) text: String,
    /// Its first line in the page, from 1.
    pub(crate) line: usize,
}

/// All blocks of what people wrote, in order.
pub(crate) fn blocks() -> Vec<Block> {
    let written = PAGE.split(EXAMPLES).next().expect("the page has a beginning");
    let (mut found, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for (index, line) in written.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(head), None) => {
                let mut words = head.split_whitespace().map(ToOwned::to_owned);
                let language = words.next().expect("every block says what it is");
                open = Some(Block { language, more: words.collect(), text: String::new(), line: index + 2 });
            }
            (None, Some(block)) => block.text.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end: {open:?}");
    found
}

/// What the page's operator has allowed of the standard library.
pub(crate) fn allowed() -> String {
    let blocks = blocks();
    let setting = blocks.iter().find(|block| block.language == "sh").expect("a block with the setting");
    setting.text.trim().strip_prefix("N8N_RUNNERS_STDLIB_ALLOW=").expect("the setting").to_owned()
}

/// The rows of the first table below this heading that has this many columns; the head is not among them.
pub(crate) fn rows(heading: &str, columns: usize) -> Vec<Vec<String>> {
    let start = PAGE.find(&format!("\n## {heading}\n")).expect("the heading");
    let rows = PAGE[start + 4..].lines().take_while(|line| !line.starts_with("## "));
    let rows = rows.filter_map(|line| line.strip_prefix("| ").or_else(|| line.strip_prefix("|"))?.strip_suffix('|'));
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let found: Vec<_> =
        rows.map(cells).skip_while(|row| row.len() != columns).take_while(|row| row.len() == columns).collect();
    assert!(found.len() > 2, "no table of {columns} columns below {heading}");
    found[2..].to_vec()
}

/// A cell that is code and nothing else.
pub(crate) fn code(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`')
}
