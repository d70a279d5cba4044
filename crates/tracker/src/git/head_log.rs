//! The log that git keeps of a worktree's `HEAD`, `logs/HEAD`: how it moved, and which of its commits were made here. A pull, a
//! checkout or a reset brings commits of others; only the log tells them from the worktree's own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::Listed;
use super::commits::is_id;

/// What is longer is not read.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// One move of `HEAD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    /// The commit before; none where there was none.
    pub(crate) old: Option<String>,
    /// The commit since.
    pub(crate) new: String,
    /// When, in seconds since 1970.
    pub(crate) at: i64,
    /// What moved it: `commit (amend): Fix it`.
    pub(crate) message: String,
}

/// How a commit came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// All in it is its own.
    Whole,
    /// It takes the place of this one, which was there before.
    Instead(String),
    /// It joins others without a word of its own.
    Merge,
}

/// Returns the length of the log in bytes, 0 where none was begun.
pub(crate) fn length(git_dir: &Path) -> Option<u64> {
    match std::fs::metadata(git_dir.join("logs/HEAD")) {
        Ok(found) => found.is_file().then_some(found.len()),
        Err(_) => Some(0),
    }
}

/// Returns the moves behind a place in the log; none where there is no log, or another one than before.
pub(crate) fn moves_since(git_dir: &Path, place: u64) -> Option<Vec<Move>> {
    // The line feed before it comes along: what was rewritten has other lines.
    let text = read_from(git_dir, place.saturating_sub(1))?;
    let lines = if place == 0 { Some(text.as_slice()) } else { text.strip_prefix(b"\n") };
    lines.map(parse)
}

/// Returns which commit was checked out at a moment in seconds since 1970, and the moves since; none where there is no log.
pub(crate) fn before(git_dir: &Path, moment: i64) -> Option<(Option<String>, Vec<Move>)> {
    let moves = parse(&read_from(git_dir, 0)?);
    let place = moves.iter().rposition(|each| each.at <= moment).map_or(0, |place| place + 1);
    let commit = match place.checked_sub(1) {
        Some(last) => Some(moves[last].new.clone()),
        None => moves.first()?.old.clone(),
    };
    Some((commit, moves[place..].to_vec()))
}

fn read_from(git_dir: &Path, place: u64) -> Option<Vec<u8>> {
    let path = git_dir.join("logs/HEAD");
    let found = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
    if found.len() < place || found.len() - place > LONGEST_LOG {
        return None;
    }
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(place)).ok()?;
    let mut text = Vec::new();
    file.take(LONGEST_LOG).read_to_end(&mut text).ok()?;
    Some(text)
}

fn parse(text: &[u8]) -> Vec<Move> {
    text.split(|byte| *byte == b'\n').filter_map(parse_line).collect()
}

/// Reads `OLD NEW NAME <ADDRESS> SECONDS ZONE<tab>MESSAGE`.
fn parse_line(line: &[u8]) -> Option<Move> {
    let line = String::from_utf8_lossy(line);
    let (head, message) = line.split_once('\t').unwrap_or((&line, ""));
    let mut words = head.split(' ');
    let (old, new) = (words.next()?, words.next()?);
    let at = head.rsplit(' ').nth(1)?.parse().ok()?;
    let is_nothing = old.bytes().all(|byte| byte == b'0');
    let old = (!is_nothing).then(|| old.to_owned());
    is_id(new.as_bytes()).then(|| Move { old, new: new.to_owned(), at, message: message.to_owned() })
}

/// What a move did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Makes,
    Amends,
    Merges,
    Brings,
    Unknown,
}

/// Returns the commits that moves made, by id.
pub(crate) fn made_here(moves: &[Move], listed: &[Listed]) -> BTreeMap<String, Made> {
    let parents: BTreeMap<_, _> = listed.iter().map(|commit| (commit.id.as_str(), &commit.parents)).collect();
    // A program that moves `HEAD` by itself and leaves no word made a commit where it stands on the one before.
    let stands_on = |each: &Move| parents.get(each.new.as_str()).is_some_and(|found| found.iter().any(|id| Some(id) == each.old.as_ref()));
    let mut made: BTreeMap<String, Made> = BTreeMap::new();
    for each in moves {
        let how = match kind(&each.message) {
            Kind::Makes => Some(Made::Whole),
            Kind::Amends => Some(instead_of(each, &made)),
            Kind::Merges => Some(Made::Merge),
            Kind::Unknown if stands_on(each) => Some(Made::Whole),
            Kind::Brings | Kind::Unknown => None,
        };
        if let Some(how) = how {
            made.entry(each.new.clone()).or_insert(how);
        }
    }
    made
}

/// What takes the place of a commit that was made here is as much its own as that was.
fn instead_of(amend: &Move, made: &BTreeMap<String, Made>) -> Made {
    match &amend.old {
        Some(old) => match made.get(old) {
            Some(Made::Merge) | None => Made::Instead(old.clone()),
            Some(how) => how.clone(),
        },
        None => Made::Whole,
    }
}

