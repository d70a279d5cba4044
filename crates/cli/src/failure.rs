//! Every error in words for people: what failed, on what, and what to type. Kinds become exit codes.
//!
//! Matched without a catch-all, so that a new variant does not compile until it has been thought about.

use std::error::Error;

use tracker::session::quoted;
use tracker::{
    AddressError, ChainError, CheckpointError, CheckpointsError, ConfigError, CurrentError, DirectoryTrouble, EndError, EntryError,
    ExchangeError, GateError, HooksError, IndexError, InventoryError, KEYS, KeptEntry, MarkerError, NamingError, ProjectError, QueryError,
    RestoreError, RestoreFrom, ResumeError, SearchError, ShimError, StartError, StoreError, TagError, TemplateError, TimeError, ToolsError,
    TrackerError, TranscriptError, TrashError, UsageError, VaultError, WorkError, agent_names,
};

use crate::arguments::{operand, session_operand};
use crate::exit::Exit;
use crate::page::brief;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What failed, and each cause behind it.
    pub(crate) lines: Vec<String>,
    /// What to type.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    /// The answer is no.
    pub(crate) fn answer(error: impl Error) -> Self {
        Self::new(Exit::No, error)
    }

    /// The command line is wrong.
    pub(crate) fn usage(error: impl Error) -> Self {
        Self::new(Exit::Usage, error)
    }

    /// The surroundings are wrong.
    pub(crate) fn surroundings(error: impl Error) -> Self {
        Self::new(Exit::Surroundings, error)
    }

    /// The command line is wrong, in words of our own.
    pub(crate) fn wrong(words: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, lines: vec![words.into()], hints: Vec::new() }
    }

    /// The answer is no, in words of our own.
    pub(crate) fn no(words: impl Into<String>) -> Self {
        Self { exit: Exit::No, lines: vec![words.into()], hints: Vec::new() }
    }

    fn new(exit: Exit, error: impl Error) -> Self {
        let mut lines = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            let words = error.to_string();
            // Some repeat the words of their cause, with more or fewer of their own.
            if !lines.iter().any(|said| said.contains(&words) || words.contains(said)) {
                lines.push(words);
            }
            cause = error.source();
        }
        Self { exit, lines, hints: Vec::new() }
    }

    /// Adds what to type.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::surroundings(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::TooNew { .. } => "a newer rutter made it: upgrade this one; reading works until then",
            StoreError::NotOurs { .. } => "set RUTTER_HOME to a directory of rutter's own",
            StoreError::Broken { .. } => "run `rutter rebuild`: the damaged file is kept, and what can be read of it is taken over",
            StoreError::Busy { .. } => "nothing was recorded; end the program that holds it, or try again",
            StoreError::Full { .. } => "nothing was recorded; make room and try again",
            StoreError::ReadOnly { .. } => "nothing was recorded; make the directory writable, or set RUTTER_HOME to one that is",
            StoreError::Unopenable { .. } => "look at the directory and its permissions, then run `rutter doctor`",
            StoreError::Unreachable { .. } => {
                "look whether the server runs and lets you in; what hooks leave waits in the inbox until then"
            }
            StoreError::OldSqlite { .. } => "build rutter with its bundled SQLite",
            StoreError::Unreadable { .. } => "run `rutter rebuild`",
            StoreError::Unsure { .. } => "look with `rutter list` before you repeat the command",
            StoreError::Missing { .. } => "the store was replaced meanwhile; run `rutter doctor`",
            StoreError::Refused { .. } => "run `rutter doctor`",
        };
        Self::surroundings(error).hint(hint)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::NoHome => Self::surroundings(error).hint("set HOME, or RUTTER_HOME and RUTTER_MIRROR"),
            ConfigError::File { .. } => Self::surroundings(error),
            ConfigError::UnknownKey { .. } => Self::answer(error).hint("run `rutter config` to see every setting"),
            ConfigError::BadValue { name, .. } => Self::surroundings(error).hint(where_it_is_set(name)),
        }
    }
}

