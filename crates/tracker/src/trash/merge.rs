//! Putting what is in the trash in its place, one by one: nothing leaves the trash that is not in its place byte for byte.

use std::fs::File;
use std::io::{self, Read};

use super::record::Deleted;
use super::tree::{move_over, read_all};
use crate::directory::{Directory, Kind, StepName, path_of, set};
use crate::put_back::PutBackFiles;

/// What is being put back.
pub(super) struct Merging<'d> {
    pub(super) deleted: &'d Deleted,
    /// The time that its files get instead of their own, in nanoseconds since 1970.
    pub(super) touched: Option<i64>,
    pub(super) done: PutBackFiles,
}

impl Merging<'_> {
    /// Puts what has a name in the trash in its place, with everything below. What cannot be put there stays, and is told. `steps` lead from
    /// the root to its place, `to` is the directory that it is in.
    pub(super) fn put(&mut self, from: &Directory, name: &StepName, to: &Directory, steps: &mut Vec<StepName>) {
        if let Err(error) = self.try_put(from, name, to, steps) {
            self.done.left.push(format!("{}: {error}", path_of(&self.deleted.root, steps).display()));
        }
    }

    fn try_put(&mut self, from: &Directory, name: &StepName, to: &Directory, steps: &mut Vec<StepName>) -> io::Result<()> {
        let Some(new) = steps.last().cloned() else { return Ok(()) };
        let path = path_of(&self.deleted.root, steps);
        let there = match to.look(&new) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                move_over(from, name, to, &new)?;
                return self.note_restored(to, &new, steps);
            }
            there => there?.0,
        };
        match (from.look(name)?.0, there) {
            (Kind::Directory, Kind::Directory) => {
                let (below, target) = (from.below(name)?, to.below(&new)?);
                for (name, _) in below.entries()? {
                    steps.push(name.clone());
                    self.put(&below, &name, &target, steps);
                    steps.pop();
                }
                target.sync()?;
                if below.entries()?.is_empty() { from.remove_directory(name) } else { Ok(()) }
            }
            (Kind::File, Kind::File) if begins_with(to.file(&new)?, from.file(name)?)? => {
                from.remove(name)?;
                self.done.there.push(path);
                Ok(())
            }
            (Kind::Link, Kind::Link) if from.link(name)? == to.link(&new)? => from.remove(name),
            _ => {
                self.done.differing.push(path);
                Ok(())
            }
        }
    }

    fn note_restored(&mut self, to: &Directory, new: &StepName, steps: &[StepName]) -> io::Result<()> {
        for file in self.deleted.files.iter().filter(|file| file.steps.starts_with(steps)) {
            if let Some(touched) = self.touched {
                let open = match file.steps[steps.len()..].split_last() {
                    None => to.file(new)?,
                    Some((name, below)) => to.below(new)?.walk(below)?.file(name)?,
                };
                set(open, file.seen.mode, touched)?;
            }
            self.done.restored.push(path_of(&self.deleted.root, &file.steps));
        }
        Ok(())
    }

    /// Notes those that were put back by somebody who was killed.
    pub(super) fn note_there(&mut self, root: &Directory) {
        for file in &self.deleted.files {
            let path = path_of(&self.deleted.root, &file.steps);
            let Some((name, directories)) = file.steps.split_last() else { continue };
            let is_told = [&self.done.restored, &self.done.there, &self.done.differing].iter().any(|told| told.contains(&path));
            if !is_told && root.walk(directories).and_then(|directory| directory.file(name)).is_ok() {
                self.done.there.push(path);
            }
        }
    }
}

/// Reports whether a file begins with all that another one has.
fn begins_with(mut there: File, mut wanted: File) -> io::Result<bool> {
    let (mut is_same, mut bytes) = (wanted.metadata()?.len() <= there.metadata()?.len(), Vec::new());
    if is_same {
        read_all(&mut wanted, |part| {
            bytes.clear();
            let read = there.by_ref().take(part.len() as u64).read_to_end(&mut bytes);
            is_same = is_same && read.is_ok() && bytes == part;
        })?;
    }
    Ok(is_same)
}
