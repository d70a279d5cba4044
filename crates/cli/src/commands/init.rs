//! `rutter init`

use clap::Args;
use serde_json::json;
use tracker::{AGENTS, HooksError, Scope};

use crate::commands::Context;
use crate::commands::install::hook_program;
use crate::failure::Failure;
use crate::page::{Page, counted};

/// Make the store and the files beside it, and offer hooks to the agents that are found
///
/// Takes in the sessions that other scripts left there, and those that only agents' transcripts tell of. Safe to run again.
#[derive(Args)]
pub(crate) struct InitArgs {
    /// Put hooks into the settings of the agents that are found, without asking
    #[arg(long)]
    yes: bool,
    /// Put hooks into the settings of this agent, found or not (can be repeated)
    #[arg(long = "agent", value_name = "NAME")]
    agents: Vec<String>,
    /// Do not offer to put lines into the git hooks of the repository
    #[arg(long)]
    no_git: bool,
}

/// Asks whether an agent that was found is to be recorded.
fn wants(context: &Context, args: &InitArgs, agent: &str) -> bool {
    args.yes || context.ui.ask(&format!("{agent} is used here. Put hooks into its settings, so that it is recorded by itself?"), true)
}

/// Asks whether exact copies of transcripts are to be kept. They are not redacted: only a person says yes to that.
fn wants_vault(context: &Context, args: &InitArgs) -> bool {
    const QUESTION: &str =
        "Agents delete old transcripts. Keep exact, compressed copies, for you alone on this machine? They are not redacted.";
    !args.yes && context.ui.ask(QUESTION, false)
}

/// Asks whether commits here are to name their sessions.
fn wants_git_hooks(context: &Context, args: &InitArgs) -> bool {
    const QUESTION: &str =
        "This is a git repository. Put lines into its hooks, beside what is there, so that each commit names its session?";
    !args.no_git && !args.yes && context.ui.ask(QUESTION, true)
}

pub(super) fn init(context: &Context, args: &InitArgs) -> Result<(), Failure> {
    let program = hook_program()?;
    context.write(|tracker| {
        tracker.prepare_mirror();
        let mut hooks = Vec::new();
        for agent in AGENTS {
            let is_named = args.agents.iter().any(|named| named == agent);
            let is_wanted = is_named || (args.agents.is_empty() && tracker.is_agent_here(agent) && wants(context, args, agent));
            if is_wanted {
                hooks.push(tracker.install_hooks(agent, Scope::User, &program)?);
            }
        }
        if let Some(unknown) = args.agents.iter().find(|named| !AGENTS.contains(&named.as_str())) {
            return Err(HooksError::UnknownAgent { name: unknown.clone() }.into());
        }
        let has_agent = AGENTS.iter().any(|agent| tracker.is_agent_here(agent));
        if has_agent && !tracker.config().is_vault_on() && wants_vault(context, args) {
            tracker.switch_vault(true)?;
        }
        let git = match tracker.could_have_git_hooks() && wants_git_hooks(context, args) {
            true => tracker.install_git_hooks(&std::env::current_exe()?)?,
            false => Vec::new(),
        };
        // What cannot be read now is told of, and read by whoever asks for it.
        let read = tracker.index(&mut context.ui.progress_of_bytes("Reading transcripts"));
        let read = read.map_err(|error| context.ui.warn(&format!("transcripts could not be read: {error}"))).ok();
        let is_offered = hooks.is_empty() && has_agent;
        let home = tracker.config().home()?;
        let mirror = tracker.config().mirror_root();
        let config = tracker.config();
        let view = json!({
            "store": home, "mirror": mirror, "config": config.file, "hooks": hooks, "git": git, "transcripts": read, "vault": config.is_vault_on(),
        });
        context.ui.data(&view, || {
            let mut page = Page::default();
            page.text(format!("Store:  {}", home.join("rutter.db").display()));
            page.text(match &mirror {
                Some(root) => format!("Files:  {}", root.display()),
                None => "Files:  off".to_owned(),
            });
            page.text(format!("Config: {}", tracker.config().file.display()));
            for hooks in &hooks {
                page.text(format!("Hooks:  {} for {}, in {}", hooks.outcome, hooks.agent, hooks.settings.display()));
            }
            page.texts(git.iter().map(|view| format!("Git:    {} {}, in {}", view.outcome.as_str(), view.hook, view.file.display())));
            if let Some(read) = read.as_ref().filter(|read| read.files > 0) {
                let sessions = if read.sessions > 0 { format!("; took in {}", counted(read.sessions, "session")) } else { String::new() };
                page.text(format!("Read:   {}{sessions}", counted(read.files, "transcript")));
            }
            if tracker.config().is_vault_on() {
                page.text("Vault:  on; `rutter vault` shows what is in it");
            }
            if is_offered {
                page.text(format!("Hooks:  none; `rutter install {}` lets it be recorded by itself", AGENTS[0]));
            }
            page.gap();
            page.text("Begin with: rutter start -d \"what you are about to do\"");
            for hooks in &hooks {
                page.text(format!("To undo:    rutter uninstall {}", hooks.agent));
            }
            if !git.is_empty() {
                page.text("To undo:    rutter git uninstall");
            }
            page.text(format!("To undo:    rm -r '{}'", home.display()));
            if let Some(root) = &mirror {
                page.text(format!(
                    "            and what rutter wrote below {}; what other scripts wrote there stays theirs",
                    root.display()
                ));
            }
            page
        })
    })
}
