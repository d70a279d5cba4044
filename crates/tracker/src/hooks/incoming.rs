//! One record of the inbox, understood: the agent's words end here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use agents::Envelope;
use inbox::Frame;
use session::{ConversationKey, EventId, Json, Observed, Reading, Text};

use crate::projects::Wanted;
use crate::{Place, lifecycle};

/// A record of the inbox.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) id: EventId,
    pub(crate) at: Reading,
    pub(crate) owner: Option<Text>,
    pub(crate) conversation: ConversationKey,
    pub(crate) observed: Observed,
    pub(crate) payload: Json,
}

impl Incoming {
    /// Reads a record; none where nobody here understands it.
    pub(crate) fn read(frame: &Frame<'_>) -> Option<Self> {
        let envelope: Envelope<'_> = serde_json::from_slice(frame.body).ok()?;
        let observed = agents::understand(&envelope)?;
        Some(Self {
            id: frame.id,
            at: envelope.at,
            owner: envelope.owner.clone().map(Text::stored),
            conversation: ConversationKey::of(observed.agent.as_str(), observed.conversation.as_str()),
            observed,
            payload: Json::stored(envelope.payload.get().to_owned()),
        })
    }

    /// Returns the directory in which it happened.
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.observed.cwd.as_ref().map(|cwd| Path::new(cwd.as_str())).filter(|path| path.is_absolute())
    }
}

/// Where an agent works, found out before the turn in which it is needed: git may have to be asked.
pub(crate) struct Ground {
    pub(crate) place: Place,
    pub(crate) project: Wanted,
    pub(crate) documented: std::collections::BTreeSet<u32>,
}

impl Ground {
    pub(crate) fn at(place: Place, project: Wanted) -> Self {
        let documented = lifecycle::documented_numbers(&place.worktree);
        Self { place, project, documented }
    }
}

/// The grounds that a chunk of the inbox may need.
pub(crate) type Grounds = BTreeMap<PathBuf, Ground>;