/// Says where a value may come from: no command runs, `rutter config` neither, until it is right.
fn where_it_is_set(name: &str) -> String {
    let variable = KEYS.iter().find(|key| key.name == name).map_or("the variables", |key| key.variable);
    format!("correct {variable} in the environment, or `{name}` in the configuration file")
}

impl From<TrackerError> for Failure {
    fn from(error: TrackerError) -> Self {
        match error {
            TrackerError::Config(error) => error.into(),
            TrackerError::Store(error) => error.into(),
        }
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Config(error) => error.into(),
            IndexError::Store(error) => error.into(),
        }
    }
}

impl From<TranscriptError> for Failure {
    fn from(error: TranscriptError) -> Self {
        match error {
            TranscriptError::Unreadable { .. } => Self::surroundings(error),
            TranscriptError::Unknown { .. } => {
                Self::answer(error).hint("files of claude-code, codex, gemini, opencode and copilot are; see `rutter transcript --help`")
            }
        }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Query(QueryError::Empty(_)) => {
                Self::usage(error).hint("a word has letters or digits; put words that belong together in quotes")
            }
            SearchError::Query(QueryError::TooLong) => Self::usage(error).hint("search for a few words of it"),
            SearchError::UnknownAgent(_) => Self::usage(error).hint("`rutter stats --by agent` shows those that are known here"),
            SearchError::Current(error) => error.into(),
            SearchError::Project(error) => error.into(),
            SearchError::Store(error) => error.into(),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Config(error) => error.into(),
            VaultError::Busy { .. } => Self::surroundings(error).hint("let it end, or try again"),
            VaultError::File { .. } => Self::surroundings(error).hint("what was copied before is whole; put that right and try again"),
        }
    }
}

impl From<TrashError> for Failure {
    fn from(error: TrashError) -> Self {
        match error {
            TrashError::Config(error) => error.into(),
            TrashError::Busy { .. } => Self::surroundings(error).hint("let it end, or try again"),
            TrashError::Store(error) => error.into(),
            TrashError::File { .. } => Self::surroundings(error).hint("run `rutter agents trash` to see what can be put back"),
        }
    }
}

impl From<InventoryError> for Failure {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Unknown { .. } => Self::answer(error).hint("run `rutter agents list` to see the ids"),
            InventoryError::Running { .. } => Self::answer(error).hint("end the agent first; nothing was deleted"),
            InventoryError::InDatabase { ref command, .. } => {
                let hint = format!("run `{command}`: its agent deletes it, and for good; nothing was deleted");
                Self::answer(error).hint(hint)
            }
            InventoryError::NoAgent { .. } => {
                Self::usage(error).hint(format!("agents are called {}", agent_names().collect::<Vec<_>>().join(", ")))
            }
            InventoryError::Project(error) => error.into(),
            InventoryError::Config(error) => error.into(),
            InventoryError::Store(error) => error.into(),
            InventoryError::Trash(error) => error.into(),
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Unknown { .. } => Self::answer(error).hint("run `rutter agents trash` to see what was deleted"),
            RestoreError::Damaged { from: RestoreFrom::Trash, .. } => {
                Self::answer(error).hint("look at it there; `--from vault` takes the conversation from the vault")
            }
            RestoreError::Damaged { from: RestoreFrom::Vault, .. } => Self::answer(error)
                .hint("run `rutter vault verify` to see what else is damaged; `--as-of TIME` takes what was copied before"),
            RestoreError::Several { ref id, ref entries } => {
                let one = |entry: &KeptEntry| format!("{} is of {}, {}", entry.entry, entry.directory.display(), entry.modified_at);
                let all = entries.iter().map(one).collect::<Vec<_>>().join("; ");
                let hint = format!("run `rutter agents restore {id} --entry ENTRY`: {all}");
                Self::answer(error).hint(hint)
            }
            RestoreError::NotThen { ref id, ref first } => {
                let hint = format!("run `rutter agents restore {id} --as-of {first}`, or without `--as-of` for what it was last");
                Self::answer(error).hint(hint)
            }
            RestoreError::Vault(error) => error.into(),
            RestoreError::Trash(error) => error.into(),
        }
    }
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Unknown { .. } => Self::answer(error).hint("run `rutter list --all-projects --json` to see the projects' names"),
            ProjectError::Ambiguous { .. } => Self::answer(error).hint("name the project by its path"),
            ProjectError::Store(error) => error.into(),
        }
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        match error {
            UsageError::Prices { .. } => {
                Self::surroundings(error).hint("correct it there; a price begins with `[[prices]]`, `model`, `input` and `output`")
            }
            UsageError::Current(error) => error.into(),
            UsageError::Project(error) => error.into(),
            UsageError::Index(error) => error.into(),
            UsageError::Store(error) => error.into(),
        }
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::NoMatch { .. } => Self::answer(error).hint("run `rutter list --all-projects` to see the ids"),
            AddressError::Ambiguous { .. } => Self::answer(error).hint("type more of the id"),
            AddressError::Project(error) => error.into(),
            AddressError::Store(error) => error.into(),
        }
    }
}

