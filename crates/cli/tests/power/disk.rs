//! What is on a disk, and which states a power cut may leave there.
//!
//! The model is harsher than the file systems it stands for:
//!
//! - A sync of a file makes its content durable, and not its name. A sync of a directory makes the names in it durable, and neither the
//!   content of its files nor its own name.
//! - Names that were not synced are lost from the end: those of one directory reach the disk in their order, as they do through the
//!   journal of ext4, XFS and btrfs; those of different directories independently of each other.
//! - Bytes that were written into a file at a place, and new lengths, reach the disk in any order, whole, in part, or not at all. What was
//!   not written is zeros where a later part has made the file longer.
//! - What was appended (`O_APPEND`) reaches the disk from its beginning, to any byte, as it does with `data=ordered` and on every file
//!   system that gives a file its length after its data; the length may be there without the bytes. With [`Order::None`] it is written as
//!   anything else, so that there may be holes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use testkit::SeededDice;
use tracker::Dice;

/// A change of a file or directory; paths are relative to the root.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A directory was made.
    Directory(PathBuf),
    /// A file was opened, and made if it was missing.
    File(PathBuf),
    /// Bytes were appended.
    Append(PathBuf, Vec<u8>),
    /// Bytes were written at a place.
    Write(PathBuf, u64, Vec<u8>),
    /// A file was made so long.
    Length(PathBuf, u64),
    /// A name became another one, in the same directory.
    Rename(PathBuf, PathBuf),
    /// A name was removed.
    Remove(PathBuf),
    /// Content or names were synced.
    Sync(PathBuf),
}

impl Change {
    /// Returns what it is about.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Directory(path)
            | Self::File(path)
            | Self::Append(path, _)
            | Self::Write(path, ..)
            | Self::Length(path, _)
            | Self::Rename(path, _)
            | Self::Remove(path)
            | Self::Sync(path) => path,
        }
    }

    /// Returns it in a few words.
    pub(crate) fn in_words(&self) -> String {
        let what = match self {
            Self::Directory(_) => "a directory is made".to_owned(),
            Self::File(_) => "a file is opened".to_owned(),
            Self::Append(_, bytes) => format!("{} bytes are appended", bytes.len()),
            Self::Write(_, place, bytes) => format!("{} bytes are written at {place}", bytes.len()),
            Self::Length(_, length) => format!("it is made {length} bytes long"),
            Self::Rename(_, to) => format!("it becomes {}", to.display()),
            Self::Remove(_) => "it is removed".to_owned(),
            Self::Sync(_) => "it is synced".to_owned(),
        };
        format!("{}: {what}", self.path().display())
    }
}

/// In which order bytes that were not synced reach the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// What is appended to a file in its order, everything else in none.
    OfAppends,
    /// In none.
    None,
}

/// How much of what was not synced is on the disk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Luck {
    /// Nothing.
    Bad,
    /// All of it.
    Good,
    /// So many of 256 parts.
    Mixed(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    File(usize),
    Directory(usize),
}

#[derive(Debug)]
enum Part {
    Append(u64, Vec<u8>),
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug)]
enum Name {
    Put(String, Node),
    Rename(String, String),
    Remove(String),
}

/// A file: what is durable, what waits, and how long it looks to programs.
#[derive(Debug, Default)]
struct File {
    held: Vec<u8>,
    waiting: Vec<Part>,
    length: u64,
}

/// A directory: which names are durable, which wait, and which programs see.
#[derive(Debug, Default)]
struct Directory {
    held: BTreeMap<String, Node>,
    waiting: Vec<Name>,
    seen: BTreeMap<String, Node>,
}

/// A disk, and what waits to be written to it.
#[derive(Debug)]
pub(crate) struct Disk {
    files: Vec<File>,
    /// The first one is the root.
    directories: Vec<Directory>,
}

impl Disk {
    /// Returns a disk with an empty root on it.
    pub(crate) fn new() -> Self {
        Self { files: Vec::new(), directories: vec![Directory::default()] }
    }

    /// Makes a change as programs see it; what of it is durable is up to syncs.
    pub(crate) fn take(&mut self, change: &Change) {
        match change {
            Change::Directory(path) => {
                self.directories.push(Directory::default());
                let made = Node::Directory(self.directories.len() - 1);
                self.name(path, |name| Name::Put(name, made));
            }
            Change::File(path) if self.node(path).is_none() => {
                self.files.push(File::default());
                let made = Node::File(self.files.len() - 1);
                self.name(path, |name| Name::Put(name, made));
            }
            Change::File(_) => {}
            Change::Append(path, bytes) => {
                let file = self.file(path);
                file.wait(Part::Append(file.length, bytes.clone()));
            }
            Change::Write(path, place, bytes) => self.file(path).wait(Part::Write(*place, bytes.clone())),
            Change::Length(path, length) => self.file(path).wait(Part::Length(*length)),
            Change::Rename(from, to) => {
                assert_eq!(from.parent(), to.parent(), "only names of one directory are replayed");
                let to = name_of(to);
                self.name(from, |from| Name::Rename(from, to));
            }
            Change::Remove(path) => self.name(path, Name::Remove),
            Change::Sync(path) => match self.node(path) {
                Some(Node::File(file)) => self.files[file].sync(),
                Some(Node::Directory(directory)) => self.directories[directory].sync(),
                None => panic!("{path:?} is synced, and nobody made it"),
            },
        }
    }

