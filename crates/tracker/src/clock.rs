//! Time, passed in: tests hold it still, the program asks the machine. What runs is asked in the same breath, because a process
//! is known by when it started.

use jiff::tz::TimeZone;
use machine::Clocks;
use session::{Process, Reading};

use crate::Environment;

/// Says what time it is, and which processes there are at this time.
pub trait Clock {
    /// Returns what all clocks say now.
    fn now(&self) -> Reading;
    /// Returns the zone in which people's times are read.
    fn zone(&self) -> TimeZone;
    /// Reports whether a process is still there, and still the same one.
    fn is_running(&self, process: &Process) -> bool;
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

    fn is_running(&self, process: &Process) -> bool {
        machine::is_running(process)
    }
}
