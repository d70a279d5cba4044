//! Time, passed in: tests hold it still, the program asks the machine. What runs is asked in the same breath, because a process
//! is known by when it started.

use jiff::tz::TimeZone;
use machine::Clocks;
use session::{Process, Reading};

use crate::{Environment, Fate};

/// Says what time it is, and which processes there are at this time.
pub trait Clock {
    /// Returns what all clocks say now.
    fn now(&self) -> Reading;
    /// Returns the zone in which people's times are read.
    fn zone(&self) -> TimeZone;
    /// Returns what became of a process.
    fn fate(&self, process: &Process) -> Fate;
    /// Returns the processes that this one descends from, its parent first.
    fn ancestors(&self) -> Vec<Process>;

    /// Reports whether a process is still there, and still the same one.
    fn is_running(&self, process: &Process) -> bool {
        self.fate(process) == Fate::Runs
    }
}

/// The clocks of this machine.
#[derive(Clone, Debug)]
pub struct SystemClock(Clocks);

impl SystemClock {
    /// Finds out the zone, as `TZ` or the system says, and the boot id.
    pub fn new(environment: &Environment) -> Self {
        Self(Clocks::new(environment.text("TZ").as_deref()))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Reading {
        self.0.now()
    }

    fn zone(&self) -> TimeZone {
        self.0.zone()
    }

    fn fate(&self, process: &Process) -> Fate {
        match machine::is_judged_here(process) {
            true if machine::is_running(process) => Fate::Runs,
            true => Fate::Gone,
            false => Fate::Unknown,
        }
    }

    fn ancestors(&self) -> Vec<Process> {
        machine::ancestors(std::process::id())
    }
}
