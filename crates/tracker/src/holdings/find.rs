//! Finding them: the directories of a root are gone through on some threads, level by level.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use agents::claude_code::transcript::is_id;
use agents::transcripts::{Agent, Entry};

use super::databases;
use super::found::{Part, of_database, together};
use super::{Held, HeldFile, trouble};
use crate::directory::{Directory, Kind, StepName, path_of};
use crate::index::Scratch;

/// How far below a conversation's folder files are looked for.
const DEEPEST: usize = 16;

/// What makes a directory the conversation of an older program.
const HISTORY: &str = "history.json";

/// Finds all conversations below some roots, also those in databases: one that its agent has open is copied to `scratch` first.
pub(crate) fn find_all(roots: &[(Agent, PathBuf)], scratch: Option<&Scratch>) -> Held {
    let mut all = Held::default();
    for (agent, root) in roots {
        let (stored, troubles) = databases::stored(*agent, root, scratch);
        let held = find(*agent, root, crate::index::threads());
        all.holdings.extend(held.holdings);
        all.holdings.extend(of_database(*agent, &Arc::from(root.as_path()), stored));
        all.troubles.extend(held.troubles);
        all.troubles.extend(troubles.iter().map(|(path, error)| trouble(path, error)));
    }
    all
}

/// Finds all conversations below some roots that have files of their own.
pub(crate) fn find_files(roots: &[(Agent, PathBuf)]) -> Held {
    let mut all = Held::default();
    for (agent, root) in roots {
        let held = find(*agent, root, crate::index::threads());
        all.holdings.extend(held.holdings);
        all.troubles.extend(held.troubles);
    }
    all
}

/// Finds all conversations of an agent below one of its roots; one that is not there has none.
fn find(agent: Agent, root: &Path, threads: usize) -> Held {
    let shared: Arc<Path> = Arc::from(root);
    let directory = match Directory::open(root) {
        Ok(directory) => directory,
        Err(error) if is_absence(&error) => return Held::default(),
        Err(error) => return Held { holdings: Vec::new(), troubles: vec![trouble(root, &error)] },
    };
    let finding = Finding { agent, root, directory };
    let mut all = Level::default();
    let mut waiting = vec![Unit { steps: Vec::new(), of: None }];
    while !waiting.is_empty() {
        let mut level = finding.level(&waiting, threads);
        waiting = std::mem::take(&mut level.below);
        all.append(level);
    }
    Held { holdings: together(agent, &shared, all.parts), troubles: all.troubles }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Something that is to be looked into.
struct Unit {
    steps: Vec<StepName>,
    /// The conversation that has all of it; none where several may be in it.
    of: Option<String>,
}

/// What was found in some directories.
#[derive(Default)]
struct Level {
    parts: Vec<Part>,
    below: Vec<Unit>,
    troubles: Vec<String>,
}

impl Level {
    fn append(&mut self, mut other: Self) {
        if self.parts.is_empty() {
            std::mem::swap(&mut self.parts, &mut other.parts);
        } else {
            self.parts.append(&mut other.parts);
        }
        self.below.append(&mut other.below);
        self.troubles.append(&mut other.troubles);
    }
}

struct Finding<'r> {
    agent: Agent,
    root: &'r Path,
    directory: Directory,
}