    /// Makes the root as it may be when the power goes now.
    pub(crate) fn leave(&self, root: &Path, order: Order, luck: Luck, dice: &mut SeededDice) {
        self.leave_directory(0, root, order, luck, dice);
    }

    fn leave_directory(&self, directory: usize, path: &Path, order: Order, luck: Luck, dice: &mut SeededDice) {
        fs::create_dir(path).unwrap();
        for (name, node) in self.directories[directory].left(luck, dice) {
            let path = path.join(name);
            match node {
                Node::File(file) => fs::write(path, self.files[file].left(order, luck, dice)).unwrap(),
                Node::Directory(directory) => self.leave_directory(directory, &path, order, luck, dice),
            }
        }
    }

    fn node(&self, path: &Path) -> Option<Node> {
        path.iter().try_fold(Node::Directory(0), |node, name| match node {
            Node::Directory(directory) => self.directories[directory].seen.get(name.to_str()?).copied(),
            Node::File(_) => None,
        })
    }

    fn file(&mut self, path: &Path) -> &mut File {
        match self.node(path) {
            Some(Node::File(file)) => &mut self.files[file],
            other => panic!("{path:?} is written, and it is {other:?}"),
        }
    }

    fn name(&mut self, path: &Path, change: impl FnOnce(String) -> Name) {
        let Some(Node::Directory(directory)) = self.node(path.parent().unwrap()) else { panic!("{path:?} is in no directory") };
        let (directory, change) = (&mut self.directories[directory], change(name_of(path)));
        change.make(&mut directory.seen);
        directory.waiting.push(change);
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

impl Name {
    fn make(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Self::Put(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Remove(name) => drop(names.remove(name)),
            Self::Rename(from, to) => {
                let node = names.remove(from).unwrap();
                names.insert(to.clone(), node);
            }
        }
    }
}

impl Directory {
    fn sync(&mut self) {
        self.waiting.clear();
        self.held = self.seen.clone();
    }

    fn left(&self, luck: Luck, dice: &mut SeededDice) -> BTreeMap<String, Node> {
        let mut names = self.held.clone();
        self.waiting[..luck.of(self.waiting.len(), dice)].iter().for_each(|change| change.make(&mut names));
        names
    }
}

impl Part {
    /// Writes as much of it as arrives, the first `bytes` of it.
    fn make(&self, content: &mut Vec<u8>, most: usize) {
        match self {
            Self::Length(length) => content.resize(usize::try_from(*length).unwrap(), 0),
            Self::Append(place, bytes) | Self::Write(place, bytes) => {
                let (place, bytes) = (usize::try_from(*place).unwrap(), &bytes[..most.min(bytes.len())]);
                if bytes.is_empty() {
                    return;
                }
                content.resize(content.len().max(place + bytes.len()), 0);
                content[place..place + bytes.len()].copy_from_slice(bytes);
            }
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Length(_) => 1,
            Self::Append(_, bytes) | Self::Write(_, bytes) => bytes.len(),
        }
    }
}

impl File {
    fn wait(&mut self, part: Part) {
        self.length = match &part {
            Part::Length(length) => *length,
            Part::Append(place, bytes) | Part::Write(place, bytes) => self.length.max(place + bytes.len() as u64),
        };
        self.waiting.push(part);
    }

    fn sync(&mut self) {
        for part in self.waiting.drain(..) {
            part.make(&mut self.held, usize::MAX);
        }
    }

    fn left(&self, order: Order, luck: Luck, dice: &mut SeededDice) -> Vec<u8> {
        let mut content = self.held.clone();
        let is_ordered = |part: &Part| order == Order::OfAppends && matches!(part, Part::Append(..));
        let appended: usize = self.waiting.iter().filter(|part| is_ordered(part)).map(Part::size).sum();
        let mut room = luck.of(appended, dice);
        for part in &self.waiting {
            let size = part.size();
            if is_ordered(part) {
                part.make(&mut content, room);
                room = room.saturating_sub(size);
            } else if luck.takes(dice) {
                // A part of one in four is cut somewhere.
                let most = if matches!(luck, Luck::Mixed(_)) && below(dice, 4) == 0 { below(dice, size + 1) } else { size };
                part.make(&mut content, most);
            }
        }
        // The length may be there before the bytes.
        let is_longer = matches!(luck, Luck::Mixed(_)) && below(dice, 4) == 0;
        if is_longer && appended > 0 {
            content.resize(content.len().max(usize::try_from(self.length).unwrap()), 0);
        }
        content
    }
}

impl Luck {
    /// Returns one of three kinds.
    pub(crate) fn drawn(dice: &mut SeededDice) -> Self {
        match below(dice, 4) {
            0 => Self::Bad,
            1 => Self::Good,
            _ => Self::Mixed(u8::try_from(below(dice, 256)).unwrap()),
        }
    }

    /// Returns how many of so many are there, counted from the first.
    fn of(self, all: usize, dice: &mut SeededDice) -> usize {
        match self {
            Self::Bad => 0,
            Self::Good => all,
            Self::Mixed(_) => below(dice, all + 1),
        }
    }

    fn takes(self, dice: &mut SeededDice) -> bool {
        match self {
            Self::Bad => false,
            Self::Good => true,
            Self::Mixed(parts) => below(dice, 256) < usize::from(parts),
        }
    }
}

/// Returns a number below another one.
pub(crate) fn below(dice: &mut SeededDice, limit: usize) -> usize {
    let mut bytes = [0; 8];
    dice.fill(&mut bytes);
    usize::try_from(u64::from_le_bytes(bytes) % limit as u64).unwrap()
}