impl From<CurrentError> for Failure {
    fn from(error: CurrentError) -> Self {
        match error {
            CurrentError::None => Self::answer(error).hint("run `rutter start -d \"what you are about to do\"`"),
            CurrentError::OfOthers { ref ids } => {
                let newest = ids.first().map_or("ID", |id| id.as_str()).to_owned();
                Self::answer(error)
                    .hint(format!("run `rutter start -d \"what you are about to do\"`, or name another one's, as in `-s {newest}`"))
            }
            CurrentError::Several { ref ids } => {
                let newest = ids.first().map_or("ID", |id| id.as_str()).to_owned();
                Self::answer(error).hint(format!("name the one you mean, as in `-s {newest}`"))
            }
            CurrentError::Address(error) => error.into(),
            CurrentError::Project(error) => error.into(),
            CurrentError::Store(error) => error.into(),
        }
    }
}

impl From<NamingError> for Failure {
    fn from(error: NamingError) -> Self {
        match error {
            NamingError::Exhausted { .. } => Self::surroundings(error).hint("run `rutter doctor`"),
            NamingError::Time { .. } => Self::usage(error),
            NamingError::Store(error) => error.into(),
        }
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::NumberTaken { number, status, .. } => {
                let go_on = if status.is_ended() { format!("run `rutter reopen {number}`") } else { format!("name it with `-s {number}`") };
                Self::answer(error).hint(format!("to go on with it, {go_on}; for a new one, leave `--number` away"))
            }
            StartError::NumberDocumented { .. } => {
                Self::answer(error).hint("run `rutter start` without a number: it takes the next free one")
            }
            StartError::NumberOutOfRange { .. } => Self::usage(error),
            StartError::BadTag { .. } => Self::usage(error),
            StartError::Template(error) => error.into(),
            StartError::Naming(error) => error.into(),
            StartError::Project(error) => error.into(),
            StartError::Store(error) => error.into(),
        }
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        match error {
            TemplateError::BadName { .. } => Self::usage(error),
            TemplateError::Unknown { .. } => Self::answer(error).hint("run `rutter templates` to see what there is"),
            TemplateError::Wrong { .. } => Self::surroundings(error).hint("correct it there, and try again"),
            TemplateError::File { .. } => Self::surroundings(error),
            TemplateError::Taken { .. } => Self::answer(error).hint("take another name, or remove that file"),
            TemplateError::Current(error) => error.into(),
            TemplateError::Store(error) => error.into(),
        }
    }
}

impl From<EndError> for Failure {
    fn from(error: EndError) -> Self {
        match error {
            EndError::EndedOtherwise { ref id, .. } => {
                let hint = format!("run `rutter reopen {id}` first");
                Self::answer(error).hint(hint)
            }
            EndError::BeforeStart { .. } => Self::usage(error),
            EndError::Current(error) => error.into(),
            EndError::Store(error) => error.into(),
        }
    }
}

