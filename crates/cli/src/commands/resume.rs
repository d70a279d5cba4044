//! `rutter resume`

use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Args;
use serde_json::json;
use tracker::session::{harmless, is_harmful, quoted};
use tracker::{AddressError, ChainError, CurrentError, Resume, ResumeChoice, ResumeError, Tracker, ago};

use crate::arguments::{lossy, session_operand};
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, counted, cut, plain};

/// Start the agent where it stopped: in its directory, with its agent session
///
/// Without a session, you choose among the newest 100 of all projects; Enter takes the one of this worktree. Where nobody can be asked, it is
/// that one, else the one of the project. What follows `--` is for the agent.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter resume                     Choose, or take the one of this worktree\n  rutter resume 3 -- --model opus   Session 00003, with arguments of the agent's own\n  rutter resume 3 --print           Print what would be run"
)]
pub(crate) struct ResumeArgs {
    /// The session, or the agent session
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
    /// Print the command as a line for a shell, and start nothing
    #[arg(long)]
    print: bool,
    /// Also if a process runs it already
    #[arg(long)]
    anyway: bool,
    /// Arguments for the agent
    #[arg(last = true, value_name = "ARGUMENTS", value_parser = lossy())]
    arguments: Vec<String>,
}

/// What `agents list` shows is on the disk; what can be resumed was read.
const UNREAD: &str = "run `rutter index` first for what only `rutter agents list` shows";

/// How many agent sessions are offered, and how many of them are shown at once.
const OFFERED: usize = 100;
const SHOWN: usize = 15;

pub(super) fn resume(context: &Context, args: &ResumeArgs) -> Result<(), Failure> {
    let (mut plan, program) = context.read(|tracker| {
        let named = context.named(&args.named).map(str::to_owned);
        let named = match named {
            None if context.ui.can_ask() && !context.global.json => Some(choose(context, tracker)?),
            named => named,
        };
        let plan = tracker.resume(named.as_deref()).map_err(|error| {
            let is_unknown = matches!(error, ResumeError::Chain(ChainError::Current(CurrentError::Address(AddressError::NoMatch { .. }))));
            let failure = Failure::from(error);
            if is_unknown { failure.hint(UNREAD) } else { failure }
        })?;
        let program = plan.command.first().and_then(|name| tracker.config().program(name));
        Ok((plan, program))
    })?;
    plan.command.extend(args.arguments.iter().cloned());
    if context.global.json {
        return context.ui.data(&json!(plan), Page::default);
    }
    if let Some(pid) = plan.running {
        let words = format!("{} runs already, as process {pid}", plan.agent_session);
        if !args.anyway {
            let hint = format!("go to it, or run `rutter resume {} --anyway` to have it twice", session_operand(&plan.agent_session));
            return Err(Failure::no(words).hint(hint));
        }
        context.ui.note(&format!("note: {words}"));
    }
    if args.print {
        let mut page = Page::default();
        page.text(shell_line(&plan)?);
        return context.ui.data(&(), || page);
    }
    let name = plan.command.first().map_or("", String::as_str);
    let missing = || {
        let hint = format!(
            "install it, or put the directory that it is in into PATH; `rutter resume {} --print` prints what to run",
            session_operand(&plan.agent_session)
        );
        Failure { exit: crate::exit::Exit::Surroundings, ..Failure::no(format!("there is no program `{name}` in PATH")) }.hint(hint)
    };
    let program = program.ok_or_else(missing)?;
    // What this program had open is closed by the system; the terminal, the environment and the process stay the same.
    let error = Command::new(&program).arg0(name).args(&plan.command[1..]).current_dir(&plan.directory).env("PWD", &plan.directory).exec();
    let mut failure = Failure::surroundings(error);
    failure.lines.insert(0, format!("cannot start `{}` in `{}`", program.display(), plan.directory.display()));
    Err(failure)
}

