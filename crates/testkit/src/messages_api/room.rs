//! What the threads of the server share, and how they wait for each other.

use std::io::Result;
use std::net::TcpStream;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ledger::{Exchange, Ledger};
use super::script::Step;
use super::{scripts, stream};

/// How often a stalled stream shows that it lives.
const BETWEEN_PINGS: Duration = Duration::from_millis(500);

/// What its threads share.
#[derive(Debug, Default)]
pub(super) struct Room {
    state: Mutex<State>,
    pub(super) changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) scripts: Vec<(String, Vec<Step>)>,
    pub(super) connections: Vec<TcpStream>,
    pub(super) is_released: bool,
    pub(super) is_closing: bool,
}

impl Room {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait<'s>(&self, state: MutexGuard<'s, State>, at_most: Duration) -> MutexGuard<'s, State> {
        self.changed.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn complain(&self, about: String) {
        self.state().ledger.complaints.push(about);
    }

    /// Writes an exchange down and returns its place.
    pub(super) fn enter(&self, exchange: Exchange) -> usize {
        let mut state = self.state();
        state.ledger.exchanges.push(exchange);
        self.changed.notify_all();
        state.ledger.exchanges.len() - 1
    }

    pub(super) fn amend(&self, place: usize, change: impl FnOnce(&mut Exchange)) {
        change(&mut self.state().ledger.exchanges[place]);
        self.changed.notify_all();
    }

    /// Returns the script of a name, the test's own first.
    pub(super) fn script(&self, name: &str) -> Option<Vec<Step>> {
        let own = self.state().scripts.iter().find(|(held, _)| held == name).map(|(_, steps)| steps.clone());
        own.or_else(|| scripts::script(name))
    }

    /// Holds an answer back, unless the server ends.
    pub(super) fn pause(&self, delay: Duration) {
        let state = self.state();
        let result = self.changed.wait_timeout_while(state, delay, |state| !state.is_closing);
        drop(result);
    }

    /// Returns once nobody holds this stream back; pings until then.
    pub(super) fn stall(&self, to: &mut TcpStream) -> Result<()> {
        loop {
            let state = self.state();
            if state.is_released || state.is_closing {
                return Ok(());
            }
            drop(self.wait(state, BETWEEN_PINGS));
            stream::ping(to)?;
        }
    }
}
