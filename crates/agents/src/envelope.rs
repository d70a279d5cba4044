//! What a hook leaves in the inbox: a payload and what was known around it. JSON, so that a later build reads what an older one left.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use session::{Process, Reading};

/// A payload, redacted, and what was known around it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope<'p> {
    /// The agent, as in `claude-code`.
    #[serde(borrow)]
    pub agent: Cow<'p, str>,
    /// When the hook was called.
    pub at: Reading,
    /// For whom it is recorded, where the agent was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The number of the agent's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// A hash of the payload as it came.
    pub fingerprint: u64,
    /// The agent's process; at a start only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
    /// The machine it runs on; at a start only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// What that process descends from; at a start only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestors: Vec<Process>,
    /// Ids of sessions and agents among the variables it was started with; at a start only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<(String, String)>,
    /// The payload: an object, its strings redacted and those of tools cut.
    #[serde(borrow)]
    pub payload: &'p RawValue,
}
