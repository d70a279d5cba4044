//! The hook: what an agent pays for each tool call, alone and with many at once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Extent;
use super::process::{Surroundings, whole};
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::stores::fresh;
use super::turns::{Contender, Order, take_turns};

const ROUNDS: usize = 1_000;
const ROUNDS_TOGETHER: usize = 30;

/// How many agents call at once.
const TOGETHER: usize = 64;

/// A payload of 829 bytes, as an agent sends it before a tool call.
fn tool_event(call: u64) -> String {
    let head = format!(
        "{{\"session_id\":\"ec51036c-1976-4d78-a5d7-331869a23fc0\",\"transcript_path\":\"/home/dev/.claude/projects/-home-dev-demo/ec51036c.jsonl\",\
         \"cwd\":\"/home/dev/demo\",\"prompt_id\":\"07fb8c59-06a2-413f-9f1e-acf365396539\",\"permission_mode\":\"default\",\"effort\":{{\"level\":\"medium\"}},\
         \"hook_event_name\":\"PreToolUse\",\"tool_name\":\"Bash\",\"tool_use_id\":\"toolu_{call:020}\",\"tool_input\":{{\"description\":\"List files\",\"command\":\""
    );
    let rest = 829 - head.len() - "\"}}\n".len();
    format!("{head}{}\"}}}}\n", "cargo test --workspace && ".chars().cycle().take(rest).collect::<String>())
}

fn stop_event() -> String {
    tool_event(0).replace("PreToolUse", "Stop").replace("tool_use_id", "_tool_use_id")
}

fn start_event(conversation: u64, directory: &Path) -> String {
    format!(
        "{{\"session_id\":\"00000000-0000-4000-8000-{conversation:012x}\",\"cwd\":\"{}\",\"hook_event_name\":\"SessionStart\",\"source\":\"startup\"}}\n",
        directory.display()
    )
}

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let bench = Hooks::prepare(programs)?;
    let mut rows = bench.alone(extent)?;
    rows.extend(bench.together(extent)?);
    rows.extend(bench.starts(extent)?);
    Ok(rows)
}

struct Hooks<'p> {
    programs: &'p Programs,
    directory: PathBuf,
    project: PathBuf,
}

impl<'p> Hooks<'p> {
    fn prepare(programs: &'p Programs) -> Result<Self> {
        let directory = programs.directory.join("hook");
        fresh(&directory)?;
        let project = directory.join("project");
        fs::create_dir_all(&project)?;
        Ok(Self { programs, directory, project })
    }

    fn command(&self, program: &Path, words: &str) -> Command {
        let store = self.directory.join("store");
        let surroundings = Surroundings { home: &self.directory, store: &store, mirror: None, directory: &self.project };
        surroundings.command(program, words, None)
    }

    fn payload(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.directory.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(path)
    }

    /// One call at a time, whole process, the payload on stdin.
    fn alone(&self, extent: Extent) -> Result<Vec<Row>> {
        let (tool, stop) = (self.payload("tool.json", &tool_event(1))?, self.payload("stop.json", &stop_event())?);
        let synced = self.directory.join("synced");
        fs::create_dir_all(&synced)?;
        let insert = self.directory.join("inserted.db");
        let programs = self.programs;
        let mut contenders = vec![
            fed("no-op, static", self.command(&programs.noop, ""), &tool),
            fed("tool event", self.command(&programs.hook, "claude-code"), &tool),
            fed("boundary event (fdatasync)", self.command(&programs.hook, "claude-code"), &stop),
            fed("temporary file + fsync + rename", self.command(&programs.replace, &synced.to_string_lossy()), &stop),
            fed("SQLite insert, NORMAL", self.command(&programs.insert, &format!("{} NORMAL", insert.display())), &tool),
        ];
        let samples = take_turns(extent.rounds(ROUNDS), Order::Rotating, &mut contenders)?;
        let medians: Vec<_> = samples.iter().map(Samples::median).collect();
        let rows = contenders.into_iter().zip(samples).map(|(contender, samples)| Row::new(contender.what, samples).against(medians[0]));
        let bars = |(place, row): (usize, Row)| match place {
            1 => row.bar("× no-op", medians[1] / medians[0], 2.5).bar("ms", medians[1] / 1e3, 5.0),
            2 => row.bar("× replace", medians[2] / medians[3], 0.8).bar("ms", medians[2] / 1e3, 25.0),
            _ => row,
        };
        Ok(rows.enumerate().map(bars).collect())
    }

