//! The commands: one file each, arguments and one function. What they decide is decided in `tracker`.

mod agents;
mod answer;
mod banner;
mod blocker;
mod chain;
mod check;
mod checkpoint;
mod cleanup_ids;
mod completions;
mod config;
mod current;
mod decision;
mod doctor;
mod end;
mod entries;
mod events;
mod export;
mod extract;
mod files;
mod get_id;
mod git;
mod git_hook;
mod handoff;
mod head;
mod import;
mod index;
mod init;
mod install;
mod list;
mod log;
mod makefile;
mod man;
mod now;
mod pause;
mod rebuild;
mod recover;
mod reference;
mod reopen;
mod resume;
mod search;
mod shims;
mod show;
mod start;
mod stats;
mod statusline;
mod store_id;
mod summary;
mod sync_status;
mod tag;
mod templates;
mod test;
mod todo;
mod tools;
mod transcript;
mod transition;
mod uninstall;
mod usage;
mod vault;
mod work;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use tracker::session::{Entry, EntryKind};
use tracker::{Access, Config, Environment, Markers, NewEntry, NewWritten, SystemClock, SystemDice, Tracker};

use crate::arguments::{self, Written, lossy};
use crate::failure::Failure;
use crate::page::{Page, Role, Span};
use crate::ui::{ColorChoice, Ui, Wishes};

pub(crate) use answer::for_agent;
pub(crate) use git_hook::for_git;

/// Keep a record of AI coding agent sessions: what each is about, its work, how it ended
#[derive(Parser)]
#[command(name = "rutter", version, propagate_version = true, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The heading of the flags that every command has.
const EVERYWHERE: &str = "Everywhere";

const AFTER_HELP: &str = "\
Examples:
  ID=$(rutter start -d \"Fix the login\")   Start a session and keep its id
  rutter work add IMPL \"Check the token\"  Add a work item to the current session
  rutter stats                            Show how far it is
  rutter end                              End it

A SESSION is an id, a number (3, 00003), the beginning of an id, an agent session's id, or `current`.";

/// What every command understands.
#[derive(Args)]
pub(crate) struct Global {
    /// Print JSON: one object, or one a line
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) json: bool,
    /// Print nothing but the answer and errors
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) quiet: bool,
    /// When to use colors
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = EVERYWHERE)]
    pub(crate) color: ColorChoice,
    /// The session: an id, a number, the beginning of an id, an agent session's id, or `current`
    #[arg(short, long, global = true, value_name = "SESSION", value_parser = lossy(), help_heading = EVERYWHERE)]
    pub(crate) session: Option<String>,
    /// The project, by name or path, instead of the one of the directory
    #[arg(long, global = true, value_name = "PROJECT", value_parser = lossy(), help_heading = EVERYWHERE)]
    pub(crate) project: Option<String>,
    /// Run as if started in DIR
    #[arg(short = 'C', global = true, value_name = "DIR", help_heading = EVERYWHERE)]
    pub(crate) directory: Option<PathBuf>,
}

