//! Keeping markers fresh: of what was just taken in, the newest conversation of each project is written down. Best effort: where that
//! cannot be done, a note says so to whoever changes something, and `doctor` to whoever asks.

use std::collections::BTreeMap;
use std::ffi::OsStr;

use jiff::{SignedDuration, Timestamp};
use session::{ConversationKey, Moment};
use store::StoreError;

use super::{Found, Marker};
use crate::place::{read_short, write_short};
use crate::{Note, Tracker};

/// When each conversation last began, was prompted or stopped, of those that were just taken in.
pub(crate) type Heard = BTreeMap<ConversationKey, Moment>;

/// When stale markers were cleaned last: microseconds since 1970, in the directory of the store.
pub(crate) const CLEANED: &str = "markers-cleaned";

/// How old a marker may be that is not written again to say the same.
const RECENT: SignedDuration = SignedDuration::from_secs(60);

impl Tracker {
    /// Writes the marker of each project of which something was heard, unless somebody has written it since; returns why any could not be
    /// written.
    pub(crate) fn refresh_markers(&self, heard: &Heard) -> Vec<Note> {
        if heard.is_empty() || !self.config.is_on("marker.refresh") {
            return Vec::new();
        }
        let (markers, now, mut notes) = (self.markers(), self.now().moment.timestamp(), Vec::new());
        for (project, (at, conversation)) in self.newest_by_project(heard).unwrap_or_default() {
            let project = OsStr::new(&project);
            let is_known = matches!(markers.look(project), Ok(Found::Marker(marker)) if says_so(&marker, at, &conversation));
            // What waited in the inbox for days is no news.
            if !is_known && markers.is_fresh(at) {
                let stored = markers.store_as_of(&conversation, project, at.min(now));
                notes.extend(stored.err().map(|error| Note::NoMarker { reason: error.with_cause() }));
            }
        }
        notes
    }

    /// Returns the newest conversation of each project, by the project's name.
    fn newest_by_project(&self, heard: &Heard) -> Result<BTreeMap<String, (Timestamp, String)>, StoreError> {
        let (reads, mut newest) = (self.store.reads(), BTreeMap::<_, (Timestamp, String)>::new());
        for (key, at) in heard {
            let Some(conversation) = reads.conversation(*key)? else { continue };
            let session = conversation.session().map(|session| reads.session(session)).transpose()?.flatten();
            let project = session.and_then(|session| session.project).map(|project| reads.project(project)).transpose()?.flatten();
            let Some(project) = project else { continue };
            let held = newest.entry(project.name.as_str().to_owned()).or_default();
            *held = held.clone().max((at.timestamp(), conversation.id.as_str().to_owned()));
        }
        Ok(newest)
    }

    /// Removes stale markers, if that was long ago.
    pub(crate) fn clean_markers_when_due(&self) {
        let (now, stamp) = (self.now().moment.micros(), self.home.join(CLEANED));
        let last = read_short(&stamp).and_then(|text| text.trim().parse::<i64>().ok());
        let is_due = last.is_none_or(|last| u128::from(now.abs_diff(last)) >= self.config.marker_clean_interval().as_micros());
        // Whoever writes this down cleans, and nobody where the store is closed to it. Torn or lost, it costs one more cleaning.
        if self.config.is_on("marker.refresh") && is_due && write_short(&stamp, &format!("{now}\n")).is_ok() {
            let markers = self.markers();
            markers.cleanup_stale_sessions();
            markers.take_notes().into_iter().filter(|note| matches!(note, Note::ManyMarkers { .. })).for_each(|note| self.note(note));
        }
    }
}

/// Reports whether a marker says as much already, or something newer.
fn says_so(marker: &Marker, at: Timestamp, conversation: &str) -> bool {
    let ahead = at.duration_since(marker.at.timestamp());
    !ahead.is_positive() || (ahead < RECENT && marker.session_id == conversation)
}
