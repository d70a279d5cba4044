//! A file of events, read to [`Facts`](session::transcript::Facts).
//!
//! What a model used is on record for each call of it; clients before that was so say only what came back, with each message, and all of it when
//! they end well. A message asks for a call, and then the call starts: it is among the facts twice, with the same id.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use session::transcript::{Answer, Call, Compaction, Counts, Edit, OwnTotal, Refusal, Response, TypedTurn, Usage};

use super::event::{Event, Request};
use super::file_use;
use super::totals::{Ended, Totals};
use crate::claude_code::transcript::is_id;
use crate::skim::{Broken, Raw};
use crate::transcripts::gathered::Gathered;
use crate::transcripts::holding::Entry;
use crate::transcripts::moment::millis;
use crate::transcripts::pass::{Carried, Pass, Wanted};
use crate::transcripts::rows::{self, Rows};
use crate::{FileUse, TranscriptBuffers, transcript_id};

const LONGEST: usize = 16 << 10;

/// Up to which length a string is carried on.
const CARRIED: usize = 4 << 10;

/// The version of what passes carry on.
const VERSION: u32 = 2;

/// Reads what comes from a file of events. A last line without a line feed is taken if it is whole, else left for the next pass.
///
/// # Errors
/// When it cannot be read. Nothing is returned then: whoever reads again begins where he began.
pub fn read(input: &mut impl Read, wanted: Wanted, carried: &Carried, buffers: &mut TranscriptBuffers) -> io::Result<Pass> {
    let mut reader = Reader { state: carried.state(VERSION).unwrap_or_default(), gathered: Gathered::default() };
    let reached = rows::read(input, buffers, &mut reader)?;
    let carried = Carried::of(VERSION, &reader.state);
    Ok(Pass { facts: reader.gathered.finish(wanted), length: reached.length, unfinished: reached.unfinished, carried, ..Pass::default() })
}

/// Reports whether what a pass carried on is understood; else the file is to be read from its start.
pub fn can_go_on(carried: &Carried) -> bool {
    carried.state::<State>(VERSION).is_some()
}

/// Reports whether a file of this name is one of events.
pub fn is_transcript(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "events.jsonl")
}

/// Returns what something is that lies some steps below the directory of sessions.
pub(crate) fn entry<'n>(steps: &[&'n OsStr], is_directory: bool) -> Entry<'n> {
    match steps {
        [name] if is_directory => name.to_str().filter(|id| is_id(id)).map_or(Entry::Nothing, Entry::Folder),
        _ => Entry::Nothing,
    }
}

/// What of earlier lines later ones need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    session: String,
    cwd: String,
    branch: String,
    model: String,
    /// Whether this client puts on record what a model used.
    has_records: bool,
    /// What it used, where it does not.
    totals: Totals,
}

struct Reader {
    state: State,
    gathered: Gathered,
}

impl Rows for Reader {
    fn row(&mut self, line: &[u8]) -> Result<(), Broken> {
        let event = Event::read(line)?;
        self.take(&event);
        Ok(())
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.gathered.facts.counts
    }
}

impl Reader {
    fn take(&mut self, event: &Event<'_>) {
        let at = millis(event.timestamp.bytes);
        self.gathered.note_moment(at);
        self.gathered.facts.counts.sidechain += u64::from(!subagent(event).bytes.is_empty());
        match event.kind.bytes {
            b"session.start" | b"session.resume" => self.begin(event),
            b"session.model_change" => hold(&mut self.state.model, event.data.model),
            b"user.message" => self.turn(event, at),
            b"assistant.message" => self.message(event, at),
            b"session.usage_record" => self.record(event, at),
            b"tool.execution_start" => self.call(event, &event.data.call, at),
            b"tool.execution_complete" => self.answer(event, at),
            b"session.compaction_complete" if !event.data.has_failed => self.compacted(event, at),
            b"abort" => self.gathered.facts.counts.interrupts += 1,
            b"session.shutdown" => self.own_totals(event, at),
            _ => {}
        }
        self.gathered.count_record(&self.state.session.clone());
    }

