//! Which files a session touched, against real repositories.
//!
//! | file | holds |
//! |---|---|
//! | `repository` | a repository of one's own, and what is asked of it past the tracker |
//! | `histories` | a thousand generated histories, against a computation of another kind |
//! | `operations` | what the histories are made of |
//! | `states` | one state of a repository each |
//! | `sessions` | several sessions in one place, and tool calls |
//! | `hostile` | repositories and programs that mean harm |

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod histories;
mod hostile;
mod operations;
mod repository;
mod sessions;
mod states;
