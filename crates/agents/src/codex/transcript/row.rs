//! One line of a rollout: what of it tells of turns, responses, tool calls and their surroundings.
//!
//! Lenient: keys come in any order, unknown ones are passed over, and what has another type than it should is as if it were not there.

use serde::{Deserialize, Serialize};
use session::transcript::Usage;

use crate::skim::{Broken, Raw, Skim};

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Row<'b> {
    pub(super) kind: Raw<'b>,
    pub(super) timestamp: Raw<'b>,
    pub(super) payload: Payload<'b>,
}

/// What is in a line; which of it is there depends on its kind.
#[derive(Debug, Default)]
pub(super) struct Payload<'b> {
    pub(super) kind: Raw<'b>,
    pub(super) id: Raw<'b>,
    pub(super) session: Raw<'b>,
    pub(super) thread: Raw<'b>,
    pub(super) parent: Raw<'b>,
    pub(super) forked_from: Raw<'b>,
    pub(super) cwd: Raw<'b>,
    pub(super) version: Raw<'b>,
    pub(super) branch: Raw<'b>,
    pub(super) model: Raw<'b>,
    pub(super) is_subagent: bool,
    pub(super) turn: Raw<'b>,
    /// What a person typed.
    pub(super) message: Raw<'b>,
    /// Of what kind the message is: `plain`, or something that was added to it.
    pub(super) message_kind: Raw<'b>,
    pub(super) call: Raw<'b>,
    pub(super) name: Raw<'b>,
    /// What a tool is called with: JSON as a string.
    pub(super) arguments: Raw<'b>,
    /// What a tool is called with: text.
    pub(super) input: Raw<'b>,
    /// The words of a command that a tool of the model's maker runs.
    pub(super) command: Vec<Raw<'b>>,
    pub(super) output: Raw<'b>,
    /// Whether the output itself says that it is one of failure.
    pub(super) has_failed: bool,
    pub(super) item: Item<'b>,
    pub(super) response: Raw<'b>,
    pub(super) usage: Option<Tokens>,
    pub(super) thread_total: Option<Tokens>,
    pub(super) info: Info,
}

/// What the user sees, of clients that write it as items.
#[derive(Debug, Default)]
pub(super) struct Item<'b> {
    pub(super) kind: Raw<'b>,
    pub(super) id: Raw<'b>,
    pub(super) text: Raw<'b>,
}

/// What a row of counts says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Info {
    /// It is no such row.
    #[default]
    Absent,
    /// The client that runs has counted nothing yet.
    Nothing,
    /// The running total, and what the last response used.
    Said { total: Option<Tokens>, last: Option<Tokens> },
}

/// Tokens as the client counts them: `input` with everything read from and written to caches, `output` with reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) written: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
}

type Done = Result<(), Broken>;

impl<'b> Row<'b> {
    /// Reads a line; broken where it is no JSON object and nothing else.
    pub(super) fn read(line: &'b [u8]) -> Result<Self, Broken> {
        let mut row = Self::default();
        let mut skim = Skim::new(line);
        if skim.peek()? != b'{' {
            return Err(Broken);
        }
        skim.object(|key, value| match key {
            b"type" => value.text_into(&mut row.kind),
            b"timestamp" => value.text_into(&mut row.timestamp),
            b"payload" => {
                row.payload = Payload::default();
                value.object(|key, value| row.payload.member(key, value))
            }
            _ => value.skip(),
        })?;
        if skim.is_over() { Ok(row) } else { Err(Broken) }
    }
}

impl<'b> Payload<'b> {
    fn member(&mut self, key: &[u8], value: &mut Skim<'b>) -> Done {
        match key {
            b"type" => value.text_into(&mut self.kind),
            b"id" => value.text_into(&mut self.id),
            b"session_id" => value.text_into(&mut self.session),
            b"thread_id" => value.text_into(&mut self.thread),
            b"parent_thread_id" => value.text_into(&mut self.parent),
            b"forked_from_id" => value.text_into(&mut self.forked_from),
            b"cwd" => value.text_into(&mut self.cwd),
            b"cli_version" => value.text_into(&mut self.version),
            b"model" => value.text_into(&mut self.model),
            b"turn_id" => value.text_into(&mut self.turn),
            b"message" => value.text_into(&mut self.message),
            b"kind" => value.text_into(&mut self.message_kind),
            b"call_id" => value.text_into(&mut self.call),
            b"name" => value.text_into(&mut self.name),
            b"arguments" => value.text_into(&mut self.arguments),
            b"input" => value.text_into(&mut self.input),
            b"response_id" => value.text_into(&mut self.response),
            b"output" => self.output(value),
            b"source" => self.source(value),
            b"thread_source" => {
                let mut source = Raw::default();
                value.text_into(&mut source)?;
                self.is_subagent |= source.is(b"subagent");
                Ok(())
            }
            b"git" => value.object(|key, value| match key {
                b"branch" => value.text_into(&mut self.branch),
                _ => value.skip(),
            }),
            b"action" => value.object(|key, value| match key {
                b"command" => value.array(|word| word.string().map(|word| self.command.extend(word))),
                _ => value.skip(),
            }),
            b"item" => Item::read(value).map(|item| self.item = item),
            b"usage" => Tokens::read(value).map(|tokens| self.usage = tokens),
            b"thread_token_usage" => Tokens::read(value).map(|tokens| self.thread_total = tokens),
            b"info" => Info::read(value).map(|info| self.info = info),
            _ => value.skip(),
        }
    }

