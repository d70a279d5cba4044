//! What comes of a session, its messages and their parts.
//!
//! A fork copies all messages under new ids; when they were made, with which model and what they used stays. That is how they are known here.

use session::transcript::{Answer, Call, Compaction, Edit, Facts, Name, OwnTotal, Response, TitleKind, TypedTurn, Usage};

use super::file_use;
use super::told::{Message, Part, Session, Tool};
use crate::transcripts::gathered::Gathered;
use crate::transcripts::pass::Wanted;
use crate::{FileUse, transcript_id};

/// What was found of one session so far.
pub(super) struct OfSession {
    session: Session,
    gathered: Gathered,
}

/// Whose something is, and where it was.
#[derive(Clone, Copy)]
struct Whose {
    conversation: Name,
    subagent: Name,
    cwd: Name,
    is_sidechain: bool,
    is_copied: bool,
}

impl OfSession {
    pub(super) fn new(session: Session) -> Self {
        let mut gathered = Gathered::default();
        gathered.note(|facts| &mut facts.cwds, &session.directory);
        gathered.note(|facts| &mut facts.versions, &session.version);
        gathered.note(|facts| &mut facts.origins, &session.origin);
        // What a sub-agent is called is not what the conversation is about.
        if session.parent.is_empty() {
            gathered.title(TitleKind::Agent, &session.title);
        }
        Self { session, gathered }
    }

    /// Counts something that cannot be read.
    pub(super) fn broken(&mut self) {
        self.gathered.facts.counts.lines += 1;
        self.gathered.facts.counts.broken += 1;
    }

    /// Counts something that is too long to be read.
    pub(super) fn too_long(&mut self) {
        self.gathered.facts.counts.lines += 1;
        self.gathered.facts.counts.too_long += 1;
    }

    /// Takes a message with its parts.
    pub(super) fn message(&mut self, message: &Message, parts: &[Part]) {
        let is_subagent = !self.session.parent.is_empty();
        let counts = &mut self.gathered.facts.counts;
        counts.lines += 1 + parts.len() as u64;
        counts.sidechain += u64::from(is_subagent);
        self.gathered.note_moment(message.created);
        self.gathered.count_record(if is_subagent { &self.session.parent } else { &self.session.id });
        self.gathered.note(|facts| &mut facts.cwds, &message.cwd);
        let whose = self.whose(message);
        if message.is_user {
            self.of_person(message, parts, whose);
        } else if let Some(usage) = message.usage {
            self.response(message, usage, whose);
        }
        for part in parts {
            match part {
                Part::Tool(tool) => self.call(message, tool, whose),
                Part::Compaction { is_auto } => self.compacted(message, *is_auto, whose),
                Part::Text(_) | Part::Other => {}
            }
        }
    }

    fn whose(&mut self, message: &Message) -> Whose {
        let session = &self.session;
        let is_sidechain = !session.parent.is_empty();
        let is_copied = message.created.zip(session.created).is_some_and(|(message, session)| message < session);
        let conversation = match () {
            () if is_sidechain => &session.parent,
            () if is_copied && !session.origin.is_empty() => &session.origin,
            () => &session.id,
        };
        let cwd = if message.cwd.is_empty() { &session.directory } else { &message.cwd };
        Whose {
            conversation: self.gathered.place(conversation),
            subagent: self.gathered.place(if is_sidechain { &session.id } else { "" }),
            cwd: self.gathered.place(cwd),
            is_sidechain,
            is_copied,
        }
    }

    /// Takes what stands in the person's place: a prompt, if there are words that somebody typed.
    fn of_person(&mut self, message: &Message, parts: &[Part], whose: Whose) {
        let said = parts.iter().find_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None });
        let Some(said) = said.filter(|_| !whose.is_sidechain) else { return };
        let Whose { conversation, cwd, is_copied, .. } = whose;
        let record = id("prompt", message, &[&transcript_id(said).to_le_bytes()]);
        let turn = TypedTurn { record, prompt: 0, at: message.created, conversation, cwd, is_copied, ..TypedTurn::default() };
        self.gathered.facts.turns.push(turn);
        self.gathered.prompt(said);
    }

    fn response(&mut self, message: &Message, usage: Usage, whose: Whose) {
        if usage.total() == 0 {
            return;
        }
        let counts = [usage.input, usage.output, usage.reasoning, usage.cache_read, usage.cache_write].map(u64::to_le_bytes);
        let response = Response {
            message: id("response", message, &[&counts.concat(), message.model.as_bytes()]),
            at: message.created,
            model: self.gathered.place(&message.model),
            conversation: whose.conversation,
            subagent: whose.subagent,
            cwd: whose.cwd,
            usage,
            is_final: message.is_complete,
            is_sidechain: whose.is_sidechain,
            is_copied: whose.is_copied,
            ..Response::default()
        };
        self.gathered.response(response);
    }

    fn call(&mut self, message: &Message, tool: &Tool, whose: Whose) {
        if tool.call.is_empty() {
            return;
        }
        let call = transcript_id(&tool.call);
        self.gathered.note_moment(tool.start);
        self.gathered.note_moment(tool.end);
        let made = Call {
            id: call,
            tool: self.gathered.place(&tool.name),
            at: tool.start.or(message.created),
            conversation: whose.conversation,
            subagent: whose.subagent,
            cwd: whose.cwd,
            about: self.gathered.place(&tool.about),
            is_edit: file_use(tool.name.as_str()).is_some_and(FileUse::changes),
            is_sidechain: whose.is_sidechain,
            is_copied: whose.is_copied,
        };
        self.gathered.facts.calls.push(made);
        for (place, (kind, file)) in (0..).zip(&tool.edits) {
            let file = self.gathered.place(file);
            self.gathered.facts.edits.push(Edit { call, place, kind: *kind, file });
        }
        if tool.is_over {
            let took = tool.start.zip(tool.end).and_then(|(start, end)| u64::try_from(end.saturating_sub(start)).ok());
            let answer = Answer { call, at: tool.end, duration_ms: took, is_error: tool.has_failed, refusal: tool.refusal };
            self.gathered.facts.answers.push(answer);
        }
    }

    fn compacted(&mut self, message: &Message, is_auto: bool, whose: Whose) {
        let compaction = Compaction {
            record: id("compaction", message, &[]),
            at: message.created,
            conversation: whose.conversation,
            trigger: self.gathered.place(if is_auto { "auto" } else { "manual" }),
            ..Compaction::default()
        };
        self.gathered.facts.compactions.push(compaction);
    }

    /// Returns what was found.
    pub(super) fn finish(mut self, wanted: Wanted) -> Facts {
        if let Some((usage, cost_micros)) = self.session.total {
            let conversation = self.gathered.place(&self.session.id);
            let model = self.gathered.place(&self.session.model);
            self.gathered.facts.own_totals.push(OwnTotal { conversation, model, usage, cost_micros });
        }
        self.gathered.finish(wanted)
    }
}

/// Returns the id of something that a message says: the same in a copy of it.
fn id(what: &str, message: &Message, said: &[&[u8]]) -> u64 {
    let when = message.created.map_or_else(|| message.id.clone().into_bytes(), |created| created.to_le_bytes().to_vec());
    transcript_id([what.as_bytes(), &when, &said.concat()].concat())
}
