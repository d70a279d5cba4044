//! Moving a file or a directory between file systems: copied whole, on the disk, and only then removed. No link is followed.

use std::io::{self, Read};

use crate::directory::{Directory, Kind, Seen, StepName, set};

/// What is called so while it is being copied.
pub(super) const OURS: &str = ".rutter-moved.new";

/// Moves what has a name in one directory to a name in another; what is there is never replaced.
pub(super) fn move_over(from: &Directory, name: &StepName, to: &Directory, new: &StepName) -> io::Result<()> {
    match from.move_to(name, to, new) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        moved => return moved,
    }
    if to.has(new)? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let ours = StepName::new(OURS).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    // A killed one left it.
    remove(to, &ours)?;
    let place = |copied: Copied| to.move_to(&ours, to, new).and_then(|()| to.sync()).map(|()| copied);
    let copied = copy(from, name, to, &ours).and_then(place);
    if copied.is_err() {
        drop(remove(to, &ours));
    }
    remove_copied(from, &copied?)
}

/// What was copied, as it was then.
struct Copied {
    name: StepName,
    kind: Kind,
    seen: Seen,
    below: Vec<Copied>,
}

impl Copied {
    /// Reports whether it is still what was copied. Of a directory that is known by what is in it.
    fn is_there(&self, from: &Directory) -> io::Result<bool> {
        let (kind, seen) = from.look(&self.name)?;
        Ok(kind == self.kind && (kind == Kind::Directory || seen == self.seen))
    }
}

fn changed() -> io::Error {
    io::Error::other("somebody wrote to it meanwhile")
}

/// Copies something. Whatever is written to meanwhile is not copied.
fn copy(from: &Directory, name: &StepName, to: &Directory, new: &StepName) -> io::Result<Copied> {
    let (kind, seen) = from.look(name)?;
    let mut copied = Copied { name: name.clone(), kind, seen, below: Vec::new() };
    copy_as(&mut copied, from, to, new)?;
    if copied.is_there(from)? { Ok(copied) } else { Err(changed()) }
}

/// Removes what was copied, and nothing else.
fn remove_copied(from: &Directory, copied: &Copied) -> io::Result<()> {
    if !copied.is_there(from)? {
        return Err(changed());
    }
    if copied.kind != Kind::Directory {
        return from.remove(&copied.name);
    }
    let below = from.below(&copied.name)?;
    for one in &copied.below {
        remove_copied(&below, one)?;
    }
    from.remove_directory(&copied.name)
}

fn copy_as(copied: &mut Copied, from: &Directory, to: &Directory, new: &StepName) -> io::Result<()> {
    let (name, seen) = (&copied.name, copied.seen);
    match copied.kind {
        Kind::File => {
            let mut file = to.make_file(new)?;
            io::copy(&mut from.file(name)?, &mut file)?;
            set(&file, seen.mode, seen.modified)?;
            file.sync_all()
        }
        Kind::Directory => {
            let (below, made) = (from.below(name)?, to.make(std::slice::from_ref(new))?);
            for (name, _) in below.entries()? {
                copied.below.push(copy(&below, &name, &made, &name)?);
            }
            made.set(seen.mode, seen.modified)?;
            made.sync()
        }
        Kind::Link => to.make_link(new, &from.link(name)?),
        Kind::Other => Err(io::Error::new(io::ErrorKind::Unsupported, "there is a pipe, a socket or a device in it")),
    }
}

/// Removes a file, a link, or a directory with everything below; what is not there is removed already.
pub(super) fn remove(from: &Directory, name: &StepName) -> io::Result<()> {
    match from.look(name) {
        Ok((Kind::Directory, _)) => {
            let below = from.below(name)?;
            for (name, _) in below.entries()? {
                remove(&below, &name)?;
            }
            from.remove_directory(name)
        }
        Ok(_) => from.remove(name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Hands over a file part by part.
pub(super) fn read_all(file: &mut impl Read, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => each(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_written_to_while_it_is_copied_is_not_removed() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        for folder in ["from/c", "to"] {
            fs::create_dir_all(path(folder)).unwrap();
        }
        let name = |text: &str| StepName::new(text).unwrap();
        let (from, to) = (Directory::open(&path("from")).unwrap(), Directory::open(&path("to")).unwrap());
        let write = |file: &str| fs::write(path("from/c").join(file), file).unwrap();
        ["a", "b"].iter().for_each(|file| write(file));
        let copied = copy(&from, &name("c"), &to, &name("0")).unwrap();
        fs::write(path("from/c/b"), "longer").unwrap();
        write("new");
        assert!(remove_copied(&from, &copied).is_err());
        let left = || fs::read_dir(path("from/c")).unwrap().count();
        assert_eq!((fs::read_to_string(path("from/c/b")).unwrap().as_str(), left()), ("longer", 2));
        // What came later is not removed either.
        let copied = copy(&from, &name("c"), &to, &name("1")).unwrap();
        write("last");
        assert!(remove_copied(&from, &copied).is_err() && left() == 1);
        let copied = copy(&from, &name("c"), &to, &name("2")).unwrap();
        remove_copied(&from, &copied).unwrap();
        assert!(!path("from/c").exists() && path("to/2/last").exists());
    }
}
