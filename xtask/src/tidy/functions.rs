//! Finds the functions in code whose comments and literals are blanked, and measures them.

use super::words::{leading_name, line_of, words};

/// A `match` is a table while no arm needs a longer block than this.
const LONGEST_ARM: usize = 5;

/// A function with a body.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The line of its `fn`.
    pub(crate) line: usize,
    /// The lines between its braces; one that is written in a single line has one.
    pub(crate) lines: usize,
    /// Whether the body is nothing but a `match` with short arms.
    pub(crate) is_table: bool,
}

/// Returns every function that has a body, in the order of the code; one inside another counts for both.
pub(crate) fn functions(code: &str) -> Vec<Function> {
    words(code, "fn").filter_map(|at| function(code, at)).collect()
}

/// Returns the offset of the brace that closes the one at `open`.
pub(crate) fn closing_brace(code: &str, open: usize) -> Option<usize> {
    if code.as_bytes().get(open) != Some(&b'{') {
        return None;
    }
    let mut depth = 0;
    code[open..].char_indices().find_map(|(at, letter)| {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        (depth == 0).then_some(open + at)
    })
}

/// A `fn` without a name is a type.
fn function(code: &str, at: usize) -> Option<Function> {
    let rest = code[at + 2..].trim_start().trim_start_matches('$');
    let name = leading_name(rest).to_owned();
    let open = if name.is_empty() { None } else { body(code, code.len() - rest.len()) }?;
    let close = closing_brace(code, open)?;
    let lines = lines_between(code, open, close);
    Some(Function { name, line: line_of(code, at), lines, is_table: is_table(&code[open + 1..close]) })
}

/// Returns the brace that opens the body; a function that is only declared ends with `;` instead.
fn body(code: &str, from: usize) -> Option<usize> {
    let at = from + outside_brackets(&code[from..], &['{', ';'])?;
    (code.as_bytes()[at] == b'{').then_some(at)
}

/// Returns the first of the letters that stands in no round or square bracket.
fn outside_brackets(code: &str, wanted: &[char]) -> Option<usize> {
    let mut depth = 0;
    let mut letters = code.char_indices();
    letters.find_map(|(at, letter)| {
        depth += i32::from(matches!(letter, '(' | '[')) - i32::from(matches!(letter, ')' | ']'));
        (depth == 0 && wanted.contains(&letter)).then_some(at)
    })
}

fn lines_between(code: &str, open: usize, close: usize) -> usize {
    let breaks = code[open..close].matches('\n').count();
    breaks.saturating_sub(1).max(1)
}

fn is_table(body: &str) -> bool {
    let body = body.trim();
    let Some(open) = words(body, "match").next().filter(|at| *at == 0).and_then(|_| outside_brackets(body, &['{'])) else { return false };
    closing_brace(body, open) == Some(body.len() - 1) && longest_block(&body[open + 1..body.len() - 1]) <= LONGEST_ARM
}

/// Returns the lines of the longest block in the arms of a `match`.
fn longest_block(arms: &str) -> usize {
    let (mut longest, mut at) = (0, 0);
    while let Some(open) = arms[at..].find('{').map(|found| at + found) {
        let close = closing_brace(arms, open).unwrap_or(arms.len() - 1);
        longest = longest.max(lines_between(arms, open, close));
        at = close + 1;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expected: &[(&str, usize, usize)]) {
        let found = functions(code);
        let found: Vec<_> = found.iter().map(|function| (function.name.as_str(), function.line, function.lines)).collect();
        assert_eq!(found, expected, "{code}");
    }

    #[test]
    fn the_lines_between_the_braces_count() {
        check("fn f() {}\nfn g() {\n    1;\n    2\n}\n", &[("f", 1, 1), ("g", 2, 2)]);
        check("fn long(\n    a: A,\n) -> B\nwhere\n    A: Into<B>,\n{\n    a.into()\n}\n", &[("long", 1, 1)]);
    }

    #[test]
    fn declarations_and_types_are_no_functions() {
        check("trait T { fn f(&self) -> [u8; 4]; fn g() -> [u8; 2] { x } }", &[("g", 1, 1)]);
        check("struct R { check: fn(&Tree) -> Vec<Finding> }", &[]);
    }

    #[test]
    fn functions_inside_functions_and_macros_count() {
        check("fn outer() {\n    fn inner() {\n        x\n    }\n}\n", &[("outer", 1, 3), ("inner", 2, 1)]);
        check("macro_rules! m { () => { pub fn $name() { x } } }", &[("name", 1, 1)]);
    }

    fn is_table_of(code: &str) -> bool {
        functions(code)[0].is_table
    }

    #[test]
    fn a_body_that_is_one_match_with_short_arms_is_a_table() {
        assert!(is_table_of("fn f(a: A) -> B { match (a, [1; 2]) { A::B { .. } => 1, _ => { 2 } } }"));
        assert!(!is_table_of("fn f() { matches(a) }"));
        assert!(!is_table_of("fn f() { g(); match a { _ => 1 } }"));
        assert!(!is_table_of("fn f() { match a { _ => 1 }.g() }"));
        assert!(!is_table_of("fn f() { match a { _ => {\n1;\n2;\n3;\n4;\n5;\n6;\n} } }"));
    }
}
