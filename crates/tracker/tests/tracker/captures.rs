//! The captured runs of the real agent, told three ways: by its hooks, by its transcripts, by the stream that it printed. Turns, tool calls and
//! tokens agree, or a reason says by how much they do not.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::{Home, captured, captured_lines, captured_runs};
use tracker::{ToolsBy, TranscriptView, UsageBy, WantedTools, WantedUsage, read_zone};

use crate::calls::sessions;
use crate::hooks::{calls, timeline};

/// Input, output, written to and read from a cache.
type Tokens = [i64; 4];

const NO_TOKENS: Tokens = [0; 4];

/// Why hooks or the stream tell more than the transcripts do, or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// A task in the background ended: a turn for hooks and in the stream, and in the transcript one that nobody typed.
    NobodyTyped,
    /// So many turns of a fork are copies; nobody asked for them again.
    Copied(i64),
    /// A command of the agent's own, `/compact`, begins a turn of the stream and nothing else.
    Command,
    /// The summary of a compaction was paid for, and its tokens are in no transcript.
    Summary(Tokens),
    /// The run was killed before it could say what it used.
    Killed(Tokens),
    /// Of a run no hooks were kept.
    NoHooks { turns: i64, calls: i64 },
    /// Of a run no stream was kept.
    NoStream { turns: i64, calls: i64, tokens: Tokens },
}

/// By how much hooks and the stream tell more than the transcripts do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Difference {
    heard_turns: i64,
    heard_calls: i64,
    streamed_turns: i64,
    streamed_calls: i64,
    streamed_tokens: Tokens,
}

impl Reason {
    fn difference(self) -> Difference {
        let none = Difference::default();
        match self {
            Self::NobodyTyped => Difference { heard_turns: 1, streamed_turns: 1, ..none },
            Self::Copied(turns) => Difference { heard_turns: -turns, streamed_turns: -turns, ..none },
            Self::Command => Difference { streamed_turns: 1, ..none },
            Self::Summary(tokens) => Difference { streamed_tokens: tokens, ..none },
            Self::Killed(tokens) => Difference { streamed_tokens: less(NO_TOKENS, tokens), ..none },
            Self::NoHooks { turns, calls } => Difference { heard_turns: -turns, heard_calls: -calls, ..none },
            Self::NoStream { turns, calls, tokens } => {
                Difference { streamed_turns: -turns, streamed_calls: -calls, streamed_tokens: less(NO_TOKENS, tokens), ..none }
            }
        }
    }
}

impl Difference {
    fn and(self, other: Self) -> Self {
        Self {
            heard_turns: self.heard_turns + other.heard_turns,
            heard_calls: self.heard_calls + other.heard_calls,
            streamed_turns: self.streamed_turns + other.streamed_turns,
            streamed_calls: self.streamed_calls + other.streamed_calls,
            streamed_tokens: less(self.streamed_tokens, less(NO_TOKENS, other.streamed_tokens)),
        }
    }
}

/// One or more runs of which transcripts were kept, and what else was.
struct Case {
    transcripts: &'static [&'static str],
    hooks: &'static [&'static str],
    streams: &'static [&'static str],
    reasons: &'static [Reason],
}

const fn case(
    transcripts: &'static [&'static str],
    hooks: &'static [&'static str],
    streams: &'static [&'static str],
    reasons: &'static [Reason],
) -> Case {
    Case { transcripts, hooks, streams, reasons }
}

