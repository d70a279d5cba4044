//! The row of a tool call: one action of the agent and what came of it.

use serde::{Deserialize, Serialize};

use crate::{ConversationKey, SessionKey, Text, ToolCallKey, When};

/// One tool call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Its key.
    pub key: ToolCallKey,
    /// The conversation it is of.
    pub conversation: ConversationKey,
    /// The session it belongs to; none while that is not decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// The agent's id of it.
    pub call: Text,
    /// The tool.
    pub tool: Text,
    /// What it works on, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Text>,
    /// The agent's id of the prompt it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Text>,
    /// The sub-agent that made it; none for the main thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<Text>,
    /// The first observation of it.
    pub first: When,
    /// When it was asked for, if that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<When>,
    /// What came of it, if that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<CallEnd>,
}

/// What came of a tool call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEnd {
    /// The outcome.
    pub outcome: Outcome,
    /// When it was observed.
    pub when: When,
    /// The milliseconds it took, as the agent measured them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What the agent says of a failure or refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
}

/// How a tool call came out. The order is that of how much is known: what says more replaces what says less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was over when its response was, and no hook says that it ran: refused before it could.
    NotRun,
    /// It was refused.
    Refused,
    /// It ran and failed.
    Failed,
    /// It ran and succeeded.
    Succeeded,
}

impl Outcome {
    /// Returns the word as it stands in views.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotRun | Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Succeeded => "succeeded",
        }
    }
}

impl ToolCall {
    /// Takes an end, unless more is known already.
    pub(crate) fn take_end(&mut self, end: CallEnd) {
        let is_better = |held: &CallEnd| (held.outcome, held.when.stamp) < (end.outcome, end.when.stamp);
        if self.end.as_ref().is_none_or(is_better) {
            self.end = Some(end);
        }
    }

    /// Returns the outcome, if any was seen.
    pub fn outcome(&self) -> Option<Outcome> {
        self.end.as_ref().map(|end| end.outcome)
    }
}
