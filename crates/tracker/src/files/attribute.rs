//! Whose a file is, where several sessions work in one place: tool calls first, what differs second, and an overlap is said. Pure.

use std::collections::BTreeSet;

use session::{Attribution, SessionKey, Text};

/// Another session that worked meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Other {
    /// The session.
    pub(super) key: SessionKey,
    /// Whether it worked in the same worktree.
    pub(super) is_beside: bool,
    /// The files that its tool calls wrote.
    pub(super) named: BTreeSet<Text>,
}

/// A file, as tool calls may name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'f> {
    /// Where it is.
    pub(super) path: &'f Text,
    /// Where it was before.
    pub(super) from: Option<&'f Text>,
    /// Whether it is a repository of its own: then what is in it counts for it.
    pub(super) is_repository: bool,
}

/// Returns how it is known that a session touched a file, and which others may have; none where only others did.
pub(super) fn attribute(file: &Names<'_>, mine: &BTreeSet<Text>, others: &[Other]) -> Option<(Attribution, Vec<SessionKey>)> {
    let who_named: Vec<_> = others.iter().filter(|other| file.is_in(&other.named)).map(|other| other.key).collect();
    if file.is_in(mine) {
        return Some((Attribution::Tool, who_named));
    }
    let beside = || others.iter().filter(|other| other.is_beside).map(|other| other.key).collect();
    who_named.is_empty().then(|| (Attribution::Diff, beside()))
}

impl Names<'_> {
    fn is_in(&self, named: &BTreeSet<Text>) -> bool {
        let is_named = |path: &Text| named.contains(path);
        is_named(self.path) || self.from.is_some_and(is_named) || (self.is_repository && self.holds_one_of(named))
    }

    fn holds_one_of(&self, named: &BTreeSet<Text>) -> bool {
        let start = format!("{}/", self.path);
        named.range(Text::stored(start.clone())..).next().is_some_and(|path| path.as_str().starts_with(&start))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn named(paths: &str) -> BTreeSet<Text> {
        paths.split_whitespace().map(|path| Text::stored(path.to_owned())).collect()
    }

    /// Sessions are numbered; what they named stands behind the number, `~` for one in another worktree.
    fn check(file: &str, mine: &str, others: &[&str], expected: Option<(Attribution, &[u128])>) {
        let other = |(place, text): (usize, &&str)| Other {
            key: SessionKey::new(Uuid::from_u128(place as u128 + 1)),
            is_beside: !text.starts_with('~'),
            named: named(text.trim_start_matches('~')),
        };
        let others: Vec<_> = others.iter().enumerate().map(other).collect();
        let (from, path) = file.split_once('>').map_or((None, file), |(from, path)| (Some(from), path));
        let (from, path) = (from.map(|from| Text::stored(from.to_owned())), Text::stored(path.trim_end_matches('/').to_owned()));
        let names = Names { path: &path, from: from.as_ref(), is_repository: file.ends_with('/') };
        let expected = expected.map(|(by, keys)| (by, keys.iter().map(|key| SessionKey::new(Uuid::from_u128(*key))).collect::<Vec<_>>()));
        assert_eq!(attribute(&names, &named(mine), &others), expected, "{file}");
    }

    #[test]
    fn tool_calls_come_first() {
        check("a", "a", &["b"], Some((Attribution::Tool, &[])));
        check("a", "", &["a"], None);
        check("a", "a", &["a", "b", "~a"], Some((Attribution::Tool, &[1, 3])));
    }

    #[test]
    fn what_no_tool_call_named_may_be_of_whoever_works_beside() {
        check("a", "b", &[], Some((Attribution::Diff, &[])));
        check("a", "", &["b", "", "~b"], Some((Attribution::Diff, &[1, 2])));
    }

    #[test]
    fn a_renamed_file_is_known_by_both_names() {
        check("a>b", "a", &[], Some((Attribution::Tool, &[])));
        check("a>b", "", &["a"], None);
    }

    #[test]
    fn what_is_in_a_repository_within_counts_for_it() {
        check("sub/", "sub/deep/a", &["sub/b"], Some((Attribution::Tool, &[1])));
        check("sub/", "subway", &["sub-b"], Some((Attribution::Diff, &[1])));
        check("sub", "sub/a", &[], Some((Attribution::Diff, &[])));
    }
}
