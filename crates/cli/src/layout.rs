//! Banner, listing and statistics, as people know them from the first scripts.

use tracker::session::{Session, Status, WorkItem};
use tracker::{
    EntryCounts, EntryView, OverviewView, SessionView, StatsView, SummaryView, TransitionView, TurnView, WorkItemView, duration_words,
};

use crate::page::{Page, Role, Span, brief, counted, number, plain};

const RULE: &str = "================================================================================";

/// Which banner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Banner {
    /// Id, start and status.
    Short,
    /// Also the description and the number of work items.
    Full,
}

/// Returns the banner of a session.
pub(crate) fn banner(session: &Session, kind: Banner) -> Page {
    let mut page = Page::default();
    page.text(RULE).line([Span::Icon("📋", ""), Span::Text(Role::Heading, "SESSION ID FOR TRACKING".into())]).text(RULE).gap();
    page.line([Span::Icon("🆔", ""), plain("Session ID: "), id(session.id.as_str())]);
    page.line([Span::Icon("📅", ""), plain(format!("Started: {}", started(session)))]);
    page.line([Span::Icon("📊", ""), plain("Status: "), status(session.status())]);
    if kind == Banner::Full {
        if let Some(description) = &session.description {
            page.line([Span::Icon("📝", ""), plain(format!("Description: {}", brief(description.text.as_str())))]);
        }
        if session.work.total > 0 {
            page.line([Span::Icon("🔧", ""), plain(format!("Work Items: {}", session.work.total))]);
        }
    }
    page.gap().line([Span::Icon("💡", ""), plain("Use this ID to track this session in logs and reports")]).text(RULE);
    page
}

/// Returns a list of sessions.
pub(crate) fn listing(sessions: &[Session], limit: Option<usize>) -> Page {
    let mut page = Page::default();
    let heading = limit.map_or_else(|| "Sessions:".to_owned(), |limit| format!("Recent Sessions (last {limit}):"));
    page.line([Span::Icon("📋", ""), Span::Text(Role::Heading, heading)]);
    for session in sessions {
        let description = session.description.as_ref().map_or("", |description| description.text.as_str());
        page.gap().line([status_icon(session.status()), id(session.id.as_str())]);
        page.text(format!("   Started: {}", started(session)));
        page.line([plain("   Status: "), status(session.status())]);
        page.text(format!("   Description: {}", brief(description)));
    }
    page
}

/// Returns the numbers of one session.
pub(crate) fn stats(view: &StatsView) -> Page {
    let mut page = Page::default();
    page.line([Span::Icon("📊", ""), plain("Session Statistics: "), id(&view.session.id)]).gap();
    page.text(format!("Duration: {}", view.duration_formatted));
    page.text(format!("Total Work Items: {}", view.total_work_items));
    page.text(format!("Completed: {}", view.completed_work_items));
    page.text(format!("In Progress: {}", view.in_progress_work_items));
    let role = view.session.status.parse().map_or(Role::Plain, role_of);
    page.line([plain("Status: "), Span::Text(role, view.session.status.to_owned())]);
    let EntryCounts { log, decision, test, blocker, todo } = view.session.entries;
    let entries: u64 = [log, decision, test, blocker, todo].into_iter().map(u64::from).sum();
    for (name, number) in [("Entries", entries), ("Turns", view.session.turns), ("Tool Calls", view.session.tool_calls)] {
        if number > 0 {
            page.text(format!("{name}: {number}"));
        }
    }
    page.texts(tokens(&view.session).map(|tokens| format!("Tokens: {tokens}")));
    page
}

/// Returns what a session used, in words; nothing where nobody knows.
fn tokens(session: &SessionView) -> Option<String> {
    let usage = session.usage.as_ref()?;
    let tokens = |key: &str| number(usage[key].as_u64().unwrap_or_default());
    let at_least = if usage["at_least"] == true { "at least " } else { "" };
    let cost = usage["cost_usd"].as_f64().map(|dollars| format!(", {at_least}{dollars:.2} USD")).unwrap_or_default();
    Some(format!(
        "{} in, {at_least}{} out, {} to and {} from caches{cost}",
        tokens("input"),
        tokens("output"),
        tokens("cache_write"),
        tokens("cache_read")
    ))
}

