//! Looking for what is wrong, and saying what to type.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::Serialize;
use session::SessionId;
use store::{MirrorName, StoreError};

use crate::mirror::{Layout, SessionFile, is_shown};
use crate::naming::draw_uuid;
use crate::note::counted;
use crate::{Listing, Tracker, UsageError};

/// Further behind than this is as bad as this.
const MOST_COUNTED: usize = 10_000;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Warning,
    /// Something does not work.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub severity: Severity,
    /// What was found.
    pub found: String,
    /// What to type, where something can be done.
    pub hint: Option<String>,
}

impl Finding {
    pub(crate) fn new(check: &'static str, severity: Severity, found: impl Into<String>) -> Self {
        Self { check, severity, found: found.into(), hint: None }
    }

    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, Severity::Ok, found)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl Tracker {
    /// Looks at everything there is to look at.
    ///
    /// # Errors
    /// When the store cannot answer at all.
    pub fn doctor(&mut self) -> Result<Vec<Finding>, StoreError> {
        let mut findings =
            vec![self.look_at_store()?, self.look_at_sessions()?, self.look_at_privacy(), self.look_at_broken(), self.look_at_clock()?];
        findings.push(self.look_at_dice());
        findings.push(self.look_at_config());
        findings.extend(self.look_at_mirror()?);
        findings.push(self.look_at_marker());
        findings.extend(self.look_at_hooks()?);
        findings.extend(self.look_at_git_hooks());
        findings.extend(self.look_at_vault());
        findings.extend(self.look_at_checkpoints());
        Ok(findings)
    }

    /// Managers of hooks write theirs anew, and programs are moved.
    fn look_at_git_hooks(&self) -> Option<Finding> {
        self.place.git_dir.as_ref()?;
        let check = "git hooks";
        match self.program_of_git_hooks() {
            Some(program) if is_program(&program) => Some(Finding::ok(check, format!("they call {}", program.display()))),
            Some(program) => {
                let found = format!("they call {}, which is not there", program.display());
                Some(Finding::new(check, Severity::Warning, found).hint("rutter git install"))
            }
            None if self.has_some_git_hook() => {
                let found = "our lines are not in all of them, or where they are not run";
                Some(Finding::new(check, Severity::Warning, found).hint("rutter git install"))
            }
            None => Some(Finding::ok(check, "commits here are not checked; `rutter git install` changes that")),
        }
    }

    fn look_at_store(&self) -> Result<Finding, StoreError> {
        let database = self.home.join("rutter.db");
        if !database.exists() {
            return Ok(Finding::new("store", Severity::Warning, format!("there is none yet at {}", database.display())).hint("rutter init"));
        }
        let wrong = self.store.check()?;
        if let Some(first) = wrong.first() {
            let found = format!("{} is damaged: {first}", database.display());
            return Ok(Finding::new("store", Severity::Problem, found).hint("rutter rebuild"));
        }
        let length = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
        let size = length(&database) + length(&database.with_extension("db-wal"));
        Ok(Finding::ok("store", format!("{}, {} KiB, SQLite {}", database.display(), size / 1024, store::sqlite_version())))
    }

    fn look_at_sessions(&self) -> Result<Finding, StoreError> {
        let listing = Listing { all_projects: true, with_empty: true, ..Listing::default() };
        let all = self.overview(&listing).map_err(|error| match error {
            crate::ProjectError::Store(error) => error,
            other => StoreError::Refused { path: self.home.clone(), source: other.into() },
        })?;
        let running = all.all.sessions - all.all.ended;
        Ok(Finding::ok(
            "sessions",
            format!(
                "{}, {running} of them running, {}",
                counted(all.all.sessions, "session"),
                counted(self.store.reads().last_seq()?.cast_unsigned(), "event")
            ),
        ))
    }

    fn look_at_config(&self) -> Finding {
        let file = self.config.file.display();
        if let Err(UsageError::Prices { source, .. }) = self.config.prices() {
            return Finding::new("config", Severity::Warning, format!("{file}: {source}")).hint("rutter usage");
        }
        if self.config.unknown.is_empty() {
            return Finding::ok("config", file.to_string());
        }
        let names = self.config.unknown.join(", ");
        Finding::new("config", Severity::Warning, format!("{file} sets what is no setting: {names}")).hint("rutter config")
    }

    /// Everything of ours belongs to its owner alone.
    fn look_at_privacy(&self) -> Finding {
        let open: Vec<_> = fs::read_dir(&self.home)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| is_open(path))
            .collect();
        match open.first() {
            None => Finding::ok("privacy", "only you can read the store"),
            Some(first) => Finding::new("privacy", Severity::Problem, format!("others can read {}", first.display()))
                .hint(format!("chmod -R go= '{}'", self.home.display())),
        }
    }

    fn look_at_broken(&self) -> Finding {
        let is_broken = |name: &str| name.contains(".db.broken-") && !name.ends_with("-wal") && !name.ends_with("-shm");
        let names = fs::read_dir(&self.home)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        let broken: Vec<_> = names.filter(|name| is_broken(name)).collect();
        if broken.is_empty() {
            return Finding::ok("damage", "no store was ever set aside");
        }
        Finding::new(
            "damage",
            Severity::Warning,
            format!("damaged stores were set aside in {}: {}", self.home.display(), broken.join(", ")),
        )
        .hint("delete them once you are sure that nothing is missing")
    }

    fn look_at_clock(&self) -> Result<Finding, StoreError> {
        let now = self.now().moment;
        let last = self.store.reads().last_seq()?;
        let newest = self.store.reads().log(last - 1, 1)?.events.pop().map(|recorded| recorded.event.recorded_at);
        match newest.filter(|newest| newest.micros() > now.micros()) {
            None => Ok(Finding::ok("clock", now.to_string())),
            Some(newest) => Ok(Finding::new("clock", Severity::Warning, format!("it says {now}, but something was recorded at {newest}"))
                .hint("timedatectl")),
        }
    }

    fn look_at_dice(&mut self) -> Finding {
        let at = self.now().moment;
        let (one, two) = (draw_uuid(&mut *self.dice, at), draw_uuid(&mut *self.dice, at));
        if one == two {
            return Finding::new("random numbers", Severity::Problem, "two draws were the same; ids will grow longer");
        }
        Finding::ok("random numbers", "two draws differ")
    }

    fn look_for_missing_files(&self, layout: &Layout) -> Result<Option<Finding>, StoreError> {
        let listed = fs::read_dir(&layout.sessions).into_iter().flatten().filter_map(Result::ok);
        let there: HashSet<_> = listed.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let all = store::Wanted { with_empty: true, ..store::Wanted::default() };
        let sessions = self.store.reads().sessions(&all, None)?;
        let missing: Vec<_> = sessions.iter().filter(|session| !there.contains(&format!("{}.json", session.id))).collect();
        let Some(first) = missing.first() else { return Ok(None) };
        let found = format!("{} without a file; the newest is {}", counted(missing.len() as u64, "session"), first.id);
        Ok(Some(Finding::new("mirror files", Severity::Warning, found).hint("rutter rebuild")))
    }

    fn look_at_mirror(&self) -> Result<Vec<Finding>, StoreError> {
        let Some(root) = self.config.mirror_root() else { return Ok(vec![Finding::ok("mirror", "off")]) };
        let layout = Layout::at(&root);
        if !layout.sessions.is_dir() {
            let found = format!("there is no directory {}", layout.sessions.display());
            return Ok(vec![Finding::new("mirror", Severity::Warning, found).hint("rutter rebuild")]);
        }
        let name = MirrorName { machine: machine::name(), root: root.to_string_lossy().into_owned() };
        let position = self.store.reads().mirror_position(&name)?.unwrap_or_default();
        // What agents do is in no file.
        let pending = self.store.reads().log_of_people(position.seq, MOST_COUNTED)?.events;
        let behind = pending.iter().filter(|pending| is_shown(&pending.event.change)).count() as u64;
        let mut findings = vec![if layout.log_length() < position.log_length {
            Finding::new("mirror", Severity::Warning, format!("{} has lost lines", layout.log.display())).hint("rutter rebuild")
        } else if behind > 0 {
            Finding::new("mirror", Severity::Warning, format!("{} is {} behind", root.display(), counted(behind, "event")))
                .hint("rutter rebuild")
        } else {
            Finding::ok("mirror", root.display().to_string())
        }];
        findings.extend(self.look_for_missing_files(&layout)?);
        findings.extend(look_at_files(&layout));
        Ok(findings)
    }
}

/// Session files that do not read are left alone, and named.
fn look_at_files(layout: &Layout) -> Option<Finding> {
    let paths = fs::read_dir(&layout.sessions).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let is_session =
        |path: &Path| path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")?.parse::<SessionId>().ok()).is_some();
    let unreadable: Vec<_> = paths.filter(|path| is_session(path) && SessionFile::read(path).is_none()).collect();
    let first = unreadable.first()?;
    let found = format!("{} session files do not read; the first is {}", unreadable.len(), first.display());
    Some(Finding::new("mirror files", Severity::Warning, found).hint("move them away, then `rutter rebuild`"))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.mode() & 0o111 != 0)
}

fn is_open(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| !found.is_symlink() && found.mode() & 0o077 != 0)
}
