//! A chat, read to [`Facts`](session::transcript::Facts).
//!
//! A message is written again whenever something in it changes, and all of them when a chat is resumed: without what they used, which is therefore
//! kept. So a prompt, a call and its answer may be among the facts more than once, each time with the same id.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use session::transcript::{Answer, Call, Counts, Refusal, Response, TypedTurn};

use super::file_use;
use super::message::{Line, Message, ToolCall};
use crate::claude_code::transcript::is_id;
use crate::lines::{self, Whole};
use crate::skim::{Broken, Raw, Skim};
use crate::transcripts::file::{self, FileRead, Place};
use crate::transcripts::gathered::Gathered;
use crate::transcripts::holding::{Entry, Whose};
use crate::transcripts::moment::millis;
use crate::transcripts::pass::{Carried, Pass, Wanted};
use crate::transcripts::rows::{self, Rows};
use crate::transcripts::walk::FoundFile;
use crate::{FileUse, TranscriptBuffers, transcript_id};

const LONGEST: usize = 16 << 10;

/// Up to which length a string is carried on.
const CARRIED: usize = 4 << 10;

/// Up to which length a file that is one object is held.
const LONGEST_OBJECT: usize = 256 << 20;

/// The version of what passes carry on.
const VERSION: u32 = 1;

/// Reads what comes from a chat. A last line without a line feed is taken if it is whole, else left for the next pass.
///
/// # Errors
/// When it cannot be read. Nothing is returned then: whoever reads again begins where he began.
pub fn read(input: &mut impl Read, wanted: Wanted, carried: &Carried, buffers: &mut TranscriptBuffers) -> io::Result<Pass> {
    let mut reader = Reader { state: carried.state(VERSION).unwrap_or_default(), gathered: Gathered::default(), is_object: false };
    let reached = rows::read(input, buffers, &mut reader)?;
    let carried = Carried::of(VERSION, &reader.state);
    Ok(Pass { facts: reader.gathered.finish(wanted), length: reached.length, unfinished: reached.unfinished, carried, ..Pass::default() })
}

/// Reads a chat of an older client, which is one object. One that is being written is read when it changed.
///
/// # Errors
/// When it cannot be read, or is too long.
pub fn read_object(input: &mut impl Read, wanted: Wanted, carried: &Carried) -> io::Result<Pass> {
    let Whole { bytes, length } = object(input)?;
    let mut reader = Reader { state: carried.state(VERSION).unwrap_or_default(), gathered: Gathered::default(), is_object: true };
    let is_whole = reader.row(&bytes).is_ok();
    let counts = &mut reader.gathered.facts.counts;
    counts.lines = u64::from(is_whole);
    let (length, unfinished) = if is_whole { (length, 0) } else { (0, length) };
    Ok(Pass { facts: reader.gathered.finish(wanted), length, unfinished, ..Pass::default() })
}

/// Reads an input that is one object, without what is in its longest strings.
pub(crate) fn object(input: &mut impl Read) -> io::Result<Whole> {
    lines::read_whole(input, LONGEST_OBJECT)?.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "it is too long for one object"))
}

/// Reads a file that is one object.
///
/// # Errors
/// When it cannot be read, or is too long.
pub(crate) fn read_file(path: &Path, wanted: Wanted, take: &mut dyn FnMut(Pass)) -> io::Result<FileRead> {
    let mut file = file::open(path)?;
    let found = FoundFile::of(path.to_owned(), &file.metadata()?);
    take(read_object(&mut file, wanted, &begin(path))?);
    Ok(FileRead { found, goes_on: false, place: Place::default() })
}

/// Returns what a file's place says of it: the directory of its project, and of a sub-agent the chat that has it.
pub fn begin(path: &Path) -> Carried {
    let chats = path.ancestors().find(|directory| directory.file_name().is_some_and(|name| name == "chats"));
    let mut state = State::default();
    let Some((chats, folder)) = chats.and_then(|chats| Some((chats, chats.parent()?))) else { return Carried::default() };
    if let Some(parent) = path.parent().filter(|parent| *parent != chats).and_then(|parent| parent.file_name()) {
        state.parent = parent.to_string_lossy().chars().take(CARRIED).collect();
    }
    if let Ok(file) = file::open(&folder.join(".project_root")) {
        let mut text = String::new();
        let is_read = file.take(CARRIED as u64).read_to_string(&mut text).is_ok();
        state.cwd = if is_read { text.trim().to_owned() } else { String::new() };
    }
    Carried::of(VERSION, &state)
}

