//! UUID keys. Rows and events refer to each other by key; ids and numbers are names within one store.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that was drawn for this purpose.
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }
    };
}

key! {
    /// Names one event for ever: derived from its natural key where it has one, else drawn once.
    EventId
}
key! {
    /// Names a session (UUIDv7).
    SessionKey
}
key! {
    /// Names a work item (UUIDv7).
    WorkKey
}
key! {
    /// Names an entry (UUIDv7).
    EntryKey
}
key! {
    /// Names a project (UUIDv7).
    ProjectKey
}
key! {
    /// Names a conversation of an agent: derived from the agent and the agent's own id, the same on every machine.
    ConversationKey
}
key! {
    /// Names a turn: derived from its conversation and the agent's id of its prompt.
    TurnKey
}
key! {
    /// Names a tool call: derived from its conversation and the agent's id of the call.
    ToolCallKey
}

/// The root of all derived keys.
const OURS: Uuid = Uuid::from_u128(0x7275_7474_6572_4000_8000_6b65_795f_6f66);

/// Derives a UUID (version 5) from words. Each is preceded by its length, so that no two lists of words run together.
fn derived(words: &[&[u8]]) -> Uuid {
    let name: Vec<u8> = words.iter().flat_map(|word| (word.len() as u64).to_be_bytes().into_iter().chain(word.iter().copied())).collect();
    Uuid::new_v5(&OURS, &name)
}

impl ConversationKey {
    /// Derives the key of an agent's conversation.
    pub fn of(agent: &str, id: &str) -> Self {
        Self(derived(&[b"conversation", agent.as_bytes(), id.as_bytes()]))
    }
}

impl TurnKey {
    /// Derives the key of the turn that a prompt began.
    pub fn of(conversation: ConversationKey, prompt: &str) -> Self {
        Self(derived(&[b"turn", conversation.0.as_bytes(), prompt.as_bytes()]))
    }
}

impl ToolCallKey {
    /// Derives the key of a tool call.
    pub fn of(conversation: ConversationKey, call: &str) -> Self {
        Self(derived(&[b"tool call", conversation.0.as_bytes(), call.as_bytes()]))
    }
}

impl EventId {
    /// Derives the id of what an agent's hook says of a tool call: delivered again it is the same event.
    pub fn of_tool_call(agent: &str, conversation: &str, call: &str, event: &str) -> Self {
        Self(derived(&[b"event", agent.as_bytes(), conversation.as_bytes(), call.as_bytes(), event.as_bytes()]))
    }

    /// Derives the id of what was decided because of something, once: decided again it is the same event.
    pub fn of_decision(because: Uuid, about: &str) -> Self {
        Self(derived(&[b"decision", because.as_bytes(), about.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_keys_differ_where_any_word_does() {
        let keys = [("a", "bc"), ("ab", "c"), ("a", "b"), ("", "abc")].map(|(agent, id)| ConversationKey::of(agent, id));
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(at));
        }
    }
}
