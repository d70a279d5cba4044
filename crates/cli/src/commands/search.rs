//! `rutter search`

use clap::Args;
use clap::builder::PossibleValuesParser;
use tracker::{FoundHits, HitView, SearchIn, Tracker, WantedHits, parse_since, parse_through};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, plain};

/// Search what was recorded: entries, sessions, prompts, and if you allow it, transcripts
///
/// All words have to be there, in any order and in any case. "Words in quotes" stand beside each other, some* is how a word begins, -word must not be
/// there, and one OR another is enough. Names in code are found as they are written, and by what they are put together from. The text of transcripts
/// is searched once `rutter config index.transcript_text true` allowed it.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter search login token              What was said of both in this project, newest first\n  rutter search '\"token expired\" -test' --since 7d\n  rutter search parse_token --in transcripts --tool Bash --all-projects\n  rutter search 'refresh*' --rank --json | jq -r .resume"
)]
pub(crate) struct SearchArgs {
    /// What to search for
    #[arg(required = true, value_name = "QUERY", value_parser = lossy())]
    query: Vec<String>,
    /// Not what has this word or phrase (can be repeated); the same as -word within quotes
    #[arg(long = "not", value_name = "WORD", value_parser = lossy())]
    without: Vec<String>,
    /// Only among these, with commas between them
    #[arg(long = "in", value_name = "PLACES", value_delimiter = ',', value_parser = PossibleValuesParser::new(SearchIn::ALL.map(SearchIn::as_str)))]
    among: Vec<String>,
    /// Best first, not newest
    #[arg(long)]
    rank: bool,
    /// Also in other projects
    #[arg(long)]
    all_projects: bool,
    /// Only since then: 7d, 10 minutes ago, 2026-02-16
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only until then; a day is meant to its end
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only of this agent (can be repeated)
    #[arg(long = "agent", value_name = "AGENT", value_parser = lossy())]
    agents: Vec<String>,
    /// Only what this tool was called with, or gave back (can be repeated)
    #[arg(long = "tool", value_name = "TOOL", value_parser = lossy())]
    tools: Vec<String>,
    /// Only of tool calls about this file, by its path or the end of it (can be repeated)
    #[arg(long = "file", value_name = "PATH", value_parser = lossy())]
    files: Vec<String>,
    /// Only what is this (can be repeated)
    #[arg(long = "role", value_name = "ROLE", value_parser = PossibleValuesParser::new(tracker::search_roles()))]
    roles: Vec<String>,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub(super) fn search(context: &Context, args: &SearchArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        if let Some(nothing) = args.without.iter().find(|word| !word.contains(char::is_alphanumeric)) {
            return Err(Failure::wrong(format!("there is no word in `{nothing}` to leave out")));
        }
        let wanted = args.wanted(context, tracker)?;
        let found = tracker.search_for(&wanted)?;
        if found.hits.is_empty() {
            return Err(nothing(&found, &wanted));
        }
        context.ui.list(&found.hits, || page(&found.hits))
    })
}

impl SearchArgs {
    /// Returns the query as if it had been typed in one.
    fn words(&self) -> String {
        let without = self.without.iter().map(|word| {
            let star = if word.trim_end_matches('"').ends_with('*') || word.ends_with('*') { "*" } else { "" };
            format!("-\"{}\"{star}", word.replace(['"', '*'], " "))
        });
        let query = self.query.join(" ");
        // What is left out stands outside of a phrase that nobody closed.
        let end = if self.without.is_empty() || query.matches('"').count().is_multiple_of(2) { "" } else { "\"" };
        std::iter::once(format!("{query}{end}")).chain(without).collect::<Vec<_>>().join(" ")
    }

    fn wanted(&self, context: &Context, tracker: &Tracker) -> Result<WantedHits, Failure> {
        let through = |until: &str| parse_through(until, tracker.clock(), &tracker.clock().zone());
        let until = self.until.as_deref().map(through).transpose()?;
        let is_meant = |place: &&SearchIn| self.among.iter().any(|named| named == place.as_str());
        Ok(WantedHits {
            query: self.words(),
            among: SearchIn::ALL.iter().filter(is_meant).copied().collect(),
            session: context.global.session.clone(),
            all_projects: self.all_projects,
            agents: self.agents.clone(),
            tools: self.tools.clone(),
            files: self.files.clone(),
            roles: self.roles.clone(),
            since_micros: self.since.as_deref().map(|since| parse_since(since, tracker.clock())).transpose()?,
            until_micros: until.map(|millis| millis.saturating_mul(1_000)),
            is_ranked: self.rank,
            limit: self.limit,
        })
    }
}

/// Says that nothing was found, and what could be typed to find more.
fn nothing(found: &FoundHits, wanted: &WantedHits) -> Failure {
    let mut failure = Failure::no("nothing fits");
    if !wanted.all_projects && wanted.session.is_none() {
        failure = failure.hint("`--all-projects` searches everywhere");
    }
    let wants_text = wanted.among.is_empty() || wanted.among.contains(&SearchIn::Transcripts);
    if wants_text && !found.has_text {
        failure = failure.hint("transcripts are not searched; `rutter config index.transcript_text true` has their text kept, redacted");
    }
    failure
}

fn page(hits: &[HitView]) -> Page {
    let mut page = Page::default();
    for hit in hits {
        // `2026-02-16T17:30:03.123456+01:00`: to the minute.
        let at = hit.at.get(..16).unwrap_or(&hit.at).replace('T', " ");
        let owner = hit.session.as_deref().or(hit.agent_session.as_deref()).unwrap_or("unknown");
        let about: Vec<&str> = [Some(hit.role.as_str()), hit.tool.as_deref(), hit.file.as_deref()].into_iter().flatten().collect();
        page.line([
            Span::Text(Role::Dim, format!("{at}  ")),
            Span::Text(Role::Id, brief(owner)),
            plain(format!("  {}", brief(&about.join(" ")))),
            Span::Text(Role::Dim, hit.agent.as_deref().map_or_else(String::new, |agent| format!("  {}", brief(agent)))),
        ]);
        let piece = |piece: &tracker::Piece| Span::Text(if piece.is_found { Role::Heading } else { Role::Plain }, piece.text.clone());
        page.line(std::iter::once(plain("    ")).chain(hit.pieces.iter().map(piece)));
    }
    if let Some(resume) = hits.iter().find_map(|hit| hit.resume.as_deref()) {
        page.gap().line([Span::Text(Role::Dim, format!("To go on there: {}", brief(resume)))]);
    }
    page
}
