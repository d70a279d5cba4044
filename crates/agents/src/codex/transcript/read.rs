//! A rollout, read to [`Facts`](session::transcript::Facts).
//!
//! What is a turn, a response, a tool call in the files of all generations of the client is decided here. Responses are on record by their ids, or,
//! of older clients, only in a running total that is written again and again; some files begin with the rows of another one.

use std::io::{self, Read};

use session::transcript::{Answer, Call, Compaction, Counts, Edit, Response, TypedTurn};

use super::calls::called;
use super::output::outcome;
use super::row::{Info, Payload, Row, Tokens};
use super::state::State;
use crate::skim::{Broken, Raw};
use crate::transcripts::gathered::Gathered;
use crate::transcripts::moment::millis;
use crate::transcripts::pass::{Carried, Pass, Wanted};
use crate::transcripts::rows::{self, Rows};
use crate::{TranscriptBuffers, transcript_id};

/// Up to which length words are told: whoever keeps them redacts them first, and cuts them then.
const LONGEST: usize = 16 << 10;

/// The version of what passes carry on.
const VERSION: u32 = 1;

/// What an editor puts before a prompt ends so.
const REQUEST: &str = "## My request for Codex:";

/// Reads what comes from a rollout. A last line without a line feed is taken if it is whole, else left for the next pass.
///
/// # Errors
/// When it cannot be read. Nothing is returned then: whoever reads again begins where he began.
pub fn read(input: &mut impl Read, wanted: Wanted, carried: &Carried, buffers: &mut TranscriptBuffers) -> io::Result<Pass> {
    let mut reader = Reader { wanted, state: carried.state(VERSION).unwrap_or_default(), gathered: Gathered::default() };
    let reached = rows::read(input, buffers, &mut reader)?;
    let carried = Carried::of(VERSION, &reader.state);
    Ok(Pass { facts: reader.gathered.finish(wanted), length: reached.length, unfinished: reached.unfinished, carried, ..Pass::default() })
}

/// Reports whether what a pass carried on is understood; else the file is to be read from its start.
pub fn can_go_on(carried: &Carried) -> bool {
    carried.state::<State>(VERSION).is_some()
}

struct Reader {
    wanted: Wanted,
    state: State,
    gathered: Gathered,
}

impl Rows for Reader {
    fn row(&mut self, line: &[u8]) -> Result<(), Broken> {
        let row = Row::read(line)?;
        self.take(&row, line);
        Ok(())
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.gathered.facts.counts
    }
}

impl Reader {
    fn take(&mut self, row: &Row<'_>, line: &[u8]) {
        let (at, said) = (millis(row.timestamp.bytes), &row.payload);
        self.state.pass_row(at);
        self.gathered.note_moment(at);
        match row.kind.bytes {
            b"session_meta" => self.begin(said),
            b"turn_context" => self.turn_context(said),
            b"token_usage_record" => self.record(said, at, line),
            b"event_msg" => self.event(said, at),
            b"response_item" if self.wanted == Wanted::Everything => self.item(said, at),
            b"compacted" => self.compacted(at),
            _ => {}
        }
        let session = std::mem::take(&mut self.state.session);
        self.gathered.count_record(&session);
        self.state.session = session;
        self.gathered.facts.counts.sidechain += u64::from(self.state.is_subagent);
    }

    fn begin(&mut self, said: &Payload<'_>) {
        let began = self.state.begin(said);
        if let Some(origin) = began.origin {
            self.gathered.note_origin(&origin);
        }
        self.gathered.note(|facts| &mut facts.cwds, &said.cwd.text(LONGEST));
        self.gathered.note(|facts| &mut facts.branches, &said.branch.text(LONGEST));
        self.gathered.note(|facts| &mut facts.versions, &said.version.text(LONGEST));
    }

    fn turn_context(&mut self, said: &Payload<'_>) {
        for (held, word) in [(&mut self.state.cwd, said.cwd), (&mut self.state.model, said.model)] {
            if !word.bytes.is_empty() {
                *held = word.text(super::state::LONGEST);
            }
        }
        self.turn(said.turn);
        self.gathered.note(|facts| &mut facts.cwds, &said.cwd.text(LONGEST));
    }

    fn turn(&mut self, id: Raw<'_>) {
        if !id.bytes.is_empty() {
            self.state.turn = transcript_id(id.bytes);
        }
    }

    fn event(&mut self, said: &Payload<'_>, at: Option<i64>) {
        match said.kind.bytes {
            b"token_count" if said.info != Info::Absent => {
                if let Some((used, id)) = self.state.count(said.info) {
                    self.response(id, &used, at);
                }
            }
            b"task_started" => self.turn(said.turn),
            b"turn_aborted" => self.gathered.facts.counts.interrupts += 1,
            b"user_message" if is_typed(said.message_kind) => self.prompt(said.message, None, at),
            b"item_completed" if said.item.kind.is(b"UserMessage") => {
                self.turn(said.turn);
                self.prompt(said.item.text, Some(said.item.id), at);
            }
            _ => {}
        }
    }