    /// Many at once: how long each of them takes.
    fn together(&self, extent: Extent) -> Result<Vec<Row>> {
        let tool = self.payload("tool.json", &tool_event(2))?;
        let insert = self.directory.join("together.db");
        let programs = self.programs;
        let kinds: Vec<(&str, Command)> = vec![
            ("no-op", self.command(&programs.noop, "")),
            ("tool event", self.command(&programs.hook, "claude-code")),
            ("SQLite insert, NORMAL", self.command(&programs.insert, &format!("{} NORMAL", insert.display()))),
            ("SQLite insert, FULL", self.command(&programs.insert, &format!("{} FULL", insert.display()))),
        ];
        let mut took: Vec<Vec<Duration>> = vec![Vec::new(); kinds.len()];
        for _ in 0..extent.rounds(ROUNDS_TOGETHER) {
            for (took, (_, command)) in took.iter_mut().zip(&kinds) {
                took.extend(at_once(command, &tool)?);
            }
        }
        let samples: Vec<_> = took.iter().map(|each| Samples::of(each)).collect();
        let (noop, normal) = (samples[0].median(), samples[2].p99());
        let row = |(place, ((what, _), samples)): (usize, ((&str, Command), Samples))| {
            let p99 = samples.p99();
            let row = Row::new(format!("{TOGETHER} at once: {what}"), samples).against(noop);
            if place == 1 { row.bar("× p99 of SQLite NORMAL", p99 / normal, 0.4) } else { row }
        };
        Ok(kinds.into_iter().zip(samples).enumerate().map(row).collect())
    }

    /// Starts of conversations, each with its answer.
    fn starts(&self, extent: Extent) -> Result<Vec<Row>> {
        let beside = self.directory.join("bin");
        fs::create_dir_all(&beside)?;
        fs::copy(&self.programs.hook, beside.join("rutter-hook"))?;
        fs::copy(&self.programs.rutter, beside.join("rutter"))?;
        let start = self.directory.join("start.json");
        let mut number = 0;
        let mut hook = self.command(&beside.join("rutter-hook"), "claude-code");
        let answered = Contender::new("start of a conversation, answered", || {
            number += 1;
            fs::write(&start, start_event(number, &self.project))?;
            hook.stdin(File::open(&start)?).stdout(Stdio::piped());
            let began = Instant::now();
            let output = hook.output()?;
            let took = began.elapsed();
            if !output.status.success() || !output.stdout.starts_with(b"{\"systemMessage\"") {
                bail!("a start was not answered: {}", String::from_utf8_lossy(&output.stdout));
            }
            Ok(took)
        });
        let mut contenders = [whole("no-op, static", self.command(&self.programs.noop, "")), answered];
        let mut samples = take_turns(extent.rounds(200), Order::Fixed, &mut contenders)?;
        let (answered, noop) = (samples.pop().context("two were measured")?, samples.pop().context("two were measured")?);
        let median = answered.median();
        Ok(vec![Row::new("start of a conversation, answered", answered).against(noop.median()).bar("ms", median / 1e3, 25.0)])
    }
}

/// Takes the time of a process that reads a file on stdin.
fn fed(what: &str, mut command: Command, stdin: &Path) -> Contender<'static> {
    let stdin = stdin.to_owned();
    Contender::new(what, move || {
        command.stdin(File::open(&stdin)?);
        let start = Instant::now();
        let status = command.status()?;
        let took = start.elapsed();
        if status.success() { Ok(took) } else { bail!("`{}` failed ({status})", command.get_program().display()) }
    })
}

/// Starts many at once and returns how long each took until it was seen to end.
fn at_once(command: &Command, stdin: &Path) -> Result<Vec<Duration>> {
    let gate = std::sync::Barrier::new(TOGETHER);
    std::thread::scope(|scope| {
        let one = || {
            let mut own = Command::new(command.get_program());
            own.args(command.get_args()).env_clear().stdout(Stdio::null()).stderr(Stdio::null());
            own.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            own.stdin(File::open(stdin)?);
            gate.wait();
            let start = Instant::now();
            let status = own.status()?;
            if status.success() { Ok(start.elapsed()) } else { bail!("`{}` failed ({status})", own.get_program().display()) }
        };
        let threads: Vec<_> = (0..TOGETHER).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_has_its_size_and_is_json() {
        let payload = tool_event(7);
        assert_eq!(payload.len(), 829);
        for text in [payload, stop_event(), start_event(1, Path::new("/p"))] {
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}
