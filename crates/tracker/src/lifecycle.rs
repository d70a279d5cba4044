//! Start, end, reopen, tag: what changes a session's status and tags.

use std::collections::BTreeSet;
use std::path::Path;

use session::{
    Change, Conversation, ConversationKey, Described, Ended, Evidence, Metadata, Moment, Opened, Opener, Prefix, ProjectKey, Rank, Reading,
    Session, SessionId, SessionKey, Status, Subject, Tag, Text,
};
use store::{Durability, Reads, StoreError, Turn};

use crate::documents::Wish;
use crate::files::{Looking, PATIENCE};
use crate::naming::{draw_session_id, draw_uuid};
use crate::projects::Wanted;
use crate::templates::TemplateError;
use crate::tracker::Pen;
use crate::{CurrentError, NamingError, Note, ProjectError, Purpose, Tracker, describe};

/// Numbers have five digits for a long time, and never more than nine.
pub(crate) const LAST_NUMBER: u32 = 999_999_999;

/// What a session begins with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// What it is about; made from branch, commit and time where nobody says.
    pub description: Option<String>,
    /// Its type; `SESSION` where nobody says.
    pub prefix: Option<Prefix>,
    /// The number it is to have.
    pub number: Option<u32>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Names and JSON values to keep with it.
    pub metadata: Vec<(String, serde_json::Value)>,
    /// When it began, if not now.
    pub at: Option<Reading>,
    /// The template it begins with; what is said here goes before what that says.
    pub template: Option<String>,
}