/// Returns the hash of its directory that a project of an older client is called after.
pub(crate) fn hash_of_directory(path: &Path) -> Option<&str> {
    let chats = path.ancestors().find(|directory| directory.file_name().is_some_and(|name| name == "chats"))?;
    let name = chats.parent()?.file_name()?.to_str()?;
    (name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())).then_some(name)
}

/// Returns the directory of the project that a chat is in, as its place says.
pub(super) fn directory(path: &Path) -> String {
    begin(path).state::<State>(VERSION).map(|state| state.cwd).unwrap_or_default()
}

/// Reports whether what a pass carried on is understood; else the file is to be read from its start.
pub fn can_go_on(carried: &Carried) -> bool {
    carried.state::<State>(VERSION).is_some()
}

/// Reports whether a file of this name is a chat.
pub fn is_transcript(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_chats = |directory: Option<&Path>| directory.and_then(Path::file_name).is_some_and(|name| name == "chats");
    let mut above = path.ancestors().skip(1);
    if is_chats(above.next()) {
        return name.starts_with("session-") && (name.ends_with(".jsonl") || name.ends_with(".json"));
    }
    // A sub-agent's, in a directory that is called after the chat that has it.
    is_chats(above.next()) && name.ends_with(".jsonl")
}

/// How much of a chat is read to know whose it is.
const HEAD: u64 = 16 << 10;

/// Returns what something is that lies some steps below the directory of projects.
pub(crate) fn entry<'n>(steps: &[&'n OsStr], is_directory: bool) -> Entry<'n> {
    match (steps, is_directory) {
        ([_], true) => Entry::Within,
        ([_, chats], true) if *chats == "chats" => Entry::Within,
        ([_, chats, name], true) if *chats == "chats" => name.to_str().filter(|id| is_id(id)).map_or(Entry::Nothing, Entry::Folder),
        ([_, chats, name], false) if *chats == "chats" && is_transcript(&Path::new(chats).join(name)) => {
            let stem = name.to_str().and_then(|name| name.split('.').next());
            // Of its id there is only the beginning in the name.
            let id = stem.and_then(|stem| stem.rsplit('-').next()).filter(|id| is_id(id));
            id.map_or(Entry::Nothing, Entry::Transcript)
        }
        _ => Entry::Nothing,
    }
}

/// Reads what the head of a chat says; of an older client it is the beginning of one object.
pub(crate) fn whose(chat: &mut dyn Read) -> io::Result<Whose> {
    let (mut bytes, mut session) = (Vec::new(), Raw::default());
    chat.take(HEAD).read_to_end(&mut bytes)?;
    let head = if bytes.starts_with(b"{\"") { bytes.split(|byte| *byte == b'\n').next().unwrap_or_default() } else { bytes.as_slice() };
    // What was found before it is cut counts.
    let _cut = Skim::new(head).object(|key, value| match key {
        b"sessionId" => value.text_into(&mut session),
        _ => value.skip(),
    });
    Ok(Whose::of(&session.text(CARRIED), ""))
}

/// What of earlier lines later ones need, and what the file's place says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    session: String,
    /// The chat that has it as a sub-agent's.
    parent: String,
    is_subagent: bool,
    cwd: String,
}

struct Reader {
    state: State,
    gathered: Gathered,
    /// Whether it is an older client's, which keeps chats as one object.
    is_object: bool,
}

impl Rows for Reader {
    fn row(&mut self, line: &[u8]) -> Result<(), Broken> {
        let line = Line::read(line)?;
        self.take(&line);
        Ok(())
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.gathered.facts.counts
    }
}

impl Reader {
    fn take(&mut self, line: &Line<'_>) {
        let head = &line.head;
        if !head.session.bytes.is_empty() {
            self.state.session = head.session.text(CARRIED);
        }
        if !head.kind.bytes.is_empty() {
            self.state.is_subagent = head.kind.is(b"subagent");
        }
        [head.start, head.updated].iter().for_each(|at| self.gathered.note_moment(millis(at.bytes)));
        self.gathered.note(|facts| &mut facts.cwds, &self.state.cwd.clone());
        line.messages.iter().chain([&line.own]).for_each(|message| self.message(message));
        self.gathered.count_record(conversation(&self.state));
        self.gathered.facts.counts.sidechain += u64::from(self.state.is_subagent);
    }

