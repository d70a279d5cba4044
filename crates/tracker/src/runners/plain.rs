//! What is left of an output when terminals are left out: colours, titles, and the carriage returns of progress bars.

use std::borrow::Cow;

const ESCAPE: char = '\u{1b}';

/// Returns a text without escape sequences. A carriage return ends a line, as what follows is written over it.
pub(super) fn text(output: &str) -> Cow<'_, str> {
    if !output.contains(ESCAPE) && !output.contains('\r') {
        return Cow::Borrowed(output);
    }
    let mut plain = String::with_capacity(output.len());
    for (place, part) in output.split('\r').enumerate() {
        if place > 0 && !part.starts_with('\n') {
            plain.push('\n');
        }
        push_plain(&mut plain, part);
    }
    Cow::Owned(plain)
}

fn push_plain(plain: &mut String, part: &str) {
    let mut rest = part;
    while let Some((before, special)) = rest.split_once(ESCAPE) {
        plain.push_str(before);
        rest = after_escape(special);
    }
    plain.push_str(rest);
}

/// Returns what follows an escape sequence, given what follows its escape. A sequence that is broken off ends where it breaks.
fn after_escape(rest: &str) -> &str {
    let mut letters = rest.chars();
    match letters.next() {
        Some('[') => after_control(letters.as_str()),
        Some(']' | 'P' | '_' | '^' | 'X') => after_string(letters.as_str()),
        Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => {
            let rest = letters.as_str();
            rest.strip_prefix(|letter: char| !letter.is_control()).unwrap_or(rest)
        }
        Some('0'..='~') => letters.as_str(),
        _ => rest,
    }
}

/// Parameters, then one letter that says what is to be done.
fn after_control(rest: &str) -> &str {
    let end = rest.trim_start_matches(|letter| matches!(letter, ' '..='?'));
    end.strip_prefix(|letter| matches!(letter, '@'..='~')).unwrap_or(end)
}

/// A title or a link: up to a bell or `ESC \`, and never beyond its line.
fn after_string(rest: &str) -> &str {
    let Some(end) = rest.find(['\u{7}', ESCAPE, '\n']) else {
        return "";
    };
    let end = &rest[end..];
    end.strip_prefix('\u{7}').or_else(|| end.strip_prefix("\u{1b}\\")).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn what_only_a_terminal_needs_is_left_out() {
        let cases = [
            ("plain", "plain"),
            ("\u{1b}[32mok\u{1b}(B\u{1b}[m. 1", "ok. 1"),
            ("\u{1b}[1;31mFAIL\u{1b}[0m", "FAIL"),
            ("one\r\ntwo\r\n", "one\ntwo\n"),
            ("10 %\r\u{1b}[K20 %\rdone\n", "10 %\n20 %\ndone\n"),
            ("\u{1b}]0;a title\u{7}text", "text"),
            ("\u{1b}]8;;https://a\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}]0;never ended\nnext", "\nnext"),
            ("cut\u{1b}[3", "cut"),
            ("cut\u{1b}", "cut"),
            ("\u{1b}[3ü", "ü"),
            ("\u{1b}ü", "ü"),
            ("\u{1b}(\nnext", "\nnext"),
        ];
        for (output, expected) in cases {
            assert_eq!(text(output), expected, "{output:?}");
        }
    }
}