impl Finding<'_> {
    /// Looks into some directories, on some threads.
    fn level(&self, units: &[Unit], threads: usize) -> Level {
        let (next, all) = (AtomicUsize::new(0), Mutex::new(Level::default()));
        let work = || {
            let mut own = Level::default();
            while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done = match &unit.of {
                    Some(id) => self.look_at_part(unit, id, &mut own),
                    None => self.look_into(unit, &mut own),
                };
                match done {
                    Err(error) if !is_absence(&error) => own.troubles.push(trouble(&path_of(self.root, &unit.steps), &error)),
                    _ => {}
                }
            }
            if let Ok(mut all) = all.lock() {
                all.append(own);
            }
        };
        std::thread::scope(|scope| {
            (1..threads.min(units.len())).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        all.into_inner().unwrap_or_default()
    }

    /// Looks into a directory in which several conversations may be.
    fn look_into(&self, unit: &Unit, level: &mut Level) -> io::Result<()> {
        let open = self.directory.walk(&unit.steps)?;
        let entries = open.entries()?;
        if let Some(id) = self.id_of_older(&unit.steps, &entries) {
            let mut part = Part { id: id.to_owned(), steps: unit.steps.clone(), is_of_older: true, ..Part::default() };
            part.modified = Some(open.seen()?.modified);
            self.gather(&open, &entries, &mut unit.steps.clone(), &mut part, &mut level.troubles);
            level.parts.push(part);
            return Ok(());
        }
        // Of most files there is nothing but their names: what is not needed of each is not made.
        let mut names: Vec<_> = unit.steps.iter().map(StepName::as_os).collect();
        for (name, kind) in &entries {
            names.push(name.as_os());
            let entry = match kind {
                Kind::File | Kind::Directory => self.agent.entry(&names, *kind == Kind::Directory),
                Kind::Link | Kind::Other => Entry::Nothing,
            };
            names.pop();
            let steps = || unit.steps.iter().chain([name]).cloned().collect::<Vec<_>>();
            match entry {
                Entry::Nothing => {}
                Entry::Within => level.below.push(Unit { steps: steps(), of: None }),
                Entry::Folder(id) => level.below.push(Unit { steps: steps(), of: Some(id.to_owned()) }),
                Entry::Transcript(id) => self.take_transcript(&open, name, id.to_owned(), steps(), level),
            }
        }
        Ok(())
    }

    /// Returns the id of the conversation of an older program that a directory right below the root is.
    fn id_of_older<'s>(&self, steps: &'s [StepName], entries: &[(StepName, Kind)]) -> Option<&'s str> {
        let [name] = steps else { return None };
        let has_history = || entries.iter().any(|(name, kind)| name.as_os() == HISTORY && *kind == Kind::File);
        name.as_os().to_str().filter(|id| self.agent == Agent::ClaudeCode && is_id(id) && has_history())
    }

    fn take_transcript(&self, open: &Directory, name: &StepName, id: String, steps: Vec<StepName>, level: &mut Level) {
        let mut part = Part { id, steps, ..Part::default() };
        let steps = std::mem::take(&mut part.steps);
        look_at(open, name, self.root, &steps, &mut part, &mut level.troubles);
        part.steps = steps;
        if part.files.is_empty() && part.others == 0 {
            return;
        }
        if self.agent.says_more() && !part.files.is_empty() {
            // What cannot be read is what its name says.
            let said = open.file(name).and_then(|mut file| self.agent.whose(name.as_os(), &mut file)).unwrap_or_default();
            part.id = said.id.unwrap_or(part.id);
            part.parent = said.parent.filter(|parent| *parent != part.id);
        }
        self.take(part, level);
    }

    /// Looks at something of which all is of one conversation.
    fn look_at_part(&self, unit: &Unit, id: &str, level: &mut Level) -> io::Result<()> {
        let Some((name, above)) = unit.steps.split_last() else { return Ok(()) };
        let directory = self.directory.walk(above)?;
        let mut part = Part { id: id.to_owned(), steps: unit.steps.clone(), ..Part::default() };
        let (kind, seen) = directory.look(name)?;
        match kind {
            Kind::Directory => {
                let open = directory.below(name)?;
                part.modified = Some(seen.modified);
                self.gather(&open, &open.entries()?, &mut unit.steps.clone(), &mut part, &mut level.troubles);
            }
            Kind::File => part.files.push(HeldFile { steps: unit.steps.clone(), seen }),
            Kind::Link | Kind::Other => return Ok(()),
        }
        self.take(part, level);
        Ok(())
    }

    /// Takes something that a conversation has, and looks for what that has beside.
    fn take(&self, part: Part, level: &mut Level) {
        for file in &part.files {
            let names: Vec<_> = file.steps.iter().map(StepName::as_os).collect();
            for beside in self.agent.beside(&part.id, &names) {
                let steps: Option<Vec<StepName>> = beside.into_iter().map(StepName::new).collect();
                level.below.extend(steps.map(|steps| Unit { steps, of: Some(part.id.clone()) }));
            }
        }
        level.parts.push(part);
    }

    /// Adds all files of an open directory, and of those below.
    fn gather(
        &self,
        open: &Directory,
        entries: &[(StepName, Kind)],
        steps: &mut Vec<StepName>,
        part: &mut Part,
        troubles: &mut Vec<String>,
    ) {
        for (name, kind) in entries {
            steps.push(name.clone());
            match kind {
                Kind::File => look_at(open, name, self.root, steps, part, troubles),
                Kind::Directory if steps.len() < DEEPEST => self.gather_below(open, name, steps, part, troubles),
                Kind::Directory | Kind::Link | Kind::Other => part.others += 1,
            }
            steps.pop();
        }
    }

    fn gather_below(&self, open: &Directory, name: &StepName, steps: &mut Vec<StepName>, part: &mut Part, troubles: &mut Vec<String>) {
        match open.below(name).and_then(|below| Ok((below.entries()?, below))) {
            Ok((entries, below)) => self.gather(&below, &entries, steps, part, troubles),
            Err(error) if is_absence(&error) => {}
            Err(error) => troubles.push(trouble(&path_of(self.root, steps), &error)),
        }
    }
}

