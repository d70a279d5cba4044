//! `rutter vault`

use clap::{Args, Subcommand};
use serde_json::json;
use tracker::{VaultCopyView, VaultView, VerifiedView};

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, counted, megabytes};

/// Keep exact copies of transcripts, from before the agents delete them
///
/// Agents delete transcripts that nobody has written to for some time. The vault has them still: exact, compressed, each piece once, for your
/// user alone. Nothing of it leaves the machine. Unlike everything else that rutter stores, the copies are not redacted: secrets that stand in
/// a transcript stand in its copy. What opencode has in its database is not copied. Off until you switch it on. Without a subcommand, shows how it stands.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  rutter vault on             Copy now, and whenever transcripts are read\n  rutter vault                How large it is, how it grows, what the agent is about to delete\n  rutter vault copy           Copy what is new\n  rutter agents restore ID    Put a conversation back, so that it can be resumed"
)]
pub(crate) struct VaultArgs {
    #[command(subcommand)]
    command: Option<VaultCommand>,
    /// Look so many days ahead for what the agent deletes
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    within: u64,
}

#[derive(Subcommand)]
enum VaultCommand {
    /// Copy what is new, also where the vault is off
    Copy,
    /// Read everything again and compare it with what was copied
    Verify,
    /// Copy by itself from now on: now, and whenever transcripts are read
    On,
    /// Copy no more by itself; what is there stays
    Off,
}

pub(super) fn vault(context: &Context, args: &VaultArgs) -> Result<(), Failure> {
    context.refuse_named()?;
    context.refuse_project()?;
    match args.command {
        None => context.read(|tracker| {
            let view = tracker.vault_view(args.within)?;
            context.ui.data(&view, || status(&view))
        }),
        Some(VaultCommand::Copy) => copy(context),
        Some(VaultCommand::Verify) => verify(context),
        Some(VaultCommand::On) => switch(context, true).and_then(|()| copy(context)),
        Some(VaultCommand::Off) => switch(context, false),
    }
}

fn copy(context: &Context) -> Result<(), Failure> {
    context.read(|tracker| {
        let view = tracker.copy_to_vault(&mut context.ui.progress_of_bytes("Copying"))?;
        context.ui.data(&view, || copied(&view))?;
        match view.left_out {
            0 => Ok(()),
            left_out => Err(Failure::no(format!("there was no room for {}", counted(left_out, "conversation")))
                .hint("run `rutter config vault.max_bytes SIZE` to give the vault more")),
        }
    })
}

fn verify(context: &Context) -> Result<(), Failure> {
    context.read(|tracker| {
        let view = tracker.verify_vault(&mut context.ui.progress_of_bytes("Reading"))?;
        context.ui.data(&view, || verified(&view))?;
        if view.damaged.is_empty() {
            return Ok(());
        }
        Err(Failure::no("the vault is damaged").hint("run `rutter vault copy`: what the agent still has is copied again"))
    })
}

fn switch(context: &Context, is_on: bool) -> Result<(), Failure> {
    context.read(|tracker| {
        let file = tracker.switch_vault(is_on)?;
        let enabled = tracker.config().is_vault_on();
        if enabled != is_on {
            context.ui.warn("the variable RUTTER_VAULT says otherwise, and wins");
        }
        // What is copied now says more than that it is on.
        if is_on {
            context.ui.note(&format!("The vault is on, as {} says", file.display()));
            return Ok(());
        }
        context.ui.data(&json!({"enabled": enabled, "config": file}), || {
            let mut page = Page::default();
            page.text("The vault is off; what is in it stays");
            page
        })
    })
}

fn copied(view: &VaultCopyView) -> Page {
    let mut page = Page::default();
    let copied = match view.copied {
        0 => "nothing new".to_owned(),
        copied => format!("copied {}, {} in {}", megabytes(view.bytes), counted(view.files, "file"), counted(copied, "conversation")),
    };
    page.text(format!("{}: {copied}", counted(view.conversations, "conversation")));
    match u64::try_from(view.grown) {
        Ok(0) => {}
        Ok(grown) => drop(page.text(format!("The vault has grown by {}", megabytes(grown)))),
        Err(_) => drop(page.text(format!("The vault has shrunk by {}", megabytes(view.grown.unsigned_abs())))),
    }
    if view.excluded > 0 {
        page.text(format!("Left out: {} in directories that are not recorded", counted(view.excluded, "conversation")));
    }
    page.texts(view.unreadable.iter().map(|trouble| format!("Could not copy {trouble}")));
    page.texts(view.damaged.iter().map(|trouble| format!("Damaged: {trouble}")));
    page
}

fn verified(view: &VerifiedView) -> Page {
    let mut page = Page::default();
    let of = format!("{} in {}", counted(view.files, "file"), counted(view.conversations, "conversation"));
    let outcome = if view.damaged.is_empty() { "all whole".to_owned() } else { format!("{} damaged", view.damaged.len()) };
    page.text(format!("Read {}, {of}: {outcome}", megabytes(view.bytes)));
    page.texts(view.damaged.iter().map(|trouble| format!("Damaged: {trouble}")));
    page
}

fn status(view: &VaultView) -> Page {
    let mut page = Page::default();
    page.text(format!("Vault:   {}, {}", if view.enabled { "on" } else { "off" }, view.directory.display()));
    let limit = view.max_bytes.map_or_else(String::new, |limit| format!(" of {}", megabytes(limit)));
    let copies = format!("{} in {}", counted(view.files, "file"), counted(view.conversations, "conversation"));
    page.text(format!("Size:    {}{limit}, for {} of transcripts ({copies})", megabytes(view.size), megabytes(view.content)));
    page.text(format!("Growth:  {} in 7 days, {} in 30 days", megabytes(view.added_7_days), megabytes(view.added_30_days)));
    page.text(format!("Copied:  {}", view.copied_at.as_deref().unwrap_or("never")));
    if view.only_here > 0 {
        page.text(format!("Only here: {} that the agent has deleted", counted(view.only_here, "conversation")));
    }
    page.page(leaving(view));
    page.texts(view.damaged.iter().map(|trouble| format!("Damaged: {trouble}")));
    page
}

fn leaving(view: &VaultView) -> Page {
    const SHOWN: usize = 10;
    let (leaving, mut page) = (&view.leaving, Page::default());
    let days = format!("within {}", counted(leaving.within_days, "day"));
    if leaving.conversations == 0 {
        page.text(format!("Leaving: nothing that the agent deletes {days}"));
        return page;
    }
    let what = format!("{}, {}", counted(leaving.conversations, "conversation"), megabytes(leaving.bytes));
    let safe = match leaving.unsafe_ids.len() {
        0 => "all are in the vault".to_owned(),
        missing => format!("{missing} not in the vault as they are now; `rutter vault copy` copies them"),
    };
    page.text(format!("Leaving: {what} that the agent deletes {days}; {safe}"));
    page.texts(leaving.unsafe_ids.iter().take(SHOWN).map(|id| format!("  {id}")));
    if leaving.unsafe_ids.len() > SHOWN {
        page.text(format!("  and {} more", leaving.unsafe_ids.len() - SHOWN));
    }
    page
}
