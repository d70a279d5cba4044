//! What a terminal would show: as much of one as the agent's display needs, without colours.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Rows and columns.
pub(super) const SIZE: (usize, usize) = (50, 140);

/// A whole escape sequence; the two groups are the parameters and the letter of a control sequence.
static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
    let control = r"\x1b\[([0-?]*)[ -/]*([@-~])";
    let text = r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\";
    let short = r"\x1b[()][ -~]|\x1b[^\[\]PX^_()]";
    Regex::new(&format!("^(?:{control}|{text}|{short})")).unwrap()
});

/// Rows of letters and a cursor.
#[derive(Debug)]
pub(super) struct Screen {
    rows: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// What has come of a letter or sequence that is not whole yet.
    pending: Vec<u8>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self { rows: vec![blank(); SIZE.0], row: 0, column: 0, pending: Vec::new() }
    }

    /// Shows what a program wrote.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.pending.extend(bytes);
        let valid = std::str::from_utf8(&self.pending).map_or_else(|error| error.valid_up_to(), str::len);
        let text = String::from_utf8_lossy(&self.pending[..valid]).into_owned();
        let used = self.show(&text);
        self.pending.drain(..used);
    }

    /// Returns the rows as text, without what is blank at their ends.
    pub(super) fn text(&self) -> String {
        let lines = self.rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// Shows as much as is whole and returns how much that was.
    fn show(&mut self, text: &str) -> usize {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let mut length = letter.len_utf8();
            if letter == '\x1b' {
                let Some(sequence) = ESCAPE.captures(rest) else { break };
                self.obey(&sequence);
                length = sequence[0].len();
            } else {
                self.put(letter);
            }
            rest = &rest[length..];
        }
        text.len() - rest.len()
    }

    fn put(&mut self, letter: char) {
        match letter {
            '\n' => self.line_feed(),
            '\r' => self.column = 0,
            '\x08' => self.column = self.column.saturating_sub(1),
            '\t' => self.column = (self.column / 8 + 1) * 8,
            letter if letter.is_control() => {}
            letter => {
                if self.column >= SIZE.1 {
                    self.column = 0;
                    self.line_feed();
                }
                self.rows[self.row][self.column] = letter;
                self.column += 1;
            }
        }
    }

    fn line_feed(&mut self) {
        if self.row + 1 == SIZE.0 {
            self.rows.remove(0);
            self.rows.push(blank());
        } else {
            self.row += 1;
        }
    }

    /// Follows a control sequence; what only changes colours or modes changes nothing here.
    fn obey(&mut self, sequence: &Captures<'_>) {
        let (Some(parameters), Some(letter)) = (sequence.get(1), sequence.get(2)) else { return };
        let numbers: Vec<usize> = parameters.as_str().split(';').map(|number| number.parse().unwrap_or(0)).collect();
        let (first, second) = (numbers[0], numbers.get(1).copied().unwrap_or(0));
        let many = first.max(1);
        match letter.as_str() {
            "A" | "F" => self.row = self.row.saturating_sub(many),
            "B" | "E" => self.row += many,
            "C" => self.column += many,
            "D" => self.column = self.column.saturating_sub(many),
            "G" => self.column = many - 1,
            "d" => self.row = many - 1,
            "H" | "f" => (self.row, self.column) = (many - 1, second.max(1) - 1),
            "J" => self.erase_rows(first),
            "K" => self.erase_columns(first),
            _ => {}
        }
        self.row = self.row.min(SIZE.0 - 1);
        self.column = self.column.min(SIZE.1 - 1);
    }

    fn erase_rows(&mut self, what: usize) {
        let (from, to) = match what {
            0 => (self.row + 1, SIZE.0),
            1 => (0, self.row),
            _ => (0, SIZE.0),
        };
        self.rows[from..to].fill(blank());
        if what < 2 {
            self.erase_columns(what);
        }
    }

    fn erase_columns(&mut self, what: usize) {
        let column = self.column.min(SIZE.1 - 1);
        let (from, to) = match what {
            0 => (column, SIZE.1),
            1 => (0, column + 1),
            _ => (0, SIZE.1),
        };
        self.rows[self.row][from..to].fill(' ');
    }
}

fn blank() -> Vec<char> {
    vec![' '; SIZE.1]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &[&str], shown: &str) {
        let mut screen = Screen::new();
        written.iter().for_each(|text| screen.write(text.as_bytes()));
        assert_eq!(screen.text(), shown, "{written:?}");
    }

    #[test]
    fn text_is_shown_where_the_cursor_stands() {
        check(&["one\r\ntwo\x1b[1A\x1b[2Gx"], "oxe\ntwo");
        check(&["a\x1b[3Cb"], "a   b");
        check(&["\x1b[31mred\x1b[0m \x1b]0;title\x07text"], "red text");
    }

    #[test]
    fn what_is_erased_is_gone() {
        check(&["one\r\ntwo\x1b[2K\x1b[1A\x1b[2K\x1b[Gnew"], "new");
        check(&["one\r\ntwo\x1b[2J\x1b[Hx"], "x");
        check(&["three\x1b[3D\x1b[K"], "th");
    }

    #[test]
    fn sequences_and_letters_may_come_in_pieces() {
        check(&["a\x1b", "[2", "Cb"], "a  b");
        let mut screen = Screen::new();
        "é".as_bytes().iter().for_each(|byte| screen.write(&[*byte]));
        assert_eq!(screen.text(), "é");
    }

    #[test]
    fn what_does_not_fit_moves_up() {
        let many: String = (0..SIZE.0 + 2).map(|line| format!("{line}\r\n")).collect();
        let mut screen = Screen::new();
        screen.write(many.as_bytes());
        assert!(screen.text().starts_with("3\n"));
    }
}
