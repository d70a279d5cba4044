//! For tests only: a home of one's own, clocks that stand still, dice that fall as wanted, and the program in an empty environment.
//!
//! | file | holds |
//! |---|---|
//! | `clock`, `dice` | time and randomness under a test's control |
//! | `home` | a temporary store and mirror, and trackers on them |
//! | `env` | the program `rutter` in an empty environment, its output made comparable |
//! | `events` | single events, for tests of the store |
//! | `messages_api` | a scripted stand-in for the Messages API on loopback |
//! | `responses_api` | the same for the Responses API |
//! | `client` | the real agent in an empty home, printing or in a terminal |
//! | `codex` | the real agent Codex in an empty home |
//! | `postgres` | PostgreSQL servers, and a schema for each test (feature `postgres`) |
//! | `patience` | waiting for what has to come |
//! | `redis` | a Redis of a test's own, and its protocol as other programs speak it |
//! | `transcripts` | transcripts of conversations that never were |
//! | `hooks` | what agents' hooks leave, without an agent; captured runs in `fixtures/` |
//! | `left` | what hooks left, to be left again elsewhere and in another order |
//! | `bin/frozen` | a program that works in one frozen second, to be started many times at once |

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod client;
mod clock;
mod codex;
mod dice;
mod env;
mod events;
mod home;
mod hooks;
mod left;
mod messages_api;
mod patience;
#[cfg(feature = "postgres")]
mod postgres;
mod redis;
mod responses_api;
mod transcripts;

pub use client::{Client, ClientHome, Interactive, Key, PrintProcess, PrintRun};
pub use clock::{StillClock, now, reading_at};
pub use codex::{Codex, CodexHome};
pub use dice::{SeededDice, StuckDice};
pub use env::{Outcome, TestEnv, with_hook};
pub use events::{entry_added, opened, opened_with, session_event, work_added};
pub use home::Home;
pub use hooks::{HookCall, captured, captured_lines, captured_runs};
pub use left::{Left, swap_neighbours};
pub use messages_api::{Block, Exchange, FAKE_SECRETS, Failure, FakeSecret, Kind, MessagesApi, Place, Step, bash, say, think, tool};
pub use patience::wait_for;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresServer, Schema};
pub use redis::{Redis, RedisReply};
pub use responses_api::{Reply, ResponsesApi, Said, patch, shell, words};
/// What can be sent to a process.
pub use rustix::process::Signal;
pub use transcripts::{BEGINNING, Transcript};