const CASES: &[Case] = &[
    case(&["new"], &["new-print"], &["new"], &[]),
    case(&["resumed-and-continued"], &["new-print", "resume", "continue"], &["new", "resume", "continue"], &[]),
    case(
        &["compacted-manual-and-resumed"],
        &["new-print", "resume", "continue", "compact-manual", "after-compact"],
        &["new", "resume", "continue", "compact-manual"],
        &[Reason::Command, Reason::Summary([13, 58, 120, 2100]), Reason::NoStream { turns: 1, calls: 0, tokens: [8, 8, 120, 1500] }],
    ),
    case(
        &["resumed-and-continued", "forked-by-flag"],
        &["new-print", "resume", "continue", "fork-flag"],
        &["new", "resume", "continue", "fork-flag"],
        &[Reason::Copied(3)],
    ),
    case(
        &["compacted-auto"],
        &["compact-auto"],
        &["compact-auto"],
        &[
            Reason::Summary([11, 58, 120, 1860]),
            Reason::NoHooks { turns: 1, calls: 3 },
            Reason::NoStream { turns: 1, calls: 3, tokens: NO_TOKENS },
        ],
    ),
    case(&["subagent"], &["subagent"], &["subagent"], &[]),
    case(&["subagents-parallel"], &["subagents-parallel"], &["subagents-parallel"], &[]),
    case(&["subagent-background"], &["subagent-background"], &["subagent-background"], &[Reason::NobodyTyped]),
    case(&["bash-background"], &["bash-background"], &["bash-background"], &[Reason::NobodyTyped]),
    case(&["tasks"], &["tasks"], &["tasks"], &[]),
    case(&["tool-failures"], &["tool-failures"], &["tool-failures"], &[]),
    case(&["permission-denied"], &["permission-denied-print"], &["permission-denied"], &[]),
    case(&["worktree-moved"], &["worktree-enter"], &["worktree-enter"], &[]),
    case(
        &["worktree-exited-after-resume"],
        &["worktree-enter", "worktree-exit-after-resume"],
        &["worktree-enter"],
        &[Reason::NoStream { turns: 1, calls: 1, tokens: [21, 42, 240, 3600] }],
    ),
    case(&["chosen-session-id"], &["chosen-session-id"], &["chosen-session-id"], &[]),
    case(&["killed-during-tool"], &["killed-during-tool"], &["killed-during-tool"], &[Reason::Killed([7, 59, 1500, 0])]),
    case(
        &["killed-and-resumed"],
        &["killed-during-tool", "resume-after-kill"],
        &["killed-during-tool", "resume-after-kill"],
        &[Reason::Killed([7, 59, 1500, 0])],
    ),
    case(&["killed-during-stream"], &["killed-during-stream"], &["killed-during-stream"], &[]),
    case(&["sigint"], &["sigint"], &["sigint"], &[]),
    case(&["sigterm"], &["sigterm"], &["sigterm"], &[Reason::Killed([7, 59, 1500, 0])]),
    case(&["api-error-400"], &["api-error-400-print"], &["api-error-400"], &[]),
    case(&["api-error-429"], &["api-429-print"], &["api-error-429"], &[]),
    case(&["api-retry-529"], &["api-retry-529"], &["api-retry-529"], &[]),
    case(
        &["concurrent-processes"],
        &["concurrent-first", "concurrent-second"],
        &["partial-messages"],
        &[Reason::NoHooks { turns: 2, calls: 1 }, Reason::NoStream { turns: 4, calls: 0, tokens: [40, 32, 480, 6960] }],
    ),
    case(&["max-tokens"], &[], &["max-tokens"], &[]),
    case(&["prompt-too-long"], &[], &["prompt-too-long"], &[]),
    case(&["refusal"], &[], &["refusal"], &[]),
    case(&["api-error-401-retries"], &[], &["api-error-401-retries"], &[]),
    case(&["background-session"], &["background-session"], &[], &[]),
    case(&["cd"], &["cd"], &[], &[]),
    case(&["cleared"], &["interactive-clear-compact-exit"], &[], &[]),
    case(
        &["branched-and-rewound"],
        &["interactive-permissions-question-model-rename-branch-resume-rewind-hangup"],
        &[],
        &[Reason::Copied(5)],
    ),
    case(&["interactive-api-errors"], &["interactive-api-errors"], &[], &[]),
    case(&["interactive-errors-and-escape"], &["interactive-errors-and-escape"], &[], &[]),
    case(&["queued-mid-turn"], &["queued-mid-turn"], &[], &[]),
];

/// What one of the three tells.
#[derive(Debug, Default)]
struct Told {
    turns: i64,
    calls: BTreeSet<String>,
    tokens: Tokens,
}

impl Case {
    fn home(&self) -> Home {
        let home = Home::new();
        for case in self.transcripts {
            copy(&captured("transcripts").join(case), &home.path(".claude/projects").join(case));
        }
        for (_, run) in captured_runs().iter().filter(|(name, _)| self.hooks.contains(&name.as_str())) {
            calls(&home, run).iter().for_each(|call| call.leave(&home));
        }
        home
    }
}

/// What hooks tell, as `rutter` understands them.
fn told_by_hooks(home: &Home) -> Told {
    let tracker = home.tracker();
    let mut told = Told::default();
    for view in sessions(&tracker) {
        told.turns += view.turns as i64;
        for turn in timeline(&tracker, &view) {
            // Those that only the transcript knows are no hook's.
            let ids = turn.tool_calls.into_iter().map(|call| call.id);
            told.calls.extend(ids.filter(|id| !id.starts_with("transcript:")));
        }
    }
    told
}

