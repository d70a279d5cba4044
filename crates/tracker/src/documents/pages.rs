//! What stands in each document of a session. Pure: the same record gives the same bytes, whoever asks, and whenever.

use session::{Entry, Reading, Session, SessionId, Survey, TouchedFile, Written};

use super::markdown::{block, brief, inline, one_line};
use super::shelf::Comment;
use crate::entries::replacement;
use crate::handoff::{Claim, ClaimKind, Record, short};
use crate::view::duration_words;

/// What is kept of a text in a heading.
const LONGEST_HEADING: usize = 120;

/// One of the documents of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// What happened, in order.
    Log,
    /// The files that were touched.
    Files,
    /// What was decided, and why.
    Decisions,
    /// What the next session must know.
    Handoff,
}

impl Document {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Log, Self::Files, Self::Decisions, Self::Handoff];

    /// Returns the name of the file, `SESSION-00003-LOG.md`.
    pub(crate) fn name(self, number: u32) -> String {
        let rest = match self {
            Self::Log => "LOG.md",
            Self::Files => "FILES.txt",
            Self::Decisions => "DECISIONS.md",
            Self::Handoff => "HANDOFF.md",
        };
        format!("SESSION-{number:05}-{rest}")
    }

    /// Returns how a comment looks in it.
    pub(crate) fn comment(self) -> Comment {
        if self == Self::Files { Comment::Text } else { Comment::Markdown }
    }

    /// Returns what stands in it.
    pub(crate) fn body(self, record: &Record, claims: &[Claim]) -> String {
        match self {
            Self::Log => log(record),
            Self::Files => files(record),
            Self::Decisions => decisions(record),
            Self::Handoff => handoff(record, claims),
        }
    }
}

fn log(record: &Record) -> String {
    let mut text = head(&record.session, "Log");
    text.push_str(&facts(record));
    text.push_str("\n## Entries\n\n");
    let mut entries: Vec<_> = record.entries.iter().collect();
    // By when it happened; what was written down first stands first.
    entries.sort_by_key(|entry| entry.at.moment.micros());
    entries.iter().for_each(|entry| text.push_str(&entry_line(record, entry)));
    if entries.is_empty() {
        text.push_str("Nothing was written down yet.\n");
    }
    if !record.work.is_empty() {
        text.push_str("\n## Work items\n\n");
        for item in &record.work {
            let at = time(&item.started);
            text.push_str(&format!("- {at} · {} · **{}** · {}\n", item.id, item.status.value.0, block(item.description.as_str(), "  ")));
        }
    }
    text
}

fn entry_line(record: &Record, entry: &Entry) -> String {
    let late = if entry.written_at.micros() - entry.at.moment.micros() >= 1_000_000 {
        format!(" (written down {})", entry.written_at.local().strftime("%Y-%m-%d %H:%M:%S"))
    } else {
        String::new()
    };
    let mut text = format!("- {}{late} · **{}** · {}\n", time(&entry.at), label(entry), block(entry.text.as_str(), "  "));
    match &entry.what {
        Written::Decision { rationale, .. } => text.push_str(&format!("  - Because: {}\n", block(rationale.as_str(), "    "))),
        Written::Test(test) => {
            let skipped = if test.skipped > 0 { format!(", {} skipped", test.skipped) } else { String::new() };
            text.push_str(&format!("  - {} passed, {} failed{skipped}\n", test.passed, test.failed));
            text.extend(test.command.iter().map(|command| format!("  - Command: {}\n", inline(command.as_str()))));
            text.extend(test.failures.iter().map(|failure| format!("  - Failed: {}\n", inline(failure.as_str()))));
        }
        _ => {}
    }
    if let Some(since) = &entry.standing.value.since {
        let word = if entry.standing.value.is_open { "Taken up again" } else { "Settled" };
        let said = entry.standing.value.text.as_ref().map_or_else(String::new, |said| format!(": {}", inline(said.as_str())));
        text.push_str(&format!("  - {word} {}{said}\n", time(since)));
    }
    if let Some(by) = replacement(&record.entries, entry.key) {
        text.push_str(&format!("  - Replaced by {}\n", by.id));
    }
    text.push_str(&format!("  - {}\n", entry.id));
    text
}

