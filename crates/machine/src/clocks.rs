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
        let other = || zone.map_or_else(TimeZone::system, named_zone);
        Self { zone: local_zone(zone).unwrap_or_else(other), boot: boot() }
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
    zone_in(named.unwrap_or("Local"), &path)
}

/// Reads a zone that is named in one of the rarer ways: a file, a rule (`CET-1CEST,M3.5.0,M10.5.0/3`), a name in another database.
fn named_zone(named: &str) -> TimeZone {
    let name = named.strip_prefix(':').unwrap_or(named);
    if name.starts_with('/') {
        return zone_in(named, Path::new(name)).unwrap_or(TimeZone::UTC);
    }
    TimeZone::posix(name).or_else(|_| TimeZone::get(name)).unwrap_or(TimeZone::UTC)
}

/// Reads a file of a zone. Whoever sets `TZ` may name anything: what is no file, or too long for a zone, is not read.
fn zone_in(name: &str, path: &Path) -> Option<TimeZone> {
    const LONGEST: u64 = 1 << 20;
    let is_fit = std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() <= LONGEST);
    let bytes = if is_fit { std::fs::read(path).ok()? } else { return None };
    TimeZone::tzif(name, &bytes).ok()
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

    #[test]
    fn a_zone_may_be_a_rule_or_a_file_and_nonsense_is_greenwich() {
        let summer: Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
        let offset = |named: &str| named_zone(named).to_offset(summer).seconds();
        assert_eq!((offset("CET-1CEST,M3.5.0,M10.5.0/3"), offset(":JST-9")), (7_200, 32_400));
        if Path::new("/usr/share/zoneinfo/Asia/Kolkata").exists() {
            assert_eq!(offset(":/usr/share/zoneinfo/Asia/Kolkata"), 19_800);
        }
        for nonsense in ["/dev/zero", "/etc/passwd", "/", "../../etc/passwd", "Nowhere/At_All", "\u{0}", &"x".repeat(10_000)] {
            assert_eq!(offset(nonsense), 0, "{nonsense}");
        }
    }
}
