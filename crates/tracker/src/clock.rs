//! Time, passed in: tests hold it still, the program asks the system.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use session::{Boot, Moment, Reading};
use uuid::Uuid;

/// Says what time it is.
pub trait Clock {
    /// Returns what all clocks say now.
    fn now(&self) -> Reading;
    /// Returns the zone in which people's times are read.
    fn zone(&self) -> TimeZone;
}

/// The system's clocks.
#[derive(Clone, Debug)]
pub struct SystemClock {
    zone: TimeZone,
    boot: Option<Uuid>,
}

impl SystemClock {
    /// Reads the zone and the boot id.
    pub fn new() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().and_then(|id| Uuid::try_parse(id.trim()).ok());
        Self { zone: TimeZone::system(), boot }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Reading {
        let at = Timestamp::now();
        let boot = self.boot.map(|id| Boot { id, micros: micros_since_boot() });
        Reading { moment: Moment::new(at, self.zone.to_offset(at)), boot }
    }

    fn zone(&self) -> TimeZone {
        self.zone.clone()
    }
}

#[cfg(target_os = "linux")]
fn micros_since_boot() -> u64 {
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    since.tv_sec.unsigned_abs() * 1_000_000 + since.tv_nsec.unsigned_abs() / 1_000
}

#[cfg(not(target_os = "linux"))]
fn micros_since_boot() -> u64 {
    0
}
