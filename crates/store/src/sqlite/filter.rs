//! `Wanted` as SQL: conditions with bound values, never text from outside.

use rusqlite::types::Value;

use crate::store::Wanted;

/// Conditions and the values they bind, in order.
#[derive(Default)]
pub(crate) struct Filter {
    conditions: Vec<String>,
    pub(crate) values: Vec<Value>,
}

/// Which of a project's two groups of sessions is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Placed {
    /// Those of the wanted project, or all where none is wanted.
    InProject,
    /// Those of no project, which belong in every project's list.
    Nowhere,
}

impl Filter {
    pub(crate) fn of(wanted: &Wanted, placed: Placed) -> Self {
        let mut filter = Self::default();
        match (wanted.project, placed) {
            (Some(project), Placed::InProject) => filter.any("project", [Value::Blob(project.uuid().as_bytes().to_vec())]),
            (_, Placed::Nowhere) => filter.conditions.push("project IS NULL".to_owned()),
            (None, Placed::InProject) => {}
        }
        filter.any("status", wanted.statuses.iter().map(|status| text(status.as_str())));
        filter.any("prefix", wanted.prefixes.iter().map(|prefix| text(prefix.as_str())));
        filter.any("agent", wanted.agents.iter().map(|agent| text(agent)));
        filter.any("owner", wanted.owners.iter().map(|owner| text(owner)));
        filter.any("worktree", wanted.worktree.iter().map(|worktree| text(worktree)));
        for tag in &wanted.tags {
            filter.condition("EXISTS (SELECT 1 FROM session_tags WHERE session = sessions.key AND tag = ?)", text(tag.as_str()));
        }
        if let Some(since) = wanted.since_micros {
            filter.condition("started_us >= ?", Value::Integer(since));
        }
        if wanted.made_current_here {
            filter.conditions.push("current_us IS NOT NULL".to_owned());
        }
        if !wanted.with_empty {
            filter.conditions.push("is_empty = 0".to_owned());
        }
        filter
    }

    /// Returns ` WHERE …`, or nothing where everything is wanted.
    pub(crate) fn clause(&self) -> String {
        if self.conditions.is_empty() { String::new() } else { format!(" WHERE {}", self.conditions.join(" AND ")) }
    }

    fn condition(&mut self, condition: &str, value: Value) {
        self.conditions.push(condition.to_owned());
        self.values.push(value);
    }

    fn any(&mut self, column: &str, values: impl IntoIterator<Item = Value>) {
        let before = self.values.len();
        self.values.extend(values);
        let marks = vec!["?"; self.values.len() - before];
        if !marks.is_empty() {
            self.conditions.push(format!("{column} IN ({})", marks.join(", ")));
        }
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
