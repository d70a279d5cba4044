//! Documents: files of a session in its worktree, for people, to be committed.
//!
//! ```text
//! archive/sessions/SESSION-00003-LOG.md         what happened, in order
//! archive/sessions/SESSION-00003-FILES.txt      the files that were touched
//! archive/sessions/SESSION-00003-DECISIONS.md   what was decided, and why
//! archive/sessions/SESSION-00003-HANDOFF.md     what the next session must know; from the session's end on
//! ```
//!
//! They follow the record: written again after each entry, and the same record gives the same bytes. A document of another session, and
//! one that somebody changed by hand, is never written over. That one cannot be written is said, and is no error.
//!
//! | file | holds |
//! |---|---|
//! | `pages` | what stands in each; pure |
//! | `markdown` | foreign text that cannot break out of its place; pure |
//! | `shelf` | the directory and its files |

pub(crate) mod markdown;
pub(crate) mod pages;
mod shelf;

use std::path::{Path, PathBuf};
use std::time::Duration;

use session::{Session, SessionKey};
use store::LineError;

use crate::handoff::claims;
use crate::{Note, Tracker};
use pages::Document;
use shelf::{Shelf, Written};

/// How long a command waits for others that write documents.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which sessions get documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Somebody asked for them.
    Asked,
    /// They follow what was recorded.
    Living,
}

/// Why documents could not be written.
#[derive(Debug, thiserror::Error)]
enum DocumentsError {
    #[error("{0}")]
    File(#[from] std::io::Error),
    #[error("others were writing them for {:.1} s", waited.as_secs_f64())]
    Busy { waited: Duration },
    #[error(transparent)]
    Store(#[from] store::StoreError),
}

impl Tracker {
    /// Brings the documents of a session up to what is recorded, where it is to have any. Returns the files, written or not.
    pub(crate) fn bring_documents_up(&mut self, session: SessionKey, wish: Wish) -> Vec<PathBuf> {
        match self.try_documents(session, wish) {
            Ok(files) => files,
            Err((worktree, error)) => {
                self.note(Note::NoDocuments { worktree, reason: error.to_string() });
                Vec::new()
            }
        }
    }

    fn try_documents(&self, key: SessionKey, wish: Wish) -> Result<Vec<PathBuf>, (PathBuf, DocumentsError)> {
        let lost = |error: store::StoreError| (self.place.worktree.clone(), error.into());
        let Some(session) = self.store.reads().session(key).map_err(lost)? else { return Ok(Vec::new()) };
        let Some(worktree) = self.worktree_of(&session).filter(|worktree| self.wants_documents(&session, worktree, wish)) else {
            return Ok(Vec::new());
        };
        self.write_documents(key, &worktree).map_err(|error| (worktree, error))
    }

    fn write_documents(&self, key: SessionKey, worktree: &Path) -> Result<Vec<PathBuf>, DocumentsError> {
        // Whoever writes reads what is recorded under the lock: a slow writer never puts an older state back.
        let _line = store::wait_in_line(&self.home.join("documents.lock"), PATIENCE).map_err(|error| match error {
            LineError::Busy { waited } => DocumentsError::Busy { waited },
            LineError::File(error) => error.into(),
        })?;
        let missing = || store::StoreError::Missing { key: key.to_string() };
        let record = self.record_of(self.store.reads().session(key)?.ok_or_else(missing)?)?;
        let Some(number) = record.session.number.value else { return Ok(Vec::new()) };
        let claims = claims(&record);
        let shelf = Shelf::make(worktree)?;
        let mut files = Vec::new();
        // Under one number are the documents of one session, or none of them.
        let is_taken = |document: Document| shelf.is_of_another(&document.name(number), &record.session.id);
        if let Some(taken) = Document::ALL.into_iter().find(|document| is_taken(*document)) {
            self.note(Note::DocumentOfAnother { file: shelf.path(&taken.name(number)) });
            return Ok(files);
        }
        for document in Document::ALL {
            // A handoff is made from what was found when somebody looked.
            if document == Document::Handoff && record.survey.is_none() {
                continue;
            }
            let name = document.name(number);
            match shelf.write(&name, &record.session.id, &document.body(&record, &claims), document.comment())? {
                Written::Same | Written::Anew => files.push(shelf.path(&name)),
                Written::Edited => self.note(Note::DocumentEdited { file: shelf.path(&name) }),
                Written::OfAnother => self.note(Note::DocumentOfAnother { file: shelf.path(&name) }),
            }
        }
        Ok(files)
    }

    /// Returns the worktree of a session, unless nobody keeps a project there: the root, the home directory itself, `/tmp`.
    fn worktree_of(&self, session: &Session) -> Option<PathBuf> {
        let worktree = PathBuf::from(session.worktree.as_ref()?.as_str());
        let is_home = self.config.user_home.as_ref().is_some_and(|home| *home == worktree);
        // A bare repository has no worktree.
        let is_bare = worktree.join("HEAD").is_file() && worktree.join("objects").is_dir();
        let is_project = !is_bare && worktree.is_absolute() && worktree.parent().is_some() && worktree != Path::new("/tmp") && !is_home;
        is_project.then_some(worktree)
    }

    /// Reports whether a session is to have documents. A session that an agent opened leaves none in a repository until something was
    /// written down in it, or the repository has documents already.
    fn wants_documents(&self, session: &Session, worktree: &Path, wish: Wish) -> bool {
        let Some(number) = session.number.value else { return false };
        let mode = self.config.documents();
        if mode == "off" || !worktree.is_dir() {
            return false;
        }
        if mode == "on" || wish == Wish::Asked {
            return true;
        }
        let shelf = || Shelf::open(worktree).ok().flatten();
        session.entries.total() > 0 || shelf().is_some_and(|shelf| shelf.has(&Document::Log.name(number), &session.id))
    }
}
