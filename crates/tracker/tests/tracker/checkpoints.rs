//! Checkpoints beside the store: when they expire, and what is refused.

use std::path::Path;
use std::time::Duration;

use session::Moment;
use store::{BuildId, Checkpoints, EmbeddedCheckpoints};
use testkit::Home;
use tracker::{CheckpointError, CheckpointView, NewCheckpoint};

const HOUR: Duration = Duration::from_secs(3_600);

fn new(build: &str) -> NewCheckpoint {
    let files = vec!["src/cart.ts".to_owned()];
    NewCheckpoint { build: build.to_owned(), session: "ghi789".to_owned(), path: "/srv/shop".to_owned(), files, ttl: HOUR }
}

fn save(home: &Home, new: &NewCheckpoint) -> Result<CheckpointView, CheckpointError> {
    home.tracker().config().checkpoints(&home.clock).unwrap().save(new, Path::new("/builds"))
}

fn load(home: &Home, build: &str) -> Result<CheckpointView, CheckpointError> {
    home.tracker().config().checkpoints(&home.clock).unwrap().load(build)
}

fn drops(home: &Home, build: &str) -> bool {
    home.tracker().config().checkpoints(&home.clock).unwrap().drop(build).unwrap()
}

/// Returns what is in the file, expired or not: long ago nothing had expired.
fn in_file(home: &Home) -> Vec<&'static str> {
    let kept = Checkpoints::Embedded(EmbeddedCheckpoints::new(home.path("store"), Duration::from_secs(1)));
    let long_ago = Moment::from_micros(0, 0).unwrap();
    let is_there = |build: &&str| kept.load(&BuildId::read(build).unwrap(), long_ago).unwrap().checkpoint.is_some();
    ["b-1", "b-2", "b-3"].into_iter().filter(is_there).collect()
}

#[test]
fn what_was_saved_is_loaded_until_it_expires_and_not_a_moment_longer() {
    let home = Home::new();
    let saved = save(&home, &new("b-7")).unwrap();
    assert_eq!(saved.saved_at.as_deref(), Some("2026-02-16T17:30:03.123000+01:00"));
    assert_eq!(saved.expires_at.as_deref(), Some("2026-02-16T18:30:03.123000+01:00"));
    assert_eq!(load(&home, "b-7").unwrap(), saved);
    home.clock.jump_to("2026-02-16T17:30:03.122999Z");
    assert_eq!(load(&home, "b-7").unwrap(), saved);
    home.clock.jump_to("2026-02-16T17:30:03.123Z");
    assert!(matches!(load(&home, "b-7"), Err(CheckpointError::None { build }) if build == "b-7"));
    assert!(!drops(&home, "b-7"), "what has expired is not there to be dropped");
}

#[test]
fn what_has_expired_is_swept_by_whoever_writes_next() {
    let home = Home::new();
    save(&home, &new("b-1")).unwrap();
    home.clock.pass(3_600);
    assert_eq!(in_file(&home), ["b-1"]);
    save(&home, &new("b-2")).unwrap();
    assert_eq!(in_file(&home), ["b-2"]);
    home.clock.pass(3_600);
    assert!(!drops(&home, "b-3"));
    assert!(in_file(&home).is_empty());
}

#[test]
fn saving_again_replaces_all_of_it() {
    let home = Home::new();
    save(&home, &new("b-7")).unwrap();
    home.clock.pass(60);
    let again = NewCheckpoint { session: "jkl012".to_owned(), files: Vec::new(), ttl: Duration::from_secs(60), ..new("b-7") };
    let saved = save(&home, &again).unwrap();
    assert_eq!(load(&home, "b-7").unwrap(), saved);
    assert_eq!(saved.files_created, Vec::<String>::new());
    assert!(drops(&home, "b-7") && !drops(&home, "b-7"));
}

#[test]
fn a_relative_path_is_made_whole() {
    let home = Home::new();
    for (said, kept) in [(".", "/builds"), ("shop/./src/", "/builds/shop/src"), ("/srv//shop/", "/srv/shop"), ("a\nb", "/builds/a\nb")] {
        let saved = save(&home, &NewCheckpoint { path: said.to_owned(), ..new("b-7") }).unwrap();
        assert_eq!(saved.project_path.as_deref(), Some(kept));
        assert_eq!(load(&home, "b-7").unwrap().project_path.as_deref(), Some(kept));
    }
}

#[test]
fn what_cannot_be_restored_is_refused_and_nothing_is_kept() {
    let home = Home::new();
    let long = "x".repeat(5_000);
    let ok = new("b-7");
    let token = ["gh", "p_", &"a1B2".repeat(9)].concat();
    let refused = [
        NewCheckpoint { build: "a b".to_owned(), ..ok.clone() },
        NewCheckpoint { session: String::new(), ..ok.clone() },
        NewCheckpoint { session: "two words".to_owned(), ..ok.clone() },
        NewCheckpoint { session: "--resume".to_owned(), ..ok.clone() },
        NewCheckpoint { session: "a\u{202e}b".to_owned(), ..ok.clone() },
        NewCheckpoint { session: "a\u{fffd}".to_owned(), ..ok.clone() },
        NewCheckpoint { session: long.clone(), ..ok.clone() },
        NewCheckpoint { path: String::new(), ..ok.clone() },
        NewCheckpoint { path: long.clone(), ..ok.clone() },
        NewCheckpoint { files: vec![String::new()], ..ok.clone() },
        NewCheckpoint { files: vec![long], ..ok.clone() },
        NewCheckpoint { files: vec!["x".repeat(4_096); 600], ..ok.clone() },
        NewCheckpoint { ttl: Duration::from_millis(999), ..ok.clone() },
        NewCheckpoint { ttl: Duration::from_secs(367 * 86_400), ..ok.clone() },
        NewCheckpoint { build: token.clone(), ..ok.clone() },
        NewCheckpoint { session: token.clone(), ..ok.clone() },
        NewCheckpoint { path: format!("/srv/{token}/x"), ..ok.clone() },
        NewCheckpoint { files: vec!["a".to_owned(), token.clone()], ..ok.clone() },
    ];
    for new in &refused {
        let error = save(&home, new).unwrap_err();
        assert!(
            matches!(error, CheckpointError::BadBuildId(_) | CheckpointError::BadValue { .. } | CheckpointError::Secret { .. }),
            "{new:?}"
        );
        assert!(!error.to_string().contains(&token), "{error}");
    }
    assert!(!home.path("store/checkpoints.db").exists());
    save(&home, &ok).unwrap();
}

#[test]
fn a_damaged_file_is_set_aside_and_said() {
    let home = Home::new();
    save(&home, &new("b-7")).unwrap();
    std::fs::remove_file(home.path("store/checkpoints.db-wal")).ok();
    std::fs::write(home.path("store/checkpoints.db"), "no database ".repeat(1_000)).unwrap();
    let tracker = home.tracker();
    let checkpoints = tracker.config().checkpoints(&home.clock).unwrap();
    assert!(matches!(checkpoints.load("b-7"), Err(CheckpointError::None { .. })));
    let notes: Vec<_> = checkpoints.take_notes().iter().map(ToString::to_string).collect();
    assert!(notes.len() == 1 && notes[0].contains("checkpoints.db.broken-1"), "{notes:?}");
    assert!(std::fs::read_to_string(home.path("store/checkpoints.db.broken-1")).unwrap().starts_with("no database"));
    checkpoints.save(&new("b-7"), Path::new("/")).unwrap();
    assert_eq!(checkpoints.load("b-7").unwrap().session_id, "ghi789");
    assert!(checkpoints.take_notes().is_empty());
}