impl From<TagError> for Failure {
    fn from(error: TagError) -> Self {
        match error {
            TagError::BadTag { .. } => Self::usage(error),
            TagError::Current(error) => error.into(),
            TagError::Store(error) => error.into(),
        }
    }
}

impl From<WorkError> for Failure {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::NoMatch { .. } => Self::answer(error).hint("run `rutter work list` to see the ids"),
            WorkError::OfAnother { .. } => Self::answer(error).hint("leave `-s` away: a work id is enough"),
            WorkError::Naming(error) => error.into(),
            WorkError::Current(error) => error.into(),
            WorkError::Store(error) => error.into(),
        }
    }
}

impl From<EntryError> for Failure {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::NoText => Self::usage(error).hint("say it, as in `rutter log \"Created the connector\" -c implementation`"),
            EntryError::NoReason => {
                Self::usage(error).hint("add it with `-r`, as in `rutter decision \"Use pathlib\" -r \"works on every platform\"`")
            }
            EntryError::NoMatch { .. } => Self::answer(error).hint("run `rutter entries` to see the ids"),
            EntryError::Ambiguous { .. } => Self::answer(error).hint("type more of the id"),
            EntryError::OtherKind { .. } => Self::answer(error).hint("run `rutter entries` to see what each one is"),
            EntryError::OfAnother { .. } => Self::answer(error).hint("name its session with `-s`"),
            EntryError::Naming(error) => error.into(),
            EntryError::Current(error) => error.into(),
            EntryError::Store(error) => error.into(),
        }
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        match error {
            GateError::NoRepository { .. } => Self::answer(error).hint("run it in a git repository, or name one with `-C`"),
            GateError::BadRange { .. } => Self::usage(error).hint("name it as git does, as in `rutter check main..HEAD`"),
            GateError::File { .. } => Self::surroundings(error),
            GateError::Project(error) => error.into(),
            GateError::Current(error) => error.into(),
            GateError::Store(error) => error.into(),
        }
    }
}

impl From<ShimError> for Failure {
    fn from(error: ShimError) -> Self {
        Self::surroundings(error)
    }
}

impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::NotOurs { .. } => Self::answer(error).hint("make one with `rutter export --format json -o FILE`"),
            ExchangeError::TooNew { .. } => Self::surroundings(error).hint("upgrade rutter on this machine"),
            ExchangeError::Current(error) => error.into(),
            ExchangeError::Project(error) => error.into(),
            ExchangeError::Store(error) => error.into(),
        }
    }
}

impl From<HooksError> for Failure {
    fn from(error: HooksError) -> Self {
        match error {
            HooksError::UnknownAgent { .. } => Self::usage(error),
            HooksError::Config(error) => error.into(),
            HooksError::Program(_) => Self::surroundings(error).hint("install rutter with `cargo xtask setup`"),
            HooksError::Settings(_) => Self::surroundings(error).hint("nothing was changed; put that right and try again"),
            HooksError::File { .. } => Self::surroundings(error),
        }
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::BadName { .. } => Self::usage(error),
            ChainError::Unseen { .. } => {
                Self::surroundings(error).hint("make the agent's directory of transcripts readable, then try again")
            }
            ChainError::Waits { .. } => Self::surroundings(error).hint("end the program that holds the store, or try again"),
            ChainError::Current(error) => error.into(),
            ChainError::Project(error) => error.into(),
            ChainError::Store(error) => error.into(),
        }
    }
}