fn label(entry: &Entry) -> &'static str {
    match &entry.what {
        Written::Log { category: Some(category) } => category.as_str(),
        what => what.kind().as_str(),
    }
}

fn decisions(record: &Record) -> String {
    let mut text = head(&record.session, "Decisions");
    let decisions = record.entries.iter().filter_map(|entry| match &entry.what {
        Written::Decision { rationale, alternatives } => Some((entry, rationale, alternatives)),
        _ => None,
    });
    let mut number = 0;
    for (entry, rationale, alternatives) in decisions {
        number += 1;
        text.push_str(&format!("\n## {number}. {}\n\n", brief(entry.text.as_str(), LONGEST_HEADING)));
        if one_line(entry.text.as_str()).chars().count() > LONGEST_HEADING || entry.text.as_str().trim().contains('\n') {
            text.push_str(&format!("{}\n\n", block(entry.text.as_str(), "")));
        }
        text.push_str(&format!("- Because: {}\n", block(rationale.as_str(), "  ")));
        text.extend(alternatives.iter().map(|alternative| format!("- Instead of: {}\n", block(alternative.as_str(), "  "))));
        text.push_str(&format!("- Decided: {} by {}\n", time(&entry.at), inline(entry.author.as_str())));
        text.push_str(&format!("- Id: {}\n", entry.id));
        text.extend(replacement(&record.entries, entry.key).map(|by| format!("- Replaced by: {}\n", by.id)));
    }
    if number == 0 {
        text.push_str("\nNothing was decided yet.\n");
    }
    text
}

fn files(record: &Record) -> String {
    let session = &record.session;
    let number = session.number.value.unwrap_or(0);
    let mut text = format!("# Session {number:05}: files touched\n# Session: {}\n", session.id);
    let Some(survey) = &record.survey else {
        text.push_str("# Nobody has looked yet: `rutter files` does.\n");
        return text;
    };
    text.push_str(&format!("# Looked at: {}\n", survey.at.local().strftime("%Y-%m-%d %H:%M:%S")));
    text.push_str(&git_lines(survey));
    text.extend(survey.gaps.iter().map(|gap| format!("# Not known: {}\n", one_line(gap.as_str()))));
    let mut listed: Vec<_> = survey.files.iter().collect();
    listed.sort_by(|one, other| one.path.cmp(&other.path));
    text.push_str(&format!("# Files: {}\n\n", listed.len() as u64 + survey.more));
    listed.iter().for_each(|file| text.push_str(&file_line(record, file)));
    if survey.more > 0 {
        text.push_str(&format!("# and {} more\n", survey.more));
    }
    text
}

fn git_lines(survey: &Survey) -> String {
    let Some(git) = &survey.git else { return "# No git here\n".to_owned() };
    let branch = git.branch.as_ref().map_or_else(|| "none".to_owned(), |branch| one_line(branch.as_str()));
    let commit = git.commit.as_ref().map_or("none yet", |commit| short(commit.as_str()));
    let mut text = format!("# Branch: {branch} at {commit}\n");
    for commit in &git.commits {
        text.push_str(&format!("# Commit: {} {}\n", short(commit.id.as_str()), one_line(commit.subject.as_str())));
    }
    text
}

fn file_line(record: &Record, file: &TouchedFile) -> String {
    let held = [
        (file.held.committed, "committed"),
        (file.held.staged, "staged"),
        (file.held.unstaged, "unstaged"),
        (file.held.untracked, "untracked"),
    ];
    let held: Vec<_> = held.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect();
    let path = one_line_path(file.path.as_str());
    let from = file.from.as_ref().map_or_else(String::new, |from| format!("{} -> ", one_line_path(from.as_str())));
    let mut notes = held.join(", ");
    let names: Vec<_> = file.others.iter().map(|other| record.names.get(other).map_or("another session", SessionId::as_str)).collect();
    if !names.is_empty() {
        let separator = if notes.is_empty() { "" } else { "; " };
        notes.push_str(&format!("{separator}also {}", names.join(", ")));
    }
    let notes = if notes.is_empty() { String::new() } else { format!("  ({notes})") };
    format!("{:<9} {from}{path}{notes}\n", file.change.as_str())
}

