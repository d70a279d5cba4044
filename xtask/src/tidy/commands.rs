//! Every command is in the reference. Whether the reference is up to date is for `cargo xtask docs --check` to say.

use super::functions::closing_brace;
use super::source::after_attributes;
use super::tree::{File, Finding, Tree};
use super::words::{leading_name, words};

const DISPATCH: &str = "crates/cli/src/commands/mod.rs";
const REFERENCE: &str = "docs/reference/commands.md";

/// A variant of the `Command` enum.
struct Variant<'t> {
    at: usize,
    name: &'t str,
    is_hidden: bool,
}

/// Has nothing to say until both files exist.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (Some(dispatch), Some(reference)) = (tree.file(DISPATCH), tree.file(REFERENCE)) else { return Vec::new() };
    let shown = variants(dispatch.product_code()).into_iter().filter(|variant| !variant.is_hidden);
    shown.filter_map(|variant| undocumented(dispatch, reference, &variant)).collect()
}

fn undocumented(dispatch: &File, reference: &File, variant: &Variant) -> Option<Finding> {
    let command = format!("`rutter {}`", kebab(variant.name));
    let is_documented = reference.text.lines().filter_map(subheading).any(|heading| heading == command);
    (!is_documented).then(|| dispatch.finding(variant.at, format!("{command} has no heading in {REFERENCE}; type `cargo xtask docs`")))
}

/// Returns the text of a Markdown heading below the title.
fn subheading(line: &str) -> Option<&str> {
    line.strip_prefix("##").map(|rest| rest.trim_start_matches('#').trim())
}

/// Returns the variants of `enum Command`.
fn variants(code: &str) -> Vec<Variant<'_>> {
    let Some(open) = words(code, "enum Command").next().and_then(|at| Some(at + code[at..].find('{')?)) else { return Vec::new() };
    let close = closing_brace(code, open).unwrap_or(code.len());
    pieces(code, open + 1, close).into_iter().filter_map(|(start, end)| variant(code, start, end)).collect()
}

/// Splits at the commas that are in no bracket.
fn pieces(code: &str, start: usize, end: usize) -> Vec<(usize, usize)> {
    let (mut found, mut from, mut depth) = (Vec::new(), start, 0);
    for (at, letter) in code[start..end].char_indices() {
        depth += i32::from("([{".contains(letter)) - i32::from(")]}".contains(letter));
        if letter == ',' && depth == 0 {
            found.push((from, start + at));
            from = start + at + 1;
        }
    }
    found.push((from, end));
    found
}

fn variant(code: &str, start: usize, end: usize) -> Option<Variant<'_>> {
    let own = after_attributes(&code[start..end]);
    let at = end - own.len();
    let name = leading_name(own);
    (!name.is_empty()).then_some(Variant { at, name, is_hidden: hides(&code[start..at]) })
}

fn hides(attributes: &str) -> bool {
    let tight: String = attributes.split_whitespace().collect();
    tight.contains("hide=true")
}

/// Spells a variant as clap does.
fn kebab(name: &str) -> String {
    let mut spelled = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !spelled.is_empty() {
            spelled.push('-');
        }
        spelled.extend(letter.to_lowercase());
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENUM: &str = "//! All.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Start, now
    Start(start::StartArgs),
    /// Log
    #[command(visible_alias = \"l,\", group = [1])]
    LogBook { a: Box<A>, b: B },
    #[command(hide = true)]
    Reference,
}
";

    fn check_reference(reference: &str, expected: &[&str]) {
        let found = check(&Tree::of(&[(DISPATCH, ENUM), (REFERENCE, reference)]));
        let found: Vec<_> = found.iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(found, start)| found.starts_with(start)), "{found:?}");
    }

    #[test]
    fn a_heading_for_each_command_is_enough() {
        check_reference("# Commands\n\n## `rutter start`\n\n### `rutter log-book`\n", &[]);
    }

    #[test]
    fn a_missing_heading_is_found_at_the_variant() {
        check_reference("## `rutter start`\n`rutter log-book`\n", &["crates/cli/src/commands/mod.rs:8: `rutter log-book` has no heading"]);
    }

    #[test]
    fn nothing_is_said_until_both_files_exist() {
        assert!(check(&Tree::of(&[(DISPATCH, ENUM)])).is_empty());
        assert!(check(&Tree::of(&[(REFERENCE, "")])).is_empty());
    }

    #[test]
    fn variants_are_spelled_like_clap_does() {
        assert_eq!(kebab("CommandsReference"), "commands-reference");
        assert_eq!(kebab("List"), "list");
    }
}