impl From<ResumeError> for Failure {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Nothing { .. } => {
                Self::answer(error).hint("run `rutter chain --all-projects` to see what there is, or start an agent")
            }
            ResumeError::Hindered { ref id, .. } => {
                let hint = format!("run `rutter recover {}` for one that can be resumed", operand(id));
                Self::answer(error).hint(hint)
            }
            ResumeError::Elsewhere { ref id, ref machine } => {
                let hint = format!("run `rutter resume {}` on {}", session_operand(id), brief(machine));
                Self::answer(error).hint(hint)
            }
            ResumeError::NoId { .. } => {
                Self::answer(error).hint("open its transcript with `rutter transcript FILE`; nothing can be resumed by such a name")
            }
            ResumeError::UnknownAgent { .. } => Self::answer(error).hint("start that agent as its own manual says"),
            ResumeError::NoDirectory { ref id, .. } => {
                let hint = format!("bring that directory back, then run `rutter resume {}`", session_operand(id));
                Self::surroundings(error).hint(hint)
            }
            ResumeError::Chain(error) => error.into(),
        }
    }
}

impl From<MarkerError> for Failure {
    fn from(error: MarkerError) -> Self {
        const ELSEWHERE: &str = "set RUTTER_MARKER_DIR, or `rutter config marker.directory DIR`, to a directory of your own";
        match error {
            MarkerError::NoProject => Self::usage(error).hint("name it, as in `--project shop`"),
            MarkerError::BadId { .. } => Self::usage(error),
            MarkerError::Directory { ref path, source: DirectoryTrouble::Open } => {
                let hint =
                    format!("run `chmod go-w {}` if it is yours, or set RUTTER_MARKER_DIR to one that is", quoted(&path.to_string_lossy()));
                Self::surroundings(error).hint(hint)
            }
            MarkerError::Directory { source: DirectoryTrouble::Closed(_) | DirectoryTrouble::OfAnother(_), .. } => {
                Self::surroundings(error).hint(ELSEWHERE)
            }
            MarkerError::Occupied { .. } => Self::surroundings(error).hint(ELSEWHERE),
            MarkerError::File { .. } => Self::surroundings(error).hint("run `rutter doctor`"),
        }
    }
}

impl From<ToolsError> for Failure {
    fn from(error: ToolsError) -> Self {
        match error {
            ToolsError::Index(error) => error.into(),
            ToolsError::Current(error) => error.into(),
            ToolsError::Project(error) => error.into(),
            ToolsError::Store(error) => error.into(),
        }
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        match error {
            CheckpointError::BadBuildId(_) => Self::usage(error).hint("hash what does not fit, with `sha256sum` for one"),
            CheckpointError::BadValue { .. } => Self::usage(error),
            CheckpointError::Secret { .. } => Self::usage(error).hint("nothing was saved; give it another name"),
            CheckpointError::None { .. } => Self::answer(error).hint("begin the build afresh"),
            CheckpointError::Address(_) => Self::surroundings(error).hint(where_it_is_set("redis.url")),
            CheckpointError::PasswordFile { .. } => Self::surroundings(error).hint(where_it_is_set("redis.password_file")),
            CheckpointError::Kept(error) => error.into(),
            CheckpointError::Config(error) => error.into(),
        }
    }
}

impl From<CheckpointsError> for Failure {
    fn from(error: CheckpointsError) -> Self {
        match error {
            CheckpointsError::Unreachable { .. } => Self::surroundings(error).hint("run `rutter doctor` once it should answer"),
            CheckpointsError::NotLetIn { .. } => {
                Self::surroundings(error).hint("look at RUTTER_REDIS_URL and RUTTER_REDIS_PASSWORD_FILE, or at the rights of that user")
            }
            CheckpointsError::Refused { .. } => Self::surroundings(error).hint("run `rutter doctor`"),
            CheckpointsError::Unsure { .. } => Self::surroundings(error).hint("do it again: twice does no harm"),
            CheckpointsError::Unreadable { ref build, .. } => {
                let hint = format!("another program wrote it; `rutter checkpoint drop {}` removes it", operand(build.as_str()));
                Self::surroundings(error).hint(hint)
            }
            CheckpointsError::Store(error) => error.into(),
        }
    }
}

impl From<TimeError> for Failure {
    fn from(error: TimeError) -> Self {
        Self::usage(error)
    }
}
