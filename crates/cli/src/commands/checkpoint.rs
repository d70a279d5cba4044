//! `rutter checkpoint`

use clap::{Args, Subcommand};
use serde_json::json;
use tracker::{CheckpointView, Checkpoints, NewCheckpoint, parse_duration};

use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, counted, plain};

/// Save where a running build stands, so that another worker can take it up
///
/// For workers that drive agents: a checkpoint has the agent session, the project's path and the files made so far, and expires. A worker
/// that was killed leaves it behind; the next one loads it and goes on. Kept in Redis where RUTTER_REDIS_URL names one, under the key
/// claude:session:BUILD_ID, where other programs read and write it too; else in a file beside the store.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter checkpoint save build-7 --session \"$ID\" --path .   After each step\n  ID=$(rutter checkpoint load build-7) || ID=               In the next worker; empty: begin afresh\n  rutter checkpoint drop build-7                            When the build is done\n\nSee also: recover, head, extract"
)]
pub(crate) struct CheckpointArgs {
    #[command(subcommand)]
    command: CheckpointCommand,
}

#[derive(Subcommand)]
enum CheckpointCommand {
    Save(SaveArgs),
    Load(LoadArgs),
    Drop(DropArgs),
}

/// Save where a build stands, in the place of what was saved before
///
/// Said and done: when it exits with 0, any other worker can load it. Nothing is masked, because nobody could go on with that; what has the
/// looks of a secret is refused instead.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter checkpoint save build-7 --session \"$ID\" --path /srv/shop --file src/cart.ts\n  rutter checkpoint save build-7 --session \"$ID\" --path . --ttl 4h"
)]
struct SaveArgs {
    /// The id of the build: 1 to 255 ASCII characters, no blanks, none of * ? [ ] { } \
    #[arg(value_name = "BUILD_ID")]
    build: String,
    /// The agent session to go on with
    #[arg(short, long, value_name = "ID", required = true)]
    session: String,
    /// The directory of the project; it need not be there
    #[arg(long, value_name = "DIR", required = true)]
    path: String,
    /// A file that was made, kept as it is written here (can be repeated)
    #[arg(long = "file", value_name = "F")]
    files: Vec<String>,
    /// How long it lasts: 1h, 90m, 7d
    #[arg(long, value_name = "TIME", default_value = "1h")]
    ttl: String,
}

/// Print the agent session of a build, or with --json all that was saved
///
/// On a terminal, everything. Exits 1 where there is nothing, or nothing any more, and 3 where that cannot be known, because Redis does not
/// answer for one.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  ID=$(rutter checkpoint load build-7) || ID=\n  rutter checkpoint load build-7 --json | jq -r '.files_created[]'"
)]
struct LoadArgs {
    /// The id of the build
    #[arg(value_name = "BUILD_ID")]
    build: String,
}

/// Drop what was saved for a build
///
/// Where there is nothing, that is said, and it exits 0.
#[derive(Args)]
struct DropArgs {
    /// The id of the build
    #[arg(value_name = "BUILD_ID")]
    build: String,
}

pub(super) fn checkpoint(context: &Context, args: &CheckpointArgs) -> Result<(), Failure> {
    match &args.command {
        CheckpointCommand::Save(args) => save(context, args),
        CheckpointCommand::Load(args) => load(context, args),
        CheckpointCommand::Drop(args) => drop(context, args),
    }
}

fn save(context: &Context, args: &SaveArgs) -> Result<(), Failure> {
    let new = NewCheckpoint {
        build: args.build.clone(),
        session: args.session.clone(),
        path: args.path.clone(),
        files: args.files.clone(),
        ttl: parse_duration(&args.ttl)?,
    };
    let directory = context.directory()?;
    let view = with(context, |checkpoints| Ok(checkpoints.save(&new, &directory)?))?;
    context.ui.data(&view, || {
        let mut page = Page::default();
        let until = view.expires_at.as_deref().unwrap_or_default();
        page.line([plain("Saved "), Span::Text(Role::Id, view.build_id.clone()), plain(format!(" until {until}"))]);
        page
    })
}

fn load(context: &Context, args: &LoadArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let view = with(context, |checkpoints| Ok(checkpoints.load(&args.build)?))?;
    context.ui.id(&view.session_id, &json!(view), || page(&view))
}

fn drop(context: &Context, args: &DropArgs) -> Result<(), Failure> {
    context.refuse_session()?;
    let dropped = with(context, |checkpoints| Ok(checkpoints.drop(&args.build)?))?;
    context.ui.data(&json!({"build_id": args.build, "dropped": dropped}), || {
        let mut page = Page::default();
        if dropped {
            page.line([plain("Dropped "), Span::Text(Role::Id, args.build.clone())]);
        }
        page
    })?;
    if !dropped {
        context.ui.note(&format!("note: {} had no checkpoint, or it had expired", args.build));
    }
    Ok(())
}

/// Does the work, and says what was noted, whatever came of it.
fn with<T>(context: &Context, work: impl FnOnce(&Checkpoints<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let checkpoints = context.config.checkpoints(&context.clock)?;
    let done = work(&checkpoints);
    context.ui.notes(&checkpoints.take_notes());
    done
}

fn page(view: &CheckpointView) -> Page {
    let mut page = Page::default();
    page.line([plain("Build:   "), Span::Text(Role::Id, view.build_id.clone())]);
    page.line([plain("Session: "), Span::Text(Role::Id, view.session_id.clone())]);
    page.text(format!("Path:    {}", view.project_path.as_deref().unwrap_or("not said")));
    page.text(format!("Saved:   {}", view.saved_at.as_deref().unwrap_or("not said")));
    page.text(format!("Expires: {}", view.expires_at.as_deref().unwrap_or("never")));
    page.text(format!("Files:   {}", counted(view.files_created.len() as u64, "file")));
    page.texts(view.files_created.iter().map(|file| format!("  {file}")));
    page
}