fn kind(message: &str) -> Kind {
    let (action, rest) = message.split_once(": ").unwrap_or((message, ""));
    let (verb, detail) = action.split_once(" (").map_or((action, ""), |(verb, detail)| (verb, detail.trim_end_matches(')')));
    if rest.eq_ignore_ascii_case("fast-forward") {
        return Kind::Brings;
    }
    let first = verb.split(' ').next().unwrap_or_default();
    match (first, detail) {
        ("commit", "amend") => Kind::Amends,
        ("commit" | "cherry-pick" | "revert" | "am", _) => Kind::Makes,
        _ if verb.contains("rebase") => rebase(verb, detail),
        ("merge" | "pull", _) if rest.starts_with("Merge made") => Kind::Merges,
        ("merge" | "pull" | "checkout" | "reset" | "clone" | "switch" | "restore" | "branch" | "Branch" | "fetch" | "bisect", _) => {
            Kind::Brings
        }
        _ => Kind::Unknown,
    }
}

fn rebase(verb: &str, detail: &str) -> Kind {
    match detail {
        "pick" | "squash" | "fixup" | "reword" | "edit" | "continue" | "merge" => Kind::Makes,
        "" if verb == "rebase" => Kind::Unknown,
        _ => Kind::Brings,
    }
}

/// Returns the branches that `HEAD` left.
pub(crate) fn branches_left(moves: &[Move]) -> impl Iterator<Item = &str> {
    let left = |each: &'_ Move| -> Option<(usize, usize)> {
        let rest = each.message.strip_prefix("checkout: moving from ")?;
        Some((each.message.len() - rest.len(), rest.find(" to ")?))
    };
    moves.iter().filter_map(move |each| left(each).map(|(start, length)| &each.message[start..start + length]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(letter: char) -> String {
        letter.to_string().repeat(40)
    }

    fn line(old: char, new: char, message: &str) -> String {
        format!("{} {} Ada <ada@example.org> 1771259403 +0100\t{message}\n", id(old), id(new))
    }

    #[test]
    fn what_moved_head_says_who_made_a_commit() {
        for (message, expected) in [
            ("commit: a", Kind::Makes),
            ("commit (initial): a: b", Kind::Makes),
            ("commit (merge): a", Kind::Makes),
            ("commit (cherry-pick): a", Kind::Makes),
            ("commit (amend): a", Kind::Amends),
            ("cherry-pick: a", Kind::Makes),
            ("cherry-pick: fast-forward", Kind::Brings),
            ("revert: Revert \"a\"", Kind::Makes),
            ("am: a", Kind::Makes),
            ("rebase (start): checkout main", Kind::Brings),
            ("rebase (pick): a", Kind::Makes),
            ("rebase -i (squash): a", Kind::Makes),
            ("pull --rebase origin main (pick): a", Kind::Makes),
            ("rebase (continue): a", Kind::Makes),
            ("rebase (finish): returning to refs/heads/main", Kind::Brings),
            ("rebase (abort): returning to refs/heads/main", Kind::Brings),
            ("rebase finished: returning to refs/heads/main", Kind::Brings),
            ("merge side: Fast-forward", Kind::Brings),
            ("merge side: Merge made by the 'ort' strategy.", Kind::Merges),
            ("pull: Merge made by the 'ort' strategy.", Kind::Merges),
            ("pull origin main: Fast-forward", Kind::Brings),
            ("checkout: moving from main to side", Kind::Brings),
            ("reset: moving to HEAD~1", Kind::Brings),
            ("clone: from /srv/a.git", Kind::Brings),
            ("", Kind::Unknown),
            ("committed by a program", Kind::Unknown),
        ] {
            assert_eq!(kind(message), expected, "{message}");
        }
    }

    #[test]
    fn a_commit_that_was_amended_counts_for_what_is_new_in_it() {
        let moves = parse(
            [line('a', 'b', "commit (amend): x"), line('b', 'c', "commit (amend): x"), line('c', 'd', "commit: y")].concat().as_bytes(),
        );
        let made = made_here(&moves, &[]);
        assert_eq!(made[&id('b')], Made::Instead(id('a')));
        assert_eq!(made[&id('c')], Made::Instead(id('a')));
        assert_eq!(made[&id('d')], Made::Whole);
        let moves = parse([line('a', 'b', "commit: x"), line('b', 'c', "commit (amend): x")].concat().as_bytes());
        assert_eq!(made_here(&moves, &[])[&id('c')], Made::Whole);
    }

    #[test]
    fn a_move_without_a_word_made_a_commit_where_it_stands_on_the_one_before() {
        let moves = parse([line('a', 'b', ""), line('b', 'c', "")].concat().as_bytes());
        let listed =
            |new: char, parent: char| Listed { id: id(new), parents: vec![id(parent)], subject: String::new(), references: vec![] };
        let made = made_here(&moves, &[listed('b', 'a'), listed('c', 'x')]);
        assert_eq!(made.into_keys().collect::<Vec<_>>(), [id('b')]);
    }

    #[test]
    fn lines_that_are_no_moves_are_passed_over() {
        let text = format!("nonsense\n{} \n{}short line\n", id('a'), line('0', 'a', "commit (initial): x"));
        let moves = parse(text.as_bytes());
        assert_eq!((moves.len(), &moves[0].old, moves[0].at), (1, &None, 1_771_259_403));
    }

    #[test]
    fn branches_that_were_left_are_known() {
        let text = [line('a', 'b', "checkout: moving from feature/a to main"), line('a', 'b', "commit: to be")].concat();
        assert_eq!(branches_left(&parse(text.as_bytes())).collect::<Vec<_>>(), ["feature/a"]);
    }
}
