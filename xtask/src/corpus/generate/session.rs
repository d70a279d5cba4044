//! One session, from what the client notes at its start to its title.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::fork::{Original, fork};
use super::reply::Conversation;
use super::transcript::{Origin, Row, Transcript};
use super::turn::turn;
use super::{Writer, clock, models};

const PROJECTS: usize = 24;

/// The time over which the sessions are spread.
const SECONDS: f64 = 120.0 * 86_400.0;

/// The share of sessions that begin as another one did.
const FORKED: f64 = 0.04;

/// The share of files that end within a line.
const TORN: f64 = 0.02;

/// So many sessions can be forked.
const ORIGINALS: usize = 200;

/// What the client attaches at the start, and its usual length.
const ATTACHED: &[(&str, f64)] = &[
    ("environment", 500.0),
    ("model", 300.0),
    ("instructions", 6_000.0),
    ("session_context", 900.0),
    ("skill_listing", 5_000.0),
    ("agent_listing_delta", 1_500.0),
    ("deferred_tools_delta", 1_200.0),
];

/// Where sessions happen.
pub(super) struct Places {
    directory: PathBuf,
    projects: Vec<String>,
    branches: Vec<String>,
}

impl Places {
    pub(super) fn draw(to: &mut Writer, directory: &Path) -> Self {
        let (dice, words) = (&mut to.dice, &to.words);
        let projects = (0..PROJECTS).map(|_| format!("/home/ada/code/{}-{}", words.word(dice), words.word(dice))).collect();
        let branches = ["main", "main", "dev"].map(str::to_owned).into_iter();
        let branches = branches.chain(["feature", "fix"].map(|kind| format!("{kind}/{}", words.word(dice)))).collect();
        Self { directory: directory.join("projects"), projects, branches }
    }
}

/// Writes a session, and returns it if it can be forked.
pub(super) fn session(to: &mut Writer, places: &Places, originals: &[Original]) -> Result<Option<Original>> {
    // The first projects are the busy ones.
    let project = (to.dice.waiting(PROJECTS as f64 / 4.0) as usize).min(PROJECTS - 1);
    let origin = Origin {
        session: to.dice.uuid(),
        cwd: places.projects[project].clone(),
        branch: to.dice.pick(&places.branches).clone(),
        version: format!("2.1.{}", to.dice.pick(&[190, 204, 217, 228, 237])),
    };
    let folder: String = origin.cwd.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let path = places.directory.join(folder).join(format!("{}.jsonl", origin.session));
    let mut on = Transcript::begin(path, origin, None)?;
    on.shape = to.dice.hex(64);
    let mut at = to.dice.share() * SECONDS;
    let mut talk = Conversation::new(to.dice.between(11_000, 19_000), to.dice.between(200, 3_000));
    prelude(to, &mut on, at)?;
    let is_fork = !originals.is_empty() && to.dice.chance(FORKED);
    if is_fork {
        let original = to.dice.pick(originals);
        fork(to, &mut on, original)?;
    }
    let mut model = models::any(&mut to.dice);
    for _ in 0..to.dice.size(5.0, 1.3, 1, 1_500) {
        if to.dice.chance(0.03) {
            model = models::any(&mut to.dice);
        }
        at = turn(to, &mut on, &mut talk, at, model)?;
    }
    close(to, &mut on, model)?;
    let torn = to.dice.chance(TORN);
    let (path, origin, lines) = on.end(&mut to.account, torn)?;
    to.account.sessions += 1;
    let can_be_forked = !is_fork && originals.len() < ORIGINALS;
    Ok(can_be_forked.then_some(Original { path, session: origin.session, lines }))
}

/// Writes what the client notes before anybody types.
fn prelude(to: &mut Writer, on: &mut Transcript, at: f64) -> Result<()> {
    for (kind, median) in ATTACHED {
        let size = to.dice.size(*median, 0.3, 100, 20_000);
        let content = to.words.prose.take(&mut to.dice, size);
        let own = format!(r#","attachment":{{"type":"{kind}","content":"{content}"}},"type":"attachment""#);
        on.row((&mut to.dice, &mut to.account), at, Row::new("attachment", &own))?;
    }
    let (session, version, time) = (on.origin.session.clone(), on.origin.version.clone(), clock::timestamp(at));
    let head = |kind: &str| format!(r#"{{"type":"{kind}","sessionId":"{session}","timestamp":"{time}","version":"{version}""#);
    for _ in 0..5 {
        let (size, hash) = (to.dice.size(20_000.0, 0.7, 300, 40_000), to.dice.hex(64));
        let blob = to.words.prose.take(&mut to.dice, size);
        let line = format!(r#"{},"hash":"{hash}","blob":"{blob}"}}"#, head("api-request-blob"));
        on.line(&mut to.account, "api-request-blob", None, line.as_bytes())?;
    }
    let shape = to.words.prose.take(&mut to.dice, 20_000);
    let line = format!(r#"{},"shapeHash":"{}","shape":"{shape}"}}"#, head("api-request-shape"), on.shape);
    on.line(&mut to.account, "api-request-shape", None, line.as_bytes())?;
    let line = format!(r#"{{"type":"mode","mode":"normal","sessionId":"{session}"}}"#);
    on.line(&mut to.account, "mode", None, line.as_bytes())?;
    if to.dice.chance(0.2) {
        let (summary, leaf) = (to.words.sentence(&mut to.dice, 7), to.dice.uuid());
        let line = format!(r#"{{"type":"summary","summary":"{summary}","leafUuid":"{leaf}"}}"#);
        on.line(&mut to.account, "summary", None, line.as_bytes())?;
    }
    Ok(())
}

/// Writes what the client notes when it ends: its own sums, which are not ours to count.
fn close(to: &mut Writer, on: &mut Transcript, model: &str) -> Result<()> {
    let session = on.origin.session.clone();
    let line = format!(r#"{{"type":"tools-used","sessionId":"{session}","tools":["Bash","Read","Edit"]}}"#);
    on.line(&mut to.account, "tools-used", None, line.as_bytes())?;
    let mut figure = |most| to.dice.between(1, most);
    let line = format!(
        concat!(
            r#"{{"type":"cost-state","sessionId":"{}","totalCostUSD":{}.5,"totalAPIDuration":{},"totalLinesAdded":{},"#,
            r#""modelUsage":{{"{}":{{"inputTokens":{},"outputTokens":{},"cacheReadInputTokens":{},"cacheCreationInputTokens":{}}}}}}}"#
        ),
        session,
        figure(9),
        figure(1_000_000),
        figure(999),
        model,
        figure(999),
        figure(100_000),
        figure(10_000_000),
        figure(1_000_000)
    );
    on.line(&mut to.account, "cost-state", None, line.as_bytes())?;
    if to.dice.chance(0.5) {
        let title = to.words.sentence(&mut to.dice, 5);
        let line = format!(r#"{{"type":"ai-title","title":"{title}","sessionId":"{session}"}}"#);
        on.line(&mut to.account, "ai-title", None, line.as_bytes())?;
    }
    Ok(())
}
