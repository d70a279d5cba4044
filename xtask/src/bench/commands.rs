//! `rutter start`, `work add`, `end`: whole processes that each end with their event on the disk.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::Extent;
use super::process::{Surroundings, whole};
use super::programs::Programs;
use super::row::Row;
use super::stores::fresh;
use super::turns::{Contender, Order, take_turns};
use crate::run;

const ROUNDS: usize = 200;

/// The commands of one round, and their last word.
const ROUND: &[(&str, Option<&str>)] = &[("start -d", Some("Fix the login")), ("work add IMPL", Some("Check the token")), ("end", None)];

/// Kinds of stores, and the directories they lie in.
const MIRROR_OFF: &str = "mirror off";
const MIRROR_ON: &str = "mirror on";
/// The mirror is off, and nobody says what the session is about.
const DESCRIBED_BY_GIT: &str = "described by git";

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let bench = Commands::prepare(programs)?;
    let mut contenders = vec![bench.noop(), bench.sync()?];
    contenders.extend(ROUND.iter().map(|command| bench.command(MIRROR_OFF, *command)));
    contenders.extend(ROUND.iter().map(|command| bench.command(MIRROR_ON, *command)));
    contenders.push(bench.command(DESCRIBED_BY_GIT, ("start", None)));
    let samples = take_turns(extent.rounds(ROUNDS), Order::Fixed, &mut contenders)?;
    let noop = samples[0].median();
    let rows = contenders.into_iter().zip(samples).map(|(contender, samples)| Row::new(contender.what, samples).against(noop));
    let log = |row: Row| match bench.log_left_by(&row.what) {
        Some(bytes) => row.remark(format!("WAL {:.1} MiB in the end", bytes as f64 / f64::from(1 << 20))),
        None => row,
    };
    Ok(rows.map(log).collect())
}

/// Stores that begin empty, and a repository to stand in.
struct Commands<'a> {
    programs: &'a Programs,
    directory: PathBuf,
    project: PathBuf,
}

impl<'a> Commands<'a> {
    fn prepare(programs: &'a Programs) -> Result<Self> {
        let directory = programs.directory.join("commands");
        fresh(&directory)?;
        let project = directory.join("project");
        make_repository(&project)?;
        Ok(Self { programs, directory, project })
    }

    fn noop(&self) -> Contender<'static> {
        let command = self.surroundings(&self.directory, None).command(&self.programs.noop, "", None);
        whole("no-op", command)
    }

    /// Appends to a file and syncs it, in this process: what the disk takes of each command's time.
    fn sync(&self) -> Result<Contender<'static>> {
        let path = self.directory.join("synced");
        let mut file = File::create(&path).with_context(|| format!("cannot create `{}`", path.display()))?;
        Ok(Contender::new("write 4 KiB + fsync", move || {
            let start = Instant::now();
            file.write_all(&[7; 4_096]).and_then(|()| file.sync_all())?;
            Ok(start.elapsed())
        }))
    }

    /// Returns a command with the store of its kind.
    fn command(&self, kind: &str, (words, last): (&str, Option<&str>)) -> Contender<'static> {
        let (store, mirror) = (self.directory.join(kind), self.directory.join("mirror files"));
        let surroundings = self.surroundings(&store, (kind == MIRROR_ON).then_some(&*mirror));
        let name = words.trim_end_matches(" -d").trim_end_matches(" IMPL");
        whole(format!("{name}, {kind}"), surroundings.command(&self.programs.rutter, words, last))
    }

    /// Returns how long the write-ahead log of a command's store is: every command reads all of it.
    fn log_left_by(&self, what: &str) -> Option<u64> {
        let (_, kind) = what.split_once(", ")?;
        Some(fs::metadata(self.directory.join(kind).join("rutter.db-wal")).ok()?.len())
    }

    fn surroundings<'s>(&'s self, store: &'s Path, mirror: Option<&'s Path>) -> Surroundings<'s> {
        Surroundings { home: &self.directory, store, mirror, directory: &self.project }
    }
}

/// Makes a repository with one commit, whoever the user is.
fn make_repository(worktree: &Path) -> Result<()> {
    fs::create_dir_all(worktree).with_context(|| format!("cannot create `{}`", worktree.display()))?;
    let git = |words: &[&str]| run::succeed(run::program("git", words).current_dir(worktree));
    git(&["init", "--quiet"])?;
    let author = ["-c", "user.name=ada", "-c", "user.email=ada@host.example", "-c", "commit.gpgsign=false"];
    git(&[&author[..], &["commit", "--quiet", "--allow-empty", "-m", "Begin"]].concat())
}
