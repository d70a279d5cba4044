//! Full disks: what fits is kept, what does not is counted, and with room it goes on.

use std::fs;

use crate::call::{Hook, own_mounts, records};

/// Fills a disk of so many pages of 4 KiB with two payloads of every event, then makes room for one more of each.
fn fill(way: &[&str], pages: usize) -> (usize, u64, u64) {
    let hook = Hook::new();
    let script = format!(
        r#"mount -t tmpfs -o size={}k none "$HOME" || exit 9
        for round in 1 2; do all "$0" claude-code; done; cp -r "$STORE" full
        mount -o remount,size=2m "$HOME" || exit 9; all "$0" claude-code; cp -r "$STORE" roomy"#,
        pages * 4
    );
    assert_eq!(hook.script(way, &script), "", "{pages} pages");
    let [full, roomy] = ["full", "roomy"].map(|copy| {
        let (records, torn) = records(&hook.root().join(copy));
        let lost: u64 = inbox::Inbox::at(&hook.root().join(copy), "").losses().0.iter().map(|(_, count)| count).sum();
        (records, torn, lost)
    });
    assert!(full.1 <= 1, "{pages} pages: {} torn", full.1);
    assert_eq!(roomy.0[..full.0.len()], full.0, "{pages} pages: what was kept is kept");
    assert_eq!((roomy.0.len(), roomy.2), (full.0.len() + 32, full.2), "{pages} pages: with room, nothing is lost");
    fs::remove_dir_all(hook.root().join("full")).unwrap();
    (full.0.len(), full.1, full.2)
}

#[test]
fn d4_what_fits_on_a_full_disk_is_kept_and_the_rest_is_counted() {
    let Some(way) = own_mounts() else { return };
    let found: Vec<_> = (1..=16).map(|pages| (pages, fill(way, pages))).collect();
    println!("pages, (kept, torn, counted): {found:?}");
    for (pages, (kept, _, lost)) in &found {
        assert_eq!(*kept as u64 + lost, 64, "{pages} pages: {kept} kept, {lost} counted");
    }
    assert!(found[0].1.0 == 0 && found.iter().any(|(_, (kept, ..))| (10..50).contains(kept)) && found[15].1.2 < 20, "{found:?}");
}
