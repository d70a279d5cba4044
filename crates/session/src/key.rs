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
    /// Names a project (UUIDv7).
    ProjectKey
}
