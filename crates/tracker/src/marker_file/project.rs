//! The markers that the configuration names, and the name of the project whose marker is meant, known to the store or not: a script asks
//! before anything was ever recorded.

use std::path::Path;

use super::Markers;
use crate::projects::Named;
use crate::{Clock, Config, Place, Tracker};

impl Tracker {
    /// Returns the markers, as the configuration wants them.
    pub(crate) fn markers(&self) -> Markers<'_> {
        self.config.markers(&*self.clock)
    }

    /// Returns the name of the project that is meant here: as it was recorded, else as it would be.
    pub fn marker_project(&self) -> String {
        let place = match self.config.project().map(Named::read) {
            Some(Named::Name(name)) => return masked(&name),
            Some(Named::Place(path)) => Place::of(&path),
            None => self.place.clone(),
        };
        self.marker_project_at(&place)
    }

    /// Returns the name of the project of a place.
    pub(crate) fn marker_project_at(&self, place: &Place) -> String {
        let known = self.known_at(place).ok().flatten();
        known.map_or_else(|| masked(&place.project_name()), |project| project.name.as_str().to_owned())
    }
}

impl Config {
    /// Returns the markers of this user.
    pub fn markers<'c>(&self, clock: &'c dyn Clock) -> Markers<'c> {
        Markers::new(self.marker_directory(), self.marker_ttl(), rustix::process::geteuid().as_raw(), clock)
    }

    /// Returns the name of the project that is meant in a directory, where no store can be asked.
    pub fn marker_project(&self, directory: &Path) -> String {
        match self.project().map(Named::read) {
            Some(Named::Name(name)) => masked(&name),
            Some(Named::Place(path)) => masked(&Place::of(&path).project_name()),
            None => masked(&Place::of(directory).project_name()),
        }
    }
}

/// Returns a name as it would be recorded.
fn masked(name: &str) -> String {
    redact::text(name).as_str().to_owned()
}
