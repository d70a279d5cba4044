//! The only place that prints. stdout is the answer, stderr everything else.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tracker::session::{harmless, is_harmful};
use tracker::{Environment, Note};

use crate::failure::Failure;
use crate::page::{Page, Span, cut, in_ascii};

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How one of the two streams shows text.
#[derive(Clone, Copy, Debug)]
struct Look {
    is_terminal: bool,
    color: bool,
    emoji: bool,
}

/// What a table has to fit into.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    /// How wide a line may be; as wide as it gets where nobody says.
    pub(crate) width: Option<usize>,
    /// Whether signs beyond ASCII can be shown.
    pub(crate) signs: bool,
}

/// What the command line says about output.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) color: ColorChoice,
}

/// Prints: `data`, `note`, `warn`, `hint`.
pub(crate) struct Ui {
    stdout: Look,
    stderr: Look,
    wishes: Wishes,
    /// What `COLUMNS` says.
    columns: Option<usize>,
}

impl Ui {
    /// Looks at both streams; `ascii` is what the configuration says of emoji.
    pub(crate) fn new(wishes: Wishes, environment: &Environment, ascii: Option<bool>) -> Self {
        let look = |is_terminal| look(is_terminal, wishes.color, environment, ascii);
        let columns = environment.text("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
        Self { stdout: look(io::stdout().is_terminal()), stderr: look(io::stderr().is_terminal()), wishes, columns }
    }

    /// Returns what a table has to fit into: what `COLUMNS` says, else the terminal.
    pub(crate) fn frame(&self) -> Frame {
        let of_terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(columns, _)| usize::from(columns.0));
        let width = self.columns.or_else(|| self.stdout.is_terminal.then(of_terminal).flatten());
        Frame { width, signs: self.stdout.emoji }
    }

    /// Reports whether a person reads the answer.
    pub(crate) fn is_read_by_a_person(&self) -> bool {
        self.stdout.is_terminal
    }

    /// Prints the answer: as JSON where that was asked for, else the page.
    pub(crate) fn data(&self, view: &impl Serialize, page: impl FnOnce() -> Page) -> Result<(), Failure> {
        if self.wishes.json { self.json(view) } else { self.page(&page()) }
    }

    /// Prints an answer of many: one JSON object a line, else the page.
    pub(crate) fn list<V: Serialize>(&self, views: &[V], page: impl FnOnce() -> Page) -> Result<(), Failure> {
        if self.wishes.json { views.iter().try_for_each(|view| self.json(view)) } else { self.page(&page()) }
    }

