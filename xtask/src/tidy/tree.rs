//! The tree as the rules see it: every file git knows or would add, and the arrows between the crates.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::arrows::{self, Arrow};
use super::source::Source;
use super::words;
use crate::run;

/// What is wrong, and where. Ordered by place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    /// Describes something wrong with a file as a whole, or with one that should exist.
    pub(crate) fn in_file(path: &str, what: impl Into<String>) -> Self {
        Self::at(path, 1, what)
    }

    /// Describes something wrong in a line, counted from 1.
    pub(crate) fn at(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// One file; the text is empty when it is not text.
pub(crate) struct File {
    /// From the root of the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text read as Rust, if it is Rust.
    pub(crate) source: Option<Source>,
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let source = path.ends_with(".rs").then(|| Source::read(&text));
        Self { path: path.to_owned(), text, source }
    }

    /// Returns the directory of the crate this file belongs to: `cli`, `xtask`.
    pub(crate) fn room(&self) -> Option<&str> {
        let mut parts = self.path.split('/');
        match parts.next() {
            Some("crates") => parts.next(),
            Some("xtask") => Some("xtask"),
            _ => None,
        }
    }

    /// Says whether this is source that is compiled into something other than a test.
    pub(crate) fn is_product(&self) -> bool {
        let parts: Vec<_> = self.path.split('/').collect();
        let in_src = matches!(parts[..], ["crates", _, "src", ..] | ["xtask", "src", ..]);
        in_src && self.source.is_some() && !parts.iter().any(|part| matches!(*part, "tests" | "tests.rs"))
    }

    /// Says whether this is one of the programs that testkit runs instead of something real.
    pub(crate) fn is_test_program(&self) -> bool {
        self.path.starts_with("crates/testkit/") && self.path.split('/').any(|part| matches!(part, "bin" | "examples"))
    }

    /// Says whether the text was recorded or written elsewhere, so that our wording does not apply.
    pub(crate) fn is_foreign(&self) -> bool {
        self.path.ends_with(".lock") || self.path.split('/').any(|part| matches!(part, "fixtures" | "vendor"))
    }

    /// Returns the code without its inline tests, comments and literals blanked.
    pub(crate) fn product_code(&self) -> &str {
        self.source.as_ref().map_or("", Source::product_code)
    }

    /// Describes something wrong at an offset of the text.
    pub(crate) fn finding(&self, offset: usize, what: impl Into<String>) -> Finding {
        Finding::at(&self.path, words::line_of(&self.text, offset), what)
    }
}

/// All files and arrows of the workspace.
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
    pub(crate) arrows: Vec<Arrow>,
}

impl Tree {
    /// Reads the workspace at `root`.
    pub(crate) fn load(root: &Path) -> Result<Self> {
        let listed = run::stdout(&mut run::program("git", &["ls-files", "-z", "-co", "--exclude-standard"]))?;
        let paths = listed.split_terminator('\0').filter(|path| is_plain_file(&root.join(path)));
        let files = paths.map(|path| read(root, path)).collect::<Result<_>>()?;
        Ok(Self { files, arrows: arrows::of_workspace()? })
    }

    /// Builds a tree from paths and texts, without arrows.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect(), arrows: Vec::new() }
    }

    /// Returns the file with this path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Returns the files that are product source.
    pub(crate) fn product(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_product())
    }
}

/// A file git still lists may have been deleted; links and submodules have no text of their own.
fn is_plain_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

fn read(root: &Path, path: &str) -> Result<File> {
    let bytes = fs::read(root.join(path)).with_context(|| format!("cannot read `{path}`"))?;
    Ok(File::new(path, String::from_utf8(bytes).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_source_is_told_from_everything_else() {
        let tree = Tree::of(&[
            ("crates/cli/src/main.rs", ""),
            ("xtask/src/main.rs", ""),
            ("crates/cli/tests/list.rs", ""),
            ("crates/cli/src/tests.rs", ""),
            ("crates/cli/src/ui/tests/colour.rs", ""),
            ("crates/cli/build.rs", ""),
            ("crates/cli/src/page.html", ""),
        ]);
        let product: Vec<_> = tree.product().map(|file| file.path.as_str()).collect();
        assert_eq!(product, ["crates/cli/src/main.rs", "xtask/src/main.rs"]);
    }

    #[test]
    fn a_file_knows_its_room() {
        let room = |path| File::new(path, String::new()).room().map(str::to_owned);
        assert_eq!(room("crates/cli/src/main.rs").as_deref(), Some("cli"));
        assert_eq!(room("xtask/src/main.rs").as_deref(), Some("xtask"));
        assert_eq!(room("docs/glossary.md"), None);
    }

    #[test]
    fn a_finding_is_one_line_with_path_and_line() {
        let file = File::new("a.rs", "one\ntwo".to_owned());
        assert_eq!(file.finding(4, "too short").to_string(), "a.rs:2: too short");
    }
}
