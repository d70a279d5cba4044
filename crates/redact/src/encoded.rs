//! Base64 and hex: runs of it that turn out to be text. Anything else is left after a few bytes, so images and hashes cost little.

use std::ops::Range;

/// Shorter runs hold no secret that is told by its looks.
const SHORTEST: usize = 24;

/// A run, and the text it stands for.
pub(crate) struct Run {
    /// Where it is.
    pub(crate) range: Range<usize>,
    /// What it says.
    pub(crate) text: Vec<u8>,
}

/// Returns the runs of base64 or hex that say something.
pub(crate) fn runs(bytes: &[u8]) -> Vec<Run> {
    let (mut runs, mut at) = (Vec::new(), SHORTEST - 1);
    // A run is so long that one of these places lies within it.
    while at < bytes.len() {
        if !of_base64(bytes[at]) {
            at += SHORTEST;
            continue;
        }
        let left = bytes[..at].iter().rev().take(SHORTEST - 1).take_while(|&&byte| of_base64(byte)).count();
        let right = bytes[at..].iter().take_while(|&&byte| of_base64(byte)).count();
        let range = at - left..at + right;
        at = range.end + SHORTEST;
        if range.len() >= SHORTEST {
            runs.extend(run(bytes, range));
        }
    }
    runs
}

/// Returns the text with which a run of base64 begins; nothing, if it begins with none.
pub(crate) fn text_in_base64(run: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for four in run.chunks(4) {
        let mut sextets =
            four.iter().map_while(|&byte| sextet(byte)).fold((0_u32, 0), |(bits, count), value| (bits << 6 | value, count + 1));
        if sextets.1 < 2 {
            break;
        }
        let whole = sextets.1 - 1;
        sextets.0 <<= 6 * (4 - sextets.1);
        let [_, bytes @ ..] = sextets.0.to_be_bytes();
        if !bytes[..whole].iter().all(|&byte| of_text(byte)) {
            break;
        }
        text.extend_from_slice(&bytes[..whole]);
    }
    valid(text)
}

/// Cuts the text off where it is none.
fn valid(mut text: Vec<u8>) -> Vec<u8> {
    let length = std::str::from_utf8(&text).map_or_else(|error| error.valid_up_to(), str::len);
    text.truncate(length);
    text
}

fn run(bytes: &[u8], range: Range<usize>) -> Option<Run> {
    let said = |text: &Vec<u8>| text.len() >= SHORTEST / 2;
    let hex = text_in_hex(&bytes[range.clone()]);
    if said(&hex) {
        return Some(Run { range, text: hex });
    }
    // What stands before base64 may be made of the same letters, as in a path.
    (0..4)
        .map(|skipped| text_in_base64(&bytes[range.start + skipped..range.end]))
        .find(said)
        .map(|text| Run { range: with_padding(bytes, range), text })
}

fn with_padding(bytes: &[u8], range: Range<usize>) -> Range<usize> {
    range.start..range.end + bytes[range.end..].iter().take(2).take_while(|&&byte| byte == b'=').count()
}

fn text_in_hex(run: &[u8]) -> Vec<u8> {
    let pairs = run.chunks_exact(2).map_while(|pair| Some((nibble(pair[0])? << 4) | nibble(pair[1])?));
    valid(pairs.take_while(|&byte| of_text(byte)).collect())
}

fn nibble(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn of_text(byte: u8) -> bool {
    byte >= 0x20 && byte != 0x7f || matches!(byte, b'\n' | b'\r' | b'\t')
}

fn of_base64(byte: u8) -> bool {
    SEXTETS[usize::from(byte)] != NO_SEXTET
}

fn sextet(byte: u8) -> Option<u32> {
    let value = SEXTETS[usize::from(byte)];
    (value != NO_SEXTET).then_some(u32::from(value))
}

const NO_SEXTET: u8 = 255;
static SEXTETS: [u8; 256] = sextets();

/// Both alphabets of base64: the usual one and the one for addresses.
const fn sextets() -> [u8; 256] {
    let (mut sextets, mut byte) = ([NO_SEXTET; 256], 0_u8);
    while byte < 128 {
        sextets[byte as usize] = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => NO_SEXTET,
        };
        byte += 1;
    }
    sextets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found: Vec<_> =
            runs(text.as_bytes()).into_iter().map(|run| (text[run.range].to_owned(), String::from_utf8(run.text).unwrap())).collect();
        let expected: Vec<_> = expected.iter().map(|(run, said)| ((*run).to_owned(), (*said).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn text_in_base64_and_hex_is_read() {
        let base64 = "QSBxdWl0ZSBsb25nIHNlbnRlbmNlLg==";
        check(&format!("echo {base64} | base64 -d"), &[(base64, "A quite long sentence.")]);
        let hex = "41207175697465206c6f6e672073656e74656e63652e";
        check(&format!("xxd: {hex}"), &[(hex, "A quite long sentence.")]);
        check("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", &[]);
        check("a short word, and anotherOneThatIsQuiteLong", &[]);
    }
}
