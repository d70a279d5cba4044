//! What an agent's hook said, understood: wire formats end at the room of the agent, and begin here to be words of ours.

use serde::{Deserialize, Serialize};

use crate::{EventId, Process, Text};

/// One observation of an agent at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The agent, as in `claude-code`.
    pub agent: Text,
    /// The agent's own id of the conversation; `unknown` where it gave none.
    pub conversation: Text,
    /// What the agent calls it, `PreToolUse`.
    pub name: Text,
    /// The agent's directory at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<Text>,
    /// Where the agent says it writes the transcript; a hint, not always true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript: Option<Text>,
    /// The agent's id of the prompt that is being worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Text>,
    /// The agent's id of the sub-agent that is at work; none for the main thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<Text>,
    /// The agent's own title of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// The number of the agent's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// A hash of the payload as it came: a hook that is registered twice says the same twice.
    pub fingerprint: u64,
    /// What happened.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// A process took up the conversation.
    Started(Box<Started>),
    /// A process left the conversation.
    Left {
        /// Why, in the agent's words.
        reason: Text,
    },
    /// Somebody, or something, prompted.
    Prompted {
        /// The prompt; none where prompts are not recorded.
        text: Option<Text>,
        /// Whether a person typed it.
        is_typed: bool,
    },
    /// A tool is about to be called.
    ToolAsked(Tool),
    /// A tool was called and succeeded.
    ToolSucceeded(Tool),
    /// A tool was called and failed.
    ToolFailed(Tool),
    /// A tool was not called, because it was refused.
    ToolRefused(Tool),
    /// All calls of one response are over; those that were never asked for by a hook among them.
    ToolsOver(Vec<Tool>),
    /// The agent stopped: the turn is over.
    Stopped,
    /// The turn ended with an error.
    Broke {
        /// Which, in the agent's words.
        error: Text,
    },
    /// The agent waits for a person.
    Waits {
        /// For what, in the agent's words.
        reason: Text,
    },
    /// A sub-agent began.
    SubagentBegan {
        /// Its kind.
        kind: Text,
    },
    /// A sub-agent is done.
    SubagentDone {
        /// Its kind.
        kind: Text,
    },
    /// The conversation is about to be compacted.
    Compacting {
        /// What set it off.
        trigger: Text,
    },
    /// The conversation was compacted.
    Compacted {
        /// What set it off.
        trigger: Text,
    },
    /// The agent goes on with another model.
    ModelSwitched {
        /// Which.
        model: Text,
    },
    /// Something known that changes no row: instructions were read, a directory was added.
    Passing,
    /// Something this build does not know.
    Unknown,
}

/// How a process took up a conversation, and what nobody can learn later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// How, in the agent's words: `startup`, `resume`, `clear`, `compact`, `fork`.
    pub source: Text,
    /// The model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Text>,
    /// The agent's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The machine it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Text>,
    /// The processes it descends from, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<Process>,
    /// Variables the agent was started with, by name: ids of sessions and of other agents, nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<(Text, Text)>,
}

/// What is known of a tool call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// The agent's id of the call.
    pub call: Text,
    /// The tool.
    pub name: Text,
    /// What it works on, in a few words: a command, a file, a pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Text>,
    /// The milliseconds it took, as the agent measured them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What the agent says of a failure or refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
}

impl Observed {
    /// Returns what names the turn that an event takes part in: the agent's id of the prompt; of a prompt that has none, the event's own.
    pub fn turn(&self, event: EventId) -> Option<Text> {
        let own = || matches!(self.what, Happened::Prompted { .. }).then(|| Text::stored(event.to_string()));
        let is_of_turn = matches!(self.what, Happened::Prompted { .. } | Happened::Stopped | Happened::Broke { .. });
        if is_of_turn && self.subagent.is_none() { self.prompt.clone().or_else(own) } else { None }
    }
}

impl Happened {
    /// Returns the snake-case name of the kind of observation, as it is stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::Left { .. } => "left",
            Self::Prompted { .. } => "prompted",
            Self::ToolAsked(_) => "tool_asked",
            Self::ToolSucceeded(_) => "tool_succeeded",
            Self::ToolFailed(_) => "tool_failed",
            Self::ToolRefused(_) => "tool_refused",
            Self::ToolsOver(_) => "tools_over",
            Self::Stopped => "stopped",
            Self::Broke { .. } => "broke",
            Self::Waits { .. } => "waits",
            Self::SubagentBegan { .. } => "subagent_began",
            Self::SubagentDone { .. } => "subagent_done",
            Self::Compacting { .. } => "compacting",
            Self::Compacted { .. } => "compacted",
            Self::ModelSwitched { .. } => "model_switched",
            Self::Passing => "passing",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the tool calls it tells of.
    pub fn tools(&self) -> &[Tool] {
        match self {
            Self::ToolAsked(tool) | Self::ToolSucceeded(tool) | Self::ToolFailed(tool) | Self::ToolRefused(tool) => {
                std::slice::from_ref(tool)
            }
            Self::ToolsOver(tools) => tools,
            _ => &[],
        }
    }

    /// Reports whether it tells of one tool call: the event's id is derived from the call's, so that hearing it twice is no news.
    pub fn is_of_one_call(&self) -> bool {
        !matches!(self, Self::ToolsOver(_)) && !self.tools().is_empty()
    }

    /// Reports whether an agent is at work that says this, so that its conversation needs a session.
    pub fn is_work(&self) -> bool {
        !matches!(self, Self::Left { .. } | Self::Passing | Self::Unknown | Self::Compacted { .. } | Self::SubagentDone { .. })
    }
}
