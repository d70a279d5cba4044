//! What an agent's status line shows: the session, and what the agent itself says of model, cost and context.

use agents::claude_code::statusline;
use session::ConversationKey;
use store::StoreError;

use crate::Tracker;

/// What a status line shows; what is not known is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusLine {
    /// The session's id.
    pub session: Option<String>,
    /// Its number in its project.
    pub number: Option<u32>,
    /// The model, as the agent calls it.
    pub model: Option<String>,
    /// What the conversation cost so far, in dollars, as the agent estimates it.
    pub cost_usd: Option<f64>,
    /// How much of the context is used, in percent.
    pub context_percent: Option<f64>,
}

impl Tracker {
    /// Reads what an agent tells its status line, and adds the session. What does not read shows nothing.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn status_line(&self, told: &[u8]) -> Result<StatusLine, StoreError> {
        let Some(told) = statusline::parse(told) else { return Ok(StatusLine::default()) };
        let key = ConversationKey::of(agents::claude_code::NAME, &told.session_id);
        let session = self.store.reads().conversation(key)?.and_then(|row| row.session());
        let session = session.map(|key| self.store.reads().session(key)).transpose()?.flatten();
        Ok(StatusLine {
            session: session.as_ref().map(|session| session.id.to_string()),
            number: session.and_then(|session| session.number.value),
            model: told.model,
            cost_usd: told.cost_usd,
            context_percent: told.context_used_percent,
        })
    }
}
