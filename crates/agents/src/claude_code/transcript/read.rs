//! A transcript, read to [`Facts`].
//!
//! What is a turn, a response, a tool call in the files of all generations of the client is decided here. One response is several lines, with the
//! same ids; user lines are mostly no prompts; lines of sub-agents stand in the same file, in files of their own, or within lines of others.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

use session::transcript::{Answer, Call, Compaction, Facts, Name, OwnTotal, Refusal, Response, Title, TitleKind, TypedTurn};

use super::record::{Block, Message, Record, UsageSaid};
use super::wrapper::Wrapper;
use crate::lines::{self, Sink};
use crate::skim::Raw;
use crate::transcript_id;
use crate::transcripts::moment::millis;
use crate::transcripts::pass::{Pass, Wanted};
use crate::transcripts::strings::Strings;
use crate::{FileUse, TranscriptBuffers};

/// Up to which length words are told: whoever keeps them redacts them first, and cuts them then.
const LONGEST: usize = 16 << 10;

/// Reads what comes from a transcript. A last line without a line feed is taken if it is whole, else left for the next pass.
///
/// # Errors
/// When it cannot be read. Nothing is returned then: whoever reads again begins where he began.
pub fn read(input: &mut impl Read, wanted: Wanted, buffers: &mut TranscriptBuffers) -> io::Result<Pass> {
    let mut reader = Reader::new(wanted);
    let tail = lines::read(input, &mut buffers.lines, &mut reader)?;
    let is_whole = tail.length == tail.bytes.len() as u64 && reader.whole_tail(&tail.bytes);
    let (length, unfinished) = if is_whole { (tail.at + tail.length, 0) } else { (tail.at, tail.length) };
    Ok(Pass { facts: reader.finish(), length, unfinished, ..Pass::default() })
}

struct Reader {
    wanted: Wanted,
    usage: memchr::memmem::Finder<'static>,
    facts: Facts,
    strings: Strings,
    /// Where the response of a message and a request is.
    responses: HashMap<(u64, u64), usize>,
    last_response: Option<((u64, u64), usize)>,
    embedded: HashSet<(u64, u64)>,
    /// How many of the turns stand before a copied record.
    copied_turns: usize,
}

impl Sink for Reader {
    fn lines(&mut self, lines: &[u8]) {
        if self.wanted == Wanted::Usage {
            return self.lines_of_usage(lines);
        }
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', lines) {
            self.line(&lines[from..end]);
            from = end + 1;
        }
    }

    fn line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        self.facts.counts.lines += 1;
        match Record::read(line) {
            Ok(record) => self.record(&record, line),
            Err(_) => self.facts.counts.broken += 1,
        }
    }

    fn too_long(&mut self) {
        self.facts.counts.lines += 1;
        self.facts.counts.too_long += 1;
    }
}

