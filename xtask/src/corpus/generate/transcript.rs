//! One file while it is written: every row carries who wrote it, after which row, when and where.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::account::{Account, Billed};
use super::clock::timestamp;
use super::dice::Dice;

/// How much is written at once.
const BUFFER: usize = 1 << 18;

/// A fork copies at most so many lines.
const COPIED: usize = 400;

/// What all rows of a session have in common.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) session: String,
    pub(super) cwd: String,
    pub(super) branch: String,
    pub(super) version: String,
}

/// A line as a fork of this session has to count it.
pub(super) struct Copied {
    pub(super) kind: &'static str,
    pub(super) billed: Option<Billed>,
}

/// A transcript that grows.
pub(super) struct Transcript {
    pub(super) path: PathBuf,
    pub(super) origin: Origin,
    pub(super) is_sidechain: bool,
    /// The row that the next one answers.
    pub(super) parent: Option<String>,
    /// The prompt that the rows belong to.
    pub(super) prompt: String,
    /// What the requests of this session look like.
    pub(super) shape: String,
    pub(super) first_lines: Vec<Copied>,
    /// What stands between the parent and the row's own keys.
    side: String,
    /// What stands at the end of each row.
    envelope: String,
    file: BufWriter<File>,
    bytes: u64,
}

impl Transcript {
    /// Begins a file, of a subagent if it has a name.
    pub(super) fn begin(path: PathBuf, origin: Origin, agent: Option<&str>) -> Result<Self> {
        let directory = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(directory).with_context(|| format!("cannot create `{}`", directory.display()))?;
        let file = File::create(&path).with_context(|| format!("cannot create `{}`", path.display()))?;
        let side = match agent {
            Some(name) => format!("\"isSidechain\":true,\"agentId\":\"{name}\""),
            None => "\"isSidechain\":false".to_owned(),
        };
        let envelope = format!(
            r#","userType":"external","entrypoint":"cli","cwd":"{}","sessionId":"{}","version":"{}","gitBranch":"{}"}}"#,
            origin.cwd, origin.session, origin.version, origin.branch
        );
        Ok(Self {
            path,
            origin,
            is_sidechain: agent.is_some(),
            parent: None,
            prompt: String::new(),
            shape: String::new(),
            first_lines: Vec::new(),
            side,
            envelope,
            file: BufWriter::with_capacity(BUFFER, file),
            bytes: 0,
        })
    }

    /// Writes a line as it stands.
    pub(super) fn line(&mut self, account: &mut Account, kind: &'static str, billed: Option<Billed>, line: &[u8]) -> Result<()> {
        self.file.write_all(line).and_then(|()| self.file.write_all(b"\n")).with_context(|| self.failed())?;
        self.bytes += line.len() as u64 + 1;
        account.line(kind, billed);
        if self.first_lines.len() < COPIED {
            self.first_lines.push(Copied { kind, billed });
        }
        Ok(())
    }

    /// Writes a row of the conversation: its own keys, begun with a comma, between what every row has.
    pub(super) fn row(&mut self, books: (&mut Dice, &mut Account), at: f64, row: Row<'_>) -> Result<()> {
        let (dice, account) = books;
        let parent = self.parent.as_ref().map_or("null".to_owned(), |parent| format!("\"{parent}\""));
        let uuid = dice.uuid();
        let (side, own, time, envelope) = (&self.side, row.own, timestamp(at), &self.envelope);
        let line = format!(r#"{{"parentUuid":{parent},{side}{own},"uuid":"{uuid}","timestamp":"{time}"{envelope}"#);
        self.parent = Some(uuid);
        self.line(account, row.kind, row.billed, line.as_bytes())
    }

    /// Ends the file, in the middle of a line where the client was killed while it wrote.
    pub(super) fn end(mut self, account: &mut Account, torn: bool) -> Result<(PathBuf, Origin, Vec<Copied>)> {
        if torn {
            let line = br#"{"parentUuid":null,"type":"assistant","message":{"id":"msg_torn","usage":{"input_tok"#;
            self.file.write_all(line).with_context(|| self.failed())?;
            self.bytes += line.len() as u64;
            account.torn_lines += 1;
        }
        self.file.flush().with_context(|| self.failed())?;
        account.files += 1;
        account.bytes += self.bytes;
        Ok((self.path, self.origin, self.first_lines))
    }

    fn failed(&self) -> String {
        format!("cannot write `{}`", self.path.display())
    }
}

/// What a row has of its own.
pub(super) struct Row<'a> {
    pub(super) kind: &'static str,
    pub(super) own: &'a str,
    pub(super) billed: Option<Billed>,
}

impl<'a> Row<'a> {
    pub(super) fn new(kind: &'static str, own: &'a str) -> Self {
        Self { kind, own, billed: None }
    }
}
