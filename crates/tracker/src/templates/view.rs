//! The public shape of a template.

use serde::Serialize;
use serde_json::{Map, Value};

use super::template::{Placed, Template, TemplateEntry, TemplateWork};
use crate::NewWritten;

/// A template, as everybody sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemplateView {
    /// Its name.
    pub name: String,
    /// Whose it is: `user`, or `project` for one of the repository.
    pub scope: &'static str,
    /// The file.
    pub path: String,
    /// Whether the name stands for it: a person's own goes before the repository's.
    pub used: bool,
    /// Why it cannot be used.
    pub error: Option<String>,
    /// The type.
    #[serde(rename = "type")]
    pub prefix: Option<String>,
    /// The description, with what is to be put in.
    pub description: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// Names and values.
    pub metadata: Map<String, Value>,
    /// The work items.
    pub work_items: Vec<TemplateWorkView>,
    /// The entries.
    pub entries: Vec<TemplateEntryView>,
}

/// A work item of a template.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemplateWorkView {
    /// Its type.
    #[serde(rename = "type")]
    pub prefix: String,
    /// What is to be done.
    pub description: String,
    /// Names and values.
    pub metadata: Map<String, Value>,
}

/// An entry of a template.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TemplateEntryView {
    /// `log`, `decision`, `blocker` or `todo`.
    pub kind: &'static str,
    /// What it says.
    pub text: String,
    /// What sort of work a log entry tells of.
    pub category: Option<&'static str>,
    /// Why something was decided.
    pub rationale: Option<String>,
    /// What was decided against.
    pub alternatives: Vec<String>,
}

impl TemplateView {
    pub(super) fn of(placed: &Placed, used: bool) -> Self {
        let Template { prefix, description, tags, metadata, work, entries } = &placed.template;
        Self {
            prefix: prefix.as_ref().map(|prefix| prefix.to_string()),
            description: description.clone(),
            tags: tags.clone(),
            metadata: metadata.iter().cloned().collect(),
            work_items: work.iter().map(TemplateWorkView::of).collect(),
            entries: entries.iter().map(TemplateEntryView::of).collect(),
            ..Self::broken(placed.name.as_str(), placed.scope.as_str(), &placed.path.to_string_lossy(), used, None)
        }
    }

    pub(super) fn broken(name: &str, scope: &'static str, path: &str, used: bool, error: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            scope,
            path: path.to_owned(),
            used,
            error,
            prefix: None,
            description: None,
            tags: Vec::new(),
            metadata: Map::new(),
            work_items: Vec::new(),
            entries: Vec::new(),
        }
    }
}

impl TemplateWorkView {
    fn of(work: &TemplateWork) -> Self {
        let metadata = work.metadata.iter().cloned().collect();
        Self { prefix: work.prefix.to_string(), description: work.description.clone(), metadata }
    }
}

impl TemplateEntryView {
    fn of(entry: &TemplateEntry) -> Self {
        let plain = |kind| Self { kind, text: entry.text.clone(), category: None, rationale: None, alternatives: Vec::new() };
        match &entry.what {
            NewWritten::Log { category } => Self { category: category.map(session::Category::as_str), ..plain("log") },
            NewWritten::Decision { rationale, alternatives } => {
                Self { rationale: Some(rationale.clone()), alternatives: alternatives.clone(), ..plain("decision") }
            }
            NewWritten::Test(_) => plain("test"),
            NewWritten::Blocker => plain("blocker"),
            NewWritten::Todo => plain("todo"),
        }
    }
}
