//! What ids and links of others do to agents' files, the vault and the trash: nothing that leads out of them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use testkit::Home;
use tracker::Restoring;

/// Returns everything below a directory: modes, times, contents.
fn tree(root: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.insert(path, (metadata.mode(), metadata.mtime_nsec() + metadata.mtime() * 1_000_000_000, content));
    }
    found
}

/// Ids that somebody may come with: parts of paths, flags, links' names, anything, in an order that is always the same.
fn hostile(count: usize) -> impl Iterator<Item = String> {
    const PARTS: &[&str] = &[
        "..", "/", ".", "~", "", "sentinel", "-rf", "linked", "c", "\0", "\n", "%2e%2e", "*", "mine", ".jsonl", "\u{202e}", "$HOME", " ",
        "é",
    ];
    let mut state = 1_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let parts = (state >> 60) as usize % 6;
        (0..=parts).map(|part| PARTS[(state >> (8 * part + 3)) as usize % PARTS.len()]).collect()
    })
}

#[expect(clippy::print_stdout, reason = "a figure is what this is for")]
fn nothing_outside_is_touched(count: usize) {
    let home = Home::in_memory();
    let (root, sentinel) = (home.path(".claude/projects"), home.path("sentinel"));
    for path in ["sentinel/mine.jsonl", "sentinel/linked/mine.jsonl", "sentinel/c/history.json", ".claude/projects/-p/c.jsonl"] {
        fs::create_dir_all(home.path(path).parent().unwrap()).unwrap();
        fs::write(home.path(path), "mine").unwrap();
    }
    symlink(&sentinel, root.join("linked")).unwrap();
    symlink(&sentinel, root.join("-p/mine")).unwrap();
    symlink(sentinel.join("mine.jsonl"), root.join("-p/mine.jsonl")).unwrap();
    let before = tree(&sentinel);
    let mut tracker = home.tracker();
    tracker.copy_to_vault(&mut |_, _| {}).unwrap();
    let (mut refused, mut done) = (0, 0);
    for id in hostile(count) {
        match tracker.delete_agent_sessions(std::slice::from_ref(&id), false) {
            Ok(_) => {
                assert_eq!(id, "c");
                tracker.restore(&id, &Restoring::default()).unwrap();
                done += 1;
            }
            Err(_) => refused += 1,
        }
        if id != "c" {
            assert!(tracker.restore(&id, &Restoring::default()).is_err(), "{id:?}");
        }
    }
    println!("{refused} of {count} ids refused, {done} were the one that is there");
    assert!(refused > count / 2 && fs::read_to_string(root.join("-p/c.jsonl")).unwrap() == "mine");
    assert_eq!(tree(&sentinel), before);
}

#[test]
fn s4_no_id_and_no_link_leads_out_of_what_agents_keep() {
    nothing_outside_is_touched(3_000);
}

#[test]
#[ignore = "takes long: 100,000 ids"]
fn s4_no_id_of_100_000_leads_out_of_what_agents_keep() {
    nothing_outside_is_touched(100_000);
}

#[test]
fn transcripts_are_copied_by_themselves_only_where_somebody_wants_that() {
    let home = Home::new();
    let transcript = home.path(".claude/projects/-p/c.jsonl");
    fs::create_dir_all(transcript.parent().unwrap()).unwrap();
    fs::write(&transcript, "{}\n").unwrap();
    let mut tracker = home.tracker();
    tracker.copy_to_vault_if_on();
    assert!(!home.path("store/vault").exists());
    tracker.switch_vault(true).unwrap();
    tracker.copy_to_vault_if_on();
    assert_eq!((tracker.vault_view(7).unwrap().conversations, tracker.take_notes()), (1, vec![]));
    // What cannot be copied is noted, and stops nothing.
    fs::remove_dir_all(home.path("store/vault")).unwrap();
    fs::write(home.path("store/vault"), "").unwrap();
    tracker.copy_to_vault_if_on();
    let notes = tracker.take_notes();
    assert!(notes.len() == 1 && notes[0].to_string().starts_with("transcripts could not be copied: cannot use `"), "{notes:?}");
}

#[test]
fn a_copy_by_itself_waits_for_nobody_writes_nothing_in_vain_and_tells_what_it_left_out() {
    let home = Home::new();
    let transcript = home.path(".claude/projects/-p/c.jsonl");
    fs::create_dir_all(transcript.parent().unwrap()).unwrap();
    fs::write(&transcript, "{}\n").unwrap();
    let mut tracker = home.tracker();
    tracker.switch_vault(true).unwrap();
    tracker.copy_to_vault_if_on();
    let copied = home.path("store/vault/copied");
    fs::remove_file(&copied).unwrap();
    tracker.copy_to_vault_if_on();
    assert!(!copied.exists());
    // Somebody works on it, for longer than anybody has patience.
    let lock = fs::File::options().write(true).open(home.path("store/vault/lock")).unwrap();
    lock.lock().unwrap();
    fs::write(&transcript, "{}\n{}\n").unwrap();
    let since = std::time::Instant::now();
    tracker.copy_to_vault_if_on();
    assert!(since.elapsed() < std::time::Duration::from_secs(1) && !copied.exists());
    lock.unlock().unwrap();
    tracker.copy_to_vault_if_on();
    assert!(copied.exists() && tracker.take_notes().is_empty());
    // A newer build keeps it: that is left alone, and told.
    let kept = fs::read_dir(home.path("store/vault/kept")).unwrap().next().unwrap().unwrap().path();
    let held = fs::read_to_string(&kept).unwrap();
    let newer = held.lines().next().unwrap().replacen("\"version\":1", "\"version\":2", 1);
    let hash: String = Sha256::digest(newer.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let newer = format!("{newer}\n{hash}\n");
    fs::write(&kept, &newer).unwrap();
    tracker.copy_to_vault_if_on();
    let notes: Vec<String> = tracker.take_notes().iter().map(ToString::to_string).collect();
    assert!(notes.iter().any(|note| note.ends_with("-p/c: another version of rutter keeps it")), "{notes:?}");
    assert_eq!((fs::read_to_string(&kept).unwrap(), fs::read_dir(kept.parent().unwrap()).unwrap().count()), (newer, 1));
}
