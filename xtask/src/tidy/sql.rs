//! SQL stays in the store, where the schema is: a query anywhere else breaks when the schema changes, and nobody knows it.

use super::source::Source;
use super::tree::{File, Finding, Tree};
use super::words::words;

/// How statements begin. Only as capitals, as we write them: in lower case these are ordinary words.
const STATEMENTS: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE FROM", "CREATE TABLE"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.product().filter(|file| is_bound(file)).flat_map(findings).collect()
}

/// The readers of agents look into the databases of other programs, whose schema is not ours.
fn is_bound(file: &File) -> bool {
    let reads_others = file.path.starts_with("crates/agents/") && file.path.split('/').any(|part| part.starts_with("read"));
    !matches!(file.room(), Some("store" | "xtask")) && !reads_others
}

fn findings(file: &File) -> impl Iterator<Item = Finding> {
    let texts = file.source.as_ref().map_or("", Source::product_texts);
    STATEMENTS.iter().flat_map(move |statement| {
        let places = words(texts, statement).filter(move |at| goes_on(&texts[at + statement.len()..]));
        places.map(move |at| file.finding(at, format!("SQL (`{statement}`) outside crates/store; give the store a verb for it")))
    })
}

fn goes_on(rest: &str) -> bool {
    rest.starts_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_and_readers_of_foreign_databases_speak_sql() {
        let text = "const Q: &str = \"SELECT id FROM session\";\n";
        let tree = Tree::of(&[("crates/store/src/sqlite/log.rs", text), ("crates/agents/src/opencode/reader.rs", text)]);
        assert!(check(&tree).is_empty());
    }

    #[test]
    fn nobody_else_does() {
        let text = "const Q: &str = \"\n  SELECT id\n  FROM x\";\nconst D: &str = r\"DELETE FROM x\";\n";
        let found: Vec<_> = check(&Tree::of(&[("crates/tracker/src/chain.rs", text)])).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("crates/tracker/src/chain.rs:2: SQL (`SELECT`)"), "{found:?}");
    }

    #[test]
    fn comments_tests_and_ordinary_words_are_no_sql() {
        let text = "// SELECT x\nconst A: [&str; 3] = [\"select one\", \"UPDATED it\", \"INSERT\"];\n\
                    #[cfg(test)]\nmod tests { const B: &str = \"UPDATE x\"; }\n";
        assert!(check(&Tree::of(&[("crates/tracker/src/chain.rs", text)])).is_empty());
    }
}
