//! The directories in which templates are: a person's own, and the repository's. A person's own goes before the repository's of the same
//! name: what somebody else wrote never takes the place of what they did.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::read::{Wrong, read};
use super::template::{Placed, TemplateError, TemplateName, TemplateScope};
use crate::Tracker;
use crate::directory::{Directory, Kind, StepName};

/// A longer file is no template.
const LONGEST_FILE: u64 = 64 * 1024;

/// More templates of one directory are not listed.
const MOST_TEMPLATES: usize = 500;

/// Where a repository keeps its templates, below its top.
const OF_PROJECT: [&str; 2] = [".rutter", "templates"];

/// Where a person keeps theirs, below the directory of the store.
const OF_USER: [&str; 1] = ["templates"];

/// What a new file is called until it is whole.
const UNFINISHED: &str = ".new.tmp";

/// One of the directories.
pub(super) struct Shelf {
    pub(super) scope: TemplateScope,
    top: PathBuf,
    steps: Vec<StepName>,
}

impl Shelf {
    pub(super) fn path(&self) -> PathBuf {
        crate::directory::path_of(&self.top, &self.steps)
    }

    /// Opens the directory; none where it is not there.
    fn open(&self) -> io::Result<Option<Directory>> {
        match Directory::open(&self.top).and_then(|top| top.walk(&self.steps)) {
            Ok(directory) => Ok(Some(directory)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the names of the templates, in their order.
    pub(super) fn names(&self) -> Result<Vec<TemplateName>, TemplateError> {
        let wrong = TemplateError::at(&self.path());
        let Some(directory) = self.open().map_err(&wrong)? else { return Ok(Vec::new()) };
        let entries = directory.entries().map_err(&wrong)?;
        let files = entries.iter().filter(|(_, kind)| *kind == Kind::File);
        Ok(files.filter_map(|(file, _)| TemplateName::of_file(file)).take(MOST_TEMPLATES).collect())
    }

    pub(super) fn path_of(&self, name: &TemplateName) -> PathBuf {
        self.path().join(name.file().as_os())
    }

    /// Reads a template; none where it is not there. A link is no template.
    pub(super) fn read(&self, name: &TemplateName) -> Result<Option<Placed>, TemplateError> {
        let path = self.path_of(name);
        let wrong = TemplateError::at(&path);
        let Some(directory) = self.open().map_err(&wrong)? else { return Ok(None) };
        let file = match directory.file(&name.file()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error)),
        };
        let mut text = String::new();
        file.take(LONGEST_FILE + 1).read_to_string(&mut text).map_err(&wrong)?;
        if text.len() as u64 > LONGEST_FILE {
            return Err(wrong(io::Error::new(io::ErrorKind::InvalidData, format!("it is longer than {} KiB", LONGEST_FILE / 1024))));
        }
        match read(&text) {
            Ok(template) => Ok(Some(Placed { name: name.clone(), scope: self.scope, path, template })),
            Err(Wrong { line, what }) => Err(TemplateError::Wrong { path, line, what }),
        }
    }

    /// Writes a new template, whole or not at all; one that is there is never replaced.
    pub(super) fn write(&self, name: &TemplateName, text: &str) -> Result<PathBuf, TemplateError> {
        let path = self.path_of(name);
        let wrong = TemplateError::at(&path);
        let directory = Directory::open(&self.top).and_then(|top| top.make(&self.steps)).map_err(&wrong)?;
        // One after the other: a file that is being written has the same name for all.
        let line = std::fs::File::open(self.path()).map_err(&wrong)?;
        line.lock().map_err(&wrong)?;
        if directory.has(&name.file()).map_err(&wrong)? {
            return Err(TemplateError::Taken { path });
        }
        let unfinished = StepName::new(UNFINISHED).expect("it is the name of a file");
        // A killed writer left it, or somebody planted it: it goes, and not what it leads to.
        drop(directory.remove(&unfinished));
        let write = || -> io::Result<()> {
            let mut file = directory.make_file(&unfinished)?;
            file.write_all(text.as_bytes())?;
            file.sync_data()?;
            directory.move_to(&unfinished, &directory, &name.file())?;
            directory.sync()
        };
        match write() {
            Ok(()) => Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(TemplateError::Taken { path }),
            Err(error) => Err(wrong(error)),
        }
    }
}

impl Tracker {
    /// Returns a person's own templates and the repository's, in the order in which they are looked through.
    pub(super) fn shelves(&self) -> [Shelf; 2] {
        let steps = |names: &[&str]| names.iter().filter_map(|name| StepName::new(*name)).collect();
        [
            Shelf { scope: TemplateScope::User, top: self.home.clone(), steps: steps(&OF_USER) },
            Shelf { scope: TemplateScope::Project, top: self.place.worktree.clone(), steps: steps(&OF_PROJECT) },
        ]
    }

    /// Returns the template that a name stands for.
    pub(super) fn template_named(&self, name: &str) -> Result<Placed, TemplateError> {
        let shown: String = name.chars().take(80).collect();
        let name = TemplateName::new(name).ok_or_else(|| TemplateError::BadName { name: shown.clone() })?;
        for shelf in self.shelves() {
            if let Some(found) = shelf.read(&name)? {
                return Ok(found);
            }
        }
        Err(TemplateError::Unknown { name: shown })
    }
}
