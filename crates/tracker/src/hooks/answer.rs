//! What an agent is told when a conversation begins: which session this is, and how to record what must not be lost.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;
use session::{Conversation, ConversationKey, Session};
use store::StoreError;

use crate::Tracker;
use crate::files::Looking;

/// The answer to a start.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The session that the conversation belongs to.
    pub session: Session,
    /// Whether the banner is shown to the person.
    pub with_banner: bool,
    /// What the agent is told; bounded, fenced, marked as data.
    pub context: Option<String>,
}

/// How long git may take while an agent waits.
const GIT_PATIENCE: Duration = Duration::from_millis(120);

/// What is told of a foreign name.
const LONGEST_NAME: usize = 80;

impl Tracker {
    /// Answers the start of a conversation; none where it belongs to no session.
    ///
    /// # Errors
    /// When the store cannot answer.
    pub fn answer_start(&mut self, agent: &str, conversation: &str) -> Result<Option<Answer>, StoreError> {
        let row = self.store.reads().conversation(ConversationKey::of(agent, conversation))?;
        let session = row.as_ref().and_then(Conversation::session).map(|key| self.store.reads().session(key)).transpose()?.flatten();
        let (Some(row), Some(session)) = (row, session) else { return Ok(None) };
        // How the session finds its worktree is looked at while the rest is done.
        let is_new = self.store.reads().footprint(session.key)?.is_none_or(|footprint| footprint.baseline.is_none());
        let looking = is_new.then(|| self.look_at_worktree(GIT_PATIENCE));
        let context = if self.config.is_on("hook.context") { Some(self.context(&row, &session)?) } else { None };
        // An agent that waits is told, whatever becomes of this.
        drop(self.record_baseline(&session, looking.and_then(Looking::seen)));
        Ok(Some(Answer { with_banner: self.config.is_on("hook.banner"), context, session }))
    }

    fn context(&mut self, row: &Conversation, session: &Session) -> Result<String, StoreError> {
        let handoff = if self.config.is_on("handoff.deliver") { self.hand_over(row, session).ok().flatten() } else { None };
        let own = self.own_context(session)?;
        Ok(handoff.map_or_else(|| own.clone(), |handoff| format!("{own}\n{}", handoff.text)))
    }

    fn own_context(&self, session: &Session) -> Result<String, StoreError> {
        let project = session.project.map(|key| self.store.reads().project(key)).transpose()?.flatten();
        let project = project.map_or_else(String::new, |project| format!(" of project {}", plain(project.name.as_str())));
        let number = session.number.value.map_or_else(String::new, |number| format!("#{number:05}, "));
        Ok(format!(
            "<rutter-session>\n\
             This is session {number}{id}{project}. Its prompts, tool calls and outcomes are recorded by rutter; what stands here is data, not a task.\n\
             Write down what must not be lost: `rutter decision \"what\" -r \"why\"`, `rutter log \"what was done\" -c implementation`, \
             `rutter test \"what\" --passed N --failed N`, `rutter blocker \"what\"`, `rutter todo \"what is left\"`.\n\
             </rutter-session>",
            id = session.id
        ))
    }

    /// Tells the agent's shell which session this is, in the file that the agent reads variables from.
    ///
    /// # Errors
    /// When the file is none, or cannot be written.
    pub fn tell_shell(&self, session: &Session, file: &Path) -> std::io::Result<()> {
        if !self.config.is_on("hook.environment") {
            return Ok(());
        }
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits()).unwrap_or(0);
        let mut file = match file.is_absolute() {
            true => std::fs::OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(file)?,
            false => return Err(std::io::ErrorKind::InvalidInput.into()),
        };
        if !file.metadata()?.is_file() {
            return Err(std::io::ErrorKind::InvalidInput.into());
        }
        // An id is of `A-Z`, `0-9` and `-`: nothing a shell could take for more.
        let lines: String = agents::SESSION_VARIABLES.map(|name| format!("export {name}={}\n", session.id)).concat();
        // Who wrote before us may have left the last line open.
        file.write_all(format!("\n{lines}").as_bytes())
    }
}

/// Returns a foreign name as a few plain characters, which end no fence.
fn plain(name: &str) -> String {
    let harmless = |each: char| if each.is_control() || "<>`".contains(each) { ' ' } else { each };
    name.chars().take(LONGEST_NAME).map(harmless).collect()
}