/// Why no session was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The number is taken.
    #[error("session {number:05} of this project is there already: {id}, {status}")]
    NumberTaken {
        /// The number.
        number: u32,
        /// Whose it is.
        id: SessionId,
        /// Where that one stands.
        status: Status,
    },
    /// A document in the worktree has the number.
    #[error("session {number:05} has documents in `archive/sessions` already")]
    NumberDocumented {
        /// The number.
        number: u32,
    },
    /// It is no number of a session.
    #[error("{number} is not a number of a session: they go from 1 to {LAST_NUMBER}")]
    NumberOutOfRange {
        /// The number.
        number: u32,
    },
    /// A tag does not fit.
    #[error("`{tag}` is not a tag: a tag is 1 to 64 characters without spaces and does not start with `+` or `-`")]
    BadTag {
        /// The tag.
        tag: String,
    },
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// No id could be drawn.
    #[error(transparent)]
    Naming(#[from] NamingError),
    /// The project could not be determined.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a session was not ended or reopened.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// It has ended, and differently.
    #[error("{id} has ended already, as {status}")]
    EndedOtherwise {
        /// The session.
        id: SessionId,
        /// How it ended.
        status: Status,
    },
    /// It had not begun by then.
    #[error("{id} began at {began}, after that")]
    BeforeStart {
        /// The session.
        id: SessionId,
        /// When it began.
        began: Moment,
    },
    /// No session could be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why tags were not changed.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// A tag does not fit.
    #[error("`{tag}` is not a tag: a tag is 1 to 64 characters without spaces and does not start with `+` or `-`")]
    BadTag {
        /// The tag.
        tag: String,
    },
    /// No session could be told.
    #[error(transparent)]
    Current(#[from] CurrentError),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tracker {
    /// Starts a session and makes it current.
    ///
    /// # Errors
    /// When the template cannot be used, the number is taken, a tag does not fit, or the store cannot take it; nothing is recorded then.
    pub fn start(&mut self, start: &Start) -> Result<Session, StartError> {
        let at = start.at.unwrap_or_else(|| self.now());
        let (start, opening) = self.with_template(start, at)?;
        let start = &start;
        let (project, documented) = (self.project_to_record_in()?, self.documented_numbers());
        let draft = Draft {
            prefix: start.prefix.clone().unwrap_or_else(Prefix::session),
            description: self.description(start, at),
            tags: start.tags.iter().map(|tag| read_tag(tag)).collect::<Result<_, _>>().map_err(|tag| StartError::BadTag { tag })?,
            metadata: read_metadata(&start.metadata),
            worktree: Some(redact::text(&self.place.worktree.to_string_lossy())),
            opener: Opener::Person,
            owner: self.owner(),
            agent: None,
            parent: None,
            number: start.number,
            documented: &documented,
            project: Some(&project),
        };
        // What is dated by hand began before anybody could look.
        let looking = start.at.is_none().then(|| self.look_at_worktree(PATIENCE));
        let others: Vec<_> = self.running_here()?.into_iter().map(|session| (session.key, session.id)).collect();
        // What is dated by hand is not what an agent does now.
        let agent = if start.at.is_none() { self.agent_session_here()?.map(|row| row.key) } else { None };
        let is_described = start.description.as_deref().is_some_and(|text| !text.trim().is_empty());
        let session = self.write(Durability::Full, Evidence::Said, start.at, |pen| {
            let session = match agent {
                Some(agent) => start_inside(pen, agent, &draft, is_described)?,
                None => draft.open(pen)?,
            };
            opening.record(pen, session.key)?;
            Ok::<_, StartError>(pen.session(session.key)?)
        })?;
        // The session is kept, whatever becomes of this.
        drop(self.record_baseline(&session, looking.and_then(Looking::seen)));
        let others: Vec<_> = others.into_iter().filter(|(key, _)| *key != session.key).map(|(_, id)| id).collect();
        if !others.is_empty() && agent.is_none() {
            self.note(Note::StillRunning { ids: others });
        }
        if let Some(worktree) = session.worktree.as_ref().filter(|worktree| Some(*worktree) != draft.worktree.as_ref()) {
            self.note(Note::FromElsewhere { id: session.id.clone(), worktree: worktree.as_str().to_owned() });
        }
        self.bring_mirror_up();
        let wish = if start.number.is_some() { Wish::Asked } else { Wish::Living };
        self.bring_documents_up(session.key, wish);
        Ok(session)
    }

    /// Returns the numbers of the documents in this worktree; they are of its own project, not of one that was named.
    fn documented_numbers(&self) -> BTreeSet<u32> {
        if self.config.project().is_some() { BTreeSet::new() } else { documented_numbers(&self.place.worktree) }
    }

    fn description(&self, start: &Start, at: Reading) -> Described {
        let given = start.description.as_deref().map(str::trim).filter(|text| !text.is_empty());
        match given {
            Some(text) => Described { text: redact::text(text), rank: Rank::Person },
            None => describe::automatically(&self.config.programs, &self.place, at.moment),
        }
    }

    /// Ends a session. Ended the same way already, it stays as it is.
    ///
    /// # Errors
    /// When no session can be determined, or it ended in another way.
    pub fn end(&mut self, named: Option<&str>, status: Status, at: Option<Reading>) -> Result<Session, EndError> {
        let session = self.resolve(named, Purpose::Writing)?;
        had_begun(&session, at)?;
        let key = session.key;
        let (session, is_news) = self.write(Durability::Full, Evidence::Said, at, |pen| {
            let session = pen.session(key)?;
            // What was only concluded gives way to what somebody says.
            let said = if session.lifecycle.value.is_said() { session.status() } else { Status::Active };
            match said {
                Status::Active => {
                    pen.change_session(key, Change::Ended(Ended { status, reason: None }))?;
                    Ok((pen.session(key)?, true))
                }
                same if same == status => Ok((session, false)),
                other => Err(EndError::EndedOtherwise { id: session.id, status: other }),
            }
        })?;
        self.changed(&session, is_news);
        // Nothing of this is lost where it fails: the next command looks again.
        if self.look_at(&session, PATIENCE).is_ok() {
            self.bring_documents_up(session.key, Wish::Asked);
        }
        Ok(session)
    }

    /// Lets an ended session go on and makes it current.
    ///
    /// # Errors
    /// When no session can be determined.
    pub fn reopen(&mut self, named: &str, at: Option<Reading>) -> Result<Session, EndError> {
        let session = self.resolve(Some(named), Purpose::Writing)?;
        had_begun(&session, at)?;
        let key = session.key;
        let (session, is_news) = self.write(Durability::Full, Evidence::Said, at, |pen| -> Result<_, EndError> {
            let is_news = pen.session(key)?.status().is_ended();
            if is_news {
                pen.change_session(key, Change::Reopened)?;
            }
            Ok((pen.session(key)?, is_news))
        })?;
        self.changed(&session, is_news);
        self.bring_documents_up(session.key, Wish::Living);
        Ok(session)
    }

    /// Brings the mirror up after a change, or says that there was none.
    fn changed(&mut self, session: &Session, is_news: bool) {
        if !is_news {
            self.note(Note::AlreadySo { id: session.id.to_string(), what: session.status().to_string() });
        }
        self.bring_mirror_up();
    }

    /// Puts tags on a session and takes tags off, all or none.
    ///
    /// # Errors
    /// When no session can be determined, or a tag does not fit.
    pub fn tag(&mut self, named: Option<&str>, put: &[String], taken: &[String]) -> Result<Session, TagError> {
        let key = self.resolve(named, Purpose::Writing)?.key;
        let read = |tags: &[String], present| -> Result<Vec<Change>, TagError> {
            let each = |tag: &String| read_tag(tag).map(|tag| Change::Tagged { tag, present }).map_err(|tag| TagError::BadTag { tag });
            tags.iter().map(each).collect()
        };
        let changes = [read(put, true)?, read(taken, false)?].concat();
        let session = self.write(Durability::Full, Evidence::Said, None, |pen| -> Result<_, TagError> {
            let held = pen.session(key)?;
            let news = changes.iter().filter(|change| is_news(&held, change));
            news.cloned().try_for_each(|change| pen.change_session(key, change).map(drop))?;
            Ok(pen.session(key)?)
        })?;
        self.bring_mirror_up();
        Ok(session)
    }
}

/// Refuses what is dated before a session began.
fn had_begun(session: &Session, at: Option<Reading>) -> Result<(), EndError> {
    match at {
        Some(at) if at.moment.micros() < session.started.moment.micros() => {
            Err(EndError::BeforeStart { id: session.id.clone(), began: session.started.moment })
        }
        _ => Ok(()),
    }
}

/// A start inside a conversation: the session that its beginning opened takes what was given, if nobody has named it yet and type and
/// number agree; else a new session has the conversation from here on.
fn start_inside(pen: &mut Pen<'_>, agent: ConversationKey, draft: &Draft<'_>, is_described: bool) -> Result<Session, StartError> {
    let session = pen.turn.conversation(agent)?.and_then(Conversation::session).map(|key| pen.session(key)).transpose()?;
    if let Some(session) = session.as_ref().filter(|session| draft.agrees_with(session)) {
        return Ok(draft.put_on(pen, session, is_described)?);
    }
    let opened = draft.open(pen)?;
    let from = pen.turn.conversation(agent)?.map_or(session::Revision(0), |row| row.revision).next();
    pen.record(Subject::Conversation(agent), from, Change::Assigned { session: opened.key, from })?;
    // Who opened a session ends it: an agent's was for this conversation.
    if let Some(left) = session.filter(|session| session.opener == Opener::Agent && !session.status().is_ended()) {
        let reason = Some(Text::stored("another session was started".to_owned()));
        pen.infer(|pen| pen.change_session(left.key, Change::Ended(Ended { status: Status::Completed, reason })))?;
    }
    Ok(pen.session(opened.key)?)
}

fn is_news(session: &Session, change: &Change) -> bool {
    match change {
        Change::Tagged { tag, present } => session.current_tags().any(|held| held == tag) != *present,
        _ => true,
    }
}

/// Everything a session begins with but its id and number, which are given in the turn.
pub(crate) struct Draft<'w> {
    pub(crate) prefix: Prefix,
    pub(crate) description: Described,
    pub(crate) tags: Vec<Tag>,
    pub(crate) metadata: Metadata,
    pub(crate) worktree: Option<Text>,
    pub(crate) opener: Opener,
    pub(crate) owner: Text,
    pub(crate) agent: Option<Text>,
    pub(crate) parent: Option<SessionKey>,
    pub(crate) number: Option<u32>,
    pub(crate) documented: &'w BTreeSet<u32>,
    /// None where nobody knows where the agent was; such a session has no number either.
    pub(crate) project: Option<&'w Wanted>,
}

