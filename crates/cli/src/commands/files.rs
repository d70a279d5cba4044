//! `rutter files`

use clap::Args;
use tracker::FileView;
use tracker::session::{Session, Survey};

use crate::arguments::lossy;
use crate::commands::Context;
use crate::failure::Failure;
use crate::page::{Page, Role, Span, brief, counted, plain};

/// Show the files that a session touched
///
/// Of a session that goes on: up to now. Of one that has ended: as they were found when it did. Behind each file stands where git has the
/// change (committed, staged, unstaged, untracked), how it is known, and which other sessions may have touched it: a tool call that named
/// the file comes first, what differs since the start second. Outside git only tool calls tell, and a note says so.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  rutter files                       What the current session touched so far\n  rutter files 3 --json | jq -r 'select(.change == \"created\").path'"
)]
pub(crate) struct FilesArgs {
    /// The session (default: the current one)
    #[arg(value_name = "SESSION", value_parser = lossy())]
    named: Option<String>,
}

pub(super) fn files(context: &Context, args: &FilesArgs) -> Result<(), Failure> {
    context.read(|tracker| {
        let (session, survey) = tracker.files(context.named(&args.named))?;
        let views = tracker.file_views(&survey)?;
        if views.is_empty() {
            context.ui.note("No files touched yet.");
        } else {
            context.ui.list(&views, || page(&session, &survey, &views))?;
        }
        survey.gaps.iter().for_each(|gap| context.ui.note(&format!("note: {gap}")));
        Ok(())
    })
}

/// What became of files, in the order in which people ask for it.
const CHANGES: [(&str, &str); 5] = [
    ("created", "Created"),
    ("modified", "Modified"),
    ("deleted", "Deleted"),
    ("renamed", "Renamed"),
    ("unchanged", "Touched, and as they were"),
];

fn page(session: &Session, survey: &Survey, views: &[FileView]) -> Page {
    let mut page = Page::default();
    page.line([Span::Text(Role::Heading, "Files of ".into()), Span::Text(Role::Id, session.id.to_string()), plain(":")]);
    for (change, heading) in CHANGES {
        let group: Vec<_> = views.iter().filter(|view| view.change == change).collect();
        if !group.is_empty() {
            page.gap().line([Span::Text(Role::Heading, format!("{heading} ({})", group.len()))]);
            for view in group {
                page.line(line(view));
            }
        }
    }
    page.gap().text(totals(survey, views));
    page
}

fn line(view: &FileView) -> [Span; 2] {
    let name = view.from.as_ref().map_or_else(|| brief(&view.path), |from| format!("{} (was {})", brief(&view.path), brief(from)));
    let held = [(view.committed, "committed"), (view.staged, "staged"), (view.unstaged, "unstaged"), (view.untracked, "untracked")];
    let mut marks: Vec<_> = held.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word.to_owned()).collect();
    marks.push(format!("by {}", view.by));
    marks.extend((!view.others.is_empty()).then(|| format!("also {}", view.others.join(", "))));
    [plain(format!("  {name}  ")), Span::Text(Role::Dim, format!("[{}]", marks.join(", ")))]
}

fn totals(survey: &Survey, views: &[FileView]) -> String {
    let by = |word: &str| views.iter().filter(|view| view.by == word).count();
    let more = if survey.more > 0 { format!(", {} more not listed", survey.more) } else { String::new() };
    let commits = survey.git.as_ref().map_or(0, |git| git.commits.len());
    let commits = if commits > 0 { format!("; {}", counted(commits as u64, "commit")) } else { String::new() };
    format!("{}{more}: {} by tool calls, {} by what differs{commits}", counted(views.len() as u64, "file"), by("tool"), by("diff"))
}
