//! One line of a transcript: what of it tells of turns, responses, tool calls and their surroundings.
//!
//! Lenient: keys come in any order, unknown ones are passed over, and what has another type than it should is as if it were not there.

use session::transcript::Usage;

use crate::skim::{Broken, Raw, Skim};

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Record<'b> {
    pub(super) kind: Raw<'b>,
    pub(super) subtype: Raw<'b>,
    pub(super) uuid: Raw<'b>,
    pub(super) session: Raw<'b>,
    pub(super) timestamp: Raw<'b>,
    pub(super) cwd: Raw<'b>,
    pub(super) branch: Raw<'b>,
    pub(super) version: Raw<'b>,
    pub(super) subagent: Raw<'b>,
    pub(super) request: Raw<'b>,
    /// The conversation that the record was copied from, as it says itself.
    forked_from: Raw<'b>,
    /// The conversation that asked for the response.
    requested_by: Raw<'b>,
    pub(super) prompt: Raw<'b>,
    pub(super) denial: Raw<'b>,
    /// What the record calls the conversation: `summary`, `title`, `aiTitle`, `customTitle`.
    pub(super) title: Raw<'b>,
    /// The milliseconds that a tool call took, as its result says.
    pub(super) took_ms: Option<u64>,
    pub(super) is_sidechain: bool,
    pub(super) is_meta: bool,
    pub(super) is_compact_summary: bool,
    pub(super) message: Option<Message<'b>>,
    pub(super) embedded: Option<Embedded<'b>>,
    pub(super) compaction: CompactionSaid<'b>,
    pub(super) own_totals: Vec<OwnSaid>,
}

/// A message within a record.
#[derive(Debug, Default)]
pub(super) struct Message<'b> {
    pub(super) id: Raw<'b>,
    pub(super) model: Raw<'b>,
    pub(super) has_stopped: bool,
    pub(super) usage: Option<UsageSaid<'b>>,
    /// The content, where it is one string.
    pub(super) text: Option<Raw<'b>>,
    pub(super) blocks: Vec<Block<'b>>,
}

/// What a message says of its usage.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UsageSaid<'b> {
    pub(super) usage: Usage,
    pub(super) service_tier: Raw<'b>,
    pub(super) speed: Raw<'b>,
}

/// A part of a message's content.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block<'b> {
    pub(super) kind: Raw<'b>,
    pub(super) id: Raw<'b>,
    pub(super) name: Raw<'b>,
    pub(super) text: Option<Raw<'b>>,
    pub(super) answers: Raw<'b>,
    pub(super) is_error: bool,
    pub(super) command: Raw<'b>,
    pub(super) file: Raw<'b>,
}

/// A message of a sub-agent within a record of its parent.
#[derive(Debug, Default)]
pub(super) struct Embedded<'b> {
    pub(super) is_of_agent: bool,
    pub(super) subagent: Raw<'b>,
    pub(super) kind: Raw<'b>,
    pub(super) uuid: Raw<'b>,
    pub(super) request: Raw<'b>,
    pub(super) timestamp: Raw<'b>,
    pub(super) message: Option<Message<'b>>,
}

/// What a record of a compaction says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CompactionSaid<'b> {
    pub(super) trigger: Raw<'b>,
    pub(super) before: Option<u64>,
    pub(super) after: Option<u64>,
}

/// What the agent says of its total with one model.
#[derive(Debug, Default)]
pub(super) struct OwnSaid {
    pub(super) model: String,
    pub(super) usage: Usage,
    pub(super) cost_micros: u64,
}

type Done = Result<(), Broken>;

impl<'b> Record<'b> {
    /// Reads a line; broken where it is no JSON object and nothing else.
    pub(super) fn read(line: &'b [u8]) -> Result<Self, Broken> {
        let mut record = Self::default();
        let mut skim = Skim::new(line);
        if skim.peek()? != b'{' {
            return Err(Broken);
        }
        skim.object(|key, value| record.member(key, value))?;
        if skim.is_over() { Ok(record) } else { Err(Broken) }
    }

