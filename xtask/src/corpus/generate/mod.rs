//! A corpus of any size, as Claude Code would have left it, and the truth about it.
//!
//! Nothing in it comes from a real transcript. One seed gives one corpus, byte for byte.
//!
//! | file | holds |
//! |---|---|
//! | `dice` | chance that can be repeated |
//! | `words` | the texts that everything is cut from |
//! | `clock`, `models` | times and models |
//! | `transcript` | one file while it is written |
//! | `session`, `turn`, `reply`, `tools` | what stands in it |
//! | `subagent`, `fork` | what stands in two files |
//! | `account` | what was written, counted |

mod account;
mod clock;
mod dice;
mod fork;
mod models;
mod reply;
mod session;
mod subagent;
mod tools;
mod transcript;
mod turn;
mod words;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use account::Account;
use dice::Dice;
use fork::Original;
use words::Words;

/// The file that says what is in a corpus.
pub(crate) const TRUTH: &str = "truth.json";

const MEGABYTE: u64 = 1_000_000;

/// Everything that is needed to write, and what was written so far.
struct Writer {
    dice: Dice,
    words: Words,
    account: Account,
    /// Replies so far: the last one's number.
    replies: u64,
}

/// Writes a corpus of about that many megabytes into a directory that is empty or not there.
pub(crate) fn generate(directory: &Path, megabytes: u64, seed: u64) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create `{}`", directory.display()))?;
    if fs::read_dir(directory).with_context(|| format!("cannot read `{}`", directory.display()))?.next().is_some() {
        bail!("`{}` is not empty; name a directory that is, or none", directory.display());
    }
    let mut dice = Dice::new(seed);
    let words = Words::draw(&mut dice);
    let mut writer = Writer { dice, words, account: Account::default(), replies: 0 };
    let places = session::Places::draw(&mut writer, directory);
    let mut originals: Vec<Original> = Vec::new();
    while writer.account.bytes < megabytes * MEGABYTE {
        if let Some(original) = session::session(&mut writer, &places, &originals)? {
            originals.push(original);
        }
    }
    let (truth, file) = (writer.account.json(seed), directory.join(TRUTH));
    fs::write(&file, format!("{truth:#}\n")).with_context(|| format!("cannot write `{}`", file.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;

    /// Writes a small corpus and returns the text of each of its files by its path.
    fn written(name: &str, seed: u64) -> BTreeMap<PathBuf, String> {
        let directory = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        generate(&directory, 20, seed).unwrap();
        assert!(generate(&directory, 20, seed).is_err(), "written twice");
        let (mut texts, mut waiting) = (BTreeMap::new(), vec![directory.clone()]);
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                texts.insert(path.strip_prefix(&directory).unwrap().to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
        fs::remove_dir_all(directory).unwrap();
        texts
    }

    /// Returns the key of a reply that the line speaks of, and what it was billed.
    fn billed(line: &Value) -> Option<(String, [u64; 4])> {
        let (holder, request) = match line["type"].as_str()? {
            "assistant" => (&line["message"], &line["requestId"]),
            "progress" => (&line["data"]["message"]["message"], &line["data"]["message"]["requestId"]),
            _ => return None,
        };
        let names = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
        let usage = names.map(|name| holder["usage"][name].as_u64().unwrap());
        (holder["model"] != "<synthetic>").then(|| (format!("{} {request}", holder["id"]), usage))
    }

    #[test]
    fn one_seed_gives_one_corpus() {
        assert_eq!(written("once", 1), written("again", 1));
    }

    #[test]
    fn whoever_counts_finds_the_truth() {
        let mut texts = written("counted", 3);
        let truth: Value = serde_json::from_str(&texts.remove(Path::new(TRUTH)).unwrap()).unwrap();
        let (mut replies, mut lines, mut torn) = (BTreeMap::<_, [u64; 4]>::new(), 0, 0);
        for line in texts.values().flat_map(|text| text.split_inclusive('\n')) {
            let Ok(line) = serde_json::from_str::<Value>(line) else {
                torn += 1;
                continue;
            };
            lines += 1;
            if let Some((key, usage)) = billed(&line) {
                let greatest = replies.entry(key).or_default();
                *greatest = std::array::from_fn(|place| greatest[place].max(usage[place]));
            }
        }
        let output: u64 = replies.values().map(|usage| usage[1]).sum();
        assert_eq!((truth["files"].as_u64(), truth["lines"].as_u64()), (Some(texts.len() as u64), Some(lines)));
        assert_eq!((truth["torn_lines"].as_u64(), truth["api_replies"].as_u64()), (Some(torn), Some(replies.len() as u64)));
        assert_eq!(truth["totals"]["dedup"]["output_tokens"].as_u64(), Some(output));
        assert_eq!(truth["bytes"].as_u64(), Some(texts.values().map(|text| text.len() as u64).sum()));
    }
}
