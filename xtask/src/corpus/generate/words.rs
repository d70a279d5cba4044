//! Words, lines and texts that nobody ever wrote: drawn once, then cut from, escaped for JSON already.

use super::dice::Dice;

const SYLLABLES: &[&str] = &[
    "ar", "bel", "cor", "dan", "el", "fir", "gol", "hem", "il", "jor", "kal", "lem", "mar", "nor", "ol", "pes", "quin", "ros", "sil",
    "tam", "ul", "ven", "wil", "yar", "zen",
];

/// Words that are in every text about programs come first: what is first is drawn most.
const FREQUENT: &[&str] = &[
    "the", "to", "a", "of", "is", "in", "and", "it", "that", "for", "test", "file", "function", "error", "when", "value", "with", "this",
    "not", "path", "line", "read", "write", "type", "field", "index", "check", "build", "name", "string", "result", "then",
];

/// How many words there are besides.
const RARE: usize = 8_000;

/// Kinds of text, and how many lines of each are drawn.
const CODE: usize = 20_000;
const OUTPUT: usize = 15_000;
const PROSE: usize = 10_000;

/// Characters that are more than a byte, as they stand in real texts.
const WIDE: &[&str] = &[" — ", " → ", " ✓ ", " “", " é"];

/// Everything that texts are cut from.
pub(super) struct Words {
    vocabulary: Vec<String>,
    pub(super) code: Pool,
    pub(super) output: Pool,
    pub(super) prose: Pool,
    /// What signatures are cut from: it looks like base64.
    pub(super) noise: String,
}

impl Words {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let mut vocabulary: Vec<_> = FREQUENT.iter().map(|word| (*word).to_owned()).collect();
        vocabulary.extend((0..RARE).map(|_| (0..dice.between(2, 4)).map(|_| *dice.pick(SYLLABLES)).collect::<String>()));
        let of = |count: usize, dice: &mut Dice, line: fn(&[String], &mut Dice, usize) -> String| {
            Pool::of((0..count).map(|number| line(&vocabulary, dice, number)))
        };
        let (code, output, prose) = (of(CODE, dice, code), of(OUTPUT, dice, output), of(PROSE, dice, prose));
        let noise = dice.letters(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 20_000);
        Self { vocabulary, code, output, prose, noise }
    }

    pub(super) fn word(&self, dice: &mut Dice) -> &str {
        word(&self.vocabulary, dice)
    }

    /// Returns a name as programs have them.
    pub(super) fn name(&self, dice: &mut Dice) -> String {
        name(&self.vocabulary, dice)
    }

    /// Returns a sentence, escaped.
    pub(super) fn sentence(&self, dice: &mut Dice, words: u64) -> String {
        (0..words).map(|_| self.word(dice)).collect::<Vec<_>>().join(" ")
    }

    /// Returns the path of a source file below a directory.
    pub(super) fn source(&self, dice: &mut Dice, below: &str) -> String {
        format!("{below}/src/{}/{}.rs", self.word(dice), self.word(dice))
    }
}

/// Lines one after the other, escaped, of which whole ones are taken.
pub(super) struct Pool {
    text: String,
    ends: Vec<usize>,
}

impl Pool {
    fn of(lines: impl Iterator<Item = String>) -> Self {
        let (mut text, mut ends) = (String::new(), vec![0]);
        for line in lines {
            text.extend([escaped(&line).as_str(), "\\n"]);
            ends.push(text.len());
        }
        Self { text, ends }
    }

    /// Takes about that many bytes from somewhere, never less than a line.
    pub(super) fn take(&self, dice: &mut Dice, bytes: usize) -> &str {
        let bytes = bytes.min(self.text.len() - 1);
        let start = dice.below(self.text.len() - bytes);
        let first = self.ends.partition_point(|end| *end < start).min(self.ends.len() - 2);
        let last = self.ends.partition_point(|end| *end < start + bytes).clamp(first + 1, self.ends.len() - 1);
        &self.text[self.ends[first]..self.ends[last]]
    }
}

/// Returns the beginning of an escaped text, cut where nothing breaks.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text[..end].trim_end_matches('\\')
}

fn escaped(line: &str) -> String {
    line.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t")
}

/// The word in place n is drawn about n times as seldom as the first, as in every language.
fn word<'v>(vocabulary: &'v [String], dice: &mut Dice) -> &'v str {
    let place = (vocabulary.len() as f64).powf(dice.share());
    &vocabulary[place as usize - 1]
}

fn name(vocabulary: &[String], dice: &mut Dice) -> String {
    format!("{}_{}", word(vocabulary, dice), word(vocabulary, dice))
}

fn code(vocabulary: &[String], dice: &mut Dice, number: usize) -> String {
    let indent = "    ".repeat(dice.below(4));
    let (one, two, three) = (name(vocabulary, dice), name(vocabulary, dice), word(vocabulary, dice));
    let line = match dice.below(8) {
        0 => String::new(),
        1 | 2 => format!("{indent}let {one} = {two}(\"{three}\")?;"),
        3 => format!("{indent}if {one}.{three}(&{two}) != {} {{", dice.below(100_000)),
        4 => format!("{indent}// {three} {} {}", word(vocabulary, dice), word(vocabulary, dice)),
        5 => format!("{indent}\"{three}\": [{}, {}, \"{one}\"],", dice.below(1_000), dice.below(1_000)),
        6 => format!("{indent}{one}.{three}({two});"),
        _ => format!("{indent}}}"),
    };
    format!("{:6}→{line}", number % 2_000 + 1)
}

fn output(vocabulary: &[String], dice: &mut Dice, _: usize) -> String {
    let verdict = *dice.pick(&["ok", "FAIL", "warning:", "error:", "INFO"]);
    let (what, whence, line) = (name(vocabulary, dice), word(vocabulary, dice), dice.between(1, 4_000));
    let words: Vec<_> = (0..dice.between(2, 9)).map(|_| word(vocabulary, dice)).collect();
    format!("\t{verdict} {what} [{:08x}] src/{whence}.rs:{line} {}", dice.bits() >> 32, words.join(" "))
}

fn prose(vocabulary: &[String], dice: &mut Dice, _: usize) -> String {
    if dice.chance(0.2) {
        return String::new();
    }
    let words: Vec<_> = (0..dice.between(8, 22)).map(|_| word(vocabulary, dice)).collect();
    let mut line = words.join(" ");
    if dice.chance(0.12) {
        line.push_str(&format!(" `{}`", name(vocabulary, dice)));
    }
    if dice.chance(0.05) {
        line.extend([*dice.pick(WIDE), word(vocabulary, dice)]);
    }
    if dice.chance(0.05) {
        line.push_str(&format!(" \"{}\"", word(vocabulary, dice)));
    }
    format!("{line}.")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn whatever_is_taken_is_a_piece_of_json() {
        let mut dice = Dice::new(1);
        let words = Words::draw(&mut dice);
        for bytes in [1, 10, 500, 90_000, usize::MAX] {
            for pool in [&words.code, &words.output, &words.prose] {
                let taken = pool.take(&mut dice, bytes);
                let text: Value = serde_json::from_str(&format!("\"{taken}\"")).unwrap();
                assert!(text.as_str().unwrap().ends_with('\n'));
                assert!(serde_json::from_str::<Value>(&format!("\"{}\"", beginning(taken, 180))).is_ok());
            }
        }
    }

    #[test]
    fn a_beginning_never_ends_within_an_escape_or_a_character() {
        assert_eq!((beginning("ab\\n", 3), beginning("a→b", 2), beginning("ab", 9)), ("ab", "a", "ab"));
    }
}
