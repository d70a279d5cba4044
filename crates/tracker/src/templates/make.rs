//! Listing templates, and a new one from a session.

use std::collections::BTreeSet;

use session::{EntryKind, Rank, Session, Text};
use store::StoreError;

use super::compose::compose;
use super::fill::{escaped, escaped_in};
use super::template::{Template, TemplateEntry, TemplateError, TemplateName, TemplateScope, TemplateWork};
use super::view::TemplateView;
use crate::entries::replacement;
use crate::{NewWritten, Note, Purpose, Tracker, metadata_object};

impl Tracker {
    /// Returns all templates that there are here, also those that cannot be used: a person's own, then the repository's. A directory that cannot be
    /// used is passed over with a note.
    pub fn templates(&self) -> Vec<TemplateView> {
        let mut taken = BTreeSet::new();
        let mut views = Vec::new();
        for shelf in self.shelves() {
            let names = shelf.names().unwrap_or_else(|error| {
                self.note(Note::TemplatesPassedOver { directory: shelf.path(), reason: reason_of(&error) });
                Vec::new()
            });
            for name in names {
                let used = taken.insert(name.clone());
                match shelf.read(&name) {
                    Ok(Some(placed)) => views.push(TemplateView::of(&placed, used)),
                    Ok(None) => {}
                    Err(error) => {
                        let path = shelf.path_of(&name);
                        let what = in_words(&error);
                        views.push(TemplateView::broken(name.as_str(), shelf.scope.as_str(), &path.to_string_lossy(), used, Some(what)));
                    }
                }
            }
        }
        views
    }

    /// Returns the template that a name stands for.
    ///
    /// # Errors
    /// When it is no name, there is no such template, or it cannot be used.
    pub fn template(&self, name: &str) -> Result<TemplateView, TemplateError> {
        Ok(TemplateView::of(&self.template_named(name)?, true))
    }

    /// Makes a template from a session: its type, description, tags, values, work items and open points.
    ///
    /// # Errors
    /// When it is no name, there is such a template already, the session cannot be told, or the file cannot be written.
    pub fn new_template(&mut self, name: &str, from: Option<&str>, scope: TemplateScope) -> Result<TemplateView, TemplateError> {
        let shown: String = name.chars().take(80).collect();
        let name = TemplateName::new(name).ok_or(TemplateError::BadName { name: shown.clone() })?;
        let session = self.resolve(from, Purpose::Reading)?;
        let text = compose(&self.template_of(&session)?);
        let shelves = self.shelves();
        let shelf = shelves.iter().find(|shelf| shelf.scope == scope).ok_or(TemplateError::Unknown { name: shown.clone() })?;
        shelf.write(&name, &text)?;
        let placed = shelf.read(&name)?.ok_or(TemplateError::Unknown { name: shown })?;
        let used = self.template_named(name.as_str()).is_ok_and(|used| used.path == placed.path);
        Ok(TemplateView::of(&placed, used))
    }

    fn template_of(&self, session: &Session) -> Result<Template, StoreError> {
        let reads = self.store.reads();
        // What was made from branch and commit says nothing about the next session.
        let described = session.description.as_ref().filter(|held| held.rank > Rank::Automatic);
        let work = reads.work_items(session.key)?;
        let entries = reads.entries(session.key)?;
        let todos = entries.iter().filter(|entry| entry.kind() == EntryKind::Todo && replacement(&entries, entry.key).is_none());
        Ok(Template {
            prefix: Some(session.prefix()),
            description: described.map(|held| plain(&held.text)).filter(|text| !text.is_empty()),
            tags: session.current_tags().map(|tag| escaped(tag.as_str())).collect(),
            metadata: metadata_of(&session.metadata),
            work: work
                .iter()
                .filter(|item| !item.description.as_str().trim().is_empty())
                .map(|item| TemplateWork {
                    prefix: item.prefix.clone(),
                    description: plain(&item.description),
                    metadata: metadata_of(&item.metadata),
                })
                .collect(),
            entries: todos.map(|entry| TemplateEntry { text: plain(&entry.text), what: NewWritten::Todo }).collect(),
        })
    }
}

/// Returns an error with its cause.
fn in_words(error: &TemplateError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Returns the cause of an error, which names the place itself.
fn reason_of(error: &TemplateError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn plain(text: &Text) -> String {
    escaped(text.as_str().trim())
}

fn metadata_of(metadata: &session::Metadata) -> Vec<(String, serde_json::Value)> {
    metadata_object(metadata).into_iter().map(|(name, value)| (name, escaped_in(value))).collect()
}
