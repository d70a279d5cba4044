//! Where WAL may be used: its index is shared memory, which network file systems do not share.

use std::path::Path;

/// Magic numbers of `statfs(2)` for file systems that other machines may write at the same time.
const SHARED: [u64; 9] = [
    0x6969,      // NFS
    0x517b,      // SMB
    0xfe53_4d42, // SMB2
    0xff53_4d42, // CIFS
    0x564c,      // NCP
    0x5346_414f, // AFS
    0x00c3_6400, // Ceph
    0x0102_1997, // 9p
    0x7461_636f, // OCFS2
];

/// Reports whether a file system, by its magic number, belongs to this machine alone.
pub fn is_local_file_system(magic: u64) -> bool {
    !SHARED.contains(&magic)
}

/// Reports whether `directory` is on a file system of this machine alone; where that cannot be determined, it is.
pub(crate) fn is_local(directory: &Path) -> bool {
    rustix::fs::statfs(directory).map_or(true, |told| is_local_file_system(magic(told.f_type as u64)))
}

/// `f_type` is a signed word on most systems: only its lower 32 bits are the number.
fn magic(f_type: u64) -> u64 {
    f_type & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d13_wal_is_for_local_file_systems() {
        for (magic_number, local) in
            [(0xef53, true), (0x0102_1994, true), (0x9123_683e, true), (0x6969, false), (0xff53_4d42, false), (0x0102_1997, false)]
        {
            assert_eq!(is_local_file_system(magic_number), local, "{magic_number:#x}");
        }
        assert!(!is_local_file_system(magic(0xffff_ffff_ff53_4d42)));
    }
}
