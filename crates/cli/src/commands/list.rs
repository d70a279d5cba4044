//! `rutter list`

use clap::Args;
use tracker::session::{Prefix, Status};
use tracker::{Listing, TagError, Tracker, parse_since, read_tag};

use crate::arguments::{self, lossy};
use crate::commands::Context;
use crate::failure::Failure;
use crate::group_page::{self, By};
use crate::layout;

/// List sessions, newest first
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter list --status ACTIVE --all-projects     What is going on anywhere\n  rutter list --since 7d --tag release --json    One JSON object a line\n  rutter list --by ticket --limit 3              The newest of each ticket"
)]
pub(crate) struct ListArgs {
    /// Show at most this many, with --by of each group
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Show them in groups, the newest group first; one that is in several is shown in each
    #[arg(long, value_enum, value_name = "GROUP")]
    by: Option<By>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Which sessions.
#[derive(Args)]
pub(crate) struct FilterArgs {
    /// Also those of other projects
    #[arg(long)]
    pub(super) all_projects: bool,
    /// Only those with this status (can be repeated)
    #[arg(long = "status", value_name = "STATUS", value_parser = arguments::status)]
    statuses: Vec<Status>,
    /// Only those of this type (can be repeated)
    #[arg(long = "type", value_name = "TYPE", value_parser = arguments::prefix)]
    prefixes: Vec<Prefix>,
    /// Only those with this tag (can be repeated: all of them)
    #[arg(long = "tag", value_name = "TAG", value_parser = lossy())]
    tags: Vec<String>,
    /// Only those started since then: 7d, 2026-02-16, yesterday
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only those of this agent (can be repeated)
    #[arg(long = "agent", value_name = "AGENT", value_parser = lossy())]
    agents: Vec<String>,
    /// Only those of this owner (can be repeated)
    #[arg(long = "owner", value_name = "OWNER", value_parser = lossy())]
    owners: Vec<String>,
    /// Also those in which nothing was ever recorded
    #[arg(long)]
    all: bool,
}

/// The names of the filters, for arguments beside which they mean nothing.
pub(super) const FILTERS: [&str; 7] = ["all_projects", "statuses", "prefixes", "tags", "since", "agents", "owners"];

impl FilterArgs {
    /// Reports whether not every session fits.
    pub(super) fn is_narrow(&self) -> bool {
        let lists = [&self.tags, &self.agents, &self.owners];
        !self.statuses.is_empty() || !self.prefixes.is_empty() || self.since.is_some() || lists.iter().any(|list| !list.is_empty())
    }

    pub(super) fn listing(&self, tracker: &Tracker, limit: Option<usize>) -> Result<Listing, Failure> {
        Ok(Listing {
            limit,
            all_projects: self.all_projects,
            with_empty: self.all,
            statuses: self.statuses.clone(),
            prefixes: self.prefixes.clone(),
            tags: self
                .tags
                .iter()
                .map(|tag| read_tag(tag))
                .collect::<Result<_, _>>()
                .map_err(|tag| Failure::usage(TagError::BadTag { tag }))?,
            agents: self.agents.clone(),
            owners: self.owners.clone(),
            since_micros: self.since.as_deref().map(|since| parse_since(since, tracker.clock())).transpose()?,
        })
    }
}

pub(super) fn list(context: &Context, args: &ListArgs) -> Result<(), Failure> {
    context.refuse_named()?;
    if let Some(by) = args.by {
        return in_groups(context, args, by);
    }
    context.read(|tracker| {
        let sessions = tracker.list(&args.filter.listing(tracker, Some(args.limit))?)?;
        if sessions.is_empty() {
            say_there_is_none(context, &args.filter);
            return Ok(());
        }
        // What only `--json` tells is not looked up for a person.
        let views = if context.global.json { tracker.whole_views(&sessions)? } else { Vec::new() };
        context.ui.list(&views, || layout::listing(&sessions, Some(args.limit)))
    })
}

fn in_groups(context: &Context, args: &ListArgs, by: By) -> Result<(), Failure> {
    context.read(|tracker| {
        let listing = args.filter.listing(tracker, None)?;
        let grouped = tracker.grouped(&listing, by.kind(), &mut context.ui.progress_of_bytes("Reading"))?;
        if grouped.sessions == 0 {
            say_there_is_none(context, &args.filter);
            return Ok(());
        }
        let views = if context.global.json { tracker.grouped_views(&grouped, args.limit)? } else { Vec::new() };
        context.ui.list(&views, || group_page::headings(&grouped, args.limit))?;
        group_page::in_several(&grouped).iter().for_each(|words| context.ui.note(words));
        Ok(())
    })
}

/// Says that no session fits, and where there may be others.
pub(super) fn say_there_is_none(context: &Context, filter: &FilterArgs) {
    context.ui.note(match (filter.is_narrow(), filter.all_projects) {
        (false, true) => "No sessions yet.",
        (false, false) => "No sessions here yet; `--all-projects` looks everywhere.",
        (true, true) => "No session fits.",
        (true, false) => "No session here fits; `--all-projects` looks everywhere.",
    });
}