/// Returns the numbers of many sessions.
pub(crate) fn overview(view: &OverviewView) -> Page {
    let mut page = Page::default();
    page.line([Span::Icon("📊", ""), Span::Text(Role::Heading, "Session Statistics".into())]).gap();
    page.text(format!("Sessions: {}", view.sessions));
    page.text(format!("Average Duration: {}", duration(view.average_duration_seconds)));
    page.text(format!("Completion Rate: {}", percent(view.completion_rate)));
    page.text(format!("Work Items: {} ({} completed)", view.total_work_items, view.completed_work_items));
    for (heading, groups) in [("By type", &view.by_type), ("By project", &view.by_project), ("By day", &view.by_day)] {
        let row = |group: &tracker::GroupView| {
            let key = group.key.as_deref().map_or_else(|| "(no project)".to_owned(), brief);
            vec![key, group.sessions.to_string(), duration(group.average_duration_seconds), percent(group.completion_rate)]
        };
        let head = ["", "sessions", "average", "rate"].map(str::to_owned).to_vec();
        let rows: Vec<_> = std::iter::once(head).chain(groups.iter().map(row)).collect();
        page.gap().line([Span::Text(Role::Heading, heading.into())]).table(&rows);
    }
    page
}

/// Returns a list of work items.
pub(crate) fn work_items(session: &Session, items: &[WorkItem]) -> Page {
    let mut page = Page::default();
    page.line([Span::Icon("🔧", ""), Span::Text(Role::Heading, "Work Items of ".into()), id(session.id.as_str()), plain(":")]);
    for item in items {
        let view = WorkItemView::of(item, session);
        page.gap().line([work_icon(&view.status), id(&view.id)]);
        page.text(format!("   Started: {}", item.started.moment.local().strftime("%Y-%m-%dT%H:%M:%S")));
        page.text(format!("   Status: {}", view.status));
        page.text(format!("   Description: {}", brief(&view.description)));
    }
    page
}

/// Returns what was written down in a session.
pub(crate) fn entries(session: &Session, views: &[EntryView]) -> Page {
    let mut page = Page::default();
    page.line([Span::Icon("📝", ""), Span::Text(Role::Heading, "Entries of ".into()), id(session.id.as_str()), plain(":")]);
    for view in views {
        let category = view.category.map_or_else(String::new, |category| format!(" [{category}]"));
        page.gap().line([id(&view.id), plain(format!(" {}{category}", entry_standing(view)))]);
        page.text(format!("   {}", brief(&view.text)));
        for (name, value) in
            [("Because", &view.rationale), ("Command", &view.command), ("Replaces", &view.replaces), ("Said", &view.resolution)]
        {
            if let Some(value) = value {
                page.text(format!("   {name}: {}", brief(value)));
            }
        }
        for alternative in &view.alternatives {
            page.text(format!("   Instead of: {}", brief(alternative)));
        }
        for failure in &view.failures {
            page.text(format!("   Failed: {}", brief(failure)));
        }
        page.line([Span::Text(Role::Dim, format!("   {}", entry_times(view)))]);
    }
    page
}

/// Returns what was done, decided, tested, blocked, changed and spent.
pub(crate) fn summary(view: &SummaryView) -> Page {
    let session = &view.session;
    let mut page = Page::default();
    let number = session.number.map_or_else(String::new, |number| format!("#{number:05} "));
    page.line([Span::Icon("📋", ""), Span::Text(Role::Heading, format!("Summary of session {number}")), id(&session.id)]).gap();
    if let Some(description) = &session.description {
        page.text(brief(description));
    }
    let role = session.status.parse().map_or(Role::Plain, role_of);
    page.line([
        plain("Status: "),
        Span::Text(role, session.status.to_owned()),
        plain(format!(", {}", duration_words(session.duration_seconds))),
    ]);
    if session.turns + session.tool_calls > 0 {
        page.text(format!("Spent: {}, {}", counted(session.turns, "turn"), counted(session.tool_calls, "tool call")));
        page.texts(tokens(session).map(|tokens| format!("Tokens: {tokens}")));
    }
    if !view.work.is_empty() {
        page.gap().line([Span::Text(Role::Heading, "Work items".into())]);
        page.texts(view.work.iter().map(|item| format!("  - {} {}: {}", item.id, item.status, brief(&item.description))));
    }
    page.page(summed_up(view));
    page
}

