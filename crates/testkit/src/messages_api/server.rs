//! Connections: accepting, reading, stopping.

use std::io::{BufReader, Result};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::answer::answer;
use super::http;
use super::ledger::Exchange;
use super::room::Room;
use super::script::Step;

/// The stand-in; it goes with the value.
#[derive(Debug)]
pub struct MessagesApi {
    address: SocketAddr,
    room: Arc<Room>,
    doorman: Option<JoinHandle<()>>,
}

impl MessagesApi {
    /// Listens on a port of loopback that nobody has.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, room) = (listener.local_addr().unwrap(), Arc::<Room>::default());
        let doorman = std::thread::spawn({
            let room = Arc::clone(&room);
            move || welcome(&listener, &room)
        });
        Self { address, room, doorman: Some(doorman) }
    }

    /// Returns where it is, for `ANTHROPIC_BASE_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a script of the test's own; it goes before one of the same name.
    pub fn add(&self, name: &str, steps: impl IntoIterator<Item = Step>) {
        self.room.state().scripts.insert(0, (name.to_owned(), steps.into_iter().collect()));
    }

    /// Lets stalled streams go on, and those to come not stall.
    pub fn release(&self) {
        self.room.state().is_released = true;
        self.room.changed.notify_all();
    }

    /// Returns everything asked so far, in the order of asking.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.room.state().ledger.exchanges.clone()
    }

    /// Returns the turns of conversations, without housekeeping.
    pub fn turns(&self) -> Vec<Exchange> {
        self.exchanges().into_iter().filter(Exchange::is_turn).collect()
    }

    /// Returns the ids of all tool calls that were sent whole.
    pub fn tool_ids(&self) -> Vec<String> {
        self.exchanges().iter().flat_map(Exchange::tool_ids).collect()
    }

    /// Returns what it did not understand.
    pub fn complaints(&self) -> Vec<String> {
        self.room.state().ledger.complaints.clone()
    }

    /// Counts the requests in which a model was told these words, which have to be such as JSON leaves as they are.
    pub fn times_told(&self, words: &str) -> usize {
        self.room.state().ledger.told.iter().filter(|body| body.contains(words)).count()
    }

    /// Returns the body of the first request, with tools to call, in which a model was told these words.
    pub fn first_told(&self, words: &str) -> Option<String> {
        let is_of_turn = |body: &&String| body.contains(words) && body.contains("\"tools\":[{");
        self.room.state().ledger.told.iter().find(is_of_turn).cloned()
    }

    /// Waits until what was asked and sent is as wanted, and returns it.
    ///
    /// # Panics
    /// When it is not within the time.
    pub fn wait_until(&self, within: Duration, is_so: impl Fn(&[Exchange]) -> bool) -> Vec<Exchange> {
        let end = Instant::now() + within;
        let mut state = self.room.state();
        while !is_so(&state.ledger.exchanges) {
            let left = end.checked_duration_since(Instant::now());
            let left = left.unwrap_or_else(|| panic!("not so within {within:?}: {:#?}", state.ledger.exchanges));
            state = self.room.wait(state, left);
        }
        state.ledger.exchanges.clone()
    }
}

impl Drop for MessagesApi {
    fn drop(&mut self) {
        let mut state = self.room.state();
        state.is_closing = true;
        state.connections.drain(..).for_each(|connection| drop(connection.shutdown(Shutdown::Both)));
        drop(state);
        self.room.changed.notify_all();
        // The doorman waits for somebody; this is somebody.
        drop(TcpStream::connect(self.address));
        self.doorman.take().map(JoinHandle::join);
    }
}

fn welcome(listener: &TcpListener, room: &Arc<Room>) {
    for connection in listener.incoming().flatten() {
        let mut state = room.state();
        if state.is_closing {
            return;
        }
        state.connections.extend(connection.try_clone());
        let room = Arc::clone(room);
        // A client that goes away in the middle is what some tests are about.
        std::thread::spawn(move || drop(serve(&connection, &room)));
    }
}

fn serve(connection: &TcpStream, room: &Room) -> Result<()> {
    let (mut from, mut to) = (BufReader::new(connection.try_clone()?), connection.try_clone()?);
    while let Some(incoming) = http::read(&mut from)? {
        answer(&incoming, &mut to, room)?;
    }
    Ok(())
}
