//! Connections: accepting, reading, stopping.

use std::io::{BufReader, Result};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use super::answer::{Reply, answer};
use super::script::{Said, words};
use crate::messages_api::http;

/// The stand-in; it goes with the value.
#[derive(Debug)]
pub struct ResponsesApi {
    address: SocketAddr,
    room: Arc<Room>,
    doorman: Option<JoinHandle<()>>,
}

/// What its threads share.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    scripts: Vec<(String, Vec<Vec<Said>>)>,
    replies: Vec<Reply>,
    complaints: Vec<String>,
    connections: Vec<TcpStream>,
    is_closing: bool,
}

impl ResponsesApi {
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

    /// Returns where it is, for `base_url`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Adds a script: what is said, request by request.
    pub fn add(&self, name: &str, steps: impl IntoIterator<Item = Vec<Said>>) {
        self.room.state().scripts.push((name.to_owned(), steps.into_iter().collect()));
    }

    /// Returns everything that was sent, in the order of asking.
    pub fn replies(&self) -> Vec<Reply> {
        self.room.state().replies.clone()
    }

    /// Returns what must not be.
    pub fn complaints(&self) -> Vec<String> {
        self.room.state().complaints.clone()
    }
}

impl Room {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn complain(&self, about: String) {
        self.state().complaints.push(about);
    }

    /// Returns a step of a script; without one the model has nothing more to say.
    pub(super) fn step(&self, script: &str, step: usize) -> Vec<Said> {
        let found = self.state().scripts.iter().find(|(name, _)| name == script).and_then(|(_, steps)| steps.get(step).cloned());
        found.unwrap_or_else(|| {
            self.complain(format!("script `{script}` has no step {step}"));
            vec![words("ok")]
        })
    }

    /// Makes a reply, which has a number, and writes it down before anything of it is sent.
    pub(super) fn reply(&self, make: impl FnOnce(usize) -> (Reply, Vec<Value>)) -> (Reply, Vec<Value>) {
        let number = self.state().replies.len() + 1;
        let (reply, items) = make(number);
        self.state().replies.push(reply.clone());
        (reply, items)
    }
}

impl Drop for ResponsesApi {
    fn drop(&mut self) {
        let mut state = self.room.state();
        state.is_closing = true;
        state.connections.drain(..).for_each(|connection| drop(connection.shutdown(Shutdown::Both)));
        drop(state);
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