fn look_at(open: &Directory, name: &StepName, root: &Path, steps: &[StepName], part: &mut Part, troubles: &mut Vec<String>) {
    match open.look(name) {
        Ok((Kind::File, seen)) => {
            if part.files.is_empty() {
                part.files.reserve_exact(1);
            }
            part.files.push(HeldFile { steps: steps.to_vec(), seen });
        }
        // It was something else a moment ago.
        Ok(_) => part.others += 1,
        Err(error) if is_absence(&error) => {}
        Err(error) => troubles.push(trouble(&path_of(root, steps), &error)),
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
        let held = find(Agent::ClaudeCode, &root, 2);
        let told: Vec<_> = held
            .holdings
            .iter()
            .map(|holding| format!("{:?} {} {} {} {}", holding.layout, holding.id, holding.files.len(), holding.others, holding.size()))
            .collect();
        let expected = ["Directories user_12 2 0 4".to_owned(), format!("Files {drawn} 1 0 2"), "Files c 4 2 8".to_owned()];
        assert_eq!((told, held.troubles), (expected.to_vec(), vec![]));
        assert!(find(Agent::ClaudeCode, &root.join("nowhere"), 2).holdings.is_empty());
    }

    /// Writes files below a root, and tells of what is found there.
    fn found(agent: Agent, files: &[(&str, &str)]) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::create_dir_all(home.path().join(path).parent().unwrap()).unwrap();
            fs::write(home.path().join(path), text).unwrap();
        }
        let held = find(agent, home.path(), 2);
        assert!(held.troubles.is_empty(), "{:?}", held.troubles);
        let path = |steps: &Vec<StepName>| steps.iter().map(StepName::as_os).collect::<PathBuf>().display().to_string();
        held.holdings
            .iter()
            .map(|one| format!("{} [{}]", one.id, one.files.iter().map(|file| path(&file.steps)).collect::<Vec<_>>().join(" ")))
            .collect()
    }

    #[test]
    fn what_a_sub_agent_wrote_is_its_parent_s() {
        let meta =
            |id: &str, parent: &str| format!("{{\"type\":\"session_meta\",\"payload\":{{\"id\":\"{id}\"{parent},\"source\":\"x\"}}}}\n");
        let of = |parent: &str| format!(",\"parent_thread_id\":\"{parent}\"");
        let files = [
            ("2026/11/20/rollout-a.jsonl", meta("a", "")),
            ("2026/11/21/rollout-b.jsonl", meta("b", &of("a"))),
            ("2026/11/21/rollout-c.jsonl", meta("c", &of("b"))),
            ("2026/11/22/rollout-d.jsonl", meta("d", "")),
            ("2026/11/22/rollout-e.jsonl", meta("e", &of("gone"))),
            // A circle is one conversation for each, and no endless search.
            ("2026/11/22/rollout-f.jsonl", meta("f", &of("f"))),
            ("2026/11/22/notes.txt", String::new()),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(
            found(Agent::Codex, &files),
            [
                "a [2026/11/20/rollout-a.jsonl 2026/11/21/rollout-b.jsonl 2026/11/21/rollout-c.jsonl]",
                "d [2026/11/22/rollout-d.jsonl]",
                "f [2026/11/22/rollout-f.jsonl]",
                "gone [2026/11/22/rollout-e.jsonl]",
            ]
        );
    }

    #[test]
    fn the_whole_id_of_a_chat_stands_in_its_first_line_and_its_sub_agents_in_a_folder_of_that_name() {
        let id = "6f362f6f-5c75-44c6-bbfb-d580cd1b6111";
        let (head, child) = (format!("{{\"sessionId\":\"{id}\",\"kind\":\"main\"}}\n"), format!("demo/chats/{id}/x.jsonl"));
        let files = [
            ("demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl", head.as_str()),
            (child.as_str(), "{}\n"),
            ("demo/chats/session-2026-11-20T09-44-broken00.jsonl", "no JSON\n"),
            ("demo/logs.json", "[]"),
        ];
        let expected = [
            format!("{id} [demo/chats/{id}/x.jsonl demo/chats/session-2026-11-20T09-43-6f362f6f.jsonl]"),
            "broken00 [demo/chats/session-2026-11-20T09-44-broken00.jsonl]".to_owned(),
        ];
        assert_eq!(found(Agent::Gemini, &files), expected);
    }

    #[test]
    fn a_session_in_files_has_its_messages_and_their_parts_and_nothing_of_others() {
        let files = [
            ("storage/session/p/ses_a.json", r#"{"id": "ses_a"}"#),
            ("storage/session/p/ses_b.json", r#"{"id": "ses_b", "parentID": "ses_a"}"#),
            ("storage/session/p/ses_c.json", r#"{"id": "ses_c"}"#),
            ("storage/message/ses_a/msg_1.json", "{}"),
            ("storage/message/ses_b/msg_2.json", "{}"),
            ("storage/part/msg_1/prt_1.json", "{}"),
            ("storage/part/msg_2/prt_2.json", "{}"),
            ("storage/part/msg_3/prt_3.json", "{}"),
            ("storage/session_diff/ses_a.json", "[]"),
            ("storage/project/p.json", "{}"),
        ];
        let all =
            "storage/message/ses_a/msg_1.json storage/message/ses_b/msg_2.json storage/part/msg_1/prt_1.json storage/part/msg_2/prt_2.json";
        let more = "storage/session/p/ses_a.json storage/session/p/ses_b.json storage/session_diff/ses_a.json";
        assert_eq!(found(Agent::Opencode, &files), [format!("ses_a [{all} {more}]"), "ses_c [storage/session/p/ses_c.json]".to_owned()]);
    }

    #[test]
    fn a_directory_without_events_is_a_conversation_only_where_its_id_was_drawn() {
        let drawn = "1d6ae405-5d76-4d5d-b8df-54b22161769c";
        let (events, alone) = (format!("{drawn}/events.jsonl"), "1d6ae405-0000-4d5d-b8df-54b22161769c/workspace.yaml");
        let files = [(events.as_str(), "{}\n"), (alone, ""), ("named/events.jsonl", "{}\n"), ("other/notes.txt", "")];
        let expected = [
            format!("1d6ae405-0000-4d5d-b8df-54b22161769c [{alone}]"),
            format!("{drawn} [{events}]"),
            "named [named/events.jsonl]".to_owned(),
        ];
        assert_eq!(found(Agent::Copilot, &files), expected);
    }
}