    fn begin(&mut self, event: &Event<'_>) {
        let said = &event.data;
        let state = &mut self.state;
        for (held, word) in [
            (&mut state.session, said.session),
            (&mut state.model, said.model),
            (&mut state.cwd, said.cwd),
            (&mut state.branch, said.branch),
        ] {
            hold(held, word);
        }
        self.gathered.note(|facts| &mut facts.cwds, &said.cwd.text(LONGEST));
        self.gathered.note(|facts| &mut facts.branches, &said.branch.text(LONGEST));
        self.gathered.note(|facts| &mut facts.versions, &said.version.text(LONGEST));
    }

    fn turn(&mut self, event: &Event<'_>, at: Option<i64>) {
        let said = &event.data;
        if !(said.source.bytes.is_empty() || said.source.is(b"user")) || !subagent(event).bytes.is_empty() {
            self.gathered.facts.counts.meta += 1;
            return;
        }
        let turn = TypedTurn {
            record: id(said.message, event.id),
            prompt: 0,
            at,
            conversation: self.gathered.place(&self.state.session),
            cwd: self.gathered.place(&self.state.cwd),
            branch: self.gathered.place(&self.state.branch),
            is_copied: false,
        };
        self.gathered.facts.turns.push(turn);
        self.gathered.prompt(&said.content.text(LONGEST));
    }

    fn message(&mut self, event: &Event<'_>, at: Option<i64>) {
        let said = &event.data;
        said.requests.iter().for_each(|request| self.call(event, request, at));
        let Some(output) = said.output_tokens.filter(|&output| output > 0) else { return };
        // A lower bound, where nothing better is on record.
        if !said.api_call.bytes.is_empty() || !self.state.has_records {
            let message = if said.api_call.bytes.is_empty() { id(said.message, event.id) } else { self.of_call(said.api_call) };
            let model = if said.model.bytes.is_empty() { self.state.model.clone() } else { said.model.text(CARRIED) };
            self.state.totals.message(&model, message, output);
            self.response(event, message, said.model, Usage { output, ..Usage::default() }, false, at);
        }
    }

    fn record(&mut self, event: &Event<'_>, at: Option<i64>) {
        let Some(used) = event.data.usage else { return };
        self.state.has_records = true;
        let message = if used.api_call.bytes.is_empty() { id(Raw::default(), event.id) } else { self.of_call(used.api_call) };
        self.response(event, message, used.model, used.usage(), true, at);
    }

    /// Returns the id of a response. Some services number the calls of a model from one again and again.
    fn of_call(&self, call: Raw<'_>) -> u64 {
        transcript_id([self.state.session.as_bytes(), b"/", call.bytes].concat())
    }

    fn response(&mut self, event: &Event<'_>, message: u64, model: Raw<'_>, usage: Usage, is_final: bool, at: Option<i64>) {
        let model = if model.bytes.is_empty() { self.state.model.clone() } else { model.text(LONGEST) };
        let response = Response {
            message,
            at,
            model: self.gathered.place(&model),
            conversation: self.gathered.place(&self.state.session),
            subagent: self.gathered.place(&subagent(event).text(LONGEST)),
            cwd: self.gathered.place(&self.state.cwd),
            branch: self.gathered.place(&self.state.branch),
            usage,
            is_final,
            is_sidechain: !subagent(event).bytes.is_empty(),
            ..Response::default()
        };
        self.gathered.response(response);
    }

    fn call(&mut self, event: &Event<'_>, request: &Request<'_>, at: Option<i64>) {
        if request.id.bytes.is_empty() {
            return;
        }
        let tool = request.name.text(LONGEST);
        let id = transcript_id(request.id.bytes);
        let call = Call {
            id,
            tool: self.gathered.place(&tool),
            at,
            conversation: self.gathered.place(&self.state.session),
            subagent: self.gathered.place(&subagent(event).text(LONGEST)),
            cwd: self.gathered.place(&self.state.cwd),
            about: self.gathered.place(&request.arguments.about(matches!(tool.as_str(), "bash" | "powershell"))),
            is_edit: file_use(tool.as_str()).is_some_and(FileUse::changes),
            is_sidechain: !subagent(event).bytes.is_empty(),
            is_copied: false,
        };
        self.gathered.facts.calls.push(call);
        let edits = if tool == "apply_patch" { request.arguments.edits() } else { Vec::new() };
        for (place, (kind, file)) in (0..).zip(edits) {
            let file = self.gathered.place(&file);
            self.gathered.facts.edits.push(Edit { call: id, place, kind, file });
        }
    }