/// Returns what was done, decided, tested, blocked and changed, without the session and its work items.
pub(crate) fn summed_up(view: &SummaryView) -> Page {
    let mut page = Page::default();
    for (heading, entries) in
        [("Done", &view.done), ("Decided", &view.decided), ("Tested", &view.tested), ("Blocked", &view.blocked), ("Left to do", &view.todo)]
    {
        if !entries.is_empty() {
            page.gap().line([Span::Text(Role::Heading, heading.into())]);
            page.texts(entries.iter().map(|entry| format!("  - {}", in_a_line(entry))));
        }
    }
    for (heading, claims) in [("Changed", &view.files), ("Committed", &view.commits)] {
        if !claims.is_empty() {
            page.gap().line([Span::Text(Role::Heading, heading.into())]);
            page.texts(claims.iter().map(|claim| format!("  - {}", brief(&claim.text))));
        }
    }
    page
}

fn in_a_line(entry: &EntryView) -> String {
    let text = brief(&entry.text);
    match (&entry.rationale, entry.passed, entry.failed, entry.resolved) {
        (Some(why), ..) => format!("{text}, because {}", brief(why)),
        (None, Some(passed), Some(failed), _) => format!("{text}: {passed} passed, {failed} failed"),
        (None, None, None, Some(true)) => format!("{text} (settled)"),
        (None, None, None, Some(false)) => format!("{text} (open, {})", entry.id),
        _ => entry.category.map_or_else(|| text.clone(), |category| format!("{text} [{category}]")),
    }
}

/// Says what an entry is worth now.
fn entry_standing(view: &EntryView) -> String {
    let kind = view.kind;
    match (&view.replaced_by, view.resolved, view.passed, view.failed) {
        (Some(by), ..) => format!("{kind}, replaced by {by}"),
        (None, Some(true), ..) => format!("{kind}, settled"),
        (None, Some(false), ..) => format!("{kind}, open"),
        (None, None, Some(passed), Some(failed)) => {
            let skipped = view.skipped.filter(|&skipped| skipped > 0).map_or_else(String::new, |skipped| format!(", {skipped} skipped"));
            format!("{kind}: {passed} passed, {failed} failed{skipped}")
        }
        _ => kind.to_owned(),
    }
}

/// Says when something happened, and when it was written down where that was later.
fn entry_times(view: &EntryView) -> String {
    let to_seconds = |time: &str| time.get(..19).unwrap_or(time).to_owned();
    let (at, written) = (to_seconds(&view.at), to_seconds(&view.written_at));
    if at == written { at } else { format!("{at}, written down {written}") }
}

/// Returns everything about one session.
pub(crate) fn whole(view: &SessionView, session: &Session, items: &[WorkItem], origin: Page) -> Page {
    let mut page = banner(session, Banner::Full);
    let number = view.number.map_or_else(|| "none".to_owned(), |number| format!("{number:05}"));
    page.gap().text(format!("Number: {number}"));
    page.text(format!("Project: {}", view.project.as_deref().unwrap_or("none")));
    page.text(format!("Owner: {}", view.owner));
    if let Some(worktree) = &view.worktree {
        page.text(format!("Worktree: {worktree}"));
    }
    page.text(format!("Duration: {}", duration_words(view.duration_seconds)));
    if let Some(ended) = session.ended() {
        let known = known_by(view.end_evidence);
        page.text(format!("Ended: {}{known}", ended.moment.local().strftime("%Y-%m-%dT%H:%M:%S")));
    }
    for (name, value) in [("Agent", &view.agent), ("Parent", &view.parent), ("Reason", &view.end_reason), ("Head", &view.head)] {
        if let Some(value) = value {
            page.text(format!("{name}: {}", brief(value)));
        }
    }
    page.page(origin);
    if !view.tags.is_empty() {
        page.text(format!("Tags: {}", view.tags.join(" ")));
    }
    for (name, value) in &view.metadata {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        page.text(format!("Metadata: {} = {}", brief(name), brief(&value)));
    }
    description_in_full(&mut page, view.description.as_deref().unwrap_or_default());
    if !items.is_empty() {
        page.gap().page(work_items(session, items));
    }
    page
}

/// Says how an end is known, where nobody said it here.
fn known_by(evidence: Option<&str>) -> String {
    match evidence {
        None | Some("said") => String::new(),
        Some("hook") => " (its agent said so)".to_owned(),
        Some("inferred") => " (inferred; nobody said so)".to_owned(),
        Some("mirror") => " (another script said so)".to_owned(),
        Some("import") => " (said in an import)".to_owned(),
        Some(other) => format!(" ({other})"),
    }
}

