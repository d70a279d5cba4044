//! What `strace` wrote, as changes of files below one directory.
//!
//! With `-y` a call says which file its number stands for, with `-xx` every byte of text and data is two digits: nothing has to be guessed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::disk::Change;

/// The calls that change or sync files; those the replay does not know must not occur below its directory.
pub(crate) const CALLS: &str = "open,openat,openat2,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,rename,\
                                renameat,renameat2,unlink,unlinkat,rmdir,link,linkat,symlink,symlinkat,mkdir,mkdirat,fsync,fdatasync,\
                                sync_file_range,copy_file_range,sendfile,msync";

/// A call that succeeded: its name, its arguments, and what it returned.
struct Call<'t> {
    name: &'t str,
    arguments: &'t str,
    returned: &'t str,
}

/// Where the next plain write to an open file goes.
enum Place {
    At(u64),
    End,
}

/// Returns the changes below `root` that a trace of one program tells, in their order; paths are relative to it.
pub(crate) fn changes(trace: &str, root: &Path) -> Vec<Change> {
    let mut open = BTreeMap::new();
    let whole = joined(trace);
    let calls = whole.iter().filter_map(|line| call(line));
    calls.flat_map(|call| change(&call, root, &mut open)).filter(|change| !is_shared_memory(change.path())).collect()
}

/// SQLite maps its index of the log into memory and makes it anew after a cut: nothing of it has to be on the disk.
fn is_shared_memory(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-shm")
}

/// Returns the lines without process numbers, those whole again that another thread's call came into.
fn joined(trace: &str) -> Vec<String> {
    const CUT: &str = " <unfinished ...>";
    let (mut lines, mut begun) = (Vec::new(), BTreeMap::new());
    for line in trace.lines() {
        let (process, said) = line.split_once(' ').unwrap();
        let said = said.trim_start();
        if let Some(beginning) = said.strip_suffix(CUT) {
            begun.insert(process, beginning);
        } else if let Some(end) = said.strip_prefix("<... ").and_then(|said| said.split_once(" resumed>")) {
            lines.push(format!("{}{}", begun.remove(process).unwrap(), end.1));
        } else {
            lines.push(said.to_owned());
        }
    }
    lines
}

fn call(line: &str) -> Option<Call<'_>> {
    let (name, rest) = line.split_once('(')?;
    let (arguments, returned) = rest.rsplit_once(" = ")?;
    let is_call = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let succeeded = !returned.starts_with('-') && !returned.starts_with('?');
    (is_call && succeeded).then(|| Call { name, arguments: arguments.trim_end().trim_end_matches(')'), returned })
}

fn change(call: &Call<'_>, root: &Path, open: &mut BTreeMap<PathBuf, Place>) -> Vec<Change> {
    let below = |path: PathBuf| path.strip_prefix(root).map(Path::to_owned).ok();
    let named = || names(call.arguments).into_iter().filter_map(below).collect::<Vec<_>>();
    if call.name.starts_with("open") {
        let Some(path) = file_of(call.returned).and_then(below) else { return Vec::new() };
        return opened(call.arguments, path, open);
    }
    let is_of_names = ["mkdir", "rename", "unlink", "rmdir", "link", "symlink", "truncate"].iter().any(|name| call.name.starts_with(name));
    if !is_of_names && let Some(path) = file_of(call.arguments).filter(|_| call.arguments.starts_with(|first: char| first.is_ascii_digit()))
    {
        return below(path).map(|path| to_file(call, path, open)).into_iter().collect();
    }
    match (call.name, &named()[..]) {
        (_, []) => Vec::new(),
        ("mkdir" | "mkdirat", [path]) => vec![Change::Directory(path.clone())],
        ("rename" | "renameat" | "renameat2", [from, to]) => vec![Change::Rename(from.clone(), to.clone())],
        ("unlink" | "unlinkat", [path]) => vec![Change::Remove(path.clone())],
        (name, paths) => panic!("`{name}` of {paths:?} is not replayed"),
    }
}

fn opened(arguments: &str, path: PathBuf, open: &mut BTreeMap<PathBuf, Place>) -> Vec<Change> {
    let flags = arguments.rsplit("\", ").next().unwrap();
    let has = |wanted: &str| flags.split([',', '|']).any(|flag| flag.trim() == wanted);
    open.insert(path.clone(), if has("O_APPEND") { Place::End } else { Place::At(0) });
    let made = has("O_CREAT").then(|| Change::File(path.clone()));
    let emptied = has("O_TRUNC").then_some(Change::Length(path, 0));
    made.into_iter().chain(emptied).collect()
}

/// Returns what a call does to the open file that is its first argument.
fn to_file(call: &Call<'_>, path: PathBuf, open: &mut BTreeMap<PathBuf, Place>) -> Change {
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    let last = || number(call.arguments.rsplit(',').next().unwrap());
    let written = || {
        let mut bytes = texts(call.arguments).remove(0);
        bytes.truncate(usize::try_from(number(call.returned)).unwrap());
        bytes
    };
    match call.name {
        "write" => {
            let bytes = written();
            match open.get_mut(&path).unwrap() {
                Place::End => Change::Append(path, bytes),
                Place::At(place) => {
                    let from = *place;
                    *place += bytes.len() as u64;
                    Change::Write(path, from, bytes)
                }
            }
        }
        "pwrite64" => Change::Write(path, last(), written()),
        "ftruncate" => Change::Length(path, last()),
        "fsync" | "fdatasync" => Change::Sync(path),
        name => panic!("`{name}` of {path:?} is not replayed"),
    }
}

/// Returns the paths among arguments: a name that follows an open directory is one in it.
fn names(arguments: &str) -> Vec<PathBuf> {
    assert!(!arguments.contains("\"..."), "strace left bytes out");
    let mut directory = PathBuf::new();
    let mut found = Vec::new();
    for argument in arguments.split(", ") {
        match argument.strip_prefix('"') {
            Some(name) => found.push(directory.join(path_of(bytes(name)))),
            None => directory = file_of(argument).unwrap_or(directory),
        }
    }
    found
}

/// Returns the texts and data among arguments.
fn texts(arguments: &str) -> Vec<Vec<u8>> {
    assert!(!arguments.contains("\"..."), "strace left bytes out");
    arguments.split('"').skip(1).step_by(2).map(bytes).collect()
}

/// Returns the file that a number stands for, `3</path>`.
fn file_of(text: &str) -> Option<PathBuf> {
    let (_, rest) = text.split_once('<')?;
    Some(path_of(bytes(rest.split_once('>')?.0)))
}

fn path_of(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8(bytes).unwrap().into()
}

fn bytes(digits: &str) -> Vec<u8> {
    digits.split("\\x").skip(1).map(|pair| u8::from_str_radix(&pair[..2], 16).unwrap()).collect()
}