/// Lets a person choose, and returns the agent session.
fn choose(context: &Context, tracker: &mut Tracker) -> Result<String, Failure> {
    let all = tracker.resumable(OFFERED)?;
    if all.is_empty() {
        return Err(Failure::no("there is nothing to resume").hint("start an agent first; `rutter doctor` says whether it is recorded"));
    }
    let mut shown: Vec<&ResumeChoice> = all.iter().collect();
    loop {
        let usual = shown.first().filter(|choice| choice.is_head_here || shown.len() == 1);
        let question = format!("The number of a line, a part of one, or q to leave{}:", if usual.is_some() { " [1]" } else { "" });
        let Some(typed) = context.ui.ask_for_line(&page(&shown, all.len(), tracker), &question) else { return Err(left()) };
        let by_number = typed.parse::<usize>().ok().and_then(|number| shown.iter().take(SHOWN).nth(number.checked_sub(1)?));
        match (typed.as_str(), usual, by_number) {
            ("q" | "Q", ..) => return Err(left()),
            ("", Some(choice), _) | (_, _, Some(choice)) => return Ok(choice.agent_session.clone()),
            ("", None, None) => shown = all.iter().collect(),
            (text, ..) => {
                let fitting: Vec<_> = all.iter().filter(|choice| fits(choice, text)).collect();
                if fitting.is_empty() {
                    context.ui.warn(&format!("nothing fits `{}`", cut(text, 80)));
                    shown = all.iter().collect();
                } else {
                    shown = fitting;
                }
            }
        }
    }
}

fn left() -> Failure {
    Failure::no("nothing was chosen")
}

/// Reports whether what a person typed is a part of what a line shows, in whatever case.
fn fits(choice: &ResumeChoice, text: &str) -> bool {
    let text = text.to_lowercase();
    let number = choice.number.map(numbered);
    let parts = [number.as_deref(), choice.description.as_deref(), choice.project.as_deref(), choice.session.as_deref()];
    parts.into_iter().flatten().chain([choice.agent_session.as_str()]).any(|part| part.to_lowercase().contains(&text))
}

fn numbered(number: u32) -> String {
    format!("#{number:05}")
}

fn page(choices: &[&ResumeChoice], offered: usize, tracker: &Tracker) -> Page {
    let mut page = Page::default();
    for (place, choice) in choices.iter().take(SHOWN).enumerate() {
        let number = choice.number.map_or_else(|| "      ".to_owned(), numbered);
        let about = choice.description.as_deref().and_then(|text| text.lines().next()).unwrap_or("(no description)");
        let project = choice.project.as_deref().unwrap_or("(no project)");
        page.line([
            plain(format!("{:>3}  {number}  ", place + 1)),
            Span::Text(Role::Heading, cut(&brief(about), 60)),
            plain(format!("  {}, {}", brief(project), ago(&choice.last_at, tracker.clock()))),
            Span::Text(Role::Good, if choice.is_head_here { ", to resume here" } else { "" }.to_owned()),
            Span::Text(Role::Running, choice.running.map_or_else(String::new, |pid| format!(", runs already as {pid}"))),
        ]);
        page.line([Span::Text(Role::Dim, format!("            {}", brief(&choice.agent_session)))]);
    }
    if choices.len() > SHOWN {
        page.text(format!("     and {}: type a part of one", counted((choices.len() - SHOWN) as u64, "more line")));
    }
    if offered >= OFFERED {
        page.text(format!("     of the newest {OFFERED}; `rutter resume SESSION` takes any"));
    }
    page
}

/// Returns the command as a line that a POSIX shell takes as it is.
fn shell_line(plan: &Resume) -> Result<String, Failure> {
    let directory = plan.directory.to_str().unwrap_or("\0");
    let words: Vec<_> = std::iter::once(directory).chain(plan.command.iter().map(String::as_str)).collect();
    if let Some(word) = words.iter().find(|word| word.chars().any(is_harmful)) {
        let words = format!("`{}` cannot be printed as part of a line", harmless(word));
        return Err(Failure::no(words).hint(format!("run `rutter resume {}`", session_operand(&plan.agent_session))));
    }
    let command: Vec<_> = plan.command.iter().map(|word| quoted(word)).collect();
    Ok(format!("cd {} && {}", quoted(directory), command.join(" ")))
}
