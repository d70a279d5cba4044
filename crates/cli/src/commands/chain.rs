//! `rutter chain`

use std::collections::BTreeMap;

use clap::Args;
use tracker::{Chain, Purpose, Tracker, WantedChain};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::descent;
use crate::failure::Failure;

/// Show which agent session follows which
///
/// As a tree by descent, oldest first: below each agent session those that continue it, and beside it the heads it is. With --json, every
/// transition in its order.
#[derive(Args)]
#[command(
    disable_version_flag = true,
    after_help = "Examples:\n  rutter chain                        Of this project\n  rutter chain 3                      What belongs to session 3\n  rutter chain --json | jq -r .new    Every agent session in its order"
)]
pub(crate) struct ChainArgs {
    /// Only what belongs to this session (default: all of this project)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// Only what is about this version of the project
    #[arg(long, value_name = "VERSION", value_parser = lossy())]
    version: Option<String>,
    /// Also that of other projects
    #[arg(long, conflicts_with = "named")]
    all_projects: bool,
    /// Also list each sub-agent, where there are many
    #[arg(long)]
    all: bool,
}

pub(super) fn chain(context: &Context, args: &ChainArgs) -> Result<(), Failure> {
    let session = context.named(&args.named).map(str::to_owned);
    let wanted = WantedChain { version: args.version.clone(), session };
    context.read(|tracker| {
        let chain = tracker.chain_with_heads(&wanted, args.all_projects)?;
        if chain.transitions.is_empty() {
            context.ui.note(&nothing(&wanted, args.all_projects));
            return Ok(());
        }
        let numbers = numbers(tracker, &chain);
        context.ui.list(&chain.transitions, || descent::page(&chain, &numbers, args.all))
    })
}

fn nothing(wanted: &WantedChain, all_projects: bool) -> String {
    match (&wanted.session, &wanted.version, all_projects) {
        (Some(session), ..) => format!("No transitions of session {session} yet."),
        (None, Some(version), _) => format!("No transitions of version {version} yet."),
        (None, None, true) => "No transitions yet.".to_owned(),
        (None, None, false) => "No transitions here yet; `--all-projects` looks everywhere.".to_owned(),
    }
}

/// Returns the numbers of the sessions in a chain, by their ids.
fn numbers(tracker: &Tracker, chain: &Chain) -> BTreeMap<String, u32> {
    let mut numbers = BTreeMap::new();
    for id in chain.transitions.iter().filter_map(|view| view.session.as_ref()) {
        if !numbers.contains_key(id) {
            let session = tracker.resolve(Some(id), Purpose::Reading).ok();
            numbers.insert(id.clone(), session.and_then(|session| session.number.value));
        }
    }
    numbers.into_iter().filter_map(|(id, number)| Some((id, number?))).collect()
}