impl Draft<'_> {
    /// Reports whether a session that an agent's start opened can be the one that is begun: nobody has named it, and nothing contradicts.
    fn agrees_with(&self, session: &Session) -> bool {
        let is_unnamed = session.description.as_ref().is_none_or(|held| held.rank < Rank::Person);
        let agrees = session.prefix() == self.prefix && self.number.is_none_or(|number| session.number.value == Some(number));
        session.opener == Opener::Agent && !session.status().is_ended() && is_unnamed && agrees
    }

    /// Puts description, tags and metadata on a session that is there already.
    fn put_on(&self, pen: &mut Pen<'_>, session: &Session, is_described: bool) -> Result<Session, StoreError> {
        let description = is_described.then(|| Change::Described(self.description.clone()));
        let tags = self.tags.iter().map(|tag| Change::Tagged { tag: tag.clone(), present: true });
        let metadata = (!self.metadata.0.is_empty()).then(|| Change::Annotated { metadata: self.metadata.clone() });
        let changes = description.into_iter().chain(tags).chain(metadata).chain([Change::MadeCurrent]);
        changes.into_iter().try_for_each(|change| pen.change_session(session.key, change).map(drop))?;
        pen.session(session.key)
    }

    pub(crate) fn open(&self, pen: &mut Pen<'_>) -> Result<Session, StartError> {
        let project = self.project.map(|project| project.settle(pen)).transpose()?;
        let number = project.map(|project| give_number(pen.turn, project, self.number, self.documented)).transpose()?;
        let id = draw_session_id(pen.turn, pen.dice, &self.prefix, pen.at.moment)?;
        let key = SessionKey::new(draw_uuid(pen.dice, pen.now.moment));
        let opened = Opened {
            id,
            number,
            project,
            worktree: self.worktree.clone(),
            opener: self.opener,
            owner: self.owner.clone(),
            agent: self.agent.clone(),
            parent: self.parent,
            description: Some(self.description.clone()),
            tags: self.tags.clone(),
            metadata: self.metadata.clone(),
            original: None,
        };
        pen.record(Subject::Session(key), session::Revision(0).next(), Change::Opened(Box::new(opened)))?;
        Ok(pen.session(key)?)
    }
}

