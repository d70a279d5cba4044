//! What was said in a transcript, in words: prompts, answers, thoughts, what tools were called with and what they gave back.
//!
//! Apart from facts: most people never want it, and who wants it reads every line to its end.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::transcript::{Counts, EditKind};

use super::file::{self, Slice};
use super::moment::millis;
use super::pass::Carried;
use super::patch;
use super::rows::{self, Rows};
use crate::skim::Broken;
use crate::{TranscriptBuffers, lenient, transcript_id};

/// Up to which length a text is told, in bytes: whoever keeps it redacts it first, and cuts it then.
const LONGEST: usize = 128 << 10;

/// How many calls are remembered until their results come.
const CALLS: usize = 32;

/// How many files one call is believed to be about.
const FILES: usize = 64;

/// The version of what is carried on.
const VERSION: u32 = 3;

/// What something is that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A person, or who stands for one, asked for something.
    Prompt,
    /// The agent answered.
    Answer,
    /// The agent thought.
    Thinking,
    /// What a tool was called with.
    ToolInput,
    /// What a tool gave back.
    ToolOutput,
    /// What was left of a conversation that was compacted.
    Summary,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Prompt, Self::Answer, Self::Thinking, Self::ToolInput, Self::ToolOutput, Self::Summary];

    /// Returns the word as it stands in views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Answer => "answer",
            Self::Thinking => "thinking",
            Self::ToolInput => "tool_input",
            Self::ToolOutput => "tool_output",
            Self::Summary => "summary",
        }
    }
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is known by: the same record, copied into another file, says the same.
    pub key: u64,
    /// What it is.
    pub role: Role,
    /// When, in milliseconds since 1970.
    pub at_millis: Option<i64>,
    /// The agent's id of the conversation in which it was said first.
    pub conversation: String,
    /// The agent's id of the prompt it follows.
    pub turn: String,
    /// Where the agent worked.
    pub cwd: String,
    /// The tool.
    pub tool: String,
    /// The files that the tool is about.
    pub files: Vec<String>,
    /// The words.
    pub text: String,
}

/// What was heard in a part of a transcript.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// What was said, in order.
    pub said: Vec<Said>,
    /// How many bytes were whole lines.
    pub length: u64,
    /// What the next pass has to know.
    pub carried: Carried,
}

/// What a reader knows of what came before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) conversation: String,
    pub(crate) turn: String,
    pub(crate) cwd: String,
    pub(crate) at_millis: Option<i64>,
    /// The text of the last prompt that a record of the model's own said, as a hash.
    pub(crate) prompt: u64,
    /// Whether the client says apart what somebody typed.
    pub(crate) has_typed: bool,
    /// The tool and the files of calls whose results have not come.
    pub(crate) calls: BTreeMap<String, About>,
}

/// What a reader has heard.
#[derive(Default)]
pub(crate) struct Hearing {
    pub(crate) state: State,
    said: Vec<Said>,
    counts: Counts,
}

/// A tool, and the files that a call of it is about.
type About = (String, Vec<String>);

/// Understands one record of an agent's.
pub(crate) type Listen = fn(&mut Hearing, &Value, &[u8]);

impl Hearing {
    pub(crate) fn of(state: State) -> Self {
        Self { state, ..Self::default() }
    }

    /// Takes the moment of a record; one that has none happened when the one before it did.
    pub(crate) fn at(&mut self, timestamp: &Value) {
        let said = timestamp.as_i64().or_else(|| millis(timestamp.as_str()?.as_bytes()));
        self.state.at_millis = said.or(self.state.at_millis);
    }

    /// Notes something that was said; nothing where there are no words in it.
    pub(crate) fn say(&mut self, role: Role, id: &str, text: &str) {
        self.say_with(role, id, text, About::default());
    }

    /// Notes that a tool is called.
    pub(crate) fn call(&mut self, id: &str, tool: &str, input: &Value) {
        let about = (tool.chars().take(200).collect::<String>(), files_of(input));
        if self.state.calls.len() >= CALLS {
            self.state.calls.pop_first();
        }
        self.state.calls.insert(id.to_owned(), about.clone());
        self.say_with(Role::ToolInput, &format!("{id} input"), &strings(input), about);
    }

    /// Notes what a call gave back.
    pub(crate) fn result(&mut self, id: &str, tool: &str, output: &Value) {
        let about = self.state.calls.remove(id).unwrap_or_else(|| (tool.chars().take(200).collect(), Vec::new()));
        self.say_with(Role::ToolOutput, &format!("{id} output"), &strings(output), about);
    }

    fn say_with(&mut self, role: Role, id: &str, text: &str, (tool, files): About) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let State { conversation, turn, cwd, at_millis, .. } = self.state.clone_without_calls();
        // Some models number their calls anew in each conversation.
        let key = transcript_id(format!("{id} {} {text}", role.as_str()));
        let text = cut(text).to_owned();
        self.said.push(Said { key, role, at_millis, conversation, turn, cwd, tool, files, text });
    }

    pub(crate) fn finish(self, length: u64) -> Heard {
        Heard { said: self.said, length, carried: Carried::of(VERSION, &self.state) }
    }
}

