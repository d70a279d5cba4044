//! What a person should be told beside the answer. Notes go to stderr; nothing depends on them.

use std::path::PathBuf;

use session::{SessionId, Status};
use store::SetAside;

/// Something to say beside the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Several sessions were meant; the newest was taken.
    TookNewest {
        /// The one that was taken.
        taken: SessionId,
        /// The others.
        others: Vec<SessionId>,
    },
    /// A variable names a session that has ended.
    EnvironmentEnded {
        /// The variable.
        variable: &'static str,
        /// The session.
        id: SessionId,
        /// How it ended.
        status: Status,
    },
    /// A variable names a session that this agent session has left.
    EnvironmentLeft {
        /// The variable.
        variable: &'static str,
        /// The session.
        id: SessionId,
    },
    /// A variable names nothing that is known here.
    EnvironmentUnknown {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// The session that was taken belongs to another directory.
    FromElsewhere {
        /// The session.
        id: SessionId,
        /// Where it was started.
        worktree: String,
    },
    /// Something was recorded with a session that has ended.
    RecordedWithEnded {
        /// The session.
        id: SessionId,
        /// How it ended.
        status: Status,
    },
    /// The wanted change had been made already.
    AlreadySo {
        /// The session or work item.
        id: String,
        /// What it is already.
        what: String,
    },
    /// The mirror could not be written; the store has everything.
    MirrorBehind {
        /// The mirror's directory.
        root: PathBuf,
        /// Why.
        reason: String,
    },
    /// The index could not be written; transcripts were read as they are.
    NoIndex {
        /// Why.
        reason: String,
    },
    /// A directory of templates cannot be used; the others are listed.
    TemplatesPassedOver {
        /// The directory.
        directory: PathBuf,
        /// Why.
        reason: String,
    },
    /// A template says that something is to be put in, and there is nothing.
    NothingToPutIn {
        /// What the template calls it.
        name: &'static str,
    },
    /// Transcripts could not be read at all.
    NoTranscripts {
        /// Why.
        reason: String,
    },
    /// What can be searched could not be brought up; the answer is from what is there.
    SearchBehind {
        /// Why.
        reason: String,
    },
    /// What could be searched was of no use, and was made anew.
    SearchAnew,
    /// Some of what can be searched is damaged.
    SearchUnread {
        /// How many documents.
        documents: u64,
    },
    /// There is so much new text in transcripts that nobody reads it while somebody waits.
    TextWaits {
        /// How much, in bytes.
        bytes: u64,
    },
    /// What was read of transcripts cannot be read by this build.
    PartsUnread {
        /// How many parts.
        parts: u64,
    },
    /// Transcripts, or directories of them, could not be read.
    Unreadable {
        /// Each with its reason.
        troubles: Vec<String>,
    },
    /// Sessions of other scripts were found in the mirror's directory and are now in the store.
    TakenIn {
        /// How many sessions.
        sessions: usize,
        /// How many lines of the log.
        lines: usize,
    },
    /// Other scripts left session files that were never taken in.
    FilesWait {
        /// Where.
        root: PathBuf,
    },
    /// The inbox could not be taken in; the answer is from what is there.
    InboxWaits {
        /// How much waits, in bytes.
        bytes: u64,
        /// Why it waits.
        reason: String,
    },
    /// Others run in this worktree while one was started.
    StillRunning {
        /// Which, newest first.
        ids: Vec<SessionId>,
    },
    /// A log entry says not what sort of work it tells of.
    NoCategory,
    /// An entry that was named was replaced by another one, and that one was taken.
    TookReplacement {
        /// The one that was named.
        named: session::EntryId,
        /// The one that stands in its place.
        taken: session::EntryId,
    },
    /// An entry names nothing that somebody could look for later.
    Vague,
    /// The documents of a session could not be written.
    NoDocuments {
        /// The worktree.
        worktree: PathBuf,
        /// Why.
        reason: String,
    },
    /// Somebody changed a document by hand.
    DocumentEdited {
        /// The file.
        file: PathBuf,
    },
    /// A document of another session has the name.
    DocumentOfAnother {
        /// The file.
        file: PathBuf,
    },
    /// A marker could not be stored, read or cleaned.
    NoMarker {
        /// Why.
        reason: String,
    },
    /// A marker was stale or corrupt and has been removed.
    MarkerRemoved {
        /// The file.
        file: PathBuf,
        /// What was wrong with it.
        why: &'static str,
    },
    /// So many stale markers were removed that something must leave them.
    ManyMarkers {
        /// How many.
        cleaned: usize,
        /// Where.
        directory: PathBuf,
    },
    /// Transcripts could not be copied.
    VaultBehind {
        /// Why.
        reason: String,
    },
    /// There was no room for copies of transcripts.
    VaultFull {
        /// How many conversations were left out.
        left_out: u64,
    },
    /// Copies of transcripts are damaged.
    VaultDamaged {
        /// Which, each with its reason.
        what: Vec<String>,
    },
    /// The store was broken and has been set aside.
    SetAside(SetAside),
    /// The file of checkpoints was damaged and has been set aside.
    CheckpointsSetAside {
        /// Its new name.
        path: PathBuf,
    },
}

const ANEW: &str = "what can be searched was damaged or of another build, and is made anew: text of transcripts that are gone is lost";
const NO_BRANCH: &str = "the template has `{branch}`, and no branch is checked out; left away";

