//! Which project a directory is of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use store::{Scope, StoreError};

use crate::projects::Named;
use crate::{Place, ProjectError, Tracker};

/// The project of a directory: its key where anything was ever recorded in it, and its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Whereabouts {
    pub(super) project: String,
    pub(super) directory: String,
}

/// The projects as they were when somebody began to ask, and the directories that were asked for. It goes from thread to thread; a store does not.
pub(super) struct Places {
    projects: HashMap<String, String>,
    home: Option<PathBuf>,
    known: HashMap<String, Whereabouts>,
}

impl Places {
    pub(super) fn new(tracker: &Tracker) -> Result<Self, StoreError> {
        let projects = tracker.store.reads().projects()?.into_iter();
        let projects = projects.map(|project| (project.place.value.as_str().to_owned(), project.key.to_string())).collect();
        Ok(Self { projects, home: tracker.config.user_home.clone(), known: HashMap::new() })
    }

    /// Returns the project of a directory.
    pub(super) fn of(&mut self, cwd: &str) -> Whereabouts {
        if cwd.is_empty() {
            return Whereabouts::default();
        }
        if let Some(known) = self.known.get(cwd) {
            return known.clone();
        }
        let place = Place::of(Path::new(cwd));
        let found = Whereabouts { project: self.project_at(&place).cloned().unwrap_or_default(), directory: name(place.project_place()) };
        self.known.insert(cwd.to_owned(), found.clone());
        found
    }

    /// As the tracker finds it: the repository, else the nearest known directory above that is not too wide.
    fn project_at(&self, place: &Place) -> Option<&String> {
        let key = |directory: &Path| self.projects.get(directory.to_string_lossy().as_ref());
        if place.common.is_some() {
            return key(place.project_place());
        }
        let home = self.home.as_deref();
        let is_too_wide = |directory: &Path| directory.parent().is_none() || home.is_some_and(|home| home.starts_with(directory));
        place.directory.ancestors().filter(|each| **each == *place.directory || !is_too_wide(each)).find_map(key)
    }
}

impl Tracker {
    /// Returns what the project here is known by in what can be searched.
    pub(super) fn scopes_here(&self) -> Result<Vec<Scope>, ProjectError> {
        Ok(match self.project_here()? {
            Some(project) => {
                vec![Scope::Project(project.key.to_string()), Scope::Directory(project.place.value.as_str().to_owned())]
            }
            None => match self.config.project().map(Named::read) {
                Some(Named::Place(path)) => vec![Scope::Directory(name(Place::of(&path).project_place()))],
                _ => vec![Scope::Directory(name(self.place.project_place()))],
            },
        })
    }
}

fn name(place: &Path) -> String {
    redact::text(&place.to_string_lossy()).as_str().to_owned()
}
