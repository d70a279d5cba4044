//! Text that claims to be redacted is made where redaction happens: anybody else could make the claim without the deed.

use super::tree::{File, Finding, Tree};
use super::words::words;

/// Where the claim is made, where it is defined, and where there is nothing to protect.
const MAKERS: &[&str] = &["redact", "session", "testkit"];

const CLAIMS: &[&str] = &["Text::redacted", "Json::redacted"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.product().filter(|file| file.room().is_some_and(|room| !MAKERS.contains(&room))).flat_map(findings).collect()
}

/// The name counts without the bracket, too: passed as a function it makes the same claim.
fn findings(file: &File) -> impl Iterator<Item = Finding> {
    CLAIMS.iter().flat_map(move |claim| {
        let places = words(file.product_code(), claim);
        places.map(move |at| file.finding(at, format!("`{claim}` outside crates/redact; send the text through redact")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_session_and_tests_may_claim() {
        let text = "fn f() { Text::redacted(x) }\n";
        let inline = "#[cfg(test)]\nmod tests { fn f() { Json::redacted(x) } }\n";
        let tree = Tree::of(&[
            ("crates/redact/src/lib.rs", text),
            ("crates/session/src/text.rs", text),
            ("crates/testkit/src/builders.rs", text),
            ("crates/store/tests/rules.rs", text),
            ("crates/store/src/rows.rs", inline),
        ]);
        assert!(check(&tree).is_empty());
    }

    #[test]
    fn nobody_else_may_not_even_by_name() {
        let tree = Tree::of(&[("crates/tracker/src/entries.rs", "fn f() { session::Text::redacted(x); y.map(Json::redacted) }\n")]);
        assert_eq!(check(&tree).len(), 2);
    }

    #[test]
    fn asking_is_no_claim() {
        assert!(check(&Tree::of(&[("crates/tracker/src/entries.rs", "fn f() { Text::redacted_at(x); x.redacted() }\n")])).is_empty());
    }
}
