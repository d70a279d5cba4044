//! Rust text in two masks of equal length, so that an offset means the same place in each: code alone, and strings alone.

use super::functions::closing_brace;
use super::scan::{Kind, pieces};
use super::words::leading_name;

/// A Rust file, read as far as the rules need.
pub(crate) struct Source {
    code: String,
    texts: String,
    /// Where the inline tests begin, or the end.
    product: usize,
}

impl Source {
    /// Reads Rust text; broken text is read as well as it goes.
    pub(crate) fn read(text: &str) -> Self {
        let (mut code, mut texts) = (text.as_bytes().to_vec(), blank(text.as_bytes()));
        for (kind, range) in pieces(text) {
            if kind == Kind::Text {
                texts[range.clone()].copy_from_slice(&text.as_bytes()[range.clone()]);
            }
            let blanked = blank(&code[range.clone()]);
            code[range].copy_from_slice(&blanked);
        }
        let (code, texts) = (into_text(code), into_text(texts));
        let product = inline_tests(&code).unwrap_or(code.len());
        Self { code, texts, product }
    }

    /// Returns all code, with comments and literals blanked.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Returns the code without inline tests.
    pub(crate) fn product_code(&self) -> &str {
        &self.code[..self.product]
    }

    /// Returns the strings outside inline tests, everything else blanked.
    pub(crate) fn product_texts(&self) -> &str {
        &self.texts[..self.product]
    }
}

/// Only whole pieces are blanked, so the rest stays valid.
fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn blank(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }).collect()
}

/// How the attribute of inline tests begins.
const TESTS: &[&str] = &["#[cfg(test)]", "#[cfg(all(test,"];

/// Returns where the trailing `#[cfg(test)] mod tests { … }` begins.
fn inline_tests(code: &str) -> Option<usize> {
    let mut attributes = code.match_indices("#[cfg(").map(|(at, _)| at);
    attributes.find(|at| is_only_tests(&code[*at..]))
}

fn is_only_tests(code: &str) -> bool {
    code.is_empty() || after_test_module(code).is_some_and(is_only_tests)
}

/// Returns what follows the test module that `code` begins with, if it does.
fn after_test_module(code: &str) -> Option<&str> {
    TESTS.iter().find(|start| code.starts_with(**start))?;
    let name = after_attributes(code).strip_prefix("mod ")?.trim_start();
    let body = name[leading_name(name).len()..].trim_start();
    closing_brace(body, 0).map(|close| body[close + 1..].trim())
}

/// Returns what follows the attributes that `code` begins with.
pub(crate) fn after_attributes(code: &str) -> &str {
    let code = code.trim_start();
    let end = if code.starts_with("#[") { attribute_end(code) } else { None };
    end.map_or(code, |end| after_attributes(&code[end..]))
}

fn attribute_end(code: &str) -> Option<usize> {
    let mut depth = 0;
    code.char_indices().find_map(|(at, letter)| {
        depth += i32::from(letter == '[') - i32::from(letter == ']');
        (letter == ']' && depth == 0).then_some(at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_masks_have_the_length_of_the_text() {
        let text = "fn f() { g(\"größe {\") } // …\n";
        let source = Source::read(text);
        assert_eq!(source.code(), "fn f() { g(           ) }       \n");
        assert_eq!(source.product_texts().trim(), "\"größe {\"");
        assert_eq!(source.product_texts().len(), text.len());
    }

    fn check(text: &str, product: &str) {
        assert_eq!(&text[..Source::read(text).product_code().len()], product);
    }

    #[test]
    fn trailing_tests_are_no_product() {
        check("fn f() {}\n\n#[cfg(test)]\nmod tests { fn g() {} }\n", "fn f() {}\n\n");
        check("fn f() {}\n#[cfg(test)]\n#[expect(a, reason = \"]\")]\nmod of_f {\n}\n", "fn f() {}\n");
        check("f!();\n#[cfg(test)]\nmod a {\n#[cfg(test)]\nmod b {}\nfn g() {}\n}\n#[cfg(all(test, unix))]\nmod c {}\n", "f!();\n");
    }

    #[test]
    fn tests_in_the_middle_or_in_another_file_hide_nothing() {
        check("#[cfg(test)]\nmod tests {}\nfn f() {}\n", "#[cfg(test)]\nmod tests {}\nfn f() {}\n");
        check("#[cfg(test)]\nmod tests;\nfn f() {}\n", "#[cfg(test)]\nmod tests;\nfn f() {}\n");
        check("#[cfg(test)]\nfn of() {}\n", "#[cfg(test)]\nfn of() {}\n");
    }
}
