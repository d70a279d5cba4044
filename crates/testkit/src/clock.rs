//! A clock that stands still until it is told to go on.

use std::cell::Cell;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use session::{Boot, Moment, Reading};
use tracker::Clock;
use uuid::Uuid;

/// Returns what clocks one hour east of Greenwich say at an instant, without a boot clock.
pub fn reading_at(instant: &str) -> Reading {
    let at: Timestamp = instant.parse().unwrap();
    Reading { moment: Moment::new(at, Offset::from_seconds(3600).unwrap()), boot: None }
}

/// Stands at one instant; clones stand together.
#[derive(Clone, Debug)]
pub struct StillClock {
    wall: Rc<Cell<Timestamp>>,
    boot: Rc<Cell<u64>>,
}

impl StillClock {
    /// Stands at an instant, `2026-02-16T16:30:03.123456Z`, an hour after boot.
    pub fn at(instant: &str) -> Self {
        Self { wall: Rc::new(Cell::new(instant.parse().unwrap())), boot: Rc::new(Cell::new(3_600_000_000)) }
    }

    /// Lets seconds pass on all clocks.
    pub fn pass(&self, seconds: i64) {
        self.wall.set(self.wall.get() + jiff::SignedDuration::from_secs(seconds));
        self.boot.set(self.boot.get() + u64::try_from(seconds).unwrap_or(0) * 1_000_000);
    }

    /// Sets the wall clock and leaves the boot clock as it is.
    pub fn jump_to(&self, instant: &str) {
        self.wall.set(instant.parse().unwrap());
    }
}

impl Clock for StillClock {
    fn now(&self) -> Reading {
        let moment = Moment::new(self.wall.get(), self.zone().to_offset(self.wall.get()));
        Reading { moment, boot: Some(Boot { id: Uuid::from_u128(7), micros: self.boot.get() }) }
    }

    fn zone(&self) -> TimeZone {
        TimeZone::fixed(Offset::from_seconds(3600).unwrap())
    }
}