/// What transcripts tell, as `rutter` understands them.
fn told_by_transcripts(case: &Case, home: &Home) -> Told {
    let mut told = Told::default();
    let mut known = BTreeSet::new();
    for file in files(case) {
        let view = TranscriptView::read(&file).unwrap();
        told.turns += view.turns as i64;
        let own: BTreeSet<_> = captured_lines(&file).iter().flat_map(calls_of).collect();
        assert_eq!((view.parse_errors, view.tool_calls_total), (0, own.len() as u64), "{}", file.display());
        known.extend(own);
    }
    told.calls = known;
    let all = home.tracker().usage(&wanted(), &mut |_, _| {}).unwrap().total.all.usage;
    told.tokens = [all.input, all.output, all.cache_write, all.cache_read].map(|tokens| tokens as i64);
    told
}

/// What the streams tell: an `init` for each turn, each call, and running totals.
fn told_by_streams(case: &Case) -> Told {
    let lines: Vec<_> =
        case.streams.iter().flat_map(|name| captured_lines(&captured("stream-json").join(format!("{name}.jsonl")))).collect();
    let mut told = Told { calls: lines.iter().flat_map(calls_of).collect(), ..Told::default() };
    told.turns = lines.iter().filter(|line| line["subtype"] == "init").count() as i64;
    for model in
        lines.iter().rfind(|line| line["type"] == "result").iter().flat_map(|line| line["modelUsage"].as_object().unwrap().values())
    {
        let names = ["inputTokens", "outputTokens", "cacheCreationInputTokens", "cacheReadInputTokens"];
        told.tokens = less(told.tokens, names.map(|name| -model[name].as_i64().unwrap()));
    }
    told
}

fn less(one: Tokens, other: Tokens) -> Tokens {
    std::array::from_fn(|place| one[place] - other[place])
}

fn wanted() -> WantedUsage {
    WantedUsage {
        by: UsageBy::Model,
        since: None,
        until: None,
        zone: read_zone("UTC").unwrap(),
        models: Vec::new(),
        session: None,
        all_projects: true,
    }
}

fn calls_of(line: &Value) -> Vec<String> {
    let blocks = line["message"]["content"].as_array().into_iter().flatten().filter(|block| block["type"] == "tool_use");
    blocks.map(|block| block["id"].as_str().unwrap().to_owned()).collect()
}

fn files(case: &Case) -> Vec<std::path::PathBuf> {
    case.transcripts.iter().flat_map(|name| below(&captured("transcripts").join(name))).collect()
}

fn below(path: &std::path::Path) -> Vec<std::path::PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let mut entries: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| below(entry)).collect()
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for file in below(from) {
        let copy = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(file, copy).unwrap();
    }
}

/// How many calls of transcripts somebody else does not know, below zero; nobody knows others.
fn calls_beside(case: &Case, told: &Told, transcripts: &Told) -> i64 {
    assert!(told.calls.is_subset(&transcripts.calls), "{:?}: {:?}", case.transcripts, told.calls.difference(&transcripts.calls));
    told.calls.len() as i64 - transcripts.calls.len() as i64
}

#[test]
fn hooks_transcripts_and_streams_tell_the_same_or_a_reason_says_why_not() {
    let mut wrong = Vec::new();
    for case in CASES {
        let home = case.home();
        let (hooks, transcripts, streams) = (told_by_hooks(&home), told_by_transcripts(case, &home), told_by_streams(case));
        let mut found = Difference::default();
        if !case.hooks.is_empty() {
            (found.heard_turns, found.heard_calls) = (hooks.turns - transcripts.turns, calls_beside(case, &hooks, &transcripts));
        }
        if !case.streams.is_empty() {
            (found.streamed_turns, found.streamed_calls) = (streams.turns - transcripts.turns, calls_beside(case, &streams, &transcripts));
            found.streamed_tokens = less(streams.tokens, transcripts.tokens);
        }
        let reasons = case.reasons.iter().map(|reason| reason.difference());
        let mut stated = reasons.fold(Difference::default(), Difference::and);
        if case.streams.is_empty() {
            (stated.streamed_turns, stated.streamed_calls) = (0, 0);
        }
        if found != stated {
            wrong.push(format!("{:?}: {found:?}, stated is {stated:?}", case.transcripts));
        }
        // Hooks and transcripts laid over each other: a call that both know counts once.
        assert_eq!(counted_calls(&home), transcripts.calls.len() as u64, "{:?}", case.transcripts);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn counted_calls(home: &Home) -> u64 {
    let zone = read_zone("UTC").unwrap();
    let wanted = WantedTools { session: None, by: ToolsBy::Tool, since: None, until: None, zone, all_projects: true };
    home.tracker().tools(&wanted, &mut |_, _| {}).unwrap().total.calls
}
