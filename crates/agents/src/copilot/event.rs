//! One line of a file of events. Lenient: what has another type than it should is as if it were not there.

use session::transcript::Usage;

use crate::skim::{Broken, Raw, Skim};
use crate::transcripts::arguments::Arguments;

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Event<'b> {
    pub(super) kind: Raw<'b>,
    pub(super) id: Raw<'b>,
    pub(super) timestamp: Raw<'b>,
    /// The sub-agent that it is of.
    pub(super) agent: Raw<'b>,
    pub(super) data: Data<'b>,
}

/// What is in an event; which of it is there depends on its kind.
#[derive(Debug, Default)]
pub(super) struct Data<'b> {
    pub(super) session: Raw<'b>,
    pub(super) version: Raw<'b>,
    pub(super) model: Raw<'b>,
    pub(super) cwd: Raw<'b>,
    pub(super) branch: Raw<'b>,
    pub(super) content: Raw<'b>,
    pub(super) message: Raw<'b>,
    /// Who put a message in the person's place, if no person did.
    pub(super) source: Raw<'b>,
    /// The call of a tool that runs a sub-agent.
    pub(super) parent_call: Raw<'b>,
    pub(super) api_call: Raw<'b>,
    pub(super) output_tokens: Option<u64>,
    pub(super) requests: Vec<Request<'b>>,
    pub(super) call: Request<'b>,
    pub(super) has_failed: bool,
    pub(super) exit_code: Option<f64>,
    pub(super) result: Raw<'b>,
    pub(super) error_code: Raw<'b>,
    pub(super) usage: Option<Used<'b>>,
    pub(super) totals: Vec<(String, Used<'b>)>,
    pub(super) before: Option<u64>,
    pub(super) after: Option<u64>,
}

/// A call of a tool.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Request<'b> {
    pub(super) id: Raw<'b>,
    pub(super) name: Raw<'b>,
    pub(super) arguments: Arguments<'b>,
}

/// What was used, by the client's words: what was sent holds what was read from and written to caches, what came back holds reasoning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used<'b> {
    pub(super) model: Raw<'b>,
    pub(super) api_call: Raw<'b>,
    sent: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    reasoning: u64,
}

type Done = Result<(), Broken>;

impl<'b> Event<'b> {
    /// Reads a line; broken where it is no JSON object and nothing else.
    pub(super) fn read(line: &'b [u8]) -> Result<Self, Broken> {
        let mut event = Self::default();
        let mut skim = Skim::new(line);
        if skim.peek()? != b'{' {
            return Err(Broken);
        }
        skim.object(|key, value| match key {
            b"type" => value.text_into(&mut event.kind),
            b"id" => value.text_into(&mut event.id),
            b"timestamp" => value.text_into(&mut event.timestamp),
            b"agentId" => value.text_into(&mut event.agent),
            b"data" => {
                event.data = Data::default();
                value.object(|key, value| event.data.member(key, value))
            }
            _ => value.skip(),
        })?;
        if skim.is_over() { Ok(event) } else { Err(Broken) }
    }
}

impl<'b> Data<'b> {
    fn member(&mut self, key: &[u8], value: &mut Skim<'b>) -> Done {
        match key {
            b"sessionId" => value.text_into(&mut self.session),
            b"copilotVersion" => value.text_into(&mut self.version),
            b"selectedModel" | b"newModel" | b"model" => value.text_into(&mut self.model),
            b"content" => value.text_into(&mut self.content),
            b"messageId" => value.text_into(&mut self.message),
            b"source" => value.text_into(&mut self.source),
            b"parentToolCallId" => value.text_into(&mut self.parent_call),
            b"apiCallId" => value.text_into(&mut self.api_call),
            b"outputTokens" => value.count().map(|count| self.output_tokens = count),
            b"toolCallId" => value.text_into(&mut self.call.id),
            b"toolName" => value.text_into(&mut self.call.name),
            b"arguments" => Arguments::read(value).map(|arguments| self.call.arguments = arguments),
            b"success" => value.flag().map(|flag| self.has_failed = flag == Some(false)),
            b"preCompactionTokens" => value.count().map(|count| self.before = count),
            b"postCompactionTokens" => value.count().map(|count| self.after = count),
            b"context" => value.object(|key, value| match key {
                b"cwd" => value.text_into(&mut self.cwd),
                b"branch" => value.text_into(&mut self.branch),
                _ => value.skip(),
            }),
            b"shellExecution" => value.object(|key, value| match key {
                b"exitCode" => value.decimal().map(|code| self.exit_code = code),
                _ => value.skip(),
            }),
            b"result" => value.object(|key, value| match key {
                b"content" => value.text_into(&mut self.result),
                _ => value.skip(),
            }),
            b"error" => value.object(|key, value| match key {
                b"code" => value.text_into(&mut self.error_code),
                _ => value.skip(),
            }),
            b"toolRequests" => {
                self.requests.clear();
                value.array(|request| Request::read(request).map(|request| self.requests.push(request)))
            }
            b"usage" if value.peek()? == b'{' => Used::read(value).map(|used| self.usage = Some(used)),
            b"modelMetrics" => self.totals(value),
            b"accountingSnapshot" => value.object(|key, value| match key {
                b"modelMetrics" => self.totals(value),
                _ => value.skip(),
            }),
            _ => value.skip(),
        }
    }

    fn totals(&mut self, value: &mut Skim<'b>) -> Done {
        self.totals.clear();
        value.object(|model, value| {
            let mut used = None;
            value.object(|key, value| match key {
                b"usage" => Used::read(value).map(|said| used = Some(said)),
                _ => value.skip(),
            })?;
            self.totals.extend(used.map(|used| (String::from_utf8_lossy(model).into_owned(), used)));
            Ok(())
        })
    }
}

impl<'b> Request<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let mut request = Self::default();
        value.object(|key, value| match key {
            b"toolCallId" => value.text_into(&mut request.id),
            b"name" => value.text_into(&mut request.name),
            b"arguments" => Arguments::read(value).map(|arguments| request.arguments = arguments),
            _ => value.skip(),
        })?;
        Ok(request)
    }
}

impl<'b> Used<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let mut used = Self::default();
        value.object(|key, value| match key {
            b"model" => value.text_into(&mut used.model),
            b"apiCallId" => value.text_into(&mut used.api_call),
            b"inputTokens" => value.count_into(&mut used.sent),
            b"outputTokens" => value.count_into(&mut used.output),
            b"cacheReadTokens" => value.count_into(&mut used.cache_read),
            b"cacheWriteTokens" => value.count_into(&mut used.cache_write),
            b"reasoningTokens" => value.count_into(&mut used.reasoning),
            _ => value.skip(),
        })?;
        Ok(used)
    }

    /// Returns it with each token in one class.
    pub(super) fn usage(&self) -> Usage {
        Usage {
            input: self.sent.saturating_sub(self.cache_read).saturating_sub(self.cache_write),
            output: self.output,
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            reasoning: self.reasoning,
            ..Usage::default()
        }
    }
}
