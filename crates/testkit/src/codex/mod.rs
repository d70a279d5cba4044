//! The real agent Codex, in an empty home and with nothing to talk to but a [`ResponsesApi`](crate::ResponsesApi).
//!
//! | file | holds |
//! |---|---|
//! | `home` | its home: configuration, environment, rollouts |

mod home;

use std::path::{Path, PathBuf};

pub use home::CodexHome;

/// The version that the tests are written for, and what its package has to be; `cargo xtask test` installs it.
const PINNED: &str = include_str!("../../codex.version");

/// Where the program lies in its package.
const PROGRAM: &str = "node_modules/@openai/codex/vendor/x86_64-unknown-linux-musl/bin/codex";

/// Names another copy of the program.
const OVERRIDE: &str = "RUTTER_TEST_CODEX";

/// The program, wherever it is installed.
#[derive(Clone, Debug)]
pub struct Codex {
    program: PathBuf,
}

impl Codex {
    /// Finds the pinned program, or the one that `RUTTER_TEST_CODEX` names.
    pub fn find() -> Option<Self> {
        let program = named().unwrap_or_else(|| installed(env!("CARGO_MANIFEST_DIR")));
        program.canonicalize().ok().filter(|program| program.is_file()).map(|program| Self { program })
    }

    /// Returns the version that the tests are written for.
    pub fn version() -> &'static str {
        PINNED.split_whitespace().next().unwrap_or_default()
    }

    /// Returns where the program is.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// The directory belongs to the workspace, whatever target directory is in force, as `cargo xtask test` knows no other.
fn installed(crate_directory: &str) -> PathBuf {
    let below = Path::new("target/codex").join(Codex::version()).join(PROGRAM);
    Path::new(crate_directory).join("../..").join(below)
}

#[expect(clippy::disallowed_methods, reason = "which copy of the agent to test with is said by whoever runs the tests")]
fn named() -> Option<PathBuf> {
    std::env::var_os(OVERRIDE).map(PathBuf::from)
}
