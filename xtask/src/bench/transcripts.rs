//! Reading transcripts: a report without a store, the first index, what is unchanged, what has grown, and all of it from the disk.
//!
//! In turn with ccusage, which reports the same. Every total has to be that of the corpus: who is wrong is quick.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::Extent;
use super::ccusage;
use super::corpora::Corpus;
use super::gauge::{Gauge, Run, Whereabouts};
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::stores::fresh;
use crate::corpus::{TOTAL, Tokens, objects, total};

/// Megabytes of transcripts, and how often each is read.
const SIZES: &[(u64, usize)] = &[(500, 5), (2_000, 3)];

/// The bars: percent of ccusage's time, of its memory, and times what `cat` takes.
const REPORT: f64 = 100.0 / 5.0;
const MEMORY: f64 = 100.0 / 2.0;
const INDEX: f64 = 100.0 / 3.0;
const UNCHANGED: f64 = 100.0 / 60.0;
const COLD: f64 = 1.25;

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let peer = ccusage::provide(&programs.directory)?;
    let sizes = if extent == Extent::Quick { &SIZES[..1] } else { SIZES };
    let mut rows = Vec::new();
    for (megabytes, rounds) in sizes {
        let reading = Reading::prepare(programs, peer.as_deref(), *megabytes)?;
        let mut laps = Laps::default();
        for round in 0..=*rounds {
            let is_warming = round == 0;
            let lap = reading.lap().with_context(|| format!("cannot measure reading {megabytes} MB"))?;
            laps.extend((!is_warming).then_some(lap));
        }
        rows.extend(reading.rows(&laps, *megabytes));
    }
    Ok(rows)
}

/// All rounds of one size.
type Laps = Vec<Lap>;

/// One round.
struct Lap {
    peer: Option<Run>,
    report: Run,
    index: Run,
    unchanged: Run,
    grown: Run,
    cat: Run,
    cold: Run,
}

/// What is read, and by whom.
struct Reading {
    gauge: Gauge,
    rutter: PathBuf,
    peer: Option<PathBuf>,
    corpus: Corpus,
    directory: PathBuf,
    /// What the peer says instead of the truth.
    peer_differs: Cell<Option<Tokens>>,
    appended: Cell<u64>,
}

impl Reading {
    fn prepare(programs: &Programs, peer: Option<&Path>, megabytes: u64) -> Result<Self> {
        Ok(Self {
            gauge: Gauge::build(&programs.directory)?,
            rutter: programs.rutter.clone(),
            peer: peer.map(Path::to_owned),
            corpus: Corpus::with(&programs.directory, megabytes)?,
            directory: programs.directory.join("transcripts"),
            peer_differs: Cell::new(None),
            appended: Cell::new(0),
        })
    }

    /// Does everything once; what needs an index comes after it.
    fn lap(&self) -> Result<Lap> {
        fresh(&self.directory.join("home"))?;
        let peer = self.peer.as_deref().map(|program| self.ask_peer(program)).transpose()?;
        self.empty_store()?;
        let report = self.report(self.corpus.truth)?;
        self.empty_store()?;
        let index = self.run(&self.rutter, ["index"])?;
        let unchanged = self.report(self.corpus.truth)?;
        let grown = self.grown()?;
        self.corpus.forget()?;
        let cat = self.run(Path::new("/bin/cat"), self.corpus.files.iter().filter_map(|path| path.to_str()))?;
        self.empty_store()?;
        self.corpus.forget()?;
        let cold = self.report(self.corpus.truth)?;
        Ok(Lap { peer, report, index, unchanged, grown, cat: Run { printed: Vec::new(), ..cat }, cold })
    }

    fn ask_peer(&self, program: &Path) -> Result<Run> {
        let run = self.run(program, ccusage::WORDS)?;
        let told = ccusage::total(&run.printed)?;
        if told != self.corpus.truth {
            self.peer_differs.set(Some(told));
        }
        Ok(run)
    }