    /// Returns the conversation that the record was copied from, or its own; the empty string where it says neither.
    pub(super) fn copied_from(&self) -> Raw<'b> {
        if self.forked_from.bytes.is_empty() { self.requested_by } else { self.forked_from }
    }

    fn member(&mut self, key: &[u8], value: &mut Skim<'b>) -> Done {
        match key {
            b"type" => text(&mut self.kind, value),
            b"subtype" => text(&mut self.subtype, value),
            b"uuid" => text(&mut self.uuid, value),
            b"sessionId" => text(&mut self.session, value),
            b"timestamp" => text(&mut self.timestamp, value),
            b"cwd" => text(&mut self.cwd, value),
            b"gitBranch" => text(&mut self.branch, value),
            b"version" => text(&mut self.version, value),
            b"agentId" => text(&mut self.subagent, value),
            b"requestId" => text(&mut self.request, value),
            b"requestSessionId" => text(&mut self.requested_by, value),
            b"promptId" => text(&mut self.prompt, value),
            b"toolDenialKind" => text(&mut self.denial, value),
            b"summary" | b"title" | b"aiTitle" | b"customTitle" => text(&mut self.title, value),
            b"isSidechain" => truth(&mut self.is_sidechain, value),
            b"isMeta" => truth(&mut self.is_meta, value),
            b"isCompactSummary" => truth(&mut self.is_compact_summary, value),
            b"forkedFrom" => value.object(|key, value| match key {
                b"sessionId" => text(&mut self.forked_from, value),
                _ => value.skip(),
            }),
            b"toolUseResult" => value.object(|key, value| match key {
                b"durationMs" | b"totalDurationMs" => count(&mut self.took_ms, value),
                _ => value.skip(),
            }),
            b"compactMetadata" => value.object(|key, value| match key {
                b"trigger" => text(&mut self.compaction.trigger, value),
                b"preTokens" => count(&mut self.compaction.before, value),
                b"postTokens" => count(&mut self.compaction.after, value),
                _ => value.skip(),
            }),
            b"message" if value.peek()? == b'{' => Message::read(value).map(|message| self.message = message),
            b"data" => Embedded::read(value).map(|embedded| self.embedded = Some(embedded)),
            b"modelUsage" => own_totals(&mut self.own_totals, value),
            _ => value.skip(),
        }
    }
}

impl<'b> Message<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Option<Self>, Broken> {
        if value.peek()? != b'{' {
            return value.skip().map(|()| None);
        }
        let mut message = Self::default();
        value.object(|key, value| match key {
            b"id" => text(&mut message.id, value),
            b"model" => text(&mut message.model, value),
            b"stop_reason" => {
                message.has_stopped = value.peek()? == b'"';
                value.skip()
            }
            b"usage" if value.peek()? == b'{' => UsageSaid::read(value).map(|usage| message.usage = Some(usage)),
            b"content" if value.peek()? == b'"' => {
                message.blocks.clear();
                value.string().map(|said| message.text = said)
            }
            b"content" if value.peek()? == b'[' => {
                (message.text, message.blocks) = (None, Vec::new());
                value.array(|block| Block::read(block).map(|block| message.blocks.extend(block)))
            }
            _ => value.skip(),
        })?;
        Ok(Some(message))
    }
}

