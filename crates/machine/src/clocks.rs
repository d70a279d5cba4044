//! The wall clock with its offset, and the boot clock.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use session::{Boot, Moment, Reading, Uuid};

/// The clocks of this machine.
#[derive(Clone, Debug)]
pub struct Clocks {
    zone: TimeZone,
    boot: Option<Uuid>,
}

impl Clocks {
    /// Finds out the zone, as `TZ` (`zone`) or the system says, and the boot id.
    pub fn new(zone: Option<&str>) -> Self {
        Self { zone: local_zone(zone).unwrap_or_else(TimeZone::system), boot: boot() }
    }

    /// Returns what all clocks say now.
    #[expect(clippy::disallowed_methods, reason = "these are the clocks")]
    pub fn now(&self) -> Reading {
        let at = Timestamp::now();
        let boot = self.boot.map(|id| Boot { id, micros: micros_since_boot() });
        Reading { moment: Moment::new(at, self.zone.to_offset(at)), boot }
    }

    /// Returns the zone in which people's times are read.
    pub fn zone(&self) -> TimeZone {
        self.zone.clone()
    }
}

/// Returns the id of this boot (Linux: `/proc/sys/kernel/random/boot_id`).
pub fn boot() -> Option<Uuid> {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().and_then(|id| Uuid::try_parse(id.trim()).ok())
}

/// Reads the one file that says what the local zone is. The general way looks through the whole zone database first, which is
/// a fifth of the time of a short command; it is left for what is not found here.
fn local_zone(named: Option<&str>) -> Option<TimeZone> {
    let path = match named {
        None => PathBuf::from("/etc/localtime"),
        Some("UTC") => return Some(TimeZone::UTC),
        Some(name) => {
            let name = name.strip_prefix(':').unwrap_or(name);
            let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.contains("..");
            is_plain.then(|| Path::new("/usr/share/zoneinfo").join(name))?
        }
    };
    TimeZone::tzif(named.unwrap_or("Local"), &std::fs::read(path).ok()?).ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(named: &str) -> Option<i32> {
        let summer: Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
        local_zone(Some(named)).map(|zone| zone.to_offset(summer).seconds())
    }

    #[test]
    fn a_zone_is_read_by_its_name_and_everything_else_is_left_to_the_system() {
        if !Path::new("/usr/share/zoneinfo/Europe/Berlin").exists() {
            return;
        }
        assert_eq!((offset("Europe/Berlin"), offset(":Asia/Kolkata")), (Some(7_200), Some(19_800)));
        assert_eq!((offset("../../../etc/passwd"), offset("/etc/passwd"), offset("Nowhere/At_All")), (None, None, None));
    }
}
