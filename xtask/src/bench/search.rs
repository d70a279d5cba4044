//! `rutter search` over the text of transcripts, as whole processes, in turn with ripgrep over the raw files.
//!
//! ripgrep only has to name the files (`--files-with-matches`), so that it may stop at the first match in each: that is the least it can be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Extent;
use super::corpora::Corpus;
use super::gauge::{Gauge, Whereabouts};
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::stores::fresh;
use crate::corpus::settle;

const MEGABYTES: u64 = 500;

/// How many questions of each kind are asked.
const EACH: usize = 40;

/// In how many files words are looked for to ask about, and how much of each is read, in bytes.
const FILES: usize = 24;
const OF_EACH: usize = 1 << 20;

/// Percent of what ripgrep takes, at most.
const PERCENT: f64 = 100.0 / 10.0;

/// A question, in the words of both.
struct Question {
    kind: &'static str,
    ours: Vec<String>,
    theirs: String,
}

/// Measures searching.
pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let corpus = Corpus::with(&programs.directory, MEGABYTES)?;
    let bench = Searching { directory: programs.directory.join("search"), rutter: &programs.rutter, corpus: &corpus };
    let mut rows = bench.build(programs)?;
    let questions = questions(&corpus.files, extent.rounds(EACH))?;
    let ripgrep = has_ripgrep();
    if !ripgrep {
        println!("There is no `rg` in PATH: nothing is compared with it.");
    }
    let mut ours: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut theirs = ours.clone();
    for round in 0..2 {
        for question in &questions {
            let (took, peer) = (bench.ask(question)?, ripgrep.then(|| bench.ask_peer(question)).transpose()?);
            // The first round warms everything up.
            if round > 0 {
                ours.entry(question.kind).or_default().push(took);
                theirs.entry(question.kind).or_default().extend(peer);
            }
        }
    }
    rows.extend(KINDS.iter().map(|kind| row(&format!("search, {kind}"), &ours[kind], &theirs[kind], None)));
    let counted = |all: &BTreeMap<&str, Vec<Duration>>| {
        KINDS.iter().filter(|kind| **kind != RANKED).flat_map(|kind| all[kind].clone()).collect::<Vec<_>>()
    };
    rows.push(row("search, all but best first", &counted(&ours), &counted(&theirs), Some(PERCENT)));
    Ok(rows)
}

/// The program that is compared with, as it is found in `PATH`.
const RIPGREP: &str = "rg";

const RANKED: &str = "best first";

const KINDS: [&str; 10] = ["common", "middling", "rare", "missing", "two words", "phrase", "identifier", "beginning", "filtered", RANKED];

fn row(what: &str, ours: &[Duration], theirs: &[Duration], limit: Option<f64>) -> Row {
    let (ours, theirs) = (Samples::of(ours), Samples::of(theirs));
    let percent = 100.0 * ours.p95() / theirs.p95();
    let said = format!(
        "p95 {:.1} ms, rg p50 {:.1} p95 {:.1} ms, {percent:.1} % of it",
        ours.p95() / 1e3,
        theirs.median() / 1e3,
        theirs.p95() / 1e3
    );
    let row = Row::new(what, ours).remark(if theirs.count() > 0 { said } else { String::new() });
    match limit.filter(|_| theirs.count() > 0) {
        Some(limit) => row.bar("% of rg, p95", percent, limit),
        None => row,
    }
}

struct Searching<'a> {
    directory: PathBuf,
    rutter: &'a Path,
    corpus: &'a Corpus,
}

impl Searching<'_> {
    /// Makes a store with an index, then what can be searched, and says how long that takes and how long it is.
    fn build(&self, programs: &Programs) -> Result<Vec<Row>> {
        let (home, store) = (self.directory.join("home"), self.directory.join("store"));
        fresh(&home)?;
        fresh(&store)?;
        let gauge = Gauge::build(&programs.directory)?;
        let at = Whereabouts { home: &home, store: &store, transcripts: &self.corpus.directory };
        gauge.run(self.rutter, ["index"], &at)?;
        let settings = home.join(".config/rutter");
        fs::create_dir_all(&settings).and_then(|()| fs::write(settings.join("config.toml"), "[index]\ntranscript_text = true\n"))?;
        let run = gauge.run(self.rutter, ["index"], &at)?;
        let bytes: u64 = ["search.db", "search.db-wal"].iter().filter_map(|name| Some(fs::metadata(store.join(name)).ok()?.len())).sum();
        let micros = run.took.as_secs_f64() * 1e6;
        let remark = format!(
            "{:.0} MB/s of transcripts, search.db {:.0} MB, {:.0} % of them, {:.0} MiB of memory",
            self.corpus.bytes as f64 / micros,
            bytes as f64 / 1e6,
            100.0 * bytes as f64 / self.corpus.bytes as f64,
            run.peak_kib / 1024.0
        );
        Ok(vec![Row::new(format!("reading the text of {MEGABYTES} MB"), Samples::of(&[run.took])).remark(remark)])
    }

    fn ask(&self, question: &Question) -> Result<Duration> {
        let mut command = Command::new(self.rutter);
        settle(&mut command, &self.directory.join("home"), &self.directory.join("store"), &self.corpus.directory);
        command.arg("search").args(&question.ours);
        let (took, code) = time(&mut command)?;
        let is_answer = code == Some(0) || code == Some(1);
        ensure!(is_answer, "`rutter search {}` failed ({code:?})", question.ours.join(" "));
        let is_found = code == Some(0);
        ensure!(
            is_found == (question.kind != "missing") || question.kind == "filtered",
            "`rutter search {}` is wrong",
            question.ours.join(" ")
        );
        Ok(took)
    }

    fn ask_peer(&self, question: &Question) -> Result<Duration> {
        let mut command = Command::new(RIPGREP);
        command.args(["--no-config", "--fixed-strings", "--files-with-matches", "--"]).arg(&question.theirs);
        command.arg(self.corpus.directory.join("projects"));
        Ok(time(&mut command)?.0)
    }
}

