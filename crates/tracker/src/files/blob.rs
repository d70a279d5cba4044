//! The id that git would give to what is in a file, without any filter: a mark by which contents are compared.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use sha1_smol::Sha1;

/// What is larger is not read.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Returns the id of a file's contents, or of a link's text; none where there is neither, or it is too large.
pub(crate) fn blob(path: &Path) -> Option<String> {
    let found = fs::symlink_metadata(path).ok()?;
    if found.is_symlink() {
        return fs::read_link(path).ok().map(|target| id_of(target.as_os_str().as_bytes()));
    }
    (found.is_file() && found.len() <= LARGEST).then(|| of_file(path, found.len())).flatten()
}

/// A file that grows or shrinks while it is read has no id. What lies there meanwhile is neither followed nor waited for.
fn of_file(path: &Path, length: u64) -> Option<String> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let mut file = OpenOptions::new().read(true).custom_flags(i32::try_from(flags).ok()?).open(path).ok()?.take(length + 1);
    let mut digest = begun(length);
    let mut part = vec![0; 64 * 1024];
    let mut read = 0;
    loop {
        let more = file.read(&mut part).ok()?;
        if more == 0 {
            return (read == length).then(|| digest.digest().to_string());
        }
        digest.update(&part[..more]);
        read += more as u64;
    }
}

fn id_of(content: &[u8]) -> String {
    let mut digest = begun(content.len() as u64);
    digest.update(content);
    digest.digest().to_string()
}

fn begun(length: u64) -> Sha1 {
    Sha1::from(format!("blob {length}\0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_have_the_ids_that_git_gives_them() {
        assert_eq!(id_of(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(id_of(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
        let this = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/files/blob.rs");
        assert_eq!(blob(&this), Some(id_of(&fs::read(&this).unwrap())));
    }

    #[test]
    fn what_is_no_file_has_none() {
        for path in ["/dev/null", "/", "/nowhere/at-all"] {
            assert_eq!(blob(Path::new(path)), None, "{path}");
        }
    }
}
