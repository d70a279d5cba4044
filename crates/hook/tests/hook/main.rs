//! The program `rutter-hook` from the outside: what it leaves in the inbox, and that no agent ever feels it.
//!
//! | file | holds |
//! |---|---|
//! | `call` | the program in a home of its own, and what it left there |
//! | `fixtures` | payloads as they were captured |
//! | `payloads` | every captured payload becomes one record |
//! | `broken` | payloads that are none, or not what they should be |
//! | `places` | homes, inboxes and surroundings that are not as they should be |
//! | `errors` | calls into the system that fail |
//! | `limits` | pipes held open, too much on stdin, what debugging says |
//! | `traces` | what calls leave behind, for whom, and where |
//! | `disk` | full disks |
//! | `kill` | calls killed at every step |
//! | `power` | what is on the disk when the hook returns; the replay of power cuts is in `cli/tests/power` |
//! | `storm` | many at once |
//! | `varied` | payloads varied at random |

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod broken;
mod call;
mod disk;
mod errors;
mod fixtures;
mod kill;
mod limits;
mod payloads;
mod places;
mod power;
mod storm;
mod traces;
mod varied;
