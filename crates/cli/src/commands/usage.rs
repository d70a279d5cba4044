//! `rutter usage`

use clap::{Args, ValueEnum};
use tracker::{UsageBy, UsageView, WantedUsage, parse_from, parse_through, read_zone};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::usage_table;

/// Show what agents used: tokens by kind, and what they cost
///
/// Every response is counted once, however often a transcript has it. What is only a lower bound is marked; a price that nobody knows is
/// never taken for nothing. Of this project, unless all are asked for.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter usage                                   This project, day by day\n  rutter usage week --all-projects --since 30d   The last month everywhere, in weeks\n  rutter usage session --model opus              What each session used of a model\n  rutter usage model -s current                  What the current session used, by model\n  rutter usage block --json | jq 'select(.block.active)'"
)]
pub(crate) struct UsageArgs {
    /// What to group by
    #[arg(value_enum, value_name = "GROUP", default_value_t = Group::Day)]
    by: Group,
    /// Only from then on: 7d, 2026-02-16, yesterday
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only until then; a day is meant to its end
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Where days begin: Europe/Berlin, UTC, +02:00 (default: here)
    #[arg(long, value_name = "ZONE", value_parser = lossy(), allow_hyphen_values = true)]
    timezone: Option<String>,
    /// Only models with this in their names (can be repeated: any of them)
    #[arg(long = "model", value_name = "MODEL", value_parser = lossy())]
    models: Vec<String>,
    /// Also what was used in other projects
    #[arg(long)]
    all_projects: bool,
}

/// What responses can be grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// The day
    Day,
    /// The ISO week, from Monday on
    Week,
    /// The month
    Month,
    /// The session, else the agent session
    Session,
    /// The project
    Project,
    /// The model
    Model,
    /// The git branch
    Branch,
    /// The chain of agent sessions, by its first one
    Chain,
    /// The tickets of the session; what is of several is counted with each
    Ticket,
    /// The tags of the session; what has several is counted with each
    Tag,
    /// Five hours from the full hour of the first response on
    Block,
}

impl Group {
    fn by(self) -> UsageBy {
        match self {
            Self::Day => UsageBy::Day,
            Self::Week => UsageBy::Week,
            Self::Month => UsageBy::Month,
            Self::Session => UsageBy::Session,
            Self::Project => UsageBy::Project,
            Self::Model => UsageBy::Model,
            Self::Branch => UsageBy::Branch,
            Self::Chain => UsageBy::Chain,
            Self::Ticket => UsageBy::Ticket,
            Self::Tag => UsageBy::Tag,
            Self::Block => UsageBy::Block,
        }
    }
}

pub(super) fn usage(context: &Context, args: &UsageArgs) -> Result<(), Failure> {
    let session = context.named(&None).map(str::to_owned);
    if session.is_some() && args.all_projects {
        return Err(Failure::wrong("`-s` names one session, and `--all-projects` means many").hint("leave one of them away"));
    }
    context.read(|tracker| {
        let zone = args.timezone.as_deref().map_or_else(|| Ok(tracker.clock().zone()), read_zone)?;
        let wanted = WantedUsage {
            by: args.by.by(),
            since: args.since.as_deref().map(|since| parse_from(since, tracker.clock(), &zone)).transpose()?,
            until: args.until.as_deref().map(|until| parse_through(until, tracker.clock(), &zone)).transpose()?,
            zone,
            models: args.models.clone(),
            session,
            all_projects: args.all_projects,
        };
        let report = tracker.usage(&wanted, &mut context.ui.progress_of_bytes("Reading"))?;
        if report.rows.is_empty() {
            context.ui.note(match args.all_projects || wanted.session.is_some() {
                true => "Nothing was used that fits.",
                false => "Nothing was used here that fits; `--all-projects` looks everywhere.",
            });
        }
        if report.rows.iter().map(|row| row.all.responses).sum::<u64>() > report.total.all.responses {
            context.ui.note("What belongs to more than one group is counted in each; the total counts it once.");
        }
        let views = UsageView::all_of(&report, &wanted.zone, tracker.now().moment.micros().div_euclid(1_000));
        context.ui.list(&views, || usage_table::page(&views, wanted.by, context.ui.frame()))
    })
}
