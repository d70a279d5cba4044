//! The real agent, Claude Code, in an empty home and with nothing to talk to but a [`MessagesApi`](crate::MessagesApi).
//!
//! | file | holds |
//! |---|---|
//! | `home` | its home: settings, hooks, environment, transcripts |
//! | `print` | `-p`: one run without a terminal |
//! | `interactive`, `screen` | the agent in a pseudo-terminal: keys in, text out |
//! | `leftovers` | ending what it leaves behind |

mod home;
mod interactive;
mod leftovers;
mod print;
mod screen;

use std::path::{Path, PathBuf};

pub use home::ClientHome;
pub(crate) use home::files_below;
pub use interactive::{Interactive, Key};
pub(crate) use leftovers::end_all_of;
pub use print::{PrintProcess, PrintRun};

/// The version that the tests are written for; `cargo xtask test` installs it.
const VERSION: &str = include_str!("../../claude-code.version");

/// Where the program lies in its package.
const PROGRAM: &str = "node_modules/@anthropic-ai/claude-code-linux-x64/claude";

/// Names another copy of the program.
const OVERRIDE: &str = "RUTTER_TEST_CLAUDE_CODE";

/// The program, wherever it is installed.
#[derive(Clone, Debug)]
pub struct Client {
    program: PathBuf,
}

impl Client {
    /// Finds the pinned program, or the one that `RUTTER_TEST_CLAUDE_CODE` names.
    pub fn find() -> Option<Self> {
        let program = named().unwrap_or_else(|| installed(env!("CARGO_MANIFEST_DIR")));
        program.canonicalize().ok().filter(|program| program.is_file()).map(|program| Self { program })
    }

    /// Returns the version that the tests are written for.
    pub fn version() -> &'static str {
        VERSION.trim_end()
    }

    /// Returns where the program is.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// The directory belongs to the workspace, whatever target directory is in force, as `cargo xtask test` knows no other.
fn installed(crate_directory: &str) -> PathBuf {
    let below = Path::new("target/claude-code").join(Client::version()).join(PROGRAM);
    Path::new(crate_directory).join("../..").join(below)
}

#[expect(clippy::disallowed_methods, reason = "which copy of the agent to test with is said by whoever runs the tests")]
fn named() -> Option<PathBuf> {
    std::env::var_os(OVERRIDE).map(PathBuf::from)
}
