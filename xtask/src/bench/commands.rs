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

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let bench = Commands::prepare(programs)?;
    let mut contenders = vec![bench.noop(), bench.sync()?];
    contenders.extend(ROUND.iter().map(|command| bench.command("off", *command)));
    contenders.extend(ROUND.iter().map(|command| bench.command("on", *command)));
    contenders.push(bench.command("described by git", ("start", None)));
    let samples = take_turns(extent.rounds(ROUNDS), Order::Fixed, &mut contenders)?;
    let noop = samples[0].median();
    let rows = contenders.into_iter().zip(samples).map(|(contender, samples)| Row::new(contender.what, samples));
    Ok(rows.map(|row| row.against(noop)).collect())
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

    /// Returns a command with a store of its own kind: mirror `on`, `off`, or off and without a description.
    fn command(&self, kind: &str, (words, last): (&str, Option<&str>)) -> Contender<'static> {
        let (store, mirror) = (self.directory.join(kind), self.directory.join("mirror"));
        let surroundings = self.surroundings(&store, (kind == "on").then_some(&*mirror));
        let name = words.trim_end_matches(" -d").trim_end_matches(" IMPL");
        let kind = if kind.starts_with('o') { format!("mirror {kind}") } else { kind.to_owned() };
        whole(format!("{name}, {kind}"), surroundings.command(&self.programs.rutter, words, last))
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