/// Everything `rutter` does.
#[derive(Subcommand)]
pub(crate) enum Command {
    Init(init::InitArgs),
    Start(start::StartArgs),
    Current(current::CurrentArgs),
    Show(show::ShowArgs),
    Banner(banner::BannerArgs),
    List(list::ListArgs),
    Stats(stats::StatsArgs),
    Usage(usage::UsageArgs),
    End(end::EndArgs),
    Reopen(reopen::ReopenArgs),
    Work(work::WorkArgs),
    Log(log::LogArgs),
    Decision(decision::DecisionArgs),
    Test(test::TestArgs),
    Blocker(blocker::BlockerArgs),
    Todo(todo::TodoArgs),
    Entries(entries::EntriesArgs),
    Summary(summary::SummaryArgs),
    Handoff(handoff::HandoffArgs),
    Check(check::CheckArgs),
    Git(git::GitArgs),
    Shims(shims::ShimsArgs),
    Files(files::FilesArgs),
    Tag(tag::TagArgs),
    Templates(templates::TemplatesArgs),
    Now(now::NowArgs),
    Resume(resume::ResumeArgs),
    Chain(chain::ChainArgs),
    Head(head::HeadArgs),
    Transition(transition::TransitionArgs),
    Recover(recover::RecoverArgs),
    Checkpoint(checkpoint::CheckpointArgs),
    Extract(extract::ExtractArgs),
    SyncStatus(sync_status::SyncStatusArgs),
    Events(events::EventsArgs),
    Tools(tools::ToolsArgs),
    Install(install::InstallArgs),
    Uninstall(uninstall::UninstallArgs),
    Pause(pause::PauseArgs),
    Index(index::IndexArgs),
    Search(search::SearchArgs),
    Vault(vault::VaultArgs),
    Agents(agents::AgentsArgs),
    Transcript(transcript::TranscriptArgs),
    Statusline(statusline::StatuslineArgs),
    StoreId(store_id::StoreIdArgs),
    GetId(get_id::GetIdArgs),
    CleanupIds(cleanup_ids::CleanupIdsArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Doctor(doctor::DoctorArgs),
    Rebuild(rebuild::RebuildArgs),
    Config(config::ConfigArgs),
    Makefile(makefile::MakefileArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    #[command(hide = true)]
    CommandsReference(reference::ReferenceArgs),
}

/// What a command works with.
pub(crate) struct Context {
    pub(crate) ui: Ui,
    pub(crate) global: Global,
    config: Config,
    clock: SystemClock,
}

impl Context {
    /// Reads the configuration.
    pub(crate) fn new(global: Global) -> Result<Self, (Ui, Failure)> {
        let environment = Environment::of_process();
        let wishes = Wishes { json: global.json, quiet: global.quiet, color: global.color };
        let ready = stand_in(global.directory.as_deref()).and_then(|()| Ok(Config::load(&environment)?));
        match ready {
            Ok(config) => {
                let config = config.with_project(global.project.clone());
                let clock = SystemClock::new(&environment);
                Ok(Self { ui: Ui::new(wishes, &environment, config.ascii()), global, config, clock })
            }
            Err(failure) => Err((Ui::new(wishes, &environment, None), failure)),
        }
    }

    /// Returns the markers for other scripts.
    fn markers(&self) -> Markers<'_> {
        self.config.markers(&self.clock)
    }

    /// Returns the name of the project whose marker is meant. A marker is a hint that scripts rely on: where the store does not answer, the
    /// directory does.
    fn marker_project(&self) -> Result<String, Failure> {
        let directory = self.directory()?;
        Ok(self.read(|tracker| Ok(tracker.marker_project())).unwrap_or_else(|failure| {
            self.ui.warn(&failure.lines.join(": "));
            self.config.marker_project(&directory)
        }))
    }

    /// Returns the directory where we stand. One that is gone is of no project, so that one has to be named.
    fn directory(&self) -> Result<PathBuf, Failure> {
        match std::env::current_dir() {
            Ok(directory) => Ok(directory),
            Err(_) if self.global.project.is_some() => Ok(PathBuf::from("/")),
            Err(error) => {
                let mut failure = Failure::surroundings(error);
                failure.lines.insert(0, "the current directory is gone".to_owned());
                Err(failure.hint("go to another one, or name one with `-C DIR`"))
            }
        }
    }

    /// Opens the tracker in the directory where we stand.
    fn open(&self, access: Access) -> Result<Tracker, Failure> {
        Ok(Tracker::open(self.config.clone(), &self.directory()?, access, Box::new(self.clock.clone()), Box::new(SystemDice))?)
    }

    /// Opens the tracker, does the work, and says what the tracker noted, whatever came of it.
    fn with<T>(&self, access: Access, work: impl FnOnce(&mut Tracker) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut tracker = self.open(access)?;
        let done = work(&mut tracker);
        self.ui.notes(&tracker.take_notes());
        done
    }

    /// Reads with the tracker.
    fn read<T>(&self, work: impl FnOnce(&mut Tracker) -> Result<T, Failure>) -> Result<T, Failure> {
        self.with(Access::Read, work)
    }

    /// Writes with the tracker.
    fn write<T>(&self, work: impl FnOnce(&mut Tracker) -> Result<T, Failure>) -> Result<T, Failure> {
        self.with(Access::Write, work)
    }

    /// Refuses `-s` where many sessions are meant.
    fn refuse_named(&self) -> Result<(), Failure> {
        match &self.global.session {
            Some(_) => Err(Failure::wrong("`-s` names one session, and this is about many").hint("run `rutter show SESSION` for one")),
            None => Ok(()),
        }
    }

    /// Refuses `--project` where no project is meant, so that nobody takes what is done for what is done there.
    fn refuse_project(&self) -> Result<(), Failure> {
        match &self.global.project {
            Some(_) => {
                Err(Failure::wrong("`--project` names a project, and this is not about one").hint("leave it away: it would change nothing"))
            }
            None => Ok(()),
        }
    }

    /// Refuses `-s` where a project is meant.
    fn refuse_session(&self) -> Result<(), Failure> {
        match &self.global.session {
            Some(_) => Err(Failure::wrong("`-s` names a session, and this is about a project").hint("name the project with `--project`")),
            None => Ok(()),
        }
    }

    /// Returns the session that was named: as the command's own argument, else with `-s`.
    fn named<'a>(&'a self, argument: &'a Option<String>) -> Option<&'a str> {
        argument.as_deref().or(self.global.session.as_deref())
    }
}

/// Writes an entry down and prints its id.
fn write_down(context: &Context, written: &Written, what: NewWritten) -> Result<(), Failure> {
    let text = written.text()?.unwrap_or_default();
    write_down_as(context, written, text, what)
}

/// Writes an entry with this text down and prints its id.
fn write_down_as(context: &Context, written: &Written, text: String, what: NewWritten) -> Result<(), Failure> {
    context.write(|tracker| {
        let at = arguments::at(written.at.as_deref(), tracker.clock())?;
        let new = NewEntry { text, what, replaces: written.replaces.clone(), at };
        let entry = tracker.write_down(context.global.session.as_deref(), &new)?;
        show_entry(context, tracker, &entry)
    })
}

/// Settles a blocker or an open point, or takes it up again, and prints its id.
fn settle(context: &Context, written: &Written, kind: EntryKind, entry: &str, is_open: bool) -> Result<(), Failure> {
    let text = written.text()?;
    context.write(|tracker| {
        let at = arguments::at(written.at.as_deref(), tracker.clock())?;
        let entry = tracker.settle(context.global.session.as_deref(), kind, entry, is_open, text.as_deref(), at)?;
        show_entry(context, tracker, &entry)
    })
}

fn show_entry(context: &Context, tracker: &Tracker, entry: &Entry) -> Result<(), Failure> {
    let view = tracker.entry_view(entry)?;
    context.ui.data(&serde_json::json!(view), || {
        let mut page = Page::default();
        page.line([Span::Text(Role::Id, view.id.clone())]);
        page
    })
}

/// Goes to the directory that is meant, so that relative paths (`-o`, `--project`) start there as well.
fn stand_in(directory: Option<&Path>) -> Result<(), Failure> {
    let Some(directory) = directory else { return Ok(()) };
    std::env::set_current_dir(directory).map_err(|error| {
        let mut failure = Failure::usage(error);
        failure.lines.insert(0, format!("cannot run in `{}`", directory.display()));
        failure
    })
}

/// Reads the command line. Behind `tag` every word with a dash is a tag, so the flags that are none go in front.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<CommandLine, clap::Error> {
    let mut words: Vec<_> = words.into_iter().collect();
    if let Some(place) = command_place(&words).filter(|place| words[*place] == "tag") {
        let (flags, rest): (Vec<_>, Vec<_>) = words.split_off(place).into_iter().partition(|word| word == "--json" || word == "--quiet");
        words.extend(flags.into_iter().chain(rest));
    }
    let mut command = CommandLine::command();
    let matches = command.try_get_matches_from_mut(words)?;
    if names_two_sessions(&matches) {
        let words = "`-s` names another session than the argument does";
        return Err(command.error(clap::error::ErrorKind::ArgumentConflict, words));
    }
    CommandLine::from_arg_matches(&matches)
}

