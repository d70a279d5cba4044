//! Reading what other scripts wrote: session files of the first format, leniently.

use std::fs;
use std::path::Path;

use super::MirrorError;
use jiff::civil::DateTime;
use serde_json::{Map, Value};
use session::{Prefix, SessionId, Status, WorkId, WorkStatus};

/// Larger files are nobody's session.
const LARGEST: u64 = 64 << 20;

/// A session file, as far as it could be understood.
#[derive(Clone, Debug)]
pub(crate) struct SessionFile {
    pub(crate) id: SessionId,
    pub(crate) description: Option<String>,
    pub(crate) started: DateTime,
    pub(crate) ended: Option<DateTime>,
    pub(crate) status: Status,
    pub(crate) metadata: Vec<(String, Value)>,
    pub(crate) work_items: Vec<WorkInFile>,
    /// Everything that is in the file.
    pub(crate) whole: Map<String, Value>,
}

/// A work item of a session file.
#[derive(Clone, Debug)]
pub(crate) struct WorkInFile {
    pub(crate) id: WorkId,
    pub(crate) prefix: Prefix,
    pub(crate) description: String,
    pub(crate) started: DateTime,
    pub(crate) completed: Option<DateTime>,
    pub(crate) status: WorkStatus,
    pub(crate) metadata: Vec<(String, Value)>,
}

impl SessionFile {
    /// Reads a file; one that is no session of the id it is named after gives nothing.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let id: SessionId = path.file_name()?.to_str()?.strip_suffix(".json")?.parse().ok()?;
        let size = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
        let text = (size <= LARGEST).then(|| fs::read(path).ok()).flatten()?;
        Self::parse(id, serde_json::from_slice(&text).ok()?)
    }

    /// Reads the file of a session that is to be written: none where it is missing or is no session, an error where it may be
    /// one and cannot be read, because what others wrote there would be lost.
    pub(crate) fn read_known(path: &Path) -> Result<Option<Self>, MirrorError> {
        use std::io::ErrorKind::{InvalidInput, NotFound};
        let opened = fs::metadata(path).and_then(|found| {
            // A pipe is not opened: that would wait for somebody to write into it.
            if found.is_file() { fs::File::open(path).map(drop) } else { Err(std::io::Error::new(InvalidInput, "it is not a file")) }
        });
        match opened {
            Err(error) if error.kind() != NotFound => Err(MirrorError::at(path)(error)),
            _ => Ok(Self::read(path)),
        }
    }

    fn parse(id: SessionId, whole: Map<String, Value>) -> Option<Self> {
        if whole.get("session_id").and_then(Value::as_str) != Some(id.as_str()) {
            return None;
        }
        let started = time(whole.get("start_time")).or_else(|| time_in(id.as_str()))?;
        let items = whole.get("work_items").and_then(Value::as_array);
        let status = whole.get("status").and_then(Value::as_str).and_then(|status| status.parse().ok());
        let ended = time(whole.get("end_time"));
        Some(Self {
            description: text(whole.get("description")),
            started,
            ended,
            // A word that is no status of ours, on a session that has ended, means that it ended.
            status: status.unwrap_or(if ended.is_some() { Status::Completed } else { Status::Active }),
            metadata: pairs(whole.get("metadata")),
            work_items: items.into_iter().flatten().filter_map(|item| work_item(item, started)).collect(),
            id,
            whole,
        })
    }
}

fn work_item(item: &Value, session_started: DateTime) -> Option<WorkInFile> {
    let id: WorkId = item.get("work_id")?.as_str()?.parse().ok()?;
    let status = item.get("status").and_then(Value::as_str).and_then(|status| status.parse().ok());
    Some(WorkInFile {
        prefix: id.prefix(),
        description: text(item.get("description")).unwrap_or_default(),
        started: time(item.get("started_at")).or_else(|| time_in(id.as_str())).unwrap_or(session_started),
        completed: time(item.get("completed_at")),
        status: status.unwrap_or_else(WorkStatus::in_progress),
        metadata: pairs(item.get("metadata")),
        id,
    })
}

fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().map(str::to_owned)
}

fn time(value: Option<&Value>) -> Option<DateTime> {
    value?.as_str()?.parse().ok()
}

fn time_in(id: &str) -> Option<DateTime> {
    let mut parts = id.split('-').skip(1);
    DateTime::strptime("%Y%m%d%H%M%S", format!("{}{}", parts.next()?, parts.next()?)).ok()
}

fn pairs(value: Option<&Value>) -> Vec<(String, Value)> {
    let object = value.and_then(Value::as_object);
    object.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}
