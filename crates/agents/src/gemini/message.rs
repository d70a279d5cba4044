//! One line of a chat: its head, a message, or a change of either. Lenient: what has another type than it should is as if it were not there.

use session::transcript::Usage;

use crate::skim::{Broken, Raw, Skim};
use crate::transcripts::arguments::Arguments;

/// How many messages a line is believed to have: what is written in two bytes takes hundreds here.
const MOST_MESSAGES: usize = 1 << 17;

/// How many calls a message is believed to have.
const MOST_CALLS: usize = 1 << 14;

/// What a line says. An older file is one such line, whatever it looks like.
#[derive(Debug, Default)]
pub(super) struct Line<'b> {
    pub(super) head: Head<'b>,
    /// The message that the line itself is.
    pub(super) own: Message<'b>,
    /// Messages within it.
    pub(super) messages: Vec<Message<'b>>,
}

/// What is said of the chat.
#[derive(Debug, Default)]
pub(super) struct Head<'b> {
    pub(super) session: Raw<'b>,
    pub(super) kind: Raw<'b>,
    pub(super) start: Raw<'b>,
    pub(super) updated: Raw<'b>,
}

/// A message.
#[derive(Debug, Default)]
pub(super) struct Message<'b> {
    pub(super) id: Raw<'b>,
    pub(super) kind: Raw<'b>,
    pub(super) timestamp: Raw<'b>,
    pub(super) model: Raw<'b>,
    pub(super) text: Raw<'b>,
    /// Whether a part of it is a tool's response.
    pub(super) is_response_of_tool: bool,
    pub(super) usage: Option<Usage>,
    pub(super) calls: Vec<ToolCall<'b>>,
}

/// A call of a tool, with what came back.
#[derive(Debug, Default)]
pub(super) struct ToolCall<'b> {
    pub(super) id: Raw<'b>,
    pub(super) name: Raw<'b>,
    pub(super) arguments: Arguments<'b>,
    pub(super) status: Raw<'b>,
    pub(super) timestamp: Raw<'b>,
    pub(super) output: Raw<'b>,
}

type Done = Result<(), Broken>;

impl<'b> Line<'b> {
    /// Reads a line; broken where it is no JSON object and nothing else.
    pub(super) fn read(line: &'b [u8]) -> Result<Self, Broken> {
        let mut read = Self::default();
        let mut skim = Skim::new(line);
        if skim.peek()? != b'{' {
            return Err(Broken);
        }
        skim.object(|key, value| match key {
            b"$set" => value.object(|key, value| read.of_chat(key, value)),
            b"sessionId" | b"kind" | b"startTime" | b"lastUpdated" | b"messages" => read.of_chat(key, value),
            _ => read.own.member(key, value),
        })?;
        if skim.is_over() { Ok(read) } else { Err(Broken) }
    }

    fn of_chat(&mut self, key: &[u8], value: &mut Skim<'b>) -> Done {
        match key {
            b"sessionId" => value.text_into(&mut self.head.session),
            b"kind" => value.text_into(&mut self.head.kind),
            b"startTime" => value.text_into(&mut self.head.start),
            b"lastUpdated" => value.text_into(&mut self.head.updated),
            b"messages" => value.array(|message| {
                let message = Message::read(message)?;
                if self.messages.len() < MOST_MESSAGES {
                    self.messages.push(message);
                }
                Ok(())
            }),
            _ => value.skip(),
        }
    }
}

impl<'b> Message<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let mut message = Self::default();
        value.object(|key, value| message.member(key, value))?;
        Ok(message)
    }

    fn member(&mut self, key: &[u8], value: &mut Skim<'b>) -> Done {
        match key {
            b"id" => value.text_into(&mut self.id),
            b"type" => value.text_into(&mut self.kind),
            b"timestamp" => value.text_into(&mut self.timestamp),
            b"model" => value.text_into(&mut self.model),
            b"content" => self.content(value),
            b"tokens" if value.peek()? == b'{' => tokens(value).map(|usage| self.usage = Some(usage)),
            b"toolCalls" => {
                self.calls.clear();
                value.array(|call| {
                    let call = ToolCall::read(call)?;
                    if self.calls.len() < MOST_CALLS {
                        self.calls.push(call);
                    }
                    Ok(())
                })
            }
            _ => value.skip(),
        }
    }

    fn content(&mut self, value: &mut Skim<'b>) -> Done {
        self.text = Raw::default();
        if value.peek()? == b'"' {
            return value.text_into(&mut self.text);
        }
        value.array(|part| {
            part.object(|key, value| match key {
                b"text" if self.text.bytes.is_empty() => value.text_into(&mut self.text),
                b"functionResponse" => {
                    self.is_response_of_tool = true;
                    value.skip()
                }
                _ => value.skip(),
            })
        })
    }
}

/// Reads tokens: what was sent holds what was read from a cache, what came back does not hold thoughts.
fn tokens(value: &mut Skim<'_>) -> Result<Usage, Broken> {
    let [mut sent, mut output, mut cached, mut thoughts, mut tool] = [0; 5];
    value.object(|key, value| match key {
        b"input" => value.count_into(&mut sent),
        b"output" => value.count_into(&mut output),
        b"cached" => value.count_into(&mut cached),
        b"thoughts" => value.count_into(&mut thoughts),
        b"tool" => value.count_into(&mut tool),
        _ => value.skip(),
    })?;
    let input = sent.saturating_sub(cached).saturating_add(tool);
    Ok(Usage { input, cache_read: cached, output: output.saturating_add(thoughts), reasoning: thoughts, ..Usage::default() })
}

impl<'b> ToolCall<'b> {
    fn read(value: &mut Skim<'b>) -> Result<Self, Broken> {
        let mut call = Self::default();
        value.object(|key, value| match key {
            b"id" => value.text_into(&mut call.id),
            b"name" => value.text_into(&mut call.name),
            b"args" => Arguments::read(value).map(|arguments| call.arguments = arguments),
            b"status" => value.text_into(&mut call.status),
            b"timestamp" => value.text_into(&mut call.timestamp),
            b"result" => value.array(|part| call.result(part)),
            _ => value.skip(),
        })?;
        Ok(call)
    }

    fn result(&mut self, part: &mut Skim<'b>) -> Done {
        part.object(|key, value| match key {
            b"functionResponse" => value.object(|key, value| match key {
                b"response" => value.object(|key, value| match key {
                    b"output" => value.text_into(&mut self.output),
                    _ => value.skip(),
                }),
                _ => value.skip(),
            }),
            _ => value.skip(),
        })
    }
}