/// Returns a path with nothing in it that ends a line or hides what is written.
fn one_line_path(path: &str) -> String {
    session::harmless(path)
}

fn handoff(record: &Record, claims: &[Claim]) -> String {
    let mut text = head(&record.session, "Handoff");
    text.push_str(&facts(record));
    if let Some(survey) = &record.survey {
        text.push_str(&format!("- Checked: {}\n", survey.at.local().strftime("%Y-%m-%d %H:%M:%S")));
        if let Some(git) = &survey.git {
            let branch = git.branch.as_ref().map_or_else(|| "none".to_owned(), |branch| inline(branch.as_str()));
            let commit = git.commit.as_ref().map_or("none yet", |commit| short(commit.as_str()));
            text.push_str(&format!("- Git: {branch} at {commit}\n"));
        }
    }
    const PARTS: [(ClaimKind, &str); 9] = [
        (ClaimKind::Blocker, "Open blockers"),
        (ClaimKind::Todo, "Left to do"),
        (ClaimKind::Decision, "Decisions"),
        (ClaimKind::Work, "Not done yet"),
        (ClaimKind::Test, "Tests"),
        (ClaimKind::File, "Files"),
        (ClaimKind::Commit, "Commits"),
        (ClaimKind::Command, "Commands"),
        (ClaimKind::Resume, "How to resume"),
    ];
    for (kind, name) in PARTS {
        let of_kind: Vec<_> = claims.iter().filter(|claim| claim.kind == kind).collect();
        if of_kind.is_empty() && !matches!(kind, ClaimKind::Todo | ClaimKind::Blocker) {
            continue;
        }
        text.push_str(&format!("\n## {name}\n\n"));
        if of_kind.is_empty() {
            text.push_str("None.\n");
        }
        of_kind.iter().for_each(|claim| text.push_str(&claim_line(claim)));
    }
    text
}

fn claim_line(claim: &Claim) -> String {
    let reason = claim.reason.as_ref().map_or_else(String::new, |reason| format!(": {}", inline(reason)));
    let id = claim.id.as_ref().map_or_else(String::new, |id| format!(" ({id})"));
    format!("- {}{id} — *{}{reason}*\n", block(&claim.text, "  "), claim.check.as_str())
}

fn head(session: &Session, what: &str) -> String {
    let number = session.number.value.unwrap_or(0);
    format!("# Session {number:05}: {what}\n\n- Session: {}\n", session.id)
}

fn facts(record: &Record) -> String {
    let session = &record.session;
    let mut text = String::new();
    let mut fact = |name: &str, value: String| text.push_str(&format!("- {name}: {value}\n"));
    if let Some(description) = &session.description {
        fact("About", block(description.text.as_str(), "  "));
    }
    if let Some(project) = &record.project {
        fact("Project", inline(project));
    }
    fact("Owner", inline(session.owner.as_str()));
    if let Some(agent) = &session.agent {
        fact("Agent", inline(agent.as_str()));
    }
    fact("Status", session.status().to_string());
    fact("Started", time(&session.started));
    if let Some(ended) = session.ended() {
        let seconds = session.duration_micros(&ended) as f64 / 1_000_000.0;
        let reason = session.lifecycle.value.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", inline(reason.as_str())));
        fact("Ended", format!("{}{reason}", time(&ended)));
        fact("Duration", duration_words(seconds));
    }
    text
}

/// Returns what a clock on the wall showed.
fn time(at: &Reading) -> String {
    at.moment.local().strftime("%Y-%m-%d %H:%M:%S").to_string()
}
