//! Migrations are numbered without gaps and say why they exist: they run forever, on stores nobody can look into.

use std::collections::BTreeMap;

use super::tree::{File, Finding, Tree};

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut dirs: BTreeMap<&str, Vec<&File>> = BTreeMap::new();
    for (dir, file) in tree.files.iter().filter_map(|file| Some((migrations_dir(&file.path)?, file))) {
        dirs.entry(dir).or_default().push(file);
    }
    dirs.into_values().flat_map(check_dir).collect()
}

/// Returns the directory of a migration; every backend has one of its own.
fn migrations_dir(path: &str) -> Option<&str> {
    let (dir, name) = path.rsplit_once('/')?;
    let is_migration = dir.starts_with("crates/store/") && dir.split('/').any(|part| part == "migrations") && name.ends_with(".sql");
    is_migration.then_some(dir)
}

fn check_dir(mut files: Vec<&File>) -> Vec<Finding> {
    files.sort_by_key(|file| &file.path);
    files.into_iter().zip(1..).flat_map(|(file, number)| [misnumbered(file, number), silent(file)]).flatten().collect()
}

fn misnumbered(file: &File, number: usize) -> Option<Finding> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let is_right = name.strip_prefix(&format!("{number:04}_")).is_some_and(|rest| rest.len() > ".sql".len());
    (!is_right).then(|| Finding::in_file(&file.path, format!("this is migration {number} here; call it `{number:04}_WHAT.sql`")))
}

fn silent(file: &File) -> Option<Finding> {
    let what = "no reason given; begin with `-- ` and why the schema changes";
    (!file.text.starts_with("--")).then(|| Finding::in_file(&file.path, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_files(files: &[(&str, &str)], expected: &[&str]) {
        let found: Vec<_> = check(&Tree::of(files)).iter().map(Finding::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(found, start)| found.starts_with(start)), "{found:?}");
    }

    #[test]
    fn each_backend_counts_for_itself() {
        let files = [
            ("crates/store/migrations/sqlite/0001_start.sql", "-- The log.\n"),
            ("crates/store/migrations/sqlite/0002_index.sql", "-- Faster.\n"),
            ("crates/store/migrations/postgres/0001_start.sql", "-- The log.\n"),
            ("crates/store/tests/old/seed.sql", "x\n"),
        ];
        check_files(&files, &[]);
    }

    #[test]
    fn gaps_doubles_and_silence_are_found() {
        let files = [
            ("crates/store/migrations/0001_start.sql", "CREATE\n"),
            ("crates/store/migrations/0001_again.sql", "-- Again.\n"),
            ("crates/store/migrations/0004_gap.sql", "-- Gap.\n"),
        ];
        check_files(
            &files,
            &[
                "crates/store/migrations/0001_start.sql:1: this is migration 2 here",
                "crates/store/migrations/0001_start.sql:1: no reason given",
                "crates/store/migrations/0004_gap.sql:1: this is migration 3 here",
            ],
        );
    }
}
