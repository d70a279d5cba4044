//! One call of the hook.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use inbox::Loss;

use crate::debug::Debug;
use crate::record::{Recorded, record};
use crate::stdin::{self, Read};
use crate::surroundings::{self, Surroundings};

/// How long a payload may take from its first byte on.
const PATIENCE: Duration = Duration::from_millis(300);

/// How long all of it may take. An agent writes at once, but on a busy machine its turn to begin comes late.
const PATIENCE_IN_ALL: Duration = Duration::from_millis(420);

/// The longest payload.
const LONGEST: usize = 16 << 20;

/// How long the disk may take. A hook that is not done by then goes; what the kernel has taken by then is there.
const DISK_PATIENCE: Duration = Duration::from_millis(500);

/// A start of a conversation, which is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The agent.
    pub agent: String,
    /// The agent's own id of the conversation.
    pub conversation: String,
    /// The home of the store, if it is none of the usual places.
    pub home: Option<PathBuf>,
}

impl Start {
    /// Returns it as the arguments of the program that answers.
    pub fn arguments(&self) -> Vec<OsString> {
        let home = self.home.iter().flat_map(|home| ["--home".into(), home.clone().into_os_string()]);
        home.chain(["--".into(), self.agent.clone().into(), self.conversation.clone().into()]).collect()
    }
}

/// Records the payload on stdin. Returns a start that is to be answered.
///
/// `arguments` are the agent's name and, where the store is in none of the usual places, `--home DIR`.
pub fn run(arguments: &[OsString]) -> Option<Start> {
    let surroundings = Surroundings::of_process();
    let debug = Debug::new(surroundings.is_debug());
    let Some(asked) = Asked::read(arguments) else {
        debug.say("called without the name of an agent: rutter-hook AGENT < payload");
        return None;
    };
    let Some(home) = surroundings::home(&surroundings, asked.home.clone()) else {
        debug.say("neither RUTTER_HOME nor HOME says where to record");
        return None;
    };
    let began = Instant::now();
    let (agent, read) = (asked.agent, stdin::read(LONGEST, PATIENCE, began + PATIENCE_IN_ALL));
    debug.say_read(&read, began);
    let work = move || match read {
        Read::Value(bytes) => record(&agent, &home, &surroundings, bytes, &debug),
        Read::TooLong => Recorded::lost(&home, Loss::TooLong),
        Read::Cut(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => Recorded::default(),
        Read::Cut(_) => Recorded::lost(&home, Loss::NoPayload),
        // A person who looks what happens loses nothing.
        Read::Late(0) if std::io::stdin().is_terminal() => Recorded::default(),
        Read::Late(_) => Recorded::lost(&home, Loss::Late),
        Read::Failed => Recorded::lost(&home, Loss::Broken),
    };
    let recorded = within(DISK_PATIENCE, work)?;
    recorded.start.map(|conversation| Start { agent: recorded.agent, conversation, home: asked.home })
}

/// Records a payload below a home in this process: for tests that have a great many.
#[doc(hidden)]
pub fn record_here(agent: &str, home: &Path, payload: Vec<u8>) {
    record(agent, home, &Surroundings::of_process(), payload, &Debug::new(false));
}

/// Does the work in a thread and waits for it, but not for ever. Where no thread can be had, it is done here all the same.
fn within<T: Send + 'static, W: FnOnce() -> T + Send + 'static>(patience: Duration, work: W) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    let (giver, taker) = mpsc::channel::<W>();
    let worker = move || taker.recv().map(|work| sender.send(work()));
    if std::thread::Builder::new().stack_size(512 << 10).spawn(worker).is_err() {
        return Some(work());
    }
    giver.send(work).ok()?;
    receiver.recv_timeout(patience).ok()
}

/// What was asked of the hook.
struct Asked {
    agent: String,
    home: Option<PathBuf>,
}

impl Asked {
    fn read(arguments: &[OsString]) -> Option<Self> {
        let (mut agent, mut home, mut rest) = (None, None, arguments.iter());
        while let Some(argument) = rest.next() {
            if argument == OsStr::new("--home") {
                home = rest.next().map(PathBuf::from).filter(|home| home.is_absolute());
            } else if agent.is_none() {
                agent = argument.to_str().map(str::to_owned);
            }
        }
        Some(Self { agent: agent?, home })
    }
}