    /// Where the conversation comes from: a word, or of a sub-agent an object that may name its parent.
    fn source(&mut self, value: &mut Skim<'b>) -> Done {
        value.object(|key, value| match key {
            b"subagent" => {
                self.is_subagent = true;
                value.object(|_, value| {
                    value.object(|key, value| match key {
                        b"parent_thread_id" if self.parent.bytes.is_empty() => value.text_into(&mut self.parent),
                        _ => value.skip(),
                    })
                })
            }
            _ => value.skip(),
        })
    }

    /// What came back: a string, parts of which the first text counts, or an object around it.
    fn output(&mut self, value: &mut Skim<'b>) -> Done {
        self.output = Raw::default();
        match value.peek()? {
            b'[' => {
                let mut first = None;
                value.array(|part| {
                    part.object(|key, value| match key {
                        b"text" => value.string().map(|said| first = first.or(said)),
                        _ => value.skip(),
                    })
                })?;
                self.output = first.unwrap_or_default();
                Ok(())
            }
            b'{' => value.object(|key, value| match key {
                b"content" => value.text_into(&mut self.output),
                b"success" => value.flag().map(|flag| self.has_failed = flag == Some(false)),
                _ => value.skip(),
            }),
            _ => value.text_into(&mut self.output),
        }
    }
}

impl<'b> Item<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let mut item = Self::default();
        let mut text = None;
        value.object(|key, value| match key {
            b"type" => value.text_into(&mut item.kind),
            b"id" => value.text_into(&mut item.id),
            b"content" => value.array(|part| {
                part.object(|key, value| match key {
                    b"text" => value.string().map(|said| text = text.or(said)),
                    _ => value.skip(),
                })
            }),
            _ => value.skip(),
        })?;
        Ok(Self { text: text.unwrap_or_default(), ..item })
    }
}

impl Info {
    fn read(value: &mut Skim<'_>) -> Result<Self, Broken> {
        match value.peek()? {
            b'n' => value.skip().map(|()| Self::Nothing),
            b'{' => {
                let (mut total, mut last) = (None, None);
                value.object(|key, value| match key {
                    b"total_token_usage" => Tokens::read(value).map(|tokens| total = tokens),
                    b"last_token_usage" => Tokens::read(value).map(|tokens| last = tokens),
                    _ => value.skip(),
                })?;
                Ok(Self::Said { total, last })
            }
            _ => value.skip().map(|()| Self::Absent),
        }
    }
}

impl Tokens {
    fn read(value: &mut Skim<'_>) -> Result<Option<Self>, Broken> {
        if value.peek()? != b'{' {
            return value.skip().map(|()| None);
        }
        let mut tokens = Self::default();
        value.object(|key, value| match key {
            b"input_tokens" => value.count_into(&mut tokens.input),
            b"cached_input_tokens" => value.count_into(&mut tokens.cached),
            b"cache_write_input_tokens" => value.count_into(&mut tokens.written),
            b"output_tokens" => value.count_into(&mut tokens.output),
            b"reasoning_output_tokens" => value.count_into(&mut tokens.reasoning),
            _ => value.skip(),
        })?;
        Ok(Some(tokens))
    }

    /// Returns what was used, each token in one class.
    pub(super) fn usage(&self) -> Usage {
        Usage {
            input: self.input.saturating_sub(self.cached).saturating_sub(self.written),
            cache_read: self.cached,
            cache_write: self.written,
            output: self.output,
            reasoning: self.reasoning,
            ..Usage::default()
        }
    }

    /// Returns by how much a total is more than an earlier one.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self {
            input: self.input.saturating_sub(earlier.input),
            cached: self.cached.saturating_sub(earlier.cached),
            written: self.written.saturating_sub(earlier.written),
            output: self.output.saturating_sub(earlier.output),
            reasoning: self.reasoning.saturating_sub(earlier.reasoning),
        }
    }

    /// Reports whether a running total went on, and did not begin again.
    pub(super) fn goes_on_from(&self, earlier: &Self) -> bool {
        self.input >= earlier.input && self.output >= earlier.output
    }

    /// Reports whether nothing was used.
    pub(super) fn is_nothing(&self) -> bool {
        self.input == 0 && self.output == 0
    }

    /// Returns the bytes by which it is known.
    pub(super) fn bytes(&self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let counts = [self.input, self.cached, self.written, self.output, self.reasoning];
        bytes.chunks_exact_mut(8).zip(counts).for_each(|(place, count)| place.copy_from_slice(&count.to_le_bytes()));
        bytes
    }
}
