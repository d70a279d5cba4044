//! Which project a command is about: the one named, else the one of the directory; taken in when something is recorded.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use session::{Change, Project, ProjectFound, ProjectKey, Revision, Subject};
use store::{Reads, StoreError};

use crate::naming::draw_uuid;
use crate::tracker::Pen;
use crate::{Place, Tracker, git};

/// Why a project could not be determined.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Nothing was ever recorded in a project of that name.
    #[error("no project `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// More than one project has that name.
    #[error("more than one project is called `{name}`: {}", places.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// Where they are.
        places: Vec<String>,
    },
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A project about to be recorded in: known already, or all that is needed to take it in.
pub(crate) enum Wanted {
    Known(ProjectKey),
    Moved(ProjectKey, ProjectFound),
    New(ProjectFound),
}

impl Tracker {
    /// Returns the project that is meant here, if anything was ever recorded in it.
    ///
    /// # Errors
    /// When one is named and unknown or ambiguous, or the store cannot answer.
    pub fn project_here(&self) -> Result<Option<Project>, ProjectError> {
        match self.config.project().map(Named::read) {
            None => Ok(self.known_at(&self.place)?),
            Some(Named::Place(path)) => Ok(self.known_at(&Place::of(&path))?),
            Some(Named::Name(name)) => match by_name(self.store.reads(), &name)? {
                Some(project) => Ok(Some(project)),
                None => Err(ProjectError::Unknown { name }),
            },
        }
    }

    /// Returns what is needed to record in the project that is meant here. Asks git, so it is called outside a turn.
    pub(crate) fn project_to_record_in(&self) -> Result<Wanted, ProjectError> {
        match self.config.project().map(Named::read) {
            None => Ok(self.wanted_at(&self.place)?),
            Some(Named::Place(path)) => Ok(self.wanted_at(&Place::of(&path))?),
            Some(Named::Name(name)) => Ok(match by_name(self.store.reads(), &name)? {
                Some(project) => Wanted::Known(project.key),
                None => Wanted::New(found_by_name(&name)),
            }),
        }
    }

    /// Returns the project of a repository, else of the nearest known directory above. Who once worked in the home directory itself, or in
    /// one above it, has not made everything below one project.
    pub(crate) fn known_at(&self, place: &Place) -> Result<Option<Project>, StoreError> {
        let reads = self.store.reads();
        if place.common.is_some() {
            return reads.project_at(&place.project_place().to_string_lossy());
        }
        let home = self.config.user_home.as_deref();
        let is_too_wide = |directory: &Path| directory.parent().is_none() || home.is_some_and(|home| home.starts_with(directory));
        for directory in place.directory.ancestors().filter(|each| **each == *place.directory || !is_too_wide(each)) {
            if let Some(project) = reads.project_at(&directory.to_string_lossy())? {
                return Ok(Some(project));
            }
        }
        Ok(None)
    }

    /// Returns what is needed to record in the project of a place. Asks git.
    pub(crate) fn wanted_at(&self, place: &Place) -> Result<Wanted, StoreError> {
        if let Some(project) = self.known_at(place)? {
            return Ok(Wanted::Known(project.key));
        }
        let found = found_at(&self.config.programs, place);
        let is_it = |project: &Project| {
            project.root_commit.is_some() && project.root_commit == found.root_commit && project.remote == found.remote && is_gone(project)
        };
        let moved = self.store.reads().projects()?.into_iter().find(is_it);
        Ok(moved.map_or_else(|| Wanted::New(found.clone()), |project| Wanted::Moved(project.key, found.clone())))
    }
}

impl Wanted {
    /// Returns the project's key, recording within the turn what is new about it.
    pub(crate) fn settle(&self, pen: &mut Pen<'_>) -> Result<ProjectKey, StoreError> {
        match self {
            Self::Known(key) => Ok(*key),
            Self::Moved(key, found) => {
                let id = pen.draw_event();
                pen.change_project(*key, id, Change::ProjectMoved { place: found.place.clone() })?;
                Ok(*key)
            }
            Self::New(found) => {
                // Somebody may have been first since we looked.
                if let Some(key) = pen.turn.project_at(found.place.as_str())? {
                    return Ok(key);
                }
                let key = ProjectKey::new(draw_uuid(pen.dice, pen.now.moment));
                pen.record(Subject::Project(key), Revision(0).next(), Change::ProjectFound(found.clone()))?;
                Ok(key)
            }
        }
    }
}

/// A project as a person names it.
pub(crate) enum Named {
    Place(PathBuf),
    Name(String),
}

impl Named {
    /// A name has no slash; `.` and `..` are paths.
    pub(crate) fn read(text: &str) -> Self {
        if text.contains('/') || text == "." || text == ".." { Self::Place(text.into()) } else { Self::Name(text.to_owned()) }
    }
}

fn by_name(reads: &dyn Reads, name: &str) -> Result<Option<Project>, ProjectError> {
    let mut found: Vec<_> = reads.projects()?.into_iter().filter(|project| project.name.as_str() == name).collect();
    match found.len() {
        0 | 1 => Ok(found.pop()),
        _ => {
            let places = found.iter().map(|project| project.place.value.as_str().to_owned()).collect();
            Err(ProjectError::Ambiguous { name: name.to_owned(), places })
        }
    }
}

fn found_at(programs: &OsStr, place: &Place) -> ProjectFound {
    let is_git = place.common.is_some();
    // Git would wait for ever at a pipe.
    let is_sane = place.common.as_ref().is_some_and(|common| std::fs::metadata(common.join("config")).is_ok_and(|found| found.is_file()));
    let ask = |question: fn(&OsStr, &Path) -> Option<String>| {
        is_sane.then(|| question(programs, &place.worktree)).flatten().map(|answer| redact::text(&answer))
    };
    ProjectFound {
        name: redact::text(&place.project_name()),
        place: redact::text(&place.project_place().to_string_lossy()),
        is_git,
        root_commit: ask(git::root_commit),
        remote: ask(git::remote),
    }
}

fn found_by_name(name: &str) -> ProjectFound {
    ProjectFound {
        name: redact::text(name),
        place: redact::text(&format!("project:{name}")),
        is_git: false,
        root_commit: None,
        remote: None,
    }
}

fn is_gone(project: &Project) -> bool {
    matches!(Path::new(project.place.value.as_str()).try_exists(), Ok(false))
}