    /// Reports on everything, and fails unless the total is right.
    fn report(&self, truth: Tokens) -> Result<Run> {
        let run = self.run(&self.rutter, TOTAL.iter().copied())?;
        let told = total(&objects(&run.printed)?)?;
        ensure!(told == truth, "`rutter {}` is wrong: truth {truth:?}, rutter {told:?}", TOTAL.join(" "));
        Ok(run)
    }

    /// Reports after one file has grown.
    fn grown(&self) -> Result<Run> {
        let (appended, truth) = self.corpus.grow()?;
        self.appended.set(appended);
        let run = self.report(truth);
        self.corpus.shrink()?;
        run
    }

    fn run<'w>(&self, program: &Path, words: impl IntoIterator<Item = &'w str>) -> Result<Run> {
        let (home, store) = (self.directory.join("home"), self.directory.join("store"));
        self.gauge.run(program, words, &Whereabouts { home: &home, store: &store, transcripts: &self.corpus.directory })
    }

    fn empty_store(&self) -> Result<()> {
        fresh(&self.directory.join("store"))
    }

    fn rows(&self, laps: &Laps, megabytes: u64) -> Vec<Row> {
        let of = |one: fn(&Lap) -> &Run| Figures::of(laps.iter().map(one));
        let (report, index, unchanged) = (of(|lap| &lap.report), of(|lap| &lap.index), of(|lap| &lap.unchanged));
        let (grown, cat, cold) = (of(|lap| &lap.grown), of(|lap| &lap.cat), of(|lap| &lap.cold));
        let peer = Figures::of(laps.iter().filter_map(|lap| lap.peer.as_ref()));
        let has_peer = self.peer.is_some();
        let (speed, named) = (|one: &Figures| self.speed(one), |what: &str| format!("{what}, {megabytes} MB"));
        let percent = |row: Row, what, of: f64, limit| if has_peer { row.bar(what, 100.0 * of, limit) } else { row };
        let against = |one: &Figures, name: &str, limit| percent(one.row(named(name)), "% of ccusage", one.took() / peer.took(), limit);
        let changed =
            format!("{} bytes appended, {:.2} × unchanged, {}", self.appended.get(), grown.took() / unchanged.took(), grown.memory());
        let first = has_peer.then(|| peer.row(named("ccusage")).remark(format!("{}, {}, {}", speed(&peer), peer.memory(), self.opinion())));
        let report_row = against(&report, "report without a store", REPORT).remark(format!("{}, {}", speed(&report), report.memory()));
        let rows = [
            percent(report_row, "% of its memory", report.peak / peer.peak, MEMORY),
            against(&index, "first index", INDEX).remark(format!("{}, {}", speed(&index), index.memory())),
            against(&unchanged, "report, nothing changed", UNCHANGED).remark(unchanged.memory()),
            grown.row(named("report, one file grown")).remark(changed),
            cat.row(named("cat, from the disk")).remark(speed(&cat)),
            cold.row(named("report, from the disk")).bar("× cat", cold.took() / cat.took(), COLD).remark(speed(&cold)),
        ];
        first.into_iter().chain(rows).collect()
    }

    fn speed(&self, figures: &Figures) -> String {
        format!("{:.2} GB/s", self.corpus.bytes as f64 / figures.took() / 1e3)
    }

    /// Says whether the peer finds what is there.
    fn opinion(&self) -> String {
        match self.peer_differs.get() {
            None => "agrees with the truth".to_owned(),
            Some(told) => format!("NOT the truth: {told:?}"),
        }
    }
}

/// Time and memory over all rounds.
struct Figures {
    micros: Vec<f64>,
    /// The median of the peaks, in KiB.
    peak: f64,
}

impl Figures {
    fn of<'r>(runs: impl Iterator<Item = &'r Run>) -> Self {
        let (micros, peaks) = runs.map(|run| (run.took.as_secs_f64() * 1e6, run.peak_kib)).unzip();
        Self { micros, peak: Samples::of_micros(peaks).median() }
    }

    fn row(&self, what: String) -> Row {
        Row::new(what, Samples::of_micros(self.micros.clone()))
    }

    fn took(&self) -> f64 {
        Samples::of_micros(self.micros.clone()).median()
    }

    fn memory(&self) -> String {
        format!("{:.1} MiB", self.peak / 1024.0)
    }
}
