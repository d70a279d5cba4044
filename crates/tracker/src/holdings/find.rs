//! Finding them: the folders of a root are gone through on some threads.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use agents::claude_code::transcript::{Piece, is_drawn, is_id, piece};

use super::{Held, HeldFile, Holding, Layout, trouble};
use crate::directory::{Directory, Kind, StepName, path_of};

/// How far below a conversation's folder files are looked for.
const DEEPEST: usize = 16;

/// What makes a directory the conversation of an older program.
const HISTORY: &str = "history.json";

/// Finds all conversations below a root; one that is not there has none.
pub(crate) fn find(root: &Path, threads: usize) -> Held {
    let mut held = Held::default();
    let folders = Directory::open(root).and_then(|directory| Ok((directory.entries()?, directory)));
    let (entries, directory) = match folders {
        Ok((entries, directory)) => (entries, directory),
        Err(error) if is_absence(&error) => return held,
        Err(error) => {
            held.troubles.push(trouble(root, &error));
            return held;
        }
    };
    let folders: Vec<StepName> = entries.into_iter().filter(|(_, kind)| *kind == Kind::Directory).map(|(name, _)| name).collect();
    let (next, all) = (AtomicUsize::new(0), Mutex::new(&mut held));
    let work = || {
        let mut own = Held::default();
        while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = look_into(root, &directory, folder, &mut own) {
                own.troubles.push(trouble(&root.join(folder.as_os()), &error));
            }
        }
        if let Ok(mut all) = all.lock() {
            all.holdings.append(&mut own.holdings);
            all.troubles.append(&mut own.troubles);
        }
    };
    std::thread::scope(|scope| {
        (1..threads.min(folders.len())).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    held.holdings.sort_by(|one, other| (&one.place, &one.id).cmp(&(&other.place, &other.id)));
    held
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Looks into a directory right below the root: a conversation of an older program, or the folder of a project.
fn look_into(root: &Path, directory: &Directory, folder: &StepName, held: &mut Held) -> io::Result<()> {
    let open = match directory.below(folder) {
        Err(error) if is_absence(&error) => return Ok(()),
        open => open?,
    };
    let entries = open.entries()?;
    if let Some(id) = folder.as_os().to_str().filter(|id| is_id(id))
        && entries.iter().any(|(name, kind)| name.as_os() == HISTORY && *kind == Kind::File)
    {
        let mut holding = begin(root, id, Layout::Directories, Vec::new());
        holding.pieces.push(folder.clone());
        gather(&open, &entries, &mut vec![folder.clone()], &mut holding, &mut held.troubles);
        held.holdings.push(holding);
        return Ok(());
    }
    held.holdings.extend(transcripts(root, folder, &open, &entries, &mut held.troubles));
    Ok(())
}

fn begin(root: &Path, id: &str, layout: Layout, place: Vec<StepName>) -> Holding {
    Holding { id: id.to_owned(), root: root.to_owned(), layout, place, pieces: Vec::new(), files: Vec::new(), others: 0 }
}

/// Returns the conversations in the folder of a project.
fn transcripts(root: &Path, folder: &StepName, open: &Directory, entries: &[(StepName, Kind)], troubles: &mut Vec<String>) -> Vec<Holding> {
    let mut found: BTreeMap<&str, Vec<(&StepName, bool)>> = BTreeMap::new();
    for (name, kind) in entries.iter().filter(|(_, kind)| matches!(kind, Kind::File | Kind::Directory)) {
        match piece(name.as_os(), *kind == Kind::Directory) {
            Some(Piece::Transcript(id)) => found.entry(id).or_default().push((name, false)),
            Some(Piece::Folder(id)) => found.entry(id).or_default().push((name, true)),
            None => {}
        }
    }
    let is_conversation = |id: &str, pieces: &[(&StepName, bool)]| is_drawn(id) || pieces.iter().any(|(_, is_folder)| !is_folder);
    let mut holdings = Vec::new();
    for (id, pieces) in found.into_iter().filter(|(id, pieces)| is_conversation(id, pieces)) {
        let mut holding = begin(root, id, Layout::Transcripts, vec![folder.clone()]);
        for (name, is_folder) in pieces {
            let mut steps = vec![folder.clone(), name.clone()];
            holding.pieces.push(name.clone());
            if is_folder {
                gather_below(open, name, &mut steps, &mut holding, troubles);
            } else {
                look_at(open, name, &steps, &mut holding, troubles);
            }
        }
        if !holding.files.is_empty() || holding.others > 0 {
            holdings.push(holding);
        }
    }
    holdings
}

/// Adds all files of an open directory, and of those below.
fn gather(open: &Directory, entries: &[(StepName, Kind)], steps: &mut Vec<StepName>, holding: &mut Holding, troubles: &mut Vec<String>) {
    for (name, kind) in entries {
        steps.push(name.clone());
        match kind {
            Kind::File => look_at(open, name, steps, holding, troubles),
            Kind::Directory if steps.len() < DEEPEST => gather_below(open, name, steps, holding, troubles),
            Kind::Directory | Kind::Link | Kind::Other => holding.others += 1,
        }
        steps.pop();
    }
}

fn gather_below(open: &Directory, name: &StepName, steps: &mut Vec<StepName>, holding: &mut Holding, troubles: &mut Vec<String>) {
    match open.below(name).and_then(|below| Ok((below.entries()?, below))) {
        Ok((entries, below)) => gather(&below, &entries, steps, holding, troubles),
        Err(error) if is_absence(&error) => {}
        Err(error) => troubles.push(trouble(&path_of(&holding.root, steps), &error)),
    }
}

fn look_at(open: &Directory, name: &StepName, steps: &[StepName], holding: &mut Holding, troubles: &mut Vec<String>) {
    match open.look(name) {
        Ok((Kind::File, seen)) => holding.files.push(HeldFile { steps: steps.to_vec(), seen }),
        // It was something else a moment ago.
        Ok(_) => holding.others += 1,
        Err(error) if is_absence(&error) => {}
        Err(error) => troubles.push(trouble(&path_of(&holding.root, steps), &error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_conversation_has_its_transcript_and_everything_in_its_folder() {
        let home = tempfile::tempdir().unwrap();
        let (root, outside) = (home.path().join("projects"), home.path().join("outside"));
        let drawn = "0b1c2d3e-0000-4000-8000-00000000000a";
        let files = [
            "-p/c.jsonl".to_owned(),
            "-p/c/subagents/agent-1.jsonl".to_owned(),
            "-p/c/subagents/agent-1.meta.json".to_owned(),
            "-p/c/tool-results/x.txt".to_owned(),
            "-p/memory/MEMORY.md".to_owned(),
            format!("-p/{drawn}/subagents/agent-2.jsonl"),
            "user_12/history.json".to_owned(),
            "user_12/more/a.txt".to_owned(),
            "stray.jsonl".to_owned(),
        ];
        for path in files {
            fs::create_dir_all(root.join(&path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "12").unwrap();
        }
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("d.jsonl"), "12").unwrap();
        for (to, link) in [("d.jsonl", "-p/d.jsonl"), ("", "-q"), ("", "-p/c/tool-results/out"), ("d.jsonl", "-p/c/link.jsonl")] {
            std::os::unix::fs::symlink(outside.join(to), root.join(link)).unwrap();
        }
        let held = find(&root, 2);
        let told: Vec<_> = held
            .holdings
            .iter()
            .map(|holding| format!("{:?} {} {} {} {}", holding.layout, holding.id, holding.files.len(), holding.others, holding.size()))
            .collect();
        let expected = ["Directories user_12 2 0 4".to_owned(), format!("Transcripts {drawn} 1 0 2"), "Transcripts c 4 2 8".to_owned()];
        assert_eq!((told, held.troubles), (expected.to_vec(), vec![]));
        assert!(find(&root.join("nowhere"), 2).holdings.is_empty());
    }
}