impl<'b> UsageSaid<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let (mut said, mut written) = (Self::default(), None);
        let usage = &mut said.usage;
        value.object(|key, value| match key {
            b"input_tokens" => number(&mut usage.input, value),
            b"output_tokens" => number(&mut usage.output, value),
            b"cache_read_input_tokens" => number(&mut usage.cache_read, value),
            b"cache_creation_input_tokens" => count(&mut written, value),
            b"cache_creation" => value.object(|key, value| match key {
                b"ephemeral_5m_input_tokens" => number(&mut usage.cache_write_5m, value),
                b"ephemeral_1h_input_tokens" => number(&mut usage.cache_write_1h, value),
                _ => value.skip(),
            }),
            b"output_tokens_details" => value.object(|key, value| match key {
                b"thinking_tokens" | b"reasoning_tokens" => number(&mut usage.reasoning, value),
                _ => value.skip(),
            }),
            b"server_tool_use" => value.object(|key, value| match key {
                b"web_search_requests" => number(&mut usage.searches, value),
                _ => value.skip(),
            }),
            b"service_tier" => text(&mut said.service_tier, value),
            b"speed" => text(&mut said.speed, value),
            _ => value.skip(),
        })?;
        usage.cache_write = written.unwrap_or(usage.cache_write_5m.saturating_add(usage.cache_write_1h));
        Ok(said)
    }
}

impl<'b> Block<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Option<Self>, Broken> {
        if value.peek()? != b'{' {
            return value.skip().map(|()| None);
        }
        let mut block = Self::default();
        value.object(|key, value| match key {
            b"type" => text(&mut block.kind, value),
            b"id" => text(&mut block.id, value),
            b"name" => text(&mut block.name, value),
            b"tool_use_id" => text(&mut block.answers, value),
            b"is_error" => truth(&mut block.is_error, value),
            b"text" => value.string().map(|said| block.text = said),
            b"input" => value.object(|key, value| match key {
                b"command" => text(&mut block.command, value),
                b"file_path" | b"notebook_path" => text(&mut block.file, value),
                _ => value.skip(),
            }),
            _ => value.skip(),
        })?;
        Ok(Some(block))
    }
}

impl<'b> Embedded<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let mut embedded = Self::default();
        let mut kind = Raw::default();
        value.object(|key, value| match key {
            b"type" => text(&mut kind, value),
            b"agentId" => text(&mut embedded.subagent, value),
            b"message" => value.object(|key, value| match key {
                b"type" => text(&mut embedded.kind, value),
                b"uuid" => text(&mut embedded.uuid, value),
                b"requestId" => text(&mut embedded.request, value),
                b"timestamp" => text(&mut embedded.timestamp, value),
                b"message" => Message::read(value).map(|message| embedded.message = message),
                _ => value.skip(),
            }),
            _ => value.skip(),
        })?;
        embedded.is_of_agent = kind.is(b"agent_progress");
        Ok(embedded)
    }
}

fn own_totals(models: &mut Vec<OwnSaid>, value: &mut Skim<'_>) -> Done {
    models.clear();
    value.object(|model, value| {
        let mut said = OwnSaid { model: String::from_utf8_lossy(model).into_owned(), ..OwnSaid::default() };
        value.object(|key, value| match key {
            b"inputTokens" => number(&mut said.usage.input, value),
            b"outputTokens" => number(&mut said.usage.output, value),
            b"cacheReadInputTokens" => number(&mut said.usage.cache_read, value),
            b"cacheCreationInputTokens" => number(&mut said.usage.cache_write, value),
            b"webSearchRequests" => number(&mut said.usage.searches, value),
            b"costUSD" => value.decimal().map(|dollars| said.cost_micros = (dollars.unwrap_or(0.0) * 1e6).round() as u64),
            _ => value.skip(),
        })?;
        models.push(said);
        Ok(())
    })
}

fn text<'b>(held: &mut Raw<'b>, value: &mut Skim<'b>) -> Done {
    if let Some(said) = value.string()? {
        *held = said;
    }
    Ok(())
}

fn truth(held: &mut bool, value: &mut Skim<'_>) -> Done {
    *held = value.flag()?.unwrap_or(false);
    Ok(())
}

fn count(held: &mut Option<u64>, value: &mut Skim<'_>) -> Done {
    if let Some(said) = value.count()? {
        *held = Some(said);
    }
    Ok(())
}

fn number(held: &mut u64, value: &mut Skim<'_>) -> Done {
    *held = value.count()?.unwrap_or(0);
    Ok(())
}
