//! `.current-session.json`: the session that was started last, while it runs.

use std::fs;
use std::io::ErrorKind::NotFound;

use serde_json::{Value, json};
use session::{Session, SessionId};
use store::Reads;

use super::record::{in_text, local_time};
use super::{Layout, MirrorError};

/// Writes the marker, or clears it when the session it names has ended. A marker that names a session we do not know stays.
pub(crate) fn update(layout: &Layout, reads: &dyn Reads) -> Result<(), MirrorError> {
    match reads.last_made_current()?.filter(|session| !session.status().is_ended()) {
        Some(current) => write(layout, &current),
        None => clear(layout, reads),
    }
}

/// Reads the marker; what is no small file, a pipe among others, is none.
fn read(layout: &Layout) -> Option<Vec<u8>> {
    let size = fs::metadata(&layout.marker).ok().filter(fs::Metadata::is_file)?.len();
    (size <= 4_096).then(|| fs::read(&layout.marker).ok()).flatten()
}

/// Returns the session that the marker names, whoever wrote it.
pub(crate) fn named(layout: &Layout) -> Option<SessionId> {
    serde_json::from_slice::<Value>(&read(layout)?).ok()?["current_session_id"].as_str()?.parse().ok()
}

fn write(layout: &Layout, current: &Session) -> Result<(), MirrorError> {
    let content = json!({ "current_session_id": current.id.as_str(), "started_at": local_time(current.started.moment) });
    let text = in_text(&content);
    if read(layout).is_some_and(|held| held == text) {
        return Ok(());
    }
    layout.replace(&layout.marker, &text)
}

fn clear(layout: &Layout, reads: &dyn Reads) -> Result<(), MirrorError> {
    let is_ours = match named(layout) {
        Some(id) => reads.session_by_id(&id)?.is_some_and(|session| session.status().is_ended()),
        None => false,
    };
    if !is_ours {
        return Ok(());
    }
    match fs::remove_file(&layout.marker) {
        Err(error) if error.kind() != NotFound => Err(MirrorError::at(&layout.marker)(error)),
        _ => Ok(()),
    }
}