impl Reader {
    fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            usage: memchr::memmem::Finder::new(b"\"usage\""),
            facts: Facts::default(),
            strings: Strings::default(),
            responses: HashMap::new(),
            last_response: None,
            embedded: HashSet::new(),
            copied_turns: 0,
        }
    }

    /// Reads only the lines in which a key is called so. Text that speaks of it has its quotes escaped.
    fn lines_of_usage(&mut self, lines: &[u8]) {
        let mut from = 0;
        while let Some(found) = self.usage.find(&lines[from..]) {
            let at = from + found;
            let begin = memchr::memrchr(b'\n', &lines[from..at]).map_or(from, |feed| from + feed + 1);
            let end = memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |feed| at + feed);
            self.line(&lines[begin..end]);
            from = (end + 1).min(lines.len());
        }
    }

    /// Reports whether what is behind the last line feed is a whole line all the same, and takes it then.
    fn whole_tail(&mut self, tail: &[u8]) -> bool {
        let is_whole = Record::read(tail).is_ok();
        if is_whole {
            self.line(tail);
        }
        is_whole
    }

    fn finish(mut self) -> Facts {
        self.facts.turns[..self.copied_turns].iter_mut().for_each(|turn| turn.is_copied = true);
        self.facts.names = self.strings.into_names();
        self.facts
    }

    fn record(&mut self, record: &Record<'_>, line: &[u8]) {
        let at = millis(record.timestamp.bytes);
        if self.wanted == Wanted::Everything {
            self.surroundings(record, at);
        }
        match record.kind.bytes {
            b"assistant" => self.assistant(record, at, line),
            b"progress" => self.progress(record, at, line),
            _ if self.wanted == Wanted::Usage => {}
            b"user" => self.user(record, at, line),
            b"system" if record.subtype.is(b"compact_boundary") => self.compacted(record, at, line),
            b"cost-state" => self.own_totals(record),
            b"summary" => self.title(TitleKind::Summary, record.title),
            b"ai-title" => self.title(TitleKind::Agent, record.title),
            b"custom-title" => self.title(TitleKind::Person, record.title),
            _ => {}
        }
    }

    /// Notes what every record may say.
    fn surroundings(&mut self, record: &Record<'_>, at: Option<i64>) {
        let facts = &mut self.facts;
        facts.extent.first = facts.extent.first.into_iter().chain(at).min();
        facts.extent.last = facts.extent.last.max(at);
        facts.counts.sidechain += u64::from(record.is_sidechain);
        for (said, list) in [(record.cwd, &mut facts.cwds), (record.branch, &mut facts.branches), (record.version, &mut facts.versions)] {
            let name = self.strings.place(said);
            if name != Name::default() && !list.contains(&name) {
                list.push(name);
            }
        }
        let session = self.strings.place(record.session);
        if record.message.is_some() && matches!(record.kind.bytes, b"user" | b"assistant") && session != Name::default() {
            match facts.conversations.iter_mut().find(|(held, _)| *held == session) {
                Some((_, count)) => *count += 1,
                None => facts.conversations.push((session, 1)),
            }
        }
        if self.is_copied(record) {
            // What was copied stands at the beginning: the prompts before it have no mark of their own.
            self.copied_turns = self.facts.turns.len();
            let origin = self.strings.place(record.copied_from());
            if !self.facts.origins.contains(&origin) {
                self.facts.origins.push(origin);
            }
        }
    }

    /// Reports whether a record was copied from another conversation.
    fn is_copied(&self, record: &Record<'_>) -> bool {
        !record.copied_from().bytes.is_empty() && record.copied_from().bytes != record.session.bytes
    }

    /// Returns the conversation that a record was made for.
    fn conversation(&mut self, record: &Record<'_>) -> Name {
        let is_copied = self.is_copied(record);
        self.strings.place(if is_copied { record.copied_from() } else { record.session })
    }

    fn assistant(&mut self, record: &Record<'_>, at: Option<i64>, line: &[u8]) {
        let Some(message) = &record.message else { return };
        if message.model.is(b"<synthetic>") {
            self.facts.counts.synthetic += 1;
        } else {
            let response = Response {
                at,
                conversation: self.conversation(record),
                subagent: self.strings.place(record.subagent),
                cwd: self.strings.place(record.cwd),
                branch: self.strings.place(record.branch),
                is_sidechain: record.is_sidechain,
                is_copied: self.is_copied(record),
                ..Response::default()
            };
            self.response(response, message, record.request, record.uuid, line);
        }
        if self.wanted == Wanted::Everything {
            message.blocks.iter().for_each(|block| self.call(record, block, at));
        }
    }

    /// Takes a sub-agent's message that stands within a record of its parent.
    fn progress(&mut self, record: &Record<'_>, at: Option<i64>, line: &[u8]) {
        let Some(embedded) = record.embedded.as_ref().filter(|embedded| embedded.is_of_agent && embedded.kind.is(b"assistant")) else {
            return;
        };
        let Some(message) = embedded.message.as_ref().filter(|message| !message.model.is(b"<synthetic>")) else { return };
        let response = Response {
            at: millis(embedded.timestamp.bytes).or(at),
            conversation: self.conversation(record),
            subagent: self.strings.place(embedded.subagent),
            cwd: self.strings.place(record.cwd),
            branch: self.strings.place(record.branch),
            is_sidechain: true,
            is_embedded: true,
            is_copied: self.is_copied(record),
            ..Response::default()
        };
        self.response(response, message, embedded.request, embedded.uuid, line);
    }

    fn response(&mut self, response: Response, message: &Message<'_>, request: Raw<'_>, uuid: Raw<'_>, line: &[u8]) {
        let Some(UsageSaid { usage, service_tier, speed }) = message.usage else { return };
        let (message_id, request_id) = match (message.id.bytes, uuid.bytes) {
            (b"", b"") => (transcript_id(line), 0),
            (b"", uuid) => (transcript_id(uuid), 0),
            (id, _) => (transcript_id(id), if request.bytes.is_empty() { 0 } else { transcript_id(request.bytes) }),
        };
        let tier = if speed.bytes.is_empty() || speed.is(b"standard") { service_tier } else { speed };
        let tier = if tier.is(b"standard") || tier.is(b"default") { Raw::default() } else { tier };
        let response = Response {
            message: message_id,
            request: request_id,
            model: self.strings.place(message.model),
            tier: self.strings.place(tier),
            usage,
            is_final: message.has_stopped,
            ..response
        };
        if response.is_embedded && self.embedded.insert((response.message, response.request)) {
            self.facts.counts.embedded += 1;
        }
        self.keep_greatest(response);
    }

    /// Keeps of the rows of one response what they say together.
    fn keep_greatest(&mut self, response: Response) {
        let key = (response.message, response.request);
        let fresh = self.facts.responses.len();
        let place = match self.last_response.filter(|(last, _)| *last == key) {
            Some((_, place)) => place,
            None => *self.responses.entry(key).or_insert(fresh),
        };
        self.last_response = Some((key, place));
        let Some(held) = self.facts.responses.get_mut(place) else { return self.facts.responses.push(response) };
        let strings = &self.strings;
        *held = held.merged(response, &|one, other| strings.order(one, other));
    }

    fn call(&mut self, record: &Record<'_>, block: &Block<'_>, at: Option<i64>) {
        if !block.kind.is(b"tool_use") || block.id.bytes.is_empty() {
            return;
        }
        let tool = block.name.text(200);
        let use_of_file = crate::claude_code::file_use(&tool);
        let about = if crate::claude_code::is_shell(&tool) {
            block.command
        } else if use_of_file.is_some() {
            block.file
        } else {
            Raw::default()
        };
        let call = Call {
            id: transcript_id(block.id.bytes),
            tool: self.strings.place(block.name),
            at,
            conversation: self.conversation(record),
            subagent: self.strings.place(record.subagent),
            cwd: self.strings.place(record.cwd),
            about: self.strings.place_text(&about.text(LONGEST)),
            is_edit: matches!(use_of_file, Some(FileUse::Edit | FileUse::Write)),
            is_sidechain: record.is_sidechain,
            is_copied: self.is_copied(record),
        };
        self.facts.calls.push(call);
    }

    fn user(&mut self, record: &Record<'_>, at: Option<i64>, line: &[u8]) {
        let Some(message) = &record.message else { return };
        let answers: Vec<&Block<'_>> = message.blocks.iter().filter(|block| block.kind.is(b"tool_result")).collect();
        for block in &answers {
            self.answer(record, block, at, answers.len() == 1);
        }
        if record.is_meta {
            self.facts.counts.meta += 1;
        }
        if record.is_compact_summary {
            self.facts.counts.compact_summaries += 1;
        }
        if record.is_sidechain || record.is_meta || record.is_compact_summary {
            return;
        }
        let text = message.text.or_else(|| message.blocks.iter().find(|block| block.kind.is(b"text")).and_then(|block| block.text));
        if !answers.is_empty() {
            self.facts.counts.steering += u64::from(text.is_some_and(|text| !text.bytes.trim_ascii().is_empty()));
            return;
        }
        let said = text.map(|text| text.text(LONGEST)).unwrap_or_default();
        match Wrapper::of(&said) {
            Some(wrapper) => *wrapper.count(&mut self.facts.counts) += 1,
            None => self.turn(record, at, &said, line),
        }
    }

    fn turn(&mut self, record: &Record<'_>, at: Option<i64>, said: &str, line: &[u8]) {
        let turn = TypedTurn {
            record: transcript_id(if record.uuid.bytes.is_empty() { line } else { record.uuid.bytes }),
            prompt: if record.prompt.bytes.is_empty() { 0 } else { transcript_id(record.prompt.bytes) },
            at,
            conversation: self.conversation(record),
            cwd: self.strings.place(record.cwd),
            branch: self.strings.place(record.branch),
            is_copied: self.is_copied(record),
        };
        self.facts.turns.push(turn);
        if !said.trim().is_empty() && !self.facts.titles.iter().any(|title| title.kind == TitleKind::Prompt) {
            let text = self.strings.place_text(said);
            self.facts.titles.push(Title { kind: TitleKind::Prompt, text });
        }
    }

    fn answer(&mut self, record: &Record<'_>, block: &Block<'_>, at: Option<i64>, is_only_one: bool) {
        let refusal = match record.denial.bytes {
            b"" => None,
            b"interrupted" => Some(Refusal::Interrupted),
            _ => Some(Refusal::Rejected),
        };
        let answer = Answer {
            call: transcript_id(block.answers.bytes),
            at,
            duration_ms: record.took_ms.filter(|_| is_only_one),
            is_error: block.is_error,
            refusal,
        };
        self.facts.answers.push(answer);
    }

    fn compacted(&mut self, record: &Record<'_>, at: Option<i64>, line: &[u8]) {
        let compaction = Compaction {
            record: transcript_id(if record.uuid.bytes.is_empty() { line } else { record.uuid.bytes }),
            at,
            conversation: self.conversation(record),
            trigger: self.strings.place(record.compaction.trigger),
            tokens_before: record.compaction.before,
            tokens_after: record.compaction.after,
        };
        self.facts.compactions.push(compaction);
    }

    fn own_totals(&mut self, record: &Record<'_>) {
        let conversation = self.strings.place(record.session);
        for said in &record.own_totals {
            let model = self.strings.place_text(&said.model);
            let total = OwnTotal { conversation, model, usage: said.usage, cost_micros: said.cost_micros };
            total.keep_latest(&mut self.facts.own_totals);
        }
    }

    fn title(&mut self, kind: TitleKind, said: Raw<'_>) {
        let text = self.strings.place_text(&said.text(LONGEST));
        if text != Name::default() {
            self.facts.titles.retain(|title| title.kind != kind);
            self.facts.titles.push(Title { kind, text });
        }
    }
}
