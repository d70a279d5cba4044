//! Foreign text as a part of a Markdown document, from which it cannot break out.
//!
//! Backslash escapes work for every ASCII punctuation character (CommonMark 0.31, §2.4). Escaped is what begins a construct, wherever it
//! stands; what begins one only at the start of a line is escaped there.

use session::{harmless, is_harmful};

/// Returns foreign text on one line.
pub(crate) fn inline(text: &str) -> String {
    escape(&one_line(text))
}

/// Returns foreign text on one line of at most so many characters, before it is escaped.
pub(crate) fn brief(text: &str, longest: usize) -> String {
    escape(&cut(&one_line(text), longest))
}

/// Returns foreign text on as many lines as it has, as a block that is indented by `indent` behind its first line.
pub(crate) fn block(text: &str, indent: &str) -> String {
    let lines: Vec<_> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| at_line_start(&escape(&harmless(line)))).collect();
    // Two spaces at the end of a line break it.
    lines.join(&format!("  \n{indent}"))
}

/// Returns text on one line, without anything that hides or turns what is written.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split(|each: char| each.is_whitespace()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().flat_map(spelled).collect()
}

/// Returns at most the first `longest` characters, with a mark where some are missing.
pub(crate) fn cut(text: &str, longest: usize) -> String {
    let mut kept: String = text.chars().take(longest).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

fn spelled(each: char) -> Vec<char> {
    if is_harmful(each) { each.escape_default().collect() } else { vec![each] }
}

fn escape(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_word = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|each| each.is_alphanumeric());
    let mut escaped = String::with_capacity(text.len() + 16);
    for (at, &each) in letters.iter().enumerate() {
        let is_special = match each {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
            // Within a word it means nothing.
            '_' => !(is_word(at.checked_sub(1)) && is_word(Some(at + 1))),
            _ => false,
        };
        if is_special {
            escaped.push('\\');
        }
        escaped.push(each);
    }
    escaped
}

/// Escapes what begins a heading, a list, a line or a table's ruler at the start of a line.
fn at_line_start(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line[digits..];
    if digits > 0 && (rest.starts_with('.') || rest.starts_with(')')) {
        return format!("{}\\{rest}", &line[..digits]);
    }
    if line.starts_with(['#', '+', '-', '=', ':']) { format!("\\{line}") } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_begins_no_construct() {
        for (text, expected) in [
            ("plain words, 1.5 (a) #3!", "plain words, 1.5 (a) #3!"),
            ("snake_case _emphasis_", r"snake_case \_emphasis\_"),
            ("a\n# b\n\n- c", "a # b - c"),
            ("<script>alert(1)</script> & `code`", r"\<script\>alert(1)\</script\> \& \`code\`"),
            ("[x](javascript:alert(1)) ![y](z)", r"\[x\](javascript:alert(1)) !\[y\](z)"),
            ("| a | b |", r"\| a \| b \|"),
            ("\u{1b}[31m\u{202e}", r"\\u{1b}\[31m\\u{202e}"),
        ] {
            assert_eq!(inline(text), expected);
        }
    }

    #[test]
    fn every_line_of_a_block_stays_in_it() {
        let text = "first\n# second\n    third\n1. fourth\n---\n===\n```\n\nlast";
        let expected = "first  \n  \\# second  \n  third  \n  1\\. fourth  \n  \\---  \n  \\===  \n  \\`\\`\\`  \n  last";
        assert_eq!(block(text, "  "), expected);
    }
}
