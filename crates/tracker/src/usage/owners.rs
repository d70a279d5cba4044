//! Whose a response is, by the store: the project of its directory, the session its conversation belonged to then, its chain.
//!
//! A directory that is gone is looked for among the worktrees of known sessions. What the store does not know is called by what is known.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use session::{AgentSession, Conversation, ProjectKey, SessionKey};
use store::{StoreError, Wanted};

use super::UsageError;
use super::report::{Owner, Owners};
use crate::{Place, Tracker};

/// The place of what is asked for: a project by its key, or a directory in which nothing was ever recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Here {
    Known(ProjectKey),
    Unknown(PathBuf),
}

/// Whose responses are, by the store.
pub(crate) struct StoreOwners<'t> {
    tracker: &'t Tracker,
    here: Option<Here>,
    /// The session that is asked for.
    session: Option<SessionKey>,
    /// The projects of worktrees of sessions; read when a directory is gone.
    worktrees: Option<HashMap<String, ProjectKey>>,
    /// What each agent session continues; read when a chain is asked for.
    origins: Option<HashMap<AgentSession, Option<AgentSession>>>,
    /// Why the store did not answer, the first time it did not.
    pub(crate) trouble: Option<StoreError>,
}

/// Where something was done.
struct Found {
    here: Here,
    owner: Owner,
}

impl<'t> StoreOwners<'t> {
    /// Asks for one session wherever it was, else for this project, else for everything.
    pub(super) fn new(tracker: &'t Tracker, session: Option<SessionKey>, all_projects: bool) -> Result<Self, UsageError> {
        let here = match (all_projects || session.is_some(), tracker.project_here()?) {
            (true, _) => None,
            (false, Some(project)) => Some(Here::Known(project.key)),
            (false, None) => Some(Here::Unknown(tracker.place().project_place().to_owned())),
        };
        Ok(Self { tracker, here, session, worktrees: None, origins: None, trouble: None })
    }

    /// Asks for one project.
    pub(crate) fn of_project(tracker: &'t Tracker, project: ProjectKey) -> Self {
        Self { here: Some(Here::Known(project)), ..Self::of_everything(tracker) }
    }

    /// Asks for everything, wherever it was.
    pub(crate) fn of_everything(tracker: &'t Tracker) -> Self {
        Self { tracker, here: None, session: None, worktrees: None, origins: None, trouble: None }
    }

    /// Finds the project of a directory: the known one, else the repository, else the directory.
    fn find(&mut self, cwd: Option<&str>) -> Option<Found> {
        let directory = Path::new(cwd?);
        let place = Place::of(directory);
        let known = self.tracker.known_at(&place);
        let known = match self.answer(known).flatten() {
            Some(project) => Some(project),
            None if place.common.is_none() && !directory.exists() => self.project_of_worktree(directory),
            None => None,
        };
        let owner = |key: &str, name: String| Owner { key: Some(key.to_owned()), label: Some(name) };
        Some(match known {
            Some(project) => {
                Found { here: Here::Known(project.key), owner: owner(project.place.value.as_str(), project.name.as_str().to_owned()) }
            }
            None => Found {
                here: Here::Unknown(place.project_place().to_owned()),
                owner: owner(&place.project_place().to_string_lossy(), place.project_name()),
            },
        })
    }

    /// Returns the project in whose worktree a directory was, now that it is gone.
    fn project_of_worktree(&mut self, directory: &Path) -> Option<session::Project> {
        if self.worktrees.is_none() {
            let everything = Wanted { with_empty: true, ..Wanted::default() };
            let sessions = self.tracker.store.reads().sessions(&everything, None);
            let sessions = self.answer(sessions).unwrap_or_default();
            let pairs = sessions.into_iter().filter_map(|session| Some((session.worktree?.as_str().to_owned(), session.project?)));
            self.worktrees = Some(pairs.collect());
        }
        let worktrees = self.worktrees.as_ref()?;
        let key = directory.ancestors().find_map(|each| worktrees.get(each.to_string_lossy().as_ref()))?;
        let project = self.tracker.store.reads().project(*key);
        self.answer(project).flatten()
    }

    /// Returns the conversation with an agent's id. Two agents hardly give the same; the one heard of first is as good as the other.
    fn conversation(&mut self, id: Option<&str>) -> Option<Conversation> {
        let found = self.tracker.store.reads().conversations_by_id(id?);
        self.answer(found)?.into_iter().next()
    }

