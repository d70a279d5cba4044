//! What `doctor` says of the marker of the project here. Never a problem: what `rutter` knows by itself does not depend on it.

use session::quoted;

use super::{Found, MarkerError};
use crate::doctor::{Finding, Severity};
use crate::{DirectoryTrouble, Tracker};

const CHECK: &str = "marker";

/// What can be done about a directory or a name that is not ours.
const ELSEWHERE: &str = "rutter config marker.directory DIR, with a directory of your own";

const NOTHING_ELSE: &str = "other scripts find no marker, and events that name no agent session may stay without one";

impl Tracker {
    /// Looks at the marker, without removing it.
    pub(crate) fn look_at_marker(&self) -> Finding {
        let (markers, project) = (self.markers(), self.marker_project());
        let file = markers.file(project.as_ref()).map(|file| file.display().to_string()).unwrap_or_default();
        match markers.look(&project) {
            _ if !markers.is_writable() => {
                let found = format!("nothing can be written in {}; {NOTHING_ELSE}", markers.directory().display());
                Finding::new(CHECK, Severity::Warning, found).hint(ELSEWHERE)
            }
            Ok(Found::Marker(marker)) => Finding::ok(CHECK, format!("{file} names {}", marker.session_id)),
            Ok(Found::Nothing) => Finding::ok(CHECK, format!("there is no {file}")),
            Ok(Found::Stale) => Finding::ok(CHECK, format!("{file} is stale")),
            Ok(Found::Corrupt) => Finding::ok(CHECK, format!("{file} does not read")),
            Err(error) => trouble(&error),
        }
    }
}

fn trouble(error: &MarkerError) -> Finding {
    let hint = match error {
        MarkerError::Directory { path, source: DirectoryTrouble::Open } => {
            format!("chmod go-w {}, or {ELSEWHERE}", quoted(&path.to_string_lossy()))
        }
        _ => ELSEWHERE.to_owned(),
    };
    Finding::new(CHECK, Severity::Warning, format!("{}; {NOTHING_ELSE}", error.with_cause())).hint(hint)
}
