//! Columns and facts as plain text, aligned.

use std::fmt::{self, Display};

/// What stands where there is nothing.
pub(super) const NOTHING: &str = "-";

/// Rows of text under headings.
pub(super) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// One with its headings.
    pub(super) fn new(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(str::to_owned)] }
    }

    /// Adds a row. What a browser or a person made up can't move the cursor or turn the text around.
    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| if cell.is_empty() { NOTHING.to_owned() } else { printable(&cell) }));
    }
}

impl<const N: usize> Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let lines = self.rows.iter().map(|row| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// A line each of a name and its value.
pub(super) fn facts<const N: usize>(facts: [(&str, String); N]) -> String {
    let width = facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines = facts.iter().map(|(name, value)| format!("{name:<width$}  {}", printable(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A text without what a terminal would obey: control characters and marks of direction.
pub(super) fn printable(text: &str) -> String {
    let obeyed = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(obeyed, "?")
}

/// A number of things, with the word as it is for one.
pub(super) fn count(number: impl Into<u64>, word: &str) -> String {
    let number = number.into();
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["EMAIL", "ROLE"]);
        table.row(["ann@example.com".to_owned(), String::new()]);
        table.row(["ä@b".to_owned(), "user".to_owned()]);
        assert_eq!(table.to_string(), "EMAIL            ROLE\nann@example.com  -\nä@b              user");
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_printed() {
        let mut table = Table::new(["A"]);
        table.row(["\x1b[2Ja\u{9b}b\u{202e}c\nd".to_owned()]);
        assert_eq!(table.to_string(), "A\n?[2Ja?b?c?d");
        assert_eq!(facts([("a", "b\r".to_owned()), ("long", "c".to_owned())]), "a     b?\nlong  c");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!((count(1_u32, "session"), count(0_u32, "session")), ("1 session".into(), "0 sessions".into()));
    }
}