/// Gives the wanted number if it is free, else the next one above the store's and the documents'.
fn give_number(turn: &mut dyn Turn, project: ProjectKey, wanted: Option<u32>, documented: &BTreeSet<u32>) -> Result<u32, StartError> {
    let Some(number) = wanted else {
        let last = documented.last().copied().unwrap_or(0).max(turn.last_number(project)?);
        return match in_range(last.saturating_add(1)) {
            Ok(next) => Ok(next),
            // Somebody took the very last number: the first one that is free will do.
            Err(_) => first_free(turn.reads()?, project, documented),
        };
    };
    in_range(number)?;
    match turn.reads()?.session_by_number(project, number)? {
        Some(taken) => Err(StartError::NumberTaken { number, status: taken.status(), id: taken.id }),
        None if documented.contains(&number) => Err(StartError::NumberDocumented { number }),
        None => Ok(number),
    }
}

fn first_free(reads: &dyn Reads, project: ProjectKey, documented: &BTreeSet<u32>) -> Result<u32, StartError> {
    for number in (1..=LAST_NUMBER).filter(|number| !documented.contains(number)) {
        if reads.session_by_number(project, number)?.is_none() {
            return Ok(number);
        }
    }
    Err(StartError::NumberOutOfRange { number: LAST_NUMBER })
}

fn in_range(number: u32) -> Result<u32, StartError> {
    if (1..=LAST_NUMBER).contains(&number) { Ok(number) } else { Err(StartError::NumberOutOfRange { number }) }
}

/// Returns the numbers of documents like `archive/sessions/SESSION-00007-LOG.md`.
pub(crate) fn documented_numbers(worktree: &Path) -> BTreeSet<u32> {
    let Ok(files) = std::fs::read_dir(worktree.join("archive/sessions")) else { return BTreeSet::new() };
    let number = |name: &str| name.strip_prefix("SESSION-")?.split_once('-')?.0.parse::<u32>().ok();
    let numbers = files.filter_map(Result::ok).filter_map(|file| number(&file.file_name().to_string_lossy()));
    numbers.filter(|number| *number <= LAST_NUMBER).collect()
}

/// Reads a tag, or gives back what is none.
///
/// # Errors
/// When the text is no tag; the text itself.
pub fn read_tag(tag: &str) -> Result<Tag, String> {
    Tag::try_from(redact::text(tag)).map_err(|_| tag.to_owned())
}

pub(crate) fn read_metadata(pairs: &[(String, serde_json::Value)]) -> Metadata {
    Metadata(pairs.iter().map(|(name, value)| (redact::text(name), redact::json(masked_by_name(name, value)))).collect())
}

/// Returns a value without what only its name says to be a secret.
fn masked_by_name(name: &str, value: &serde_json::Value) -> serde_json::Value {
    let mut named = serde_json::Map::from_iter([(name.to_owned(), value.clone())]).into();
    redact::mask_value(&mut named, redact::EXEMPT);
    named.as_object_mut().and_then(|named| named.values_mut().next()).map(serde_json::Value::take).unwrap_or_default()
}
