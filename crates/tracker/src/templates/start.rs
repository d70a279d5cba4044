//! A start with a template: what the template says, and what somebody says beside it, which wins.

use session::{Change, EntryAdded, EntryKey, Metadata, Prefix, Reading, SessionKey, Text, WorkAdded, WorkKey, Written};

use super::fill::{Filler, Values};
use super::template::{Template, TemplateError};
use crate::entries::{required, written};
use crate::lifecycle::read_metadata;
use crate::naming::{draw_entry_id, draw_uuid, draw_work_id};
use crate::tracker::Pen;
use crate::{EntryError, NewWritten, Note, Start, StartError, Tracker, git};

/// What is recorded in a session as soon as there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening {
    work: Vec<(Prefix, Text, Metadata)>,
    entries: Vec<(Text, Written)>,
}

impl Tracker {
    /// Returns a start as it is with its template, and what its session begins with.
    pub(crate) fn with_template(&self, start: &Start, at: Reading) -> Result<(Start, Opening), StartError> {
        let Some(name) = &start.template else { return Ok((start.clone(), Opening::default())) };
        let template = self.template_named(name)?.template;
        let mut filler = Filler::new(self.values(start, at));
        let (start, opening) = (filled(start, &template, &mut filler), opening(&template, &mut filler)?);
        for name in filler.missing {
            self.note(Note::NothingToPutIn { name });
        }
        Ok((start, opening))
    }

    /// Returns what can be put into a template here.
    fn values(&self, start: &Start, at: Reading) -> Values {
        let rule = self.config.ticket_rule();
        let branch = self.place.git_dir.as_deref().and_then(git::branch);
        let of_branch = branch.as_ref().and_then(|branch| rule.in_branch(branch).into_iter().next());
        let of_text = || start.description.as_ref().and_then(|text| rule.in_text(text).into_iter().next());
        Values {
            ticket: of_branch.or_else(of_text),
            branch,
            date: at.moment.local().strftime("%Y-%m-%d").to_string(),
            user: self.config.owner().to_owned(),
        }
    }
}

/// Lays what somebody says over what the template says: a type and a description in its place, tags beside its own, values in the place
/// of those of the same name.
fn filled(start: &Start, template: &Template, filler: &mut Filler) -> Start {
    let is_described = start.description.as_deref().is_some_and(|text| !text.trim().is_empty());
    let of_template = if is_described { None } else { template.description.as_deref().map(|text| filler.fill(text)) };
    let mut tags: Vec<String> = template.tags.iter().map(|tag| filler.fill(tag)).filter(|tag| !tag.is_empty()).collect();
    tags.extend(start.tags.iter().filter(|tag| !template.tags.contains(tag)).cloned());
    let is_said = |name: &str| start.metadata.iter().any(|(said, _)| said == name);
    let unsaid: Vec<_> = template.metadata.iter().filter(|(name, _)| !is_said(name)).cloned().collect();
    let mut metadata = values(&unsaid, filler);
    metadata.extend(start.metadata.iter().cloned());
    Start {
        description: of_template.or_else(|| start.description.clone()),
        prefix: start.prefix.clone().or_else(|| template.prefix.clone()),
        tags,
        metadata,
        ..start.clone()
    }
}

/// Returns values with everything put in; one into which nothing could be put is left out.
fn values(metadata: &[(String, serde_json::Value)], filler: &mut Filler) -> Vec<(String, serde_json::Value)> {
    metadata.iter().filter_map(|(name, value)| Some((name.clone(), filler.fill_in(value)?))).collect()
}

fn opening(template: &Template, filler: &mut Filler) -> Result<Opening, TemplateError> {
    let mut opening = Opening::default();
    for work in &template.work {
        let text = filler.fill(&work.description);
        if !text.is_empty() {
            opening.work.push((work.prefix.clone(), redact::text(&text), read_metadata(&values(&work.metadata, filler))));
        }
    }
    for entry in &template.entries {
        let what = match &entry.what {
            NewWritten::Decision { rationale, alternatives } => NewWritten::Decision {
                rationale: filler.fill(rationale),
                alternatives: alternatives.iter().map(|text| filler.fill(text)).collect(),
            },
            other => other.clone(),
        };
        let text = filler.fill(&entry.text);
        // What is about something that is not here is not written down.
        if let (Ok(text), Ok(what)) = (required(&text, EntryError::NoText), written(&what)) {
            opening.entries.push((redact::text(text), what));
        }
    }
    Ok(opening)
}

impl Opening {
    /// Records everything in a session, in the order in which it stands in the template.
    pub(crate) fn record(&self, pen: &mut Pen<'_>, session: SessionKey) -> Result<(), StartError> {
        for (prefix, description, metadata) in &self.work {
            let id = draw_work_id(pen.turn.reads()?, pen.dice, prefix, pen.at.moment)?;
            let key = WorkKey::new(draw_uuid(pen.dice, pen.now.moment));
            let (prefix, description, metadata) = (prefix.clone(), description.clone(), metadata.clone());
            pen.change_session(session, Change::WorkAdded(Box::new(WorkAdded { key, id, prefix, description, metadata })))?;
        }
        for (text, what) in &self.entries {
            let prefix: Prefix = what.kind().as_str().to_ascii_uppercase().parse().expect("a kind is a word of letters");
            let id = draw_entry_id(pen.turn.reads()?, pen.dice, &prefix, pen.at.moment)?;
            let key = EntryKey::new(draw_uuid(pen.dice, pen.now.moment));
            let added = EntryAdded { key, id, text: text.clone(), what: what.clone(), replaces: None };
            pen.change_session(session, Change::EntryAdded(Box::new(added)))?;
        }
        Ok(())
    }
}
