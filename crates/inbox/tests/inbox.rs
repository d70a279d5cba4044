//! What the inbox promises: nothing torn is taken for whole, nothing whole is lost to what is torn beside it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use inbox::{AppendError, Inbox, LONGEST, Loss, Sync, decode, encode};
use proptest::prelude::*;
use session::{EventId, Moment, Uuid};

fn id(number: u128) -> EventId {
    EventId::new(Uuid::from_u128(number))
}

fn noon() -> Moment {
    Moment::from_micros(1_771_243_200_000_000, 3_600).unwrap()
}

fn bodies() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("\\PC{0,60}", 1..12)
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(bodies in bodies(), limit in 1_usize..20) {
        let bytes: Vec<u8> = bodies.iter().enumerate().flat_map(|(at, body)| encode(id(at as u128), body.as_bytes())).collect();
        let decoded = decode(&bytes, limit);
        let found: Vec<_> = decoded.frames.iter().map(|frame| (frame.id, String::from_utf8_lossy(frame.body).into_owned())).collect();
        let expected: Vec<_> = bodies.iter().cloned().enumerate().map(|(at, body)| (id(at as u128), body)).take(limit).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(decoded.torn, 0);
    }

    /// Each record may be cut at any length, as a full disk or a dying machine cuts it; all others are found.
    #[test]
    fn d2_a_torn_record_costs_itself_and_no_other(records in prop::collection::vec(("\\PC{0,60}", prop::option::of(0.0_f64..1.0)), 1..12)) {
        let mut bytes = Vec::new();
        for (at, (body, cut)) in records.iter().enumerate() {
            let record = encode(id(at as u128), body.as_bytes());
            let kept = cut.map_or(record.len(), |cut| (cut * (record.len() - 1) as f64) as usize);
            bytes.extend_from_slice(&record[..kept]);
        }
        let whole: Vec<_> = records.iter().enumerate().filter(|(_, (_, cut))| cut.is_none()).map(|(at, _)| id(at as u128)).collect();
        let decoded = decode(&bytes, usize::MAX);
        prop_assert_eq!(decoded.frames.iter().map(|frame| frame.id).collect::<Vec<_>>(), whole);
        prop_assert!(decoded.torn <= records.len() as u64);
    }

    #[test]
    fn arbitrary_bytes_are_no_records_and_no_trouble(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(decode(&bytes, usize::MAX).frames.is_empty());
    }

    #[test]
    fn a_flipped_bit_is_noticed(body in "\\PC{1,40}", flip in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = encode(id(1), body.as_bytes());
        let place = flip.index(bytes.len());
        bytes[place] ^= 1 << bit;
        prop_assert!(decode(&bytes, usize::MAX).frames.is_empty());
    }
}

#[test]
fn an_unfinished_tail_is_left_until_it_is_whole() {
    let (first, second) = (encode(id(1), b"one"), encode(id(2), b"two"));
    let cut = [&first[..], &second[..second.len() - 1]].concat();
    let decoded = decode(&cut, usize::MAX);
    assert_eq!((decoded.frames.len(), decoded.torn, decoded.end), (1, 0, first.len()));
}

#[test]
fn a_text_made_of_marks_is_passed_once() {
    let bytes = [0xFF, b'R', b'T', b'1'].repeat(1 << 18);
    assert_eq!(decode(&bytes, usize::MAX).frames.len(), 0);
}

#[test]
fn appended_records_are_found_in_the_segment_of_their_day() {
    let home = tempfile::tempdir().unwrap();
    let inbox = Inbox::at(home.path(), "a/../machine");
    assert_eq!(inbox.segments().unwrap(), []);
    inbox.append(noon(), id(1), b"{}", Sync::Later).unwrap();
    inbox.append(noon(), id(2), b"{\"a\":1}", Sync::Now).unwrap();
    let segments = inbox.segments().unwrap();
    assert_eq!(segments.iter().map(|segment| &segment.name[..8]).collect::<Vec<_>>(), ["20260216"]);
    let bytes = segments[0].read(0, 1 << 20).unwrap();
    assert_eq!(decode(&bytes, 9).frames.iter().map(|frame| frame.body).collect::<Vec<_>>(), [&b"{}"[..], b"{\"a\":1}"]);
    assert_eq!(inbox.losses().0, []);
}

#[test]
fn s3_everything_in_the_inbox_is_its_owner_s_alone() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let home = tempfile::tempdir().unwrap();
    let inbox = Inbox::at(&home.path().join("deep/er"), "here");
    inbox.append(noon(), id(1), b"{}", Sync::Now).unwrap();
    let segment = inbox.segments().unwrap().remove(0).path;
    std::fs::set_permissions(&segment, std::fs::Permissions::from_mode(0o644)).unwrap();
    inbox.append(noon(), id(2), b"{}", Sync::Now).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&segment), mode(inbox.directory()), mode(&home.path().join("deep"))), (0o600, 0o700, 0o700));
    assert_eq!(mode(&inbox.directory().join("lost")), 0o600);
}

#[test]
fn what_cannot_be_written_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let inbox = Inbox::at(home.path(), "here");
    inbox.append(noon(), id(1), b"{}", Sync::Later).unwrap();
    let too_long = inbox.append(noon(), id(2), &vec![b' '; LONGEST + 1], Sync::Later).unwrap_err();
    assert!(matches!(too_long, AppendError::TooLong { .. }));
    [too_long.loss(), Loss::Full, Loss::Full].into_iter().for_each(|loss| inbox.count_loss(loss));
    assert_eq!(inbox.losses().0, [(Loss::Full, 2), (Loss::TooLong, 1)]);
}

#[test]
fn a_pipe_or_a_link_in_the_place_of_the_segment_is_refused_at_once() {
    let home = tempfile::tempdir().unwrap();
    let inbox = Inbox::at(home.path(), "here");
    std::fs::create_dir(inbox.directory()).unwrap();
    let segment = inbox.segment_of(noon());
    std::os::unix::fs::symlink(home.path().join("elsewhere"), &segment).unwrap();
    assert!(inbox.append(noon(), id(1), b"{}", Sync::Later).is_err());
    assert!(!home.path().join("elsewhere").exists());
    std::fs::remove_file(&segment).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &segment, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    assert!(inbox.append(noon(), id(1), b"{}", Sync::Later).is_err());
    assert_eq!(inbox.segments().unwrap(), []);
}