/// Returns where the command stands among the words: behind the program, flags, and what belongs to flags.
fn command_place(words: &[OsString]) -> Option<usize> {
    let mut words = words.iter().enumerate().skip(1);
    while let Some((place, word)) = words.next() {
        match word.to_string_lossy().as_ref() {
            "-s" | "--session" | "--project" | "-C" | "--color" => drop(words.next()),
            word if word.starts_with('-') => {}
            _ => return Some(place),
        }
    }
    None
}

/// Reports whether a session is named with `-s` and another one as the command's own argument.
fn names_two_sessions(matches: &clap::ArgMatches) -> bool {
    let innermost = std::iter::successors(Some(matches), |matches| matches.subcommand().map(|(_, inner)| inner)).last();
    let word = |id: &str| innermost.and_then(|matches| matches.try_get_one::<String>(id).ok().flatten());
    word("named").zip(word("session")).is_some_and(|(own, flag)| own != flag)
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Init(args) => init::init(context, args),
            Self::Start(args) => start::start(context, args),
            Self::Current(args) => current::current(context, args),
            Self::Show(args) => show::show(context, args),
            Self::Banner(args) => banner::banner(context, args),
            Self::List(args) => list::list(context, args),
            Self::Stats(args) => stats::stats(context, args),
            Self::Usage(args) => usage::usage(context, args),
            Self::End(args) => end::end(context, args),
            Self::Reopen(args) => reopen::reopen(context, args),
            Self::Work(args) => work::work(context, args),
            Self::Log(args) => log::log(context, args),
            Self::Decision(args) => decision::decision(context, args),
            Self::Test(args) => test::test(context, args),
            Self::Blocker(args) => blocker::blocker(context, args),
            Self::Todo(args) => todo::todo(context, args),
            Self::Entries(args) => entries::entries(context, args),
            Self::Summary(args) => summary::summary(context, args),
            Self::Handoff(args) => handoff::handoff(context, args),
            Self::Check(args) => check::check(context, args),
            Self::Git(args) => git::git(context, args),
            Self::Shims(args) => shims::shims(context, args),
            Self::Files(args) => files::files(context, args),
            Self::Tag(args) => tag::tag(context, args),
            Self::Templates(args) => templates::templates(context, args),
            Self::Now(args) => now::now(context, args),
            Self::Resume(args) => resume::resume(context, args),
            Self::Chain(args) => chain::chain(context, args),
            Self::Head(args) => head::head(context, args),
            Self::Transition(args) => transition::transition(context, args),
            Self::Recover(args) => recover::recover(context, args),
            Self::Checkpoint(args) => checkpoint::checkpoint(context, args),
            Self::Extract(args) => extract::extract(context, args),
            Self::SyncStatus(args) => sync_status::sync_status(context, args),
            Self::Events(args) => events::events(context, args),
            Self::Tools(args) => tools::tools(context, args),
            Self::Install(args) => install::install(context, args),
            Self::Uninstall(args) => uninstall::uninstall(context, args),
            Self::Pause(args) => pause::pause(context, args),
            Self::Index(args) => index::index(context, args),
            Self::Search(args) => search::search(context, args),
            Self::Vault(args) => vault::vault(context, args),
            Self::Agents(args) => agents::agents(context, args),
            Self::Transcript(args) => transcript::transcript(context, args),
            Self::Statusline(args) => statusline::statusline(context, args),
            Self::StoreId(args) => store_id::store_id(context, args),
            Self::GetId(args) => get_id::get_id(context, args),
            Self::CleanupIds(args) => cleanup_ids::cleanup_ids(context, args),
            Self::Export(args) => export::export(context, args),
            Self::Import(args) => import::import(context, args),
            Self::Doctor(args) => doctor::doctor(context, args),
            Self::Rebuild(args) => rebuild::rebuild(context, args),
            Self::Config(args) => config::config(context, args),
            Self::Makefile(args) => makefile::makefile(context, args),
            Self::Completions(args) => completions::completions(context, args),
            Self::Man(args) => man::man(context, args),
            Self::CommandsReference(args) => reference::reference(context, args),
        }
    }
}