    /// Prints a part of an answer that goes on, and reports whether anybody still reads it.
    pub(crate) fn list_while_read<V: Serialize>(&self, views: &[V], page: impl FnOnce() -> Page) -> Result<bool, Failure> {
        let text = if self.wishes.json {
            let lines = views.iter().map(|view| serde_json::to_string(view).map_err(Failure::surroundings));
            lines.map(|line| line.map(|line| format!("{}\n", harmless_json(&line)))).collect::<Result<String, _>>()?
        } else {
            render(&page(), self.stdout)
        };
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(true),
        }
    }

    /// Prints the answer in one word where a script reads it, as a page where a person does.
    pub(crate) fn id(&self, id: &str, view: &impl Serialize, page: impl FnOnce() -> Page) -> Result<(), Failure> {
        match (self.wishes.json, self.stdout.is_terminal) {
            (true, _) => self.json(view),
            (false, true) => self.page(&page()),
            (false, false) => to_stdout(&format!("{id}\n")),
        }
    }

    /// Prints raw text that is the answer itself: a script, a man page, an export.
    pub(crate) fn raw(&self, text: &[u8]) -> Result<(), Failure> {
        closed_pipe_is_fine(io::stdout().lock().write_all(text))
    }

    /// Prints a page beside the answer.
    pub(crate) fn aside(&self, page: &Page) {
        if !self.wishes.quiet {
            to_stderr(&render(page, self.stderr));
        }
    }

    /// Returns what shows how much of long work is done: on a terminal, after a quarter of a second, and gone when it is over.
    pub(crate) fn progress(&self, what: &'static str) -> impl FnMut(u64, u64) + use<> {
        self.progress_in(what, "{pos}/{len}, {per_sec}")
    }

    /// Returns what shows how much of some bytes is read, as [`Self::progress`] does.
    pub(crate) fn progress_of_bytes(&self, what: &'static str) -> impl FnMut(u64, u64) + use<> {
        self.progress_in(what, "{bytes}/{total_bytes}, {bytes_per_sec}")
    }

    fn progress_in(&self, what: &'static str, numbers: &'static str) -> impl FnMut(u64, u64) + use<> {
        let is_shown = self.stderr.is_terminal && !self.wishes.quiet;
        let (began, mut bar) = (Instant::now(), Bar(None));
        move |done, all| {
            if is_shown && (bar.0.is_some() || began.elapsed() > Duration::from_millis(250)) {
                let bar = bar.0.get_or_insert_with(|| new_bar(what, numbers));
                bar.set_length(all);
                bar.set_position(done);
            }
        }
    }

    /// Prints what an agent asked for; where it does not listen, nothing is lost.
    pub(crate) fn for_agent(reply: &str) {
        drop(to_stdout(&format!("{}\n", harmless_json(reply))));
    }

    /// Passes on what another program printed, for people to see.
    pub(crate) fn pass_on(&self, output: &str) {
        if !self.wishes.quiet && !self.wishes.json {
            output.lines().for_each(|line| to_stderr(&format!("{}\n", harmless(line))));
        }
    }

    /// Says what a commit lacks, and, in the one word that a git hook looks for, that it is refused.
    pub(crate) fn for_git(words: &str, refused: Option<&str>) {
        to_stderr(words);
        if let Some(refused) = refused {
            drop(to_stdout(&format!("{refused}\n")));
        }
    }

    /// Asks a question that is answered with yes or no; where nobody can answer, the answer is no.
    pub(crate) fn ask(&self, question: &str, usually: bool) -> bool {
        if !self.can_ask() {
            return false;
        }
        to_stderr(&format!("{} [{}] ", harmless(question), if usually { "Y/n" } else { "y/N" }));
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer).is_err() {
            return false;
        }
        match answer.trim().to_ascii_lowercase().as_str() {
            "" => usually,
            answer => answer == "y" || answer == "yes",
        }
    }

    /// Reports whether stdin is what a person types.
    pub(crate) fn is_typed_to(&self) -> bool {
        io::stdin().is_terminal()
    }

    /// Reports whether a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && self.stderr.is_terminal
    }

    /// Shows a page, asks for a line, and returns it without the line feed; nothing where there is no more to be read.
    pub(crate) fn ask_for_line(&self, page: &Page, question: &str) -> Option<String> {
        to_stderr(&format!("{}{} ", render(page, self.stderr), harmless(question)));
        let mut line = Vec::new();
        match io::stdin().lock().read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => Some(String::from_utf8_lossy(&line).trim().to_owned()),
            _ => None,
        }
    }

    /// Says something that is worth knowing.
    pub(crate) fn note(&self, text: &str) {
        if !self.wishes.quiet {
            to_stderr(&format!("{}\n", harmless(text)));
        }
    }

    /// Says what the tracker noted.
    pub(crate) fn notes(&self, notes: &[Note]) {
        for note in notes {
            match note {
                Note::MirrorBehind { .. } | Note::SetAside(_) | Note::CheckpointsSetAside { .. } | Note::ManyMarkers { .. } => {
                    self.warn(&note.to_string())
                }
                _ => self.note(&format!("note: {note}")),
            }
        }
    }

    /// Says that something is wrong, also when asked to be quiet.
    pub(crate) fn warn(&self, text: &str) {
        to_stderr(&format!("{} {}\n", self.mark("warning:", "33"), harmless(text)));
    }

    /// Says why the command failed, and what to type.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut lines = failure.lines.iter();
        let first = lines.next().map_or("", String::as_str);
        let causes: String = lines.map(|cause| format!("  cause: {}\n", told_in_lines(cause))).collect();
        to_stderr(&format!("{} {}\n{causes}", self.mark("error:", "31"), told(first)));
        failure.hints.iter().for_each(|hint| to_stderr(&format!("{} {}\n", self.mark("hint:", "36"), harmless(hint))));
    }

    /// Says what clap has to say; the answer when it was asked for help.
    pub(crate) fn clap(error: &clap::Error) {
        let rendered = error.render().to_string();
        let text: String = rendered
            .split_inclusive('\n')
            .map(|line| line.strip_suffix('\n').map_or_else(|| told(line), |line| told(line) + "\n"))
            .collect();
        if error.use_stderr() { to_stderr(&text) } else { drop(to_stdout(&text)) }
    }

    /// Says that we have a bug, and how to report it.
    pub(crate) fn bug(what: &str) {
        to_stderr(&format!(
            "error: this is a bug in rutter {}: {}\nhint: please report it with this text, the command you typed, and what `rutter doctor` says\n",
            env!("CARGO_PKG_VERSION"),
            harmless(what)
        ));
    }

    fn mark(&self, word: &str, code: &str) -> String {
        if self.stderr.color { format!("\u{1b}[1;{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }

    fn page(&self, page: &Page) -> Result<(), Failure> {
        to_stdout(&render(page, self.stdout))
    }

    fn json(&self, view: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(view).map_err(Failure::surroundings)?;
        to_stdout(&format!("{}\n", harmless_json(&text)))
    }
}

/// A bar that leaves nothing behind.
struct Bar(Option<ProgressBar>);

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(what: &'static str, numbers: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{msg}} {{wide_bar}} {numbers}, {{eta}} left"));
    let bar = ProgressBar::new(0).with_message(what);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn look(is_terminal: bool, color: ColorChoice, environment: &Environment, ascii: Option<bool>) -> Look {
    let no_color = environment.get("NO_COLOR").is_some() || environment.get("TERM").is_some_and(|term| term == "dumb");
    let color = match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && !no_color,
    };
    let emoji = match ascii {
        Some(ascii) => !ascii,
        None => is_terminal && !no_color && speaks_utf8(environment),
    };
    Look { is_terminal, color, emoji }
}

/// An error repeats what was typed, but not ten thousand characters of it.
fn told(text: &str) -> String {
    const LONGEST: usize = 800;
    harmless(&cut(text, LONGEST))
}

/// A cause may be a drawing of several lines; they stay below each other.
fn told_in_lines(text: &str) -> String {
    text.trim_end().split('\n').map(told).collect::<Vec<_>>().join("\n         ")
}

/// Reports whether the locale says that the terminal takes UTF-8.
fn speaks_utf8(environment: &Environment) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| environment.text(name)).unwrap_or_default().to_ascii_uppercase();
    locale.contains("UTF-8") || locale.contains("UTF8")
}

