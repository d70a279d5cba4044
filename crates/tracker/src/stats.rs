//! One session counted, and many.

use store::{GroupBy, Tally};

use crate::{CurrentError, Listing, ProjectError, Purpose, Tracker};
use session::{ProjectKey, Session};

/// Many sessions counted: together and in groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// All of them.
    pub all: Tally,
    /// By type.
    pub by_type: Vec<Tally>,
    /// By project, under its name; empty for none.
    pub by_project: Vec<Tally>,
    /// By the local date on which they started.
    pub by_day: Vec<Tally>,
}

impl Tracker {
    /// Returns the session whose stats are wanted.
    ///
    /// # Errors
    /// When none can be determined.
    pub fn stats(&self, named: Option<&str>) -> Result<Session, CurrentError> {
        self.resolve(named, Purpose::Reading)
    }

    /// Counts the sessions that are asked for.
    ///
    /// # Errors
    /// When the project cannot be determined or the store cannot answer.
    pub fn overview(&self, listing: &Listing) -> Result<Overview, ProjectError> {
        let wanted = self.wanted(listing)?;
        let reads = self.store.reads();
        let mut by_project = reads.tally(&wanted, GroupBy::Project)?;
        for tally in &mut by_project {
            tally.group = self.project_name(&tally.group)?;
        }
        Ok(Overview {
            all: reads.tally(&wanted, GroupBy::Nothing)?.pop().unwrap_or_default(),
            by_type: reads.tally(&wanted, GroupBy::Prefix)?,
            by_project,
            by_day: reads.tally(&wanted, GroupBy::Day)?,
        })
    }

    fn project_name(&self, key: &str) -> Result<String, ProjectError> {
        let Ok(key) = uuid::Uuid::try_parse(key) else { return Ok(String::new()) };
        let project = self.store.reads().project(ProjectKey::new(key))?;
        Ok(project.map_or_else(String::new, |project| project.name.as_str().to_owned()))
    }
}