    fn answer<T>(&mut self, answer: Result<T, StoreError>) -> Option<T> {
        answer.map_err(|error| self.trouble.get_or_insert(error)).ok()
    }

    /// Returns what each agent session continues, in all projects, as was said when it first came up.
    fn read_origins(&mut self) -> HashMap<AgentSession, Option<AgentSession>> {
        let reads = self.tracker.store.reads();
        let projects = self.answer(reads.projects()).unwrap_or_default();
        let mut origins = HashMap::new();
        for project in projects {
            for transition in self.answer(reads.transitions(project.key)).unwrap_or_default() {
                let from = transition.reports.values().find_map(|report| report.from.clone());
                origins.entry(transition.new).or_insert(from);
            }
        }
        origins
    }
}

impl Owners for StoreOwners<'_> {
    fn project(&mut self, cwd: Option<&str>) -> Owner {
        self.find(cwd).map(|found| found.owner).unwrap_or_default()
    }

    fn is_wanted(&mut self, cwd: Option<&str>) -> bool {
        let Some(here) = self.here.clone() else { return true };
        self.find(cwd).is_some_and(|found| found.here == here)
    }

    fn sessions(&mut self, conversation: Option<&str>) -> Vec<(i64, Owner)> {
        let own = || vec![(i64::MIN, Owner { key: conversation.map(str::to_owned), label: None })];
        let Some(found) = self.conversation(conversation) else { return own() };
        let reads = self.tracker.store.reads();
        let mut owners = Vec::new();
        for assignment in &found.assignments {
            let session = self.answer(reads.session(assignment.session)).flatten();
            let Some(session) = session else { continue };
            let label = session.description.as_ref().map(|description| description.text.as_str().to_owned());
            let since = assignment.since.at.moment.micros().div_euclid(1_000);
            owners.push((since, Owner { key: Some(session.id.as_str().to_owned()), label }));
        }
        if owners.is_empty() { own() } else { owners }
    }

    fn wanted_since(&mut self, conversation: Option<&str>) -> Option<Vec<(i64, bool)>> {
        let wanted = self.session?;
        let found = self.conversation(conversation);
        let assignments = found.iter().flat_map(|found| &found.assignments);
        Some(assignments.map(|each| (each.since.at.moment.micros().div_euclid(1_000), each.session == wanted)).collect())
    }

    fn chain(&mut self, conversation: Option<&str>) -> Owner {
        let found = self.conversation(conversation);
        let Some(found) = found else { return Owner { key: conversation.map(str::to_owned), label: None } };
        if self.origins.is_none() {
            self.origins = Some(self.read_origins());
        }
        let key = beginning(self.origins.get_or_insert_default(), found.agent_session());
        Owner { key: Some(key.id.as_str().to_owned()), label: None }
    }
}

/// Returns the agent session that a chain begins with. In a ring each could be the beginning: the least is, so that all agree.
fn beginning(origins: &HashMap<AgentSession, Option<AgentSession>>, of: AgentSession) -> AgentSession {
    let before = |each: &AgentSession| origins.get(each).cloned().flatten();
    let mut passed = BTreeSet::from([of.clone()]);
    let mut first = of;
    while let Some(from) = before(&first) {
        let is_ring = !passed.insert(from.clone());
        first = from;
        if is_ring {
            let ring = std::iter::successors(Some(first.clone()), |each| before(each).filter(|next| *next != first));
            return ring.min().unwrap_or(first);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use session::Text;

    fn named(id: &str) -> AgentSession {
        AgentSession { agent: Text::redacted("claude-code"), id: Text::redacted(id) }
    }

    fn check(links: &[(&str, Option<&str>)], of: &str, expected: &str) {
        let origins = links.iter().map(|(new, from)| (named(new), from.map(named))).collect();
        assert_eq!(beginning(&origins, named(of)), named(expected), "{of}");
    }

    #[test]
    fn a_chain_is_called_by_its_first_agent_session() {
        let links = [("a", None), ("b", Some("a")), ("c", Some("b")), ("x", Some("gone"))];
        for (of, expected) in [("a", "a"), ("b", "a"), ("c", "a"), ("x", "gone"), ("other", "other")] {
            check(&links, of, expected);
        }
        let ring = [("b", Some("c")), ("c", Some("d")), ("d", Some("b")), ("a", Some("d")), ("e", Some("e"))];
        for (of, expected) in [("a", "b"), ("b", "b"), ("c", "b"), ("d", "b"), ("e", "e")] {
            check(&ring, of, expected);
        }
    }
}
