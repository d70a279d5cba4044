//! What we keep of a file before we first change it: its exact bytes, and how to tell whether somebody changed it since.
//!
//! Files are named after a hash of the path, never after the path. The hash is no seal: whoever can write the settings can
//! at most get back what was in them.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::InstallError;
use super::replace::beside;

/// What we know of a file that has our hooks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// For people only; nothing is opened by it.
    pub(super) path: String,
    /// Whether there was a file.
    pub(super) existed: bool,
    /// Its mode.
    pub(super) mode: Option<u32>,
    /// Its bytes, kept beside this record.
    pub(super) original: Option<Fingerprint>,
    /// What we wrote; none where an edit of somebody else went into it.
    pub(super) written: Option<Fingerprint>,
    /// How many directories above it we made.
    pub(super) directories_made: usize,
}

impl Record {
    pub(super) fn name(target: &Path) -> String {
        target.to_string_lossy().into_owned()
    }
}

/// By which bytes are known again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    length: usize,
    hash: String,
}

impl Fingerprint {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), hash: hash(bytes) }
    }
}

/// FNV-1a with 128 bits: a fingerprint of few lines, for files nobody gains by forging.
fn hash(bytes: &[u8]) -> String {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = bytes.iter().fold(OFFSET, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME));
    format!("{hash:032x}")
}

/// What is kept of one file.
#[derive(Debug)]
pub(super) struct Keep {
    directory: PathBuf,
    record: PathBuf,
    original: PathBuf,
}

impl Keep {
    pub(super) fn of(directory: &Path, target: &Path) -> Self {
        let name = hash(target.as_os_str().as_bytes());
        let file = |ending: &str| directory.join(format!("{name}.{ending}"));
        Self { directory: directory.to_owned(), record: file("json"), original: file("original") }
    }

    /// Returns the record; one that cannot be read is none, and undoing goes by surgery.
    pub(super) fn record(&self) -> Option<Record> {
        serde_json::from_slice(&fs::read(&self.record).ok()?).ok()
    }

    /// Returns the bytes from before, if they are what the record says.
    pub(super) fn original(&self, record: &Record) -> Option<Vec<u8>> {
        let bytes = fs::read(&self.original).ok()?;
        (record.original == Some(Fingerprint::of(&bytes))).then_some(bytes)
    }

    /// Keeps a record, and the bytes it speaks of unless they are kept.
    pub(super) fn keep(&self, record: &Record, bytes: Option<&[u8]>) -> Result<(), InstallError> {
        let write = || {
            make_private(&self.directory)?;
            if let Some(bytes) = bytes.filter(|bytes| record.original == Some(Fingerprint::of(bytes))) {
                write_private(&self.original, bytes)?;
            }
            write_private(&self.record, &serde_json::to_vec_pretty(record)?)?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(InstallError::at(&self.directory))
    }

    /// Forgets the file: it has nothing of ours any more.
    pub(super) fn forget(&self) {
        drop(fs::remove_file(&self.record));
        drop(fs::remove_file(&self.original));
    }
}

/// Makes the directory, or closes it to others if it was open.
fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mode = fs::metadata(directory)?.permissions().mode() & 0o777;
    if mode == 0o700 { Ok(()) } else { fs::set_permissions(directory, Permissions::from_mode(0o700)) }
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(hash(b"a"), "d228cb696f1a8caf78912b704e4a8964");
    }

    #[test]
    fn what_is_kept_is_closed_to_others_and_named_after_nothing() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("kept/settings");
        DirBuilder::new().recursive(true).mode(0o755).create(&directory).unwrap();
        let keep = Keep::of(&directory, Path::new("/home/ada/settings.json"));
        let record = Record {
            path: "x".to_owned(),
            existed: true,
            mode: None,
            original: Some(Fingerprint::of(b"{}")),
            written: None,
            directories_made: 0,
        };
        keep.keep(&record, Some(b"{}")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&keep.record), mode(&keep.original)), (0o700, 0o600, 0o600));
        assert_eq!((keep.record(), keep.original(&record)), (Some(record.clone()), Some(b"{}".to_vec())));
        assert!(!keep.record.to_string_lossy().contains("ada"));
        fs::write(&keep.original, "{ }").unwrap();
        assert_eq!(keep.original(&record), None);
        keep.forget();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }
}