fn render(page: &Page, look: Look) -> String {
    page.lines.iter().map(|line| line.iter().map(|span| render_span(span, look)).collect::<String>() + "\n").collect()
}

fn render_span(span: &Span, look: Look) -> String {
    match span {
        Span::Icon(emoji, _) if look.emoji => format!("{emoji} "),
        Span::Lines(drawn) if look.emoji => drawn.clone(),
        Span::Lines(drawn) => in_ascii(drawn),
        Span::Icon(_, "") => String::new(),
        Span::Icon(_, ascii) => format!("{ascii} "),
        Span::Text(role, text) if look.color && !role.code().is_empty() => format!("\u{1b}[{}m{}\u{1b}[0m", role.code(), harmless(text)),
        Span::Text(_, text) => harmless(text),
    }
}

/// Returns JSON text in which nothing could drive a terminal. Outside strings JSON has no such character but the line feed.
pub(crate) fn harmless_json(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for each in text.chars() {
        match each {
            each if each != '\n' && is_harmful(each) => harmless.push_str(&format!("\\u{:04x}", u32::from(each))),
            each => harmless.push(each),
        }
    }
    harmless
}

fn to_stdout(text: &str) -> Result<(), Failure> {
    closed_pipe_is_fine(io::stdout().lock().write_all(text.as_bytes()))
}

/// A reader that has seen enough is no failure.
fn closed_pipe_is_fine(written: io::Result<()>) -> Result<(), Failure> {
    match written.and_then(|()| io::stdout().lock().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let mut failure = Failure::surroundings(error);
            failure.lines.insert(0, "cannot write the answer to stdout; any change was recorded".to_owned());
            Err(failure)
        }
        _ => Ok(()),
    }
}

/// Nobody can be determined that stderr is gone.
fn to_stderr(text: &str) {
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is_terminal: bool, variables: &[(&str, &str)], ascii: Option<bool>, expected: (bool, bool)) {
        let look = look(is_terminal, ColorChoice::Auto, &Environment::of(variables.iter().copied()), ascii);
        assert_eq!((look.color, look.emoji), expected, "{is_terminal} {variables:?} {ascii:?}");
    }

    #[test]
    fn emoji_and_colours_go_to_terminals_that_take_them() {
        check(true, &[("LANG", "C.UTF-8")], None, (true, true));
        check(true, &[("LANG", "C.UTF-8"), ("LC_ALL", "C")], None, (true, false));
        check(true, &[("LANG", "C.UTF-8"), ("NO_COLOR", "1")], None, (false, false));
        check(true, &[("LANG", "C.UTF-8")], Some(true), (true, false));
        check(false, &[("LANG", "C.UTF-8")], None, (false, false));
        check(false, &[], Some(false), (false, true));
    }

    #[test]
    fn s7_json_spells_out_what_could_drive_a_terminal() {
        let hostile = ["a\u{1b}\u{9b}é\"\u{202e}\n", "\u{7f}"];
        let text = harmless_json(&serde_json::to_string_pretty(&hostile).unwrap());
        assert_eq!(text, "[\n  \"a\\u001b\\u009bé\\\"\\u202e\\n\",\n  \"\\u007f\"\n]");
        assert_eq!(serde_json::from_str::<[String; 2]>(&text).unwrap(), hostile);
    }
}
