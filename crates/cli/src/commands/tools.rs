//! `rutter tools`

use clap::{Args, ValueEnum};
use serde_json::json;
use tracker::{CommandView, Durations, Known, ToolReport, ToolRow, ToolsBy, WantedTools, parse_from, parse_through, read_zone};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, cut};

/// Show what tools agents called, how often they failed, and how long they took
///
/// Without a session, the calls of this project. Hooks and transcripts are laid over each other, so a call that both know counts once. p50 and
/// p95 are nearest ranks: the duration of one of the calls. A `~` marks durations that the agent did not measure: the time in which you
/// were asked for permission is part of them. A retry is the same call again, next after it failed.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter tools                        The tools of this project\n  rutter tools 3 --by day             Session 3, day by day\n  rutter tools --since 7d --all-projects --by project\n  rutter tools --json | jq -r '.most_failing[] | [.failed, .command] | @tsv'"
)]
pub(crate) struct ToolsArgs {
    /// The session (default: all of this project)
    #[arg(value_name = "SESSION", value_parser = lossy(), conflicts_with = "all_projects")]
    named: Option<String>,
    /// What the rows stand for
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    by: By,
    /// Only calls since then: 7d, 2026-02-16, yesterday
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only calls until then; a date counts to its end
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Where days begin: Europe/Berlin, UTC, +02:00 (default: the zone of this machine)
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true, value_parser = lossy())]
    timezone: Option<String>,
    /// Also those of other projects
    #[arg(long)]
    all_projects: bool,
}

/// What the rows of a report on tools stand for.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum By {
    /// Tools
    #[default]
    Tool,
    /// Sessions
    Session,
    /// Projects
    Project,
    /// Days
    Day,
}

impl From<By> for ToolsBy {
    fn from(by: By) -> Self {
        match by {
            By::Tool => Self::Tool,
            By::Session => Self::Session,
            By::Project => Self::Project,
            By::Day => Self::Day,
        }
    }
}

pub(super) fn tools(context: &Context, args: &ToolsArgs) -> Result<(), Failure> {
    let session = context.named(&args.named).map(str::to_owned);
    if session.is_some() && args.all_projects {
        return Err(Failure::wrong("`-s` names one session, and `--all-projects` means many").hint("leave one of them away"));
    }
    context.read(|tracker| {
        let clock = tracker.clock();
        let zone = args.timezone.as_deref().map(read_zone).transpose()?.unwrap_or_else(|| clock.zone());
        let since = args.since.as_deref().map(|since| parse_from(since, clock, &zone)).transpose()?;
        let until = args.until.as_deref().map(|until| parse_through(until, clock, &zone)).transpose()?;
        let wanted = WantedTools { session, by: args.by.into(), since, until, zone, all_projects: args.all_projects };
        let report = tracker.tools(&wanted, &mut context.ui.progress_of_bytes("Reading"))?;
        if report.total.calls == 0 && !context.global.json {
            let elsewhere = if wanted.session.is_none() && !wanted.all_projects { " here; `--all-projects` looks everywhere" } else { "" };
            context.ui.note(&format!("No tool calls{elsewhere}."));
            return Ok(());
        }
        context.ui.data(&json!(report), || page(&report))
    })
}

/// As much of a command, or of what a session is about, fits a line.
const SHOWN: usize = 60;

fn page(report: &ToolReport) -> Page {
    let mut page = Page::default();
    let heading = match report.by {
        ToolsBy::Tool => "Tools",
        ToolsBy::Session => "Sessions",
        ToolsBy::Project => "Projects",
        ToolsBy::Day => "Days",
    };
    page.line([Span::Text(Role::Heading, heading.into())]);
    let titles = ["", "calls", "failed", "refused", "unfinished", "retries", "p50", "p95"].map(str::to_owned).to_vec();
    let rows = report.rows.iter().map(|row| cells(named(row, report.by), row));
    let total = cells("total".to_owned(), &report.total);
    page.table(&std::iter::once(titles).chain(rows).chain([total]).collect::<Vec<_>>());
    for (heading, commands) in [("Slowest commands", &report.slowest), ("Commands that fail most", &report.most_failing)] {
        if !commands.is_empty() {
            page.gap().line([Span::Text(Role::Heading, heading.into())]);
            let titles = ["", "calls", "failed", "p50", "longest"].map(str::to_owned).to_vec();
            page.table(&std::iter::once(titles).chain(commands.iter().map(cells_of_command)).collect::<Vec<_>>());
        }
    }
    if report.total.durations.known().is_some_and(|known| known != Known::Measured) {
        page.gap().line([Span::Text(Role::Dim, "~ not all measured by the agent: waiting for permission is part of it".into())]);
    }
    page
}

fn named(row: &ToolRow, by: ToolsBy) -> String {
    let key = row.key.as_deref().unwrap_or("unknown");
    match (&row.label, by) {
        (Some(label), ToolsBy::Project) => brief(label),
        (Some(label), _) => format!("{} {}", brief(key), cut(first_line(label), SHOWN)),
        (None, _) => brief(key),
    }
}

fn cells(name: String, row: &ToolRow) -> Vec<String> {
    let number = |number: u64| if number == 0 { "-".to_owned() } else { number.to_string() };
    let [failed, refused, unfinished, retries] = [row.failed, row.refused, row.unfinished, row.retries].map(number);
    let took = &row.durations;
    vec![name, row.calls.to_string(), failed, refused, unfinished, retries, took_words(took, 50), took_words(took, 95)]
}

fn cells_of_command(command: &CommandView) -> Vec<String> {
    let (text, took) = (cut(first_line(&command.command), SHOWN), &command.durations);
    vec![text, command.calls.to_string(), command.failed.to_string(), took_words(took, 50), took_words(took, 100)]
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

fn took_words(took: &Durations, percent: usize) -> String {
    let mark = if took.known() == Some(Known::Measured) { "" } else { "~" };
    let words = |seconds: f64| match seconds {
        ..1.0 => format!("{mark}{:.0} ms", seconds * 1e3),
        ..600.0 => format!("{mark}{seconds:.1} s"),
        _ => format!("{mark}{:.0} min", seconds / 60.0),
    };
    took.percentile(percent).map_or_else(|| "-".to_owned(), words)
}
