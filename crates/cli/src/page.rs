//! Text for people, before it is known where it goes: spans with roles, every foreign string made harmless.

use tracker::session::harmless;
use unicode_width::UnicodeWidthStr;

/// What a span is, and so how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Heading,
    Id,
    Good,
    Bad,
    Running,
    Dim,
}

impl Role {
    /// Returns the terminal's own names of colours, as codes: no fixed shades.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Heading | Self::Id => "1",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Running => "36",
            Self::Dim => "2",
        }
    }
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// Text in a role.
    Text(Role, String),
    /// An emoji, what stands for it where there are none, and the space behind.
    Icon(&'static str, &'static str),
    /// Lines of a tree, drawn in ASCII where there are no emoji.
    Lines(String),
}

/// Lines for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Vec<Span>>,
}

impl Page {
    /// Adds a line of spans.
    pub(crate) fn line(&mut self, spans: impl IntoIterator<Item = Span>) -> &mut Self {
        self.lines.push(spans.into_iter().collect());
        self
    }

    /// Adds a line of plain text.
    pub(crate) fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.line([plain(text)])
    }

    /// Adds lines of plain text.
    pub(crate) fn texts<T: Into<String>>(&mut self, lines: impl IntoIterator<Item = T>) -> &mut Self {
        self.lines.extend(lines.into_iter().map(|line| vec![plain(line)]));
        self
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) -> &mut Self {
        self.line([])
    }

    /// Adds all lines of another page.
    pub(crate) fn page(&mut self, other: Self) -> &mut Self {
        self.lines.extend(other.lines);
        self
    }

    /// Adds rows of cells in columns as wide as their widest cell; the first column is on the left, the others on the right.
    pub(crate) fn table(&mut self, rows: &[Vec<String>]) -> &mut Self {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| harmless(cell)).collect()).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        for row in &rows {
            let cell = |(column, cell): (usize, &String)| {
                let space = " ".repeat(widths[column].saturating_sub(cell.width()));
                if column == 0 { format!("{cell}{space}") } else { format!("{space}{cell}") }
            };
            let cells: Vec<_> = row.iter().enumerate().map(cell).collect();
            self.text(format!("  {}", cells.join("  ")).trim_end());
        }
        self
    }
}

/// Returns a page as text without colours and emoji, for where nobody knows what shows it.
pub(crate) fn plain_text(page: &Page) -> String {
    let span = |span: &Span| match span {
        Span::Text(_, text) => harmless(text),
        Span::Icon(..) => String::new(),
        Span::Lines(drawn) => in_ascii(drawn),
    };
    let lines: Vec<String> = page.lines.iter().map(|line| line.iter().map(span).collect()).collect();
    lines.join("\n")
}

/// Returns the lines of a tree in ASCII.
pub(crate) fn in_ascii(drawn: &str) -> String {
    let plain = |each: char| match each {
        '│' => '|',
        '├' => '|',
        '└' => '`',
        '─' => '-',
        '●' => '*',
        other => other,
    };
    drawn.chars().map(plain).collect()
}

/// Returns plain text as a span.
pub(crate) fn plain(text: impl Into<String>) -> Span {
    Span::Text(Role::Plain, text.into())
}

/// Returns a number and what is counted: `1 session`, `2 sessions`.
pub(crate) fn counted(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// Returns a number with its thousands apart: `1,234,567`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let places = digits.len();
    let apart = |(place, digit): (usize, char)| {
        if place > 0 && (places - place).is_multiple_of(3) { format!(",{digit}") } else { digit.to_string() }
    };
    digits.chars().enumerate().map(apart).collect()
}

/// Returns a length in bytes as people say it.
pub(crate) fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Returns foreign text on one line, cut to what a line can take.
pub(crate) fn brief(text: &str) -> String {
    const LONGEST: usize = 200;
    harmless(&cut(text, LONGEST))
}

/// Returns at most the first `longest` characters, with a mark where some are missing.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    let mut kept: String = text.chars().take(longest).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_line_up_also_with_wide_characters() {
        let mut page = Page::default();
        page.table(&[vec!["漢字".into(), "1".into()], vec!["a".into(), "10".into()]]);
        assert_eq!(page.lines, [vec![plain("  漢字   1")], vec![plain("  a     10")]]);
    }
}
