//! Sessions in groups: by what, as headings with sessions below, as a table.

use clap::ValueEnum;
use tracker::session::{Session, Status};
use tracker::{GroupKind, GroupOfSessions, GroupStatsView, Grouped};

use crate::layout::{duration, id, percent, started, status, status_icon};
use crate::page::{Page, Role, Span, brief, counted, cut, number, plain};

/// The longest name of a group in a table.
const LONGEST_NAME: usize = 48;

/// What sessions can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// The project
    Project,
    /// The git branches on which they went on
    Branch,
    /// The tickets that branches, commits and descriptions name
    Ticket,
    /// The chain of agent sessions, by its first one
    Chain,
    /// The tags
    Tag,
    /// The agent
    Agent,
    /// The status
    Status,
    /// The type
    Type,
}

impl By {
    /// Returns what is meant.
    pub(crate) fn kind(self) -> GroupKind {
        match self {
            Self::Project => GroupKind::Project,
            Self::Branch => GroupKind::Branch,
            Self::Ticket => GroupKind::Ticket,
            Self::Chain => GroupKind::Chain,
            Self::Tag => GroupKind::Tag,
            Self::Agent => GroupKind::Agent,
            Self::Status => GroupKind::Status,
            Self::Type => GroupKind::Type,
        }
    }
}

/// Returns headings with the newest sessions of each group below.
pub(crate) fn headings(grouped: &Grouped, limit: usize) -> Page {
    let mut page = Page::default();
    for (place, group) in grouped.groups.iter().enumerate() {
        if place > 0 {
            page.gap();
        }
        let label = group.label.as_deref().map_or_else(String::new, |label| format!(" {}", brief(label)));
        page.line([
            Span::Text(Role::Heading, called(group.key.as_deref(), grouped.by)),
            plain(label),
            Span::Text(Role::Dim, format!(" ({})", counts(group))),
        ]);
        group.sessions.iter().take(limit).for_each(|session| line(&mut page, session));
        let more = group.sessions.len().saturating_sub(limit);
        if more > 0 {
            page.line([Span::Text(Role::Dim, format!("  and {more} more"))]);
        }
    }
    page
}

fn line(page: &mut Page, session: &Session) {
    let description = session.description.as_ref().map_or("", |description| description.text.as_str());
    page.line([
        plain("  "),
        status_icon(session.status()),
        id(session.id.as_str()),
        plain(format!("  {}  ", started(session))),
        status(session.status()),
        plain(format!("  {}", brief(description))),
    ]);
}

/// Says how many sessions a group has, and where they stand.
fn counts(group: &GroupOfSessions) -> String {
    let stand = Status::ALL.into_iter().filter_map(|status| {
        let count = group.count(status);
        (count > 0).then(|| format!("{count} {}", status.as_str().to_ascii_lowercase()))
    });
    format!("{}: {}", counted(group.sessions.len() as u64, "session"), stand.collect::<Vec<_>>().join(", "))
}

/// Returns the table of groups, the last of which is the total.
pub(crate) fn table(rows: &[GroupStatsView], by: GroupKind) -> Page {
    const HEADINGS: [&str; 9] = ["sessions", "completed", "failed", "work items", "average", "rate", "tool calls", "tokens", "cost (USD)"];
    let heading = std::iter::once(by.as_str()).chain(HEADINGS).map(str::to_owned).collect();
    let cells: Vec<Vec<String>> = std::iter::once(heading).chain(rows.iter().map(|row| cells(row, by))).collect();
    let mut page = Page::default();
    page.table(&cells);
    page
}

fn cells(row: &GroupStatsView, by: GroupKind) -> Vec<String> {
    let used = |key: &str| row.usage.as_ref().and_then(|usage| usage[key].as_u64());
    let tokens = ["input", "output", "cache_write", "cache_read"].into_iter().map(used).sum::<Option<u64>>();
    let at_least = if row.usage.as_ref().is_some_and(|usage| usage["at_least"] == true) { ">=" } else { "" };
    let cost = row.usage.as_ref().and_then(|usage| usage["cost_usd"].as_f64());
    vec![
        cut(&row_name(row, by), LONGEST_NAME),
        number(row.sessions),
        number(row.completed),
        number(row.failed),
        format!("{}/{}", row.work_items.completed, row.work_items.total),
        duration(row.average_duration_seconds),
        percent(row.completion_rate),
        number(row.tool_calls),
        tokens.map_or_else(|| "-".to_owned(), number),
        cost.map_or_else(|| "-".to_owned(), |cost| format!("{at_least}{cost:.2}")),
    ]
}

/// A group that is called as the last row is says what it is.
fn row_name(row: &GroupStatsView, by: GroupKind) -> String {
    let name = called(row.key.as_deref(), by);
    if !row.is_total && row.key.as_deref() == Some("total") { format!("{name} ({})", by.as_str()) } else { name }
}

fn called(key: Option<&str>, by: GroupKind) -> String {
    key.map_or_else(|| format!("(no {})", by.as_str()), brief)
}

/// Says how many sessions there are together, where that is less than the groups add up to.
pub(crate) fn in_several(grouped: &Grouped) -> Option<String> {
    let (sessions, by) = (counted(grouped.sessions as u64, "session"), grouped.by.as_str());
    let verb = if grouped.in_several == 1 { "is" } else { "are" };
    (grouped.in_several > 0).then(|| format!("{sessions} in all; {} {verb} in more than one {by} and counted in each.", grouped.in_several))
}
