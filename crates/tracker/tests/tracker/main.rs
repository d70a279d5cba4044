//! The use cases over a store and a mirror in a temporary directory, with a clock that stands still.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod calls;
mod captures;
mod chain;
mod checkpoints;
mod current;
mod ends;
mod exchange;
mod hooks;
mod hostile_tree;
mod inventory;
mod lifecycle;
mod make;
mod markers;
mod mirror;
mod model;
mod places;
mod resuming;
mod take_in;
mod usage;
mod workers;
