//! The public shape of a handoff.

use serde::Serialize;
use session::Reading;

use super::claims::Claim;
use super::record::Record;

/// What the next session must know of one, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HandoffView {
    /// The id of the session.
    pub session: String,
    /// Its number in its project.
    pub number: Option<u32>,
    /// The name of its project.
    pub project: Option<String>,
    /// What it was about.
    pub description: Option<String>,
    /// Where it stands.
    pub status: &'static str,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// The branch that was checked out.
    pub branch: Option<String>,
    /// The commit that was checked out.
    pub commit: Option<String>,
    /// When somebody last looked at what it left behind.
    pub surveyed_at: Option<String>,
    /// When the claims were checked.
    pub checked_at: String,
    /// What it claims, and how that was checked.
    pub claims: Vec<Claim>,
    /// The words that an agent is told.
    pub text: String,
    /// What this session's own agents were told of sessions before it, oldest first.
    pub received: Vec<ReceivedView>,
}

/// What an agent was told when its conversation began or was compacted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReceivedView {
    /// The agent session that was told.
    pub agent_session: String,
    /// The ids of the sessions it was told of.
    pub from: Vec<String>,
    /// When.
    pub at: String,
    /// The words.
    pub text: String,
}

impl HandoffView {
    pub(super) fn of(record: &Record, claims: Vec<Claim>, text: String, received: Vec<ReceivedView>, now: &Reading) -> Self {
        let session = &record.session;
        let words = |text: &session::Text| text.as_str().to_owned();
        let git = record.survey.as_ref().and_then(|survey| survey.git.as_ref());
        Self {
            session: session.id.to_string(),
            number: session.number.value,
            project: record.project.clone(),
            description: session.description.as_ref().map(|description| words(&description.text)),
            status: session.status().as_str(),
            ended_at: session.ended().map(|ended| ended.moment.to_string()),
            end_reason: session.lifecycle.value.reason.as_ref().map(words),
            branch: git.and_then(|git| git.branch.as_ref()).map(words),
            commit: git.and_then(|git| git.commit.as_ref()).map(words),
            surveyed_at: record.survey.as_ref().map(|survey| survey.at.to_string()),
            checked_at: now.moment.to_string(),
            claims,
            text,
            received,
        }
    }
}