    fn answer(&mut self, event: &Event<'_>, at: Option<i64>) {
        let said = &event.data;
        let is_refused = said.error_code.is(b"rejected") || said.error_code.is(b"denied");
        let exit_code = said.exit_code.or_else(|| printed_code(&said.result.text(usize::MAX)));
        let answer = Answer {
            call: transcript_id(said.call.id.bytes),
            at,
            duration_ms: None,
            is_error: said.has_failed || exit_code.is_some_and(|code| code != 0.0),
            refusal: is_refused.then_some(Refusal::Rejected),
        };
        self.gathered.facts.answers.push(answer);
    }

    fn compacted(&mut self, event: &Event<'_>, at: Option<i64>) {
        let compaction = Compaction {
            record: id(Raw::default(), event.id),
            at,
            conversation: self.gathered.place(&self.state.session),
            tokens_before: event.data.before,
            tokens_after: event.data.after,
            ..Compaction::default()
        };
        self.gathered.facts.compactions.push(compaction);
    }

    fn own_totals(&mut self, event: &Event<'_>, at: Option<i64>) {
        let totals: Vec<(String, Usage)> = event.data.totals.iter().map(|(model, used)| (model.clone(), used.usage())).collect();
        let ended = self.state.totals.end(&totals);
        if !self.state.has_records {
            self.ended(event, ended, at);
        }
        let conversation = self.gathered.place(&self.state.session);
        for (model, usage) in totals {
            let model = self.gathered.place(&model);
            let total = OwnTotal { conversation, model, usage, cost_micros: 0 };
            total.keep_latest(&mut self.gathered.facts.own_totals);
        }
    }

    /// Takes what is known at the end of a client that puts no records.
    fn ended(&mut self, event: &Event<'_>, ended: Ended, at: Option<i64>) {
        for message in ended.known {
            let conversation = self.gathered.place(&self.state.session);
            self.gathered.response(Response { conversation, ..of_earlier(message) });
        }
        for (model, message, usage) in ended.rests {
            let (conversation, model_name) = (self.gathered.place(&self.state.session), self.gathered.place(&model));
            let earlier = message.map(|message| Response { conversation, model: model_name, usage, ..of_earlier(message) });
            let own = transcript_id([event.id.bytes, b"/", model.as_bytes()].concat());
            match earlier {
                Some(response) => self.gathered.response(response),
                None => self.response(event, own, Raw { bytes: model.as_bytes(), is_escaped: false }, usage, true, at),
            }
        }
    }
}

/// Returns what is said later of a response. What was said of it first stands, but for what it used.
fn of_earlier(message: u64) -> Response {
    Response { message, is_final: true, is_sidechain: true, ..Response::default() }
}

fn subagent<'b>(event: &Event<'b>) -> Raw<'b> {
    if event.agent.bytes.is_empty() { event.data.parent_call } else { event.agent }
}

fn id(own: Raw<'_>, of_event: Raw<'_>) -> u64 {
    transcript_id(if own.bytes.is_empty() { of_event.bytes } else { own.bytes })
}

fn hold(held: &mut String, said: Raw<'_>) {
    if !said.bytes.is_empty() {
        *held = said.text(CARRIED);
    }
}

/// Older clients only print it: `<exited with exit code 3>`.
fn printed_code(text: &str) -> Option<f64> {
    let last = text.trim_end().rsplit('\n').next()?.strip_suffix('>')?;
    last.starts_with('<').then(|| last.rsplit_once("exit code ")).flatten()?.1.parse().ok()
}