/// Runs a program to its end, and reads what it prints.
fn time(command: &mut Command) -> Result<(Duration, Option<i32>)> {
    command.current_dir("/").stdin(Stdio::null());
    let start = Instant::now();
    let output = command.output().with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
    Ok((start.elapsed(), output.status.code()))
}

/// Reports whether ripgrep can be started.
fn has_ripgrep() -> bool {
    Command::new(RIPGREP).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Draws questions from what the corpus says, the same each time.
fn questions(files: &[PathBuf], each: usize) -> Result<Vec<Question>> {
    let text = sample(files)?;
    let lines: Vec<Vec<&str>> = text.lines().map(words).filter(|words| words.len() > 1).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    lines.iter().flatten().for_each(|word| *counts.entry(word).or_default() += 1);
    let mut plain: Vec<(&str, usize)> = counts.iter().filter(|(word, _)| is_plain(word)).map(|(word, count)| (*word, *count)).collect();
    plain.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    let plain: Vec<&str> = plain.into_iter().map(|(word, _)| word).collect();
    ensure!(plain.len() > 20 * each, "the corpus says too little");
    let names: BTreeSet<&str> = counts.keys().filter(|word| word.contains('_') && word.len() > 6).copied().collect();
    let names: Vec<&str> = spread(&names.into_iter().collect::<Vec<_>>(), each);
    let pairs: Vec<(&str, &str)> = lines.iter().flat_map(|line| line.windows(2)).map(|pair| (pair[0], pair[1])).collect();
    let pairs: Vec<_> =
        pairs.into_iter().filter(|(one, two)| is_plain(one) && is_plain(two) && text.contains(&format!("{one} {two}"))).collect();
    let middle = plain.len() / 2;
    let mut all = Vec::new();
    let mut ask = |kind, ours: &[&str], theirs: String| {
        let ours = ours.iter().chain(&["--all-projects"]).map(|word| (*word).to_owned()).collect();
        all.push(Question { kind, ours, theirs });
    };
    let said = |word: &&str| (*word).to_owned();
    plain.iter().take(each).for_each(|word| ask("common", &[word], said(word)));
    plain[middle..].iter().take(each).for_each(|word| ask("middling", &[word], said(word)));
    plain.iter().rev().take(each).for_each(|word| ask("rare", &[word], said(word)));
    plain.iter().take(each).for_each(|word| ask("missing", &[&format!("{word}xqz")], format!("{word}xqz")));
    for (one, two) in spread(&pairs, each) {
        ask("phrase", &[&format!("\"{one} {two}\"")], format!("{one} {two}"));
    }
    // Of two words ripgrep is asked for the rarer one.
    for (common, rare) in plain.iter().take(each).zip(&plain[middle / 2..]) {
        ask("two words", &[common, rare], said(rare));
    }
    names.iter().for_each(|name| ask("identifier", &[name], said(name)));
    plain[middle..]
        .iter()
        .take(each)
        .filter(|word| word.len() > 4)
        .for_each(|word| ask("beginning", &[&format!("{}*", &word[..4])], word[..4].to_owned()));
    let filters = [["--tool", "Bash"], ["--role", "prompt"], ["--role", "thinking"], ["--agent", "codex"], ["--since", "2026-03-20"]];
    for (word, filter) in plain.iter().take(each).zip(filters.iter().cycle()) {
        ask("filtered", &[word, filter[0], filter[1]], said(word));
    }
    spread(&plain, each).iter().for_each(|word| ask(RANKED, &[word, "--rank"], said(word)));
    Ok(all)
}

/// Returns some of many, from all places.
fn spread<T: Copy>(all: &[T], count: usize) -> Vec<T> {
    all.iter().step_by((all.len() / count.max(1)).max(1)).take(count).copied().collect()
}

/// Returns the beginnings of some files, with what is escaped apart.
fn sample(files: &[PathBuf]) -> Result<String> {
    let mut text = String::new();
    for path in spread(&files.iter().collect::<Vec<_>>(), FILES) {
        let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(OF_EACH)]);
        let texts = beginning.split("\"text\":\"").skip(1).filter_map(|rest| rest.split('"').next());
        texts.for_each(|said| text.push_str(&(said.replace("\\n", "\n").replace('\\', "\n") + "\n")));
    }
    Ok(text)
}

fn words(line: &str) -> Vec<&str> {
    line.split(|each: char| !(each.is_ascii_alphanumeric() || each == '_')).filter(|word| !word.is_empty()).collect()
}

fn is_plain(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_spread_over_everything() {
        assert_eq!(spread(&[1, 2, 3, 4, 5, 6], 3), [1, 3, 5]);
        assert_eq!(spread(&[1, 2], 5), [1, 2]);
        assert_eq!(words("let a_b = \"c d\"; é"), ["let", "a_b", "c", "d"]);
        assert!(is_plain("word") && !is_plain("Word") && !is_plain("a"));
    }
}
