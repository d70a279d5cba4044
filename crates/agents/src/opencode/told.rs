//! What a session, a message and a part of one say. Lenient: what has another type than it should is as if it were not there.

use session::transcript::{EditKind, Refusal, Usage};

use crate::skim::{Broken, Raw, Skim};
use crate::transcripts::arguments::Arguments;

const LONGEST: usize = 16 << 10;

/// A session.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) parent: String,
    pub(super) directory: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) model: String,
    /// When it was made, in milliseconds since 1970: what its messages say to be older was copied.
    pub(super) created: Option<i64>,
    /// The session that it was copied from, if somebody knows.
    pub(super) origin: String,
    /// What it says that it used in all, and what that cost.
    pub(super) total: Option<(Usage, u64)>,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) is_user: bool,
    pub(super) created: Option<i64>,
    pub(super) is_complete: bool,
    pub(super) model: String,
    pub(super) cwd: String,
    pub(super) usage: Option<Usage>,
}

/// A part of a message, as far as anybody wants it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Words; of those of a person only what he typed.
    Text(String),
    Compaction {
        is_auto: bool,
    },
    Tool(Box<Tool>),
    Other,
}

/// A call of a tool, with what came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tool {
    pub(super) call: String,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) edits: Vec<(EditKind, String)>,
    pub(super) is_over: bool,
    pub(super) has_failed: bool,
    pub(super) refusal: Option<Refusal>,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
}

fn object<'b>(text: &'b [u8], each: impl FnMut(&[u8], &mut Skim<'b>) -> Result<(), Broken>) -> Result<(), Broken> {
    let mut skim = Skim::new(text);
    if skim.peek()? != b'{' {
        return Err(Broken);
    }
    skim.object(each)?;
    if skim.is_over() { Ok(()) } else { Err(Broken) }
}

fn text(held: &mut String, value: &mut Skim<'_>) -> Result<(), Broken> {
    value.string().map(|said| said.into_iter().for_each(|said| *held = said.text(LONGEST)))
}

fn moment(held: &mut Option<i64>, value: &mut Skim<'_>) -> Result<(), Broken> {
    value.count().map(|count| *held = count.and_then(|count| i64::try_from(count).ok()))
}

impl Session {
    /// Reads the file of one.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let mut session = Self::default();
        object(bytes, |key, value| match key {
            b"id" => text(&mut session.id, value),
            b"parentID" => text(&mut session.parent, value),
            b"directory" => text(&mut session.directory, value),
            b"title" => text(&mut session.title, value),
            b"version" => text(&mut session.version, value),
            b"time" => value.object(|key, value| match key {
                b"created" => moment(&mut session.created, value),
                _ => value.skip(),
            }),
            _ => value.skip(),
        })?;
        Ok(session)
    }
}

impl Message {
    /// Reads one; its id may stand beside it.
    pub(super) fn read(bytes: &[u8], id: &str) -> Result<Self, Broken> {
        let mut message = Self { id: id.to_owned(), ..Self::default() };
        object(bytes, |key, value| match key {
            b"id" => text(&mut message.id, value),
            b"role" => value.string().map(|role| message.is_user = role.is_some_and(|role| role.is(b"user"))),
            b"modelID" => text(&mut message.model, value),
            b"path" => value.object(|key, value| match key {
                b"cwd" => text(&mut message.cwd, value),
                _ => value.skip(),
            }),
            b"time" => value.object(|key, value| match key {
                b"created" => moment(&mut message.created, value),
                b"completed" => value.count().map(|count| message.is_complete = count.is_some()),
                _ => value.skip(),
            }),
            b"tokens" if value.peek()? == b'{' => tokens(value).map(|usage| message.usage = Some(usage)),
            _ => value.skip(),
        })?;
        Ok(message)
    }
}

/// Reads tokens. Old clients hold reasoning to be output, new ones beside it; the total of the new ones says which.
fn tokens(value: &mut Skim<'_>) -> Result<Usage, Broken> {
    let [mut input, mut output, mut reasoning, mut read, mut written] = [0; 5];
    let mut total = None;
    value.object(|key, value| match key {
        b"input" => value.count_into(&mut input),
        b"output" => value.count_into(&mut output),
        b"reasoning" => value.count_into(&mut reasoning),
        b"total" => value.count().map(|count| total = count),
        b"cache" => value.object(|key, value| match key {
            b"read" => value.count_into(&mut read),
            b"write" => value.count_into(&mut written),
            _ => value.skip(),
        }),
        _ => value.skip(),
    })?;
    let without = [input, output, read, written].into_iter().fold(0, u64::saturating_add);
    let is_beside = total.is_some_and(|total| total > without);
    let output = if is_beside { output.saturating_add(reasoning) } else { output };
    Ok(Usage { input, output, reasoning, cache_read: read, cache_write: written, ..Usage::default() })
}

impl Part {
    /// Reads one.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let (mut kind, mut words, mut is_synthetic, mut is_auto, mut tool) =
            (Raw::default(), Raw::default(), false, false, Tool::default());
        object(bytes, |key, value| match key {
            b"type" => value.text_into(&mut kind),
            b"text" => value.text_into(&mut words),
            b"synthetic" => value.flag().map(|flag| is_synthetic = flag == Some(true)),
            b"auto" => value.flag().map(|flag| is_auto = flag == Some(true)),
            b"tool" => text(&mut tool.name, value),
            b"callID" => text(&mut tool.call, value),
            _ => value.skip(),
        })?;
        Ok(match kind.bytes {
            b"text" if !is_synthetic => Self::Text(words.text(LONGEST)),
            b"compaction" => Self::Compaction { is_auto },
            b"tool" => {
                // Once more: what the state means depends on the tool.
                object(bytes, |key, value| if key == b"state" { tool.state(value) } else { value.skip() })?;
                Self::Tool(Box::new(tool))
            }
            _ => Self::Other,
        })
    }
}

impl Tool {
    fn state(&mut self, value: &mut Skim<'_>) -> Result<(), Broken> {
        let (mut arguments, mut error, mut code) = (Arguments::default(), Raw::default(), None);
        value.object(|key, value| match key {
            b"status" => {
                let mut status = Raw::default();
                value.text_into(&mut status)?;
                self.has_failed = status.is(b"error");
                self.is_over = self.has_failed || status.is(b"completed");
                Ok(())
            }
            b"input" => Arguments::read(value).map(|read| arguments = read),
            b"error" => value.text_into(&mut error),
            b"metadata" => value.object(|key, value| match key {
                b"exit" => value.decimal().map(|said| code = said),
                _ => value.skip(),
            }),
            b"time" => value.object(|key, value| match key {
                b"start" => moment(&mut self.start, value),
                b"end" => moment(&mut self.end, value),
                _ => value.skip(),
            }),
            _ => value.skip(),
        })?;
        self.has_failed |= code.is_some_and(|code| code != 0.0);
        self.refusal = match error.text(LONGEST) {
            text if text.starts_with("The user rejected permission") => Some(Refusal::Rejected),
            text if text.starts_with("Tool execution aborted") => Some(Refusal::Interrupted),
            _ => None,
        };
        self.about = arguments.about(self.name == "bash");
        self.edits = if matches!(self.name.as_str(), "patch" | "apply_patch") { arguments.edits() } else { Vec::new() };
        Ok(())
    }
}
