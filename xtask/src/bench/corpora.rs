//! Transcripts of some amount, kept from one run to the next, and what is done to their files.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::stores::{fingerprint, remove_others};
use crate::corpus::{self, Tokens};
use crate::run;

/// What decides what is in a corpus.
const DECIDING: &[&str] = &["xtask/src/corpus/generate"];

const SEED: u64 = 1;

/// What that reply is billed.
const BILLED: Tokens = Tokens { input: 3, output: 500, cache_write: 1_000, cache_read: 20_000 };

/// Transcripts, and the truth about them.
pub(super) struct Corpus {
    pub(super) directory: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) bytes: u64,
    pub(super) truth: Tokens,
    /// The file to which a reply is appended: the largest, so that it is seen whether all of it is read again.
    growing: PathBuf,
    /// How long that file is otherwise.
    length: u64,
}

impl Corpus {
    /// Returns a corpus of that many megabytes, written now unless it is there as it was written.
    pub(super) fn with(directory: &Path, megabytes: u64) -> Result<Self> {
        let all = directory.join("corpora");
        let kept = all.join(fingerprint(run::root(), DECIDING)?);
        remove_others(&all, &kept)?;
        let corpus = kept.join(megabytes.to_string());
        if let Ok(found) = Self::open(corpus.clone()) {
            return Ok(found);
        }
        println!("Writing {megabytes} MB of transcripts …");
        for left in [&corpus, &kept.join("growing")] {
            if left.exists() {
                fs::remove_dir_all(left).with_context(|| format!("cannot remove `{}`", left.display()))?;
            }
        }
        corpus::generate(&kept.join("growing"), megabytes, SEED)?;
        fs::rename(kept.join("growing"), &corpus).with_context(|| format!("cannot rename to `{}`", corpus.display()))?;
        Self::open(corpus)
    }

    /// Fails unless the files are as long as they were when they were written.
    fn open(directory: PathBuf) -> Result<Self> {
        let truth = corpus::read(&directory)?;
        let mut files = Vec::new();
        collect(&directory.join("projects"), &mut files)?;
        files.sort();
        let sizes = files.iter().map(|(path, _)| length(path)).collect::<Result<Vec<_>>>()?;
        let bytes = sizes.iter().sum();
        anyhow::ensure!(truth["bytes"] == bytes, "`{}` was changed since it was written", directory.display());
        let whole = files.iter().zip(sizes).filter(|((path, is_session), _)| *is_session && ends_a_line(path));
        let ((growing, _), length) = whole.max_by_key(|(_, size)| *size).context("no session ends with a whole line")?;
        let growing = growing.clone();
        let files = files.into_iter().map(|(path, _)| path).collect();
        Ok(Self { directory, files, bytes, truth: corpus::truth_total(&truth)?, growing, length })
    }

    /// Appends a reply to a file, and returns how many bytes it has and what the total is now.
    pub(super) fn grow(&self) -> Result<(u64, Tokens)> {
        let appended = [row(1, "null", 2), row(2, "\"end_turn\"", BILLED.output)].concat();
        let mut file = self.writable(File::options().append(true))?;
        file.write_all(appended.as_bytes()).with_context(|| format!("cannot write `{}`", self.growing.display()))?;
        Ok((appended.len() as u64, self.truth.plus(BILLED)))
    }

    /// Takes the reply away again.
    pub(super) fn shrink(&self) -> Result<()> {
        let file = self.writable(File::options().write(true))?;
        file.set_len(self.length).with_context(|| format!("cannot shorten `{}`", self.growing.display()))
    }

    fn writable(&self, options: &fs::OpenOptions) -> Result<File> {
        options.open(&self.growing).with_context(|| format!("cannot open `{}`", self.growing.display()))
    }

    /// Makes the system forget what it has of the files in memory, once everything is on the disk.
    #[cfg(target_os = "linux")]
    pub(super) fn forget(&self) -> Result<()> {
        rustix::fs::sync();
        self.files.iter().try_for_each(|path| {
            let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)
                .with_context(|| format!("cannot take `{}` out of memory", path.display()))
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn forget(&self) -> Result<()> {
        anyhow::bail!("cannot take `{}` out of memory: only Linux is asked to", self.directory.display())
    }
}

/// Returns a row as the client appends it: of one reply, but not all of them say all of the output.
fn row(number: u8, stop: &str, output: u64) -> String {
    let Tokens { input, cache_write, cache_read, .. } = BILLED;
    format!(
        concat!(
            r#"{{"parentUuid":null,"isSidechain":false,"message":{{"id":"msg_appended","type":"message","role":"assistant","#,
            r#""model":"claude-sonnet-4-5-20250929","content":[{{"type":"text","text":"It is done."}}],"stop_reason":{},"#,
            r#""usage":{{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{}}}}},"#,
            r#""requestId":"req_appended","type":"assistant","uuid":"00000000-0000-4000-a000-00000000000{}","#,
            r#""timestamp":"2026-08-01T00:00:00.000Z","sessionId":"00000000-0000-4000-a000-000000000000","version":"2.1.237"}}{}"#
        ),
        stop, input, cache_write, cache_read, output, number, "\n"
    )
}

/// Lists files, and whether they are sessions and not subagents.
fn collect(directory: &Path, files: &mut Vec<(PathBuf, bool)>) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read `{}`", directory.display()))?;
    for path in entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()? {
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            let is_session = !directory.ends_with("subagents");
            files.push((path, is_session));
        }
    }
    Ok(())
}

fn length(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path).with_context(|| format!("cannot read `{}`", path.display()))?.len())
}

fn ends_a_line(path: &Path) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|mut file| file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)));
    read.is_ok() && last == *b"\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_decides_is_there() {
        assert!(DECIDING.iter().all(|path| run::root().join(path).exists()));
    }

    #[test]
    fn a_corpus_grows_and_shrinks_and_is_written_again_once_it_was_changed() {
        let directory = std::env::temp_dir().join(format!("xtask-corpora-{}", std::process::id()));
        let corpus = Corpus::with(&directory, 2).unwrap();
        let (appended, total) = corpus.grow().unwrap();
        assert_eq!((length(&corpus.growing).unwrap(), total.output), (corpus.length + appended, corpus.truth.output + 500));
        assert!(Corpus::open(corpus.directory.clone()).is_err(), "left long");
        let again = Corpus::with(&directory, 2).unwrap();
        assert_eq!((again.bytes, &again.growing), (corpus.bytes, &corpus.growing));
        again.grow().and_then(|_| again.shrink()).unwrap();
        assert!(Corpus::open(again.directory).is_ok(), "not shortened");
        fs::remove_dir_all(directory).unwrap();
    }
}
