//! What a tool is called with: the command of a shell, the files of a patch.

use session::transcript::EditKind;

use super::row::Payload;
use crate::skim::{Raw, Skim};
use crate::transcripts::patch;

/// What is known of a call beside its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Called {
    /// A command, or the first file of a patch.
    pub(super) about: String,
    /// Where it runs, if that is not where the agent is.
    pub(super) cwd: String,
    /// The files that it changes.
    pub(super) edits: Vec<(EditKind, String)>,
}

/// Reports whether a tool runs a command.
fn is_shell(tool: &str) -> bool {
    matches!(tool, "shell" | "shell_command" | "exec_command" | "container.exec" | "local_shell" | "unified_exec")
}

/// Reads what a tool is called with.
pub(super) fn called(tool: &str, said: &Payload<'_>, longest: usize) -> Called {
    let arguments = said.arguments.text(usize::MAX);
    let mut read = Arguments::of(&arguments);
    read.words.extend(said.command.iter().map(|word| word.text(usize::MAX)));
    let is_patch = tool == "apply_patch";
    let text = if is_patch { said.input.text(usize::MAX) + &read.input } else { read.command() };
    // Of a line that was too long its arguments are cut, and no JSON any more.
    let text = if text.is_empty() && read.is_broken { arguments.replace("\\n", "\n") } else { text };
    let edits = if is_patch || is_shell(tool) { patch::files(&text) } else { Vec::new() };
    let about = match edits.first() {
        Some((_, path)) if is_patch => path,
        _ if is_shell(tool) && !read.is_broken => text.as_str(),
        _ => "",
    };
    let about = about[..about.floor_char_boundary(longest)].to_owned();
    Called { about, edits: edits.into_iter().map(|(kind, path)| (kind, path.to_owned())).collect(), cwd: read.cwd }
}

#[derive(Default)]
struct Arguments {
    /// A command as one text.
    text: String,
    /// A command as its words.
    words: Vec<String>,
    cwd: String,
    input: String,
    is_broken: bool,
}

impl Arguments {
    fn of(text: &str) -> Self {
        let mut read = Self::default();
        if text.is_empty() {
            return read;
        }
        let mut skim = Skim::new(text.as_bytes());
        let mut of_words = Vec::new();
        let result = skim.object(|key, value| {
            let take = |held: &mut String, value: &mut Skim<'_>| {
                let said = value.string()?.map(|raw: Raw<'_>| raw.text(usize::MAX));
                said.map_or(Ok(()), |said| {
                    *held = said;
                    Ok(())
                })
            };
            match key {
                b"command" if value.peek()? == b'[' => {
                    value.array(|word| word.string().map(|word| of_words.extend(word.map(|raw| raw.text(usize::MAX)))))
                }
                b"command" | b"cmd" => take(&mut read.text, value),
                b"workdir" | b"cwd" => take(&mut read.cwd, value),
                b"input" | b"patch" => take(&mut read.input, value),
                _ => value.skip(),
            }
        });
        read.is_broken = result.is_err();
        read.words = of_words;
        read
    }

    /// Returns the command: of a shell's call what the shell is to run.
    fn command(&self) -> String {
        match self.words.as_slice() {
            [] => self.text.clone(),
            [shell, flag, script] if is_shell_program(shell) && matches!(flag.as_str(), "-lc" | "-c" | "-Command") => script.clone(),
            words => words.join(" "),
        }
    }
}

fn is_shell_program(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name, "bash" | "sh" | "zsh" | "dash" | "fish" | "powershell" | "powershell.exe" | "pwsh")
}
