//! On what all this was measured: numbers without it are hearsay.

use std::fs;
use std::path::Path;

/// Returns processor, cores, kernel, file system and load in one line.
pub(super) fn describe(directory: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = processor(&read("/proc/cpuinfo")).unwrap_or("unknown processor").to_owned();
    let kernel = read("/proc/sys/kernel/osrelease");
    let mounts = read("/proc/mounts");
    let files = file_system(&mounts, directory).unwrap_or("unknown");
    let load = read("/proc/loadavg").split(' ').take(2).collect::<Vec<_>>().join(" ");
    format!("{processor}, {cores} cores, Linux {}, {files}, load {load}", kernel.trim())
}

fn processor(cpuinfo: &str) -> Option<&str> {
    let model = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    model.split_once(':').map(|(_, name)| name.trim())
}

/// Returns the file system of the mount point nearest above the directory.
fn file_system<'m>(mounts: &'m str, directory: &Path) -> Option<&'m str> {
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let above = fields.filter(|fields| fields.len() > 2 && directory.starts_with(fields[1]));
    above.max_by_key(|fields| fields[1].len()).map(|fields| fields[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_point_counts() {
        let mounts = "/dev/a / ext4 rw 0 0\n/dev/b /home xfs rw 0 0\ntmpfs /home/ada/tmp tmpfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/home/ada/target")), Some("xfs"));
        assert_eq!(file_system(mounts, Path::new("/homes")), Some("ext4"));
        assert_eq!(file_system("", Path::new("/")), None);
    }

    #[test]
    fn the_processor_is_named() {
        assert_eq!(processor("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"), Some("Some CPU @ 2 GHz"));
    }
}