impl std::fmt::Display for Note {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TookNewest { taken, others } => {
                let others: Vec<_> = others.iter().map(SessionId::as_str).collect();
                write!(out, "more than one session fits; taking the newest, {taken} (others: {})", others.join(", "))
            }
            Self::EnvironmentLeft { variable, id } => write!(out, "{variable} names {id}, which this agent session has left; passed over"),
            Self::EnvironmentEnded { variable, id, status } => write!(out, "{variable} names {id}, which is {status}; passed over"),
            Self::EnvironmentUnknown { variable, value } => {
                write!(out, "{variable} names `{value}`, which is no session here; passed over")
            }
            Self::FromElsewhere { id, worktree } => write!(out, "{id} was started in {worktree}"),
            Self::RecordedWithEnded { id, status } => write!(out, "{id} is {status}; recorded with it all the same"),
            Self::AlreadySo { id, what } => write!(out, "{id} is {what} already"),
            Self::MirrorBehind { root, reason } => {
                write!(out, "the files in {} are behind: {reason}; the store has everything", root.display())
            }
            Self::NoIndex { reason } => write!(out, "transcripts were read without their index: {reason}"),
            Self::TemplatesPassedOver { directory, reason } => {
                write!(out, "passed over the templates in `{}`: {reason}", directory.display())
            }
            Self::NothingToPutIn { name: "branch" } => out.write_str(NO_BRANCH),
            Self::NothingToPutIn { name } => {
                write!(out, "the template has `{{{name}}}`, and neither branch nor description names one; left away")
            }
            Self::SearchAnew => out.write_str(ANEW),
            Self::NoTranscripts { reason } => {
                write!(out, "transcripts could not be read, and what only they tell is missing here: {reason}")
            }
            Self::SearchBehind { reason } => write!(out, "the newest may be missing here: {reason}"),
            Self::SearchUnread { documents } => {
                let documents = counted(*documents, "document");
                write!(out, "{documents} could not be read and are missing here; `rutter index --again` makes them anew")
            }
            Self::TextWaits { bytes } => {
                let megabytes = bytes.div_ceil(1_000_000);
                write!(out, "{megabytes} MB of transcripts are not searched yet; `rutter index` reads them")
            }
            Self::PartsUnread { parts } => {
                let parts = counted(*parts, "part");
                write!(out, "{parts} of the index cannot be read and are missing here; `rutter index --again` reads the transcripts again")
            }
            Self::Unreadable { troubles } => {
                let first = troubles.first().map_or("", String::as_str);
                let others = if troubles.len() > 1 { format!(", and {} more", troubles.len() - 1) } else { String::new() };
                write!(out, "could not read {first}{others}: what is in there is missing here")
            }
            Self::TakenIn { sessions, lines } => {
                write!(out, "took in {} and {} of other scripts", counted(*sessions as u64, "session"), counted(*lines as u64, "log line"))
            }
            Self::FilesWait { root } => write!(out, "there are session files in {}; `rutter init` takes them in", root.display()),
            Self::InboxWaits { bytes, reason } => {
                write!(out, "{} KiB of what hooks reported could not be taken in and wait: {reason}", bytes.div_ceil(1024))
            }
            Self::StillRunning { ids } => {
                let ids: Vec<_> = ids.iter().map(SessionId::as_str).collect();
                write!(out, "also running here: {}; name the one you mean with `-s`, or end it with `rutter end ID`", ids.join(", "))
            }
            Self::NoCategory => {
                let words = session::Category::ALL.map(session::Category::as_str).join(", ");
                write!(out, "recorded without a category; `-c` takes {words}")
            }
            Self::TookReplacement { named, taken } => write!(out, "{named} was replaced by {taken}; that one was taken"),
            Self::Vague => out.write_str("recorded; whoever reads it later would be helped by what exactly was done, and to what"),
            Self::NoDocuments { worktree, reason } => {
                write!(out, "the documents in {} could not be written: {reason}; the store has everything", worktree.display())
            }
            Self::DocumentEdited { file } => {
                write!(out, "{} was changed by hand and is left alone; remove it to have it written again", file.display())
            }
            Self::DocumentOfAnother { file } => write!(
                out,
                "{} is of another session, so this one leaves no documents here; `rutter handoff` and `rutter entries` show what is recorded",
                file.display()
            ),
            Self::NoMarker { reason } => out.write_str(reason),
            Self::MarkerRemoved { file, why } => write!(out, "removed {}: {why}", file.display()),
            Self::ManyMarkers { cleaned, directory } => {
                let cleaned = counted(*cleaned as u64, "stale marker");
                write!(out, "{cleaned} were removed from {}; something leaves them there", directory.display())
            }
            Self::VaultBehind { reason } => write!(out, "transcripts could not be copied: {reason}"),
            Self::VaultFull { left_out } => {
                let left_out = counted(*left_out, "conversation");
                write!(out, "the vault is full: {left_out} could not be copied; `rutter config vault.max_bytes SIZE` gives it more room")
            }
            Self::VaultDamaged { what } => {
                let first = what.first().map_or("", String::as_str);
                write!(out, "in the vault {first}; `rutter vault verify` says what else is")
            }
            Self::CheckpointsSetAside { path } => {
                write!(out, "the checkpoints were damaged and are kept as {}; what was saved before is not found any more", path.display())
            }
            Self::SetAside(SetAside { path, salvaged }) => {
                write!(out, "the store was damaged and is kept as {}; a new one has its {salvaged} readable events", path.display())
            }
        }
    }
}

/// Returns a number with its noun.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
