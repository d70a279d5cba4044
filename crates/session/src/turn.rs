//! The row of a turn: a prompt and all that follows until the agent stops.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ConversationKey, EventId, Latest, SessionKey, Text, TurnKey, When, in_order};

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its key.
    pub key: TurnKey,
    /// The conversation it is of.
    pub conversation: ConversationKey,
    /// The agent's id of the prompt that began it; of a prompt that has none, the id of the event that brought it.
    pub prompt: Text,
    /// The session it belongs to; none while that is not decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionKey>,
    /// The first observation of it.
    pub first: When,
    /// The prompts, by the events that brought them; a prompt typed while a turn runs belongs to that turn.
    pub prompts: BTreeMap<EventId, Prompt>,
    /// How it ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Latest<TurnEnd>>,
}

/// One prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// When it came.
    pub when: When,
    /// What it says; none where prompts are not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Whether a person typed it.
    pub is_typed: bool,
}

/// How a turn ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnEnd {
    /// The agent stopped.
    Stopped,
    /// An error ended it.
    Broke(Text),
}

impl Turn {
    /// Returns the prompts in the order in which they came.
    pub fn prompts_in_order(&self) -> Vec<&Prompt> {
        let mut prompts: Vec<_> = self.prompts.values().collect();
        in_order(&mut prompts, |prompt| prompt.when);
        prompts
    }

    /// Reports whether anybody prompted, so that it counts as a turn.
    pub fn is_prompted(&self) -> bool {
        !self.prompts.is_empty()
    }
}
