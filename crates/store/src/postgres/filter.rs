//! `Wanted` as SQL: conditions with bound values, never text from outside.

use crate::postgres::pieces::Pieces;
use crate::postgres::values::Value;
use crate::store::Wanted;

/// Which of a project's two groups of sessions is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Placed {
    /// Those of the wanted project, or all where none is wanted.
    InProject,
    /// Those of no project, which belong in every project's list.
    Nowhere,
}

/// Returns the conditions and what they bind.
pub(crate) fn filter(wanted: &Wanted, placed: Placed) -> Pieces {
    let mut filter = Pieces::default();
    match (wanted.project, placed) {
        (Some(project), Placed::InProject) => filter.add("project = ?", [project.uuid().into()]),
        (_, Placed::Nowhere) => filter.add("project IS NULL", []),
        (None, Placed::InProject) => {}
    }
    any(&mut filter, "status", wanted.statuses.iter().map(|status| status.as_str()));
    any(&mut filter, "prefix", wanted.prefixes.iter().map(|prefix| prefix.as_str()));
    any(&mut filter, "agent", wanted.agents.iter().map(String::as_str));
    any(&mut filter, "owner", wanted.owners.iter().map(String::as_str));
    any(&mut filter, "worktree", wanted.worktree.iter().map(String::as_str));
    for tag in &wanted.tags {
        filter.add("EXISTS (SELECT 1 FROM session_tags WHERE session = sessions.key AND tag = ?)", [tag.as_str().into()]);
    }
    if let Some(since) = wanted.since_micros {
        filter.add("started_us >= ?", [since.into()]);
    }
    if wanted.made_current_here {
        filter.add("current_us IS NOT NULL", []);
    }
    if !wanted.with_empty {
        filter.add("NOT is_empty", []);
    }
    filter
}

/// Returns ` WHERE …`, or nothing where everything is wanted.
pub(crate) fn clause(filter: &Pieces) -> String {
    if filter.is_empty() { String::new() } else { format!(" WHERE {}", filter.joined(" AND ")) }
}

fn any<'t>(filter: &mut Pieces, column: &str, texts: impl Iterator<Item = &'t str>) {
    let mut texts = texts.peekable();
    if texts.peek().is_some() {
        filter.add(&format!("{column} = ANY (?)"), [Value::texts(texts)]);
    }
}
