//! Sessions that have something in common: a project, a branch, a ticket, a chain, a tag, an agent, a status, a type.
//!
//! A session may be in several groups of one kind. It is counted in each of them, and once in all of them together.
//!
//! | file | holds |
//! |---|---|
//! | `kind` | by what sessions are grouped |
//! | `ticket` | what is a ticket, and what only looks like one; pure |
//! | `sort` | which groups a session is in |
//! | `told` | the branches that transcripts tell of |
//! | `grouped` | sessions laid into their groups; what each group is to a person |
//! | `stats` | groups counted |
//! | `usage` | what was used, by groups of sessions |

mod grouped;
mod kind;
mod sort;
mod stats;
mod ticket;
mod told;
mod usage;

pub use grouped::{GroupOfSessions, Grouped, GroupedView};
pub use kind::GroupKind;
pub use stats::{GroupStatsView, GroupWorkView};
pub use ticket::TicketRule;
