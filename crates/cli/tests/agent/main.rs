//! The whole way: the real agent, its model scripted, calls the real hook, and what `rutter` says of it is compared with what happened.
//!
//! What happened is known from four sides: what a second hook, which only records, was sent; the agent's own stream; its transcript;
//! the ledger of the model's stand-in. [`truth`] compares, after every scenario.
//!
//! | file | holds |
//! |---|---|
//! | `stage` | agent, model and `rutter` in one empty home |
//! | `truth` | what happened, and whether `rutter` says the same |
//! | `transcripts` | the same for what the agent itself wrote down: turns, tool calls, tokens |
//! | `results` | the same for what runs printed of it |
//! | `story` | what `rutter` tells of sessions, their chain and its heads, in words |
//! | `replay` | the same payloads taken in again in other orders |
//! | `tools` | tools that work, fail or are refused |
//! | `side_by_side` | several agents at once, sub-agents, agents started by agents |
//! | `interrupted` | Escape, a person's "No", SIGKILL |
//! | `errors` | a model that cannot be reached |
//! | `chain` | which conversation follows which, and where the head is |
//! | `conversations` | resume, continue, fork, clear |
//! | `turns` | prompts that nobody typed, or that came in the middle of a turn |
//! | `places` | directories, repositories, stores in other places |
//! | `people` | sessions that a person started; variables that name one |
//! | `starts` | `rutter start` and `rutter end` before, between and inside conversations |
//! | `worktrees` | worktrees of one repository, and their heads |
//! | `shells` | what a command that the agent runs finds out about its session |
//! | `told` | what the person, the model and the agent's shell are told, and how to switch it off |
//! | `handoff` | what one session leaves and the next one is told |
//! | `unrecorded` | pausing, excluding, prompts left out, uninstalling, secrets |
//! | `vault` | transcripts that were lost and put back |
//! | `codex` | Codex, its model scripted: what `rutter` counts is what was sent |
//! | `now` | what a running agent is doing |

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod chain;
mod codex;
mod conversations;
mod errors;
mod handoff;
mod interrupted;
mod now;
mod people;
mod places;
mod replay;
mod results;
mod shells;
mod side_by_side;
mod stage;
mod starts;
mod story;
mod told;
mod tools;
mod transcripts;
mod truth;
mod turns;
mod unrecorded;
mod vault;
mod worktrees;
