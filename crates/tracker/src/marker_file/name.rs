//! The file name of a project's marker. Scripts expect `claude_session_` and the project's name; a name that no file can have, or that
//! would lead somewhere else, gets another one that nobody else gets.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use session::Uuid;

/// What every marker's name begins with.
pub(super) const PREFIX: &str = "claude_session_";

/// A file name has at most 255 bytes.
const LONGEST: usize = 255 - PREFIX.len();

/// Between what is kept of a name and its hash.
const MARK: char = '~';

/// The hexadecimal digits of a hash.
const DIGITS: usize = 32;

/// Returns the file name of a project's marker; none for a project without a name.
pub(super) fn file_name(project: &OsStr) -> Option<String> {
    match project.to_str() {
        Some("") => None,
        Some(name) if is_plain(name) => Some(format!("{PREFIX}{name}")),
        _ => Some(hashed(project)),
    }
}

/// Reports whether a name can stand as it is: it is part of one file name, and it looks like none that was made here.
fn is_plain(name: &str) -> bool {
    name.len() <= LONGEST && !name.contains(is_unfit) && !looks_hashed(name)
}

fn is_unfit(each: char) -> bool {
    each == '/' || each.is_control()
}

fn looks_hashed(name: &str) -> bool {
    let hash = name.rsplit_once(MARK).map(|(_, hash)| hash);
    hash.is_some_and(|hash| hash.len() == DIGITS && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// Returns what can be kept of a name, and a hash of all of it.
fn hashed(project: &OsStr) -> String {
    const OURS: Uuid = Uuid::from_u128(0x7275_7474_6572_4000_8000_6d61_726b_6572);
    let hash = Uuid::new_v5(&OURS, project.as_bytes()).simple();
    let mut kept: String = project.to_string_lossy().chars().map(|each| if is_unfit(each) { '_' } else { each }).collect();
    kept.truncate(kept.floor_char_boundary(LONGEST - DIGITS - MARK.len_utf8()));
    format!("{PREFIX}{kept}{MARK}{hash}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(project: &str) -> String {
        file_name(OsStr::new(project)).unwrap()
    }

    #[test]
    fn a_name_that_a_file_can_have_stays_as_it_is() {
        for plain in ["demo", "My Project", "multi-agent-observability-system", "..", "a~b", "Größe", "-rf", "*", &"x".repeat(240)] {
            assert_eq!(named(plain), format!("claude_session_{plain}"));
        }
    }

    #[test]
    fn any_other_name_gets_a_hash() {
        assert_eq!(named("../../etc/passwd"), "claude_session_.._.._etc_passwd~c8faa34421005e71a252e425323a0439");
        for (one, other) in [("a/b", "a_b"), ("a\nb", "a\tb"), ("a\0", "a"), ("\u{85}", "_"), ("/", "//")] {
            assert!(named(one) != named(other) && named(one).contains('~'), "{one:?}");
        }
        let long = named(&"ä".repeat(5_000));
        assert!(long.len() <= 255 && long.starts_with("claude_session_ää"), "{long}");
        assert_eq!(file_name(OsStr::new("")), None);
    }

    #[test]
    fn a_name_that_looks_as_if_it_was_made_here_is_not_mistaken_for_it() {
        let made = named("a/b");
        assert_ne!(named(made.strip_prefix(PREFIX).unwrap()), made);
    }

    /// Names of few kinds of characters, so that two of them often look alike.
    fn names() -> impl Strategy<Value = Vec<u8>> {
        let part = proptest::sample::select(vec![&b"a"[..], b"/", b"_", b"..", b"\n", b"\0", b"\xff", b"~"]);
        prop_oneof![
            proptest::collection::vec(part, 1..6).prop_map(|parts| parts.concat()),
            proptest::collection::vec(any::<u8>(), 1..600),
            // What was made here, as a name.
            proptest::collection::vec(any::<u8>(), 1..4).prop_map(|name| {
                let made = file_name(OsStr::from_bytes(&name)).unwrap();
                made.strip_prefix(PREFIX).unwrap().as_bytes().to_vec()
            }),
        ]
    }

    proptest! {
        #[test]
        fn no_name_leaves_the_directory_and_no_two_share_a_file(one in names(), other in names()) {
            let [first, second] = [&one, &other].map(|name| file_name(OsStr::from_bytes(name)).unwrap());
            prop_assert!(first.starts_with(PREFIX) && first.len() <= 255 && !first.contains(is_unfit), "{:?}", first);
            prop_assert_eq!(one == other, first == second, "{:?} {:?}", first, second);
        }
    }
}
