//! `rutter agents list`: the 50 conversations that a terminal shows, among few and among many.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Extent;
use super::process::{Surroundings, expect_lines, whole};
use super::programs::Programs;
use super::row::Row;
use super::samples::Samples;
use super::turns::{Order, take_turns};

const SIZES: &[usize] = &[100, 10_000, 100_000];
const ROUNDS: usize = 20;

/// So many conversations each project has.
const OF_A_PROJECT: usize = 100;

/// So many lines the answer has at least.
const SHOWN: usize = 50;

/// A hundred conversations are listed within this many milliseconds.
const MILLISECONDS: f64 = 500.0;

pub(super) fn run(programs: &Programs, extent: Extent) -> Result<Vec<Row>> {
    let sizes = if extent == Extent::Quick { &SIZES[..2] } else { SIZES };
    let homes = sizes.iter().map(|size| with(&programs.directory.join("agents"), *size)).collect::<Result<Vec<_>>>()?;
    let mut contenders = vec![whole("no-op", command(&programs.noop, &homes[0], ""))];
    for (size, home) in sizes.iter().zip(&homes) {
        expect_lines(&mut command(&programs.rutter, home, "agents list"), SHOWN)?;
        contenders.push(whole(format!("agents list, {size} conversations"), command(&programs.rutter, home, "agents list")));
    }
    let samples = take_turns(extent.rounds(ROUNDS), Order::Rotating, &mut contenders)?;
    let names = contenders.into_iter().map(|contender| contender.what).collect();
    Ok(rows(names, samples))
}

fn command(program: &Path, home: &Path, words: &str) -> Command {
    Surroundings { home, store: &home.join("store"), mirror: None, directory: home }.command(program, words, None)
}

/// Compares everything with the no-op, which comes first, and every size with the smallest.
fn rows(names: Vec<String>, samples: Vec<Samples>) -> Vec<Row> {
    let medians: Vec<_> = samples.iter().map(Samples::median).collect();
    let row = |(place, (name, samples)): (usize, (String, Samples))| {
        let row = Row::new(name, samples).against(medians[0]);
        match place {
            0 => row,
            1 => row.bar("ms", medians[1] / 1e3, MILLISECONDS),
            _ => row.remark(format!("{:.2} × {} conversations", medians[place] / medians[1], SIZES[0])),
        }
    };
    names.into_iter().zip(samples).enumerate().map(row).collect()
}

/// Returns a home with that many conversations, made now unless it is there.
fn with(directory: &Path, size: usize) -> Result<PathBuf> {
    let (home, growing) = (directory.join(size.to_string()), directory.join(format!("{size}.growing")));
    if home.is_dir() {
        return Ok(home);
    }
    println!("Writing {size} conversations …");
    if growing.is_dir() {
        fs::remove_dir_all(&growing).with_context(|| format!("cannot remove `{}`", growing.display()))?;
    }
    for number in 0..size {
        let folder = growing.join(format!(".claude/projects/-home-ada-src-project-{}", number / OF_A_PROJECT));
        if number % OF_A_PROJECT == 0 {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        }
        let path = folder.join(format!("00000000-0000-4000-8000-{number:012}.jsonl"));
        fs::write(&path, transcript(number)).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    fs::rename(&growing, &home).with_context(|| format!("cannot rename `{}`", growing.display()))?;
    Ok(home)
}

fn transcript(number: usize) -> String {
    let common = format!(
        r#""sessionId":"00000000-0000-4000-8000-{number:012}","cwd":"/home/ada/src/project","version":"2.1.0","timestamp":"2026-02-16T17:30:03.000Z""#
    );
    let prompt =
        format!(r#"{{"type":"user","uuid":"u{number}","parentUuid":null,"message":{{"role":"user","content":"Mend it"}},{common}}}"#);
    let usage = r#""usage":{"input_tokens":10,"output_tokens":20,"cache_creation_input_tokens":30,"cache_read_input_tokens":40}"#;
    let message = format!(
        r#""message":{{"id":"m{number}","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{{"type":"text","text":"Done"}}],"stop_reason":"end_turn",{usage}}}"#
    );
    let answer =
        format!(r#"{{"type":"assistant","uuid":"a{number}","parentUuid":"u{number}","requestId":"r{number}",{message},{common}}}"#);
    format!("{prompt}\n{answer}\n")
}