impl State {
    fn clone_without_calls(&self) -> Self {
        let Self { conversation, turn, cwd, at_millis, .. } = self;
        Self { conversation: conversation.clone(), turn: turn.clone(), cwd: cwd.clone(), at_millis: *at_millis, ..Self::default() }
    }
}

/// Returns the beginning of a text that is too long. The last word is left away with the rest: a part of a secret does not look like one.
fn cut(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let begun = &text[..text.floor_char_boundary(LONGEST)];
    begun.rfind(char::is_whitespace).map_or("", |end| &begun[..end])
}

/// Returns all strings within a value, a line each. What is called like a secret is told with its name: by that alone it may be known.
pub(crate) fn strings(value: &Value) -> String {
    let mut found = String::new();
    collect(value, None, &mut found);
    found
}

fn collect(value: &Value, name: Option<&str>, found: &mut String) {
    if found.len() > LONGEST {
        return;
    }
    match value {
        Value::String(text) => {
            if !found.is_empty() {
                found.push('\n');
            }
            match name {
                Some(name) => found.push_str(&serde_json::json!({ name: text }).to_string()),
                None => found.push_str(text),
            }
        }
        // The words of a command.
        Value::Array(all) if name.is_none() && !all.is_empty() && all.iter().all(Value::is_string) => {
            let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            collect(&Value::String(words.join(" ")), None, found);
        }
        Value::Array(all) => all.iter().for_each(|each| collect(each, name, found)),
        Value::Object(all) => {
            let called = ["name", "key"].iter().find_map(|key| all.get(*key)?.as_str()).filter(|called| is_secret(called));
            for (key, each) in all.iter().filter(|(key, _)| !is_noise(key)) {
                let own = is_secret(key).then_some(key.as_str());
                collect(each, own.or(name).or(called.filter(|_| key == "value")), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Reports whether something of this name may be a secret. Better one too many: it only adds a word to what is told.
fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 12] = ["pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "private", "dsn", "connection", "cert"];
    let name = name.to_ascii_lowercase();
    // What `Edit` calls the texts that it replaces, and others their inputs, are none of these.
    PARTS.iter().any(|part| name.contains(part))
}

/// What is no text: pictures, signatures, the kinds of things.
fn is_noise(key: &str) -> bool {
    matches!(key, "type" | "data" | "signature" | "encrypted_content" | "media_type" | "mimeType" | "id" | "tool_use_id" | "source")
}

/// Returns the files that a tool's input names: the one that it is about, or those of the patches in it.
fn files_of(input: &Value) -> Vec<String> {
    let names = ["file_path", "notebook_path", "filePath", "absolute_path", "path"];
    let patched = match input {
        Value::String(text) => patch::files(text),
        // As a text by its own name, or within a shell's command.
        Value::Object(all) => all.values().filter_map(patched_by).flatten().collect(),
        _ => Vec::new(),
    };
    let named = names.iter().find_map(|name| input[name].as_str());
    let mut found: Vec<String> = Vec::new();
    for path in named.into_iter().chain(patched.into_iter().map(|(_, path)| path)) {
        let path: String = path.chars().take(500).collect();
        if found.len() < FILES && !path.is_empty() && !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

fn patched_by(said: &Value) -> Option<Vec<(EditKind, &str)>> {
    let text = match said {
        Value::String(text) => text,
        Value::Array(words) => words.iter().filter_map(Value::as_str).find(|word| word.contains("*** Begin Patch"))?,
        _ => return None,
    };
    Some(patch::files(text))
}

/// Reads lines that are added to from some place on, in slices that end with a line.
pub(crate) fn hear_lines(
    path: &Path,
    place: u64,
    state: State,
    listen: Listen,
    buffers: &mut TranscriptBuffers,
    take: &mut dyn FnMut(Heard),
) -> io::Result<()> {
    let mut file = file::open(path)?;
    file.seek(SeekFrom::Start(place))?;
    hear_slices(&mut BufReader::new(file), state, listen, buffers, take)
}

/// Reads lines from an input, in slices that end with a line.
pub(crate) fn hear_slices(
    input: &mut impl BufRead,
    mut state: State,
    listen: Listen,
    buffers: &mut TranscriptBuffers,
    take: &mut dyn FnMut(Heard),
) -> io::Result<()> {
    loop {
        let mut slice = Slice::of(input);
        let mut lines = Lines { hearing: Hearing::of(state), listen };
        let reached = rows::read(&mut (&mut slice as &mut dyn Read), buffers, &mut lines)?;
        let is_over = slice.is_over();
        state = lines.hearing.state.clone();
        take(lines.hearing.finish(reached.length));
        if is_over {
            return Ok(());
        }
    }
}

/// Returns what an earlier pass carried on; none where that is not understood.
pub(crate) fn state(carried: &Carried) -> Option<State> {
    carried.state(VERSION)
}

struct Lines {
    hearing: Hearing,
    listen: Listen,
}

impl Rows for Lines {
    fn row(&mut self, line: &[u8]) -> Result<(), Broken> {
        let record: Value = lenient::parse(line).map_err(|_| Broken)?;
        if !record.is_object() {
            return Err(Broken);
        }
        (self.listen)(&mut self.hearing, &record, line);
        Ok(())
    }

    fn counts(&mut self) -> &mut Counts {
        &mut self.hearing.counts
    }
}
