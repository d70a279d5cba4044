//! A clock that stands still until it is told to go on.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use session::{Boot, Moment, Process, Reading};
use tracker::{Clock, Fate};
use uuid::Uuid;

/// Returns what clocks one hour east of Greenwich say at an instant, without a boot clock.
pub fn reading_at(instant: &str) -> Reading {
    let at: Timestamp = instant.parse().unwrap();
    Reading { moment: Moment::new(at, Offset::from_seconds(3600).unwrap()), boot: None }
}

/// Returns what this machine's clock says now, as `--at` reads it.
pub fn now() -> String {
    machine::Clocks::new(Some("UTC")).now().moment.to_string()
}

/// Stands at one instant; clones stand together.
#[derive(Clone, Debug)]
pub struct StillClock {
    wall_micros: Arc<AtomicI64>,
    boot_micros: Arc<AtomicU64>,
    boot: Arc<AtomicU64>,
    offset_seconds: Arc<AtomicI32>,
    running: Arc<Mutex<BTreeSet<Process>>>,
    ancestors: Arc<Mutex<Vec<Process>>>,
}

fn micros(instant: &str) -> i64 {
    instant.parse::<Timestamp>().unwrap().as_microsecond()
}

impl StillClock {
    /// Stands at an instant, `2026-02-16T16:30:03.123456Z`, an hour after boot.
    pub fn at(instant: &str) -> Self {
        Self {
            wall_micros: Arc::new(micros(instant).into()),
            boot_micros: Arc::new(3_600_000_000.into()),
            boot: Arc::new(7.into()),
            offset_seconds: Arc::new(3_600.into()),
            running: Arc::default(),
            ancestors: Arc::default(),
        }
    }

    /// Lets a process run from now on.
    pub fn run(&self, process: Process) {
        self.running.lock().unwrap().insert(process);
    }

    /// Ends a process.
    pub fn kill(&self, process: &Process) {
        self.running.lock().unwrap().remove(process);
    }

    /// Starts the machine anew: nothing that ran runs any more.
    pub fn reboot(&self) {
        self.boot.fetch_add(1, Relaxed);
        self.boot_micros.store(1_000_000, Relaxed);
        self.running.lock().unwrap().clear();
    }

    /// Moves the zone to another offset east of Greenwich, as summer time does.
    pub fn set_offset(&self, seconds: i32) {
        self.offset_seconds.store(seconds, Relaxed);
    }

    /// Lets whoever asks descend from these processes, the nearest first.
    pub fn descend_from(&self, ancestors: &[Process]) {
        *self.ancestors.lock().unwrap() = ancestors.to_vec();
    }

    /// Returns the id of the present boot.
    pub fn boot(&self) -> Uuid {
        Uuid::from_u128(self.boot.load(Relaxed).into())
    }

    /// Lets seconds pass on all clocks.
    pub fn pass(&self, seconds: i64) {
        self.wall_micros.fetch_add(seconds * 1_000_000, Relaxed);
        self.boot_micros.fetch_add(u64::try_from(seconds).unwrap_or(0) * 1_000_000, Relaxed);
    }

    /// Sets the wall clock and leaves the boot clock as it is.
    pub fn jump_to(&self, instant: &str) {
        self.wall_micros.store(micros(instant), Relaxed);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Reading {
        let wall = Timestamp::from_microsecond(self.wall_micros.load(Relaxed)).unwrap();
        let moment = Moment::new(wall, self.zone().to_offset(wall));
        Reading { moment, boot: Some(Boot { id: self.boot(), micros: self.boot_micros.load(Relaxed) }) }
    }

    fn fate(&self, process: &Process) -> Fate {
        if self.running.lock().unwrap().contains(process) { Fate::Runs } else { Fate::Gone }
    }

    fn ancestors(&self) -> Vec<Process> {
        self.ancestors.lock().unwrap().clone()
    }

    fn zone(&self) -> TimeZone {
        TimeZone::fixed(Offset::from_seconds(self.offset_seconds.load(Relaxed)).unwrap())
    }
}
