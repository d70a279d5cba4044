//! One call of the hook.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// How long a call may take in all. A hook that is not done by then goes; what the kernel has taken by then is there.
const LIMIT: Duration = Duration::from_millis(900);

/// How long counting a loss may hold up a hook that gives up.
const TO_COUNT: Duration = Duration::from_millis(40);

/// A start of a conversation, which is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The agent.
    pub agent: String,
    /// The agent's own id of the conversation.
    pub conversation: String,
    /// The home of the store, if it is none of the usual places.
    pub home: Option<PathBuf>,
    /// What is left of the time that the call may take.
    pub left: Duration,
}

impl Start {
    /// Returns it as the arguments of the program that answers.
    pub fn arguments(&self) -> Vec<OsString> {
        let home = self.home.iter().flat_map(|home| ["--home".into(), home.clone().into_os_string()]);
        let within = ["--within".into(), self.left.as_millis().to_string().into()];
        home.chain(within).chain(["--".into(), self.agent.clone().into(), self.conversation.clone().into()]).collect()
    }
}

/// Records the payload on stdin. Returns a start that is to be answered.
///
/// `arguments` are the agent's name and, where the store is in none of the usual places, `--home DIR`. `give_up` ends the process; it is
/// called, from another thread, when the call has taken most of a second.
pub fn run(arguments: &[OsString], give_up: fn()) -> Option<Start> {
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
    let read = stdin::read(LONGEST, PATIENCE, began + PATIENCE_IN_ALL);
    debug.say_read(&read, began);
    let is_done = watch(began + LIMIT, home.clone(), give_up);
    let recorded = match read {
        Read::Value(bytes) => record(&asked.agent, &home, &surroundings, bytes, &debug),
        Read::TooLong => Recorded::lost(&home, Loss::TooLong),
        Read::Cut(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => Recorded::default(),
        Read::Cut(_) => Recorded::lost(&home, Loss::NoPayload),
        // A person who looks what happens loses nothing.
        Read::Late(0) if std::io::stdin().is_terminal() => Recorded::default(),
        Read::Late(_) => Recorded::lost(&home, Loss::Late),
        Read::Failed => Recorded::lost(&home, Loss::Broken),
    };
    is_done.store(true, Ordering::Relaxed);
    recorded.start.map(|conversation| Start {
        agent: asked.agent,
        conversation,
        home: asked.home,
        left: LIMIT.saturating_sub(began.elapsed()),
    })
}

/// Records a payload below a home in this process: for tests that have a great many.
#[doc(hidden)]
pub fn record_here(agent: &str, home: &Path, payload: Vec<u8>) {
    record(agent, home, &Surroundings::of_process(), payload, &Debug::new(false));
}

/// Gives up when the time is over, in a thread that does nothing else: the work stays where it is cheapest. Where no thread can be had,
/// nobody watches, and the work is done all the same.
fn watch(deadline: Instant, home: PathBuf, give_up: fn()) -> Arc<AtomicBool> {
    let is_done = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_done);
    let watching = move || {
        std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
        if !seen.load(Ordering::Relaxed) {
            // The disk that stands still may hold up this as well.
            drop(std::thread::Builder::new().spawn(move || Recorded::lost(&home, Loss::Late)));
            std::thread::sleep(TO_COUNT);
            give_up();
        }
    };
    drop(std::thread::Builder::new().stack_size(16 << 10).spawn(watching));
    is_done
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
