//! One process among all that ever were: a pid alone is given out again.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A process of an agent. Equal means the same process, not only the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Process {
    /// The boot of the machine it runs on (Linux: `/proc/sys/kernel/random/boot_id`).
    pub boot: Uuid,
    /// The pid namespace (the inode of `/proc/<pid>/ns/pid`): containers share a boot id.
    pub namespace: u64,
    /// Its number in that namespace.
    pub pid: u32,
    /// When it started, in clock ticks since the boot (field 22 of `/proc/<pid>/stat`).
    pub started: u64,
}
