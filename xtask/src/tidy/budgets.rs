//! How long files and functions may be. A number is no form, but it is where form begins to go.

use super::functions::functions as functions_of;
use super::tree::{File, Finding, Tree};

/// What half, nine in ten, and all of the things of a kind may have in lines.
struct Budget {
    kind: &'static str,
    median: usize,
    p90: usize,
    most: usize,
}

const FILE: Budget = Budget { kind: "file", median: 150, p90: 450, most: 800 };
const FUNCTION: Budget = Budget { kind: "function", median: 10, p90: 40, most: 100 };

/// Something with a length.
struct Measured<'t> {
    path: &'t str,
    line: usize,
    name: String,
    lines: usize,
    /// Whether it may be longer than the longest.
    is_exempt: bool,
}

pub(crate) fn files(tree: &Tree) -> Vec<Finding> {
    over(&FILE, tree.product().map(file).collect())
}

pub(crate) fn functions(tree: &Tree) -> Vec<Finding> {
    over(&FUNCTION, tree.product().flat_map(functions_in).collect())
}

fn file(file: &File) -> Measured<'_> {
    let product = &file.text[..file.product_code().len()];
    Measured { path: &file.path, line: 1, name: "this file".to_owned(), lines: product.trim_end().lines().count(), is_exempt: false }
}

fn functions_in(file: &File) -> impl Iterator<Item = Measured<'_>> {
    functions_of(file.product_code()).into_iter().map(|function| Measured {
        path: &file.path,
        line: function.line,
        name: format!("`{}`", function.name),
        lines: function.lines,
        is_exempt: function.is_table,
    })
}

fn over(budget: &Budget, mut all: Vec<Measured>) -> Vec<Finding> {
    all.sort_by_key(|one| one.lines);
    let too_long = all.iter().filter(|one| one.lines > budget.most && !one.is_exempt).map(|one| alone_over(budget, one));
    let shares = [(50, budget.median), (90, budget.p90)];
    too_long.chain(shares.into_iter().filter_map(|(percent, limit)| share_over(budget, percent, limit, &all))).collect()
}

fn alone_over(budget: &Budget, one: &Measured) -> Finding {
    Finding::at(
        one.path,
        one.line,
        format!("{} has {} lines, no {} may have more than {}; split it", one.name, one.lines, budget.kind, budget.most),
    )
}

/// A share has no place of its own; the longest is where it is easiest to give.
fn share_over(budget: &Budget, percent: usize, limit: usize, sorted: &[Measured]) -> Option<Finding> {
    let (longest, lines) = (sorted.last()?, percentile(percent, sorted));
    let advice = format!("split the longest; {} here has {}", longest.name, longest.lines);
    let what = format!("the {percent}th percentile of {} lengths is {lines} lines, over the budget of {limit}: {advice}", budget.kind);
    (lines > limit).then(|| Finding::at(longest.path, longest.line, what))
}

/// Returns the length that `percent` of all do not exceed.
fn percentile(percent: usize, sorted: &[Measured]) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).map_or(0, |one| one.lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> String {
        "//! x\n".repeat(count)
    }

    fn function(name: &str, count: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    x();\n".repeat(count))
    }

    fn check(rule: fn(&Tree) -> Vec<Finding>, texts: &[String], expected: &[&str]) {
        let paths: Vec<_> = (0..texts.len()).map(|at| format!("crates/tracker/src/{at}.rs")).collect();
        let files: Vec<_> = paths.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let found: Vec<_> = rule(&Tree::of(&files)).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(found, start)| found.starts_with(start)), "{found:?}");
    }

    #[test]
    fn files_within_the_budget_pass() {
        check(files, &[lines(150), lines(150), lines(450)], &[]);
    }

    #[test]
    fn one_file_can_be_too_long() {
        let mut texts = vec![lines(10); 19];
        texts.push(lines(801));
        check(files, &texts, &["crates/tracker/src/19.rs:1: this file has 801 lines"]);
    }

    #[test]
    fn inline_tests_do_not_count() {
        check(files, &[format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(150), "\n".repeat(900))], &[]);
    }

    #[test]
    fn the_share_of_long_files_is_limited() {
        check(files, &[lines(100), lines(151), lines(160)], &["crates/tracker/src/2.rs:1: the 50th percentile of file lengths is 151"]);
        check(files, &[lines(1), lines(1), lines(451)], &["crates/tracker/src/2.rs:1: the 90th percentile of file lengths is 451"]);
    }

    #[test]
    fn functions_within_the_budget_pass() {
        check(functions, &[function("a", 10), function("b", 10), function("c", 40)], &[]);
    }

    #[test]
    fn one_function_can_be_too_long_unless_it_is_a_table() {
        let mut texts = vec![function("short", 1); 19];
        texts.push(format!("\n{}", function("long", 101)));
        check(functions, &texts, &["crates/tracker/src/19.rs:2: `long` has 101 lines"]);
        texts[19] = format!("fn table() {{\n    match x {{\n{}    }}\n}}\n", "        1 => 2,\n".repeat(200));
        check(functions, &texts, &[]);
    }

    #[test]
    fn the_share_of_long_functions_is_limited() {
        check(
            functions,
            &[function("a", 11), function("b", 12)],
            &["crates/tracker/src/1.rs:1: the 50th percentile of function lengths is 11"],
        );
    }
}
