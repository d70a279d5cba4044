//! What a tool says at length, shortened: the record keeps its beginning, its length and its hash; the transcript has the whole.

use serde_json::Value;

/// How many bytes of a string are kept.
const KEPT: usize = 4 << 10;

/// How many bytes of a prompt are kept.
const KEPT_OF_PROMPT: usize = 64 << 10;

/// What is looked at beyond what is kept, so that a secret which begins before the cut is seen whole.
const MARGIN: usize = 8 << 10;

/// Cuts every string roughly, so that redaction has little to read; `finish` cuts what was redacted.
pub(crate) fn roughly(value: &mut Value) {
    each_string(value, 0, &mut |text, kept| {
        if text.len() > kept + MARGIN {
            let mark = mark(text);
            shorten(text, kept + MARGIN);
            text.push_str(&mark);
        }
    });
}

/// Cuts every string to what is kept of it.
pub(crate) fn finish(value: &mut Value) {
    each_string(value, 0, &mut |text, kept| {
        if text.len() > kept + 100 {
            let cut_before = text.rfind(MARK).map(|at| text[at..].to_owned()).filter(|mark| mark.len() < 100);
            let mark = cut_before.unwrap_or_else(|| mark(text));
            shorten(text, kept);
            text.push_str(&mark);
        }
    });
}

const MARK: &str = "…[cut: ";

fn mark(text: &str) -> String {
    format!("{MARK}{} bytes, {:016x}]", text.len(), hash(text.as_bytes()))
}

/// Hashes bytes (FNV-1a, eight at a time); tells texts apart, and protects nothing.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mix = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325 ^ bytes.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    rest.iter().fold(hash, |hash, byte| mix(hash, u64::from(*byte)))
}

fn shorten(text: &mut String, most: usize) {
    text.truncate(text.floor_char_boundary(most));
    text.shrink_to_fit();
}

/// Visits every string with how much of it is kept; only the prompt itself is kept at length.
fn each_string(value: &mut Value, depth: usize, visit: &mut impl FnMut(&mut String, usize)) {
    match value {
        Value::String(text) => visit(text, KEPT),
        Value::Array(items) => items.iter_mut().for_each(|item| each_string(item, depth + 1, visit)),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                match value {
                    Value::String(text) if depth == 0 && name == "prompt" => visit(text, KEPT_OF_PROMPT),
                    value => each_string(value, depth + 1, visit),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_strings_keep_their_beginning_length_and_hash() {
        let long = "é".repeat(50_000);
        let mut value = serde_json::json!({"tool_response": {"stdout": long, "n": 1}, "prompt": "p".repeat(50_000)});
        roughly(&mut value);
        finish(&mut value);
        let stdout = value["tool_response"]["stdout"].as_str().unwrap();
        assert!(stdout.len() < KEPT + 100 && stdout.starts_with("éé"), "{}", stdout.len());
        assert!(stdout.ends_with(&format!("…[cut: 100000 bytes, {:016x}]", hash(long.as_bytes()))));
        assert_eq!(value["prompt"].as_str().unwrap().len(), 50_000);
        let once = value.clone();
        roughly(&mut value);
        finish(&mut value);
        assert_eq!(value, once);
    }
}
