//! One payload to one observation. Lenient: but for id and name every field may be missing, or be something else than expected.

use serde::Deserialize;
use serde_json::value::RawValue;
use session::{Happened, Observed, Started, Text, Tool};

use crate::{Envelope, lenient};

/// Fields whose values are ids, hashes or signatures: no secrets, and what everything else refers to.
pub const EXEMPT: &[&str] = &[
    "session_id",
    "prompt_id",
    "tool_use_id",
    "agent_id",
    "turn_id",
    "message_id",
    "task_id",
    "agentId",
    "uuid",
    "hook_event_name",
    "tool_name",
    "transcript_path",
    "agent_transcript_path",
];

/// The variables of the agent's own start that are kept: which session and which agent it was started from.
pub const VARIABLES: &[&str] = &[crate::SESSION_VARIABLES[0], crate::SESSION_VARIABLES[1], CONVERSATION_VARIABLE];

/// The variable in which the agent tells its shell which conversation it is.
pub const CONVERSATION_VARIABLE: &str = "CLAUDE_CODE_SESSION_ID";

/// What is kept of a title, a command, an error: enough to recognise it. The payload has the rest.
const FEW_WORDS: usize = 240;

/// The fields that are read, each as it stands in the payload.
#[derive(Default, Deserialize)]
struct Wire<'p> {
    #[serde(borrow, default)]
    session_id: Field<'p>,
    #[serde(borrow, default)]
    hook_event_name: Field<'p>,
    #[serde(borrow, default)]
    cwd: Field<'p>,
    #[serde(borrow, default)]
    transcript_path: Field<'p>,
    #[serde(borrow, default)]
    prompt_id: Field<'p>,
    #[serde(borrow, default)]
    agent_id: Field<'p>,
    #[serde(borrow, default)]
    agent_type: Field<'p>,
    #[serde(borrow, default)]
    session_title: Field<'p>,
    #[serde(borrow, default)]
    source: Field<'p>,
    #[serde(borrow, default)]
    model: Field<'p>,
    #[serde(borrow, default)]
    reason: Field<'p>,
    #[serde(borrow, default)]
    prompt: Field<'p>,
    #[serde(borrow, default)]
    tool_name: Field<'p>,
    #[serde(borrow, default)]
    tool_use_id: Field<'p>,
    #[serde(borrow, default)]
    tool_input: Field<'p>,
    #[serde(borrow, default)]
    tool_response: Field<'p>,
    #[serde(borrow, default)]
    tool_calls: Field<'p>,
    #[serde(borrow, default)]
    duration_ms: Field<'p>,
    #[serde(borrow, default)]
    error: Field<'p>,
    #[serde(borrow, default)]
    trigger: Field<'p>,
    #[serde(borrow, default)]
    notification_type: Field<'p>,
    #[serde(borrow, default)]
    to_model: Field<'p>,
    #[serde(borrow, default)]
    mcp_server_name: Field<'p>,
}

/// One field, whatever it holds.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
struct Field<'p>(#[serde(borrow)] Option<&'p RawValue>);

impl<'p> Field<'p> {
    fn read<T: Deserialize<'p>>(self) -> Option<T> {
        serde_json::from_str(self.0?.get()).ok()
    }

    fn string(self) -> Option<String> {
        lenient::parse(self.0?.get().as_bytes()).ok()
    }

    /// Returns the text of a field that is a text and not empty.
    fn text(self) -> Option<Text> {
        self.string().filter(|text| !text.is_empty()).map(Text::stored)
    }

    /// Returns the first words of a field that is a text.
    fn words(self) -> Option<Text> {
        self.string().and_then(|text| first_words(&text))
    }

    fn word_or(self, other: &str) -> Text {
        self.words().unwrap_or_else(|| Text::stored(other.to_owned()))
    }
}

/// Returns the first line that says something, cut to a few words.
fn first_words(text: &str) -> Option<Text> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let mut words: String = line.chars().take(FEW_WORDS).collect();
    if words.len() < line.len() {
        words.push('…');
    }
    Some(Text::stored(words))
}

/// Understands a payload.
pub fn understand(envelope: &Envelope<'_>) -> Observed {
    let wire: Wire<'_> = serde_json::from_str(envelope.payload.get()).unwrap_or_default();
    Observed {
        agent: Text::stored(envelope.agent.clone().into_owned()),
        conversation: wire.session_id.text().unwrap_or_else(|| Text::stored("unknown".to_owned())),
        name: wire.hook_event_name.word_or("unknown"),
        cwd: wire.cwd.text(),
        transcript: wire.transcript_path.text(),
        prompt: wire.prompt_id.text(),
        subagent: wire.agent_id.text(),
        title: wire.session_title.words(),
        pid: envelope.pid,
        fingerprint: envelope.fingerprint,
        what: happened(&wire, envelope),
    }
}

