//! The agent in a pseudo-terminal: keys in, text out.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::leftovers;
use super::screen::{SIZE, Screen};
use crate::wait_for;

/// How long the agent may take to show what is waited for.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a key that seems not to have worked is waited for.
const BETWEEN_PRESSES: Duration = Duration::from_secs(1);

/// A key that is no letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Sends what is typed, or chooses.
    Enter,
    /// Interrupts.
    Escape,
    /// Interrupts, and twice ends.
    CtrlC,
    /// Ends, twice.
    CtrlD,
    /// Moves up.
    Up,
    /// Moves down.
    Down,
    /// Goes on to the next.
    Tab,
}

impl Key {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Enter => b"\r",
            Self::Escape => b"\x1b",
            Self::CtrlC => b"\x03",
            Self::CtrlD => b"\x04",
            Self::Up => b"\x1b[A",
            Self::Down => b"\x1b[B",
            Self::Tab => b"\t",
        }
    }
}

/// A running agent, or another program, and the terminal that it is in. It is killed when nobody wants it any more.
#[derive(Debug)]
pub struct Interactive {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<Screen>>,
}

impl Interactive {
    /// Starts a command with a terminal for its stdin, stdout and stderr. To be its own terminal, it has to make it so.
    pub fn start(mut command: Command) -> Self {
        let (keyboard, terminal) = open();
        let stream = || Stdio::from(terminal.try_clone().unwrap());
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        let screen = Arc::new(Mutex::new(Screen::new()));
        let (mut output, shown) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Some(read) = output.read(&mut bytes).ok().filter(|read| *read > 0) {
                shown.lock().unwrap().write(&bytes[..read]);
            }
        });
        Self { child, keyboard, screen }
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what the terminal shows.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().text()
    }

    /// Types text, and waits until it is shown: text that comes together with a key would be taken for pasted.
    pub fn type_text(&self, text: &str) {
        self.send(text.as_bytes());
        self.wait_for(text, |screen| unspaced(screen).contains(&unspaced(text)));
    }

    /// Presses a key.
    pub fn press(&self, key: Key) {
        self.send(key.bytes());
    }

    /// Presses a key until it has worked: a question overlooks what comes in its first moments, lest somebody answers it unread.
    pub fn press_until(&self, key: Key, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let pressed: Cell<Option<Instant>> = Cell::new(None);
        self.wait_for(what, |screen| {
            let is_done = is_so(screen);
            if !is_done && pressed.get().is_none_or(|at| at.elapsed() > BETWEEN_PRESSES) {
                self.press(key);
                pressed.set(Some(Instant::now()));
            }
            is_done
        })
    }

    /// Waits until the agent can be spoken to, types a prompt and sends it.
    pub fn submit(&self, prompt: &str) {
        self.wait_until_ready();
        self.type_text(prompt);
        self.press(Key::Enter);
    }

    /// Waits until the agent shows where to type; that is also so while it works.
    pub fn wait_until_ready(&self) {
        self.wait_for("a place to type", has_prompt);
    }

    /// Waits until the screen is as wanted, and returns it.
    ///
    /// # Panics
    /// When it does not become so; it says what is shown instead.
    #[track_caller]
    pub fn wait_for(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + DEADLINE;
        wait_for(what, DEADLINE * 2, || {
            let screen = self.screen();
            assert!(Instant::now() < end, "waited in vain for {what}; the screen shows\n{screen}");
            is_so(&screen).then_some(screen)
        })
    }

    /// Sends a signal to the agent alone.
    pub fn signal(&self, signal: Signal) {
        leftovers::signal(self.pid(), signal);
    }

    /// Kills the agent without a chance to say goodbye, and waits until it is gone.
    pub fn kill(mut self) -> ExitStatus {
        leftovers::kill_group(self.pid());
        self.child.wait().unwrap()
    }

    /// Leaves by `/exit` and waits for the end.
    pub fn exit(self) -> ExitStatus {
        self.submit("/exit");
        self.wait()
    }

    /// Waits for the end.
    pub fn wait(mut self) -> ExitStatus {
        wait_for("the agent to end", DEADLINE, || self.child.try_wait().unwrap())
    }

    fn send(&self, bytes: &[u8]) {
        (&self.keyboard).write_all(bytes).unwrap();
    }
}

impl Drop for Interactive {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            leftovers::kill_group(self.pid());
            drop(self.child.wait());
        }
    }
}

/// Says whether there is a line to type in: it has its sign, and a rule above it. A choice has the sign, too, but no rule.
fn has_prompt(screen: &str) -> bool {
    let lines: Vec<_> = screen.lines().collect();
    lines.windows(2).any(|pair| pair[0].starts_with("──") && pair[1].starts_with('❯'))
}

/// Long lines are broken anywhere, so spaces do not count.
fn unspaced(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Returns both ends of a new pseudo-terminal; it does not become ours.
fn open() -> (File, File) {
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    fcntl_setfd(&keyboard, FdFlags::CLOEXEC).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let size = Winsize { ws_row: SIZE.0 as u16, ws_col: SIZE.1 as u16, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&keyboard, size).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let no_terminal = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    let terminal = OpenOptions::new().read(true).write(true).custom_flags(no_terminal).open(name.to_str().unwrap()).unwrap();
    (keyboard.into(), terminal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_type_is_told_from_a_choice_and_from_what_was_typed() {
        assert!(has_prompt("❯ Go.\n\n● ok\n────────\n❯\n────────"));
        assert!(!has_prompt("❯ Go.\n────────\n  Do you want to proceed?\n❯ 1. Yes\n  2. No"));
    }
}