/// Says which agent session a session came from, where it did not begin afresh.
pub(crate) fn origin(transitions: &[TransitionView]) -> Page {
    let mut page = Page::default();
    let first = transitions.iter().find(|view| view.moved || view.source == "subagent");
    if let Some((view, from)) = first.and_then(|view| Some((view, view.from.as_deref()?))).filter(|(view, from)| view.new != *from) {
        page.text(format!("Came from: {} ({})", brief(from), brief(&view.sources.join(", "))));
    }
    page
}

/// Returns what agents did, turn by turn.
pub(crate) fn timeline(turns: &[TurnView]) -> Page {
    let mut page = Page::default();
    if turns.is_empty() {
        return page;
    }
    page.gap().line([Span::Text(Role::Heading, "Timeline".into())]);
    for turn in turns {
        let prompt = turn.prompts.first().map_or("(no prompt recorded)", String::as_str);
        let marker = if turn.typed { plain("") } else { Span::Text(Role::Dim, "(not typed) ".into()) };
        page.gap().line([
            plain(format!("{} ", time_of_day(&turn.started_at))),
            outcome(turn.outcome),
            plain(" "),
            marker,
            plain(brief(prompt)),
        ]);
        for more in turn.prompts.iter().skip(1) {
            page.text(format!("           and: {}", brief(first_line(more))));
        }
        if let Some(error) = &turn.error {
            page.text(format!("           error: {}", brief(error)));
        }
        for call in &turn.tool_calls {
            let took = call.duration_seconds.map_or_else(String::new, |seconds| format!(" ({seconds:.1} s)"));
            let indent = if call.subagent.is_some() { "      " } else { "    " };
            let about = brief(call.about.as_deref().unwrap_or_default());
            page.line([
                plain(format!("{indent}{} ", time_of_day(&call.started_at))),
                outcome(call.outcome),
                plain(format!(" {} {about}{took}", brief(&call.tool))),
            ]);
            if let Some(error) = &call.error {
                page.text(format!("{indent}         {}", brief(error)));
            }
        }
    }
    page
}

/// Returns the first line that says something.
fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default()
}

fn time_of_day(timestamp: &str) -> &str {
    timestamp.get(11..19).unwrap_or(timestamp)
}

fn outcome(word: &str) -> Span {
    let role = match word {
        "completed" | "succeeded" => Role::Good,
        "failed" | "refused" => Role::Bad,
        "running" => Role::Running,
        _ => Role::Dim,
    };
    Span::Text(role, format!("{word:<11}"))
}

/// The banner has the beginning of a description; one of many lines is shown whole below it.
fn description_in_full(page: &mut Page, description: &str) {
    if description.contains('\n') || brief(description).ends_with('…') {
        page.gap().line([Span::Text(Role::Heading, "Description".into())]);
        description.lines().for_each(|line| {
            page.text(format!("  {line}"));
        });
    }
}

pub(crate) fn started(session: &Session) -> String {
    session.started.moment.local().strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

pub(crate) fn id(id: &str) -> Span {
    Span::Text(Role::Id, id.to_owned())
}

pub(crate) fn status(status: Status) -> Span {
    Span::Text(role_of(status), status.to_string())
}

fn role_of(status: Status) -> Role {
    match status {
        Status::Active => Role::Running,
        Status::Completed => Role::Good,
        Status::Failed => Role::Bad,
        Status::Abandoned => Role::Dim,
    }
}

pub(crate) fn status_icon(status: Status) -> Span {
    match status {
        Status::Active => Span::Icon("🔄", "[~]"),
        Status::Completed => Span::Icon("✅", "[x]"),
        Status::Failed => Span::Icon("❌", "[!]"),
        Status::Abandoned => Span::Icon("💤", "[-]"),
    }
}

fn work_icon(status: &str) -> Span {
    match status {
        "IN_PROGRESS" => Span::Icon("🔄", "[~]"),
        "COMPLETED" => Span::Icon("✅", "[x]"),
        _ => Span::Icon("❌", "[!]"),
    }
}

pub(crate) fn duration(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), duration_words)
}

pub(crate) fn percent(part: Option<f64>) -> String {
    part.map_or_else(|| "-".to_owned(), |part| format!("{:.0}%", part * 100.0))
}