fn happened(wire: &Wire<'_>, envelope: &Envelope<'_>) -> Happened {
    match wire.hook_event_name.read::<&str>().unwrap_or_default() {
        "SessionStart" => Happened::Started(Box::new(started(wire, envelope))),
        "SessionEnd" => Happened::Left { reason: wire.reason.word_or("other") },
        "UserPromptSubmit" => prompted(wire),
        "PreToolUse" => on_tool(wire, Happened::ToolAsked),
        "PostToolUse" => on_tool(wire, Happened::ToolSucceeded),
        "PostToolUseFailure" => on_tool(wire, Happened::ToolFailed),
        "PermissionDenied" => on_tool(wire, Happened::ToolRefused),
        "PostToolBatch" => Happened::ToolsOver(batch(wire)),
        "PermissionRequest" => Happened::Waits { reason: said("permission for", wire.tool_name) },
        "Elicitation" => Happened::Waits { reason: said("an answer for", wire.mcp_server_name) },
        "Notification" => notified(wire),
        "Stop" => Happened::Stopped,
        "StopFailure" => Happened::Broke { error: wire.error.word_or("unknown") },
        "SubagentStart" => Happened::SubagentBegan { kind: wire.agent_type.word_or("unknown") },
        "SubagentStop" => Happened::SubagentDone { kind: wire.agent_type.word_or("unknown") },
        "PreCompact" => Happened::Compacting { trigger: wire.trigger.word_or("unknown") },
        "PostCompact" => Happened::Compacted { trigger: wire.trigger.word_or("unknown") },
        "PostModelSwitch" => wire.to_model.words().map_or(Happened::Passing, |model| Happened::ModelSwitched { model }),
        name if is_passing(name) => Happened::Passing,
        _ => Happened::Unknown,
    }
}

/// Events that are known and change no row.
fn is_passing(name: &str) -> bool {
    const PASSING: &[&str] = &[
        "Setup",
        "InstructionsLoaded",
        "UserPromptExpansion",
        "PreModelSwitch",
        "TaskCreated",
        "TaskCompleted",
        "ElicitationResult",
        "ConfigChange",
        "CwdChanged",
        "FileChanged",
        "DirectoryAdded",
        "WorktreeCreate",
        "WorktreeRemove",
        "MessageDisplay",
        "TeammateIdle",
    ];
    PASSING.contains(&name)
}

fn started(wire: &Wire<'_>, envelope: &Envelope<'_>) -> Started {
    let stored = |(name, value): &(String, String)| (Text::stored(name.clone()), Text::stored(value.clone()));
    Started {
        source: wire.source.word_or("startup"),
        model: wire.model.words(),
        process: envelope.process,
        machine: None,
        ancestors: envelope.ancestors.clone(),
        variables: envelope.variables.iter().map(stored).collect(),
    }
}

fn prompted(wire: &Wire<'_>) -> Happened {
    let text = wire.prompt.text();
    // What a background task reports comes as a prompt that nobody typed.
    let is_typed = text.as_ref().is_none_or(|text| !text.as_str().trim_start().starts_with("<task-notification>"));
    Happened::Prompted { text, is_typed }
}

fn notified(wire: &Wire<'_>) -> Happened {
    match wire.notification_type.read::<&str>() {
        Some("permission_prompt") => Happened::Waits { reason: Text::stored("permission".to_owned()) },
        _ => Happened::Passing,
    }
}

fn said(before: &str, field: Field<'_>) -> Text {
    Text::stored(format!("{before} {}", field.word_or("something")))
}

/// A call without an id cannot be told from others: it is kept in the payload, and no row.
fn on_tool(wire: &Wire<'_>, what: fn(Tool) -> Happened) -> Happened {
    let Some(call) = wire.tool_use_id.text() else { return Happened::Passing };
    what(Tool {
        call,
        name: wire.tool_name.word_or("unknown"),
        about: about(wire.tool_input),
        duration_ms: wire.duration_ms.read(),
        error: wire.error.words().or_else(|| wire.reason.words()),
    })
}

fn batch(wire: &Wire<'_>) -> Vec<Tool> {
    let calls: Vec<Wire<'_>> = wire.tool_calls.read().unwrap_or_default();
    let tool = |each: &Wire<'_>| {
        Some(Tool {
            call: each.tool_use_id.text()?,
            name: each.tool_name.word_or("unknown"),
            about: about(each.tool_input),
            duration_ms: None,
            error: each.tool_response.words(),
        })
    };
    calls.iter().filter_map(tool).collect()
}

/// Returns what a tool works on: the first of these fields that is there.
fn about(input: Field<'_>) -> Option<Text> {
    #[derive(Default, Deserialize)]
    struct Input<'p> {
        #[serde(borrow, default)]
        command: Field<'p>,
        #[serde(borrow, default)]
        file_path: Field<'p>,
        #[serde(borrow, default)]
        notebook_path: Field<'p>,
        #[serde(borrow, default)]
        pattern: Field<'p>,
        #[serde(borrow, default)]
        url: Field<'p>,
        #[serde(borrow, default)]
        query: Field<'p>,
        #[serde(borrow, default)]
        path: Field<'p>,
        #[serde(borrow, default)]
        description: Field<'p>,
        #[serde(borrow, default)]
        subject: Field<'p>,
        #[serde(borrow, default)]
        name: Field<'p>,
    }
    let input: Input<'_> = input.read()?;
    let fields = [
        input.command,
        input.file_path,
        input.notebook_path,
        input.pattern,
        input.url,
        input.query,
        input.path,
        input.description,
        input.subject,
        input.name,
    ];
    fields.into_iter().find_map(Field::words)
}