    fn message(&mut self, message: &Message<'_>) {
        let at = millis(message.timestamp.bytes);
        self.gathered.note_moment(at);
        match message.kind.bytes {
            b"user" => self.user(message, at),
            b"gemini" => {
                self.response(message, at);
                message.calls.iter().for_each(|call| self.call(call, at));
            }
            _ => {}
        }
    }

    /// Returns the id of something in the chat: only there it is one.
    fn id(&self, id: Raw<'_>) -> u64 {
        transcript_id([self.state.session.as_bytes(), b"/", id.bytes].concat())
    }

    fn user(&mut self, message: &Message<'_>, at: Option<i64>) {
        let said = message.text.text(LONGEST);
        let is_typed = !message.is_response_of_tool && !said.trim().is_empty() && !said.starts_with("<session_context>");
        if !is_typed || self.state.is_subagent {
            return;
        }
        let turn = TypedTurn {
            record: self.id(message.id),
            prompt: 0,
            at,
            conversation: self.gathered.place(conversation(&self.state)),
            cwd: self.gathered.place(&self.state.cwd),
            ..TypedTurn::default()
        };
        self.gathered.facts.turns.push(turn);
        self.gathered.prompt(&said);
    }

    fn response(&mut self, message: &Message<'_>, at: Option<i64>) {
        let Some(usage) = message.usage else { return };
        let response = Response {
            message: self.id(message.id),
            at,
            model: self.gathered.place(&message.model.text(LONGEST)),
            conversation: self.gathered.place(conversation(&self.state)),
            subagent: self.gathered.place(subagent(&self.state)),
            cwd: self.gathered.place(&self.state.cwd),
            usage,
            is_final: !self.is_object || is_of_one_request(&message.calls),
            is_sidechain: self.state.is_subagent,
            ..Response::default()
        };
        self.gathered.response(response);
    }

    fn call(&mut self, said: &ToolCall<'_>, at: Option<i64>) {
        if said.id.bytes.is_empty() {
            return;
        }
        let (tool, id) = (said.name.text(LONGEST), self.id(said.id));
        let call = Call {
            id,
            tool: self.gathered.place(&tool),
            at,
            conversation: self.gathered.place(conversation(&self.state)),
            subagent: self.gathered.place(subagent(&self.state)),
            cwd: self.gathered.place(&self.state.cwd),
            about: self.gathered.place(&said.arguments.about(tool == "run_shell_command")),
            is_edit: file_use(tool.as_str()).is_some_and(FileUse::changes),
            is_sidechain: self.state.is_subagent,
            is_copied: false,
        };
        self.gathered.facts.calls.push(call);
        let is_cancelled = said.status.is(b"cancelled");
        if !is_cancelled && !matches!(said.status.bytes, b"success" | b"error") {
            return;
        }
        let answer = Answer {
            call: id,
            at: millis(said.timestamp.bytes),
            duration_ms: None,
            is_error: !said.status.is(b"success") || printed_code(&said.output.text(usize::MAX)).is_some_and(|code| code != 0),
            refusal: is_cancelled.then_some(Refusal::Rejected),
        };
        self.gathered.facts.answers.push(answer);
    }
}

/// Reports whether the calls of a message can only be those of one request. Older clients put those of several into one message, with the tokens of the
/// first: each request's calls are noted together, when the last of them is over.
fn is_of_one_request(calls: &[ToolCall<'_>]) -> bool {
    let [first, others @ ..] = calls else { return true };
    let at = millis(first.timestamp.bytes);
    others.is_empty() || (at.is_some() && others.iter().all(|call| millis(call.timestamp.bytes) == at))
}

/// Returns the conversation: of a sub-agent, the one that has it.
fn conversation(state: &State) -> &str {
    if state.is_subagent && !state.parent.is_empty() { &state.parent } else { &state.session }
}

fn subagent(state: &State) -> &str {
    if state.is_subagent { &state.session } else { "" }
}

/// A command's exit code stands in a line of its own, behind what it printed.
fn printed_code(text: &str) -> Option<i64> {
    text.lines().rev().take(8).find_map(|line| line.strip_prefix("Exit Code: "))?.trim().parse().ok()
}