    fn record(&mut self, said: &Payload<'_>, at: Option<i64>, line: &[u8]) {
        let Some(used) = said.usage else { return };
        let mut id = self.state.record(said, &used);
        if said.response.bytes.is_empty() && said.thread_total.is_none() {
            id = transcript_id(line);
        }
        self.response(id, &used, at);
    }

    fn response(&mut self, message: u64, used: &Tokens, at: Option<i64>) {
        let state = &self.state;
        let response = Response {
            message,
            at,
            model: self.gathered.place(&state.model),
            conversation: self.gathered.place(conversation(state)),
            subagent: self.gathered.place(subagent(state)),
            cwd: self.gathered.place(&state.cwd),
            branch: self.gathered.place(&state.branch),
            usage: used.usage(),
            is_final: true,
            is_sidechain: state.is_subagent,
            is_copied: !state.origin.is_empty(),
            ..Response::default()
        };
        self.gathered.response(response);
    }

    /// Takes what a person typed. What a sub-agent is told its parent wrote.
    fn prompt(&mut self, text: Raw<'_>, item: Option<Raw<'_>>, at: Option<i64>) {
        if self.state.is_subagent {
            return;
        }
        let said = text.text(LONGEST);
        let Some(record) = self.state.prompt(&said, item.is_some()) else { return };
        let state = &self.state;
        let turn = TypedTurn {
            record: item.filter(|id| !id.bytes.is_empty()).map_or(record, |id| transcript_id(id.bytes)),
            prompt: state.turn,
            at,
            conversation: self.gathered.place(conversation(state)),
            cwd: self.gathered.place(&state.cwd),
            branch: self.gathered.place(&state.branch),
            is_copied: !state.origin.is_empty(),
        };
        self.gathered.facts.turns.push(turn);
        self.gathered.prompt(said.rsplit_once(REQUEST).map_or(said.as_str(), |(_, request)| request).trim_start());
    }

    fn item(&mut self, said: &Payload<'_>, at: Option<i64>) {
        match said.kind.bytes {
            b"function_call" | b"custom_tool_call" => self.call(said, &said.name.text(LONGEST), at),
            b"local_shell_call" => self.call(said, "local_shell", at),
            b"function_call_output" | b"custom_tool_call_output" | b"local_shell_call_output" => self.answer(said, at),
            _ => {}
        }
    }

    fn call(&mut self, said: &Payload<'_>, tool: &str, at: Option<i64>) {
        let id = if said.call.bytes.is_empty() { said.id } else { said.call };
        if id.bytes.is_empty() {
            return;
        }
        let called = called(tool, said, LONGEST);
        let (id, state) = (transcript_id(id.bytes), &self.state);
        let cwd = if called.cwd.is_empty() { &state.cwd } else { &called.cwd };
        let call = Call {
            id,
            tool: self.gathered.place(tool),
            at,
            conversation: self.gathered.place(conversation(state)),
            subagent: self.gathered.place(subagent(state)),
            cwd: self.gathered.place(&cwd[..cwd.floor_char_boundary(LONGEST)]),
            about: self.gathered.place(&called.about),
            is_edit: false,
            is_sidechain: state.is_subagent,
            is_copied: !state.origin.is_empty(),
        };
        self.gathered.facts.calls.push(call);
        for (place, (kind, file)) in (0..).zip(called.edits) {
            let file = self.gathered.place(&file[..file.floor_char_boundary(LONGEST)]);
            self.gathered.facts.edits.push(Edit { call: id, place, kind, file });
        }
    }

    fn answer(&mut self, said: &Payload<'_>, at: Option<i64>) {
        let outcome = outcome(said.output);
        let answer = Answer {
            call: transcript_id(said.call.bytes),
            at,
            duration_ms: outcome.duration_ms,
            is_error: outcome.has_failed || said.has_failed,
            refusal: outcome.refusal,
        };
        self.gathered.facts.answers.push(answer);
    }

    fn compacted(&mut self, at: Option<i64>) {
        let record = self.state.compaction();
        let conversation = self.gathered.place(conversation(&self.state));
        self.gathered.facts.compactions.push(Compaction { record, at, conversation, ..Compaction::default() });
    }
}

/// Returns the conversation that a row is of: of a copied one, the one it was copied from; of a sub-agent's, the one that has it.
fn conversation(state: &State) -> &str {
    if state.origin.is_empty() { &state.session } else { &state.origin }
}

fn subagent(state: &State) -> &str {
    if state.is_subagent { &state.own } else { "" }
}

/// Reports whether a message is what somebody typed, and not what an old client added.
fn is_typed(kind: Raw<'_>) -> bool {
    kind.bytes.is_empty() || kind.is(b"plain")
}
